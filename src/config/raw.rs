//! What was typed: every key optional, with its place in the file where a check needs it.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

/// A value and where it stands.
pub type Placed<T> = Option<Spanned<T>>;

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)] // the keys are described in docs/config.md
pub struct RawConfig {
    #[serde(default)]
    pub clusters: BTreeMap<Spanned<String>, Spanned<RawCluster>>,
    #[serde(default)]
    pub flows: BTreeMap<Spanned<String>, Spanned<RawFlow>>,
}

/// `[clusters.NAME]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)] // the keys are described in docs/config.md
pub struct RawCluster {
    pub bootstrap_servers: Placed<Vec<Spanned<String>>>,
    pub cluster_id: Option<String>,
    pub client_id: Option<String>,
    pub security_protocol: Placed<String>,
    pub sasl_mechanism: Placed<String>,
    pub sasl_username: Placed<String>,
    pub sasl_password: Placed<String>,
    pub ssl_ca_file: Placed<String>,
    pub ssl_certificate_file: Placed<String>,
    pub ssl_key_file: Placed<String>,
    pub connect_timeout: Placed<String>,
    pub request_timeout: Placed<String>,
}

/// `[flows.NAME]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)] // the keys are described in docs/config.md
pub struct RawFlow {
    pub source: Placed<String>,
    pub target: Placed<String>,
    pub topics: Placed<Vec<String>>,
    pub exclude: Placed<Vec<String>>,
    pub rename: Placed<String>,
    pub origin: Placed<String>,
    pub start: Placed<String>,
    pub groups: Option<Vec<String>>,
    pub provision: Option<RawProvision>,
    pub policy: Option<RawPolicy>,
    pub limits: Option<RawLimits>,
}

/// `[flows.NAME.provision]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)] // the keys are described in docs/config.md
pub struct RawProvision {
    pub enabled: Option<bool>,
    pub replication_factor: Placed<i16>,
    #[serde(default)]
    pub config_overrides: BTreeMap<String, String>,
}

/// `[flows.NAME.policy]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)] // the keys are described in docs/config.md
pub struct RawPolicy {
    pub on_gap: Placed<String>,
    pub on_recreated: Placed<String>,
    pub on_oversize: Placed<String>,
    pub compression: Placed<String>,
}

/// `[flows.NAME.limits]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)] // the keys are described in docs/config.md
pub struct RawLimits {
    pub bandwidth: Placed<String>,
    pub memory: Placed<String>,
    pub connections_per_broker: Placed<usize>,
    pub discovery_interval: Placed<String>,
    pub checkpoint_interval: Placed<String>,
    pub retry_timeout: Placed<String>,
    pub shutdown_timeout: Placed<String>,
}
