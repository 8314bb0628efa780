//! Administrative requests: topics, partitions, configs.

use std::collections::{BTreeMap, HashMap};

use kafka_protocol::ResponseError;
use kafka_protocol::error::ParseResponseErrorCode;
use kafka_protocol::messages::create_partitions_request::CreatePartitionsTopic;
use kafka_protocol::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::{
    CreatePartitionsRequest, CreateTopicsRequest, DeleteTopicsRequest, DescribeConfigsRequest,
};
use kafka_protocol::protocol::StrBytes;

use super::cluster::{Cluster, request_error};
use super::error::KafkaError;
use super::metadata::wire_name;
use crate::types::TopicName;

/// DescribeConfigs' and IncrementalAlterConfigs' number for topics.
pub(super) const RESOURCE_TOPIC: i8 = 2;
/// DescribeConfigs' number for a value set on the topic itself (DYNAMIC_TOPIC_CONFIG).
const SOURCE_TOPIC: i8 = 1;
/// Newest DeleteTopics that has one list of names; the next also knows topics by id.
const DELETE_VERSION_MAX: i16 = 5;
/// How long the brokers may take to carry a change out.
pub(super) const CHANGE_TIMEOUT_MS: i32 = 30_000;

/// Says what a broker refused, in its words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{}", super::error::code_name(.code), .message.as_ref().map(|m| format!(": {m}")).unwrap_or_default())]
pub struct Refusal {
    /// The code.
    pub code: ResponseError,
    /// The broker's words.
    pub message: Option<String>,
}

impl Refusal {
    pub(super) fn new(code: ResponseError, message: Option<StrBytes>) -> Self {
        Self { code, message: message.map(|m| m.to_string()).filter(|m| !m.is_empty()) }
    }
}

/// Describes a topic to be created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTopic {
    /// The name.
    pub name: TopicName,
    /// Number of partitions.
    pub partitions: i32,
    /// Replicas of each; -1 takes the brokers' default (Kafka 2.4 and later).
    pub replication_factor: i16,
    /// Configs set on the topic itself.
    pub configs: BTreeMap<String, String>,
}

/// Creates topics; each topic's result is its own. One try.
pub async fn create_topics(
    cluster: &Cluster,
    topics: &[NewTopic],
) -> Result<HashMap<TopicName, Result<(), Refusal>>, KafkaError> {
    let request = CreateTopicsRequest::default()
        .with_topics(topics.iter().map(creatable).collect())
        .with_timeout_ms(CHANGE_TIMEOUT_MS);
    let answer = cluster.call_controller(&request).await?;
    Ok(answer
        .topics
        .into_iter()
        .map(|topic| (TopicName::from(topic.name.as_str()), outcome(topic.error_code, topic.error_message)))
        .collect())
}

/// Turns one topic's part of an answer into its result.
pub(super) fn outcome(error_code: i16, message: Option<StrBytes>) -> Result<(), Refusal> {
    error_code.err().map_or(Ok(()), |code| Err(Refusal::new(code, message)))
}

pub(super) fn creatable(topic: &NewTopic) -> CreatableTopic {
    let configs = topic
        .configs
        .iter()
        .map(|(name, value)| {
            CreatableTopicConfig::default()
                .with_name(StrBytes::from_string(name.clone()))
                .with_value(Some(StrBytes::from_string(value.clone())))
        })
        .collect();
    CreatableTopic::default()
        .with_name(wire_name(&topic.name))
        .with_num_partitions(topic.partitions)
        .with_replication_factor(topic.replication_factor)
        .with_configs(configs)
}

/// Raises topics' partition counts; each topic's result is its own. One try.
pub async fn grow_partitions(
    cluster: &Cluster,
    counts: &[(TopicName, i32)],
) -> Result<HashMap<TopicName, Result<(), Refusal>>, KafkaError> {
    let topics = counts
        .iter()
        .map(|(name, count)| {
            CreatePartitionsTopic::default()
                .with_name(wire_name(name))
                .with_count(*count)
                .with_assignments(None)
        })
        .collect();
    let request = CreatePartitionsRequest::default().with_topics(topics).with_timeout_ms(CHANGE_TIMEOUT_MS);
    let answer = cluster.call_controller(&request).await?;
    Ok(answer
        .results
        .into_iter()
        .map(|topic| (TopicName::from(topic.name.as_str()), outcome(topic.error_code, topic.error_message)))
        .collect())
}

/// Deletes topics; each topic's result is its own, and one that is not there counts as deleted. One try.
pub async fn delete_topics(
    cluster: &Cluster,
    topics: &[TopicName],
) -> Result<HashMap<TopicName, Result<(), Refusal>>, KafkaError> {
    let request = DeleteTopicsRequest::default()
        .with_topic_names(topics.iter().map(wire_name).collect())
        .with_timeout_ms(CHANGE_TIMEOUT_MS);
    let connection = cluster.controller().await?;
    let version = connection
        .version_of::<DeleteTopicsRequest>()
        .map_err(|cause| request_error::<DeleteTopicsRequest>(&connection, cause))?;
    let answer = connection.call_version(&request, version.min(DELETE_VERSION_MAX)).await?;
    let each = answer.responses.into_iter().filter_map(|topic| {
        let name = TopicName::from(topic.name?.as_str());
        let is_gone = topic.error_code.err() == Some(ResponseError::UnknownTopicOrPartition);
        Some((name, if is_gone { Ok(()) } else { outcome(topic.error_code, topic.error_message) }))
    });
    Ok(each.collect())
}

/// Holds a topic's configs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TopicConfigs {
    /// Every config and its value, wherever it comes from.
    pub effective: HashMap<String, String>,
    /// Those set on the topic itself.
    pub explicit: BTreeMap<String, String>,
}

impl TopicConfigs {
    /// Returns a config that is a number.
    pub fn number(&self, name: &str) -> Option<i64> {
        self.effective.get(name)?.parse().ok()
    }
}

/// Reads topics' configs, only those named in `keys` where given; each topic's result is its own.
/// One try.
pub async fn topic_configs(
    cluster: &Cluster,
    topics: &[TopicName],
    keys: Option<&[&str]>,
) -> Result<HashMap<TopicName, Result<TopicConfigs, Refusal>>, KafkaError> {
    let resources =
        topics
            .iter()
            .map(|name| {
                DescribeConfigsResource::default()
                    .with_resource_type(RESOURCE_TOPIC)
                    .with_resource_name(StrBytes::from_string(name.as_str().to_owned()))
                    .with_configuration_keys(keys.map(|keys| {
                        keys.iter().map(|key| StrBytes::from_string((*key).to_owned())).collect()
                    }))
            })
            .collect();
    let request = DescribeConfigsRequest::default().with_resources(resources);
    let connection = cluster.any().await?;
    let answer = connection.call(&request).await?;
    Ok(answer
        .results
        .into_iter()
        .map(|result| {
            let name = TopicName::from(result.resource_name.as_str());
            if let Some(code) = result.error_code.err() {
                return (name, Err(Refusal::new(code, result.error_message)));
            }
            let mut configs = TopicConfigs::default();
            for config in result.configs {
                let Some(value) = config.value else { continue };
                if config.config_source == SOURCE_TOPIC {
                    configs.explicit.insert(config.name.to_string(), value.to_string());
                }
                configs.effective.insert(config.name.to_string(), value.to_string());
            }
            (name, Ok(configs))
        })
        .collect())
}
