//! OffsetCommit (key 8).

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::offset_commit_response::{
    OffsetCommitResponsePartition, OffsetCommitResponseTopic,
};
use kafka_protocol::messages::{OffsetCommitRequest, OffsetCommitResponse};
use kafka_protocol::protocol::StrBytes;

use super::group_wait::caller;
use crate::sandbox::acls::Operation;
use crate::sandbox::answer::{Answer, Api, Context};
use crate::sandbox::permissions::{Need, group};

impl Api for OffsetCommitRequest {
    fn topics(&self) -> Vec<StrBytes> {
        self.topics.iter().map(|topic| topic.name.0.clone()).collect()
    }

    fn needs(&self) -> Vec<Need> {
        vec![group(Operation::Read, &self.group_id)]
    }

    fn refusal(&self, error: ResponseError) -> OffsetCommitResponse {
        let topics = self.topics.iter().map(|topic| {
            let partitions = topic.partitions.iter().map(|partition| {
                OffsetCommitResponsePartition::default()
                    .with_partition_index(partition.partition_index)
                    .with_error_code(error.code())
            });
            let answer = OffsetCommitResponseTopic::default().with_name(topic.name.clone());
            answer.with_topic_id(topic.topic_id).with_partitions(partitions.collect())
        });
        OffsetCommitResponse::default().with_topics(topics.collect())
    }

    fn handle(self, cx: &mut Context<'_>) -> Answer<OffsetCommitResponse> {
        if let Err(error) = cx.state.coordinates_group(cx.broker, &self.group_id) {
            return Answer::Now(self.refusal(error));
        }
        let (caller, now_ms) = (caller(cx), cx.state.coordinators.millis(cx.now));
        let (topics, groups) = (&cx.state.topics, &mut cx.state.coordinators.groups);
        Answer::Now(groups.commit(now_ms, &caller, &self, |topic, at| topics.has(topic, at)))
    }
}
