//! Commands of the user's: run by the shell, with a limit, told apart by how they end.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How often a command is looked at.
const LOOK_PAUSE: Duration = Duration::from_millis(50);

/// Runs a command; it has to end well, and in time. Says why it did not.
pub(super) async fn run(
    command: &str,
    environment: &[(&str, String)],
    limit: Duration,
) -> Result<(), String> {
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit());
    shell.envs(environment.iter().map(|(name, value)| (name, value)));
    let mut child = shell.spawn().map_err(|error| error.to_string())?;
    let deadline = Instant::now() + limit;
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(format!("it ended with {status}")),
            Ok(None) if Instant::now() < deadline => tokio::time::sleep(LOOK_PAUSE).await,
            Ok(None) => {
                // One that ended in this moment needs no killing.
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("it did not end within {}", humantime::format_duration(limit)));
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}
