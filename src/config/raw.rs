//! What was typed: every key of `strait.toml`, all optional, each with its place in the file.
//!
//! These types are also the source of `strait.schema.json` and docs/config.md: a doc comment here is
//! what an editor shows and what the page says.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer};

use super::choice::{OneOf, SecurityProtocol};
use super::defaults;
use super::error::Span;
use super::settings::{OnLoss, Origin, SaslMechanism};
use crate::kafka::codec::Codec;

/// Holds a value and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct At<T>(toml::Spanned<T>);

impl<T> At<T> {
    /// Returns the value.
    pub fn value(&self) -> &T {
        self.0.get_ref()
    }

    /// Returns where the value stands, quotes included.
    pub fn span(&self) -> Span {
        self.0.span().into()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for At<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        toml::Spanned::<T>::deserialize(deserializer).map(At)
    }
}

impl<T: JsonSchema> JsonSchema for At<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// Named tables, each with the place of its name.
pub type Named<T> = BTreeMap<At<String>, T>;

/// Configures Strait: which clusters there are, and what is copied from which to which.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "strait.toml")]
pub struct RawFile {
    /// The clusters, each under a name of your choice (letters, digits, `.`, `_` and `-`).
    #[schemars(required)]
    pub clusters: Option<Named<RawCluster>>,
    /// The flows, each under a name of your choice (letters, digits, `_` and `-`). The name becomes part
    /// of topic, group and transactional ids: renaming a flow starts it anew.
    #[schemars(required)]
    pub flows: Option<Named<RawFlow>>,
}

/// Says how to reach one cluster.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawCluster {
    /// Brokers to ask first, `host:port` each; at least one.
    #[schemars(required, extend("examples" = [["us-1:9093", "us-2:9093"]]))]
    pub bootstrap_servers: Option<At<Vec<At<String>>>>,
    /// The id the cluster must report, checked on every connection.
    #[schemars(extend("examples" = ["5L6g3nShT-eMCtK--X86sw"]))]
    pub cluster_id: Option<At<String>>,
    /// Encryption and login of the connections.
    #[schemars(with = "Option<OneOf<SecurityProtocol>>", extend("default" = defaults::SECURITY_PROTOCOL, "examples" = ["SASL_SSL"]))]
    pub security_protocol: Option<At<String>>,
    /// How to log in, with a `SASL_` protocol: `PLAIN` and `SCRAM` take `sasl_username` and
    /// `sasl_password`; the others the keys that begin with their names.
    #[schemars(with = "Option<OneOf<SaslMechanism>>", extend("examples" = ["SCRAM-SHA-512"]))]
    pub sasl_mechanism: Option<At<String>>,
    /// The user to log in as; also `env:NAME` or `file:PATH`.
    #[schemars(extend("examples" = ["strait"]))]
    pub sasl_username: Option<At<String>>,
    /// The password: `env:NAME` for an environment variable, or `file:PATH` (relative to this file) for a
    /// file's content, its last line break left out. Anything else is the password itself, with a warning.
    #[schemars(extend("examples" = ["file:/run/secrets/us"]))]
    pub sasl_password: Option<At<String>>,
    /// Where `OAUTHBEARER` gets its tokens: an OAuth 2 (OIDC) token endpoint, asked with the client
    /// credentials grant. An `https` endpoint is trusted by the system's certificates and `ssl_ca_file`.
    #[schemars(extend("examples" = ["https://login.example.com/oauth2/token"]))]
    pub sasl_oauthbearer_token_endpoint_url: Option<At<String>>,
    /// The client id the token endpoint knows; also `env:NAME` or `file:PATH`.
    #[schemars(extend("examples" = ["strait"]))]
    pub sasl_oauthbearer_client_credentials_client_id: Option<At<String>>,
    /// That client's secret, written like `sasl_password`.
    #[schemars(extend("examples" = ["file:/run/secrets/us-client"]))]
    pub sasl_oauthbearer_client_credentials_client_secret: Option<At<String>>,
    /// The scopes to ask the token endpoint for, with spaces between.
    #[schemars(extend("examples" = ["kafka"]))]
    pub sasl_oauthbearer_scope: Option<At<String>>,
    /// A token instead of a token endpoint, written like `sasl_password`. A file is read again for every
    /// login, so that something else can keep it fresh.
    #[schemars(extend("examples" = ["file:/run/secrets/us-token"]))]
    pub sasl_oauthbearer_token: Option<At<String>>,
    /// SASL extensions sent with each token, as some services want them.
    #[schemars(with = "Option<BTreeMap<String, String>>", extend("default" = {}, "examples" = [{"logicalCluster": "lkc-a1b2c3"}]))]
    pub sasl_oauthbearer_extensions: Option<At<BTreeMap<String, String>>>,
    /// The region of a cluster with `AWS_MSK_IAM`. Read from the brokers' names by default, then from
    /// `AWS_REGION`.
    #[schemars(extend("examples" = ["eu-west-1"]))]
    pub sasl_aws_region: Option<At<String>>,
    /// The profile of the shared credentials file to sign with. Without profile and keys, credentials are
    /// looked for where AWS's tools look: docs/security.md lists the places.
    #[schemars(extend("examples" = ["strait"]))]
    pub sasl_aws_profile: Option<At<String>>,
    /// The access key to sign with; also `env:NAME` or `file:PATH`.
    #[schemars(extend("examples" = ["env:US_AWS_KEY_ID"]))]
    pub sasl_aws_access_key_id: Option<At<String>>,
    /// The secret of that key, written like `sasl_password`.
    #[schemars(extend("examples" = ["env:US_AWS_SECRET"]))]
    pub sasl_aws_secret_access_key: Option<At<String>>,
    /// What temporary credentials have besides, written like `sasl_password`.
    #[schemars(extend("examples" = ["env:US_AWS_SESSION"]))]
    pub sasl_aws_session_token: Option<At<String>>,
    /// PEM file of the certificates to trust, relative to this file. The system's by default.
    #[schemars(extend("examples" = ["ca.pem"]))]
    pub ssl_ca_file: Option<At<String>>,
    /// PEM certificate chain to show the brokers (mutual TLS), relative to this file.
    #[schemars(extend("examples" = ["strait.pem"]))]
    pub ssl_certificate_file: Option<At<String>>,
    /// PEM private key of that certificate, relative to this file.
    #[schemars(extend("examples" = ["strait.key"]))]
    pub ssl_key_file: Option<At<String>>,
    /// The name shown in the brokers' logs and quotas.
    #[schemars(extend("default" = defaults::CLIENT_ID, "examples" = ["strait-us"]))]
    pub client_id: Option<At<String>>,
    /// Longest wait for connection, TLS handshake and login together.
    #[schemars(extend("default" = defaults::CONNECT_TIMEOUT, "examples" = ["10s"]))]
    pub connect_timeout: Option<At<String>>,
    /// Longest wait for a response before the connection is given up.
    #[schemars(extend("default" = defaults::REQUEST_TIMEOUT, "examples" = ["30s"]))]
    pub request_timeout: Option<At<String>>,
}

