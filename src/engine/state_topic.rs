//! A flow's progress, kept at the target: the compacted topic `strait.<flow>` for us, the consumer
//! group of the same name for everyone's tools.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kafka_protocol::ResponseError;
use kafka_protocol::error::ParseResponseErrorCode;
use kafka_protocol::messages::ProduceRequest;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::cell::PartitionCell;
use super::limits::{DECODED_BATCH_BYTES_MAX, PRODUCE_TIMEOUT_MS};
use super::start::Checkpoints;
use crate::config::settings::FlowSettings;
use crate::kafka::admin::{self, NewTopic};
use crate::kafka::batch::{Batches, HEADER_BYTES};
use crate::kafka::cluster::{Cluster, request_error};
use crate::kafka::error::{KafkaError, RequestCause};
use crate::kafka::groups::{self, Commit};
use crate::kafka::log_reader;
use crate::kafka::metadata::Metadata;
use crate::kafka::offsets::{self, OffsetSpec};
use crate::kafka::produce::{self, ProduceEntry};
use crate::kafka::records::{decode_pairs, encode_pairs};
use crate::types::{TopicName, TopicPartition};

/// How long a start waits for the target to make and elect the topic.
const PATIENCE: Duration = Duration::from_secs(30);
/// Most checkpoints in one batch, far below any broker's limit.
const CHECKPOINTS_PER_BATCH: usize = 1000;

/// Names a record of the state topic.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Key {
    /// A partition's checkpoint.
    Checkpoint {
        /// The source topic.
        topic: String,
        /// The partition.
        partition: i32,
    },
}

/// States a fact about an immutable stretch of both logs: everything at the source before
/// `source_next` stands at the target before `target_next`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Version of this format.
    pub v: u8,
    /// The next source offset to copy.
    pub source_next: i64,
    /// The target offset from which later batches may stand.
    pub target_next: i64,
    /// The incarnation of the source topic.
    pub source_topic_id: Option<Uuid>,
    /// The incarnation of the target topic.
    pub target_topic_id: Option<Uuid>,
    /// The producer id of the batches behind `target_next`.
    pub producer_id: i64,
}

impl Checkpoint {
    /// States where a partition is now; `None` before its first start.
    pub fn of(cell: &PartitionCell) -> Option<Self> {
        let state = cell.lock();
        Some(Self {
            v: 1,
            source_next: state.partition.copied().0,
            target_next: state.partition.target_next().0,
            source_topic_id: state.source_topic_id,
            target_topic_id: state.target_topic_id,
            producer_id: state.partition.producer()?.id,
        })
    }
}

/// Returns the topic's name, which is the group's as well.
pub fn name(flow: &FlowSettings) -> TopicName {
    TopicName::new(format!("strait.{}", flow.name))
}

/// Makes sure the topic exists and reads it to its end.
pub async fn read(target: &Cluster, flow: &FlowSettings) -> Result<Checkpoints, KafkaError> {
    let topic = name(flow);
    target.retrying(PATIENCE, || ensure(target, flow, &topic)).await?;
    let metadata = target.retrying(PATIENCE, || ready(target, &topic)).await?;
    let partition = TopicPartition { topic, partition: 0 };
    let mut checkpoints = HashMap::new();
    let mut next =
        target.retrying(PATIENCE, || bound(target, &metadata, &partition, OffsetSpec::Earliest)).await?;
    let end = target.retrying(PATIENCE, || bound(target, &metadata, &partition, OffsetSpec::Latest)).await?;
    while next < end {
        let piece = log_reader::read(target, &metadata, &partition, next).await?;
        if piece.records.is_empty() {
            break;
        }
        for batch in Batches::new(piece.records) {
            let batch = batch.map_err(|e| malformed(target, &e.to_string()))?;
            let pairs = decode_pairs(&batch, DECODED_BATCH_BYTES_MAX)
                .map_err(|e| malformed(target, &e.to_string()))?;
            for (_, key, value) in pairs {
                let Ok(Key::Checkpoint { topic, partition }) = serde_json::from_slice(&key) else { continue };
                let value = value.and_then(|v| serde_json::from_slice::<Checkpoint>(&v).ok());
                let key = TopicPartition::new(topic.as_str(), partition);
                match value {
                    Some(checkpoint) => checkpoints.insert(key, checkpoint),
                    None => checkpoints.remove(&key),
                };
            }
            next = batch.header.next_offset();
        }
    }
    Ok(checkpoints)
}

async fn ensure(target: &Cluster, flow: &FlowSettings, topic: &TopicName) -> Result<(), KafkaError> {
    let known = target.metadata(Some(std::slice::from_ref(topic))).await?;
    if known.topics.get(topic).is_some_and(|t| t.error.is_none()) {
        return Ok(());
    }
    let new = NewTopic {
        name: topic.clone(),
        partitions: 1,
        replication_factor: flow.provision.replication_factor.unwrap_or(-1),
        configs: [("cleanup.policy".to_owned(), "compact".to_owned())].into(),
    };
    let results = admin::create_topics(target, &[new]).await?;
    match results.into_values().next() {
        Some(Err(refusal)) if refusal.code != ResponseError::TopicAlreadyExists => {
            let connection = target.any().await?;
            let cause = RequestCause::Code { code: refusal.code, message: refusal.message };
            Err(request_error::<kafka_protocol::messages::CreateTopicsRequest>(&connection, cause).into())
        }
        _ => Ok(()),
    }
}

