//! What one process took: processor time and the peak of its memory, read from `/proc`.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::harness::{reaper, wait};

/// `/proc` counts processor time in hundredths of a second, whatever the kernel's own tick is.
const TICK: Duration = Duration::from_millis(10);

/// Holds a process while it is measured; dropping it kills the process.
pub struct Measured {
    child: Child,
    log: PathBuf,
    /// When it was started.
    pub started: Instant,
    /// The peak of its resident memory so far.
    pub peak_bytes: u64,
}

impl Measured {
    /// Starts the command with its output going to a file.
    pub fn spawn(mut command: Command, log: PathBuf) -> Self {
        let output = File::create(&log).unwrap();
        command.stdin(Stdio::null()).stdout(output.try_clone().unwrap()).stderr(output);
        let started = Instant::now();
        let child = command.spawn().unwrap();
        reaper::watch(child.id());
        Self { child, log, started, peak_bytes: 0 }
    }

    /// Takes note of the peak of its memory, and tells whether the process still runs. One that ended stays
    /// a zombie, whose processor time can be read, until it is waited for.
    pub fn runs(&mut self) -> bool {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        if let Some(peak) = field("VmHWM:").and_then(|text| text.split(' ').next()) {
            self.peak_bytes = peak.parse::<u64>().unwrap() * 1024;
        }
        field("State:").is_some_and(|state| !state.starts_with('Z'))
    }

    /// Returns user and system time of all threads, and of children waited for.
    pub fn cpu(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let after_name = stat.rsplit(')').next().unwrap();
        // utime, stime, cutime, cstime are fields 14 to 17; the name is field 2.
        let ticks = after_name.split_whitespace().skip(11).take(4).map(|field| field.parse::<u32>().unwrap());
        TICK * ticks.sum::<u32>()
    }

    /// Waits for a process that ended.
    pub fn reap(&mut self) -> ExitStatus {
        reaper::forget(self.child.id());
        self.child.wait().unwrap()
    }

    /// Returns the end of what it printed.
    pub fn last_words(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }

    /// Asks until there is an answer; panics with the process's words where it ends or time runs out.
    pub fn until<T>(&mut self, what: &str, limit: Duration, mut probe: impl FnMut() -> Option<T>) -> T {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(answer) = probe() {
                return answer;
            }
            assert!(self.runs(), "ended before {what}\n{}", self.last_words());
            assert!(Instant::now() < deadline, "no {what} within {limit:?}\n{}", self.last_words());
            wait::pause();
        }
    }
}

impl Drop for Measured {
    fn drop(&mut self) {
        reaper::forget(self.child.id());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
