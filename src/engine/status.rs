//! What a flow counts while it runs.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::event::StopCause;
use crate::types::TopicPartition;

/// Counts requests and waits; plain atomics, so the hot path never waits for a reader.
#[derive(Debug, Default)]
pub struct FlowMeters {
    fetches: AtomicU64,
    fetched_bytes: AtomicU64,
    fetch_us: AtomicU64,
    produces: AtomicU64,
    produce_us: AtomicU64,
    throttled_ms: AtomicU64,
    skipped: Mutex<Vec<(TopicPartition, StopCause)>>,
}

impl FlowMeters {
    /// Counts an answered fetch.
    pub fn fetched(&self, bytes: usize, elapsed: Duration) {
        self.fetches.fetch_add(1, Ordering::Relaxed);
        self.fetched_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        self.fetch_us.fetch_add(micros(elapsed), Ordering::Relaxed);
    }

    /// Counts an answered produce.
    pub fn produced(&self, elapsed: Duration) {
        self.produces.fetch_add(1, Ordering::Relaxed);
        self.produce_us.fetch_add(micros(elapsed), Ordering::Relaxed);
    }

    /// Counts time the brokers told us to wait.
    pub fn throttled(&self, milliseconds: u64) {
        self.throttled_ms.fetch_add(milliseconds, Ordering::Relaxed);
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

fn micros(elapsed: Duration) -> u64 {
    u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX)
}
