//! What `--metrics` serves: the running flows, looked at when somebody asks.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::engine::age::OldestUncopied;
use crate::engine::cell::{CellState, PartitionCell};
use crate::engine::partition::{Partition, Phase};
use crate::engine::status::{REQUEST_BOUNDS_MS, RequestTimes};
use crate::engine::supervisor::FlowView;
use crate::obs::{
    FlowMetrics, GroupMetrics, HistogramMetrics, MetricsSnapshot, ObsSource, PartitionMetrics,
    PartitionState, Readiness,
};

/// Knows the flows of this process.
#[derive(Debug)]
pub struct Observed {
    flows: Mutex<Vec<(String, Seen)>>,
}

/// Says what is to be seen of a flow.
#[derive(Clone, Debug)]
enum Seen {
    Waiting,
    Running(FlowView),
    Failed(String),
}

impl Observed {
    /// Expects these flows to start.
    pub fn new(names: impl Iterator<Item = String>) -> Self {
        Self { flows: Mutex::new(names.map(|name| (name, Seen::Waiting)).collect()) }
    }

    /// Takes note of a flow that is about to run.
    pub fn started(&self, name: &str, view: FlowView) {
        self.set(name, Seen::Running(view));
    }

    /// Takes note of a flow that could not start, and why.
    pub fn failed(&self, name: &str, cause: String) {
        self.set(name, Seen::Failed(cause));
    }

    fn set(&self, name: &str, seen: Seen) {
        let mut flows = self.flows.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known)) = flows.iter_mut().find(|(known, _)| known == name) {
            *known = seen;
        }
    }

    /// Looks at every flow, those that have not started too.
    pub fn look(&self) -> Vec<FlowMetrics> {
        let now = Instant::now();
        let flows = self.flows.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let look = |(name, seen): (String, Seen)| match seen {
            Seen::Waiting => FlowMetrics { flow: name, ..FlowMetrics::default() },
            Seen::Running(view) => flow(&name, &view, now),
            Seen::Failed(cause) => FlowMetrics { flow: name, failure: Some(cause), ..FlowMetrics::default() },
        };
        flows.into_iter().map(look).collect()
    }
}

impl ObsSource for Observed {
    fn metrics(&self) -> MetricsSnapshot {
        MetricsSnapshot { flows: self.look().into_iter().filter(|flow| flow.started).collect() }
    }

    fn readiness(&self) -> Readiness {
        let mut reasons = Vec::new();
        for flow in self.look() {
            let name = &flow.flow;
            if let Some(cause) = &flow.failure {
                reasons.push(format!("{name}: does not run: {cause}"));
            } else if !flow.started {
                reasons.push(format!("{name}: has not started"));
            }
            for partition in &flow.partitions {
                let (topic, index, state) = (&partition.topic, partition.partition, partition.state.word());
                if let Some(cause) = &partition.trouble {
                    reasons.push(format!("{name}: {topic}[{index}] is {state}: {cause}"));
                } else if partition.state == PartitionState::Starting {
                    reasons.push(format!("{name}: {topic}[{index}] is starting"));
                }
            }
        }
        Readiness { ready: reasons.is_empty(), reasons }
    }
}

fn lock_cells(view: &FlowView) -> MutexGuard<'_, Option<Vec<std::sync::Arc<PartitionCell>>>> {
    view.cells.lock().unwrap_or_else(PoisonError::into_inner)
}

