//! One flow's state topic, read and written from outside the flow.

use crate::engine::compacted_log::{CompactedLog, Pair};
use crate::engine::state_read::{FlowState, StateReader};
use crate::engine::state_records::{Key, Past, json};
use crate::engine::state_topic::NAME_PREFIX;
use crate::failover::ending::PATIENCE;
use crate::failover::source::now_ms;
use crate::kafka::cluster::Cluster;
use crate::kafka::error::KafkaError;
use crate::types::{FlowName, TopicName, TopicPartition};

/// Follows a flow's state topic and appends to it.
#[derive(Debug)]
pub struct State {
    reader: StateReader,
    log: CompactedLog,
}

impl State {
    /// Speaks of a flow's state topic; nothing is read yet.
    pub fn new(target: &Cluster, flow: &FlowName) -> Self {
        let topic = TopicName::new(format!("{NAME_PREFIX}{flow}"));
        let reader = StateReader::new(target.clone(), topic.clone());
        Self { reader, log: CompactedLog::new(target.clone(), topic, PATIENCE) }
    }

    /// Makes sure the topic exists.
    pub async fn ensure(&self, replication_factor: Option<i16>) -> Result<(), KafkaError> {
        self.log.ensure(replication_factor.unwrap_or(-1)).await
    }

    /// Reads it to its end; false where there is none.
    pub async fn catch_up(&mut self) -> Result<bool, KafkaError> {
        self.reader.catch_up().await
    }

    /// Returns the topic's name.
    pub fn topic(&self) -> &TopicName {
        self.reader.topic()
    }

    /// Returns what was read.
    pub fn known(&self) -> &FlowState {
        self.reader.state()
    }

    /// Returns what was read of a partition.
    pub fn past(&self, partition: &TopicPartition) -> Past {
        self.known().partitions.get(partition).cloned().unwrap_or_default()
    }

    /// Appends records in their order, and takes them in.
    pub async fn append(&mut self, pairs: &[Pair]) -> Result<(), KafkaError> {
        self.log.append(pairs, now_ms()).await?;
        self.reader.catch_up().await?;
        Ok(())
    }
}

/// Makes a record of a partition.
pub fn record(
    key: impl FnOnce(String, i32) -> Key,
    partition: &TopicPartition,
    value: Option<&impl serde::Serialize>,
) -> Pair {
    let key = key(partition.topic.to_string(), partition.partition);
    (json(&key), value.map(|value| json(value)))
}

/// Makes a record that deletes what stands under a key.
pub fn deleted(key: &Key) -> Pair {
    (json(key), None)
}
