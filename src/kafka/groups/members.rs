//! Who is in a group (DescribeGroups, and ConsumerGroupDescribe for the new protocol): one request for each
//! coordinator.

use std::fmt;

use kafka_protocol::ResponseError;
use kafka_protocol::error::ParseResponseErrorCode;
use kafka_protocol::messages::{ConsumerGroupDescribeRequest, DescribeGroupsRequest, GroupId};
use kafka_protocol::protocol::{Request, StrBytes};

use super::patience::{ByGroup, of_coordinators};
use crate::kafka::cluster::{Cluster, request_error};
use crate::kafka::connection::Connection;
use crate::kafka::error::{KafkaError, RequestCause};

/// Describes one member of a group; prints as `billing-1 (10.0.0.7)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its `client.id`.
    pub client_id: String,
    /// The address it speaks from, as the broker prints it.
    pub host: String,
    /// Its `group.instance.id`, where it has one.
    pub instance_id: Option<String>,
}

impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.instance_id.as_deref().unwrap_or(&self.client_id);
        write!(f, "{name} ({})", self.host.trim_start_matches('/'))
    }
}

/// Lists the members of groups of the classic protocol, one that does not exist having none; one try.
pub async fn classic_members(cluster: &Cluster, groups: &[String]) -> ByGroup<Vec<Member>> {
    of_coordinators(cluster, groups, async |connection: &Connection, groups: &[String]| {
        let request = DescribeGroupsRequest::default().with_groups(ids(groups));
        let answer = connection.call(&request).await?;
        let each = answer.groups.into_iter().map(|group| {
            let members = group.members.into_iter().map(|member| Member {
                client_id: member.client_id.to_string(),
                host: member.client_host.to_string(),
                instance_id: member.group_instance_id.map(|id| id.to_string()),
            });
            let refusal = refusal::<DescribeGroupsRequest>(connection, group.error_code, group.error_message);
            (group.group_id.to_string(), refusal.map_or_else(|| Ok(members.collect()), Err))
        });
        Ok(each.collect())
    })
    .await
}

/// Lists the members of groups of the new consumer protocol; one try.
pub async fn consumer_members(cluster: &Cluster, groups: &[String]) -> ByGroup<Vec<Member>> {
    of_coordinators(cluster, groups, async |connection: &Connection, groups: &[String]| {
        let request = ConsumerGroupDescribeRequest::default().with_group_ids(ids(groups));
        let answer = connection.call(&request).await?;
        let each = answer.groups.into_iter().map(|group| {
            let members = group.members.into_iter().map(|member| Member {
                client_id: member.client_id.to_string(),
                host: member.client_host.to_string(),
                instance_id: member.instance_id.map(|id| id.to_string()),
            });
            let refusal =
                refusal::<ConsumerGroupDescribeRequest>(connection, group.error_code, group.error_message);
            (group.group_id.to_string(), refusal.map_or_else(|| Ok(members.collect()), Err))
        });
        Ok(each.collect())
    })
    .await
}

fn ids(groups: &[String]) -> Vec<GroupId> {
    groups.iter().map(|group| StrBytes::from_string(group.clone()).into()).collect()
}

/// A group that is not there, or is of the other protocol by now, has no members to tell of.
fn refusal<R: Request>(connection: &Connection, code: i16, message: Option<StrBytes>) -> Option<KafkaError> {
    let code = code.err().filter(|code| *code != ResponseError::GroupIdNotFound)?;
    let message = message.map(|text| text.to_string()).filter(|text| !text.is_empty());
    Some(request_error::<R>(connection, RequestCause::Code { code, message }).into())
}