/// Returns metadata once the topic's partition has a leader.
async fn ready(target: &Cluster, topic: &TopicName) -> Result<Metadata, KafkaError> {
    let metadata = target.metadata(Some(std::slice::from_ref(topic))).await?;
    if metadata.partition(topic, 0).and_then(|p| p.leader).is_some() {
        return Ok(metadata);
    }
    let connection = target.any().await?;
    let cause = RequestCause::Code { code: ResponseError::LeaderNotAvailable, message: None };
    Err(request_error::<kafka_protocol::messages::MetadataRequest>(&connection, cause).into())
}

async fn bound(
    target: &Cluster,
    metadata: &Metadata,
    partition: &TopicPartition,
    spec: OffsetSpec,
) -> Result<i64, KafkaError> {
    let answers = offsets::list(target, metadata, &[(partition.clone(), spec)]).await?;
    match answers.get(partition) {
        Some(Ok(offset)) => Ok(*offset),
        failed => {
            let code = failed.and_then(|r| r.err()).unwrap_or(ResponseError::LeaderNotAvailable);
            let cause = RequestCause::Code { code, message: None };
            let connection = target.any().await?;
            Err(request_error::<kafka_protocol::messages::ListOffsetsRequest>(&connection, cause).into())
        }
    }
}

fn malformed(target: &Cluster, what: &str) -> KafkaError {
    let peer = crate::kafka::peer::Peer {
        cluster: target.alias().clone(),
        node: None,
        host: String::new(),
        port: 0,
        origin: crate::kafka::peer::PeerOrigin::Bootstrap { line: 0 },
    };
    KafkaError::Request(crate::kafka::error::RequestError {
        peer: Box::new(peer),
        api: kafka_protocol::messages::ApiKey::Fetch,
        cause: RequestCause::Malformed(what.to_owned()),
    })
}

/// Keeps the positions of all started partitions: in the topic, then as the group's offsets.
///
/// Retried for a while: a coordinator may still be loading, a leader may be moving.
pub async fn write(
    target: &Cluster,
    flow: &FlowSettings,
    cells: &[Arc<PartitionCell>],
) -> Result<(), KafkaError> {
    target.retrying(PATIENCE, || write_once(target, flow, cells)).await
}

async fn write_once(
    target: &Cluster,
    flow: &FlowSettings,
    cells: &[Arc<PartitionCell>],
) -> Result<(), KafkaError> {
    let topic = name(flow);
    let mut pairs = Vec::new();
    let mut commits = Vec::new();
    for cell in cells {
        let Some(checkpoint) = Checkpoint::of(cell) else { continue };
        let source = &cell.source;
        let key = Key::Checkpoint { topic: source.topic.to_string(), partition: source.partition };
        pairs.push((json(&key), Some(json(&checkpoint))));
        commits.push(Commit {
            partition: cell.target.clone(),
            offset: crate::types::TargetOffset(checkpoint.target_next),
            metadata: format!("source_next={}", checkpoint.source_next),
        });
    }
    if pairs.is_empty() {
        return Ok(());
    }
    let metadata = ready(target, &topic).await?;
    for pairs in pairs.chunks(CHECKPOINTS_PER_BATCH) {
        append(target, &metadata, &topic, pairs).await?;
    }
    groups::commit(target, topic.as_str(), &commits).await
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("plain structs of numbers and strings are always JSON")
}

async fn append(
    target: &Cluster,
    metadata: &Metadata,
    topic: &TopicName,
    pairs: &[(Vec<u8>, Option<Vec<u8>>)],
) -> Result<(), KafkaError> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let batch = encode_pairs(pairs, i64::try_from(now.as_millis()).unwrap_or(i64::MAX));
    let leader = metadata.partition(topic, 0).and_then(|p| p.leader).unwrap_or(-1);
    let connection = target.control(leader).await?;
    let mut entries = [ProduceEntry {
        topic: topic.clone(),
        topic_id: metadata.topics.get(topic).and_then(|t| t.id),
        partition: 0,
        header: batch.bytes.slice(..HEADER_BYTES),
        payload: batch.bytes.slice(HEADER_BYTES..),
    }];
    let pending = produce::send(&connection, &mut entries, PRODUCE_TIMEOUT_MS).await?;
    let answer = pending.decode::<ProduceRequest>().await?;
    let failed =
        answer.responses.iter().flat_map(|t| &t.partition_responses).find_map(|p| p.error_code.err());
    match failed {
        None => Ok(()),
        Some(code) => {
            let cause = RequestCause::Code { code, message: None };
            Err(request_error::<ProduceRequest>(&connection, cause).into())
        }
    }
}
