//! From what was typed to what it means; every rule of the file stands here.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::Spanned;

use super::Env;
use super::error::{ConfigFault, FaultKind, nearest, position};
use super::patterns::TopicSelector;
use super::raw::{Placed, RawCluster, RawConfig, RawFlow, RawLimits, RawPolicy, RawProvision};
use super::secret::Secret;
use super::settings::{
    BootstrapServer, ClientIdentity, ClusterSettings, FlowSettings, LimitSettings, OnLoss, Origin,
    PolicySettings, ProvisionSettings, Rename, SaslMechanism, SaslSettings, Settings, StartAt, TlsSettings,
};
use super::units;
use crate::kafka::codec::Codec;
use crate::types::{ClusterAlias, ClusterId, FlowName};

/// Least memory a flow can work in.
const MEMORY_BYTES_MIN: u64 = 16 << 20;

struct Resolver<'a> {
    path: &'a Path,
    text: &'a str,
    env: Env<'a>,
    faults: Vec<ConfigFault>,
}

/// Resolves a whole file, or returns all its faults.
pub fn resolve(path: &Path, text: &str, raw: &RawConfig, env: Env<'_>) -> Result<Settings, Vec<ConfigFault>> {
    let mut resolver = Resolver { path, text, env, faults: Vec::new() };
    let mut clusters = BTreeMap::new();
    for (alias, cluster) in &raw.clusters {
        if let Some(settings) = resolver.cluster(alias, cluster) {
            clusters.insert(settings.alias.clone(), settings);
        }
    }
    let mut flows = BTreeMap::new();
    for (name, flow) in &raw.flows {
        if let Some(settings) = resolver.flow(name, flow, raw) {
            flows.insert(settings.name.clone(), settings);
        }
    }
    if raw.clusters.is_empty() {
        resolver.fault(FaultKind::Missing("[clusters.NAME]"), 0..0);
    }
    if raw.flows.is_empty() {
        resolver.fault(FaultKind::Missing("[flows.NAME]"), 0..0);
    }
    if !resolver.faults.is_empty() {
        return Err(resolver.faults);
    }
    Ok(Settings { path: path.to_owned(), clusters, flows })
}

