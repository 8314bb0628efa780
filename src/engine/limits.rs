//! Every limit of the engine, with its unit, and how the adaptive ones are found.

use std::time::{Duration, Instant};

use super::partition::Room;

/// Batches in flight for one producer id and partition to a target that is near; the broker remembers
/// this many to tell a resend from something new (`NUM_BATCHES_TO_RETAIN` of its producer state), so
/// a lost answer costs a resend and nothing else.
pub const BATCHES_IN_FLIGHT_NEAR_MAX: usize = 5;
/// The same where the target is far. The broker takes any number in flight: it checks only that
/// sequences follow each other (`ProducerAppendInfo`), so nothing can be doubled or overtaken. A lost
/// answer to one it no longer remembers is refused as out of order, and the partition starts over from
/// what the target holds.
pub const BATCHES_IN_FLIGHT_FAR_MAX: usize = 64;
/// Round trips from here on count as far.
pub const FAR_ROUND_TRIP_MIN: Duration = Duration::from_millis(10);

/// A producer that was silent for this long sends one batch alone first: the broker may have forgotten
/// it (`producer.id.expiration.ms`, a day by default) and would take any sequence.
pub const PROVEN_FOR: Duration = Duration::from_secs(600);

/// A transactional id that is not used expires (`transactional.id.expiration.ms`, seven days by
/// default), and records are produced outside it: so the fence is taken anew once a day.
const RENEWED_AFTER: Duration = Duration::from_secs(24 * 3600);
/// Over how long the renewals of a flow's partitions are spread.
const RENEWED_WITHIN: u32 = 3600;

/// Says whether a partition's fence is to be taken anew; `index` spreads a flow's partitions.
pub fn is_renewal_due(owned_since: Instant, index: usize, now: Instant) -> bool {
    let spread = u32::try_from(index % RENEWED_WITHIN as usize).unwrap_or(0);
    now.saturating_duration_since(owned_since) >= RENEWED_AFTER + Duration::from_secs(u64::from(spread))
}

/// Longest wait at the source for the first byte.
pub const FETCH_WAIT_MAX: Duration = Duration::from_millis(500);
/// The same while some partition waits only for room, so that it is asked for again soon.
pub const FETCH_WAIT_CROWDED: Duration = Duration::from_millis(10);
/// After an answer of fewer bytes than this, more is let come before the next question.
pub const GATHER_BYTES: usize = 16 * 1024;
/// For how long: a trickle of single records would otherwise cost both brokers a request for each, and
/// under load their queues are longer than this.
pub const GATHER_PAUSE: Duration = Duration::from_millis(2);
/// Smallest answer a fetch asks for.
pub const FETCH_BYTES_MIN: usize = 512 * 1024;
/// What a fetch asks for where nothing is known yet: a little less than the 4 MiB of a buffer, so that
/// the answer with all around the records fits one.
pub const FETCH_BYTES_START: usize = 4 * 1024 * 1024 - 64 * 1024;
/// Largest answer a fetch asks for; brokers cap it at their own `fetch.max.bytes`, 55 MiB.
pub const FETCH_BYTES_MAX: usize = 48 * 1024 * 1024;

/// Most bytes put into one Produce request; one batch larger than this still goes alone.
pub const PRODUCE_REQUEST_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Longest the target's leader may wait for its replicas (Produce's timeout field); a shorter
/// `request_timeout` shortens it.
const PRODUCE_TIMEOUT_MAX: Duration = Duration::from_secs(30);
/// Produce requests on one connection that may wait for their answers.
pub const PRODUCE_REQUESTS_IN_FLIGHT_MAX: usize = 256;

/// Trouble shorter than this is not told: a leader moves in less.
pub const TROUBLE_GRACE: Duration = Duration::from_secs(2);
/// After this much trouble a partition gives back the memory of what it has not sent.
pub const SHED_AFTER: Duration = Duration::from_millis(500);
/// Shortest pause before a partition asks again for what only a person can mend (a missing ACL, say). It grows like
/// every other: who has just been given a right is not kept waiting until all brokers know of it.
pub const FATAL_RETRY_PAUSE_MIN: Duration = Duration::from_millis(500);

