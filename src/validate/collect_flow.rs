//! Finding out about a flow: its topics on both sides, and what it may do. Nothing is changed.

use std::collections::{BTreeMap, HashMap};

use futures_util::future::join_all;
use kafka_protocol::ResponseError;

use super::collect::PATIENCE;
use super::facts::{Configs, FlowFacts, Pair};
use crate::config::settings::FlowSettings;
use crate::kafka::admin::{self, NewTopic};
use crate::kafka::cluster::Cluster;
use crate::kafka::error::KafkaError;
use crate::kafka::metadata::Metadata;
use crate::kafka::reassign::ongoing;
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
    let absent = absent(flow, source, metadata).await?;
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
    let (source_configs, target_configs, moving, source_rights, target_rights, groups, transactional) = tokio::join!(
        source.retrying(PATIENCE, || admin::topic_configs(source, &at_source, None)),
        target.retrying(PATIENCE, || admin::topic_configs(target, &existing, None)),
        target.retrying(PATIENCE, || ongoing(target)),
        source.retrying(PATIENCE, || rights::on_topics(source, &asked)),
        target.retrying(PATIENCE, || rights::on_topics(target, &at_target)),
        join_all(groups(flow).into_iter().map(|name| async move {
            let told = target.retrying(PATIENCE, || rights::on_group(target, &name)).await;
            (name, told)
        })),
        target.retrying(PATIENCE, || rights::on_transactional_id(target, &transactional)),
    );
    let mut new = source_configs.as_ref().map_or(Vec::new(), |configs| to_create(flow, &topics, configs));
    if seen.topics.get(&state).is_none_or(|topic| topic.error.is_some()) {
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
        moving: moving
            .map(|told| told.map(|moving| moving.into_keys().map(|partition| partition.topic).collect())),
        source_rights,
        target_rights,
        creations,
        groups,
        transactional,
    })
}

/// Asks why topics that are named in full are not among those that may be seen.
async fn absent(
    flow: &FlowSettings,
    source: &Cluster,
    metadata: &Metadata,
) -> Result<Vec<(TopicName, ResponseError)>, KafkaError> {
    let named = flow.topics.literals().map(TopicName::from);
    // The list of all leaves out what may not be seen; asked for by name such a topic tells why.
    let unseen: Vec<TopicName> = named.filter(|name| !metadata.topics.contains_key(name)).collect();
    if unseen.is_empty() {
        return Ok(Vec::new());
    }
    let answer = source.retrying(PATIENCE, || source.metadata(Some(&unseen))).await?;
    Ok(answer.topics.into_iter().filter_map(|(name, topic)| Some((name, topic.error?))).collect())
}

/// Lists the topics that replicate would create.
fn to_create(flow: &FlowSettings, topics: &[Pair], source_configs: &Configs) -> Vec<NewTopic> {
    let missing = topics.iter().filter(|pair| flow.provision.enabled && pair.at_target.is_none());
    let steps = missing.map(|pair| {
        let configs = source_configs.get(&pair.source);
        step(&pair.target, &pair.at_source, configs, None, &flow.provision)
    });
    steps
        .filter_map(|step| match step {
            Ok(Some(Step::Create(topic))) => Some(topic),
            _ => None,
        })
        .collect()
}

/// Names the groups the flow uses at the target.
fn groups(flow: &FlowSettings) -> Vec<String> {
    let own = state_topic(flow).to_string();
    let workers = flow.is_shared.then(|| format!("{own}.workers"));
    std::iter::once(own).chain(workers).collect()
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
            target: TopicName::new(flow.rename.apply(name.as_str())),
            at_target: None,
        })
        .collect();
    pairs.sort_by(|one, two| one.source.cmp(&two.source));
    pairs
}