/// Says what is copied from one cluster to another.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawFlow {
    /// The cluster to copy from.
    #[schemars(required, extend("examples" = ["us"]))]
    pub source: Option<At<String>>,
    /// The cluster to copy to.
    #[schemars(required, extend("examples" = ["eu"]))]
    pub target: Option<At<String>>,
    /// The topics to copy: names, globs (`*` also matches dots), or `re:` and a regular expression for the
    /// whole name. `__*`, `strait.*`, `mm2-*` and `*.internal` are never copied.
    #[schemars(required, extend("examples" = [["orders.*", "payments"]]))]
    pub topics: Option<At<Vec<At<String>>>>,
    /// The topics to leave out, written like `topics`.
    #[schemars(extend("default" = [], "examples" = [["*.tmp"]]))]
    pub exclude: Option<Vec<At<String>>>,
    /// The name at the target; `{topic}` stands for the name at the source. `us.{topic} -> {topic}` takes what
    /// stands in front of the arrow off first, which turns `us.{topic}` round.
    #[schemars(extend("default" = defaults::RENAME, "examples" = ["us.{topic}"]))]
    pub rename: Option<At<String>>,
    /// Whose records are copied: `local` for those first written at the source (no loops), `any` for
    /// relays.
    #[schemars(with = "Option<OneOf<Origin>>", extend("default" = defaults::ORIGIN, "examples" = ["local"]))]
    pub origin: Option<At<String>>,
    /// Where a partition begins that was never copied: `earliest`, `latest`, or a timestamp (RFC 3339).
    /// With `latest`, topics and partitions made after the flow first ran are still copied whole.
    #[schemars(extend("default" = defaults::START, "examples" = ["2026-11-01T00:00:00Z"]))]
    pub start: Option<At<String>>,
    /// The consumer groups whose offsets follow, written like `topics`.
    #[schemars(extend("default" = [], "examples" = [["*"]]))]
    pub groups: Option<Vec<At<String>>>,
    /// Whether several processes that run this flow share its partitions, as the members of the consumer
    /// group `strait.<flow>.workers` at the target. Like `replicate --share`, for this flow alone.
    #[schemars(extend("default" = false, "examples" = [true]))]
    pub share: Option<bool>,
    /// How target topics are made.
    pub provision: Option<RawProvision>,
    /// What to do where the log betrays us, and what to change on the way.
    pub policy: Option<RawPolicy>,
    /// Ceilings and intervals.
    pub limits: Option<RawLimits>,
}

