//! What is to be seen in the file alone, once it can be read.

use crate::config::language::is_empty;
use crate::config::patterns::{INTERNAL, Pattern, internal_rule};
use crate::config::settings::{PasswordMechanism, SaslMechanism};
use crate::config::suggest::nearest;
use crate::validate::finding::Notes;
use crate::validate::view::FileView;

/// Says that an entry of a pattern list can match nothing.
pub fn pattern_matches_nothing(view: &FileView<'_>, notes: &mut Notes) {
    for flow in view.settings.flows.keys() {
        for list in ["topics", "exclude"] {
            for (index, text) in view.places.texts(&["flows", flow.as_str(), list]).iter().enumerate() {
                let path = ["flows", flow.as_str(), list, &index.to_string()];
                if let Some(rule) = internal_only(text).filter(|_| list == "topics") {
                    let message =
                        format!("`{text}` matches only internal topics (`{rule}`), which are never copied");
                    notes.found(&path, message, "remove it; `*` leaves internal topics out by itself");
                } else if is_empty(text) {
                    let message = format!("`{text}` matches no name a topic can have");
                    notes.found(&path, message, empty_help(text));
                }
            }
        }
    }
}

fn empty_help(text: &str) -> String {
    if !text.starts_with("re:") && text.contains(['^', '$', '|', '(', '+', '\\']) {
        return format!("this is read as a glob; for a regular expression write `re:{text}`");
    }
    "topics have only letters, digits, `.`, `_` and `-` in their names".to_owned()
}

/// Returns the rule by which everything a glob can match is internal.
fn internal_only(text: &str) -> Option<&'static str> {
    if text.starts_with("re:") {
        return None;
    }
    let is_meta = |c: char| "*?[]{}\\".contains(c);
    let start = text.split(is_meta).next().unwrap_or_default();
    let end = text.rsplit(is_meta).next().unwrap_or_default();
    INTERNAL.into_iter().find(|rule| match (rule.strip_prefix('*'), rule.strip_suffix('*')) {
        (Some(ending), _) => end.ends_with(ending),
        (None, Some(beginning)) => start.starts_with(beginning),
        (None, None) => false,
    })
}

/// Says that a glob was probably meant as a regular expression.
pub fn pattern_looks_like_regex(view: &FileView<'_>, notes: &mut Notes) {
    for flow in view.settings.flows.keys() {
        for list in ["topics", "exclude", "groups"] {
            for (index, text) in view.places.texts(&["flows", flow.as_str(), list]).iter().enumerate() {
                let looks = text.starts_with(".*") || text.contains("\\.") || text.contains(".+");
                if looks && !text.starts_with("re:") && !is_empty(text) {
                    let path = ["flows", flow.as_str(), list, &index.to_string()];
                    let message = format!("`{text}` is a glob, in which a dot stands for itself");
                    notes.found(&path, message, format!("write `re:{text}` for a regular expression"));
                }
            }
        }
    }
}

/// Says that an entry of `topics` is left out by `exclude` as a whole.
pub fn exclude_contradicts(view: &FileView<'_>, notes: &mut Notes) {
    for flow in view.settings.flows.keys() {
        let texts = |list| view.places.texts(&["flows", flow.as_str(), list]);
        let exclude = texts("exclude");
        for (index, topic) in texts("topics").iter().enumerate() {
            let by = exclude
                .iter()
                .find(|entry| *entry == topic || *entry == "*" || (is_name(topic) && matches(entry, topic)));
            if let Some(by) = by {
                let path = ["flows", flow.as_str(), "topics", &index.to_string()];
                let message = format!("`{topic}` is left out by `{by}` of exclude");
                notes.found(&path, message, "remove one of the two");
            }
        }
    }
}

/// Says that a name in `exclude` leaves out nothing.
pub fn exclude_without_effect(view: &FileView<'_>, notes: &mut Notes) {
    for flow in view.settings.flows.keys() {
        let texts = |list| view.places.texts(&["flows", flow.as_str(), list]);
        let topics = texts("topics");
        for (index, entry) in texts("exclude").iter().enumerate().filter(|(_, entry)| is_name(entry)) {
            let why = match internal_rule(entry) {
                Some(_) => "internal topics are never copied",
                None if topics.iter().any(|topic| matches(topic, entry)) => continue,
                None => "topics does not match it",
            };
            let path = ["flows", flow.as_str(), "exclude", &index.to_string()];
            notes.found(&path, format!("excluding `{entry}` has no effect: {why}"), "remove it");
        }
    }
}

fn is_name(text: &str) -> bool {
    matches!(Pattern::parse(text), Ok(Pattern::Literal(_)))
}

fn matches(pattern: &str, name: &str) -> bool {
    Pattern::parse(pattern).is_ok_and(|pattern| pattern.matches(name))
}

