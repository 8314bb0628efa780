//! Real Apache Kafka on loopback: brings it, starts it, fills it, reads it back, ends it.
//!
//! A test is `#[test] fn g4_something() { live(|lab| ...) }`. Where Java or Maven is missing the
//! body does not run and the reason is printed once; with `STRAIT_REQUIRE_LIVE=1` it fails instead.
#![allow(dead_code, reason = "shared by the live tests and the benchmarks, each using its part")]

pub mod admin;
pub mod certificates;
pub mod cluster;
pub mod compare;
pub mod identity;
pub mod maven;
pub mod mirror_maker;
pub mod node;
pub mod ports;
pub mod produce;
pub mod proxy;
pub mod reaper;
pub mod records;
pub mod rights;
pub mod route;
pub mod segments;
pub mod shared;
pub mod spec;
pub mod strait;
pub mod tools;
pub mod traffic;
pub mod wait;

use std::collections::HashSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, OnceLock};

use tokio::runtime::Runtime;

use cluster::Cluster;
use maven::Version;
use spec::ClusterSpec;

/// Returns the build's `target` folder, which caches and logs live under.
pub fn target_dir() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap()
}

/// Returns the runtime that drives admin requests and proxies.
pub fn runtime() -> &'static Runtime {
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
    });
    &RUNTIME
}

/// Belongs to one running test: its name, its clusters' logs, and its turn among the heavy tests.
pub struct Lab {
    /// The test's name, fit for topic names and folders.
    pub name: String,
    turn: OnceLock<wait::Turn>,
}

impl Lab {
    /// Names a topic after the test, so that tests can share clusters.
    pub fn topic(&self, what: &str) -> String {
        format!("{}.{what}", self.name)
    }

    /// Starts a cluster of the test's own; it ends with the value.
    pub fn start(&self, name: &str, spec: ClusterSpec) -> Cluster {
        self.turn.get_or_init(wait::take_turn);
        Cluster::start(&self.log_dir(), name, spec)
    }

    /// Returns the folder of the test's logs.
    pub fn log_dir(&self) -> PathBuf {
        let dir = target_dir().join("live-logs").join(&self.name);
        std::fs::create_dir_all(&dir).unwrap();
        dir
    }

    /// Returns an empty folder for the test's files.
    pub fn work_dir(&self) -> PathBuf {
        let dir = reaper::run_dir().join("work").join(&self.name);
        std::fs::create_dir_all(&dir).unwrap();
        dir
    }
}

/// Runs a test's body on the newest Kafka, or says why it cannot.
pub fn live(body: impl FnOnce(&Lab)) {
    live_on(&[Version::V4_3], body);
}

/// Runs a test's body that needs the given versions of Kafka, or says why it cannot.
pub fn live_on(versions: &[Version], body: impl FnOnce(&Lab)) {
    for version in versions {
        if let Err(why) = maven::distribution(*version) {
            return not_run(&why);
        }
    }
    let name = std::thread::current().name().unwrap_or("main").replace("::", ".");
    body(&Lab { name, turn: OnceLock::new() });
}

/// Says once, past the test harness's capture, that live tests did not run.
fn not_run(why: &str) {
    let required = std::env::var("STRAIT_REQUIRE_LIVE").is_ok_and(|value| value == "1");
    assert!(!required, "STRAIT_REQUIRE_LIVE=1, and live tests cannot run: {why}");
    static SAID: LazyLock<Mutex<HashSet<String>>> = LazyLock::new(Mutex::default);
    if SAID.lock().unwrap().insert(why.to_owned()) {
        // Only the printing macros are captured, so this reaches the terminal from a passing test.
        let _ = writeln!(std::io::stderr(), "\nlive tests NOT run: {why}");
    }
}
