//! Two clusters of three brokers with TLS, SCRAM and ACLs, and `strait topics sync` between them.

use std::path::PathBuf;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::harness::certificates::certificates;
use crate::harness::cluster::Cluster;
use crate::harness::spec::{ClusterSpec, LIMITED_PASSWORD, LIMITED_USER, Listener};
use crate::harness::strait::{Config, Finished, Running, login, run, start};
use crate::harness::tools::allow;
use crate::harness::{Lab, target_dir};

/// Longest a run may take before the test fails.
pub const LIMIT: Duration = Duration::from_secs(90);

/// Is held by whoever throttles the target's brokers: a throttle is put back to what was there before, which
/// must not be another run's.
static THROTTLING: Mutex<()> = Mutex::new(());

/// Waits until nobody else throttles the target's brokers.
pub fn throttling() -> MutexGuard<'static, ()> {
    // A test that failed leaves nothing that this guards.
    THROTTLING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Holds both ends.
pub struct Bed {
    /// Where topics come from.
    pub source: Cluster,
    /// Where they are made.
    pub target: Cluster,
}

/// Returns the clusters; nobody stops their brokers, and tests use topics named by [`Lab::topic`].
pub fn bed() -> &'static Bed {
    static BED: LazyLock<Bed> = LazyLock::new(|| {
        let logs = target_dir().join("live-logs").join("shared");
        std::fs::create_dir_all(&logs).unwrap();
        let spec = || ClusterSpec::three().listeners(&[Listener::SaslSsl]).authorizer();
        std::thread::scope(|scope| {
            let target = scope.spawn(|| Cluster::start(&logs, "topics-target", spec()));
            let source = Cluster::start(&logs, "topics-source", spec());
            Bed { source, target: target.join().unwrap() }
        })
    });
    &BED
}

/// Allows the limited user what a sync needs on the test's topics and nothing else: to look at the source,
/// to look and change at the target.
pub fn grant(lab: &Lab) {
    let prefix = format!("{}.", lab.name);
    let allow_topics = |cluster: &Cluster, operations: &[&str]| {
        let mut what: Vec<&str> = operations.iter().flat_map(|one| ["--operation", *one]).collect();
        what.extend(["--topic", &prefix, "--resource-pattern-type", "prefixed"]);
        allow(cluster, LIMITED_USER, &what);
    };
    allow_topics(&bed().source, &["Describe", "DescribeConfigs"]);
    let changing = ["Describe", "DescribeConfigs", "Create", "Alter", "AlterConfigs", "Delete"];
    allow_topics(&bed().target, &changing);
}

/// Allows the limited user to read ACLs at both ends, to add some and to move replicas at the target.
pub fn grant_cluster() {
    allow(&bed().source, LIMITED_USER, &["--operation", "Describe", "--cluster"]);
    let operations = ["Describe", "Alter", "DescribeConfigs", "AlterConfigs"];
    let mut what: Vec<&str> = operations.iter().flat_map(|one| ["--operation", *one]).collect();
    what.push("--cluster");
    allow(&bed().target, LIMITED_USER, &what);
}

/// Writes a configuration with one flow of all the test's topics, reached by TLS and SCRAM-SHA-512.
pub fn config(lab: &Lab, provision: &str) -> PathBuf {
    config_more(lab, &[&lab.topic("*")], provision)
}

/// Does the same for some topics.
pub fn config_more(lab: &Lab, topics: &[&str], provision: &str) -> PathBuf {
    let tls = format!("ssl_ca_file = {:?}\n", certificates().ca);
    let side = format!("{tls}{}", login(lab, "SCRAM-SHA-512", (LIMITED_USER, LIMITED_PASSWORD)));
    Config::new()
        .cluster("source", &bed().source, Listener::SaslSsl, &side)
        .cluster("target", &bed().target, Listener::SaslSsl, &side)
        .flow("us-eu", topics, &format!("[flows.us-eu.provision]\n{provision}"))
        .write(&lab.work_dir())
}

/// Runs `strait topics sync` to its end.
pub fn sync(config: &std::path::Path, arguments: &[&str]) -> Finished {
    run(config, &[&["topics", "sync"], arguments].concat(), LIMIT)
}

/// Starts `strait topics sync`.
pub fn begin_sync(config: &std::path::Path, arguments: &[&str]) -> Running {
    start(config, &[&["topics", "sync"], arguments].concat())
}

/// Takes the test's name out of a text, so that it can be compared.
pub fn plain(lab: &Lab, text: &str) -> String {
    text.replace(&format!("{}.", lab.name), "")
}
