//! The wall clock, as tokens and signatures have it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Returns the seconds since 1970.
pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// Returns how long it is until then; nothing where it has passed.
pub(super) fn until(seconds: u64) -> Duration {
    Duration::from_secs(seconds.saturating_sub(now()))
}
