//! What else a cluster tells of itself: its brokers' configs, its release, its clock, whether it would
//! create a topic, and how large topics are. Nothing is changed.

use std::collections::{BTreeMap, HashMap};

use kafka_protocol::ResponseError;
use kafka_protocol::error::ParseResponseErrorCode;
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::describe_quorum_request::{PartitionData, TopicData};
use kafka_protocol::messages::{
    CreateTopicsRequest, DescribeConfigsRequest, DescribeLogDirsRequest, DescribeQuorumRequest,
};
use kafka_protocol::protocol::StrBytes;

use super::admin::{NewTopic, Refusal, creatable};
use super::cluster::Cluster;
use super::error::KafkaError;
use crate::types::TopicName;

/// DescribeConfigs' number for brokers.
const RESOURCE_BROKER: i8 = 4;
/// First DescribeQuorum that holds times (KIP-836).
const QUORUM_TIMES_VERSION: i16 = 1;
/// The log of a KRaft cluster's own metadata.
const METADATA_LOG: &str = "__cluster_metadata";
/// How long the brokers may take to say whether they would.
const ASK_TIMEOUT_MS: i32 = 30_000;

/// Reads some of a broker's configs. One try.
pub async fn broker_configs(
    cluster: &Cluster,
    node: i32,
    keys: &[&str],
) -> Result<Result<HashMap<String, String>, Refusal>, KafkaError> {
    let keys = keys.iter().map(|key| StrBytes::from_string((*key).to_owned())).collect();
    let resource = DescribeConfigsResource::default()
        .with_resource_type(RESOURCE_BROKER)
        .with_resource_name(StrBytes::from_string(node.to_string()))
        .with_configuration_keys(Some(keys));
    let request = DescribeConfigsRequest::default().with_resources(vec![resource]);
    let answer = cluster.call_node(node, &request).await?;
    let Some(result) = answer.results.into_iter().next() else { return Ok(Ok(HashMap::new())) };
    Ok(match result.error_code.err() {
        Some(code) => Err(Refusal::new(code, result.error_message)),
        None => Ok(result
            .configs
            .into_iter()
            .filter_map(|config| Some((config.name.to_string(), config.value?.to_string())))
            .collect()),
    })
}

/// Reads the clock of a KRaft cluster's active controller, in milliseconds since 1970; `None` where the
/// cluster does not tell it (before Kafka 3.3, or with ZooKeeper); the error is the broker's where it may not be
/// asked (Describe on the cluster).
///
/// The leader of the quorum states, as the time of its own last fetch, the present. One try.
pub async fn clock_ms(cluster: &Cluster) -> Result<Result<Option<i64>, ResponseError>, KafkaError> {
    let connection = cluster.any().await?;
    match connection.version_of::<DescribeQuorumRequest>() {
        Ok(version) if version >= QUORUM_TIMES_VERSION => {}
        _ => return Ok(Ok(None)),
    }
    let partition = PartitionData::default().with_partition_index(0);
    let topic = TopicData::default()
        .with_topic_name(StrBytes::from_static_str(METADATA_LOG).into())
        .with_partitions(vec![partition]);
    let answer = connection.call(&DescribeQuorumRequest::default().with_topics(vec![topic])).await?;
    if answer.error_code.err() == Some(ResponseError::ClusterAuthorizationFailed) {
        return Ok(Err(ResponseError::ClusterAuthorizationFailed));
    }
    let partition = answer.topics.first().and_then(|topic| topic.partitions.first());
    Ok(Ok(partition.and_then(|partition| {
        let leader = partition.current_voters.iter().find(|voter| voter.replica_id == partition.leader_id)?;
        Some(leader.last_fetch_timestamp).filter(|time| *time > 0)
    })))
}

/// Asks whether topics would be created, without creating them; each topic's result is its own. One try.
pub async fn would_create(
    cluster: &Cluster,
    topics: &[NewTopic],
) -> Result<HashMap<TopicName, Result<(), Refusal>>, KafkaError> {
    let request = CreateTopicsRequest::default()
        .with_topics(topics.iter().map(creatable).collect())
        .with_timeout_ms(ASK_TIMEOUT_MS)
        .with_validate_only(true);
    let answer = cluster.call_controller(&request).await?;
    let told = answer.topics.into_iter().map(|topic| {
        let result = match topic.error_code.err() {
            Some(code) => Err(Refusal::new(code, topic.error_message)),
            None => Ok(()),
        };
        (TopicName::from(topic.name.as_str()), result)
    });
    Ok(told.collect())
}

/// Returns the bytes of each topic on disk, all replicas together, as one broker has them; the error is
/// the broker's where it will not say (Describe on the cluster). One try.
pub async fn topic_bytes(
    cluster: &Cluster,
    node: i32,
) -> Result<Result<BTreeMap<TopicName, u64>, ResponseError>, KafkaError> {
    let answer = cluster.call_node(node, &DescribeLogDirsRequest::default().with_topics(None)).await?;
    if let Some(code) = answer.error_code.err() {
        return Ok(Err(code));
    }
    let mut bytes = BTreeMap::new();
    for topic in answer.results.into_iter().flat_map(|dir| dir.topics) {
        let size: i64 = topic.partitions.iter().filter(|p| !p.is_future_key).map(|p| p.partition_size).sum();
        *bytes.entry(TopicName::from(topic.name.as_str())).or_default() += u64::try_from(size).unwrap_or(0);
    }
    Ok(Ok(bytes))
}
