//! Telling records first written at the source from those that a flow copied there (guarantee G7).
//!
//! A log keeps each batch's producer id, and every flow records its ids in its state topic, on the
//! cluster it writes to, *before* it uses them. So an id seen in a source log that stands in no state
//! topic of that cluster, read to its end after the id was seen, is no flow's.

use std::collections::{HashMap, HashSet};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use super::compacted_log::CompactedLog;
use super::state_records::producer_told;
use super::state_topic::NAME_PREFIX;
use crate::kafka::batch::{Batches, RawBatch};
use crate::kafka::cluster::Cluster;
use crate::kafka::error::KafkaError;
use crate::kafka::metadata::TopicId;
use crate::types::TopicName;

/// How long reading one state topic may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Ids of applications remembered; more are forgotten and looked up again.
const LOCAL_IDS_MAX: usize = 100_000;

/// Knows which producer ids of one cluster belong to flows.
#[derive(Debug)]
pub struct OriginFilter {
    source: Cluster,
    is_enabled: bool,
    ids: RwLock<Ids>,
    /// How far each state topic has been read. Held while reading.
    read: tokio::sync::Mutex<HashMap<TopicName, (TopicId, i64)>>,
}

#[derive(Debug, Default)]
struct Ids {
    flows: HashSet<i64>,
    applications: HashSet<i64>,
}

impl Ids {
    fn is_known(&self, id: i64) -> bool {
        self.flows.contains(&id) || self.applications.contains(&id)
    }
}

impl OriginFilter {
    /// Makes a filter for what is read from `source`; one that is not enabled takes everything.
    pub fn new(source: Cluster, is_enabled: bool) -> Self {
        Self { source, is_enabled, ids: RwLock::default(), read: tokio::sync::Mutex::default() }
    }

    /// Says whether a batch of this producer id was copied here by a flow.
    pub fn is_foreign(&self, producer_id: i64) -> bool {
        self.is_enabled
            && producer_id >= 0
            && self.ids.read().unwrap_or_else(PoisonError::into_inner).flows.contains(&producer_id)
    }

    /// Makes sure that [`is_foreign`](Self::is_foreign) knows the producers of all these batches.
    pub async fn learn(&self, records: &bytes::Bytes) -> Result<(), KafkaError> {
        self.learn_all(std::iter::once(records)).await
    }

    /// The same for the record sets of many partitions: the state topics are read once for all.
    pub async fn learn_all(&self, sets: impl Iterator<Item = &bytes::Bytes>) -> Result<(), KafkaError> {
        if !self.is_enabled {
            return Ok(());
        }
        let unknown: HashSet<i64> = sets.flat_map(|records| self.unknown(records)).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let mut read = self.read.lock().await;
        let flows = self.read_to_end(&mut read).await?;
        let mut ids = self.ids.write().unwrap_or_else(PoisonError::into_inner);
        ids.flows.extend(flows);
        if ids.applications.len() > LOCAL_IDS_MAX {
            ids.applications.clear();
        }
        for id in unknown {
            if !ids.flows.contains(&id) {
                ids.applications.insert(id);
            }
        }
        Ok(())
    }

    /// Lists the producer ids never seen before.
    fn unknown(&self, records: &bytes::Bytes) -> HashSet<i64> {
        let ids = self.ids.read().unwrap_or_else(PoisonError::into_inner);
        let mut unknown = HashSet::new();
        let mut last = -1;
        // A fault in the records is found and told when they are taken in.
        for batch in Batches::new(records.clone()).map_while(Result::ok) {
            let RawBatch { header, .. } = batch;
            if header.producer_id >= 0 && header.producer_id != last {
                last = header.producer_id;
                if !ids.is_known(last) {
                    unknown.insert(last);
                }
            }
        }
        unknown
    }

    /// Reads what every flow's state topic on the source says since the last time.
    async fn read_to_end(
        &self,
        read: &mut HashMap<TopicName, (TopicId, i64)>,
    ) -> Result<Vec<i64>, KafkaError> {
        let metadata = self.source.retrying(PATIENCE, || self.source.metadata(None)).await?;
        let mut flows = Vec::new();
        for (name, topic) in metadata.topics {
            if !name.as_str().starts_with(NAME_PREFIX) || topic.partitions.len() != 1 {
                continue;
            }
            let from = read.get(&name).filter(|(id, _)| *id == topic.id).map_or(0, |(_, next)| *next);
            let note = |key: &[u8], value: Option<&[u8]>, _| flows.extend(producer_told(key, value));
            let log = CompactedLog::new(self.source.clone(), name.clone(), PATIENCE);
            let next = log.read(from, note).await?;
            read.insert(name, (topic.id, next));
        }
        Ok(flows)
    }
}
