//! Which source offset stands where at the target, both ways (guarantee G6).
//!
//! A map is a list of runs of records that stand side by side in both logs; a new run begins only where
//! the difference of the offsets changes: at a marker, an aborted record, a record that compaction took.
//! A log without such gaps is one run, however long.
//!
//! **What a translation means.** A consumer's committed offset `s` says: all before `s` is read, go on at
//! `s`. Its translation is the offset of the copy of the first record at or behind `s`: a reader that goes
//! on there reads every copy of what it had not read, and none of what it had. So an offset that bears no
//! record (a marker, an aborted or compacted record) translates to the next record's copy, and the end of
//! what is copied translates to the lowest offset the next copy can get. What stands in between and is no
//! copy (a marker, another writer's record) counts neither as read nor as unread.

mod chunk;
mod growing;

pub use self::chunk::{Chunk, ChunkError, assemble};
pub use self::growing::{CHUNK_RUNS, ChunkId, Growing, PIECES_KEPT_EARLY, PIECES_MAX};
use super::failback_records::Stretch;
use super::tail::Matched;
use crate::types::{SourceOffset, TargetOffset};

/// Names the same moment in both logs: all before the one stands before the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pair {
    /// An offset at the source.
    pub source: i64,
    /// The offset at the target.
    pub target: i64,
}

/// One stretch of both logs: `count` records from `source` on stand at the target from `target` on.
/// With a count of 0 it says that track was lost: from there to the next run the records stand in
/// between, one does not know where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// The first source offset.
    pub source: i64,
    /// The first target offset.
    pub target: i64,
    /// How many records; 0 where track was lost.
    pub count: i64,
}

impl Run {
    /// Where track was lost, copies stand in front of `end` also where no source offset is left there, and none
    /// where no target offset is.
    fn is_in_front_of(&self, end: Pair) -> bool {
        let is_at_source = if self.count > 0 { self.source < end.source } else { self.source <= end.source };
        is_at_source && self.target < end.target
    }

    fn end(self) -> Pair {
        Pair { source: self.source + self.count, target: self.target + self.count }
    }
}

/// Holds an offset translated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Translation<T> {
    /// Going on there reads nothing twice and leaves nothing out.
    Exact(T),
    /// Going on there leaves nothing out, but may read records again.
    AtOrBefore(T),
    /// It cannot be told.
    Unknown(Untranslated),
}

/// Says why an offset has no translation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untranslated {
    /// Nothing is known of this partition.
    #[error("no offset map is kept of this partition")]
    NoMap,
    /// It lies before everything the map knows.
    #[error("it lies before the offset map, which begins at {first}")]
    BeforeMap {
        /// The first offset that can be translated.
        first: i64,
    },
    /// What it points at is not copied yet.
    #[error("it lies behind what is copied, which ends before {next}")]
    NotCopied {
        /// The last offset that can be translated.
        next: i64,
    },
}

/// Translates the offsets of one partition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OffsetMap {
    from: Pair,
    to: Pair,
    /// In rising order in both logs.
    runs: Vec<Run>,
    /// Where the order is not the same at both ends, in rising order. Chunks do not hold them.
    stretches: Vec<Stretch>,
}

impl OffsetMap {
    /// Begins where nothing is copied yet: the first copy stands at or behind `from`.
    pub fn new(from: Pair) -> Self {
        Self { from, to: from, ..Self::default() }
    }

    /// Returns where the map begins.
    pub fn from(&self) -> Pair {
        self.from
    }

    /// Returns where the map ends: all before is copied, nothing behind it.
    pub fn to(&self) -> Pair {
        self.to
    }

