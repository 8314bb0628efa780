//! Two one-broker clusters, and how they are made clean and quiet between runs.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;

use crate::fill::log_bytes;
use crate::harness::cluster::Cluster;
use crate::harness::spec::{ClusterSpec, Jvm, Listener};
use crate::harness::{reaper, runtime, target_dir, wait};

const HEAP_MIB: u32 = 640;
/// Unwritten pages the system may hold when a run begins.
const DIRTY_KIB_MAX: u64 = 16 * 1024;
/// More than the transaction markers that may come before the first record.
const MARKER_BYTES_MAX: u64 = 1024;
const QUIET_LIMIT: Duration = Duration::from_secs(180);

/// Holds the clusters; both have a second listener behind a proxy.
pub struct Bed {
    /// Where records come from.
    pub source: Cluster,
    /// Where records go.
    pub target: Cluster,
}

/// Says by which way the clusters are reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Straight to both.
    Near,
    /// To the source through the proxy.
    ProxiedSource,
    /// To the target through the proxy.
    ProxiedTarget,
}

impl Bed {
    /// Starts both.
    pub fn start() -> Self {
        let start = |name: &'static str| {
            move || {
                let mut spec = ClusterSpec::one().proxied();
                spec.heap_mib = HEAP_MIB;
                spec.jvm = Jvm::Server;
                // The harness hurries these for its tests; here they are Kafka's own again.
                let spec = spec
                    .set("log.cleaner.backoff.ms", "15000")
                    .set("log.retention.check.interval.ms", "300000")
                    .set("log.cleaner.min.cleanable.ratio", "0.5")
                    .set("broker.heartbeat.interval.ms", "2000")
                    .set("broker.session.timeout.ms", "9000");
                Cluster::start(&log_dir(), name, spec)
            }
        };
        std::thread::scope(|scope| {
            let target = scope.spawn(start("bench-target"));
            Self { source: start("bench-source")(), target: target.join().unwrap() }
        })
    }

    /// Returns the addresses of source and target.
    pub fn servers(&self, way: Way) -> (String, String) {
        let listener = |proxied| if proxied { Listener::Proxied } else { Listener::Plaintext };
        let source = self.source.bootstrap(listener(way == Way::ProxiedSource));
        let target = self.target.bootstrap(listener(way == Way::ProxiedTarget));
        (source.join(","), target.join(","))
    }

    /// Sets the round trip of the proxies.
    pub fn set_round_trip(&self, round_trip: Duration) {
        for proxy in self.source.proxies.iter().chain(&self.target.proxies) {
            proxy.set_round_trip(round_trip);
        }
    }

    /// Deletes what the runs left: every topic at the target, and at the source all but `keep`.
    pub fn clean(&self, keep: &[&str]) {
        let own = |name: &str| name.starts_with("__");
        delete(&self.target, |name| own(name));
        delete(&self.source, |name| own(name) || keep.contains(&name));
    }
}

/// Waits until the system has written to disk what earlier runs left.
pub fn quiet_disk() {
    let synced = Command::new("sync").status().unwrap();
    assert!(synced.success(), "sync: {synced}");
    wait::until("the disk to be quiet", QUIET_LIMIT, || {
        let memory = fs::read_to_string("/proc/meminfo").unwrap();
        let unwritten: u64 = memory
            .lines()
            .filter(|line| line.starts_with("Dirty:") || line.starts_with("Writeback:"))
            .filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok())
            .sum();
        (unwritten < DIRTY_KIB_MAX).then_some(())
    });
}

/// Returns the folder of brokers' and tools' output.
pub fn log_dir() -> PathBuf {
    let dir = target_dir().join("bench-logs");
    fs::create_dir_all(&dir).unwrap();
    dir
}

/// Returns a folder for configurations.
pub fn work_dir() -> PathBuf {
    let dir = reaper::run_dir().join("bench");
    fs::create_dir_all(&dir).unwrap();
    dir
}

fn delete(cluster: &Cluster, keep: impl Fn(&str) -> bool) {
    let admin: AdminClient<DefaultClientContext> = cluster.client_config().create().unwrap();
    let limit = Duration::from_secs(30);
    let options = AdminOptions::new().operation_timeout(Some(limit)).request_timeout(Some(limit));
    wait::until(&format!("{} to be clean", cluster.name), limit, || {
        let metadata = admin.inner().fetch_metadata(None, Duration::from_secs(10)).ok()?;
        let names = metadata.topics().iter().map(rdkafka::metadata::MetadataTopic::name);
        let doomed: Vec<&str> = names.filter(|name| !keep(name)).collect();
        if doomed.is_empty() {
            return Some(());
        }
        // A topic that another pass deleted meanwhile fails here, and the next pass sees it gone.
        let _ = runtime().block_on(admin.delete_topics(&doomed, &options));
        None
    });
}

/// Tells whether the topic has its first record in a broker's files, without asking the broker.
pub fn has_records(cluster: &Cluster, topic: &str, partitions: i32) -> bool {
    (0..partitions).any(|partition| log_bytes(cluster, topic, partition) > MARKER_BYTES_MAX)
}
