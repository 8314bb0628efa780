//! A flow's progress, kept at the target: the compacted topic `strait.<flow>` for us, the consumer
//! group of the same name for everyone's tools.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kafka_protocol::ResponseError;
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, MutexGuard};
use uuid::Uuid;

use super::cell::PartitionCell;
use super::compacted_log::{CompactedLog, Pair};
use super::partition::Phase;
use crate::config::settings::FlowSettings;
use crate::kafka::cluster::Cluster;
use crate::kafka::error::KafkaError;
use crate::kafka::groups::{self, Commit};
use crate::types::{TargetOffset, TopicName, TopicPartition};

/// What the names of all state topics begin with; such topics are never copied.
pub const NAME_PREFIX: &str = "strait.";
/// How long the target may take to make the topic, elect its leader, or load a group.
const PATIENCE: Duration = Duration::from_secs(30);

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
    /// A producer id this flow writes with: whoever copies from this cluster knows by it what was
    /// copied here (guarantee G7).
    Producer {
        /// The producer id.
        id: i64,
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

/// Says where a producer id writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Producer {
    /// Version of this format.
    pub v: u8,
    /// The source topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
}

impl Checkpoint {
    /// States where a partition is now; `None` while it is being started.
    pub fn of(cell: &PartitionCell) -> Option<Self> {
        let state = cell.lock();
        if *state.partition.phase() == Phase::Starting {
            return None;
        }
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

/// Holds what the state topic says of one partition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// The newest checkpoint.
    pub checkpoint: Option<Checkpoint>,
    /// Every producer id the flow wrote the partition with.
    pub producers: HashSet<i64>,
}

/// Says what of a flow's progress could not be kept.
#[derive(Clone, Debug, thiserror::Error)]
pub enum KeepError {
    /// The checkpoints; a start will have more to read.
    #[error("progress could not be kept at the target: {0}")]
    Checkpoints(#[from] KafkaError),
    /// The same, at the end of a stop.
    #[error(
        "progress could not be kept at the target: shutdown_timeout ({}) was over",
        humantime::format_duration(*.0)
    )]
    TooLate(Duration),
    /// The group's offsets; nothing of ours depends on them.
    #[error(
        "group {group} shows other tools an old position, it cannot be committed: {error}{}",
        rights(.error)
    )]
    Group {
        /// The group.
        group: TopicName,
        /// Why.
        error: KafkaError,
    },
}

fn rights(error: &KafkaError) -> &'static str {
    match error.code() {
        Some(ResponseError::TopicAuthorizationFailed | ResponseError::GroupAuthorizationFailed) => {
            "; grant Read on the group and on the target topics"
        }
        _ => "",
    }
}

/// Reads and writes one flow's state topic.
#[derive(Debug)]
pub struct StateTopic {
    target: Cluster,
    log: CompactedLog,
    /// What stands in the topic. Held while writing, so that records of one key keep their order.
    known: Mutex<Known>,
    /// What the group's offsets still have to be told.
    owed: Mutex<BTreeMap<TopicPartition, Commit>>,
}

#[derive(Debug, Default)]
struct Known {
    partitions: HashMap<TopicPartition, Past>,
    /// How far the topic was read.
    next: i64,
}

impl StateTopic {
    /// Makes sure the topic exists and reads it to its end.
    pub async fn open(target: &Cluster, flow: &FlowSettings) -> Result<Self, KafkaError> {
        let name = TopicName::new(format!("{NAME_PREFIX}{}", flow.name));
        let replication_factor = flow.provision.replication_factor.unwrap_or(-1);
        let log = CompactedLog::new(target.clone(), name, PATIENCE);
        log.ensure(replication_factor).await?;
        let state = Self { target: target.clone(), log, known: Mutex::default(), owed: Mutex::default() };
        state.catch_up().await?;
        Ok(state)
    }

    /// Reads what was written since the last time, by us or by others.
    pub async fn catch_up(&self) -> Result<(), KafkaError> {
        let mut known = self.known.lock().await;
        let Known { partitions, next } = &mut *known;
        let each = |key: &[u8], value: Option<&[u8]>| learn(partitions, key, value);
        *next = self.log.read(*next, each).await?;
        Ok(())
    }

    /// Returns what is known of a source partition.
    pub async fn past(&self, partition: &TopicPartition) -> Past {
        self.known.lock().await.partitions.get(partition).cloned().unwrap_or_default()
    }

    /// Returns the source topics of which anything is known.
    pub async fn topics(&self) -> HashSet<TopicName> {
        self.known.lock().await.partitions.keys().map(|partition| partition.topic.clone()).collect()
    }

    /// Records the producer ids and the first checkpoints of partitions, before their first batch.
    pub async fn begin(&self, starts: &[(Arc<PartitionCell>, Checkpoint)]) -> Result<(), KafkaError> {
        let mut known = self.known.lock().await;
        let mut pairs: Vec<Pair> = Vec::with_capacity(starts.len() * 2);
        for (cell, checkpoint) in starts {
            let partition = cell.source.partition;
            let topic = cell.source.topic.to_string();
            let key = Key::Producer { id: checkpoint.producer_id };
            pairs.push((json(&key), Some(json(&Producer { v: 1, topic, partition }))));
        }
        for (cell, checkpoint) in starts {
            known.partitions.entry(cell.source.clone()).or_default().producers.insert(checkpoint.producer_id);
        }
        self.write(known, pairs, starts).await
    }