fn flow(name: &str, view: &FlowView, now: Instant) -> FlowMetrics {
    let (source_throttled, target_throttled) = view.meters.throttled();
    let now_ms = wall_clock_ms();
    let cells = lock_cells(view).clone();
    let mut metrics = FlowMetrics {
        flow: name.to_owned(),
        started: cells.is_some(),
        source_throttled_seconds: source_throttled.as_secs_f64(),
        target_throttled_seconds: target_throttled.as_secs_f64(),
        fetch: Some(histogram(&view.meters.fetch_times)),
        produce: Some(histogram(&view.meters.produce_times)),
        memory_used_bytes: Some(view.budget.used_bytes() as u64),
        memory_limit_bytes: Some(view.budget.limit_bytes() as u64),
        elsewhere: view.meters.elsewhere(),
        failure: view.meters.group_trouble(),
        groups: view.meters.moved_groups().map(|groups| GroupMetrics {
            following: groups.following,
            held: groups.held,
            committed: groups.committed,
        }),
        ..FlowMetrics::default()
    };
    let mut totals = view.meters.given_away();
    (metrics.records_given_away, metrics.bytes_given_away) = (totals.records, totals.bytes);
    for cell in cells.iter().flatten() {
        let mut state = cell.lock();
        totals += state.partition.totals();
        metrics.partitions.push(partition(cell, &mut state, now, now_ms));
    }
    metrics.batches_passed_through = totals.passed_through;
    metrics.batches_reencoded = totals.reencoded;
    let dropped = totals.dropped;
    let dropped = [
        ("control", dropped.control),
        ("aborted", dropped.aborted),
        ("empty", dropped.empty),
        ("already_copied", dropped.foreign),
    ];
    metrics.batches_dropped = dropped.to_vec();
    metrics
}

/// Returns milliseconds since 1970, as record timestamps count.
fn wall_clock_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

fn histogram(times: &RequestTimes) -> HistogramMetrics {
    let now = times.now();
    let bounds = REQUEST_BOUNDS_MS.iter().map(|ms| f64::from(*ms) / 1000.0);
    HistogramMetrics {
        sum_seconds: now.total.as_secs_f64(),
        count: now.count,
        buckets: bounds.zip(now.within).collect(),
    }
}

fn partition(cell: &PartitionCell, state: &mut CellState, now: Instant, now_ms: i64) -> PartitionMetrics {
    let oldest = oldest_uncopied(state, now);
    let copy = &state.partition;
    let started = *copy.phase() != Phase::Starting;
    let unread = is_unread(copy, now);
    let at_end = !unread && copy.source_end().is_some_and(|end| copy.copied() >= end);
    let state = match copy.phase() {
        Phase::Stopped(_) => PartitionState::Stopped,
        _ if copy.failing(now).is_some() => PartitionState::Failing,
        Phase::Starting => PartitionState::Starting,
        Phase::Finished => PartitionState::CaughtUp,
        Phase::Copying if at_end => PartitionState::CaughtUp,
        Phase::Copying => PartitionState::Copying,
    };
    PartitionMetrics {
        topic: cell.source.topic.to_string(),
        partition: cell.source.partition,
        state,
        records_copied: copy.totals().records,
        bytes_copied: copy.totals().bytes,
        records_missing: copy.totals().missing,
        source_position: started.then(|| copy.copied().0),
        source_end: copy.source_end().map(|end| end.0),
        source_end_is_old: unread,
        target_position: started.then(|| copy.target_next().0),
        lag_seconds: oldest.seconds(now_ms),
        run_end: copy.end().map(|end| end.0),
        trouble: trouble(copy, now),
    }
}

fn trouble(copy: &Partition, now: Instant) -> Option<String> {
    match copy.phase() {
        Phase::Stopped(cause) => Some(cause.to_string()),
        _ => copy.failing(now).map(|trouble| trouble.cause.clone()),
    }
}

/// Says whether the source is not being read now, so that nothing is known of what it got since.
fn is_unread(copy: &Partition, now: Instant) -> bool {
    matches!(copy.phase(), Phase::Stopped(_)) || copy.trouble_age(now).is_some()
}

/// A source that cannot be read may have got more meanwhile: its known end proves nothing.
fn oldest_uncopied(state: &mut CellState, now: Instant) -> OldestUncopied {
    let copy = &state.partition;
    if *copy.phase() == Phase::Starting {
        return OldestUncopied::Unknown;
    }
    let unread = is_unread(copy, now);
    let (copied, source_end) = (copy.copied(), copy.source_end());
    match state.ages.oldest(copied, source_end) {
        OldestUncopied::CaughtUp if unread => OldestUncopied::Unknown,
        known => known,
    }
}