    /// Returns the runs, also those where track was lost.
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// Takes note that `count` records from `source` on stand at the target from `target` on.
    pub fn append(&mut self, source: i64, target: i64, count: i64) {
        if count <= 0 {
            return;
        }
        debug_assert!(source >= self.to.source && target >= self.to.target, "maps grow at their end");
        match self.runs.last_mut() {
            // Behind a lost track too: where the offsets follow, nothing can stand in between.
            Some(last) if last.end() == (Pair { source, target }) => last.count += count,
            _ => self.runs.push(Run { source, target, count }),
        }
        self.to = Pair { source: source + count, target: target + count };
    }

    /// Takes note that what follows the end, up to the next run, is copied one does not know where.
    pub fn lose_track(&mut self) {
        self.lose_track_at(self.to);
    }

    /// The same from a place at or behind the end on; up to there nothing is copied but what is known.
    pub fn lose_track_at(&mut self, Pair { source, target }: Pair) {
        if self.runs.last().is_none_or(|last| last.count > 0) {
            self.runs.push(Run { source, target, count: 0 });
        }
    }

    /// Takes note of stretches where the order is not the same at both ends: inside one, going on where the
    /// next copy stands would leave out what stands in front of it there and behind it here.
    pub fn with_stretches(self, stretches: Vec<Stretch>) -> Self {
        Self { stretches, ..self }
    }

    /// Returns these stretches.
    pub fn stretches(&self) -> &[Stretch] {
        &self.stretches
    }

    /// Returns the same map read from the other side.
    pub fn reversed(&self) -> Self {
        let swap = |pair: Pair| Pair { source: pair.target, target: pair.source };
        let run = |run: &Run| Run { source: run.target, target: run.source, count: run.count };
        let stretch = |stretch: &Stretch| Stretch {
            source_from: stretch.target_from,
            target_from: stretch.source_from,
            source_until: self.target_until(stretch),
        };
        Self {
            from: swap(self.from),
            to: swap(self.to),
            runs: self.runs.iter().map(run).collect(),
            stretches: self.stretches.iter().map(stretch).collect(),
        }
    }

    /// Says whether a source offset lies where the order is not the same at both ends.
    pub fn is_source_reordered(&self, offset: i64) -> bool {
        self.stretches.iter().any(|stretch| (stretch.source_from..stretch.source_until).contains(&offset))
    }

    /// The same of a target offset.
    pub fn is_target_reordered(&self, offset: i64) -> bool {
        let mut stretches = self.stretches.iter();
        stretches.any(|stretch| (stretch.target_from..self.target_until(stretch)).contains(&offset))
    }

    /// Returns the target offset behind a stretch: where the first copy of what follows it stands.
    fn target_until(&self, stretch: &Stretch) -> i64 {
        let until = stretch.source_until;
        let behind = self.runs.partition_point(|run| run.source + run.count.max(1) <= until);
        let first = self.runs.get(behind).map(|run| run.target + (until - run.source).max(0));
        first.unwrap_or(self.to.target).max(stretch.target_from)
    }

    /// Lists the source offsets from `from` to `until` that stand in no run, as stretches (first, end).
    pub fn source_gaps(&self, from: i64, until: i64) -> Vec<(i64, i64)> {
        let mut gaps = Vec::new();
        let mut at = from;
        for run in self.runs.iter().filter(|run| run.count > 0 && run.source + run.count > from) {
            if run.source >= until {
                break;
            }
            if run.source > at {
                gaps.push((at, run.source));
            }
            at = at.max(run.source + run.count);
        }
        if at < until {
            gaps.push((at, until));
        }
        gaps
    }

    /// Takes in what was found of the records copied behind the end.
    pub fn take_tail(&mut self, tail: &Matched) {
        for run in &tail.runs {
            self.take_unmatched(run.unmatched_from);
            self.append(run.source, run.target, run.count);
        }
        self.take_unmatched(tail.unmatched_from);
    }

    /// The first of the copies whose places are not known is known to stand at the target offset `from`.
    fn take_unmatched(&mut self, from: Option<i64>) {
        if let Some(from) = from {
            self.lose_track_at(Pair { source: self.to.source, target: self.to.target.max(from) });
        }
    }

