//! Where logs begin and end (ListOffsets).

use std::collections::HashMap;

use futures_util::future::join_all;
use kafka_protocol::ResponseError;
use kafka_protocol::error::ParseResponseErrorCode;
use kafka_protocol::messages::ListOffsetsRequest;
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};

use super::cluster::{Cluster, request_error};
use super::error::{KafkaError, RequestCause};
use super::fetch::Isolation;
use super::metadata::{Metadata, wire_name};
use crate::types::TopicPartition;

/// Says which offset of a log is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OffsetSpec {
    /// The log start offset.
    Earliest,
    /// The end: the last stable offset, or the high watermark where uncommitted records count.
    Latest,
    /// The first record not older than this, in milliseconds since 1970.
    TimestampMs(i64),
}

impl OffsetSpec {
    fn wire(self) -> i64 {
        match self {
            OffsetSpec::Earliest => -2,
            OffsetSpec::Latest => -1,
            OffsetSpec::TimestampMs(ms) => ms,
        }
    }
}

/// Holds the answers by partition: the offset (-1 where no record is that young), or why not.
pub type OffsetAnswers = HashMap<TopicPartition, Result<i64, ResponseError>>;

/// Asks each partition's leader; one try. Partitions without a leader answer LEADER_NOT_AVAILABLE,
/// those of a leader that cannot be asked BROKER_NOT_AVAILABLE; the error is a leader's where not one
/// could be asked.
pub async fn list(
    cluster: &Cluster,
    metadata: &Metadata,
    partitions: &[(TopicPartition, OffsetSpec)],
    isolation: Isolation,
) -> Result<OffsetAnswers, KafkaError> {
    let mut answers = OffsetAnswers::new();
    let mut by_leader: HashMap<i32, Vec<&(TopicPartition, OffsetSpec)>> = HashMap::new();
    for entry in partitions {
        match metadata.partition(&entry.0.topic, entry.0.partition).and_then(|p| p.leader) {
            Some(leader) => by_leader.entry(leader).or_default().push(entry),
            None => {
                answers.insert(entry.0.clone(), Err(ResponseError::LeaderNotAvailable));
            }
        }
    }
    let asked = by_leader.into_iter().map(|(leader, entries)| async move {
        (cluster.call_node(leader, &request(&entries, isolation)).await, entries)
    });
    let mut failure = None;
    let mut was_answered = false;
    for (answer, entries) in join_all(asked).await {
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                let unknown = entries.iter().map(|e| (e.0.clone(), Err(ResponseError::BrokerNotAvailable)));
                answers.extend(unknown);
                failure = Some(error);
                continue;
            }
        };
        was_answered = true;
        for topic in answer.topics {
            for partition in topic.partitions {
                let name = TopicPartition::new(topic.name.as_str(), partition.partition_index);
                let value = match partition.error_code.err() {
                    None => Ok(partition.offset),
                    Some(code) => Err(code),
                };
                answers.insert(name, value);
            }
        }
    }
    match failure.filter(|_| !was_answered) {
        Some(error) => Err(error),
        None => Ok(answers),
    }
}

/// Returns a partition's answer; one that its broker left out is worth asking for again.
pub fn answer(answers: &OffsetAnswers, partition: &TopicPartition) -> Result<i64, ResponseError> {
    answers.get(partition).copied().unwrap_or(Err(ResponseError::LeaderNotAvailable))
}

/// Asks for one offset of one partition; one try.
pub async fn one(
    cluster: &Cluster,
    metadata: &Metadata,
    partition: &TopicPartition,
    spec: OffsetSpec,
    isolation: Isolation,
) -> Result<i64, KafkaError> {
    let answers = list(cluster, metadata, &[(partition.clone(), spec)], isolation).await?;
    match answer(&answers, partition) {
        Ok(offset) => Ok(offset),
        Err(code) => {
            let cause = RequestCause::Code { code, message: None };
            Err(request_error::<ListOffsetsRequest>(&cluster.any().await?, cause).into())
        }
    }
}

fn request(entries: &[&(TopicPartition, OffsetSpec)], isolation: Isolation) -> ListOffsetsRequest {
    let mut topics: Vec<ListOffsetsTopic> = Vec::new();
    for (name, spec) in entries {
        let partition = ListOffsetsPartition::default()
            .with_partition_index(name.partition)
            .with_current_leader_epoch(-1)
            .with_timestamp(spec.wire());
        let wire = wire_name(&name.topic);
        match topics.iter_mut().find(|topic| topic.name == wire) {
            Some(topic) => topic.partitions.push(partition),
            None => topics.push(ListOffsetsTopic::default().with_name(wire).with_partitions(vec![partition])),
        }
    }
    ListOffsetsRequest::default()
        .with_replica_id((-1).into())
        .with_isolation_level(isolation as i8)
        .with_topics(topics)
}
