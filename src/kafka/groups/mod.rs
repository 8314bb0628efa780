//! Consumer groups: which there are, what they have committed, and committing for them.

mod committed;
mod coordinators;
mod delete;
mod list;
mod members;
mod patience;

pub use self::committed::{Committed, Offsets, OffsetsByGroup, committed};
pub use self::delete::delete;
pub use self::list::{GroupListing, Groups, list};
pub use self::members::{Member, classic_members, consumer_members};
pub use self::patience::{ByGroup, patiently};

use std::collections::BTreeMap;

use kafka_protocol::ResponseError;
use kafka_protocol::error::ParseResponseErrorCode;
use kafka_protocol::messages::OffsetCommitRequest;
use kafka_protocol::messages::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_protocol::protocol::StrBytes;

use crate::kafka::cluster::{Cluster, CoordinatorKind, request_error};
use crate::kafka::connection::Connection;
use crate::kafka::error::{KafkaError, RequestCause, RequestError};
use crate::kafka::metadata::wire_name;
use crate::types::{TargetOffset, TopicName, TopicPartition};

/// Newest OffsetCommit that names topics by name; the next names them by id only.
const COMMIT_VERSION_MAX: i16 = 9;

/// Holds one committed offset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// The partition.
    pub partition: TopicPartition,
    /// The next offset to read.
    pub offset: TargetOffset,
    /// Words that tools show beside it.
    pub metadata: String,
}

/// Says of each partition whether its offset was committed, or the broker's refusal.
pub type Answers = BTreeMap<TopicPartition, Result<(), ResponseError>>;

/// Commits offsets for a group without members (generation -1); one try. A group that has members refuses
/// with UNKNOWN_MEMBER_ID, so nobody's own commits are overwritten.
///
/// The first partition's error is returned as the request's.
pub async fn commit(cluster: &Cluster, group: &str, commits: &[Commit]) -> Result<(), KafkaError> {
    let (connection, answers) = send(cluster, group, commits).await?;
    match answers.into_iter().find_map(|(partition, answer)| Some((partition, answer.err()?))) {
        None => Ok(()),
        Some((partition, code)) => Err(refused(&connection, code, &partition.topic).into()),
    }
}

/// The same, with each partition's own answer.
pub async fn commit_each(cluster: &Cluster, group: &str, commits: &[Commit]) -> Result<Answers, KafkaError> {
    Ok(send(cluster, group, commits).await?.1)
}

async fn send(
    cluster: &Cluster,
    group: &str,
    commits: &[Commit],
) -> Result<(Connection, Answers), KafkaError> {
    let node = cluster.coordinator(CoordinatorKind::Group, group).await?;
    let connection = cluster.control(node).await?;
    let version = connection
        .version_of::<OffsetCommitRequest>()
        .map_err(|cause| request_error::<OffsetCommitRequest>(&connection, cause))?
        .min(COMMIT_VERSION_MAX);
    let answer = connection.call_version(&request(group, commits), version).await?;
    let mut answers = Answers::new();
    for topic in answer.topics {
        for partition in topic.partitions {
            let name = TopicPartition::new(topic.name.as_str(), partition.partition_index);
            answers.insert(name, partition.error_code.err().map_or(Ok(()), Err));
        }
    }
    Ok((connection, answers))
}

fn refused(connection: &Connection, code: ResponseError, topic: &TopicName) -> RequestError {
    let message = Some(format!("topic {topic}"));
    request_error::<OffsetCommitRequest>(connection, RequestCause::Code { code, message })
}

fn request(group: &str, commits: &[Commit]) -> OffsetCommitRequest {
    let mut topics: BTreeMap<&str, OffsetCommitRequestTopic> = BTreeMap::new();
    for commit in commits {
        let topic = topics.entry(commit.partition.topic.as_str()).or_insert_with(|| {
            OffsetCommitRequestTopic::default().with_name(wire_name(&commit.partition.topic))
        });
        topic.partitions.push(
            OffsetCommitRequestPartition::default()
                .with_partition_index(commit.partition.partition)
                .with_committed_offset(commit.offset.0)
                .with_committed_leader_epoch(-1)
                .with_committed_metadata(Some(StrBytes::from_string(commit.metadata.clone()))),
        );
    }
    OffsetCommitRequest::default()
        .with_group_id(StrBytes::from_string(group.to_owned()).into())
        .with_generation_id_or_member_epoch(-1)
        .with_topics(topics.into_values().collect())
}
