//! Deleting consumer groups (DeleteGroups), one request for each coordinator.

use kafka_protocol::ResponseError;
use kafka_protocol::error::ParseResponseErrorCode;
use kafka_protocol::messages::DeleteGroupsRequest;
use kafka_protocol::protocol::StrBytes;

use super::patience::{ByGroup, of_coordinators};
use crate::kafka::cluster::{Cluster, request_error};
use crate::kafka::connection::Connection;
use crate::kafka::error::RequestCause;

/// Deletes groups; one that is not there counts as deleted, one that has members is refused
/// (NON_EMPTY_GROUP). One try.
pub async fn delete(cluster: &Cluster, groups: &[String]) -> ByGroup<()> {
    of_coordinators(cluster, groups, async |connection: &Connection, groups: &[String]| {
        let ids = groups.iter().map(|group| StrBytes::from_string(group.clone()).into()).collect();
        let answer = connection.call(&DeleteGroupsRequest::default().with_groups_names(ids)).await?;
        let each = answer.results.into_iter().map(|group| {
            let refused = group.error_code.err().filter(|code| *code != ResponseError::GroupIdNotFound);
            let outcome = refused.map_or(Ok(()), |code| {
                let cause = RequestCause::Code { code, message: None };
                Err(request_error::<DeleteGroupsRequest>(connection, cause).into())
            });
            (group.group_id.to_string(), outcome)
        });
        Ok(each.collect())
    })
    .await
}
