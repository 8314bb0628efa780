//! What a flow counts while it runs.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::event::StopCause;
use super::partition::Totals;
use crate::types::TopicPartition;

/// Upper bounds of the request times' buckets, in milliseconds: from a broker in the same rack to a
/// request that runs into its timeout.
pub const REQUEST_BOUNDS_MS: [u32; 14] =
    [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000];

/// Counts requests and waits; plain atomics, so the hot path never waits for a reader.
#[derive(Debug, Default)]
pub struct FlowMeters {
    /// Times of fetch requests, the broker's wait for data included.
    pub fetch_times: RequestTimes,
    /// Times of produce requests.
    pub produce_times: RequestTimes,
    source_throttled_ms: AtomicU64,
    target_throttled_ms: AtomicU64,
    skipped: Mutex<Vec<(TopicPartition, StopCause)>>,
    given_away: Mutex<Totals>,
    elsewhere: AtomicUsize,
    group_trouble: Mutex<Option<String>>,
    moved_groups: Mutex<Option<MovedGroups>>,
    bound_offsets: Mutex<BTreeSet<TopicPartition>>,
}

/// Says what became of the consumer groups a flow carries along.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MovedGroups {
    /// Groups of which every offset is in place, as of the last look.
    pub following: u64,
    /// Groups that cannot be moved, or not whole.
    pub held: u64,
    /// Offsets committed by this process.
    pub committed: u64,
}

impl FlowMeters {
    /// Counts time the source's brokers told us to wait.
    pub fn source_throttled(&self, milliseconds: u64) {
        self.source_throttled_ms.fetch_add(milliseconds, Ordering::Relaxed);
    }

    /// Counts time the target's brokers told us to wait.
    pub fn target_throttled(&self, milliseconds: u64) {
        self.target_throttled_ms.fetch_add(milliseconds, Ordering::Relaxed);
    }

    /// Returns the time brokers told us to wait: the source's, then the target's.
    pub fn throttled(&self) -> (Duration, Duration) {
        let read = |ms: &AtomicU64| Duration::from_millis(ms.load(Ordering::Relaxed));
        (read(&self.source_throttled_ms), read(&self.target_throttled_ms))
    }

    /// Goes on counting what was copied in a partition that is another process's now.
    pub fn give_away(&self, totals: Totals) {
        *self.given_away.lock().unwrap_or_else(PoisonError::into_inner) += totals;
    }

    /// Returns what was copied in partitions that are other processes' now.
    pub fn given_away(&self) -> Totals {
        *self.given_away.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of how many partitions are known and not copied here.
    pub fn set_elsewhere(&self, partitions: usize) {
        self.elsewhere.store(partitions, Ordering::Relaxed);
    }

    /// Returns how many partitions are known and not copied here.
    pub fn elsewhere(&self) -> usize {
        self.elsewhere.load(Ordering::Relaxed)
    }

    /// Takes note of why the group of processes that share the flow cannot be joined, or that it was.
    pub fn set_group_trouble(&self, cause: Option<String>) {
        *self.group_trouble.lock().unwrap_or_else(PoisonError::into_inner) = cause;
    }

    /// Returns why the group of processes that share the flow cannot be joined.
    pub fn group_trouble(&self) -> Option<String> {
        self.group_trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes note of what became of the consumer groups that are carried along; `None` while that is not known.
    pub fn set_moved_groups(&self, groups: Option<MovedGroups>) {
        *self.moved_groups.lock().unwrap_or_else(PoisonError::into_inner) = groups;
    }

    /// Returns what became of the consumer groups that are carried along.
    pub fn moved_groups(&self) -> Option<MovedGroups> {
        *self.moved_groups.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of the target partitions for which some group's committed offset is only a bound, as of the last
    /// look at them.
    pub fn set_bound_offsets(&self, looked_at: &[TopicPartition], bounds: BTreeSet<TopicPartition>) {
        let mut known = self.bound_offsets.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|partition| !looked_at.contains(partition));
        known.extend(bounds);
    }

    /// Returns the target partitions for which some group's committed offset is only a bound: where it goes on
    /// there, it may read records again.
    pub fn bound_offsets(&self) -> BTreeSet<TopicPartition> {
        self.bound_offsets.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Remembers records left out under a policy, until the supervisor tells of them.
    pub fn skipped(&self, partition: &TopicPartition, cause: StopCause) {
        self.skipped.lock().unwrap_or_else(PoisonError::into_inner).push((partition.clone(), cause));
    }

    /// Takes what was left out since the last call.
    pub fn take_skipped(&self) -> Vec<(TopicPartition, StopCause)> {
        std::mem::take(&mut *self.skipped.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Counts how long requests took, in the buckets of [`REQUEST_BOUNDS_MS`].
#[derive(Debug, Default)]
pub struct RequestTimes {
    within: [AtomicU64; REQUEST_BOUNDS_MS.len()],
    beyond: AtomicU64,
    total_us: AtomicU64,
}

/// Holds [`RequestTimes`] at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestTimesNow {
    /// Requests for each bound that took no longer than it and longer than the one before.
    pub within: [u64; REQUEST_BOUNDS_MS.len()],
    /// All requests, those beyond the last bound included.
    pub count: u64,
    /// The time of all together.
    pub total: Duration,
}

impl RequestTimes {
    /// Counts a request that was answered.
    pub fn answered(&self, elapsed: Duration) {
        let bound = REQUEST_BOUNDS_MS.partition_point(|ms| Duration::from_millis(u64::from(*ms)) < elapsed);
        self.within.get(bound).unwrap_or(&self.beyond).fetch_add(1, Ordering::Relaxed);
        let us = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
        self.total_us.fetch_add(us, Ordering::Relaxed);
    }

    /// Returns the counts; the total may run ahead of them by what is answered meanwhile.
    pub fn now(&self) -> RequestTimesNow {
        let within = std::array::from_fn(|bound| self.within[bound].load(Ordering::Relaxed));
        let count = within.iter().sum::<u64>() + self.beyond.load(Ordering::Relaxed);
        RequestTimesNow { within, count, total: Duration::from_micros(self.total_us.load(Ordering::Relaxed)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_counts_in_the_first_bucket_that_holds_it() {
        let times = RequestTimes::default();
        for ms in [0, 1, 3, 30_000, 30_001] {
            times.answered(Duration::from_millis(ms));
        }
        let now = times.now();
        assert_eq!((now.within[0], now.within[2], now.within[13]), (2, 1, 1));
        assert_eq!(now.count, 5, "one took longer than every bound");
        assert_eq!(now.total, Duration::from_millis(60_005));
    }
}
