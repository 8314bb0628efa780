//! A flow's state as anyone may read it: without running the flow, and without changing anything.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use super::compacted_log::CompactedLog;
use super::offset_map::{Chunk, ChunkError, ChunkId, OffsetMap, assemble};
use super::state_records::{Key, Partitions, Whole, learn};
use crate::kafka::cluster::Cluster;
use crate::kafka::error::KafkaError;
use crate::kafka::metadata::TopicMetadata;
use crate::types::{TopicName, TopicPartition};

/// How long the target may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Holds all that a state topic says.
#[derive(Clone, Debug, Default)]
pub struct FlowState {
    /// What is known of each source partition.
    pub partitions: Partitions,
    /// What is known of the flow as a whole.
    pub whole: Whole,
    chunks: HashMap<TopicPartition, BTreeMap<ChunkId, Vec<u8>>>,
}

/// Reads a state topic to its end; `None` where there is none.
pub async fn read(target: &Cluster, topic: &TopicName) -> Result<Option<FlowState>, KafkaError> {
    let mut reader = StateReader::new(target.clone(), topic.clone());
    Ok(if reader.catch_up().await? { Some(reader.state) } else { None })
}

/// Follows a state topic.
#[derive(Debug)]
pub struct StateReader {
    log: CompactedLog,
    target: Cluster,
    next: i64,
    is_there: bool,
    state: FlowState,
}

impl StateReader {
    /// Speaks of a state topic; nothing is read yet.
    pub fn new(target: Cluster, topic: TopicName) -> Self {
        let log = CompactedLog::new(target.clone(), topic, PATIENCE);
        Self { log, target, next: 0, is_there: false, state: FlowState::default() }
    }

    /// Reads what was written since the last time; false where there is no such topic.
    pub async fn catch_up(&mut self) -> Result<bool, KafkaError> {
        if !self.is_there {
            let wanted = std::slice::from_ref(self.log.topic());
            let metadata = self.target.retrying(PATIENCE, || self.target.metadata(Some(wanted))).await?;
            if metadata.topics.get(self.log.topic()).is_none_or(TopicMetadata::is_missing) {
                return Ok(false);
            }
            self.is_there = true;
        }
        let state = &mut self.state;
        self.next = self.log.read(self.next, |key, value, at_ms| state.take(key, value, at_ms)).await?;
        Ok(true)
    }

    /// Returns the topic's name.
    pub fn topic(&self) -> &TopicName {
        self.log.topic()
    }

    /// Returns what was read.
    pub fn state(&self) -> &FlowState {
        &self.state
    }
}

impl FlowState {
    fn take(&mut self, key: &[u8], value: Option<&[u8]>, at_ms: i64) {
        learn(&mut self.partitions, key, value, at_ms);
        self.whole.learn(key, value);
        if let Ok(Key::Map { topic, partition, owner, number }) = serde_json::from_slice(key) {
            let chunks = self.chunks.entry(TopicPartition::new(topic.as_str(), partition)).or_default();
            let id = ChunkId { owner, number };
            match value {
                Some(value) => chunks.insert(id, value.to_vec()),
                None => chunks.remove(&id),
            };
        }
    }

    /// Returns the offset map of a source partition; `None` where none is kept.
    pub fn map(&self, partition: &TopicPartition) -> Result<Option<OffsetMap>, ChunkError> {
        let Some(chunks) = self.chunks.get(partition) else { return Ok(None) };
        let chunks: Vec<Chunk> =
            chunks.values().map(|bytes| Chunk::decode(bytes)).collect::<Result<_, _>>()?;
        let reordered = self.partitions.get(partition).and_then(|past| past.reordered.as_ref());
        let stretches = reordered.map(|reordered| reordered.stretches.clone()).unwrap_or_default();
        Ok(assemble(chunks).map(|map| map.with_stretches(stretches)))
    }
}
