//! What groups have committed (OffsetFetch): one request for each coordinator.

use std::collections::{BTreeMap, HashMap};

use futures_util::future::join_all;
use kafka_protocol::ResponseError;
use kafka_protocol::error::ParseResponseErrorCode;
use kafka_protocol::messages::OffsetFetchRequest;
use kafka_protocol::messages::offset_fetch_request::OffsetFetchRequestGroup;
use kafka_protocol::protocol::StrBytes;

use super::coordinators::coordinators;
use crate::kafka::cluster::{Cluster, request_error};
use crate::kafka::error::{KafkaError, RequestCause};
use crate::types::TopicPartition;

/// From this version one request asks for many groups (KIP-709).
const MANY_GROUPS_FROM: i16 = 8;
/// From this version a coordinator can be told to wait for transactions that commit offsets (KIP-447).
const STABLE_FROM: i16 = 7;
/// Newest OffsetFetch that names topics by name.
const FETCH_VERSION_MAX: i16 = 9;

/// Holds one committed offset as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The next offset the group will read.
    pub offset: i64,
    /// The leader epoch of the last record read, where the application told it.
    pub leader_epoch: Option<i32>,
    /// The application's words beside it.
    pub metadata: String,
}

/// A group's committed offsets by partition; a partition whose offset cannot be told says why.
pub type Offsets = BTreeMap<TopicPartition, Result<Committed, ResponseError>>;
/// Each group's offsets, or why they cannot be read.
pub type OffsetsByGroup = BTreeMap<String, Result<Offsets, KafkaError>>;

/// Reads all that groups have committed; one try. What fails is the failure of the groups it concerns.
///
/// `is_stable` has a coordinator refuse with UNSTABLE_OFFSET_COMMIT what a transaction is about to
/// commit (brokers from 2.5); without it the last stable commit is told.
pub async fn committed(cluster: &Cluster, groups: &[String], is_stable: bool) -> OffsetsByGroup {
    let mut offsets = OffsetsByGroup::new();
    let mut by_node: HashMap<i32, Vec<String>> = HashMap::new();
    match coordinators(cluster, groups).await {
        Ok(found) => {
            for (group, node) in found {
                match node {
                    Ok(node) => by_node.entry(node).or_default().push(group),
                    Err(error) => {
                        offsets.insert(group, Err(error));
                    }
                }
            }
        }
        Err(error) => offsets.extend(groups.iter().map(|group| (group.clone(), Err(error.clone())))),
    }
    let asked = by_node.into_iter().map(|(node, groups)| async move {
        match committed_at(cluster, node, &groups, is_stable).await {
            Ok(found) => found,
            Err(error) => groups.into_iter().map(|group| (group, Err(error.clone()))).collect(),
        }
    });
    join_all(asked).await.into_iter().for_each(|found| offsets.extend(found));
    offsets
}

async fn committed_at(
    cluster: &Cluster,
    node: i32,
    groups: &[String],
    is_stable: bool,
) -> Result<OffsetsByGroup, KafkaError> {
    let connection = cluster.control(node).await?;
    let fail = |cause| KafkaError::from(request_error::<OffsetFetchRequest>(&connection, cause));
    let version = connection.version_of::<OffsetFetchRequest>().map_err(fail)?.min(FETCH_VERSION_MAX);
    let code = |code: ResponseError| fail(RequestCause::Code { code, message: None });
    let is_stable = is_stable && version >= STABLE_FROM;
    if version >= MANY_GROUPS_FROM {
        let request = OffsetFetchRequest::default().with_require_stable(is_stable).with_groups(
            groups
                .iter()
                .map(|group| {
                    OffsetFetchRequestGroup::default()
                        .with_group_id(StrBytes::from_string(group.clone()).into())
                        .with_topics(None)
                })
                .collect(),
        );
        let answer = connection.call_version(&request, version).await?;
        let each = answer.groups.into_iter().map(|group| {
            let offsets = match group.error_code.err() {
                Some(error) => Err(code(error)),
                None => Ok(gathered(group.topics.iter().flat_map(|topic| {
                    topic.partitions.iter().map(|p| {
                        let name = TopicPartition::new(topic.name.as_str(), p.partition_index);
                        let of = (p.committed_offset, p.committed_leader_epoch, p.metadata.as_ref());
                        (name, p.error_code, of)
                    })
                }))),
            };
            (group.group_id.to_string(), offsets)
        });
        return Ok(each.collect());
    }
    let asked = groups.iter().map(|group| {
        let request = OffsetFetchRequest::default()
            .with_group_id(StrBytes::from_string(group.clone()).into())
            .with_require_stable(is_stable)
            .with_topics(None);
        let connection = &connection;
        async move { (group.clone(), connection.call_version(&request, version).await) }
    });
    let each = join_all(asked).await.into_iter().map(|(group, answer)| {
        let offsets = answer.map_err(KafkaError::from).and_then(|answer| match answer.error_code.err() {
            Some(error) => Err(code(error)),
            None => Ok(gathered(answer.topics.iter().flat_map(|topic| {
                topic.partitions.iter().map(|p| {
                    let name = TopicPartition::new(topic.name.as_str(), p.partition_index);
                    (name, p.error_code, (p.committed_offset, p.committed_leader_epoch, p.metadata.as_ref()))
                })
            }))),
        });
        (group, offsets)
    });
    Ok(each.collect())
}

/// One partition's part of an answer: name, error code, (offset, leader epoch, metadata).
type Told<'a> = (TopicPartition, i16, (i64, i32, Option<&'a StrBytes>));

/// Gathers a group's partitions; one without a commit (offset -1) is none of them.
fn gathered<'a>(told: impl Iterator<Item = Told<'a>>) -> Offsets {
    told.filter_map(|(name, error_code, (offset, leader_epoch, metadata))| {
        let committed = match error_code.err() {
            Some(code) => Err(code),
            None if offset < 0 => return None,
            None => Ok(Committed {
                offset,
                leader_epoch: Some(leader_epoch).filter(|epoch| *epoch >= 0),
                metadata: metadata.map(ToString::to_string).unwrap_or_default(),
            }),
        };
        Some((name, committed))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g11_no_commit_is_no_offset_and_a_refused_one_says_why() {
        let orders = |partition| TopicPartition::new("orders", partition);
        let told = [
            (orders(0), 0, (12, 3, None)),
            (orders(1), 0, (-1, -1, None)),
            (orders(2), ResponseError::UnstableOffsetCommit.code(), (-1, -1, None)),
        ];
        let offsets = gathered(told.into_iter());
        let committed = Committed { offset: 12, leader_epoch: Some(3), metadata: String::new() };
        assert_eq!(
            offsets.into_iter().collect::<Vec<_>>(),
            [(orders(0), Ok(committed)), (orders(2), Err(ResponseError::UnstableOffsetCommit))]
        );
    }
}