    /// Keeps the positions of all started partitions that have moved: in the topic, then as the
    /// group's offsets.
    pub async fn keep(&self, cells: &[Arc<PartitionCell>]) -> Result<(), KeepError> {
        let known = self.known.lock().await;
        let mut moved = Vec::new();
        for cell in cells {
            let Some(checkpoint) = Checkpoint::of(cell) else { continue };
            if known.partitions.get(&cell.source).and_then(|past| past.checkpoint.as_ref())
                != Some(&checkpoint)
            {
                moved.push((cell.clone(), checkpoint));
            }
        }
        self.write(known, Vec::new(), &moved).await?;
        self.commit().await.map_err(|error| KeepError::Group { group: self.log.topic().clone(), error })
    }

    /// Commits the group's offsets; what fails is tried again with the next.
    async fn commit(&self) -> Result<(), KafkaError> {
        let owed = std::mem::take(&mut *self.owed.lock().await);
        if owed.is_empty() {
            return Ok(());
        }
        let commits: Vec<Commit> = owed.values().cloned().collect();
        let group = self.log.topic().as_str();
        let done = self.target.retrying(PATIENCE, || groups::commit(&self.target, group, &commits)).await;
        if done.is_err() {
            // Newer positions that came meanwhile stand.
            let mut now = self.owed.lock().await;
            let newer = std::mem::replace(&mut *now, owed);
            now.extend(newer);
        }
        done
    }

    async fn write(
        &self,
        mut known: MutexGuard<'_, Known>,
        mut pairs: Vec<Pair>,
        checkpoints: &[(Arc<PartitionCell>, Checkpoint)],
    ) -> Result<(), KafkaError> {
        if checkpoints.is_empty() {
            return Ok(());
        }
        let mut commits = Vec::with_capacity(checkpoints.len());
        for (cell, checkpoint) in checkpoints {
            let TopicPartition { topic, partition } = &cell.source;
            let key = Key::Checkpoint { topic: topic.to_string(), partition: *partition };
            pairs.push((json(&key), Some(json(checkpoint))));
            commits.push(Commit {
                partition: cell.target.clone(),
                offset: TargetOffset(checkpoint.target_next),
                metadata: format!("source_next={}", checkpoint.source_next),
            });
        }
        self.append(&pairs).await?;
        for (cell, checkpoint) in checkpoints {
            known.partitions.entry(cell.source.clone()).or_default().checkpoint = Some(checkpoint.clone());
        }
        let mut owed = self.owed.lock().await;
        owed.extend(commits.into_iter().map(|commit| (commit.partition.clone(), commit)));
        Ok(())
    }

    async fn append(&self, pairs: &[Pair]) -> Result<(), KafkaError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now_ms = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
        self.log.append(pairs, now_ms).await
    }
}

/// Takes in one record; what a newer version wrote and this one does not know is passed over.
fn learn(known: &mut HashMap<TopicPartition, Past>, key: &[u8], value: Option<&[u8]>) {
    match serde_json::from_slice(key) {
        Ok(Key::Checkpoint { topic, partition }) => {
            let checkpoint = value.and_then(|value| serde_json::from_slice::<Checkpoint>(value).ok());
            known.entry(TopicPartition::new(topic.as_str(), partition)).or_default().checkpoint = checkpoint;
        }
        Ok(Key::Producer { id }) => {
            let Some(producer) = value.and_then(|value| serde_json::from_slice::<Producer>(value).ok())
            else {
                return;
            };
            let partition = TopicPartition::new(producer.topic.as_str(), producer.partition);
            known.entry(partition).or_default().producers.insert(id);
        }
        Err(_) => {}
    }
}

/// Returns the producer id that a record of some flow's state topic tells of.
pub fn producer_told(key: &[u8], value: Option<&[u8]>) -> Option<i64> {
    match serde_json::from_slice(key) {
        Ok(Key::Producer { id }) => value.map(|_| id),
        _ => None,
    }
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("plain structs of numbers and strings are always JSON")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_format_on_the_wire_is_the_one_documented() {
        let key = Key::Checkpoint { topic: "orders".into(), partition: 3 };
        assert_eq!(json(&key), br#"{"kind":"checkpoint","topic":"orders","partition":3}"#);
        assert_eq!(json(&Key::Producer { id: 4007 }), br#"{"kind":"producer","id":4007}"#);
    }

    #[test]
    fn g2_every_producer_id_of_a_partition_is_remembered() {
        let mut known = HashMap::new();
        for id in [7, 8] {
            let value = json(&Producer { v: 1, topic: "orders".into(), partition: 3 });
            learn(&mut known, &json(&Key::Producer { id }), Some(&value));
        }
        learn(&mut known, br#"{"kind":"of a later version"}"#, Some(b"{}"));
        let past = &known[&TopicPartition::new("orders", 3)];
        assert_eq!(past.producers, HashSet::from([7, 8]));
        assert_eq!(past.checkpoint, None);
    }
}
