//! Ctrl-C and SIGTERM: the first asks for a clean stop, the second ends the process at once.

use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::exit::Exit;
use crate::report::reporter::Reporter;

/// A signal that comes this soon after the first is the same request: `timeout`, for one, sends its
/// signal to the process and then to the process's group.
const SAME_REQUEST: Duration = Duration::from_millis(50);

/// Waits for a signal and asks for a clean stop; returns how the run then ends.
pub async fn wait(stop: watch::Sender<bool>, reporter: Reporter) -> Exit {
    let exit = next().await;
    reporter.stopping();
    // Flows that ended already need no telling.
    let _ = stop.send(true);
    tokio::spawn(async move {
        tokio::time::sleep(SAME_REQUEST).await;
        next().await;
        reporter.clear();
        end_at_once(exit);
    });
    exit
}

#[expect(clippy::disallowed_methods, reason = "the second signal asks for exactly this: no drain, no flush")]
fn end_at_once(exit: Exit) {
    std::process::exit(i32::from(exit.code()));
}

/// Waits for a signal.
pub async fn next() -> Exit {
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => Exit::Interrupted,
        _ = terminate.recv() => Exit::Terminated,
    }
}
