//! Produce (key 0): batches from clients, checked as a broker does.

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::produce_response::{
    BatchIndexAndErrorMessage, LeaderIdAndEpoch, PartitionProduceResponse, TopicProduceResponse,
};
use kafka_protocol::messages::{BrokerId, ProduceRequest, ProduceResponse};
use kafka_protocol::protocol::StrBytes;

use super::text;
use crate::sandbox::answer::{Answer, Api, Context};
use crate::sandbox::log::check::{Refusal, check};
use crate::sandbox::partition::Partition;
use crate::sandbox::topics::INTERNAL_TOPICS;

impl Api for ProduceRequest {
    fn topics(&self) -> Vec<StrBytes> {
        self.topic_data.iter().map(|topic| topic.name.0.clone()).collect()
    }

    fn refusal(&self, error: ResponseError) -> ProduceResponse {
        let refuse = |data: &PartitionProduceData| failed(data.index, error.into());
        let responses = self.topic_data.iter().map(|topic| {
            let partitions = topic.partition_data.iter().map(refuse);
            named(topic).with_partition_responses(partitions.collect())
        });
        ProduceResponse::default().with_responses(responses.collect())
    }

    fn handle(self, cx: &mut Context<'_>) -> Answer<ProduceResponse> {
        let acks = self.acks;
        if !matches!(acks, -1..=1) {
            return Answer::Now(self.refusal(ResponseError::InvalidRequiredAcks));
        }
        let mut failures = false;
        let mut responses = Vec::with_capacity(self.topic_data.len());
        for mut topic in self.topic_data {
            let data = std::mem::take(&mut topic.partition_data);
            let partitions = data.into_iter().map(|data| append(cx, &topic, data, acks));
            let partitions: Vec<_> = partitions.collect();
            failures |= partitions.iter().any(|partition| partition.error_code != 0);
            responses.push(named(&topic).with_partition_responses(partitions));
        }
        match (acks, failures) {
            // Nobody waits for the answer; closing is how a broker says that something failed.
            (0, true) => Answer::Close,
            (0, false) => Answer::Silent,
            _ => Answer::Now(ProduceResponse::default().with_responses(responses)),
        }
    }
}

fn named(topic: &TopicProduceData) -> TopicProduceResponse {
    TopicProduceResponse::default().with_name(topic.name.clone()).with_topic_id(topic.topic_id)
}

fn append(
    cx: &mut Context<'_>,
    topic: &TopicProduceData,
    data: PartitionProduceData,
    acks: i16,
) -> PartitionProduceResponse {
    let index = data.index;
    let now_ms = cx.state.clock.now_ms();
    let name = match cx.state.topic_name(&topic.name, topic.topic_id) {
        Ok(name) => name.to_owned(),
        Err(error) => return failed(index, error.into()),
    };
    if INTERNAL_TOPICS.contains(&name.as_str()) {
        return failed(index, ResponseError::InvalidTopicException.into());
    }
    let (settings, partition) = match cx.state.led_by(cx.broker, &name, index) {
        Ok(found) => found,
        Err(error) => {
            let partition = cx.state.topics.get(&name).and_then(|topic| topic.partition(index));
            return failed(index, error.into()).with_current_leader(leader_of(partition));
        }
    };
    if acks == -1 && partition.in_sync.len() < settings.in_sync_min {
        return failed(index, ResponseError::NotEnoughReplicas.into());
    }
    let appended = check(data.records, cx.version, settings, now_ms)
        .and_then(|checked| partition.log.append(checked, partition.leader_epoch));
    match appended {
        Ok(appended) => PartitionProduceResponse::default()
            .with_index(index)
            .with_base_offset(appended.base_offset)
            .with_log_append_time_ms(appended.append_time_ms)
            .with_log_start_offset(partition.log.start()),
        Err(refusal) => failed(index, refusal),
    }
}

fn failed(index: i32, refusal: Refusal) -> PartitionProduceResponse {
    let records = refusal.records.into_iter().map(|(at, message)| {
        BatchIndexAndErrorMessage::default()
            .with_batch_index(at)
            .with_batch_index_error_message(Some(StrBytes::from_string(message)))
    });
    PartitionProduceResponse::default()
        .with_index(index)
        .with_error_code(refusal.error.code())
        .with_base_offset(-1)
        .with_log_append_time_ms(-1)
        .with_log_start_offset(-1)
        .with_record_errors(records.collect())
        .with_error_message(refusal.message.as_deref().map(text))
}

fn leader_of(partition: Option<&Partition>) -> LeaderIdAndEpoch {
    partition.map_or_else(LeaderIdAndEpoch::default, |partition| {
        LeaderIdAndEpoch::default()
            .with_leader_id(BrokerId(partition.leader.unwrap_or(-1)))
            .with_leader_epoch(partition.leader_epoch)
    })
}