impl Resolver<'_> {
    fn fault(&mut self, kind: FaultKind, span: Range<usize>) {
        self.faults.push(ConfigFault::new(kind, span));
    }

    fn value<T>(
        &mut self,
        key: &'static str,
        typed: &Placed<String>,
        default: T,
        expected: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> T {
        let Some(typed) = typed else { return default };
        if let Some(value) = read(typed.get_ref()) {
            return value;
        }
        let value = typed.get_ref().clone();
        self.fault(FaultKind::Value { key, value, expected: expected.to_owned() }, typed.span());
        default
    }

    fn duration(&mut self, key: &'static str, typed: &Placed<String>, seconds: u64) -> Duration {
        let expected = "a duration such as \"30s\" or \"2m\"";
        self.value(key, typed, Duration::from_secs(seconds), expected, units::duration)
    }

    fn cluster(&mut self, alias: &Spanned<String>, raw: &Spanned<RawCluster>) -> Option<ClusterSettings> {
        let cluster = raw.get_ref();
        let protocol = self.value(
            "security_protocol",
            &cluster.security_protocol,
            (false, false),
            "one of PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL",
            |text| match text {
                "PLAINTEXT" => Some((false, false)),
                "SSL" => Some((true, false)),
                "SASL_PLAINTEXT" => Some((false, true)),
                "SASL_SSL" => Some((true, true)),
                _ => None,
            },
        );
        let bootstrap_servers = self.bootstrap_servers(alias, cluster);
        let tls = self.tls(cluster, protocol.0);
        let sasl = if protocol.1 { self.sasl(alias, cluster) } else { self.no_sasl(cluster) };
        if bootstrap_servers.is_empty() || (protocol.1 && sasl.is_none()) {
            return None;
        }
        Some(ClusterSettings {
            alias: ClusterAlias::from(alias.get_ref().as_str()),
            bootstrap_servers,
            cluster_id: cluster.cluster_id.as_deref().map(ClusterId::from),
            tls,
            sasl,
            client_id: cluster.client_id.clone().unwrap_or_else(|| "strait".to_owned()),
            connect_timeout: self.duration("connect_timeout", &cluster.connect_timeout, 10),
            request_timeout: self.duration("request_timeout", &cluster.request_timeout, 30),
        })
    }

    fn bootstrap_servers(&mut self, alias: &Spanned<String>, cluster: &RawCluster) -> Vec<BootstrapServer> {
        let Some(list) = &cluster.bootstrap_servers else {
            self.fault(FaultKind::Missing("bootstrap_servers"), alias.span());
            return Vec::new();
        };
        if list.get_ref().is_empty() {
            self.fault(FaultKind::Missing("an entry of bootstrap_servers"), list.span());
        }
        let mut servers = Vec::new();
        for entry in list.get_ref() {
            let parts = entry.get_ref().rsplit_once(':');
            let port = parts.and_then(|(_, port)| port.parse().ok()).filter(|port: &u16| *port > 0);
            match (parts, port) {
                (Some((host, _)), Some(port)) if !host.is_empty() => servers.push(BootstrapServer {
                    host: host.trim_matches(['[', ']']).to_owned(),
                    port,
                    line: position(self.text, entry.span().start).0,
                }),
                _ => {
                    let (key, value) = ("bootstrap_servers", entry.get_ref().clone());
                    let expected = "\"host:port\"".to_owned();
                    self.fault(FaultKind::Value { key, value, expected }, entry.span());
                }
            }
        }
        servers
    }

    fn tls(&mut self, cluster: &RawCluster, encrypted: bool) -> Option<TlsSettings> {
        let (ca, certificate, key) =
            (&cluster.ssl_ca_file, &cluster.ssl_certificate_file, &cluster.ssl_key_file);
        if !encrypted {
            if let Some(typed) = [ca, certificate, key].into_iter().flatten().next() {
                let words = "ssl_* keys need security_protocol = \"SSL\" or \"SASL_SSL\"";
                self.fault(FaultKind::Contradiction(words), typed.span());
            }
            return None;
        }
        let client_identity = match (certificate, key) {
            (Some(certificate), Some(key)) => Some(ClientIdentity {
                certificate_file: self.file(certificate.get_ref()),
                key_file: self.file(key.get_ref()),
            }),
            (None, None) => None,
            (Some(alone), None) | (None, Some(alone)) => {
                let words = "ssl_certificate_file and ssl_key_file go together";
                self.fault(FaultKind::Contradiction(words), alone.span());
                None
            }
        };
        let ca_file = ca.as_ref().map(|path| self.file(path.get_ref()));
        Some(TlsSettings { ca_file, client_identity })
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path.parent().unwrap_or(Path::new("")).join(name)
    }

    fn no_sasl(&mut self, cluster: &RawCluster) -> Option<SaslSettings> {
        let typed = [&cluster.sasl_mechanism, &cluster.sasl_username, &cluster.sasl_password];
        if let Some(typed) = typed.into_iter().flatten().next() {
            let words = "sasl_* keys need security_protocol = \"SASL_SSL\" or \"SASL_PLAINTEXT\"";
            self.fault(FaultKind::Contradiction(words), typed.span());
        }
        None
    }

    fn sasl(&mut self, alias: &Spanned<String>, cluster: &RawCluster) -> Option<SaslSettings> {
        let mut missing = |key| {
            self.faults.push(ConfigFault::new(FaultKind::Missing(key), alias.span()));
        };
        if cluster.sasl_mechanism.is_none() {
            missing("sasl_mechanism");
        }
        if cluster.sasl_username.is_none() {
            missing("sasl_username");
        }
        if cluster.sasl_password.is_none() {
            missing("sasl_password");
        }
        let mechanism = self.value(
            "sasl_mechanism",
            &cluster.sasl_mechanism,
            None,
            "one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 in this build",
            |text| match text {
                "PLAIN" => Some(Some(SaslMechanism::Plain)),
                "SCRAM-SHA-256" => Some(Some(SaslMechanism::ScramSha256)),
                "SCRAM-SHA-512" => Some(Some(SaslMechanism::ScramSha512)),
                _ => None,
            },
        )?;
        let username = cluster.sasl_username.as_ref()?.get_ref().clone();
        let password = self.secret(cluster.sasl_password.as_ref()?)?;
        Some(SaslSettings { mechanism, username, password })
    }

    /// Reads `env:NAME`, `file:PATH` (relative to this file), or the text itself.
    fn secret(&mut self, typed: &Spanned<String>) -> Option<Secret> {
        let text = typed.get_ref();
        let read = if let Some(name) = text.strip_prefix("env:") {
            (self.env)(name).ok_or_else(|| format!("the variable {name} is not set"))
        } else if let Some(path) = text.strip_prefix("file:") {
            let path = self.file(path);
            let contents = std::fs::read_to_string(&path);
            contents
                .map(|text| text.trim_end_matches(['\r', '\n']).to_owned())
                .map_err(|error| format!("{}: {error}", path.display()))
        } else {
            Ok(text.clone())
        };
        match read {
            Ok(secret) => Some(Secret::new(secret)),
            Err(reason) => {
                self.fault(FaultKind::Secret(reason), typed.span());
                None
            }
        }
    }

    fn flow(
        &mut self,
        name: &Spanned<String>,
        raw: &Spanned<RawFlow>,
        all: &RawConfig,
    ) -> Option<FlowSettings> {
        let flow = raw.get_ref();
        let valid = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if name.get_ref().is_empty() || !name.get_ref().chars().all(valid) {
            let (key, value) = ("a flow's name", name.get_ref().clone());
            let expected =
                "letters, digits, _ and - only: it becomes part of topic and group names".to_owned();
            self.fault(FaultKind::Value { key, value, expected }, name.span());
        }
        let source = self.end("source", &flow.source, name, all);
        let target = self.end("target", &flow.target, name, all);
        if let (Some(source), Some(target)) = (&source, &target)
            && source == target
        {
            let span = flow.target.as_ref().map_or(0..0, Spanned::span);
            self.fault(FaultKind::SameCluster(source.to_string()), span);
        }
        let topics = self.topics(flow, name);
        let rename = match &flow.rename {
            Some(typed) => self.rename(typed),
            None => Rename { prefix: String::new(), suffix: String::new() },
        };
        let origin =
            self.value("origin", &flow.origin, Origin::Any, "\"local\" or \"any\"", |text| match text {
                "local" => Some(Origin::Local),
                "any" => Some(Origin::Any),
                _ => None,
            });
        let expected = "\"earliest\", \"latest\" or a time such as \"2026-01-31T12:00:00Z\"";
        let start = self.value("start", &flow.start, StartAt::Earliest, expected, |text| match text {
            "earliest" => Some(StartAt::Earliest),
            "latest" => Some(StartAt::Latest),
            time => time.parse::<jiff::Timestamp>().ok().map(|t| StartAt::TimestampMs(t.as_millisecond())),
        });
        let provision = self.provision(flow.provision.as_ref().unwrap_or(&RawProvision::default()));
        let policy = self.policy(flow.policy.as_ref().unwrap_or(&RawPolicy::default()));
        let limits = self.limits(flow.limits.as_ref().unwrap_or(&RawLimits::default()));
        Some(FlowSettings {
            name: FlowName::from(name.get_ref().as_str()),
            source: source?,
            target: target?,
            topics: topics?,
            rename,
            origin,
            start,
            groups: flow.groups.clone().unwrap_or_default(),
            provision,
            policy,
            limits,
        })
    }

    fn end(
        &mut self,
        key: &'static str,
        typed: &Placed<String>,
        name: &Spanned<String>,
        all: &RawConfig,
    ) -> Option<ClusterAlias> {
        let Some(typed) = typed else {
            self.fault(FaultKind::Missing(key), name.span());
            return None;
        };
        let alias = typed.get_ref();
        if all.clusters.keys().any(|known| known.get_ref() == alias) {
            return Some(ClusterAlias::from(alias.as_str()));
        }
        let help = nearest(alias, all.clusters.keys().map(|known| known.get_ref().as_str()));
        let kind = FaultKind::UnknownCluster(alias.clone());
        self.faults.push(ConfigFault::new(kind, typed.span()).with_help(help));
        None
    }

    fn topics(&mut self, flow: &RawFlow, name: &Spanned<String>) -> Option<TopicSelector> {
        let Some(topics) = &flow.topics else {
            self.fault(FaultKind::Missing("topics"), name.span());
            return None;
        };
        let none = Vec::new();
        let exclude = flow.exclude.as_ref().map_or(&none, Spanned::get_ref);
        match TopicSelector::new(topics.get_ref(), exclude) {
            Ok(selector) => Some(selector),
            Err(error) => {
                self.fault(error.into(), topics.span());
                None
            }
        }
    }

    fn rename(&mut self, typed: &Spanned<String>) -> Rename {
        let parts: Vec<&str> = typed.get_ref().split("{topic}").collect();
        if let [prefix, suffix] = parts[..] {
            return Rename { prefix: prefix.to_owned(), suffix: suffix.to_owned() };
        }
        let expected = "text with {topic} in it exactly once".to_owned();
        let value = typed.get_ref().clone();
        self.fault(FaultKind::Value { key: "rename", value, expected }, typed.span());
        Rename { prefix: String::new(), suffix: String::new() }
    }

    fn provision(&mut self, raw: &RawProvision) -> ProvisionSettings {
        let factor = &raw.replication_factor;
        if let Some(typed) = factor
            && *typed.get_ref() < 1
        {
            let (key, value) = ("replication_factor", typed.get_ref().to_string());
            self.fault(FaultKind::Value { key, value, expected: "1 or more".to_owned() }, typed.span());
        }
        ProvisionSettings {
            enabled: raw.enabled.unwrap_or(true),
            replication_factor: factor.as_ref().map(|typed| *typed.get_ref()),
            config_overrides: raw.config_overrides.clone(),
        }
    }

    fn policy(&mut self, raw: &RawPolicy) -> PolicySettings {
        let mut on_loss = |key, typed| {
            self.value(key, typed, OnLoss::Stop, "\"stop\" or \"skip\"", |text| match text {
                "stop" => Some(OnLoss::Stop),
                "skip" => Some(OnLoss::Skip),
                _ => None,
            })
        };
        let on_gap = on_loss("on_gap", &raw.on_gap);
        let on_recreated = on_loss("on_recreated", &raw.on_recreated);
        let on_oversize = on_loss("on_oversize", &raw.on_oversize);
        let expected = "one of keep, none, gzip, snappy, lz4, zstd";
        let compression = self.value("compression", &raw.compression, None, expected, |text| {
            if text == "keep" {
                return Some(None);
            }
            Codec::ALL.into_iter().find(|codec| codec.name() == text).map(Some)
        });
        PolicySettings { on_gap, on_recreated, on_oversize, compression }
    }

    fn limits(&mut self, raw: &RawLimits) -> LimitSettings {
        let size = "a size of at least 16 MiB, such as \"256 MiB\"";
        let memory = self.value("memory", &raw.memory, 256 << 20, size, |text| {
            units::bytes(text).filter(|bytes| *bytes >= MEMORY_BYTES_MIN)
        });
        let rate = "a rate such as \"50 MiB/s\"";
        let bandwidth = self
            .value("bandwidth", &raw.bandwidth, None, rate, |text| units::bytes_per_second(text).map(Some));
        let connections = raw.connections_per_broker.as_ref().map_or(2, |typed| *typed.get_ref());
        if let Some(typed) = &raw.connections_per_broker
            && !(1..=16).contains(&connections)
        {
            let (key, value) = ("connections_per_broker", connections.to_string());
            self.fault(FaultKind::Value { key, value, expected: "1 to 16".to_owned() }, typed.span());
        }
        LimitSettings {
            bandwidth_bytes_per_second: bandwidth,
            memory_bytes: usize::try_from(memory).unwrap_or(usize::MAX),
            connections_per_broker: connections,
            discovery_interval: self.duration("discovery_interval", &raw.discovery_interval, 30),
            checkpoint_interval: self.duration("checkpoint_interval", &raw.checkpoint_interval, 5),
            retry_timeout: self.duration("retry_timeout", &raw.retry_timeout, 120),
            shutdown_timeout: self.duration("shutdown_timeout", &raw.shutdown_timeout, 30),
        }
    }
}
