//! What the user we log in as may do, asked without changing anything.

use std::collections::HashMap;
use std::fmt;

use kafka_protocol::ResponseError;
use kafka_protocol::error::ParseResponseErrorCode;
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::{EndTxnRequest, HeartbeatRequest, MetadataRequest, TransactionalId};
use kafka_protocol::protocol::StrBytes;

use super::cluster::{Cluster, request_error};
use super::error::KafkaError;
use super::metadata::wire_name;
use crate::types::TopicName;

/// First Metadata that tells what may be done with a topic (KIP-430).
const METADATA_OPERATIONS_VERSION: i16 = 8;
/// Newest EndTxn that leaves epochs alone.
const END_VERSION_MAX: i16 = 4;
/// What an answer holds that says nothing about operations.
const NOT_TOLD: i32 = i32::MIN;

/// Names an operation as ACLs do; the value is its number in the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "Kafka's own names")]
pub enum Operation {
    Read = 3,
    Write = 4,
    Create = 5,
    Alter = 7,
    Describe = 8,
    DescribeConfigs = 10,
    AlterConfigs = 11,
    IdempotentWrite = 12,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// Holds the operations allowed on one resource, as the broker tells them (KIP-430).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operations(i32);

impl Operations {
    /// Reads a broker's bits; `None` where it tells nothing.
    pub fn from_bits(bits: i32) -> Option<Self> {
        (bits != NOT_TOLD).then_some(Self(bits))
    }

    /// Says whether an operation is allowed.
    pub fn allow(self, operation: Operation) -> bool {
        self.0 & (1 << operation as i32) != 0
    }
}

/// Says what may be done with each of the topics; `None` where the broker is too old to tell.
/// A topic that does not exist, or may not be seen, answers with its error. One try.
pub async fn on_topics(
    cluster: &Cluster,
    topics: &[TopicName],
) -> Result<HashMap<TopicName, Result<Option<Operations>, ResponseError>>, KafkaError> {
    let connection = cluster.any().await?;
    let version = connection
        .version_of::<MetadataRequest>()
        .map_err(|cause| request_error::<MetadataRequest>(&connection, cause))?;
    let asked = topics.iter().map(|name| MetadataRequestTopic::default().with_name(Some(wire_name(name))));
    let request = MetadataRequest::default()
        .with_topics(Some(asked.collect()))
        .with_allow_auto_topic_creation(false)
        .with_include_topic_authorized_operations(version >= METADATA_OPERATIONS_VERSION);
    let answer = connection.call_version(&request, version).await?;
    let told = answer.topics.into_iter().filter_map(|topic| {
        let name = TopicName::from(topic.name?.as_str());
        let operations = match topic.error_code.err() {
            Some(code) => Err(code),
            None => Ok(Operations::from_bits(topic.topic_authorized_operations)),
        };
        Some((name, operations))
    });
    Ok(told.collect())
}

/// Says whether a consumer group may be read, which is what committing needs: sends any broker the
/// heartbeat of a member that no group has. Whether that is allowed is looked at before whether the broker
/// is the group's coordinator, so nothing is made, joined or committed. One try.
pub async fn on_group(cluster: &Cluster, group: &str) -> Result<bool, KafkaError> {
    let request = HeartbeatRequest::default()
        .with_group_id(StrBytes::from_string(group.to_owned()).into())
        .with_generation_id(-1);
    let answer = cluster.any().await?.call(&request).await?;
    Ok(answer.error_code.err() != Some(ResponseError::GroupAuthorizationFailed))
}

/// Says whether a transactional id may be written: asks any broker to end a transaction that no producer
/// has. Whether that is allowed is looked at before whether there is such a transaction, and before
/// whether the broker is the id's coordinator, so nothing is made, opened or ended. One try.
pub async fn on_transactional_id(cluster: &Cluster, id: &str) -> Result<bool, KafkaError> {
    let connection = cluster.any().await?;
    let version = connection
        .version_of::<EndTxnRequest>()
        .map_err(|cause| request_error::<EndTxnRequest>(&connection, cause))?
        .min(END_VERSION_MAX);
    let request = EndTxnRequest::default()
        .with_transactional_id(TransactionalId(StrBytes::from_string(id.to_owned())))
        .with_producer_id((-1).into())
        .with_producer_epoch(-1)
        .with_committed(false);
    let answer = connection.call_version(&request, version).await?;
    Ok(answer.error_code.err() != Some(ResponseError::TransactionalIdAuthorizationFailed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_kafkas_operation_numbers() {
        let read_and_describe = Operations::from_bits((1 << 3) | (1 << 8));
        assert_eq!(read_and_describe.map(|o| o.allow(Operation::Read)), Some(true));
        assert_eq!(read_and_describe.map(|o| o.allow(Operation::Describe)), Some(true));
        assert_eq!(read_and_describe.map(|o| o.allow(Operation::Write)), Some(false));
        assert_eq!(Operations::from_bits(i32::MIN), None);
    }
}