/// Says how target topics are made.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawProvision {
    /// Whether topics are created and partitions added at the target. If not, a missing topic is an error.
    #[schemars(extend("default" = true, "examples" = [false]))]
    pub enabled: Option<bool>,
    /// Replicas of each partition, at least 1. The target brokers' default if not set.
    #[schemars(with = "Option<i64>", range(min = 1, max = 32767), extend("examples" = [3]))]
    pub replication_factor: Option<At<i64>>,
    /// Topic configs that win over the source's; quote the names, they have dots.
    #[schemars(extend("default" = {}, "examples" = [{"min.insync.replicas": "2"}]))]
    pub config_overrides: Option<BTreeMap<String, String>>,
}

/// Says what to do where the log betrays us: `stop` stops the partition and says what is missing, `skip`
/// goes on and records the missing range.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawPolicy {
    /// Retention at the source overtook the copy.
    #[schemars(with = "Option<OneOf<OnLoss>>", extend("default" = defaults::ON_LOSS, "examples" = ["skip"]))]
    pub on_gap: Option<At<String>>,
    /// The source topic was deleted and made again.
    #[schemars(with = "Option<OneOf<OnLoss>>", extend("default" = defaults::ON_LOSS, "examples" = ["skip"]))]
    pub on_recreated: Option<At<String>>,
    /// A single record is larger than the target takes.
    #[schemars(with = "Option<OneOf<OnLoss>>", extend("default" = defaults::ON_LOSS, "examples" = ["skip"]))]
    pub on_oversize: Option<At<String>>,
    /// The codec at the target: `keep` for the source's, or one to recompress with.
    #[schemars(with = "Option<OneOf<Option<Codec>>>", extend("default" = defaults::COMPRESSION, "examples" = ["zstd"]))]
    pub compression: Option<At<String>>,
}

/// Sets ceilings and intervals.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawLimits {
    /// The most read from the source, in bytes a second. No limit if not set.
    #[schemars(extend("examples" = ["50 MiB/s"]))]
    pub bandwidth: Option<At<String>>,
    /// The most held that was fetched and not yet acknowledged, all partitions together: at least 16 MiB,
    /// and 4 MiB for each of `connections_per_broker`.
    #[schemars(extend("default" = defaults::MEMORY, "examples" = ["512 MiB"]))]
    pub memory: Option<At<String>>,
    /// Data connections to each broker, at each end: 1 to 16.
    #[schemars(with = "Option<i64>", range(min = 1, max = 16), extend("default" = defaults::CONNECTIONS_PER_BROKER, "examples" = [4]))]
    pub connections_per_broker: Option<At<i64>>,
    /// How often topics and partitions are looked for.
    #[schemars(extend("default" = defaults::DISCOVERY_INTERVAL, "examples" = ["1m"]))]
    pub discovery_interval: Option<At<String>>,
    /// How often progress is kept at the target.
    #[schemars(extend("default" = defaults::CHECKPOINT_INTERVAL, "examples" = ["10s"]))]
    pub checkpoint_interval: Option<At<String>>,
    /// How long an operation is retried before a run with `--once` gives its partition up.
    #[schemars(extend("default" = defaults::RETRY_TIMEOUT, "examples" = ["5m"]))]
    pub retry_timeout: Option<At<String>>,
    /// How long a stop may take before it is forced.
    #[schemars(extend("default" = defaults::SHUTDOWN_TIMEOUT, "examples" = ["1m"]))]
    pub shutdown_timeout: Option<At<String>>,
    /// How long a process that shares its partitions may be silent before others take them over; brokers
    /// take 6 s to 30 min unless set up otherwise (`group.min.session.timeout.ms`).
    #[schemars(extend("default" = defaults::SESSION_TIMEOUT, "examples" = ["30s"]))]
    pub session_timeout: Option<At<String>>,
}