    /// Puts the end that a partition's owner has in memory in the place of what is known from there on.
    pub fn continued_by(self, end: Self) -> Self {
        chunk::join(self, end)
    }

    /// Takes note that all before `to` is copied, and nothing behind it.
    pub fn reach(&mut self, to: Pair) {
        self.to.source = self.to.source.max(to.source);
        self.to.target = self.to.target.max(to.target);
    }

    /// Forgets everything at and behind `end`.
    pub fn truncate(&mut self, end: Pair) {
        let keep = self.runs.partition_point(|run| run.is_in_front_of(end));
        self.runs.truncate(keep);
        if let Some(last) = self.runs.last_mut() {
            last.count = last.count.min(end.target - last.target).min(end.source - last.source);
        }
        self.to.source = self.to.source.min(end.source);
        self.to.target = self.to.target.min(end.target);
    }

    /// Translates a source offset; O(log runs).
    pub fn to_target(&self, offset: SourceOffset) -> Translation<TargetOffset> {
        let (source, target) = (|pair: Pair| pair.source, |pair: Pair| pair.target);
        let found = self.translate(offset.0, source, target);
        let stretches = self.stretches.iter().map(|s| (s.source_from, s.target_from, s.source_until));
        across(stretches, offset.0, found).map(TargetOffset)
    }

    /// Translates a target offset; O(log runs).
    pub fn to_source(&self, offset: TargetOffset) -> Translation<SourceOffset> {
        let (source, target) = (|pair: Pair| pair.source, |pair: Pair| pair.target);
        let found = self.translate(offset.0, target, source);
        let stretches = self.stretches.iter().map(|s| (s.target_from, s.source_from, self.target_until(s)));
        across(stretches, offset.0, found).map(SourceOffset)
    }

    /// Translates from the side `own` shows to the side `other` shows.
    fn translate(
        &self,
        offset: i64,
        own: impl Fn(Pair) -> i64,
        other: impl Fn(Pair) -> i64,
    ) -> Translation<i64> {
        let begin = |run: &Run| Pair { source: run.source, target: run.target };
        if offset < own(self.from) {
            return Translation::Unknown(Untranslated::BeforeMap { first: own(self.from) });
        }
        if offset > own(self.to) {
            return Translation::Unknown(Untranslated::NotCopied { next: own(self.to) });
        }
        let behind = self.runs.partition_point(|run| own(begin(run)) <= offset);
        if let Some(run) = behind.checked_sub(1).and_then(|index| self.runs.get(index)) {
            let into = offset - own(begin(run));
            if into == 0 || into < run.count {
                return Translation::Exact(other(begin(run)) + into);
            }
            if run.count == 0 {
                return Translation::AtOrBefore(other(begin(run)));
            }
        }
        Translation::Exact(self.runs.get(behind).map_or(other(self.to), |next| other(begin(next))))
    }
}

/// Corrects a translation for stretches (begin here, begin there, end here) where the order differs: inside one
/// all of it has to be read again there.
fn across(
    stretches: impl Iterator<Item = (i64, i64, i64)>,
    offset: i64,
    found: Translation<i64>,
) -> Translation<i64> {
    for (from, other_from, until) in stretches {
        if matches!(found, Translation::Unknown(_)) || offset >= until {
            continue;
        }
        return match found {
            // What leads into the stretch goes on at its begin.
            Translation::Exact(found) if offset < from => Translation::Exact(found.min(other_from)),
            _ => Translation::AtOrBefore(other_from),
        };
    }
    found
}

impl<T> Translation<T> {
    fn map<U>(self, of: impl FnOnce(T) -> U) -> Translation<U> {
        match self {
            Translation::Exact(offset) => Translation::Exact(of(offset)),
            Translation::AtOrBefore(offset) => Translation::AtOrBefore(of(offset)),
            Translation::Unknown(why) => Translation::Unknown(why),
        }
    }
}
