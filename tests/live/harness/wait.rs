//! Waiting: for a condition with a deadline, and for a turn to start clusters of one's own.

use std::sync::{Condvar, LazyLock, Mutex};
use std::time::{Duration, Instant};

/// Longest wait for anything a healthy machine does in a second or two.
pub const LONG: Duration = Duration::from_secs(60);

const PROBE_INTERVAL: Duration = Duration::from_millis(20);

/// Asks until there is an answer; panics naming what was waited for when the limit has passed.
pub fn until<T>(what: &str, limit: Duration, mut probe: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(answer) = probe() {
            return answer;
        }
        assert!(Instant::now() < deadline, "gave up after {limit:?} waiting for {what}");
        pause();
    }
}

/// Rests between two probes of a condition.
#[allow(clippy::disallowed_methods, reason = "the one place that polls, always under a deadline")]
pub fn pause() {
    std::thread::sleep(PROBE_INTERVAL);
}

/// Allows a test to run clusters of its own until dropped; one per test, so tests cannot deadlock.
pub struct Turn(());

static FREE: LazyLock<(Mutex<usize>, Condvar)> = LazyLock::new(|| {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    (Mutex::new(cores.clamp(1, 4)), Condvar::new())
});

/// Waits until fewer tests than cores have clusters of their own.
pub fn take_turn() -> Turn {
    let (free, freed) = &*FREE;
    let mut free = freed.wait_while(free.lock().unwrap(), |free| *free == 0).unwrap();
    *free -= 1;
    Turn(())
}

impl Drop for Turn {
    fn drop(&mut self) {
        let (free, freed) = &*FREE;
        *free.lock().unwrap() += 1;
        freed.notify_one();
    }
}
