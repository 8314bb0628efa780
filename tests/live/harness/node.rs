//! One Kafka process: formatted, started, stopped by its id, started again on its data and ports.

use std::fs::{self, File, OpenOptions};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::maven::Distribution;
use super::spec::Jvm;
use super::{identity, reaper, wait};

const STOP_LIMIT: Duration = Duration::from_secs(30);

/// Returns a JVM tuned to start fast and stay small.
pub fn java(distribution: &Distribution, heap_mib: u32) -> Command {
    java_as(Jvm::Small, distribution, heap_mib)
}

/// Returns a JVM.
pub fn java_as(jvm: Jvm, distribution: &Distribution, heap_mib: u32) -> Command {
    let mut java = Command::new("java");
    match jvm {
        Jvm::Small => java.args(["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"]),
        Jvm::Server => java.arg("-XX:+UseG1GC"),
    };
    java.arg(format!("-Xmx{heap_mib}m"))
        .arg("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn")
        .arg("-Dorg.slf4j.simpleLogger.showDateTime=true")
        // Brokers read keys for tokens from nowhere else than they are told here.
        .arg(format!("-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={}", identity::jwks_url()))
        .arg(format!("-Dorg.apache.kafka.sasl.oauthbearer.allowed.files={}", identity::jwks_path().display()))
        .args(["-cp", &distribution.class_path()]);
    java
}

/// Holds one broker, running or not; tests stop and start it while others use its cluster.
pub struct Node {
    /// The node id, from 1.
    pub id: u16,
    pub(super) distribution: Distribution,
    pub(super) heap_mib: u32,
    pub(super) jvm: Jvm,
    pub(super) properties: PathBuf,
    /// Everything the broker wrote to its standard streams.
    pub log: PathBuf,
    pub(super) process: Mutex<Option<Child>>,
}

impl Node {
    /// Begins formatting the storage; `finish_format` waits for it.
    pub(super) fn begin_format(&self, cluster_id: &str, scram: &[String]) -> Child {
        let mut tool = java(&self.distribution, 128);
        tool.args(["kafka.tools.StorageTool", "format", "-t", cluster_id, "-c"]).arg(&self.properties);
        for credential in scram {
            tool.args(["--add-scram", credential]);
        }
        let log = File::create(&self.log).unwrap();
        tool.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap()
    }

    pub(super) fn finish_format(&self, mut tool: Child) {
        let status = tool.wait().unwrap();
        assert!(status.success(), "formatting node {} failed: {status}\n{}", self.id, self.last_words());
    }

    fn process(&self) -> MutexGuard<'_, Option<Child>> {
        // A test that panicked must still be able to end its brokers.
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells whether it was started and not stopped since.
    pub fn is_running(&self) -> bool {
        self.process().is_some()
    }

    /// Starts the process; the cluster waits until it answers.
    pub(super) fn launch(&self) {
        let mut process = self.process();
        assert!(process.is_none(), "node {} is running", self.id);
        let log = OpenOptions::new().create(true).append(true).open(&self.log).unwrap();
        let child = java_as(self.jvm, &self.distribution, self.heap_mib)
            .arg("kafka.Kafka")
            .arg(&self.properties)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .process_group(0)
            .spawn()
            .unwrap();
        reaper::watch(child.id());
        *process = Some(child);
    }

    /// Panics with the log's end where the process is gone.
    pub(super) fn assert_alive(&self) {
        let mut running = self.process();
        let Some(process) = running.as_mut() else { return };
        if let Some(status) = process.try_wait().unwrap() {
            reaper::forget(process.id());
            *running = None;
            panic!("node {} ended ({status})\n{}", self.id, self.last_words());
        }
    }

    /// Returns the process id.
    pub fn pid(&self) -> u32 {
        self.process().as_ref().expect("the node is running").id()
    }

    /// Asks the broker to shut down, and kills it where it does not.
    pub fn stop(&self) {
        let Some(mut process) = self.process().take() else { return };
        reaper::signal(process.id(), "TERM");
        reaper::forget(process.id());
        let deadline = Instant::now() + STOP_LIMIT;
        while process.try_wait().unwrap().is_none() {
            if Instant::now() > deadline {
                let _ = process.kill();
            }
            wait::pause();
        }
    }

    /// Ends the process at once, as a power cut would.
    pub fn kill(&self) {
        let Some(mut process) = self.process().take() else { return };
        reaper::forget(process.id());
        let _ = process.kill();
        let _ = process.wait();
    }

    /// Holds the process; connections stay open and nothing answers.
    pub fn pause(&self) {
        reaper::signal(self.pid(), "STOP");
    }

    /// Lets a paused process go on.
    pub fn resume(&self) {
        reaper::signal(self.pid(), "CONT");
    }

    /// Returns the end of the log.
    pub fn last_words(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let tail = lines[lines.len().saturating_sub(25)..].join("\n");
        format!("--- end of {} ---\n{tail}", self.log.display())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}
