//! Tells progress while flows run: looks at them once a second, and says so as often as is wanted.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::observe::Observed;
use crate::obs::rate::RateWindow;
use crate::obs::{FlowMetrics, PartitionState};
use crate::report::progress::{FlowProgress, FlowRates};
use crate::report::reporter::Reporter;

/// How often flows are looked at; a terminal is redrawn as often.
const LOOK_INTERVAL: Duration = Duration::from_millis(500);
/// What "of late" means in a rate.
const RATE_WINDOW: Duration = Duration::from_secs(10);

/// Tells until dropped. `interval` is for those who cannot be redrawn; `ends` says that the run ends
/// by itself, so that the time left can be told.
pub async fn progress(observed: Arc<Observed>, reporter: Reporter, interval: Duration, ends: bool) {
    let mut rates = Rates::default();
    let mut look = tokio::time::interval(LOOK_INTERVAL.min(interval));
    let animated = reporter.output().is_animated();
    let mut told = Instant::now();
    loop {
        look.tick().await;
        let now = Instant::now();
        let flows = observed.look();
        let told_now = rates.told(&flows, now, ends);
        if animated || now.duration_since(told) >= interval {
            told = now;
            reporter.progress(&told_now);
        }
    }
}

/// Follows the figures of all flows over time.
#[derive(Debug, Default)]
pub struct Rates {
    flows: HashMap<String, Windows>,
}

#[derive(Debug)]
struct Windows {
    records: RateWindow,
    bytes: RateWindow,
    remaining: RateWindow,
    partitions: usize,
}

impl Windows {
    fn new(partitions: usize) -> Self {
        let window = || RateWindow::new(RATE_WINDOW);
        Self { records: window(), bytes: window(), remaining: window(), partitions }
    }
}

impl Rates {
    /// Takes the figures of this moment and returns each flow's progress.
    pub fn told(&mut self, flows: &[FlowMetrics], now: Instant, ends: bool) -> Vec<FlowProgress> {
        flows.iter().map(|flow| FlowProgress::of(flow, self.rates_of(flow, now, ends))).collect()
    }

    fn rates_of(&mut self, flow: &FlowMetrics, now: Instant, ends: bool) -> FlowRates {
        if !flow.started {
            return FlowRates::default();
        }
        let partitions = flow.partitions.len();
        let windows = self.flows.entry(flow.flow.clone()).or_insert_with(|| Windows::new(partitions));
        if windows.partitions != partitions {
            // New partitions bring work of their own; what is left jumped without getting slower.
            windows.partitions = partitions;
            windows.remaining.clear();
        }
        let sum = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        windows.records.push(now, sum(flow.records_copied()));
        windows.bytes.push(now, sum(flow.bytes_copied()));
        let remaining: Option<i64> = flow.partitions.iter().map(|partition| partition.remaining()).sum();
        match remaining {
            Some(remaining) => windows.remaining.push(now, remaining),
            None => windows.remaining.clear(),
        }
        FlowRates {
            records_per_second: windows.records.per_second(),
            bytes_per_second: windows.bytes.per_second(),
            seconds_left: remaining
                .filter(|_| ends && is_moving(flow))
                .and_then(|remaining| seconds_left(remaining, windows.remaining.per_second())),
        }
    }
}

/// Says whether what is left can get fewer: a partition in trouble stands still, and a stopped one does
/// not count.
fn is_moving(flow: &FlowMetrics) -> bool {
    let all = |state| flow.partitions.iter().all(|partition| partition.state == state);
    let any = |state| flow.partitions.iter().any(|partition| partition.state == state);
    !any(PartitionState::Failing) && !all(PartitionState::Stopped)
}

/// Says how long `remaining` offsets take at the speed they have been getting fewer of late; not known
/// while they do not.
fn seconds_left(remaining: i64, change_per_second: Option<f64>) -> Option<f64> {
    if remaining == 0 {
        return Some(0.0);
    }
    let speed = -change_per_second?;
    #[expect(clippy::cast_precision_loss, reason = "an estimate, shown with two digits")]
    (speed > 0.0).then(|| remaining as f64 / speed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::obs::PartitionMetrics;

    fn flow(copied: u64, partitions: usize) -> FlowMetrics {
        let one = PartitionMetrics {
            records_copied: copied,
            bytes_copied: copied * 100,
            source_position: Some(i64::try_from(copied).expect("small")),
            source_end: Some(50_000),
            run_end: Some(10_000),
            ..PartitionMetrics::default()
        };
        FlowMetrics {
            flow: "us-eu".into(),
            started: true,
            partitions: vec![one; partitions],
            ..FlowMetrics::default()
        }
    }

    #[test]
    fn speed_and_time_left_come_from_what_was_copied_of_late() {
        let start = Instant::now();
        let mut rates = Rates::default();
        let first = rates.told(&[flow(0, 2)], start, true);
        assert_eq!((first[0].records_per_second, first[0].seconds_left), (None, None));
        let later = rates.told(&[flow(2_000, 2)], start + Duration::from_secs(2), true);
        assert_eq!(later[0].records_per_second, Some(2_000.0));
        assert_eq!(later[0].bytes_per_second, Some(200_000.0));
        // 16,000 to the run's own end, not to the source's.
        assert_eq!(later[0].seconds_left, Some(8.0));
        let done = rates.told(&[flow(10_000, 2)], start + Duration::from_secs(9), true);
        assert_eq!(done[0].seconds_left, Some(0.0));
    }

    #[test]
    fn g11_time_left_is_unknown_where_nothing_moves_or_nothing_ends() {
        let start = Instant::now();
        let mut rates = Rates::default();
        for second in 0..5 {
            let told = rates.told(&[flow(0, 2)], start + Duration::from_secs(second), true);
            assert_eq!(told[0].seconds_left, None, "nothing moves");
        }
        let told = rates.told(&[flow(500, 2)], start + Duration::from_secs(6), false);
        assert_eq!(told[0].seconds_left, None, "a run without an end");
        let mut failing = flow(550, 2);
        failing.partitions[1].state = PartitionState::Failing;
        let told = rates.told(&[failing], start + Duration::from_secs(7), true);
        assert_eq!(told[0].seconds_left, None, "a partition that stands still");
        let told = rates.told(&[flow(600, 3)], start + Duration::from_secs(8), true);
        assert_eq!(told[0].seconds_left, None, "a partition came in");
    }

    #[test]
    fn a_flow_that_has_not_started_has_no_rates() {
        let waiting = FlowMetrics { flow: "us-eu".into(), ..FlowMetrics::default() };
        let told = Rates::default().told(&[waiting], Instant::now(), true);
        assert_eq!((told[0].records_per_second, told[0].seconds_left), (None, None));
    }
}
