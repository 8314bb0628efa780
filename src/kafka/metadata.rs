//! What a cluster says about itself: brokers, topics, leaders.

use std::collections::{BTreeMap, HashMap};

use kafka_protocol::ResponseError;
use kafka_protocol::error::ParseResponseErrorCode;
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::metadata_response::MetadataResponseTopic;
use kafka_protocol::messages::{MetadataRequest, MetadataResponse};
use kafka_protocol::protocol::StrBytes;
use uuid::Uuid;

use crate::types::{ClusterId, PartitionIndex, TopicName};

/// Identifies one incarnation of a topic; `None` from brokers older than 2.8.
pub type TopicId = Option<Uuid>;

/// Names a topic as an answer does: by id where the request did, else by name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TopicKey {
    /// The incarnation.
    Id(Uuid),
    /// The name.
    Name(TopicName),
}

impl TopicKey {
    /// Reads an answer's two fields; a nil id means that the name counts.
    pub fn of_answer(id: Uuid, name: &kafka_protocol::messages::TopicName) -> Self {
        if id.is_nil() { Self::Name(name.as_str().into()) } else { Self::Id(id) }
    }
}

/// Holds one Metadata response.
#[derive(Clone, Debug, Default)]
pub struct Metadata {
    /// The cluster's id.
    pub cluster_id: Option<ClusterId>,
    /// The broker that takes administrative requests (under KRaft: one that forwards them).
    pub controller: Option<i32>,
    /// `host`, `port` by broker id.
    pub brokers: BTreeMap<i32, (String, u16)>,
    /// The topics asked for.
    pub topics: HashMap<TopicName, TopicMetadata>,
}

/// Describes one topic.
#[derive(Clone, Debug)]
pub struct TopicMetadata {
    /// Why there is no more to say, where there is not.
    pub error: Option<ResponseError>,
    /// Which incarnation.
    pub id: TopicId,
    /// True for the brokers' own topics.
    pub is_internal: bool,
    /// By index; a partition without a leader has `leader: None`.
    pub partitions: BTreeMap<PartitionIndex, PartitionMetadata>,
}

/// Describes one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartitionMetadata {
    /// The broker that takes produces and fetches; `None` during an election.
    pub leader: Option<i32>,
    /// Rises with each election; -1 from brokers that do not say.
    pub leader_epoch: i32,
    /// Number of replicas.
    pub replicas: usize,
}

/// Makes the request for the named topics, or for all with `None`. It never creates a topic.
pub fn request(topics: Option<&[TopicName]>) -> MetadataRequest {
    let topics = topics.map(|names| {
        names.iter().map(|name| MetadataRequestTopic::default().with_name(Some(wire_name(name)))).collect()
    });
    MetadataRequest::default().with_topics(topics).with_allow_auto_topic_creation(false)
}

/// Turns a topic name into the codec's type.
pub fn wire_name(name: &TopicName) -> kafka_protocol::messages::TopicName {
    StrBytes::from_string(name.as_str().to_owned()).into()
}

impl From<MetadataResponse> for Metadata {
    fn from(response: MetadataResponse) -> Self {
        Self {
            cluster_id: response.cluster_id.map(|id| ClusterId::from(id.as_str())),
            controller: Some(response.controller_id.0).filter(|id| *id >= 0),
            brokers: response
                .brokers
                .into_iter()
                .map(|b| (b.node_id.0, (b.host.to_string(), u16::try_from(b.port).unwrap_or(0))))
                .collect(),
            topics: response.topics.into_iter().filter_map(topic).collect(),
        }
    }
}

fn topic(topic: MetadataResponseTopic) -> Option<(TopicName, TopicMetadata)> {
    let name = TopicName::from(topic.name.as_ref()?.as_str());
    let partitions = topic
        .partitions
        .into_iter()
        .map(|p| {
            let leader = Some(p.leader_id.0).filter(|id| *id >= 0);
            let metadata =
                PartitionMetadata { leader, leader_epoch: p.leader_epoch, replicas: p.replica_nodes.len() };
            (p.partition_index, metadata)
        })
        .collect();
    let id = Some(topic.topic_id).filter(|id| !id.is_nil());
    Some((
        name,
        TopicMetadata { error: topic.error_code.err(), id, is_internal: topic.is_internal, partitions },
    ))
}

impl TopicMetadata {
    /// Says whether there is no such topic, or none that may be seen.
    pub fn is_missing(&self) -> bool {
        self.error == Some(ResponseError::UnknownTopicOrPartition)
    }
}

impl Metadata {
    /// Returns what is known of one partition.
    pub fn partition(&self, topic: &TopicName, partition: PartitionIndex) -> Option<PartitionMetadata> {
        self.topics.get(topic)?.partitions.get(&partition).copied()
    }
}
