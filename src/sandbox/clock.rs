//! The time a sandbox cluster stamps its logs with: the machine's, or one a test sets.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Tells a cluster the time, in milliseconds since 1970.
///
/// Waits (long polls, session timeouts, delays) run on tokio's clock, which a test may pause.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    /// `None`: the machine's time.
    set: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// Follows the machine's clock.
    pub fn real() -> Self {
        Self::default()
    }

    /// Stands still at a time until it is moved; clones move together.
    pub fn standing_at(timestamp_ms: i64) -> Self {
        Self { set: Some(Arc::new(AtomicI64::new(timestamp_ms))) }
    }

    /// Moves a standing clock forward; a real one goes by itself.
    pub fn advance(&self, by: Duration) {
        if let Some(set) = &self.set {
            set.fetch_add(millis(by), Ordering::Relaxed);
        }
    }

    /// Returns the time, in milliseconds since 1970.
    pub fn now_ms(&self) -> i64 {
        match &self.set {
            Some(set) => set.load(Ordering::Relaxed),
            // A machine whose clock stands before 1970 gets 1970.
            None => SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, millis),
        }
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
