//! How old the oldest record is that has not been copied, from the timestamps of fetched batches.

use std::collections::VecDeque;

use super::intake::Item;
use crate::types::SourceOffset;

/// Batches remembered for a partition; past that only every other one is, so a read stays cheap.
const MARKS_MAX: usize = 256;

/// Says what is known of the oldest record not yet copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OldestUncopied {
    /// Everything is copied.
    CaughtUp,
    /// Its timestamp in milliseconds since 1970: the record is at hand.
    At(i64),
    /// It is no older than this timestamp, the one of a record before it: it has not been fetched.
    NotBefore(i64),
    /// Nothing is known of it.
    Unknown,
}

impl OldestUncopied {
    /// Returns the age in seconds at `now_ms`, milliseconds since 1970; where the record has not been
    /// fetched, the most it can be. `None` where nothing is known (guarantee G11): never zero for that.
    pub fn seconds(self, now_ms: i64) -> Option<f64> {
        match self {
            Self::CaughtUp => Some(0.0),
            Self::At(at) | Self::NotBefore(at) => {
                // A producer's clock may be ahead of ours.
                #[expect(clippy::cast_precision_loss, reason = "milliseconds of any age fit 52 bits")]
                Some(now_ms.saturating_sub(at).max(0) as f64 / 1000.0)
            }
            Self::Unknown => None,
        }
    }
}

/// Remembers where batches begin and what time their first records bear.
#[derive(Clone, Debug, Default)]
pub struct AgeMarks {
    /// (first source offset, timestamp), by offset.
    marks: VecDeque<(SourceOffset, i64)>,
}

impl AgeMarks {
    /// Takes note of a fetched batch; one fetched again replaces what was known from there on.
    pub fn on_fetched(&mut self, item: &Item) {
        let header = &item.batch.header;
        // With LogAppendTime the records' own timestamps do not count, and all have the batch's.
        let at = if header.is_log_append_time() { header.max_timestamp } else { header.base_timestamp };
        self.mark(item.first, at);
    }

    fn mark(&mut self, first: SourceOffset, timestamp_ms: i64) {
        while self.marks.back().is_some_and(|(known, _)| *known >= first) {
            self.marks.pop_back();
        }
        if timestamp_ms < 0 {
            return;
        }
        if self.marks.len() >= MARKS_MAX {
            let mut index = 0;
            self.marks.retain(|_| {
                index += 1;
                index % 2 == 1
            });
        }
        self.marks.push_back((first, timestamp_ms));
    }

    /// Answers for a position `copied` and the source's end as last seen, forgetting what is behind.
    pub fn oldest(&mut self, copied: SourceOffset, source_end: Option<SourceOffset>) -> OldestUncopied {
        while self.marks.get(1).is_some_and(|(first, _)| *first <= copied) {
            self.marks.pop_front();
        }
        if source_end.is_some_and(|end| copied >= end) {
            return OldestUncopied::CaughtUp;
        }
        match self.marks.front() {
            Some((first, at)) if *first >= copied => OldestUncopied::At(*at),
            Some((_, at)) => OldestUncopied::NotBefore(*at),
            None => OldestUncopied::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const END: Option<SourceOffset> = Some(SourceOffset(100));

    fn marks(known: &[(i64, i64)]) -> AgeMarks {
        let mut marks = AgeMarks::default();
        known.iter().for_each(|(first, at)| marks.mark(SourceOffset(*first), *at));
        marks
    }

    #[test]
    fn g11_nothing_known_is_unknown_and_not_zero() {
        assert_eq!(AgeMarks::default().oldest(SourceOffset(0), END), OldestUncopied::Unknown);
        assert_eq!(AgeMarks::default().oldest(SourceOffset(0), None), OldestUncopied::Unknown);
        assert_eq!(OldestUncopied::Unknown.seconds(5_000), None);
        // A batch without a timestamp tells nothing.
        assert_eq!(marks(&[(0, -1)]).oldest(SourceOffset(0), END), OldestUncopied::Unknown);
    }

    #[test]
    fn the_batch_at_the_position_tells_the_age_and_the_one_before_bounds_it() {
        let mut marks = marks(&[(0, 1_000), (10, 2_000), (25, 3_000)]);
        assert_eq!(marks.oldest(SourceOffset(0), END), OldestUncopied::At(1_000));
        // Offsets 20 to 24 hold nothing to copy.
        assert_eq!(marks.oldest(SourceOffset(10), END), OldestUncopied::At(2_000));
        assert_eq!(marks.oldest(SourceOffset(25), END), OldestUncopied::At(3_000));
        assert_eq!(marks.oldest(SourceOffset(40), END), OldestUncopied::NotBefore(3_000));
        assert_eq!(marks.oldest(SourceOffset(100), END), OldestUncopied::CaughtUp);
        assert_eq!(OldestUncopied::NotBefore(3_000).seconds(4_500), Some(1.5));
        assert_eq!(OldestUncopied::At(9_000).seconds(4_500), Some(0.0), "a clock ahead of ours");
    }

    #[test]
    fn what_is_fetched_again_replaces_what_was_known() {
        let mut marks = marks(&[(0, 1_000), (10, 2_000), (20, 3_000)]);
        marks.mark(SourceOffset(10), 2_000);
        assert_eq!(marks.oldest(SourceOffset(12), END), OldestUncopied::NotBefore(2_000));
        assert_eq!(marks.oldest(SourceOffset(20), END), OldestUncopied::NotBefore(2_000));
    }

    #[test]
    fn g8_marks_are_bounded_and_stay_true_bounds() {
        let known: Vec<(i64, i64)> = (0..10_000).map(|n| (n, n * 10)).collect();
        let mut marks = marks(&known);
        assert!(marks.marks.len() <= MARKS_MAX);
        let end = Some(SourceOffset(20_000));
        for copied in [0, 1, 500, 9_000, 9_999, 15_000] {
            match marks.oldest(SourceOffset(copied), end) {
                OldestUncopied::At(at) => assert!(at >= copied * 10),
                OldestUncopied::NotBefore(at) => assert!(at <= copied * 10),
                other => panic!("{other:?} at {copied}"),
            }
        }
    }
}
