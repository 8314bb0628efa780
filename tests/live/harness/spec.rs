//! What a test asks of a cluster, and the broker properties that say it.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use super::certificates::certificates;
use super::identity;
use super::maven::Version;

/// A user every SASL listener knows.
pub const USER: &str = "alice";
/// `USER`'s password.
pub const PASSWORD: &str = "alice-secret";
/// A second user, for tests of what is not allowed.
pub const LIMITED_USER: &str = "bob";
/// `LIMITED_USER`'s password.
pub const LIMITED_PASSWORD: &str = "bob-secret";

/// A name that never resolves (RFC 6761).
pub const UNKNOWN_HOST: &str = "kafka.invalid";

/// Lists the listeners a broker can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Listener {
    /// Plain text, always there; brokers and the harness's own clients use it.
    Plaintext,
    /// Plain text through a [`super::proxy::Proxy`], whose address the broker advertises.
    Proxied,
    /// TLS, the server's certificate only.
    Ssl,
    /// TLS that asks for a client certificate.
    Mtls,
    /// TLS with an expired certificate.
    Expired,
    /// TLS with a certificate that expires in ten days.
    Expiring,
    /// TLS with a certificate for another name.
    WrongName,
    /// SASL in plain text.
    SaslPlaintext,
    /// SASL in TLS.
    SaslSsl,
    /// SASL in plain text, by SCRAM-SHA-512 only.
    ScramOnly,
    /// SASL in TLS, by OAUTHBEARER only.
    Oauth,
    /// Plain text, advertised under a name that no resolver knows.
    Misadvertised,
}

impl Listener {
    /// Lists everything but the proxied one.
    pub const SECURE: [Self; 10] = [
        Self::Ssl,
        Self::Mtls,
        Self::Expired,
        Self::Expiring,
        Self::WrongName,
        Self::SaslPlaintext,
        Self::SaslSsl,
        Self::ScramOnly,
        Self::Oauth,
        Self::Misadvertised,
    ];

    /// Returns the listener's name in the broker's properties.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plaintext => "PLAINTEXT",
            Self::Proxied => "PROXIED",
            Self::Ssl => "SSL",
            Self::Mtls => "MTLS",
            Self::Expired => "EXPIRED",
            Self::Expiring => "EXPIRING",
            Self::WrongName => "WRONGNAME",
            Self::SaslPlaintext => "SASL_PLAINTEXT",
            Self::SaslSsl => "SASL_SSL",
            Self::ScramOnly => "SCRAMONLY",
            Self::Oauth => "OAUTH",
            Self::Misadvertised => "MISADVERTISED",
        }
    }

    /// Returns `security_protocol` for clients.
    pub fn protocol(self) -> &'static str {
        match self {
            Self::Plaintext | Self::Proxied | Self::Misadvertised => "PLAINTEXT",
            Self::Ssl | Self::Mtls | Self::Expired | Self::Expiring | Self::WrongName => "SSL",
            Self::SaslPlaintext | Self::ScramOnly => "SASL_PLAINTEXT",
            Self::SaslSsl | Self::Oauth => "SASL_SSL",
        }
    }
}

/// Says how much a JVM does at its start and how fast it is later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jvm {
    /// Starts fast and stays small: one compiler tier, one collector thread.
    Small,
    /// Java's own defaults, as a server runs.
    Server,
}

/// Says what cluster to start.
#[derive(Clone, Debug)]
pub struct ClusterSpec {
    /// Which Kafka.
    pub version: Version,
    /// How many nodes, each broker and controller.
    pub brokers: u16,
    /// Listeners beside PLAINTEXT.
    pub listeners: Vec<Listener>,
    /// Whether ACLs are checked; plain-text and client-anonymous TLS connections are super users.
    pub authorizer: bool,
    /// The heap of each JVM, in MiB.
    pub heap_mib: u32,
    /// How its JVMs compile and collect.
    pub jvm: Jvm,
    /// Broker properties on top, winning over the harness's.
    pub properties: BTreeMap<String, String>,
}