/// Says that no flow names a cluster.
pub fn unused_cluster(view: &FileView<'_>, notes: &mut Notes) {
    let flows = || view.settings.flows.values();
    for alias in view.settings.clusters.keys() {
        if !flows().any(|flow| flow.source == *alias || flow.target == *alias) {
            let message = format!("no flow copies from or to cluster `{alias}`");
            notes.found(&["clusters", alias.as_str()], message, "remove it, or add a flow");
        }
    }
}

/// Says that a password crosses the network as it is.
pub fn plaintext_login(view: &FileView<'_>, notes: &mut Notes) {
    for (alias, cluster) in &view.settings.clusters {
        let plain = SaslMechanism::Password(PasswordMechanism::Plain);
        let is_plain = cluster.sasl.as_ref().is_some_and(|sasl| sasl.mechanism() == plain);
        if is_plain && cluster.tls.is_none() {
            let message = format!(
                "the password of cluster `{alias}` crosses the network unencrypted (PLAIN over SASL_PLAINTEXT)"
            );
            let path = ["clusters", alias.as_str(), "security_protocol"];
            notes.found(&path, message, "use SASL_SSL, or a SCRAM mechanism");
        }
    }
}

/// Says that the two clusters of a flow are reached at the same address.
pub fn one_cluster_by_address(view: &FileView<'_>, notes: &mut Notes) {
    for (name, flow) in &view.settings.flows {
        let servers = |alias: &str| view.settings.clusters.get(alias).map(|c| c.bootstrap_servers.as_slice());
        let source = servers(flow.source.as_str()).unwrap_or_default();
        let target = servers(flow.target.as_str()).unwrap_or_default();
        let shared =
            source.iter().find(|one| target.iter().any(|two| one.host == two.host && one.port == two.port));
        if let Some(server) = shared {
            let (source, target) = (&flow.source, &flow.target);
            let message = format!(
                "clusters `{source}` and `{target}` share the address {}:{}",
                server.host, server.port
            );
            notes.found(
                &["flows", name.as_str(), "target"],
                message,
                "correct bootstrap_servers of one of them",
            );
        }
    }
}

/// Says that a config override contradicts the replication factor, or that no topic has such a config.
pub fn overrides(view: &FileView<'_>, notes: &mut Notes) {
    for (name, flow) in &view.settings.flows {
        for key in flow.provision.config_overrides.keys() {
            if !TOPIC_CONFIGS.contains(&key.as_str()) {
                let path = ["flows", name.as_str(), "provision", "config_overrides", key];
                let help = match nearest(key, TOPIC_CONFIGS) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => "the brokers refuse configs they do not know".to_owned(),
                };
                notes.found(&path, format!("`{key}` is not a topic config of Apache Kafka"), help);
            }
        }
    }
}

/// Says that fewer replicas are made than must be in sync.
pub fn min_insync_override(view: &FileView<'_>, notes: &mut Notes) {
    for (name, flow) in &view.settings.flows {
        let text = flow.provision.config_overrides.get(MIN_INSYNC);
        let Some((min, factor)) =
            text.and_then(|text| text.parse::<i16>().ok()).zip(flow.provision.replication_factor)
        else {
            continue;
        };
        let path = ["flows", name.as_str(), "provision", "config_overrides", MIN_INSYNC];
        if min > factor {
            let message =
                format!("{MIN_INSYNC} is {min} and replication_factor {factor}: nothing could be written");
            notes.found(&path, message, format!("lower it below {factor}, or raise replication_factor"));
        }
    }
}

const MIN_INSYNC: &str = "min.insync.replicas";

/// Lists the topic configs of Apache Kafka (up to 4.3).
pub const TOPIC_CONFIGS: [&str; 35] = [
    "cleanup.policy",
    "compression.gzip.level",
    "compression.lz4.level",
    "compression.type",
    "compression.zstd.level",
    "delete.retention.ms",
    "file.delete.delay.ms",
    "flush.messages",
    "flush.ms",
    "follower.replication.throttled.replicas",
    "index.interval.bytes",
    "leader.replication.throttled.replicas",
    "local.retention.bytes",
    "local.retention.ms",
    "max.compaction.lag.ms",
    "max.message.bytes",
    "message.downconversion.enable",
    "message.format.version",
    "message.timestamp.after.max.ms",
    "message.timestamp.before.max.ms",
    "message.timestamp.difference.max.ms",
    "message.timestamp.type",
    "min.cleanable.dirty.ratio",
    "min.compaction.lag.ms",
    "min.insync.replicas",
    "preallocate",
    "remote.copy.disable",
    "remote.log.delete.on.disable",
    "remote.storage.enable",
    "retention.bytes",
    "retention.ms",
    "segment.bytes",
    "segment.index.bytes",
    "segment.jitter.ms",
    "segment.ms",
];
