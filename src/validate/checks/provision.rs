//! Topics at the target: who makes them, with how many replicas and partitions.

use super::rights::grant;
use crate::kafka::admin::Refusal;
use crate::types::TopicName;
use crate::validate::facts::{FlowFacts, Pair, Told};
use crate::validate::finding::Notes;
use crate::validate::view::{ClusterView, FlowView};

const AUTO_CREATE: &str = "auto.create.topics.enable";
const MIN_INSYNC: &str = "min.insync.replicas";
const DEFAULT_FACTOR: &str = "default.replication.factor";
/// Topics that are named in one message.
const NAMED_MAX: usize = 5;

/// Returns the facts, or takes note that there are none.
pub(super) fn facts<'a>(view: &FlowView<'a>, notes: &mut Notes) -> Option<&'a FlowFacts> {
    if view.facts.is_none() {
        unreached(view, notes);
    }
    view.facts
}

fn unreached(view: &FlowView<'_>, notes: &mut Notes) {
    let ends = [&view.source, &view.target];
    match ends.into_iter().find(|end| end.facts.told.is_none()) {
        Some(end) => super::cluster::unreached(end, notes),
        None => notes.unknown("its topics could not be asked for"),
    }
}

/// Lists names in a message: the first few, and how many more.
pub(super) fn list<T: std::fmt::Display>(names: &[T]) -> String {
    let shown: Vec<String> = names.iter().take(NAMED_MAX).map(|name| format!("`{name}`")).collect();
    match names.len().saturating_sub(NAMED_MAX) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// Says that source and target are one cluster.
pub fn one_cluster(view: &FlowView<'_>, notes: &mut Notes) {
    let (Some(source), Some(target)) = (&view.source.facts.told, &view.target.facts.told) else {
        return unreached(view, notes);
    };
    if source.id == target.id {
        let (one, two) = (&view.source.settings.alias, &view.target.settings.alias);
        let message = format!("clusters `{one}` and `{two}` are one: both report the id {}", source.id);
        notes.found(&view.key("target"), message, "correct bootstrap_servers of one of them");
    }
}

/// Says that the target makes topics by itself.
pub fn auto_create_target(view: &FlowView<'_>, notes: &mut Notes) {
    let help = "set it to false on every broker: a topic that an application touches too early is made with \
                the broker's defaults, not the source's partitions and configs";
    auto_create(&view.target, notes, help);
}

/// Says that the source makes topics by itself.
pub fn auto_create_source(view: &FlowView<'_>, notes: &mut Notes) {
    let help = "set it to false on every broker: a deleted topic comes back as soon as a client asks for it, \
                which stops its copy";
    auto_create(&view.source, notes, help);
}

fn auto_create(view: &ClusterView<'_>, notes: &mut Notes, help: &str) {
    let Some(told) = &view.facts.told else { return super::cluster::unreached(view, notes) };
    let brokers = broker_values(view, told, AUTO_CREATE, notes);
    let on: Vec<i32> = brokers.iter().filter(|(_, value)| value == "true").map(|(node, _)| *node).collect();
    if !on.is_empty() {
        let message =
            format!("{AUTO_CREATE} is true on broker {} of cluster `{}`", numbers(&on), view.settings.alias);
        notes.found(&["clusters", view.settings.alias.as_str()], message, help);
    }
}

fn numbers(nodes: &[i32]) -> String {
    nodes.iter().map(i32::to_string).collect::<Vec<_>>().join(", ")
}

/// Returns a config of each broker that tells it.
fn broker_values(view: &ClusterView<'_>, told: &Told, key: &str, notes: &mut Notes) -> Vec<(i32, String)> {
    let mut values = Vec::new();
    for (node, configs) in &told.configs {
        match configs {
            Ok(Ok(configs)) => values.extend(configs.get(key).map(|value| (*node, value.clone()))),
            Ok(Err(refusal)) => {
                let grant = grant(view, "DescribeConfigs", "the cluster");
                notes.unknown(format!("the configs of broker {node} cannot be read ({refusal}); {grant}"));
            }
            Err(error) => notes.unknown(error.to_string()),
        }
    }
    values
}

/// Returns the replication factor that new topics get, and whether it was asked for in the file.
fn factor(view: &FlowView<'_>, notes: &mut Notes) -> Option<(i64, bool)> {
    if let Some(factor) = view.settings.provision.replication_factor {
        return Some((i64::from(factor), true));
    }
    let told = view.target.facts.told.as_ref()?;
    let defaults = broker_values(&view.target, told, DEFAULT_FACTOR, notes);
    defaults.iter().filter_map(|(_, value)| value.parse().ok()).min().map(|factor| (factor, false))
}

/// Says that there are fewer brokers than replicas wanted.
pub fn replication_factor(view: &FlowView<'_>, notes: &mut Notes) {
    let Some(told) = &view.target.facts.told else { return super::cluster::unreached(&view.target, notes) };
    if !view.settings.provision.enabled {
        return notes.skip("provision.enabled is false");
    }
    let brokers = told.metadata.brokers.len();
    let Some((factor, is_asked_for)) = factor(view, notes) else { return };
    if usize::try_from(factor).is_ok_and(|factor| factor > brokers) {
        let whose =
            if is_asked_for { "replication_factor" } else { "the brokers' default.replication.factor" };
        let message = format!(
            "{whose} is {factor}, and cluster `{}` has {brokers} broker{}",
            view.target.settings.alias,
            if brokers == 1 { "" } else { "s" }
        );
        notes.found(
            &view.inner("provision", "replication_factor"),
            message,
            format!("set replication_factor to {brokers} or less, or add brokers"),
        );
    }
}

/// Says that topics at the target have other replication factors than asked for.
pub fn replication_factor_differs(view: &FlowView<'_>, notes: &mut Notes) {
    let Some(facts) = facts(view, notes) else { return };
    let Some(wanted) = view.settings.provision.replication_factor else {
        return notes.skip("provision.replication_factor is not set");
    };
    for pair in &facts.topics {
        let Some(topic) = &pair.at_target else { continue };
        let actual = topic.partitions.values().map(|partition| partition.replicas).min();
        if let Some(actual) = actual.filter(|actual| *actual != usize::from(wanted.unsigned_abs())) {
            let message = format!(
                "topic `{}` has replication factor {actual} at the target, and replication_factor is {wanted}",
                pair.target
            );
            notes.found(
                &view.inner("provision", "replication_factor"),
                message,
                "reassign its partitions, or ask for what is there",
            );
        }
    }
}

/// Says that a topic cannot be written at all.
pub fn min_insync_replicas(view: &FlowView<'_>, notes: &mut Notes) {
    in_sync(view, notes, |min, replicas| min > replicas, "nothing can be written");
}

/// Says that a topic cannot be written while one broker is down.
pub fn min_insync_no_spare(view: &FlowView<'_>, notes: &mut Notes) {
    let is_finding = |min, replicas| min == replicas && replicas > 1;
    in_sync(view, notes, is_finding, "nothing can be written while one broker is down");
}

fn in_sync(view: &FlowView<'_>, notes: &mut Notes, is_finding: impl Fn(i64, i64) -> bool, what: &str) {
    let Some(facts) = facts(view, notes) else { return };
    let path = view.inner("provision", "replication_factor");
    for (pair, _, configs) in facts.both() {
        let partitions = pair.at_target.iter().flat_map(|topic| topic.partitions.values());
        let replicas = partitions.map(|one| one.replicas).min().and_then(|least| i64::try_from(least).ok());
        let Some((min, replicas)) = configs.number(MIN_INSYNC).zip(replicas) else { continue };
        if is_finding(min, replicas) {
            let topic = &pair.target;
            let message = format!(
                "topic `{topic}` has {replicas} replicas at the target, and {MIN_INSYNC} is {min}: {what}"
            );
            notes.found(&path, message, format!("lower {MIN_INSYNC} of the topic, or add replicas"));
        }
    }
    let is_any_missing = facts.topics.iter().any(|pair| pair.at_target.is_none());
    let told = view.target.facts.told.as_ref();
    if let (true, Some(told), Some((factor, _))) = (is_any_missing, told, factor(view, notes)) {
        let typed = view.settings.provision.config_overrides.get(MIN_INSYNC).cloned();
        let defaults =
            broker_values(&view.target, told, MIN_INSYNC, notes).into_iter().map(|(_, value)| value);
        let min = typed.into_iter().chain(defaults).next().and_then(|value| value.parse::<i64>().ok());
        if let Some(min) = min.filter(|min| is_finding(*min, factor)) {
            let message =
                format!("topics are made with {factor} replicas, and {MIN_INSYNC} is {min}: {what}");
            let help = format!("raise replication_factor, or set \"{MIN_INSYNC}\" in config_overrides");
            notes.found(&path, message, help);
        }
    }
}

/// Says that topics have fewer partitions at the target, and nobody will add them.
pub fn partitions_fewer(view: &FlowView<'_>, notes: &mut Notes) {
    let help = "add partitions at the target, or set provision.enabled = true";
    fewer(view, notes, false, help);
}

/// Says that topics have fewer partitions at the target, which `replicate` will add.
pub fn partitions_grow(view: &FlowView<'_>, notes: &mut Notes) {
    let help = "replicate adds them; add them yourself to choose when";
    fewer(view, notes, true, help);
}

fn fewer(view: &FlowView<'_>, notes: &mut Notes, when_enabled: bool, help: &str) {
    let Some(facts) = facts(view, notes) else { return };
    if view.settings.provision.enabled != when_enabled {
        return notes.skip(format!("provision.enabled is {}", !when_enabled));
    }
    for pair in &facts.topics {
        let Some(topic) = &pair.at_target else { continue };
        let (from, to) = (topic.partitions.len(), pair.at_source.partitions.len());
        if from < to {
            let message =
                format!("topic `{}` has {from} partitions at the target and {to} at the source", pair.target);
            notes.found(&view.key("topics"), message, help);
        }
    }
}

/// Says that topics have more partitions at the target.
pub fn partitions_more(view: &FlowView<'_>, notes: &mut Notes) {
    let Some(facts) = facts(view, notes) else { return };
    for pair in &facts.topics {
        let Some(topic) = &pair.at_target else { continue };
        let (have, want) = (topic.partitions.len(), pair.at_source.partitions.len());
        if have > want {
            let message = format!(
                "topic `{}` has {have} partitions at the target and {want} at the source: {} stay empty",
                pair.target,
                have - want
            );
            let help = "after a failover producers spread keys over more partitions than before, and back again; \
                        partitions cannot be taken away: make the topic anew, or add partitions at the source";
            notes.found(&view.key("topics"), message, help);
        }
    }
}

/// Says that the target would not create a topic.
pub fn create_topics(view: &FlowView<'_>, notes: &mut Notes) {
    let Some(facts) = facts(view, notes) else { return };
    let Some(creations) = notes.know(&facts.creations) else { return };
    let is_asked = |pair: &&Pair| pair.at_target.is_some() || creations.contains_key(&pair.target);
    if view.settings.provision.enabled
        && let Some(pair) = facts.topics.iter().find(|pair| !is_asked(pair))
    {
        let topic = &pair.source;
        let grant = grant(&view.source, "DescribeConfigs", &format!("topic {topic}"));
        notes.unknown(format!("the configs of topic {topic} cannot be read; {grant}"));
    }
    let mut refused: Vec<(&Refusal, Vec<&TopicName>)> = Vec::new();
    for (name, refusal) in creations.iter().filter_map(|(name, told)| Some((name, told.as_ref().err()?))) {
        match refused.iter_mut().find(|(known, _)| *known == refusal) {
            Some((_, names)) => names.push(name),
            None => refused.push((refusal, vec![name])),
        }
    }
    refused.iter_mut().for_each(|(_, names)| names.sort());
    refused.sort_by(|(_, one), (_, two)| one.cmp(two));
    for (refusal, names) in refused {
        let topics = if names.len() == 1 { "topic" } else { "topics" };
        let message = format!("the target would not create {topics} {}: {refusal}", list(&names));
        notes.found(&view.key("target"), message, creation_help(view, &names, refusal));
    }
}

fn creation_help(view: &FlowView<'_>, names: &[&TopicName], refusal: &Refusal) -> String {
    use kafka_protocol::ResponseError as E;
    match refusal.code {
        E::TopicAuthorizationFailed | E::ClusterAuthorizationFailed => {
            let resource = format!("topic {} (or the cluster)", list(names));
            super::rights::grant(&view.target, "Create", &resource)
        }
        E::InvalidReplicationFactor => {
            "lower provision.replication_factor to the number of brokers".to_owned()
        }
        E::InvalidConfig => {
            "mend the config at the source, or override it in provision.config_overrides".to_owned()
        }
        E::PolicyViolation => "the brokers' policy class refuses it; ask whoever runs the cluster".to_owned(),
        _ => "mend it at the target, or leave the topic out".to_owned(),
    }
}

/// Says that topics are missing at the target and nobody will make them.
pub fn missing_at_target(view: &FlowView<'_>, notes: &mut Notes) {
    let Some(facts) = facts(view, notes) else { return };
    if view.settings.provision.enabled {
        return notes.skip("provision.enabled is true: replicate makes them");
    }
    let missing: Vec<_> =
        facts.topics.iter().filter(|pair| pair.at_target.is_none()).map(|pair| &pair.target).collect();
    if !missing.is_empty() {
        let message = format!("missing at the target, where provision.enabled is false: {}", list(&missing));
        notes.found(
            &view.inner("provision", "enabled"),
            message,
            "make them, or set provision.enabled = true",
        );
    }
}
