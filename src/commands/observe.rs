//! What `--metrics` serves: the running flows, looked at when somebody asks.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::engine::cell::PartitionCell;
use crate::engine::partition::{Partition, Phase};
use crate::engine::supervisor::FlowView;
use crate::obs::{FlowMetrics, MetricsSnapshot, ObsSource, PartitionMetrics, PartitionState, Readiness};

/// Knows the flows of this process.
#[derive(Debug)]
pub struct Observed {
    expected: usize,
    flows: Mutex<Vec<(String, FlowView)>>,
}

impl Observed {
    /// Expects this many flows to start.
    pub fn new(expected: usize) -> Self {
        Self { expected, flows: Mutex::default() }
    }

    /// Adds a flow that is about to run.
    pub fn add(&self, name: String, view: FlowView) {
        self.lock().push((name, view));
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(String, FlowView)>> {
        self.flows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ObsSource for Observed {
    fn metrics(&self) -> MetricsSnapshot {
        let now = Instant::now();
        let flows = self.lock().iter().map(|(name, view)| flow(name, view, now)).collect();
        MetricsSnapshot { flows }
    }

    fn readiness(&self) -> Readiness {
        let now = Instant::now();
        let mut reasons = Vec::new();
        let flows = self.lock();
        let started = flows.iter().filter(|(_, view)| lock_cells(view).is_some()).count();
        if started < self.expected {
            reasons.push(format!("{} of {} flows have not started", self.expected - started, self.expected));
        }
        for (name, view) in flows.iter() {
            for cell in lock_cells(view).iter().flatten() {
                let state = cell.lock();
                if let Phase::Stopped(cause) = state.partition.phase() {
                    reasons.push(format!("{name}: {} stopped: {cause}", cell.source));
                } else if let Some(trouble) = state.partition.failing(now) {
                    reasons.push(format!("{name}: {} is failing: {}", cell.source, trouble.cause));
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
    let mut metrics = FlowMetrics {
        flow: name.to_owned(),
        memory_used_bytes: Some(view.budget.used_bytes() as u64),
        memory_limit_bytes: Some(view.budget.limit_bytes() as u64),
        ..FlowMetrics::default()
    };
    let mut dropped = [("control", 0), ("aborted", 0), ("empty", 0), ("already_copied", 0)];
    for cell in lock_cells(view).iter().flatten() {
        let state = cell.lock();
        let totals = state.partition.totals();
        metrics.batches_passed_through += totals.passed_through;
        metrics.batches_reencoded += totals.reencoded;
        dropped[0].1 += totals.dropped.control;
        dropped[1].1 += totals.dropped.aborted;
        dropped[2].1 += totals.dropped.empty;
        dropped[3].1 += totals.dropped.foreign;
        metrics.partitions.push(partition(cell, &state.partition, now));
    }
    metrics.batches_dropped = dropped.to_vec();
    metrics
}

fn partition(cell: &PartitionCell, copy: &Partition, now: Instant) -> PartitionMetrics {
    let started = *copy.phase() != Phase::Starting;
    let at_end = copy.source_end().is_some_and(|end| copy.copied() >= end);
    let state = match copy.phase() {
        Phase::Starting => PartitionState::Starting,
        Phase::Stopped(_) => PartitionState::Stopped,
        _ if copy.failing(now).is_some() => PartitionState::Failing,
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
        target_position: started.then(|| copy.target_next().0),
        lag_seconds: (started && at_end).then_some(0.0),
    }
}
