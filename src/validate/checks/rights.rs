//! Rights: every ACL a flow needs, by what the brokers say is allowed.

use kafka_protocol::ResponseError;

use super::provision::{facts, list};
use crate::config::settings::Origin;
use crate::kafka::error::code_name;
use crate::kafka::rights::Operation;
use crate::types::TopicName;
use crate::validate::collect_flow::{state_topic, transactional_id};
use crate::validate::facts::{Known, Rights};
use crate::validate::finding::Notes;
use crate::validate::view::{ClusterView, FlowView};

/// Says what to grant.
pub(super) fn grant(view: &ClusterView<'_>, operation: &str, resource: &str) -> String {
    format!(
        "grant {operation} on {resource} to {} at cluster `{}`",
        view.settings.principal(),
        view.settings.alias
    )
}

/// Says that topics named in full cannot be seen at the source.
pub fn topics_absent(view: &FlowView<'_>, notes: &mut Notes) {
    let Some(facts) = facts(view, notes) else { return };
    let mut absent: Vec<_> = facts.absent.iter().collect();
    absent.sort_by(|one, two| one.0.cmp(&two.0));
    for (name, code) in absent {
        let (message, help) = match code {
            ResponseError::TopicAuthorizationFailed => (
                format!("topic `{name}` may not be seen at the source (TOPIC_AUTHORIZATION_FAILED)"),
                grant(&view.source, "Read and DescribeConfigs", &format!("topic {name}")),
            ),
            ResponseError::UnknownTopicOrPartition => (
                format!("topic `{name}` does not exist at the source"),
                "create it, or remove it from topics".to_owned(),
            ),
            code => (
                format!("topic `{name}` cannot be described at the source: {}", code_name(code)),
                "see the broker's log".to_owned(),
            ),
        };
        notes.found(&view.key("topics"), message, help);
    }
}

/// Says that a flow has nothing to copy.
pub fn nothing_selected(view: &FlowView<'_>, notes: &mut Notes) {
    let Some(facts) = facts(view, notes) else { return };
    if facts.topics.is_empty() {
        let message =
            format!("no topic of cluster `{}` that may be seen is selected", view.source.settings.alias);
        notes.found(&view.key("topics"), message, "mend the patterns, or grant Describe on the topics");
    }
}

/// Says which rights on topics are missing at the source.
pub fn rights_source(view: &FlowView<'_>, notes: &mut Notes) {
    let Some(facts) = facts(view, notes) else { return };
    let names: Vec<&TopicName> = facts.topics.iter().map(|pair| &pair.source).collect();
    let needed = [Operation::Read, Operation::DescribeConfigs];
    on_topics(view, &view.source, &facts.source_rights, &names, &needed, notes);
}

/// Says that state topics of other flows may not be read at the source.
pub fn rights_origin(view: &FlowView<'_>, notes: &mut Notes) {
    let Some(facts) = facts(view, notes) else { return };
    if view.settings.origin == Origin::Any {
        return notes.skip("origin is \"any\"");
    }
    let names: Vec<&TopicName> = facts.opposite.iter().collect();
    on_topics(view, &view.source, &facts.source_rights, &names, &[Operation::Read], notes);
}

/// Says which rights on topics are missing at the target, those that exist there.
pub fn rights_target(view: &FlowView<'_>, notes: &mut Notes) {
    let Some(facts) = facts(view, notes) else { return };
    let state = state_topic(view.settings);
    let mut names: Vec<&TopicName> = facts.topics.iter().map(|pair| &pair.target).collect();
    names.push(&state);
    let needed = [Operation::Read, Operation::Write];
    on_topics(view, &view.target, &facts.target_rights, &names, &needed, notes);
    let grows = |pair: &&crate::validate::facts::Pair| {
        let wanted = pair.at_source.partitions.len();
        view.settings.provision.enabled
            && pair.at_target.as_ref().is_some_and(|topic| topic.partitions.len() < wanted)
    };
    let growing: Vec<&TopicName> = facts.topics.iter().filter(grows).map(|pair| &pair.target).collect();
    on_topics(view, &view.target, &facts.target_rights, &growing, &[Operation::Alter], notes);
}

fn on_topics(
    view: &FlowView<'_>,
    end: &ClusterView<'_>,
    rights: &Known<Rights>,
    names: &[&TopicName],
    needed: &[Operation],
    notes: &mut Notes,
) {
    let Some(rights) = notes.know(rights) else { return };
    for operation in needed {
        let mut lacking = Vec::new();
        for name in names {
            match rights.get(*name) {
                Some(Ok(Some(allowed))) if !allowed.allow(*operation) => lacking.push(*name),
                Some(Ok(None)) => {
                    notes.unknown("the brokers are too old to tell what is allowed (KIP-430, Kafka 2.3)")
                }
                Some(Err(ResponseError::TopicAuthorizationFailed)) => lacking.push(*name),
                // It does not exist; whether it would be created is another check's.
                Some(Ok(Some(_)) | Err(_)) | None => {}
            }
        }
        if !lacking.is_empty() {
            let (who, alias) = (end.settings.principal(), &end.settings.alias);
            let resource = if lacking.len() == 1 { "topic" } else { "topics" };
            let message =
                format!("{who} has no {operation} on {resource} {} at cluster `{alias}`", list(&lacking));
            let names: Vec<&str> = lacking.iter().map(|name| name.as_str()).collect();
            let names =
                if names.len() > 3 { "them".to_owned() } else { format!("topic {}", names.join(", ")) };
            notes.found(&view.key("topics"), message, grant(end, &operation.to_string(), &names));
        }
    }
}

/// Says that groups may not be used: the one positions are committed to, and that of processes that share.
pub fn rights_group(view: &FlowView<'_>, notes: &mut Notes) {
    let Some(facts) = facts(view, notes) else { return };
    let target = &view.target;
    for (group, told) in &facts.groups {
        if notes.know(told).is_some_and(|is_allowed| !is_allowed) {
            let alias = &target.settings.alias;
            let message = format!(
                "{} has no Read on group `{group}` at cluster `{alias}`",
                target.settings.principal()
            );
            notes.found(&view.key("target"), message, grant(target, "Read", &format!("group {group}")));
        }
    }
}

/// Says that transactional ids may not be used, which fence one owner of a partition from the next.
pub fn transactional(view: &FlowView<'_>, notes: &mut Notes) {
    let Some(facts) = facts(view, notes) else { return };
    let Some(is_allowed) = notes.know(&facts.transactional) else { return };
    if !is_allowed {
        let target = &view.target;
        let id = transactional_id(view.settings, facts.topics.first().map(|pair| &pair.target));
        let message = format!(
            "{} has no Write on transactional id `{id}` at cluster `{}`",
            target.settings.principal(),
            target.settings.alias
        );
        let resource = format!("the transactional ids that begin with strait.{}.", view.settings.name);
        notes.found(&view.key("target"), message, grant(target, "Write", &resource));
    }
}
