//! What a comparison can find, and how it is counted.

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

/// Names what is wrong with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It is at the source and not at the target.
    Missing,
    /// It is at the target once more than at the source.
    Doubled,
    /// It is at the target, and nowhere near at the source.
    Extra,
    /// It stands where it should with another content: key, value, headers or timestamp.
    Changed,
    /// It is at both ends, before or behind what it should follow.
    Reordered,
    /// The record is right, and the offset map translates its offset to another.
    Mistranslated,
    /// A batch cannot be read at one end.
    Damaged,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Missing,
        Self::Doubled,
        Self::Extra,
        Self::Changed,
        Self::Reordered,
        Self::Mistranslated,
        Self::Damaged,
    ];

    /// Returns the stable name used in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Doubled => "doubled",
            Self::Extra => "extra",
            Self::Changed => "changed",
            Self::Reordered => "reordered",
            Self::Mistranslated => "mistranslated",
            Self::Damaged => "damaged",
        }
    }
}

/// Holds one fault and where it is; an offset is `None` where that end has no such record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What is wrong.
    pub kind: Kind,
    /// The record's offset at the source.
    pub source: Option<i64>,
    /// The record's offset at the target. With `Mistranslated`, where it stands.
    pub target: Option<i64>,
}

/// Counts what was compared and what was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Records that are the same at both ends.
    pub matched: u64,
    /// Of these, those whose batches were the same bytes, so that nothing was decompressed.
    pub matched_whole: u64,
    /// Bytes read at the source.
    pub source_bytes: u64,
    /// Bytes read at the target.
    pub target_bytes: u64,
    /// Faults, by [`Kind::ALL`].
    pub faults: [u64; Kind::ALL.len()],
    /// Records that one end has no more because it compacts or expires its log.
    pub cleaned: u64,
    /// Records that were left out under a policy, as the flow recorded at the time.
    pub left_out: u64,
    /// Records at the target that this flow did not write.
    pub foreign: u64,
    /// Records at the source that are not copied yet.
    pub behind: u64,
    /// The first of them, of one range.
    pub behind_from: Option<i64>,
    /// Matched records whose offset the map gives only a bound for, or nothing.
    pub unmapped: u64,
}

impl Tally {
    /// Counts a fault.
    pub fn count(&mut self, kind: Kind, count: u64) {
        self.faults[kind as usize] += count;
    }

    /// Returns how many faults of a kind were found.
    pub fn of(&self, kind: Kind) -> u64 {
        self.faults[kind as usize]
    }

    /// Returns how many faults were found.
    pub fn faults(&self) -> u64 {
        self.faults.iter().sum()
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.matched += other.matched;
        self.matched_whole += other.matched_whole;
        self.source_bytes += other.source_bytes;
        self.target_bytes += other.target_bytes;
        self.faults.iter_mut().zip(other.faults).for_each(|(own, other)| *own += other);
        self.cleaned += other.cleaned;
        self.left_out += other.left_out;
        self.foreign += other.foreign;
        self.behind += other.behind;
        self.behind_from = self.behind_from.or(other.behind_from);
        self.unmapped += other.unmapped;
    }
}
