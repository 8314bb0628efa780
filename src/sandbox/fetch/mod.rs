//! Reading for consumers: one partition at a time, and in sessions that remember what was asked.

mod sessions;

use bytes::Bytes;
use kafka_protocol::error::ResponseError;
use uuid::Uuid;

pub use self::sessions::{Asked, FetchSessions, Opened, SessionId};
use super::log::Aborted;
use super::partition::Partition;
use super::state::State;

/// Says what is wanted of one partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The topic's name; empty while its id is not known.
    pub topic: String,
    /// The topic's id; nil before version 13.
    pub topic_id: Uuid,
    /// The partition.
    pub partition: i32,
    /// The leader epoch the client knows; -1 if it does not say.
    pub current_leader_epoch: i32,
    /// The first offset wanted.
    pub fetch_offset: i64,
    /// The epoch of the last record it has; -1 if it does not say.
    pub last_fetched_epoch: i32,
    /// The most it takes, in bytes.
    pub bytes_max: usize,
}

/// Holds what one partition gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Batches.
    pub records: Bytes,
    /// Offset up to which all replicas have the records.
    pub high_watermark: i64,
    /// Offset up to which every transaction is decided.
    pub last_stable: i64,
    /// The first offset there is.
    pub log_start: i64,
    /// Aborted transactions among the records; `None` for readers of uncommitted records.
    pub aborted: Option<Vec<Aborted>>,
    /// Where the client's log and this one part, as epoch and end offset.
    pub diverging: Option<(i32, i64)>,
}

/// Finds the partition a client means, if the broker leads it and the client's knowledge is not
/// older or newer than the broker's.
pub fn locate<'a>(state: &'a State, broker: i32, wanted: &Wanted) -> Result<&'a Partition, ResponseError> {
    let named = if wanted.topic.is_empty() {
        state.topics.name_of(wanted.topic_id).ok_or(ResponseError::UnknownTopicId)?
    } else {
        &wanted.topic
    };
    let topic = state.topics.get(named).ok_or(ResponseError::UnknownTopicOrPartition)?;
    if !wanted.topic_id.is_nil() && topic.id != wanted.topic_id {
        return Err(ResponseError::InconsistentTopicId);
    }
    let partition = topic.partition(wanted.partition).ok_or(ResponseError::UnknownTopicOrPartition)?;
    partition.check_epoch(wanted.current_leader_epoch)?;
    if partition.leader == Some(broker) { Ok(partition) } else { Err(ResponseError::NotLeaderOrFollower) }
}

/// Returns where reading ends for a reader.
pub fn readable_end(partition: &Partition, committed_only: bool) -> i64 {
    if committed_only { partition.log.last_stable() } else { partition.log.high_watermark() }
}

/// Reads one partition.
pub fn read(
    partition: &Partition,
    wanted: &Wanted,
    committed_only: bool,
    bytes_max: usize,
    whole_first: bool,
) -> Result<Found, ResponseError> {
    let log = &partition.log;
    let mut found = Found {
        records: Bytes::new(),
        high_watermark: log.high_watermark(),
        last_stable: log.last_stable(),
        log_start: log.start(),
        aborted: committed_only.then(Vec::new),
        diverging: None,
    };
    if wanted.last_fetched_epoch >= 0 {
        let (epoch, end) = log.epochs().end_of(wanted.last_fetched_epoch, log.end());
        if epoch < 0 || end < 0 {
            return Err(ResponseError::OffsetOutOfRange);
        }
        if epoch < wanted.last_fetched_epoch || end < wanted.fetch_offset {
            found.diverging = Some((epoch, end));
            return Ok(found);
        }
    }
    if !(log.start()..=log.end()).contains(&wanted.fetch_offset) {
        return Err(ResponseError::OffsetOutOfRange);
    }
    let end = readable_end(partition, committed_only);
    let slice = log.read(wanted.fetch_offset, end, bytes_max.min(wanted.bytes_max), whole_first);
    if let Some(aborted) = &mut found.aborted {
        aborted.extend(log.aborted_between(wanted.fetch_offset, slice.next_offset));
    }
    found.records = slice.bytes;
    Ok(found)
}