/// Times in a row that the same place has to come damaged from the source: before, it may have happened on
/// the way.
pub const DAMAGED_FETCHES_MAX: u32 = 3;

/// Most bytes made anew from one partition's part of an answer; the rest is fetched again.
pub const REENCODED_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Pause before a partition whose broker cannot be reached looks again whether it can; being reached
/// ends it at once.
pub const UNREACHABLE_PAUSE: Duration = Duration::from_secs(2);

/// Most bytes one batch may decode to.
pub const DECODED_BATCH_BYTES_MAX: usize = 256 * 1024 * 1024;

/// Round trips from here on make merging small batches worth its cost.
pub const MERGE_ROUND_TRIP_MIN: Duration = Duration::from_millis(20);
/// Batches larger than this are not merged: five of them in flight fill most links, and decoding them
/// costs more than the wait.
pub const MERGE_BATCH_BYTES_MAX: usize = 128 * 1024;
/// The same for a target that is near: there a request takes about a millisecond whatever it holds, so
/// only batches of a record or a few are worth decoding.
pub const MERGE_BATCH_BYTES_NEAR_MAX: usize = 2 * 1024;

/// Says how many batches of one partition may wait for their answers, given the time an answer takes.
pub fn batches_in_flight_max(round_trip: Option<Duration>) -> usize {
    let is_far = round_trip.is_some_and(|trip| trip >= FAR_ROUND_TRIP_MIN);
    if is_far { BATCHES_IN_FLIGHT_FAR_MAX } else { BATCHES_IN_FLIGHT_NEAR_MAX }
}

/// A partition that holds no more than this unsent wants to fetch again.
pub const QUEUED_BYTES_LOW: usize = 256 * 1024;

/// Says how much a partition may hold, where the partitions of its connection hold `queued_bytes`
/// unsent together and fetch `fetch_bytes` at a time.
///
/// What is unsent only has to last until the next answer comes: holding more takes memory nobody gains
/// from, and touches pages that are no longer in the processor's caches when they are sent.
pub fn room(memory_bytes: usize, fetch_bytes: usize, queued_bytes: usize, partitions: usize) -> Room {
    let together = (fetch_bytes * 3).min(memory_bytes / 2);
    let share = (together / partitions.max(1)).max(QUEUED_BYTES_LOW * 2);
    let queued_bytes_max = if queued_bytes < together { share.max(together / 2) } else { share };
    Room { queued_bytes_max, bytes_max: partition_bytes_max(memory_bytes) }
}

/// Says how long the target's leader may wait for its replicas, in milliseconds: it answers that they
/// were late before the answer itself is missed.
pub fn produce_timeout_ms(request_timeout: Duration) -> i32 {
    i32::try_from(PRODUCE_TIMEOUT_MAX.min(request_timeout).as_millis()).unwrap_or(i32::MAX)
}

/// Says how many bytes each partition may have fetched and not yet acknowledged.
fn partition_bytes_max(memory_bytes: usize) -> usize {
    (memory_bytes / 4).max(1024 * 1024)
}

/// Says how many bytes one fetch may ask for, where `connections` fetch at once: together they
/// reserve at most half the memory, so that an answer larger than asked for always finds room.
pub fn fetch_bytes_ceiling(memory_bytes: usize, connections: usize) -> usize {
    (memory_bytes / 2 / connections.max(1)).clamp(64 * 1024, FETCH_BYTES_MAX)
}

/// Finds the size of the next fetch from what the last ones brought: twice the bandwidth-delay
/// product, so that the link is never idle while an answer is on its way.
#[derive(Clone, Copy, Debug)]
pub struct FetchSizer {
    ceiling_bytes: usize,
    bytes_per_second: f64,
    next_bytes: usize,
}

