//! DescribeTopicPartitions (key 75): topics page by page (KIP-966).

use std::collections::BTreeSet;

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::describe_topic_partitions_response::{
    Cursor, DescribeTopicPartitionsResponsePartition, DescribeTopicPartitionsResponseTopic,
};
use kafka_protocol::messages::{
    BrokerId, DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse, TopicName,
};
use kafka_protocol::protocol::StrBytes;

use super::{broker_ids, text};
use crate::sandbox::acls::ResourceType;
use crate::sandbox::answer::{Answer, Api, Context};
use crate::sandbox::brokers::Brokers;
use crate::sandbox::partition::Partition;
use crate::sandbox::topics::{INTERNAL_TOPICS, is_name};

/// Partitions in one answer (`max.request.partition.size.limit`).
const PARTITIONS_PER_ANSWER: usize = 2000;

impl Api for DescribeTopicPartitionsRequest {
    const CHANGES: bool = false;

    fn topics(&self) -> Vec<StrBytes> {
        self.topics.iter().map(|topic| topic.name.0.clone()).collect()
    }

    fn refusal(&self, error: ResponseError) -> DescribeTopicPartitionsResponse {
        let topics = self.topics.iter().map(|topic| {
            DescribeTopicPartitionsResponseTopic::default()
                .with_name(Some(topic.name.clone()))
                .with_error_code(error.code())
        });
        DescribeTopicPartitionsResponse::default().with_next_cursor(None).with_topics(topics.collect())
    }

    fn handle(self, cx: &mut Context<'_>) -> Answer<DescribeTopicPartitionsResponse> {
        let mut names: BTreeSet<String> = self.topics.iter().map(|topic| topic.name.to_string()).collect();
        if names.is_empty() {
            names = cx.state.topics.iter().map(|topic| topic.name.clone()).collect();
        }
        let lost = self.cursor.as_ref().is_some_and(|cursor| !names.contains(cursor.topic_name.as_str()));
        if lost {
            // The next page begins with a topic that is not asked for.
            return Answer::Now(self.refusal(ResponseError::InvalidRequest));
        }
        let (first, mut skipped) = match &self.cursor {
            Some(cursor) => {
                (cursor.topic_name.to_string(), usize::try_from(cursor.partition_index).unwrap_or(0))
            }
            None => (String::new(), 0),
        };
        let asked = usize::try_from(self.response_partition_limit).unwrap_or(0);
        let mut left = asked.clamp(1, PARTITIONS_PER_ANSWER);
        let mut answer = DescribeTopicPartitionsResponse::default().with_next_cursor(None);
        for name in names.into_iter().filter(|name| *name >= first) {
            let from = if name == first { std::mem::take(&mut skipped) } else { 0 };
            let described = DescribeTopicPartitionsResponseTopic::default()
                .with_name(Some(TopicName(text(&name))))
                .with_topic_authorized_operations(cx.operations(ResourceType::Topic, &name));
            let Some(topic) = cx.state.topics.get(&name) else {
                let unknown = ResponseError::UnknownTopicOrPartition;
                let error = if is_name(&name) { unknown } else { ResponseError::InvalidTopicException };
                answer.topics.push(described.with_error_code(error.code()));
                continue;
            };
            let rest = topic.partitions.get(from..).unwrap_or_default();
            if left == 0 || rest.len() > left {
                let next = i32::try_from(from + left).unwrap_or(i32::MAX);
                let cursor =
                    Cursor::default().with_topic_name(TopicName(text(&name))).with_partition_index(next);
                answer.next_cursor = Some(cursor);
            }
            let shown = &rest[..rest.len().min(left)];
            left -= shown.len();
            if !shown.is_empty() {
                let shown = shown.iter().map(|partition| described_partition(partition, &cx.state.brokers));
                answer.topics.push(
                    described
                        .with_topic_id(topic.id)
                        .with_is_internal(INTERNAL_TOPICS.contains(&name.as_str()))
                        .with_partitions(shown.collect()),
                );
            }
            if answer.next_cursor.is_some() {
                break;
            }
        }
        Answer::Now(answer)
    }
}

fn described_partition(partition: &Partition, brokers: &Brokers) -> DescribeTopicPartitionsResponsePartition {
    let leaderless = partition.leader.is_none().then_some(ResponseError::LeaderNotAvailable);
    DescribeTopicPartitionsResponsePartition::default()
        .with_error_code(leaderless.map_or(0, |error| error.code()))
        .with_partition_index(partition.index)
        .with_leader_id(BrokerId(partition.leader.unwrap_or(-1)))
        .with_leader_epoch(partition.leader_epoch)
        .with_replica_nodes(broker_ids(&partition.replicas))
        .with_isr_nodes(broker_ids(&partition.in_sync))
        .with_eligible_leader_replicas(Some(Vec::new()))
        .with_last_known_elr(Some(Vec::new()))
        .with_offline_replicas(broker_ids(&partition.offline(brokers)))
}
