//! Finding out about a flow: its topics on both sides, and what it may do. Nothing is changed.

use std::collections::{BTreeMap, HashMap};

use super::collect::PATIENCE;
use super::facts::{FlowFacts, Pair};
use crate::config::settings::FlowSettings;
use crate::kafka::admin::{self, NewTopic};
use crate::kafka::cluster::Cluster;
use crate::kafka::error::KafkaError;
use crate::kafka::metadata::Metadata;
use crate::kafka::{rights, survey};
use crate::provision::plan::{Step, step};
use crate::types::TopicName;

/// Finds out about a flow; `metadata` is what the source said of all its topics, `opposite` names the state
/// topics that other flows keep there.
///
/// # Errors
/// The source or the target does not tell which topics there are.
pub async fn flow(
    flow: &FlowSettings,
    (source, target): (&Cluster, &Cluster),
    metadata: &Metadata,
    opposite: Vec<TopicName>,
) -> Result<FlowFacts, KafkaError> {
    let named: Vec<TopicName> = flow.topics.literals().map(TopicName::from).collect();
    // A topic that may not be seen is missing in the list of all, and tells why only when asked for.
    let unseen: Vec<TopicName> =
        named.into_iter().filter(|name| !metadata.topics.contains_key(name)).collect();
    let absent = match unseen.as_slice() {
        [] => Vec::new(),
        unseen => {
            let answer = source.retrying(PATIENCE, || source.metadata(Some(unseen))).await?;
            answer.topics.into_iter().filter_map(|(name, topic)| Some((name, topic.error?))).collect()
        }
    };
    let mut topics = pairs(flow, metadata);
    let names = |pick: fn(&Pair) -> &TopicName, topics: &[Pair]| -> Vec<TopicName> {
        topics.iter().map(|pair| pick(pair).clone()).collect()
    };
    let at_source = names(|pair| &pair.source, &topics);
    let asked: Vec<TopicName> = at_source.iter().chain(&opposite).cloned().collect();
    let mut at_target = names(|pair| &pair.target, &topics);
    let state = state_topic(flow);
    at_target.push(state.clone());
    let seen = target.retrying(PATIENCE, || target.metadata(Some(&at_target))).await?;
    for pair in &mut topics {
        pair.at_target = seen.topics.get(&pair.target).filter(|topic| topic.error.is_none()).cloned();
    }
    let existing: Vec<TopicName> =
        topics.iter().filter(|pair| pair.at_target.is_some()).map(|pair| pair.target.clone()).collect();
    let transactional = transactional_id(flow, topics.first().map(|pair| &pair.target));
    let (source_configs, target_configs, source_rights, target_rights, group, transactional) = tokio::join!(
        source.retrying(PATIENCE, || admin::topic_configs(source, &at_source, None)),
        target.retrying(PATIENCE, || admin::topic_configs(target, &existing, None)),
        source.retrying(PATIENCE, || rights::on_topics(source, &asked)),
        target.retrying(PATIENCE, || rights::on_topics(target, &at_target)),
        target.retrying(PATIENCE, || rights::on_group(target, state.as_str())),
        target.retrying(PATIENCE, || rights::on_transactional_id(target, &transactional)),
    );
    let is_state_missing = seen.topics.get(&state).is_none_or(|topic| topic.error.is_some());
    let mut new: Vec<NewTopic> = Vec::new();
    if flow.provision.enabled
        && let Ok(configs) = &source_configs
    {
        for pair in &topics {
            let made = step(
                &pair.target,
                &pair.at_source,
                configs.get(&pair.source),
                pair.at_target.as_ref(),
                &flow.provision,
            );
            if let Ok(Some(Step::Create(topic))) = made {
                new.push(topic);
            }
        }
    }
    if is_state_missing {
        new.push(NewTopic {
            name: state,
            partitions: 1,
            replication_factor: flow.provision.replication_factor.unwrap_or(-1),
            configs: BTreeMap::from([("cleanup.policy".to_owned(), "compact".to_owned())]),
        });
    }
    let creations = match new.as_slice() {
        [] => Ok(HashMap::new()),
        new => target.retrying(PATIENCE, || survey::would_create(target, new)).await,
    };
    Ok(FlowFacts {
        topics,
        opposite,
        absent,
        source_configs,
        target_configs,
        source_rights,
        target_rights,
        creations,
        group,
        transactional,
    })
}

/// Names the flow's own topic and group at the target.
pub fn state_topic(flow: &FlowSettings) -> TopicName {
    TopicName::new(format!("strait.{}", flow.name))
}

/// Names one of the flow's transactional ids: all of them begin alike, and rights are given by prefix.
pub fn transactional_id(flow: &FlowSettings, topic: Option<&TopicName>) -> String {
    match topic {
        Some(topic) => format!("strait.{}.{topic}.0", flow.name),
        None => format!("strait.{}.", flow.name),
    }
}

fn pairs(flow: &FlowSettings, at_source: &Metadata) -> Vec<Pair> {
    let mut pairs: Vec<Pair> = at_source
        .topics
        .iter()
        .filter(|(name, topic)| !topic.is_internal && flow.topics.matches(name.as_str()))
        .map(|(name, topic)| Pair {
            source: name.clone(),
            at_source: topic.clone(),
            target: TopicName::new(format!("{}{name}{}", flow.rename.prefix, flow.rename.suffix)),
            at_target: None,
        })
        .collect();
    pairs.sort_by(|one, two| one.source.cmp(&two.source));
    pairs
}
