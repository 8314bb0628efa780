//! Where replicas are: brokers with their racks, and each topic's assignment.

use std::collections::{BTreeMap, BTreeSet};

use kafka_protocol::ResponseError;
use kafka_protocol::error::ParseResponseErrorCode;

use super::cluster::Cluster;
use super::error::KafkaError;
use super::metadata::{TopicId, request};
use crate::types::TopicName;

/// Holds what one Metadata response says about placement.
#[derive(Clone, Debug, Default)]
pub struct Placement {
    /// The brokers that run, each with its rack.
    pub brokers: BTreeMap<i32, Option<String>>,
    /// The topics asked for, or why one is not told.
    pub topics: BTreeMap<TopicName, Result<PlacedTopic, ResponseError>>,
}

/// Says where one topic's replicas are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedTopic {
    /// Which incarnation.
    pub id: TopicId,
    /// True for the brokers' own topics.
    pub is_internal: bool,
    /// The brokers of each partition's replicas, the preferred leader first; by index.
    pub replicas: Vec<Vec<i32>>,
}

/// Asks where the replicas of the named topics are, or of all topics with `None`. One try.
pub async fn placement(cluster: &Cluster, topics: Option<&[TopicName]>) -> Result<Placement, KafkaError> {
    let connection = cluster.any().await?;
    let answer = connection.call(&request(topics)).await?;
    let rack = |rack: kafka_protocol::protocol::StrBytes| rack.to_string();
    let brokers = answer.brokers.into_iter().map(|b| (b.node_id.0, b.rack.map(rack))).collect();
    let mut found = BTreeMap::new();
    for topic in answer.topics {
        let Some(name) = topic.name.as_ref().map(|name| TopicName::from(name.as_str())) else { continue };
        let placed = match topic.error_code.err() {
            Some(code) => Err(code),
            None => {
                let by_index: BTreeMap<i32, Vec<i32>> = topic
                    .partitions
                    .into_iter()
                    .map(|p| (p.partition_index, p.replica_nodes.into_iter().map(|id| id.0).collect()))
                    .collect();
                let id = Some(topic.topic_id).filter(|id| !id.is_nil());
                Ok(PlacedTopic {
                    id,
                    is_internal: topic.is_internal,
                    replicas: by_index.into_values().collect(),
                })
            }
        };
        found.insert(name, placed);
    }
    Ok(Placement { brokers, topics: found })
}

impl Placement {
    /// Lists the topics that are there and may be seen.
    pub fn seen(&self) -> impl Iterator<Item = (&TopicName, &PlacedTopic)> {
        self.topics.iter().filter_map(|(name, topic)| Some((name, topic.as_ref().ok()?)))
    }

    /// Lists the brokers that hold any of the replicas.
    pub fn holders(&self) -> BTreeSet<i32> {
        self.seen().flat_map(|(_, topic)| topic.replicas.iter().flatten().copied()).collect()
    }
}
