//! What a configuration means, after reading and checking: nothing optional that should not be.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

pub use super::login::*;
pub use super::patterns::{GroupSelector, Pattern, TopicSelector, internal_rule};
pub use super::rename::{Affixes, Rename};
pub use super::secret::Secret;
pub use super::url::HttpUrl;
use crate::types::{ClusterAlias, ClusterId, FlowName};

/// Holds everything `strait.toml` says, resolved.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The file it was read from, as the user named it.
    pub path: PathBuf,
    /// The clusters by alias.
    pub clusters: BTreeMap<ClusterAlias, ClusterSettings>,
    /// The flows by name; both ends of each exist in `clusters`.
    pub flows: BTreeMap<FlowName, FlowSettings>,
}

/// Says how to reach one cluster.
#[derive(Clone, Debug)]
pub struct ClusterSettings {
    /// The name in the file.
    pub alias: ClusterAlias,
    /// Where to ask first; at least one.
    pub bootstrap_servers: Vec<BootstrapServer>,
    /// The id the cluster must report, where the file pins it.
    pub cluster_id: Option<ClusterId>,
    /// Encryption of the transport; `None` for PLAINTEXT and SASL_PLAINTEXT.
    pub tls: Option<TlsSettings>,
    /// Authentication; `None` for PLAINTEXT and SSL.
    pub sasl: Option<SaslSettings>,
    /// Sent with every request; shows in the brokers' logs and quotas.
    pub client_id: String,
    /// Longest wait for a TCP connection, TLS handshake and login together.
    pub connect_timeout: Duration,
    /// Longest wait for a response before the connection is given up.
    pub request_timeout: Duration,
}

/// One entry of `bootstrap_servers`, with its place in the file for error texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BootstrapServer {
    /// Host name or address, without brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Line in the file, from 1.
    pub line: usize,
}

/// Says how to encrypt and whom to trust.
#[derive(Clone, Debug)]
pub struct TlsSettings {
    /// PEM file of trusted certificates; `None` trusts the system's.
    pub ca_file: Option<PathBuf>,
    /// PEM certificate chain and key for mutual TLS.
    pub client_identity: Option<ClientIdentity>,
}

/// Names the files that prove who we are under mutual TLS.
#[derive(Clone, Debug)]
pub struct ClientIdentity {
    /// PEM certificate chain, leaf first.
    pub certificate_file: PathBuf,
    /// PEM private key (PKCS#8, PKCS#1 or SEC1).
    pub key_file: PathBuf,
}

/// Says what one flow copies, and how.
#[derive(Clone, Debug)]
pub struct FlowSettings {
    /// The name.
    pub name: FlowName,
    /// Where records come from.
    pub source: ClusterAlias,
    /// Where records go; never the same alias as `source`.
    pub target: ClusterAlias,
    /// Which topics, internal ones always excluded.
    pub topics: TopicSelector,
    /// How a source topic's name becomes the target's.
    pub rename: Rename,
    /// Which records belong to the flow.
    pub origin: Origin,
    /// Where a partition begins that was never copied.
    pub start: StartAt,
    /// Consumer groups whose offsets follow (glob or `re:`); empty for none.
    pub groups: GroupSelector,
    /// Whether several processes share the flow's partitions.
    pub is_shared: bool,
    /// How target topics are made.
    pub provision: ProvisionSettings,
    /// What to do where the log betrays us.
    pub policy: PolicySettings,
    /// Ceilings and intervals.
    pub limits: LimitSettings,
}

/// Says whose records a flow copies (guarantee G7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Only records first written at the source.
    Local,
    /// Everything, for relays.
    Any,
}

/// Says where a partition that was never copied begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartAt {
    /// At the log start offset.
    Earliest,
    /// At the end as seen on first sight.
    Latest,
    /// At the first record not older than this, in milliseconds since 1970.
    TimestampMs(i64),
}

/// Says how target topics are made.
#[derive(Clone, Debug)]
pub struct ProvisionSettings {
    /// False: never create or change a topic; a missing one is an error.
    pub enabled: bool,
    /// Replicas of each partition; `None` takes the target brokers' default.
    pub replication_factor: Option<i16>,
    /// Topic configs that win over the source's.
    pub config_overrides: BTreeMap<String, String>,
}

/// Chooses between stopping a partition and going on with the loss recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnLoss {
    /// Stop the partition and say what is missing.
    Stop,
    /// Go on, and record the missing range.
    Skip,
}

/// Says what to do where the log betrays us; each stops the partition by default.
#[derive(Clone, Copy, Debug)]
pub struct PolicySettings {
    /// Retention overtook us.
    pub on_gap: OnLoss,
    /// The source topic was deleted and made again.
    pub on_recreated: OnLoss,
    /// A single record is larger than the target takes.
    pub on_oversize: OnLoss,
    /// The codec at the target; `None` keeps the source's.
    pub compression: Option<crate::kafka::codec::Codec>,
}

/// Holds ceilings and intervals; all are checked against each other when resolved.
#[derive(Clone, Copy, Debug)]
pub struct LimitSettings {
    /// Bytes per second read from the source; `None` for no limit.
    pub bandwidth_bytes_per_second: Option<u64>,
    /// Bytes fetched and not yet acknowledged, all partitions together.
    pub memory_bytes: usize,
    /// Connections to each broker for data, at each end.
    pub connections_per_broker: usize,
    /// How often topics and partitions are looked for.
    pub discovery_interval: Duration,
    /// How often progress is kept at the target.
    pub checkpoint_interval: Duration,
    /// How long an operation is retried before `--once` gives its partition up.
    pub retry_timeout: Duration,
    /// How long a stop may take before it is forced.
    pub shutdown_timeout: Duration,
    /// How long a process that shares may be silent before others take its partitions over.
    pub session_timeout: Duration,
}