impl FetchSizer {
    /// Starts at [`FETCH_BYTES_START`].
    pub fn new(ceiling_bytes: usize) -> Self {
        let next_bytes = FETCH_BYTES_START.min(ceiling_bytes);
        Self { ceiling_bytes, bytes_per_second: 0.0, next_bytes }
    }

    /// Returns the size to ask for.
    pub fn next_bytes(&self) -> usize {
        self.next_bytes
    }

    /// Lowers or raises the ceiling when the number of connections changes.
    pub fn set_ceiling(&mut self, ceiling_bytes: usize) {
        self.ceiling_bytes = ceiling_bytes;
        self.next_bytes = self.next_bytes.min(ceiling_bytes);
    }

    /// Takes note of an answer of `bytes` that took `elapsed` from request to last byte, of which the way
    /// there and back takes `round_trip`.
    pub fn on_answer(&mut self, bytes: usize, elapsed: Duration, round_trip: Option<Duration>) {
        let Some(round_trip) = round_trip else { return };
        if bytes < self.next_bytes / 2 {
            // A short answer says the log ended, nothing about the link.
            return;
        }
        let rate = bytes as f64 / elapsed.as_secs_f64().max(1e-6);
        self.bytes_per_second =
            if self.bytes_per_second == 0.0 { rate } else { self.bytes_per_second * 0.7 + rate * 0.3 };
        // While answers come full, the rate is only what the size allowed: doubling finds the top.
        let waiting_share = round_trip.as_secs_f64() / elapsed.as_secs_f64().max(1e-6);
        let product = self.bytes_per_second * round_trip.as_secs_f64();
        let wanted = if waiting_share > 0.2 { self.next_bytes * 2 } else { (product * 2.0) as usize };
        let floor = FETCH_BYTES_START.min(self.ceiling_bytes);
        self.next_bytes = wanted.clamp(floor, self.ceiling_bytes.max(floor));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fences_are_renewed_daily_and_not_all_at_once() {
        let since = Instant::now();
        let day = Duration::from_secs(24 * 3600);
        assert!(!is_renewal_due(since, 0, since + day - Duration::from_secs(1)));
        assert!(is_renewal_due(since, 0, since + day));
        assert!(!is_renewal_due(since, 1800, since + day + Duration::from_secs(1799)));
        assert!(is_renewal_due(since, 1800, since + day + Duration::from_secs(1800)));
    }

    #[test]
    fn g8_fetches_together_reserve_at_most_half_the_memory() {
        for memory in [16 << 20, 256 << 20, 2 << 30] {
            for connections in [1, 2, 7, 64] {
                let ceiling = fetch_bytes_ceiling(memory, connections);
                assert!(ceiling * connections <= memory / 2 || ceiling == 64 * 1024);
            }
        }
    }

    #[test]
    fn a_far_source_is_asked_for_more_until_the_round_trip_is_hidden() {
        let mut sizer = FetchSizer::new(48 << 20);
        for _ in 0..20 {
            let bytes = sizer.next_bytes();
            // 400 MB/s behind 100 ms.
            let elapsed = Duration::from_secs_f64(0.1 + bytes as f64 / 400e6);
            sizer.on_answer(bytes, elapsed, Some(Duration::from_millis(100)));
        }
        assert_eq!(sizer.next_bytes(), 48 << 20);
    }

    #[test]
    fn a_near_source_is_asked_for_little() {
        let mut sizer = FetchSizer::new(48 << 20);
        for _ in 0..20 {
            let bytes = sizer.next_bytes();
            let near = Some(Duration::from_micros(300));
            sizer.on_answer(bytes, Duration::from_secs_f64(0.0003 + bytes as f64 / 400e6), near);
        }
        assert_eq!(sizer.next_bytes(), FETCH_BYTES_START);
    }
}
