//! Where the application of a drill writes down what it does, while it does it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::evidence::{Fate, Leg, Processed, Sent};

/// What was sent, processed, and committed.
pub type Entries = (Vec<Sent>, Vec<Processed>, BTreeMap<(Leg, i32), Vec<i64>>);

/// Holds what was done so far; shared by all parts of the application.
#[derive(Debug)]
pub struct Ledger {
    began: Instant,
    handed_out: AtomicU64,
    counts: [CountsCell; 3],
    sent: Mutex<Vec<Sent>>,
    processed: Mutex<Vec<Processed>>,
    commits: Mutex<BTreeMap<(Leg, i32), Vec<i64>>>,
}

/// Counts what was done so far in one leg.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records handed to the producer.
    pub handed: u64,
    /// Records acknowledged.
    pub acknowledged: u64,
    /// Records without an answer.
    pub unknown: u64,
    /// Records of aborted transactions.
    pub aborted: u64,
    /// Records processed, those processed again included.
    pub processed: u64,
}

#[derive(Debug, Default)]
struct CountsCell {
    handed: AtomicU64,
    acknowledged: AtomicU64,
    unknown: AtomicU64,
    aborted: AtomicU64,
    processed: AtomicU64,
}

impl Ledger {
    /// Opens an empty one; times count from now.
    pub fn new() -> Self {
        Self {
            began: Instant::now(),
            handed_out: AtomicU64::new(0),
            counts: Default::default(),
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
    pub(super) fn next(&self, leg: Leg, partitions: i32) -> (i32, u64) {
        self.cell(leg).handed.fetch_add(1, Ordering::Relaxed);
        let turn = self.handed_out.fetch_add(1, Ordering::Relaxed);
        let partitions = u64::try_from(partitions.max(1)).unwrap_or(1);
        (i32::try_from(turn % partitions).unwrap_or(0), turn / partitions)
    }

    pub(super) fn sent(&self, sent: Sent) {
        let cell = self.cell(sent.leg);
        match sent.fate {
            Fate::Acknowledged { .. } => drop(cell.acknowledged.fetch_add(1, Ordering::Relaxed)),
            Fate::Unknown => drop(cell.unknown.fetch_add(1, Ordering::Relaxed)),
            Fate::Aborted => drop(cell.aborted.fetch_add(1, Ordering::Relaxed)),
            Fate::Failed => {}
        }
        lock(&self.sent).push(sent);
    }

    pub(super) fn processed(&self, leg: Leg, partition: i32, number: u64) {
        self.cell(leg).processed.fetch_add(1, Ordering::Relaxed);
        let at = self.now();
        lock(&self.processed).push(Processed { leg, partition, number, at });
    }

    pub(super) fn committing(&self, leg: Leg, partition: i32, next: i64) {
        let mut commits = lock(&self.commits);
        let of = commits.entry((leg, partition)).or_default();
        if of.last() != Some(&next) {
            of.push(next);
        }
    }

    /// Counts what was done in a leg.
    pub fn counts(&self, leg: Leg) -> Counts {
        let cell = self.cell(leg);
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Counts {
            handed: read(&cell.handed),
            acknowledged: read(&cell.acknowledged),
            unknown: read(&cell.unknown),
            aborted: read(&cell.aborted),
            processed: read(&cell.processed),
        }
    }

    /// Says whether something of each kind was done in a leg: acknowledged, processed and committed.
    pub fn has_worked(&self, leg: Leg) -> bool {
        let counts = self.counts(leg);
        let has_committed = lock(&self.commits).keys().any(|(of, _)| *of == leg);
        counts.acknowledged > 0 && counts.processed > 0 && has_committed
    }

    /// Counts what was done in all legs together.
    pub fn total(&self) -> Counts {
        Leg::ALL.into_iter().map(|leg| self.counts(leg)).fold(Counts::default(), |sum, leg| Counts {
            handed: sum.handed + leg.handed,
            acknowledged: sum.acknowledged + leg.acknowledged,
            unknown: sum.unknown + leg.unknown,
            aborted: sum.aborted + leg.aborted,
            processed: sum.processed + leg.processed,
        })
    }

    /// Returns what was processed, without the first `seen`.
    pub fn processed_since(&self, seen: usize) -> Vec<Processed> {
        lock(&self.processed).get(seen..).unwrap_or_default().to_vec()
    }

    /// Returns what was sent, processed, and committed.
    pub fn read(&self) -> Entries {
        (lock(&self.sent).clone(), lock(&self.processed).clone(), lock(&self.commits).clone())
    }

    fn cell(&self, leg: Leg) -> &CountsCell {
        let [home, away, back] = &self.counts;
        match leg {
            Leg::Home => home,
            Leg::Away => away,
            Leg::Back => back,
        }
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
