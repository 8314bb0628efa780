//! Where the application of a drill writes down what it does, while it does it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::evidence::{Fate, Processed, Region, Sent};

/// Holds what was done so far; shared by all parts of the application.
#[derive(Debug)]
pub struct Ledger {
    began: Instant,
    handed_out: AtomicU64,
    sent: Mutex<Vec<Sent>>,
    processed: Mutex<Vec<Processed>>,
    commits: Mutex<BTreeMap<i32, Vec<i64>>>,
}

/// Counts what was done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records acknowledged in this region.
    pub acknowledged: u64,
    /// Records processed in this region.
    pub processed: u64,
}

impl Ledger {
    /// Opens an empty one; times count from now.
    pub fn new() -> Self {
        Self {
            began: Instant::now(),
            handed_out: AtomicU64::new(0),
            sent: Mutex::default(),
            processed: Mutex::default(),
            commits: Mutex::default(),
        }
    }

    /// Returns the time since it was opened.
    pub fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// Hands the next record out: its partition, and its number there. None is handed out twice.
    pub(super) fn next(&self, partitions: i32) -> (i32, u64) {
        let turn = self.handed_out.fetch_add(1, Ordering::Relaxed);
        let partitions = u64::try_from(partitions.max(1)).unwrap_or(1);
        (i32::try_from(turn % partitions).unwrap_or(0), turn / partitions)
    }

    pub(super) fn sent(&self, sent: Sent) {
        lock(&self.sent).push(sent);
    }

    pub(super) fn processed(&self, region: Region, partition: i32, number: u64) {
        let at = self.now();
        lock(&self.processed).push(Processed { region, partition, number, at });
    }

    pub(super) fn committing(&self, partition: i32, next: i64) {
        let mut commits = lock(&self.commits);
        let of = commits.entry(partition).or_default();
        if of.last() != Some(&next) {
            of.push(next);
        }
    }

    /// Counts what was done in a region.
    pub fn counts(&self, region: Region) -> Counts {
        let is_acknowledged =
            |sent: &&Sent| sent.region == region && matches!(sent.fate, Fate::Acknowledged { .. });
        Counts {
            acknowledged: lock(&self.sent).iter().filter(is_acknowledged).count() as u64,
            processed: lock(&self.processed).iter().filter(|one| one.region == region).count() as u64,
        }
    }

    /// Returns what was sent, processed, and committed at the source.
    pub fn read(&self) -> (Vec<Sent>, Vec<Processed>, BTreeMap<i32, Vec<i64>>) {
        (lock(&self.sent).clone(), lock(&self.processed).clone(), lock(&self.commits).clone())
    }
}

impl Default for Ledger {
    fn default() -> Self {
        Self::new()
    }
}

/// Locks in spite of a panic elsewhere: lists that are only added to have no half-done state.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
