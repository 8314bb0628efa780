//! How fast a value changes, over a window that slides with the samples.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Samples kept for a window; those that come faster replace the newest.
const SAMPLES_MAX: u32 = 64;

/// Follows one value and tells its change per second over the last `window`.
///
/// The clock is an argument, so that the same samples always give the same rate.
#[derive(Clone, Debug)]
pub struct RateWindow {
    window: Duration,
    samples: VecDeque<(Instant, i64)>,
}

impl RateWindow {
    /// Follows a value over `window`, or over the time between two samples where that is longer.
    pub fn new(window: Duration) -> Self {
        Self { window, samples: VecDeque::new() }
    }

    /// Takes a sample; one from before the last is passed over.
    pub fn push(&mut self, now: Instant, value: i64) {
        if self.samples.back().is_some_and(|(last, _)| now < *last) {
            return;
        }
        let step = self.window / SAMPLES_MAX;
        if let [.., before, _] = self.samples.make_contiguous()
            && now.duration_since(before.0) < step
        {
            self.samples.pop_back();
        }
        self.samples.push_back((now, value));
        // The newest sample that is a whole window old is the one to compare with.
        while self.samples.get(1).is_some_and(|(at, _)| now.duration_since(*at) >= self.window) {
            self.samples.pop_front();
        }
    }

    /// Forgets all samples: the value made a jump that is no change of its own.
    pub fn clear(&mut self) {
        self.samples.clear();
    }

    /// Returns the change per second; `None` until two samples at different times are known.
    pub fn per_second(&self) -> Option<f64> {
        let (first, last) = (self.samples.front()?, self.samples.back()?);
        let elapsed = last.0.duration_since(first.0).as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a rate is shown with three digits")]
        let change = last.1.saturating_sub(first.1) as f64;
        (elapsed > 0.0).then(|| change / elapsed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(start: Instant, ms: u64) -> Instant {
        start + Duration::from_millis(ms)
    }

    #[test]
    fn g11_one_sample_is_no_rate() {
        let start = Instant::now();
        let mut rate = RateWindow::new(Duration::from_secs(5));
        assert_eq!(rate.per_second(), None);
        rate.push(start, 100);
        assert_eq!(rate.per_second(), None);
        rate.push(start, 200);
        assert_eq!(rate.per_second(), None, "no time went by");
        rate.push(after(start, 2_000), 500);
        assert_eq!(rate.per_second(), Some(200.0));
    }

    #[test]
    fn what_is_older_than_the_window_does_not_count() {
        let start = Instant::now();
        let mut rate = RateWindow::new(Duration::from_secs(5));
        for second in 0..=20_i64 {
            // 1000 a second for ten seconds, then nothing.
            rate.push(after(start, second.unsigned_abs() * 1_000), second.min(10) * 1_000);
            match second {
                10 => assert_eq!(rate.per_second(), Some(1_000.0)),
                12 => assert_eq!(rate.per_second(), Some(600.0)),
                15..=20 => assert_eq!(rate.per_second(), Some(0.0), "at {second}"),
                _ => {}
            }
        }
        assert!(rate.samples.len() <= 7);
    }

    #[test]
    fn samples_further_apart_than_the_window_still_give_a_rate() {
        let start = Instant::now();
        let mut rate = RateWindow::new(Duration::from_secs(5));
        rate.push(start, 0);
        rate.push(after(start, 60_000), 600);
        assert_eq!(rate.per_second(), Some(10.0));
        rate.push(after(start, 120_000), 600);
        assert_eq!(rate.per_second(), Some(0.0));
    }

    #[test]
    fn g8_many_samples_take_no_more_room_and_change_no_rate() {
        let start = Instant::now();
        let mut rate = RateWindow::new(Duration::from_secs(5));
        for ms in 0..20_000_u32 {
            rate.push(after(start, u64::from(ms)), i64::from(ms));
        }
        assert!(rate.samples.len() <= SAMPLES_MAX as usize + 2, "{}", rate.samples.len());
        let per_second = rate.per_second().expect("many samples");
        assert!((per_second - 1_000.0).abs() < 1.0, "{per_second}");
    }

    #[test]
    fn a_value_that_shrinks_has_a_rate_below_zero() {
        let start = Instant::now();
        let mut rate = RateWindow::new(Duration::from_secs(5));
        rate.push(start, 900);
        rate.push(after(start, 3_000), 300);
        assert_eq!(rate.per_second(), Some(-200.0));
        rate.clear();
        assert_eq!(rate.per_second(), None);
    }
}
