//! Pauses between attempts.

use std::time::Duration;

/// First pause after a failure.
const PAUSE_MIN: Duration = Duration::from_millis(50);
/// Longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// Longest pause where something waits for the answer: a new cluster takes seconds to make the topics of its
/// coordinators, and doubling the pauses would add as much again.
const PAUSE_MAX_WAITED_FOR: Duration = Duration::from_millis(400);

/// Doubles the pause with each failure, and varies it so that partitions do not come back at once.
#[derive(Clone, Debug)]
pub struct Backoff {
    next: Duration,
    longest: Duration,
    spread: u64,
}

impl Default for Backoff {
    fn default() -> Self {
        Self::seeded(0x9e37_79b9_7f4a_7c15)
    }
}

impl Backoff {
    /// Starts at the shortest pause; `seed` decides the variation.
    pub fn seeded(seed: u64) -> Self {
        Self { next: PAUSE_MIN, longest: PAUSE_MAX, spread: seed | 1 }
    }

    /// The same for one step that is waited for, within a deadline: pauses grow to 400 ms.
    pub fn waited_for() -> Self {
        Self { longest: PAUSE_MAX_WAITED_FOR, ..Self::default() }
    }

    /// Returns the pause before the next attempt: 75 to 125 % of a value that doubles up to 5 s.
    pub fn next_pause(&mut self) -> Duration {
        // A xorshift step: enough to spread attempts, and repeatable for a seed.
        self.spread ^= self.spread << 13;
        self.spread ^= self.spread >> 7;
        self.spread ^= self.spread << 17;
        let percent = 75 + u32::try_from(self.spread % 51).unwrap_or(0);
        let pause = self.next * percent / 100;
        self.next = (self.next * 2).min(self.longest);
        pause
    }

    /// Starts again at the shortest pause, after a success.
    pub fn reset(&mut self) {
        self.next = PAUSE_MIN;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_the_longest_and_start_again() {
        let mut backoff = Backoff::seeded(1);
        let pauses: Vec<Duration> = (0..12).map(|_| backoff.next_pause()).collect();
        assert!(pauses[0] < Duration::from_millis(63));
        assert!(pauses[11] >= PAUSE_MAX * 3 / 4 && pauses[11] <= PAUSE_MAX * 5 / 4);
        backoff.reset();
        assert!(backoff.next_pause() < Duration::from_millis(63));
        let mut waited_for = Backoff::waited_for();
        assert!((0..12).all(|_| waited_for.next_pause() <= PAUSE_MAX_WAITED_FOR * 5 / 4));
    }
}
