//! Clusters that tests share, each started once by the first test that asks.

use std::path::PathBuf;
use std::sync::LazyLock;

use super::cluster::Cluster;
use super::spec::{ClusterSpec, Listener};
use super::target_dir;

/// Holds two one-broker clusters in plain text.
pub struct Pair {
    /// Where records come from.
    pub source: Cluster,
    /// Where records go.
    pub target: Cluster,
}

fn logs() -> PathBuf {
    let dir = target_dir().join("live-logs").join("shared");
    std::fs::create_dir_all(&dir).unwrap();
    dir
}

/// Returns the pair every test may use with topics named by [`super::Lab::topic`]. Nobody stops
/// its brokers; they end with the process.
pub fn shared_pair() -> &'static Pair {
    static PAIR: LazyLock<Pair> = LazyLock::new(|| {
        let start = |name: &'static str| move || Cluster::start(&logs(), name, ClusterSpec::one());
        std::thread::scope(|scope| {
            let target = scope.spawn(start("target"));
            Pair { source: start("source")(), target: target.join().unwrap() }
        })
    });
    &PAIR
}

/// Returns one broker with every kind of listener and ACLs checked, to be read or written by
/// whoever the test says. Plain text is a super user's; a login in TLS by SCRAM-SHA-256 has to be
/// repeated every 1.5 seconds.
pub fn shared_secure() -> &'static Cluster {
    static SECURE: LazyLock<Cluster> = LazyLock::new(|| {
        let short_sessions = "listener.name.sasl_ssl.scram-sha-256.connections.max.reauth.ms";
        let spec = ClusterSpec::one().listeners(&Listener::SECURE).authorizer().set(short_sessions, "1500");
        Cluster::start(&logs(), "secure", spec)
    });
    &SECURE
}
