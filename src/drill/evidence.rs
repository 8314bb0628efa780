//! What is known after a drill: what was sent, copied, processed and committed, each as somebody saw it.

use std::collections::BTreeMap;
use std::time::Duration;

/// Names one of the two regions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Region {
    /// The one that records are copied from.
    Source,
    /// The one that records are copied to.
    Target,
}

/// Says what became of a record that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The brokers said they have it.
    Acknowledged {
        /// Where it stands.
        offset: i64,
        /// When the answer came, from the drill's start.
        at: Duration,
    },
    /// No answer came: the brokers may have it or not.
    Unknown,
    /// It never left, or the brokers said they do not take it.
    Failed,
}

/// Holds one record that the application sent. Records of a partition have ascending numbers, each sent
/// once, in one region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Where it was sent to.
    pub region: Region,
    /// The partition.
    pub partition: i32,
    /// Its number in the partition.
    pub number: u64,
    /// What became of it.
    pub fate: Fate,
}

/// Holds one record that the application processed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Processed {
    /// Where it was read.
    pub region: Region,
    /// The partition.
    pub partition: i32,
    /// Its number.
    pub number: u64,
    /// When, from the drill's start.
    pub at: Duration,
}

/// Holds what was found in the target's log: an offset and the number of the record there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// The target offset.
    pub offset: i64,
    /// The record's number.
    pub number: u64,
}

/// Holds everything the oracle judges.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// When the source was cut off, from the drill's start.
    pub cut_at: Duration,
    /// Every record sent, in any order.
    pub sent: Vec<Sent>,
    /// The source offset from which on nothing was copied, as the replicator announced it after the cut.
    pub announced: BTreeMap<i32, i64>,
    /// The target's log, each partition in the order of offsets, read by a client of its own.
    pub target_log: BTreeMap<i32, Vec<Found>>,
    /// Every record processed, in the order of processing.
    pub processed: Vec<Processed>,
    /// The source offsets that the group committed, in the order of committing.
    pub commits: BTreeMap<i32, Vec<i64>>,
    /// The target offsets that the group went on from; a partition without one is not there.
    pub resumed: BTreeMap<i32, i64>,
}
