//! Produce (key 0): batches from clients, checked as a broker does.

use std::collections::BTreeSet;

use std::time::Duration;

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::produce_response::{
    BatchIndexAndErrorMessage, LeaderIdAndEpoch, PartitionProduceResponse, TopicProduceResponse,
};
use kafka_protocol::messages::{BrokerId, ProduceRequest, ProduceResponse};
use kafka_protocol::protocol::StrBytes;
use tokio::time::Instant;

use super::text;
use crate::kafka::batch::BatchHeader;
use crate::sandbox::acks::Awaited;
use crate::sandbox::acls::Operation;
use crate::sandbox::answer::{Answer, Api, Context, Waiting};
use crate::sandbox::log::check::{Refusal, check};
use crate::sandbox::partition::Partition;
use crate::sandbox::permissions::{Need, transactional_id};
use crate::sandbox::state::State;
use crate::sandbox::topics::INTERNAL_TOPICS;
use crate::sandbox::transactions::Producer;

/// From this version on a partition is part of a transaction as soon as it is written to.
const ADDS_PARTITIONS: i16 = 12;
/// From this version on a producer can be told to abort.
const KNOWS_ABORTABLE: i16 = 11;

impl Api for ProduceRequest {
    fn topics(&self) -> Vec<StrBytes> {
        self.topic_data.iter().map(|topic| topic.name.0.clone()).collect()
    }

    fn topics_in(&self, state: &State, _: i32) -> Vec<String> {
        let names = self.topic_data.iter().map(|topic| state.topic_name(&topic.name, topic.topic_id));
        names.filter_map(|name| Some(name.ok()?.to_owned())).collect()
    }

    fn needs(&self) -> Vec<Need> {
        self.transactional_id.iter().map(|id| transactional_id(Operation::Write, id)).collect()
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
        let transactional_id = self.transactional_id.as_ref().map(|id| id.as_str());
        if !matches!(acks, -1..=1) {
            return Answer::Now(self.refusal(ResponseError::InvalidRequiredAcks));
        }
        if transactional_id.is_none() && self.topic_data.iter().any(has_transactional) {
            return Answer::Now(self.refusal(ResponseError::TransactionalIdAuthorizationFailed));
        }
        let mut failures = false;
        let mut responses = Vec::with_capacity(self.topic_data.len());
        for mut topic in self.topic_data {
            let data = std::mem::take(&mut topic.partition_data);
            let partitions = data.into_iter().map(|data| append(cx, &topic, data, (acks, transactional_id)));
            let partitions: Vec<_> = partitions.collect();
            failures |= partitions.iter().any(|partition| partition.error_code != 0);
            responses.push(named(&topic).with_partition_responses(partitions));
        }
        let awaited = if acks == -1 { awaited(cx, &responses) } else { Vec::new() };
        let answer = ProduceResponse::default().with_responses(responses);
        if !awaited.is_empty() {
            let time = Duration::from_millis(u64::try_from(self.timeout_ms).unwrap_or(0));
            return Answer::Later(replicated(answer, awaited, cx.now + time));
        }
        match (acks, failures) {
            // Nobody waits for the answer; closing is how a broker says that something failed.
            (0, true) => Answer::Close,
            (0, false) => Answer::Silent,
            _ => Answer::Now(answer),
        }
    }
}

/// Lists what was appended and is not at all replicas yet, because a high watermark is held back.
fn awaited(cx: &Context<'_>, responses: &[TopicProduceResponse]) -> Vec<Awaited> {
    let mut awaited = Vec::new();
    for (at, topic) in responses.iter().enumerate() {
        let Ok(name) = cx.state.topic_name(&topic.name, topic.topic_id) else { continue };
        for (index, told) in topic.partition_responses.iter().enumerate() {
            let found = cx.state.topics.get(name).and_then(|topic| topic.partition(told.index));
            let Some(partition) = found.filter(|_| told.error_code == 0) else { continue };
            let Some(next_offset) = partition.log.next_after(told.base_offset) else { continue };
            if partition.log.high_watermark() < next_offset {
                let (leader_epoch, place) = (partition.leader_epoch, (at, index));
                let topic = name.to_owned();
                awaited.push(Awaited { topic, partition: told.index, leader_epoch, next_offset, place });
            }
        }
    }
    awaited
}

