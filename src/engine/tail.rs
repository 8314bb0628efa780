//! Matching what stands at the target behind a checkpoint with the source, in order and by content.
//!
//! The target's tail is a prefix of what the source held behind the checkpoint, in the source's order
//! (one writer, idempotent, fenced). Since then compaction or retention may have taken records out of
//! either log. So a source record was copied exactly where it is found in the tail behind the last one
//! found, and the first that is not found is the first to copy: had it been copied, it would stand there,
//! for the target lost nothing behind its log start. Counting instead would be wrong as soon as the
//! source was thinned in between.
//!
//! One record may be missing in the middle: one left out under a policy, which is written down before
//! anything behind it is sent. It was passed where a later record is found.

use std::collections::{BTreeSet, VecDeque};

use crate::kafka::records::RecordFingerprint;

/// Says how far a comparison came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// All records so far were copied, as far as can be told.
    GoOn,
    /// This is the position: what is at and behind this source offset was not copied.
    Found(i64),
}

/// Says why no position can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unclear {
    /// The target's retention removed all that stood behind the checkpoint.
    #[error(
        "the target's retention removed what stood behind the checkpoint, so it cannot be told what was copied"
    )]
    TailRemoved,
    /// The source holds none of the records.
    #[error("none of them is at the source behind the checkpoint")]
    NotAtSource,
    /// Retention removed from the source more than was copied of it.
    #[error("retention removed source offsets {from} to {to}, of which not all were copied")]
    Gap {
        /// The first offset that may be missing.
        from: i64,
        /// The last that is missing.
        to: i64,
    },
}

/// One stretch of both logs: records from `source` on stand at the target from `target` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MatchedRun {
    /// The first source offset.
    pub source: i64,
    /// The first target offset.
    pub target: i64,
    /// How many records.
    pub count: i64,
    /// The target offset from which, up to this run, copies stand of records that the source has no more.
    pub unmatched_from: Option<i64>,
}

/// Says what a comparison came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matched {
    /// The first source offset not at the target.
    pub next: i64,
    /// What was found copied.
    pub runs: Vec<MatchedRun>,
    /// The target offset from which, behind the last run, copies stand of records that the source has no more.
    pub unmatched_from: Option<i64>,
}

/// Says where the comparison begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// The checkpoint's source position.
    pub source_next: i64,
    /// The checkpoint's target position.
    pub target_next: i64,
    /// The source's log start offset.
    pub source_first: i64,
    /// True where the target's log starts behind the checkpoint's target position.
    pub is_tail_cut: bool,
}

/// Compares source records, in order, with a tail.
#[derive(Debug)]
pub struct Matcher {
    /// (target offset, content) of what is not matched yet.
    rest: VecDeque<(i64, RecordFingerprint)>,
    tail_count: i64,
    start: Start,
    /// Source offsets of records that were left out.
    left_out: BTreeSet<i64>,
    /// What was compared last was left out, if the copy came so far.
    is_behind_left_out: bool,
    next: i64,
    runs: Vec<MatchedRun>,
}

impl Matcher {
    /// Begins with the tail's records, in order, and the source offsets of those left out.
    pub fn new(tail: Vec<(i64, RecordFingerprint)>, start: Start, left_out: BTreeSet<i64>) -> Self {
        let tail_count = i64::try_from(tail.len()).unwrap_or(i64::MAX);
        let next = start.source_next.max(start.source_first);
        let rest = tail.into();
        Self { rest, tail_count, start, left_out, is_behind_left_out: false, next, runs: Vec::new() }
    }

    /// Returns the source offset to read from.
    pub fn read_from(&self) -> i64 {
        self.next
    }

    /// Says whether reading more of the source can tell nothing more.
    pub fn is_over(&self) -> bool {
        self.rest.is_empty()
    }

    /// Compares one batch's records, (source offset, content) in order; `after` is the position behind it.
    pub fn compare(
        &mut self,
        records: impl IntoIterator<Item = (i64, RecordFingerprint)>,
        after: i64,
    ) -> Progress {
        for (offset, print) in records {
            let Some(index) = self.rest.iter().position(|(_, known)| *known == print) else {
                // In front of the first match of a cut tail stand records whose copies retention took.
                if self.start.is_tail_cut && self.runs.is_empty() {
                    continue;
                }
                if self.left_out.contains(&offset) {
                    self.is_behind_left_out = true;
                    continue;
                }
                return Progress::Found(self.next);
            };
            // What lies between was taken out of the source since it was copied.
            let unmatched_from = self.rest.front().filter(|_| index > 0).map(|(target, _)| *target);
            self.rest.drain(..index);
            if let Some((target, _)) = self.rest.pop_front() {
                self.note(offset, target, unmatched_from);
            }
            self.is_behind_left_out = false;
            self.next = offset + 1;
        }
        // In front of the first match of a cut tail the position is not known yet.
        if !(self.is_behind_left_out || self.start.is_tail_cut && self.runs.is_empty()) {
            self.next = after;
        }
        Progress::GoOn
    }

    fn note(&mut self, source: i64, target: i64, unmatched_from: Option<i64>) {
        // In front of what is left of a cut tail anything may have stood.
        let is_cut = self.start.is_tail_cut && self.runs.is_empty();
        let unmatched_from = if is_cut { Some(self.start.target_next) } else { unmatched_from };
        match self.runs.last_mut() {
            Some(run) if run.source + run.count == source && run.target + run.count == target => {
                run.count += 1;
            }
            _ => self.runs.push(MatchedRun { source, target, count: 1, unmatched_from }),
        }
    }

    /// Returns the position and what of the tail was found at the source. Call it when the position was
    /// found, when the comparison is over, or at the source's end.
    pub fn finish(self) -> Result<Matched, Unclear> {
        let Start { source_next, source_first, is_tail_cut, .. } = self.start;
        let Self { next, runs, rest, tail_count, .. } = self;
        let unmatched_from = rest.front().map(|(target, _)| *target);
        if !runs.is_empty() {
            return Ok(Matched { next, runs, unmatched_from });
        }
        if is_tail_cut {
            return Err(if tail_count == 0 { Unclear::TailRemoved } else { Unclear::NotAtSource });
        }
        // Nothing behind the source's log start was copied. Each offset holds one record at most, so
        // as many copies as there were offsets mean that nothing is missing. What is on record as left out may
        // have been copied since, and is not taken off.
        let removed = source_first - source_next;
        if removed > tail_count {
            return Err(Unclear::Gap { from: source_next + tail_count, to: source_first - 1 });
        }
        Ok(Matched { next, runs, unmatched_from })
    }
}