impl Default for ClusterSpec {
    fn default() -> Self {
        Self {
            version: Version::V4_3,
            brokers: 1,
            listeners: Vec::new(),
            authorizer: false,
            heap_mib: 384,
            jvm: Jvm::Small,
            properties: BTreeMap::new(),
        }
    }
}

impl ClusterSpec {
    /// Asks for one broker.
    pub fn one() -> Self {
        Self::default()
    }

    /// Asks for three brokers.
    pub fn three() -> Self {
        Self { brokers: 3, ..Self::default() }
    }

    /// Chooses the version.
    pub fn version(mut self, version: Version) -> Self {
        self.version = version;
        self
    }

    /// Adds listeners.
    pub fn listeners(mut self, listeners: &[Listener]) -> Self {
        self.listeners.extend_from_slice(listeners);
        self
    }

    /// Adds a listener that is reached through a proxy.
    pub fn proxied(self) -> Self {
        self.listeners(&[Listener::Proxied])
    }

    /// Has ACLs checked.
    pub fn authorizer(mut self) -> Self {
        self.authorizer = true;
        self
    }

    /// Sets a broker property.
    pub fn set(mut self, key: &str, value: &str) -> Self {
        self.properties.insert(key.to_owned(), value.to_owned());
        self
    }

    /// Writes a node's `server.properties`. `ports` are (bound, advertised) by listener;
    /// `controllers` are the quorum's ports in the order of node ids, from 1.
    pub fn properties(
        &self,
        node: u16,
        ports: &BTreeMap<Listener, (u16, u16)>,
        controllers: &[u16],
        data: &Path,
    ) -> String {
        let mut all = BTreeMap::new();
        let mut set = |key: &str, value: String| drop(all.insert(key.to_owned(), value));
        let replicas = self.brokers.to_string();
        for (key, value) in FIXED {
            set(key, (*value).to_owned());
        }
        for key in ["default.replication.factor", "offsets.topic.replication.factor"] {
            set(key, replicas.clone());
        }
        set("transaction.state.log.replication.factor", replicas);
        set("node.id", node.to_string());
        set("log.dirs", data.display().to_string());
        let voters = (1..).zip(controllers).map(|(id, port)| format!("{id}@127.0.0.1:{port}"));
        set("controller.quorum.voters", voters.collect::<Vec<_>>().join(","));
        let address = |listener: &str, port: &u16| format!("{listener}://127.0.0.1:{port}");
        let bound = ports.iter().map(|(listener, (bound, _))| address(listener.name(), bound));
        let own_controller = address("CONTROLLER", &controllers[usize::from(node) - 1]);
        set("listeners", bound.chain([own_controller]).collect::<Vec<_>>().join(","));
        let advertised = ports.iter().map(|(listener, (_, port))| match listener {
            Listener::Misadvertised => format!("{}://{UNKNOWN_HOST}:{port}", listener.name()),
            _ => address(listener.name(), port),
        });
        set("advertised.listeners", advertised.collect::<Vec<_>>().join(","));
        let protocols = ports.keys().map(|one| format!("{}:{}", one.name(), one.protocol()));
        let protocols = protocols.chain(["CONTROLLER:PLAINTEXT".to_owned()]);
        set("listener.security.protocol.map", protocols.collect::<Vec<_>>().join(","));
        for listener in ports.keys() {
            set_security(*listener, &mut set);
        }
        if self.authorizer {
            set("authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer".into());
            set("super.users", "User:ANONYMOUS".into());
        }
        all.extend(self.properties.clone());
        all.iter().fold(String::new(), |mut text, (key, value)| {
            writeln!(text, "{key}={value}").unwrap();
            text
        })
    }
}

