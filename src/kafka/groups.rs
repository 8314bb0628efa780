//! Committed offsets of consumer groups.

use std::collections::BTreeMap;

use kafka_protocol::ResponseError;
use kafka_protocol::error::ParseResponseErrorCode;
use kafka_protocol::messages::OffsetCommitRequest;
use kafka_protocol::messages::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_protocol::protocol::StrBytes;

use super::cluster::{Cluster, CoordinatorKind};
use super::error::{KafkaError, RequestCause, RequestError};
use super::metadata::wire_name;
use crate::types::{TargetOffset, TopicPartition};

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

/// Commits offsets for a group without members (generation -1); one try.
///
/// The first partition's error is returned as the request's.
pub async fn commit(cluster: &Cluster, group: &str, commits: &[Commit]) -> Result<(), KafkaError> {
    let node = cluster.coordinator(CoordinatorKind::Group, group).await?;
    let connection = cluster.control(node).await?;
    let version = connection
        .version_of::<OffsetCommitRequest>()
        .map_err(|cause| super::cluster::request_error::<OffsetCommitRequest>(&connection, cause))?
        .min(COMMIT_VERSION_MAX);
    let answer = connection.call_version(&request(group, commits), version).await?;
    let failed = answer
        .topics
        .iter()
        .flat_map(|topic| topic.partitions.iter().map(move |partition| (&topic.name, partition)))
        .find_map(|(topic, partition)| Some((topic, partition.error_code.err()?)));
    match failed {
        None => Ok(()),
        Some((topic, code)) => Err(refused(&connection, code, topic).into()),
    }
}

fn refused(
    connection: &super::connection::Connection,
    code: ResponseError,
    topic: &kafka_protocol::messages::TopicName,
) -> RequestError {
    let message = Some(format!("topic {}", topic.as_str()));
    super::cluster::request_error::<OffsetCommitRequest>(connection, RequestCause::Code { code, message })
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
