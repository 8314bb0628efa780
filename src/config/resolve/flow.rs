//! One flow: from where to where, which topics, under which names and limits.

use super::Context;
use crate::config::defaults;
use crate::config::error::ConfigError;
use crate::config::patterns::{GroupSelector, Pattern, TopicSelector, internal_rule};
use crate::config::raw::{At, RawFlow, RawLimits, RawPolicy, RawProvision};
use crate::config::settings::{
    Affixes, FlowSettings, LimitSettings, PolicySettings, ProvisionSettings, Rename, StartAt,
};
use crate::config::units::{parse_rate, parse_timestamp_ms, show_size};
use crate::types::{ClusterAlias, FlowName};

pub(super) fn resolve(
    context: &mut Context<'_>,
    name: &At<String>,
    raw: &RawFlow,
    clusters: Option<&[&str]>,
) -> Option<FlowSettings> {
    let flow = name.value();
    let path = format!("flows.{flow}");
    let is_sound = (1..=100).contains(&flow.len())
        && flow.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    if !is_sound {
        context.error(name, ConfigError::FlowName { name: flow.clone() });
    }
    let source = raw.source.as_ref().and_then(|typed| cluster(context, typed, clusters));
    let target = raw.target.as_ref().and_then(|typed| cluster(context, typed, clusters));
    if let (Some(target), true) = (&raw.target, source.is_some() && source == target) {
        context.error(target, ConfigError::SameCluster { alias: target.value().clone() });
    }
    let topics = raw.topics.as_ref().map(|typed| {
        if typed.value().is_empty() {
            context.error(typed, ConfigError::Empty { key: format!("{path}.topics") });
        }
        let include = typed.value().iter().filter_map(|typed| topic_pattern(context, typed)).collect();
        let exclude = raw.exclude.iter().flatten().filter_map(|typed| pattern(context, typed)).collect();
        TopicSelector::new(include, exclude)
    });
    let rename = rename(context, raw.rename.as_ref());
    let origin = context.word(raw.origin.as_ref(), defaults::ORIGIN, &format!("{path}.origin"));
    let start = start(context, raw.start.as_ref());
    let groups = raw.groups.iter().flatten();
    let read = |typed: &At<String>| Some((typed.value().clone(), pattern(context, typed)?));
    let groups = GroupSelector::new(groups.filter_map(read).collect());
    let provision = provision(context, raw.provision.as_ref(), &path);
    let policy = policy(context, raw.policy.as_ref(), &path);
    let limits = limits(context, raw.limits.as_ref(), &path);
    Some(FlowSettings {
        name: FlowName::from(flow.as_str()),
        source: source?,
        target: target?,
        topics: topics?,
        rename: rename?,
        origin: origin?,
        start: start?,
        groups,
        is_shared: raw.share.unwrap_or(false),
        provision: provision?,
        policy: policy?,
        limits: limits?,
    })
}

/// Without any [clusters] that is the error, and not each name.
fn cluster(context: &mut Context<'_>, typed: &At<String>, clusters: Option<&[&str]>) -> Option<ClusterAlias> {
    let clusters = clusters.filter(|clusters| !clusters.is_empty())?;
    let name = typed.value().as_str();
    if clusters.contains(&name) {
        return Some(ClusterAlias::from(name));
    }
    let known = clusters.iter().map(|known| (*known).to_owned()).collect();
    context.error(typed, ConfigError::UnknownCluster { name: name.to_owned(), known });
    None
}

fn pattern(context: &mut Context<'_>, typed: &At<String>) -> Option<Pattern> {
    match Pattern::parse(typed.value()) {
        Ok(pattern) => Some(pattern),
        Err(fault) => {
            context.error(typed, ConfigError::Pattern { text: typed.value().clone(), fault });
            None
        }
    }
}

fn topic_pattern(context: &mut Context<'_>, typed: &At<String>) -> Option<Pattern> {
    let pattern = pattern(context, typed)?;
    if let Pattern::Literal(name) = &pattern {
        if let Some(rule) = internal_rule(name) {
            context.error(typed, ConfigError::InternalTopic { topic: name.clone(), rule });
            return None;
        }
        if !is_topic_name(name) {
            context.error(typed, ConfigError::TopicName { name: name.clone() });
            return None;
        }
    }
    Some(pattern)
}

/// Checks a name as a broker does (Kafka's `Topic.validate`).
fn is_topic_name(name: &str) -> bool {
    has_topic_characters(name)
        && (1..=defaults::TOPIC_NAME_BYTES_MAX).contains(&name.len())
        && name != "."
        && name != ".."
}

