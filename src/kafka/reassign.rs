//! Moving replicas between brokers (KIP-455).

use std::collections::BTreeMap;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::alter_partition_reassignments_request::{
    ReassignablePartition, ReassignableTopic,
};
use kafka_protocol::messages::{
    AlterPartitionReassignmentsRequest, BrokerId, ListPartitionReassignmentsRequest,
};

use super::admin::{CHANGE_TIMEOUT_MS, Refusal, outcome};
use super::cluster::Cluster;
use super::error::KafkaError;
use super::metadata::wire_name;
use crate::types::{TopicName, TopicPartition};

/// Asks for replicas to be where they are named, or for a move to be taken back where there is `None`; each
/// partition's result is its own. The answer comes before the move. One try.
pub async fn reassign(
    cluster: &Cluster,
    moves: &[(TopicPartition, Option<Vec<i32>>)],
) -> Result<BTreeMap<TopicPartition, Result<(), Refusal>>, KafkaError> {
    let mut topics: BTreeMap<&TopicName, Vec<ReassignablePartition>> = BTreeMap::new();
    for (partition, replicas) in moves {
        let replicas = replicas.as_ref().map(|ids| ids.iter().copied().map(BrokerId).collect());
        let one = ReassignablePartition::default()
            .with_partition_index(partition.partition)
            .with_replicas(replicas);
        topics.entry(&partition.topic).or_default().push(one);
    }
    let topics = topics
        .into_iter()
        .map(|(name, partitions)| {
            ReassignableTopic::default().with_name(wire_name(name)).with_partitions(partitions)
        })
        .collect();
    let request =
        AlterPartitionReassignmentsRequest::default().with_timeout_ms(CHANGE_TIMEOUT_MS).with_topics(topics);
    let answer = cluster.call_controller(&request).await?;
    if let Err(refusal) = outcome(answer.error_code, answer.error_message) {
        return Ok(moves.iter().map(|(partition, _)| (partition.clone(), Err(refusal.clone()))).collect());
    }
    let mut results = BTreeMap::new();
    for topic in answer.responses {
        let name = TopicName::from(topic.name.as_str());
        for one in topic.partitions {
            let partition = TopicPartition::new(name.clone(), one.partition_index);
            results.insert(partition, outcome(one.error_code, one.error_message));
        }
    }
    Ok(results)
}

/// Says where a move that is under way comes from and goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ongoing {
    /// Brokers that are getting a replica.
    pub adding: Vec<i32>,
    /// Brokers that are losing theirs.
    pub removing: Vec<i32>,
}

/// Lists the moves that are under way in the whole cluster. Needs Describe on the cluster;
/// brokers before 2.4 refuse. One try.
pub async fn ongoing(
    cluster: &Cluster,
) -> Result<Result<BTreeMap<TopicPartition, Ongoing>, Refusal>, KafkaError> {
    let controller = cluster.controller().await?;
    if controller.version_of::<ListPartitionReassignmentsRequest>().is_err() {
        return Ok(Err(Refusal { code: ResponseError::UnsupportedVersion, message: None }));
    }
    let request =
        ListPartitionReassignmentsRequest::default().with_timeout_ms(CHANGE_TIMEOUT_MS).with_topics(None);
    let answer = controller.call(&request).await?;
    if let Err(refusal) = outcome(answer.error_code, answer.error_message) {
        return Ok(Err(refusal));
    }
    let ids = |ids: Vec<BrokerId>| ids.into_iter().map(|id| id.0).collect();
    let mut found = BTreeMap::new();
    for topic in answer.topics {
        let name = TopicName::from(topic.name.as_str());
        for one in topic.partitions {
            let partition = TopicPartition::new(name.clone(), one.partition_index);
            let ongoing = Ongoing { adding: ids(one.adding_replicas), removing: ids(one.removing_replicas) };
            found.insert(partition, ongoing);
        }
    }
    Ok(Ok(found))
}

/// Says that there is no such move (any more), which answers a wish to take it back.
pub fn is_over(refusal: &Refusal) -> bool {
    refusal.code == ResponseError::NoReassignmentInProgress
}
