//! Which broker keeps each group's offsets (FindCoordinator): one request for all groups.

use std::collections::HashMap;

use futures_util::future::join_all;
use kafka_protocol::error::ParseResponseErrorCode;
use kafka_protocol::messages::FindCoordinatorRequest;
use kafka_protocol::protocol::StrBytes;

use crate::kafka::cluster::{Cluster, CoordinatorKind, request_error};
use crate::kafka::error::{KafkaError, RequestCause};

/// From this version one request asks for many keys (KIP-699).
const MANY_KEYS_FROM: i16 = 4;

/// Each group's coordinator, or why it is not known.
pub type Coordinators = HashMap<String, Result<i32, KafkaError>>;

/// Finds the coordinators of groups; one try. The error is one of asking at all.
pub async fn coordinators(cluster: &Cluster, groups: &[String]) -> Result<Coordinators, KafkaError> {
    if groups.is_empty() {
        return Ok(Coordinators::new());
    }
    let connection = cluster.any().await?;
    let fail = |cause| KafkaError::from(request_error::<FindCoordinatorRequest>(&connection, cause));
    let version = connection.version_of::<FindCoordinatorRequest>().map_err(fail)?;
    if version < MANY_KEYS_FROM {
        let one = |group: &String| {
            let group = group.clone();
            async move { (group.clone(), cluster.coordinator(CoordinatorKind::Group, &group).await) }
        };
        return Ok(join_all(groups.iter().map(one)).await.into_iter().collect());
    }
    let keys = groups.iter().map(|group| StrBytes::from_string(group.clone())).collect();
    let request = FindCoordinatorRequest::default()
        .with_key_type(CoordinatorKind::Group as i8)
        .with_coordinator_keys(keys);
    let answer = connection.call_version(&request, version).await?;
    let found = answer.coordinators.into_iter().map(|found| {
        let node = match found.error_code.err() {
            None => Ok(found.node_id.0),
            Some(code) => {
                let message = found.error_message.map(|m| m.to_string()).filter(|m| !m.is_empty());
                Err(fail(RequestCause::Code { code, message }))
            }
        };
        (found.key.to_string(), node)
    });
    Ok(found.collect())
}