/// What every broker is told: nothing is created unasked, everything small and quick.
const FIXED: &[(&str, &str)] = &[
    ("process.roles", "broker,controller"),
    ("controller.listener.names", "CONTROLLER"),
    ("inter.broker.listener.name", "PLAINTEXT"),
    ("auto.create.topics.enable", "false"),
    ("auto.leader.rebalance.enable", "false"),
    ("min.insync.replicas", "1"),
    ("transaction.state.log.min.isr", "1"),
    ("offsets.topic.num.partitions", "4"),
    ("transaction.state.log.num.partitions", "4"),
    ("group.initial.rebalance.delay.ms", "0"),
    ("num.network.threads", "2"),
    ("num.io.threads", "4"),
    ("broker.heartbeat.interval.ms", "500"),
    ("broker.session.timeout.ms", "4000"),
    ("log.cleaner.backoff.ms", "200"),
    ("log.cleaner.dedupe.buffer.size", "4194304"),
    ("log.cleaner.min.cleanable.ratio", "0.01"),
    // Made-up timestamps are old; only topics that ask for retention get it.
    ("log.retention.ms", "-1"),
    ("log.retention.check.interval.ms", "1000"),
    ("log.segment.delete.delay.ms", "1000"),
];

fn set_security(listener: Listener, set: &mut impl FnMut(&str, String)) {
    let prefix = format!("listener.name.{}", listener.name().to_lowercase());
    let files = certificates();
    let store = match listener {
        Listener::Ssl | Listener::Mtls | Listener::SaslSsl | Listener::Oauth => Some(&files.server),
        Listener::Expired => Some(&files.expired),
        Listener::Expiring => Some(&files.expiring),
        Listener::WrongName => Some(&files.wrong_name),
        _ => None,
    };
    if let Some(store) = store {
        set(&format!("{prefix}.ssl.keystore.type"), "PEM".into());
        set(&format!("{prefix}.ssl.keystore.location"), store.display().to_string());
        set(&format!("{prefix}.ssl.truststore.type"), "PEM".into());
        set(&format!("{prefix}.ssl.truststore.location"), files.ca.display().to_string());
        let auth = if listener == Listener::Mtls { "required" } else { "none" };
        set(&format!("{prefix}.ssl.client.auth"), auth.into());
    }
    if listener == Listener::Oauth {
        let package = "org.apache.kafka.common.security.oauthbearer";
        set(&format!("{prefix}.sasl.enabled.mechanisms"), "OAUTHBEARER".into());
        let mut set = |key: &str, value: String| set(&format!("{prefix}.oauthbearer.{key}"), value);
        set("sasl.jaas.config", format!("{package}.OAuthBearerLoginModule required;"));
        set("sasl.server.callback.handler.class", format!("{package}.OAuthBearerValidatorCallbackHandler"));
        set("sasl.oauthbearer.jwks.endpoint.url", identity::jwks_url());
        set("sasl.oauthbearer.expected.audience", identity::AUDIENCE.into());
        set("sasl.oauthbearer.expected.issuer", identity::ISSUER.into());
        // Sessions end with their tokens at the latest.
        set("connections.max.reauth.ms", "3600000".into());
    } else if listener.protocol().starts_with("SASL") {
        let every = "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512";
        let offered = if listener == Listener::ScramOnly { "SCRAM-SHA-512" } else { every };
        set(&format!("{prefix}.sasl.enabled.mechanisms"), offered.into());
        let package = "org.apache.kafka.common.security";
        let users = format!("user_{USER}=\"{PASSWORD}\" user_{LIMITED_USER}=\"{LIMITED_PASSWORD}\"");
        let plain = format!("{package}.plain.PlainLoginModule required {users};");
        set(&format!("{prefix}.plain.sasl.jaas.config"), plain);
        for mechanism in ["scram-sha-256", "scram-sha-512"] {
            let scram = format!("{package}.scram.ScramLoginModule required;");
            set(&format!("{prefix}.{mechanism}.sasl.jaas.config"), scram);
        }
    }
}
