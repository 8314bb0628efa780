//! What a request needs leave for, where access rules decide.
//!
//! A request of which any part is forbidden is refused as a whole, with the error a broker has for
//! that part.

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::ApiKey;
use kafka_protocol::protocol::StrBytes;

use super::acls::{CLUSTER, Operation, ResourceType};
use super::answer::{Client, Context};
use super::dispatch::Call;
use super::state::State;

/// Leave a request needs: to do what, with what, of which name.
pub type Need = (Operation, ResourceType, StrBytes);

/// Says that a request needs leave for the whole cluster.
pub fn cluster(operation: Operation) -> Vec<Need> {
    vec![(operation, ResourceType::Cluster, StrBytes::from_static_str(CLUSTER))]
}

/// Says that a request needs leave for a group.
pub fn group(operation: Operation, name: &StrBytes) -> Need {
    (operation, ResourceType::Group, name.clone())
}

/// Says that a request needs leave for a transactional id.
pub fn transactional_id(operation: Operation, name: &StrBytes) -> Need {
    (operation, ResourceType::TransactionalId, name.clone())
}

/// Says what a request does to its topics; `None` where its handler looks for itself.
fn on_topics(api: ApiKey) -> Option<Operation> {
    match api {
        ApiKey::Produce | ApiKey::AddPartitionsToTxn => Some(Operation::Write),
        ApiKey::Fetch
        | ApiKey::OffsetCommit
        | ApiKey::TxnOffsetCommit
        | ApiKey::OffsetDelete
        | ApiKey::DescribeProducers => Some(Operation::Read),
        ApiKey::ListOffsets | ApiKey::OffsetForLeaderEpoch | ApiKey::DescribeTopicPartitions => {
            Some(Operation::Describe)
        }
        ApiKey::DeleteTopics | ApiKey::DeleteRecords => Some(Operation::Delete),
        ApiKey::CreateTopics => Some(Operation::Create),
        ApiKey::CreatePartitions => Some(Operation::Alter),
        ApiKey::DescribeConfigs => Some(Operation::DescribeConfigs),
        ApiKey::AlterConfigs | ApiKey::IncrementalAlterConfigs => Some(Operation::AlterConfigs),
        _ => None,
    }
}

/// Lists what can be done with a kind of resource.
fn operations_on(kind: ResourceType) -> &'static [Operation] {
    use Operation as O;
    match kind {
        ResourceType::Topic => &[
            O::Read,
            O::Write,
            O::Create,
            O::Delete,
            O::Alter,
            O::Describe,
            O::DescribeConfigs,
            O::AlterConfigs,
        ],
        ResourceType::Group => &[O::Read, O::Delete, O::Describe, O::DescribeConfigs, O::AlterConfigs],
        ResourceType::Cluster => &[
            O::Create,
            O::Alter,
            O::Describe,
            O::ClusterAction,
            O::DescribeConfigs,
            O::AlterConfigs,
            O::IdempotentWrite,
        ],
        _ => &[O::Describe, O::Write],
    }
}

fn refusal_of(kind: ResourceType) -> ResponseError {
    match kind {
        ResourceType::Topic => ResponseError::TopicAuthorizationFailed,
        ResourceType::Group => ResponseError::GroupAuthorizationFailed,
        ResourceType::TransactionalId => ResponseError::TransactionalIdAuthorizationFailed,
        _ => ResponseError::ClusterAuthorizationFailed,
    }
}

/// Returns why a client may not ask this, if it may not.
pub fn forbidden(call: &Call, state: &State, broker: i32, client: &Client) -> Option<ResponseError> {
    if !state.acls.are_kept() {
        return None;
    }
    let may = |operation, kind, name: &str| may(state, client, operation, kind, name);
    let need = call.needs().into_iter().find(|(operation, kind, name)| !may(*operation, *kind, name));
    if let Some((_, kind, _)) = need {
        return Some(refusal_of(kind));
    }
    // Who may make topics in the cluster may make any.
    let makes = call.api == ApiKey::CreateTopics && may(Operation::Create, ResourceType::Cluster, CLUSTER);
    let operation = on_topics(call.api).filter(|_| !makes)?;
    let topics = call.topics(state, broker);
    let refused = topics.iter().any(|topic| !may(operation, ResourceType::Topic, topic));
    refused.then_some(ResponseError::TopicAuthorizationFailed)
}

fn may(state: &State, client: &Client, operation: Operation, kind: ResourceType, name: &str) -> bool {
    // A producer without a transactional id may write with an id if it may write anywhere.
    let writes = operation == Operation::IdempotentWrite
        && state.acls.allow_somewhere(&client.principal, &client.host, Operation::Write, ResourceType::Topic);
    writes || state.acls.allow(&client.principal, &client.host, operation, (kind, name))
}

impl Context<'_> {
    /// Says whether the client may do something with a topic.
    pub fn may(&self, operation: Operation, topic: &str) -> bool {
        may(self.state, self.client, operation, ResourceType::Topic, topic)
    }

    /// Lists what the client may do with something, as answers do: a bit for each operation's number.
    pub fn operations(&self, kind: ResourceType, name: &str) -> i32 {
        let allowed = operations_on(kind).iter();
        let allowed = allowed.filter(|operation| may(self.state, self.client, **operation, kind, name));
        allowed.map(|operation| 1 << (*operation as i8)).sum()
    }

    /// Says whether the client may look at something.
    pub fn may_see(&self, kind: ResourceType, name: &str) -> bool {
        may(self.state, self.client, Operation::Describe, kind, name)
    }
}
