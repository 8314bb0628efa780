//! What can be done to a running cluster from outside the protocol: moving leaders, shortening logs,
//! losing records, recreating topics.

use uuid::Uuid;

use super::cluster::{Cluster, ClusterError, create};
use super::configs::TopicSettings;
use super::partition::Partition;
use super::spec::TopicSpec;

/// Holds a log's offsets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offsets {
    /// The first offset there is.
    pub log_start: i64,
    /// Offset up to which every transaction is decided.
    pub last_stable: i64,
    /// Offset up to which all replicas have the records.
    pub high_watermark: i64,
    /// The offset the next record gets.
    pub log_end: i64,
}

impl Cluster {
    /// Returns a partition's offsets.
    pub fn offsets(&self, topic: &str, partition: i32) -> Result<Offsets, ClusterError> {
        self.look(topic, partition, |_, partition| Offsets {
            log_start: partition.log.start(),
            last_stable: partition.log.last_stable(),
            high_watermark: partition.log.high_watermark(),
            log_end: partition.log.end(),
        })
    }

    /// Returns the broker that leads a partition, and the leader epoch.
    pub fn leader(&self, topic: &str, partition: i32) -> Result<(Option<i32>, i32), ClusterError> {
        self.look(topic, partition, |_, partition| (partition.leader, partition.leader_epoch))
    }

    /// Makes another replica that is up the leader; the epoch rises even where it leads already.
    pub fn move_leader(&self, topic: &str, partition: i32, to: i32) -> Result<(), ClusterError> {
        if !self.shared().lock().brokers.is_up(to) {
            return Err(ClusterError::NoBroker(to));
        }
        let moved = self.with(topic, partition, |_, partition| partition.lead_by(Some(to)))?;
        if moved { Ok(()) } else { Err(ClusterError::NoBroker(to)) }
    }

    /// Moves a partition to the next replica in turn that is up; returns it.
    pub fn move_leader_on(&self, topic: &str, partition: i32) -> Result<i32, ClusterError> {
        let next = {
            let state = self.shared().lock();
            let found = state.topics.get(topic).and_then(|topic| topic.partition(partition));
            found.and_then(|partition| partition.next_leader(&state.brokers))
        };
        let next = next.ok_or_else(|| missing(topic, partition))?;
        self.move_leader(topic, partition, next)?;
        Ok(next)
    }

    /// Compacts a partition up to its last stable offset, whatever its `cleanup.policy`.
    pub fn compact(&self, topic: &str, partition: i32) -> Result<(), ClusterError> {
        let now_ms = self.now_ms();
        self.with(topic, partition, |settings, partition| {
            partition.log.compact(now_ms, settings.delete_retention_ms);
        })
    }

    /// Deletes a partition's records before an offset; returns the new log start offset.
    pub fn trim(&self, topic: &str, partition: i32, before: i64) -> Result<i64, ClusterError> {
        self.with(topic, partition, |_, partition| partition.log.delete_before(before))
    }

    /// Applies `retention.ms` and `retention.bytes` now; returns the new log start offset.
    pub fn apply_retention(&self, topic: &str, partition: i32) -> Result<i64, ClusterError> {
        let now_ms = self.now_ms();
        self.with(topic, partition, |settings, partition| partition.log.apply_retention(settings, now_ms))
    }

    /// Loses a partition's records from an offset on, as when a replica without them becomes the
    /// leader: the leader epoch rises. Returns the new end.
    pub fn unclean_truncate(&self, topic: &str, partition: i32, from: i64) -> Result<i64, ClusterError> {
        self.with(topic, partition, |_, partition| {
            partition.truncate_unclean(from);
            partition.log.end()
        })
    }

    /// Keeps a partition's high watermark back at an offset, or lets it go with `None`.
    pub fn hold_high_watermark(
        &self,
        topic: &str,
        partition: i32,
        at: Option<i64>,
    ) -> Result<(), ClusterError> {
        self.with(topic, partition, |_, partition| partition.log.hold_high_watermark(at))
    }

    /// Sets which replicas are in step; the leader always is.
    pub fn set_in_sync(&self, topic: &str, partition: i32, in_sync: &[i32]) -> Result<(), ClusterError> {
        self.with(topic, partition, |_, partition| {
            let leader = partition.leader;
            partition.in_sync.clone_from(&partition.replicas);
            partition.in_sync.retain(|id| in_sync.contains(id) || Some(*id) == leader);
        })
    }

    /// Forgets what a partition knows of a producer, as after a day without a record from it.
    pub fn expire_producer(&self, topic: &str, partition: i32, producer_id: i64) -> Result<(), ClusterError> {
        self.with(topic, partition, |_, partition| partition.log.expire_producer(producer_id))
    }

    /// Deletes a topic and creates it again; returns its new id.
    pub fn recreate_topic(&self, topic: &TopicSpec) -> Result<Uuid, ClusterError> {
        self.shared().change(|state| {
            state.topics.delete(&topic.name);
            create(state, topic)?;
            let created = state.topics.get(&topic.name);
            created.map(|topic| topic.id).ok_or_else(|| missing(&topic.name, 0))
        })
    }

    /// Deletes a topic.
    pub fn delete_topic(&self, topic: &str) -> Result<(), ClusterError> {
        let gone = self.shared().change(|state| state.topics.delete(topic));
        gone.map(|_| ()).ok_or_else(|| missing(topic, 0))
    }

    fn now_ms(&self) -> i64 {
        self.shared().lock().clock.now_ms()
    }

    fn look<T>(
        &self,
        topic: &str,
        partition: i32,
        look: impl FnOnce(&TopicSettings, &Partition) -> T,
    ) -> Result<T, ClusterError> {
        let state = self.shared().lock();
        let found = state.topics.get(topic).ok_or_else(|| missing(topic, partition))?;
        let one = found.partition(partition).ok_or_else(|| missing(topic, partition))?;
        Ok(look(&found.settings, one))
    }

    fn with<T>(
        &self,
        topic: &str,
        partition: i32,
        change: impl FnOnce(&TopicSettings, &mut Partition) -> T,
    ) -> Result<T, ClusterError> {
        self.shared().change(|state| {
            let found = state.topics.get_mut(topic).ok_or_else(|| missing(topic, partition))?;
            let index = usize::try_from(partition).ok();
            let one = index.and_then(|index| found.partitions.get_mut(index));
            let one = one.ok_or_else(|| missing(topic, partition))?;
            Ok(change(&found.settings, one))
        })
    }
}

fn missing(topic: &str, partition: i32) -> ClusterError {
    ClusterError::NoPartition { topic: topic.to_owned(), partition }
}