fn has_topic_characters(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

fn rename(context: &mut Context<'_>, typed: Option<&At<String>>) -> Option<Rename> {
    let text = typed.map_or(defaults::RENAME, |typed| typed.value());
    let (off, on) = text.split_once(RENAME_ARROW).unwrap_or(("{topic}", text));
    match (affixes(off), affixes(on)) {
        (Ok(off), Ok(on)) => return Some(Rename { off, on }),
        (Err(error), _) | (_, Err(error)) => {
            if let Some(typed) = typed {
                context.error(typed, error);
            }
        }
    }
    None
}

/// Stands between what is taken off a name and what is put on.
const RENAME_ARROW: &str = " -> ";

fn affixes(text: &str) -> Result<Affixes, ConfigError> {
    match text.split("{topic}").collect::<Vec<_>>().as_slice() {
        [prefix, suffix] => {
            let affix = format!("{prefix}{suffix}");
            if has_topic_characters(&affix) && affix.len() < defaults::TOPIC_NAME_BYTES_MAX {
                return Ok(Affixes { prefix: (*prefix).to_owned(), suffix: (*suffix).to_owned() });
            }
            Err(ConfigError::RenameName { text: text.to_owned() })
        }
        parts => Err(ConfigError::RenameTopic { count: parts.len().saturating_sub(1) }),
    }
}

fn start(context: &mut Context<'_>, typed: Option<&At<String>>) -> Option<StartAt> {
    match typed.map_or(defaults::START, |typed| typed.value()) {
        "earliest" => Some(StartAt::Earliest),
        "latest" => Some(StartAt::Latest),
        text => match parse_timestamp_ms(text) {
            Ok(timestamp) => Some(StartAt::TimestampMs(timestamp)),
            Err(fault) => {
                if let Some(typed) = typed {
                    context.error(typed, ConfigError::Start { text: text.to_owned(), fault });
                }
                None
            }
        },
    }
}

fn provision(context: &mut Context<'_>, raw: Option<&RawProvision>, path: &str) -> Option<ProvisionSettings> {
    let factor = raw.and_then(|raw| raw.replication_factor.as_ref());
    let key = format!("{path}.provision.replication_factor");
    let bounds = (1, i64::from(i16::MAX));
    let replication_factor = match factor {
        Some(typed) => Some(i16::try_from(context.number(Some(typed), 1, &key, bounds)?).ok()?),
        None => None,
    };
    Some(ProvisionSettings {
        enabled: raw.and_then(|raw| raw.enabled).unwrap_or(true),
        replication_factor,
        config_overrides: raw.and_then(|raw| raw.config_overrides.clone()).unwrap_or_default(),
    })
}

fn policy(context: &mut Context<'_>, raw: Option<&RawPolicy>, path: &str) -> Option<PolicySettings> {
    let key = |last: &str| format!("{path}.policy.{last}");
    let typed = |pick: fn(&RawPolicy) -> &Option<At<String>>| raw.and_then(|raw| pick(raw).as_ref());
    let on_gap = context.word(typed(|raw| &raw.on_gap), defaults::ON_LOSS, &key("on_gap"));
    let on_recreated = context.word(typed(|raw| &raw.on_recreated), defaults::ON_LOSS, &key("on_recreated"));
    let on_oversize = context.word(typed(|raw| &raw.on_oversize), defaults::ON_LOSS, &key("on_oversize"));
    let compression = context.word(typed(|raw| &raw.compression), defaults::COMPRESSION, &key("compression"));
    Some(PolicySettings {
        on_gap: on_gap?,
        on_recreated: on_recreated?,
        on_oversize: on_oversize?,
        compression: compression?,
    })
}

fn limits(context: &mut Context<'_>, raw: Option<&RawLimits>, path: &str) -> Option<LimitSettings> {
    let none = RawLimits::default();
    let raw = raw.unwrap_or(&none);
    let key = |last: &str| format!("{path}.limits.{last}");
    let bandwidth = raw.bandwidth.as_ref().map(|typed| bandwidth(context, typed, &key("bandwidth")));
    let memory =
        context.size(raw.memory.as_ref(), defaults::MEMORY, &key("memory"), defaults::MEMORY_BYTES_MIN);
    let connections = context.number(
        raw.connections_per_broker.as_ref(),
        defaults::CONNECTIONS_PER_BROKER,
        &key("connections_per_broker"),
        (1, defaults::CONNECTIONS_PER_BROKER_MAX),
    );
    let mut duration =
        |typed: &Option<At<String>>, default, last| context.duration(typed.as_ref(), default, &key(last));
    let discovery = duration(&raw.discovery_interval, defaults::DISCOVERY_INTERVAL, "discovery_interval");
    let checkpoint = duration(&raw.checkpoint_interval, defaults::CHECKPOINT_INTERVAL, "checkpoint_interval");
    let retry = duration(&raw.retry_timeout, defaults::RETRY_TIMEOUT, "retry_timeout");
    let shutdown = duration(&raw.shutdown_timeout, defaults::SHUTDOWN_TIMEOUT, "shutdown_timeout");
    let session = duration(&raw.session_timeout, defaults::SESSION_TIMEOUT, "session_timeout");
    let (memory, connections) = (memory?, usize::try_from(connections?).ok()?);
    let min = connections as u64 * defaults::MEMORY_BYTES_PER_CONNECTION_MIN;
    if memory < min {
        let (memory, min) = (show_size(memory), show_size(min));
        // The default memory suffices for the most connections, so one of them was typed.
        if let Some(typed) = &raw.memory {
            context.error(typed, ConfigError::MemoryForConnections { memory, connections, min });
        }
    }
    Some(LimitSettings {
        bandwidth_bytes_per_second: match bandwidth {
            Some(typed) => Some(typed?),
            None => None,
        },
        memory_bytes: usize::try_from(memory).unwrap_or(usize::MAX),
        connections_per_broker: connections,
        discovery_interval: discovery?,
        checkpoint_interval: checkpoint?,
        retry_timeout: retry?,
        shutdown_timeout: shutdown?,
        session_timeout: session?,
    })
}

fn bandwidth(context: &mut Context<'_>, typed: &At<String>, key: &str) -> Option<u64> {
    let min = defaults::BANDWIDTH_BYTES_PER_SECOND_MIN;
    let error = match parse_rate(typed.value()) {
        Ok(rate) if rate >= min => return Some(rate),
        Ok(rate) => ConfigError::SizeRange {
            key: key.to_owned(),
            value: format!("{}/s", show_size(rate)),
            min: format!("{}/s", show_size(min)),
        },
        Err(fault) => ConfigError::Rate { text: typed.value().clone(), fault },
    };
    context.error(typed, error);
    None
}
