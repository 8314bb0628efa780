//! Where each partition is left, from what is known of it; pure.

use crate::engine::ended::{EndedPartition, VERSION};
use crate::engine::state_records::{Past, Trouble};
use crate::types::TopicPartition;

/// What stands at the target behind a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Behind {
    /// Records of the flow behind the checkpoint.
    pub records: i64,
    /// How far the log was read: the fence's marker, or the log's end where none was taken.
    pub end: i64,
}

/// What the source says now, where it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AtSource {
    /// The first source offset that is not at the target; `None` where it could not be told.
    pub next: Option<i64>,
    /// The end of its log for readers of committed records.
    pub end: i64,
    /// When that was seen, in milliseconds since 1970.
    pub at_ms: i64,
}

/// Where the source's log ended, and when that was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceEnd {
    /// The offset.
    pub offset: i64,
    /// In milliseconds since 1970.
    pub at_ms: i64,
}

/// Says where a partition is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The partition at the source.
    pub source: TopicPartition,
    /// The partition at the target.
    pub target: TopicPartition,
    /// The first source offset that is not at the target, or the least it can be; `None` where the flow
    /// never began with the partition.
    pub source_next: Option<i64>,
    /// Whether it is that offset, and not only the least it can be.
    pub is_exact: bool,
    /// The first target offset behind all that the flow wrote.
    pub target_next: i64,
    /// The newest known end of the source's log.
    pub source_end: Option<SourceEnd>,
    /// Why the copy had stopped, if it had.
    pub stopped: Option<Trouble>,
    /// What the state topic already says of it, where an earlier run came as far.
    pub recorded: Option<EndedPartition>,
}

impl Place {
    /// Counts source offsets that are known not to be at the target; at most so many where the position is
    /// only a bound. `None` where nothing is known.
    pub fn missing(&self) -> Option<u64> {
        let (next, end) = (self.source_next?, self.source_end?);
        Some(u64::try_from(end.offset - next).unwrap_or(0))
    }

    /// Returns the record that tells it.
    pub fn record(&self, is_fenced: bool) -> EndedPartition {
        EndedPartition {
            v: VERSION,
            source_next: self.source_next,
            is_exact: self.is_exact,
            target_next: self.target_next,
            source_end: self.source_end.map(|end| end.offset),
            source_end_ms: self.source_end.map(|end| end.at_ms),
            is_fenced,
        }
    }
}

/// Tells where a partition is left.
pub fn place(
    (source, target): (&TopicPartition, &TopicPartition),
    past: &Past,
    behind: Behind,
    at_source: Option<AtSource>,
) -> Place {
    let mut place = Place {
        source: source.clone(),
        target: target.clone(),
        source_next: None,
        is_exact: false,
        target_next: behind.end,
        source_end: None,
        stopped: past.stopped.clone(),
        recorded: past.ended.clone(),
    };
    if let Some(recorded) = &past.ended {
        // Behind it stand the applications' own records by now.
        place.source_next = recorded.source_next;
        place.is_exact = recorded.is_exact;
        place.target_next = recorded.target_next;
        let at_ms = recorded.source_end_ms.unwrap_or_default();
        place.source_end = recorded.source_end.map(|offset| SourceEnd { offset, at_ms });
        return place;
    }
    if let Some(checkpoint) = &past.checkpoint {
        // Each of the records had an offset of its own at the source, in order: with gaps between them the
        // position is further on, never further back.
        place.source_next = Some(checkpoint.source_next + behind.records);
        place.is_exact = behind.records == 0;
        let at_ms = past.checkpoint_ms;
        place.source_end = checkpoint.source_end.map(|offset| SourceEnd { offset, at_ms });
    }
    if let Some(AtSource { next, end, at_ms }) = at_source {
        place.source_end = Some(SourceEnd { offset: end, at_ms });
        if let Some(next) = next {
            place.source_next = Some(next);
            place.is_exact = true;
        }
    }
    place
}

/// Sums up what is missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Missing {
    /// Source offsets known to be missing.
    pub offsets: u64,
    /// Partitions with any.
    pub partitions: usize,
    /// Partitions of which nothing is known.
    pub unknown: usize,
    /// Whether it may be fewer.
    pub is_bound: bool,
}

impl Missing {
    /// Sums up.
    pub fn of(places: &[Place]) -> Self {
        let mut sum = Self::default();
        for place in places {
            match place.missing() {
                None => sum.unknown += 1,
                Some(0) => {}
                Some(offsets) => {
                    sum.offsets += offsets;
                    sum.partitions += 1;
                    sum.is_bound |= !place.is_exact;
                }
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::state_records::Checkpoint;

    fn past(source_next: i64, source_end: Option<i64>) -> Past {
        let checkpoint = Checkpoint {
            v: 1,
            source_next,
            target_next: 90,
            source_topic_id: None,
            target_topic_id: None,
            producer_id: 1,
            source_end,
            source_epoch: None,
        };
        Past { checkpoint: Some(checkpoint), checkpoint_ms: 5, ..Past::default() }
    }

    fn placed(past: &Past, records: i64, at_source: Option<AtSource>) -> Place {
        let name = TopicPartition::new("orders", 0);
        place((&name, &name), past, Behind { records, end: 110 }, at_source)
    }

    #[test]
    fn g11_without_the_source_a_position_behind_a_checkpoint_is_a_bound() {
        let at = placed(&past(100, Some(130)), 0, None);
        assert_eq!((at.source_next, at.is_exact, at.missing()), (Some(100), true, Some(30)));
        let at = placed(&past(100, Some(130)), 20, None);
        assert_eq!((at.source_next, at.is_exact, at.missing()), (Some(120), false, Some(10)));
        let sum = Missing::of(&[at, placed(&past(100, None), 0, None), placed(&past(9, Some(9)), 0, None)]);
        assert_eq!(sum, Missing { offsets: 10, partitions: 1, unknown: 1, is_bound: true });
    }

    #[test]
    fn g11_what_the_source_says_is_exact() {
        let now = AtSource { next: Some(125), end: 131, at_ms: 9 };
        let at = placed(&past(100, Some(130)), 20, Some(now));
        assert_eq!((at.source_next, at.is_exact, at.missing()), (Some(125), true, Some(6)));
        assert_eq!(at.source_end, Some(SourceEnd { offset: 131, at_ms: 9 }));
    }

    #[test]
    fn g11_a_partition_that_was_never_begun_has_no_position() {
        let at = placed(&Past::default(), 0, None);
        assert_eq!((at.source_next, at.is_exact, at.missing()), (None, false, None));
    }

    #[test]
    fn what_an_earlier_run_recorded_stands() {
        let mut past = past(100, Some(130));
        past.ended = Some(placed(&past, 20, None).record(true));
        let now = AtSource { next: Some(125), end: 131, at_ms: 9 };
        let at = placed(&past, 25, Some(now));
        assert_eq!((at.source_next, at.target_next, at.missing()), (Some(120), 110, Some(10)));
    }
}
