//! A KRaft cluster on loopback, from its format to its end.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};

use super::maven::distribution;
use super::node::Node;
use super::ports::free_port;
use super::proxy::Proxy;
use super::spec::{self, ClusterSpec, Listener};
use super::{reaper, wait};

const START_LIMIT: Duration = Duration::from_secs(90);
const PROBE_LIMIT: Duration = Duration::from_secs(1);

/// Holds a running cluster; dropping it ends its processes and removes its data.
pub struct Cluster {
    /// The name its logs carry.
    pub name: String,
    /// What was asked for.
    pub spec: ClusterSpec,
    /// The brokers, by id from 1.
    pub nodes: Vec<Node>,
    /// One proxy for each broker where [`ClusterSpec::proxied`] was asked for.
    pub proxies: Vec<Proxy>,
    ports: Vec<BTreeMap<Listener, (u16, u16)>>,
    dir: PathBuf,
}

impl Cluster {
    /// Formats and starts a cluster and waits until every broker is listed in its metadata.
    pub fn start(log_dir: &Path, name: &str, spec: ClusterSpec) -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let dir = reaper::run_dir().join(format!("cluster-{number}"));
        fs::create_dir_all(&dir).unwrap();
        let distribution = distribution(spec.version).unwrap();
        let controllers: Vec<u16> = (0..spec.brokers).map(|_| free_port()).collect();
        let mut cluster =
            Self { name: name.to_owned(), spec, nodes: vec![], proxies: vec![], ports: vec![], dir };
        for id in 1..=cluster.spec.brokers {
            let ports = cluster.lease_ports();
            let data = cluster.dir.join(format!("data-{id}"));
            let properties = cluster.dir.join(format!("server-{id}.properties"));
            fs::write(&properties, cluster.spec.properties(id, &ports, &controllers, &data)).unwrap();
            cluster.ports.push(ports);
            cluster.nodes.push(Node {
                id,
                distribution: distribution.clone(),
                heap_mib: cluster.spec.heap_mib,
                jvm: cluster.spec.jvm,
                properties,
                log: log_dir.join(format!("{name}-{id}.log")),
                process: Mutex::new(None),
            });
        }
        cluster.format(number);
        for node in &cluster.nodes {
            node.launch();
        }
        cluster.wait_until_ready();
        cluster
    }

    fn lease_ports(&mut self) -> BTreeMap<Listener, (u16, u16)> {
        let mut ports = BTreeMap::new();
        for listener in [Listener::Plaintext].iter().chain(&self.spec.listeners) {
            let bound = free_port();
            let advertised = if *listener == Listener::Proxied {
                let proxy = Proxy::start(free_port(), bound);
                let port = proxy.port;
                self.proxies.push(proxy);
                port
            } else {
                bound
            };
            ports.insert(*listener, (bound, advertised));
        }
        ports
    }

    fn format(&self, number: u64) {
        let needs_scram = self.spec.listeners.iter().any(|one| one.protocol().starts_with("SASL"));
        let users = [(spec::USER, spec::PASSWORD), (spec::LIMITED_USER, spec::LIMITED_PASSWORD)];
        let scram: Vec<String> = ["SCRAM-SHA-256", "SCRAM-SHA-512"]
            .iter()
            .flat_map(|mechanism| {
                users.map(|(name, word)| format!("{mechanism}=[name={name},password={word}]"))
            })
            .filter(|_| needs_scram)
            .collect();
        // 22 characters of URL-safe base64, the last of them with its low bits zero.
        let cluster_id = format!("strait{:>07}x{number:>07}A", std::process::id());
        let tools: Vec<_> = self.nodes.iter().map(|node| node.begin_format(&cluster_id, &scram)).collect();
        for (node, tool) in self.nodes.iter().zip(tools) {
            node.finish_format(tool);
        }
    }

    /// Waits until a metadata request is answered with every running broker in it.
    pub fn wait_until_ready(&self) {
        let probe: BaseConsumer = self.client_config().create().unwrap();
        let running = self.nodes.iter().filter(|node| node.is_running()).count();
        wait::until(&format!("cluster {} to be ready", self.name), START_LIMIT, || {
            for node in &self.nodes {
                node.assert_alive();
            }
            let metadata = probe.fetch_metadata(None, PROBE_LIMIT).ok()?;
            (metadata.brokers().len() >= running).then_some(())
        });
    }

    /// Returns the addresses clients start from, on the given listener.
    pub fn bootstrap(&self, listener: Listener) -> Vec<String> {
        let port = |ports: &BTreeMap<Listener, (u16, u16)>| {
            ports.get(&listener).unwrap_or_else(|| panic!("{} has no {listener:?} listener", self.name)).1
        };
        self.ports.iter().map(|ports| format!("127.0.0.1:{}", port(ports))).collect()
    }

    /// Returns a listener's address on broker 1 for a client of one's own choice.
    pub fn address(&self, listener: Listener) -> String {
        self.bootstrap(listener).swap_remove(0)
    }

    /// Returns an rdkafka configuration that goes straight to the plain-text listeners.
    pub fn client_config(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", self.bootstrap(Listener::Plaintext).join(","))
            .set("client.id", "strait-live-tests")
            .set("reconnect.backoff.ms", "50")
            .set("reconnect.backoff.max.ms", "250")
            .set("log_level", "0");
        config
    }

    /// Returns the broker with this id.
    pub fn node(&self, id: i32) -> &Node {
        let index = usize::try_from(id - 1).expect("node ids start at 1");
        &self.nodes[index]
    }

    /// Starts a stopped broker again on its data and ports, and waits for it.
    pub fn restart(&self, id: i32) {
        self.node(id).stop();
        self.node(id).launch();
        self.wait_until_ready();
    }

    /// Starts every stopped broker again, and waits for them.
    pub fn launch_all(&self) {
        for node in &self.nodes {
            if !node.is_running() {
                node.launch();
            }
        }
        self.wait_until_ready();
    }

    /// Shuts every broker down.
    pub fn stop_all(&self) {
        for node in &self.nodes {
            node.stop();
        }
    }

    /// Returns the folder of a partition's segment files on a broker.
    pub fn log_folder(&self, id: u16, topic: &str, partition: i32) -> PathBuf {
        self.dir.join(format!("data-{id}")).join(format!("{topic}-{partition}"))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for node in &self.nodes {
            node.kill();
        }
        let _ = fs::remove_dir_all(&self.dir);
    }
}