/// Answers once all replicas have everything, or its time is up.
fn replicated(
    mut answer: ProduceResponse,
    mut awaited: Vec<Awaited>,
    deadline: Instant,
) -> Waiting<ProduceResponse> {
    let poll = move |state: &mut State, expired: bool| {
        awaited.retain(|one| {
            let error = match one.is_replicated(state) {
                Ok(true) => return false,
                Ok(false) if !expired => return true,
                Ok(false) => ResponseError::RequestTimedOut,
                Err(error) => error,
            };
            let told = &mut answer.responses[one.place.0].partition_responses[one.place.1];
            *told = failed(told.index, error.into());
            false
        });
        awaited.is_empty().then(|| std::mem::take(&mut answer))
    };
    Waiting { deadline, poll: Box::new(poll) }
}

/// Says whether a batch claims to be of a transaction: only whoever has a transactional id may say so.
fn has_transactional(topic: &TopicProduceData) -> bool {
    let batches = topic.partition_data.iter().filter_map(|data| data.records.as_ref());
    let mut headers = batches.filter_map(|batch| batch.first_chunk()).map(BatchHeader::parse);
    headers.any(|header| header.magic == 2 && header.is_transactional())
}

fn named(topic: &TopicProduceData) -> TopicProduceResponse {
    TopicProduceResponse::default().with_name(topic.name.clone()).with_topic_id(topic.topic_id)
}

fn append(
    cx: &mut Context<'_>,
    topic: &TopicProduceData,
    data: PartitionProduceData,
    (acks, transactional_id): (i16, Option<&str>),
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
    if acks == -1 && partition.in_sync.len() < settings.in_sync_min.min(partition.replicas.len()) {
        return failed(index, ResponseError::NotEnoughReplicas.into());
    }
    let checked = match check(data.records, cx.version, settings, now_ms) {
        Ok(checked) => checked,
        Err(refusal) => {
            let start = if refusal.at_log { partition.log.start() } else { -1 };
            return failed(index, refusal).with_log_start_offset(start);
        }
    };
    // Looked up again: the coordinator that is asked in between is part of the same state.
    let allowed = verify(cx, transactional_id, &checked.header, (&name, index));
    let found = allowed.and_then(|()| cx.state.led_by(cx.broker, &name, index));
    let partition = match found {
        Ok((_, partition)) => partition,
        Err(error) => return failed(index, error.into()),
    };
    match partition.log.append(checked, partition.leader_epoch) {
        Ok(appended) => PartitionProduceResponse::default()
            .with_index(index)
            .with_base_offset(appended.base_offset)
            .with_log_append_time_ms(appended.append_time_ms)
            .with_log_start_offset(partition.log.start()),
        // What the log itself refuses is told with the log's start.
        Err(refusal) => failed(index, refusal).with_log_start_offset(partition.log.start()),
    }
}

/// Checks that a transactional batch belongs to its producer's transaction, which newer producers let
/// begin with it (KIP-890). Asked only where the partition knows of no transaction of the producer.
fn verify(
    cx: &mut Context<'_>,
    transactional_id: Option<&str>,
    batch: &BatchHeader,
    (topic, index): (&str, i32),
) -> Result<(), ResponseError> {
    let now_ms = cx.state.coordinators.millis(cx.now);
    let partition = cx.state.topics.get(topic).and_then(|topic| topic.partition(index));
    let known = partition.and_then(|partition| partition.log.producers().get(batch.producer_id));
    let ongoing = known.is_some_and(|producer| {
        producer.transaction_start.is_some() && producer.epoch == batch.producer_epoch
    });
    if !batch.is_transactional() || ongoing {
        return Ok(());
    }
    let id = transactional_id.ok_or(ResponseError::InvalidRecord)?;
    let producer = Producer { id: batch.producer_id, epoch: batch.producer_epoch };
    let (key, transactions) = ((topic.to_owned(), index), &mut cx.state.coordinators.transactions);
    let adds = cx.version >= ADDS_PARTITIONS;
    let allowed = if adds {
        transactions.add_partitions(now_ms, id, producer, BTreeSet::from([key]))
    } else {
        transactions.verify(id, producer, &key)
    };
    allowed.map_err(|error| match error {
        ResponseError::ProducerFenced => ResponseError::InvalidProducerEpoch,
        ResponseError::ConcurrentTransactions if !adds => ResponseError::NotEnoughReplicas,
        ResponseError::TransactionAbortable if cx.version < KNOWS_ABORTABLE => ResponseError::InvalidTxnState,
        other => other,
    })
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
