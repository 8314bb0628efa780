//! What is known after a drill: what was sent, copied, processed and committed, each as somebody saw it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Names one of the two regions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Region {
    /// The one that records are copied from.
    Source,
    /// The one that records are copied to.
    Target,
}

impl Region {
    /// Returns the word used for it everywhere.
    pub fn word(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Target => "target",
        }
    }
}

/// Names a stretch of the drill by where the application works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Leg {
    /// In the source region, from the beginning.
    Home,
    /// In the target region, after the failover.
    Away,
    /// In the source region again, after the failback.
    Back,
}

impl Leg {
    /// All of them, in their order.
    pub const ALL: [Self; 3] = [Self::Home, Self::Away, Self::Back];

    /// Returns the region the application works in.
    pub fn region(self) -> Region {
        match self {
            Self::Home | Self::Back => Region::Source,
            Self::Away => Region::Target,
        }
    }

    /// Returns the leg before it.
    pub fn before(self) -> Option<Self> {
        match self {
            Self::Home => None,
            Self::Away => Some(Self::Home),
            Self::Back => Some(Self::Away),
        }
    }

    /// Returns the word used for it everywhere.
    pub fn word(self) -> &'static str {
        match self {
            Self::Home => "home",
            Self::Away => "away",
            Self::Back => "back",
        }
    }
}

/// Says what became of a record that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The brokers said they have it; in a transaction, that the transaction is committed.
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
    /// Its transaction was aborted, and the brokers confirmed that: no reader may see it.
    Aborted,
}

/// Holds one record that the application sent. Records of a partition have ascending numbers, each sent
/// once, in one region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// When and where it was sent.
    pub leg: Leg,
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
    /// When and where it was read.
    pub leg: Leg,
    /// The partition.
    pub partition: i32,
    /// Its number.
    pub number: u64,
    /// When, from the drill's start.
    pub at: Duration,
}

/// Holds what was found in a log: an offset and the number of the record there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// The offset.
    pub offset: i64,
    /// The record's number.
    pub number: u64,
}

/// A region's log, each partition in the order of offsets.
pub type Log = BTreeMap<i32, Vec<Found>>;

/// Says from which source offset on records were announced as missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Announced {
    /// The offset.
    pub from: i64,
    /// False where it was announced as the least it can be: records behind it may be there.
    pub is_exact: bool,
}

/// Holds when the steps of a change of region were done, from the drill's start, and where the group goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Switch {
    /// The old region was lost, or its writers were stopped.
    pub began: Duration,
    /// Somebody saw it.
    pub detected: Option<Duration>,
    /// The flow was ended and the group's offsets were in place.
    pub moved: Duration,
    /// The part of it spent waiting until the group's old members were gone.
    pub session: Duration,
    /// The offsets in the new region that the group goes on from; a partition without one is not there.
    pub resumed: BTreeMap<i32, i64>,
    /// The partitions whose offset was told as a bound: records may be read again behind it.
    pub bounds: BTreeSet<i32>,
}

/// Holds everything the oracle judges.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// Every record sent, in any order.
    pub sent: Vec<Sent>,
    /// Every record processed, in the order of processing.
    pub processed: Vec<Processed>,
    /// The offsets that the group committed, in the order of committing, by leg and partition.
    pub commits: BTreeMap<(Leg, i32), Vec<i64>>,
    /// The changes of region, each by the leg that it led to.
    pub switches: BTreeMap<Leg, Switch>,
    /// The source offsets from which on nothing was copied before the failover, as it announced them.
    pub announced: BTreeMap<i32, Announced>,
    /// The logs, as a client of its own read them, of committed records only. The source's is not there where
    /// the drill ends in the target region.
    pub logs: BTreeMap<Region, Log>,
    /// How many keys each partition has where the topic is compacted: a record may be gone where a later one
    /// of its key stands.
    pub keys: Option<u64>,
    /// Whether the application writes in transactions, some of which it aborts.
    pub is_transactional: bool,
    /// Partitions whose copying stopped for good, each with the cause.
    pub stopped: Vec<(String, String)>,
    /// Changes of region that did not come to their end, each by its leg and with the cause.
    pub broken_switches: BTreeMap<Leg, String>,
}
