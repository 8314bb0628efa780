//! DescribeProducers (key 61): who wrote to a partition lately.

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::describe_producers_response::{
    PartitionResponse, ProducerState, TopicResponse,
};
use kafka_protocol::messages::{DescribeProducersRequest, DescribeProducersResponse, ProducerId};
use kafka_protocol::protocol::StrBytes;

use super::text;
use crate::sandbox::answer::{Answer, Api, Context};

impl Api for DescribeProducersRequest {
    const CHANGES: bool = false;

    fn topics(&self) -> Vec<StrBytes> {
        self.topics.iter().map(|topic| topic.name.0.clone()).collect()
    }

    fn refusal(&self, error: ResponseError) -> DescribeProducersResponse {
        let topics = self.topics.iter().map(|topic| {
            let partitions = topic.partition_indexes.iter().map(|index| failed(*index, error));
            let answer = TopicResponse::default().with_name(topic.name.clone());
            answer.with_partitions(partitions.collect())
        });
        DescribeProducersResponse::default().with_topics(topics.collect())
    }

    fn handle(self, cx: &mut Context<'_>) -> Answer<DescribeProducersResponse> {
        let topics = self.topics.iter().map(|topic| {
            let partitions = topic.partition_indexes.iter().map(|index| describe(cx, &topic.name, *index));
            let answer = TopicResponse::default().with_name(topic.name.clone());
            answer.with_partitions(partitions.collect())
        });
        Answer::Now(DescribeProducersResponse::default().with_topics(topics.collect()))
    }
}

fn describe(cx: &mut Context<'_>, topic: &str, index: i32) -> PartitionResponse {
    let partition = match cx.state.topics.get(topic).and_then(|topic| topic.partition(index)) {
        None => return failed(index, ResponseError::UnknownTopicOrPartition),
        // Every replica knows the producers, not only the leader.
        Some(partition) if !partition.replicas.contains(&cx.broker) => {
            return failed(index, ResponseError::NotLeaderOrFollower);
        }
        Some(partition) => partition,
    };
    let producers = partition.log.producers().iter().map(|(id, producer)| {
        ProducerState::default()
            .with_producer_id(ProducerId(id))
            .with_producer_epoch(i32::from(producer.epoch))
            .with_last_sequence(producer.last_sequence())
            .with_last_timestamp(producer.timestamp_ms)
            .with_coordinator_epoch(producer.coordinator_epoch)
            .with_current_txn_start_offset(producer.transaction_start.unwrap_or(-1))
    });
    PartitionResponse::default().with_partition_index(index).with_active_producers(producers.collect())
}

fn failed(index: i32, error: ResponseError) -> PartitionResponse {
    PartitionResponse::default()
        .with_partition_index(index)
        .with_error_code(error.code())
        .with_error_message(Some(text(&error.to_string())))
}
