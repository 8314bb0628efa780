//! Administrative requests that change or remove what is there: configs, topics.

use std::collections::HashMap;

use kafka_protocol::messages::delete_topics_request::DeleteTopicState;
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig};
use kafka_protocol::messages::{DeleteTopicsRequest, DescribeConfigsRequest, IncrementalAlterConfigsRequest};
use kafka_protocol::protocol::StrBytes;
use uuid::Uuid;

use super::admin::{CHANGE_TIMEOUT_MS, RESOURCE_TOPIC, Refusal, outcome};
use super::cluster::Cluster;
use super::error::KafkaError;
use super::metadata::wire_name;
use crate::types::TopicName;

/// The configs' number for brokers.
const RESOURCE_BROKER: i8 = 4;
/// IncrementalAlterConfigs' number for setting a value.
const SET: i8 = 0;
/// Its number for removing a value, so that the default holds again.
const DELETE: i8 = 1;

/// Sets some configs of one topic, and removes those without a value; all others stay as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicEdit {
    /// Whose configs.
    pub topic: TopicName,
    /// The new value of each, `None` for the default.
    pub values: Vec<(String, Option<String>)>,
}

/// Changes configs of topics, nothing but those named (IncrementalAlterConfigs, KIP-339); each topic's result
/// is its own, and a topic's changes are made together or not at all. One try.
pub async fn alter_topics(
    cluster: &Cluster,
    edits: &[TopicEdit],
) -> Result<HashMap<TopicName, Result<(), Refusal>>, KafkaError> {
    let resources =
        edits.iter().map(|edit| resource(RESOURCE_TOPIC, edit.topic.as_str(), &edit.values)).collect();
    let request = IncrementalAlterConfigsRequest::default().with_resources(resources);
    let answer = cluster.call_controller(&request).await?;
    let results = answer
        .responses
        .into_iter()
        .map(|one| (TopicName::from(one.resource_name.as_str()), outcome(one.error_code, one.error_message)));
    Ok(results.collect())
}

/// Changes configs of one broker while it runs; only it takes the request. One try.
pub async fn alter_broker(
    cluster: &Cluster,
    broker: i32,
    values: &[(String, Option<String>)],
) -> Result<Result<(), Refusal>, KafkaError> {
    let resources = vec![resource(RESOURCE_BROKER, &broker.to_string(), values)];
    let request = IncrementalAlterConfigsRequest::default().with_resources(resources);
    let answer = cluster.call_node(broker, &request).await?;
    Ok(answer.responses.into_iter().try_for_each(|one| outcome(one.error_code, one.error_message)))
}

fn resource(kind: i8, name: &str, values: &[(String, Option<String>)]) -> AlterConfigsResource {
    let config = |(name, value): &(String, Option<String>)| {
        AlterableConfig::default()
            .with_name(StrBytes::from_string(name.clone()))
            .with_config_operation(if value.is_some() { SET } else { DELETE })
            .with_value(value.clone().map(StrBytes::from_string))
    };
    AlterConfigsResource::default()
        .with_resource_type(kind)
        .with_resource_name(StrBytes::from_string(name.to_owned()))
        .with_configs(values.iter().map(config).collect())
}

/// Deletes topics: by id where one is given, so that a topic made anew under the name stays. Each topic's
/// result is its own. One try.
pub async fn delete_topics(
    cluster: &Cluster,
    topics: &[(TopicName, Option<Uuid>)],
) -> Result<HashMap<TopicName, Result<(), Refusal>>, KafkaError> {
    let node = cluster.controller().await?;
    let version = node.version_of::<DeleteTopicsRequest>().unwrap_or(0);
    // From version 6 on (KIP-516) a topic is named by its id.
    let request = if version >= 6 {
        let state = |(name, id): &(TopicName, Option<Uuid>)| match id {
            Some(id) => DeleteTopicState::default().with_name(None).with_topic_id(*id),
            None => DeleteTopicState::default().with_name(Some(wire_name(name))),
        };
        DeleteTopicsRequest::default().with_topics(topics.iter().map(state).collect())
    } else {
        let names = topics.iter().map(|(name, _)| wire_name(name)).collect();
        DeleteTopicsRequest::default().with_topic_names(names)
    };
    let answer = node.call(&request.with_timeout_ms(CHANGE_TIMEOUT_MS)).await?;
    let results = answer.responses.into_iter().filter_map(|one| {
        let by_id = topics.iter().find(|(_, id)| id.is_some_and(|id| id == one.topic_id));
        let name = match by_id {
            Some((name, _)) => name.clone(),
            None => TopicName::from(one.name.as_ref()?.as_str()),
        };
        Some((name, outcome(one.error_code, one.error_message)))
    });
    Ok(results.collect())
}

/// Reads some configs of one broker, by name. One try.
pub async fn broker_configs(
    cluster: &Cluster,
    broker: i32,
    keys: &[&str],
) -> Result<Result<HashMap<String, BrokerConfig>, Refusal>, KafkaError> {
    let keys = keys.iter().map(|key| StrBytes::from_string((*key).to_owned())).collect();
    let asked = DescribeConfigsResource::default()
        .with_resource_type(RESOURCE_BROKER)
        .with_resource_name(StrBytes::from_string(broker.to_string()))
        .with_configuration_keys(Some(keys));
    let request = DescribeConfigsRequest::default().with_resources(vec![asked]);
    let answer = cluster.call_node(broker, &request).await?;
    let Some(result) = answer.results.into_iter().next() else { return Ok(Ok(HashMap::new())) };
    if let Err(refusal) = outcome(result.error_code, result.error_message) {
        return Ok(Err(refusal));
    }
    let known = result.configs.into_iter().filter_map(|config| {
        let value = config.value?.to_string();
        let is_dynamic = config.config_source == SOURCE_BROKER;
        Some((config.name.to_string(), BrokerConfig { value, is_dynamic }))
    });
    Ok(Ok(known.collect()))
}

/// DescribeConfigs' number for a value set on this broker while it runs (DYNAMIC_BROKER_CONFIG).
const SOURCE_BROKER: i8 = 2;

/// Holds one config of a broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerConfig {
    /// The value in effect.
    pub value: String,
    /// Whether it was set on this broker while it ran.
    pub is_dynamic: bool,
}
