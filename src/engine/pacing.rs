//! Keeping to a bandwidth: what was taken too fast is paid back by waiting.

use std::time::{Duration, Instant};

/// Paces a flow; answers may be larger than a second's worth, the debt is then waited off.
#[derive(Clone, Copy, Debug)]
pub struct Pacer {
    bytes_per_second: f64,
    paid_until: Instant,
}

/// How much unused time may be saved up for a burst.
const BURST: Duration = Duration::from_millis(200);

impl Pacer {
    /// Starts without debt.
    pub fn new(bytes_per_second: u64, now: Instant) -> Self {
        Self { bytes_per_second: bytes_per_second as f64, paid_until: now }
    }

    /// Takes note of `bytes` that arrived.
    pub fn took(&mut self, bytes: usize, now: Instant) {
        let earliest = now.checked_sub(BURST).unwrap_or(now);
        let cost = Duration::from_secs_f64(bytes as f64 / self.bytes_per_second);
        self.paid_until = self.paid_until.max(earliest) + cost;
    }

    /// Returns how long to wait before taking more.
    pub fn debt(&self, now: Instant) -> Duration {
        self.paid_until.saturating_duration_since(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_time_no_more_than_the_bandwidth_is_taken() {
        let start = Instant::now();
        let mut pacer = Pacer::new(1_000_000, start);
        let mut now = start;
        let mut taken = 0;
        for _ in 0..100 {
            now += pacer.debt(now);
            pacer.took(300_000, now);
            taken += 300_000;
        }
        let seconds = (now - start).as_secs_f64();
        assert!(f64::from(taken) <= 1_000_000.0 * (seconds + 0.7), "{taken} bytes in {seconds} s");
        assert!(f64::from(taken) >= 1_000_000.0 * seconds * 0.95, "{taken} bytes in {seconds} s");
    }
}
