//! Which consumer groups there are (ListGroups): one request for each broker.

use futures_util::future::join_all;
use kafka_protocol::error::ParseResponseErrorCode;
use kafka_protocol::messages::ListGroupsRequest;

use crate::kafka::cluster::{Cluster, request_error};
use crate::kafka::error::{KafkaError, RequestCause};

/// The protocol type of groups whose members consume.
const CONSUMER: &str = "consumer";

/// Describes one group as its coordinator lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupListing {
    /// The group's id.
    pub group: String,
    /// `consumer`; empty where offsets were only ever committed without members.
    pub protocol_type: String,
    /// Such as `Stable` or `Empty`; empty from brokers older than 2.6.
    pub state: String,
    /// `classic` or `consumer` (KIP-848); empty from brokers older than 3.8.
    pub group_type: String,
}

impl GroupListing {
    /// Names a group that no broker lists.
    pub fn unlisted(group: &str) -> Self {
        let untold = String::new;
        Self { group: group.to_owned(), protocol_type: untold(), state: untold(), group_type: untold() }
    }

    /// Says whether its offsets are those of consumers, and not of Connect workers or share groups.
    pub fn is_of_consumers(&self) -> bool {
        let is_known_type = self.group_type.is_empty()
            || ["classic", "consumer"].contains(&self.group_type.to_lowercase().as_str());
        is_known_type && (self.protocol_type.is_empty() || self.protocol_type == CONSUMER)
    }
}

impl GroupListing {
    /// Says whether such a group commits offsets at all: share groups and Connect workers do not.
    pub fn commits_offsets(&self) -> bool {
        !self.group_type.eq_ignore_ascii_case("share")
            && !["share", "connect"].contains(&self.protocol_type.as_str())
    }

    /// Says whether it speaks the new consumer protocol (KIP-848).
    pub fn is_new_protocol(&self) -> bool {
        self.group_type.eq_ignore_ascii_case("consumer")
    }

    /// Says whether it has members; `None` where the broker is too old to list states.
    pub fn has_members(&self) -> Option<bool> {
        (!self.state.is_empty()).then_some(!matches!(self.state.as_str(), "Empty" | "Dead"))
    }
}

/// Holds the groups of a cluster, and what could not be listed.
#[derive(Debug, Default)]
pub struct Groups {
    /// By id, each once.
    pub listed: Vec<GroupListing>,
    /// Failures of brokers whose groups are not among them.
    pub failures: Vec<KafkaError>,
}

/// Lists the groups of every broker; one try.
pub async fn list(cluster: &Cluster) -> Groups {
    let asked = cluster.nodes().into_iter().map(|node| list_at(cluster, node));
    let mut groups = Groups::default();
    for answer in join_all(asked).await {
        match answer {
            Ok(listed) => groups.listed.extend(listed),
            Err(error) => groups.failures.push(error),
        }
    }
    // While a coordinator moves two brokers may list a group.
    groups.listed.sort_by(|a, b| a.group.cmp(&b.group));
    groups.listed.dedup_by(|a, b| a.group == b.group);
    groups
}

async fn list_at(cluster: &Cluster, node: i32) -> Result<Vec<GroupListing>, KafkaError> {
    let connection = cluster.control(node).await?;
    let answer = connection.call(&ListGroupsRequest::default()).await?;
    match answer.error_code.err() {
        None => {}
        Some(code) => {
            let cause = RequestCause::Code { code, message: None };
            return Err(request_error::<ListGroupsRequest>(&connection, cause).into());
        }
    }
    let listing = |group: kafka_protocol::messages::list_groups_response::ListedGroup| GroupListing {
        group: group.group_id.to_string(),
        protocol_type: group.protocol_type.to_string(),
        state: group.group_state.to_string(),
        group_type: group.group_type.to_string(),
    };
    Ok(answer.groups.into_iter().map(listing).collect())
}
