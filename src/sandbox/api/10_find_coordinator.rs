//! FindCoordinator (key 10).

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::find_coordinator_response::Coordinator;
use kafka_protocol::messages::{BrokerId, FindCoordinatorRequest, FindCoordinatorResponse};
use kafka_protocol::protocol::StrBytes;

use super::text;
use crate::sandbox::acls::Operation;
use crate::sandbox::answer::{Answer, Api, Context};
use crate::sandbox::coordinators::Kind;
use crate::sandbox::permissions::{Need, group, transactional_id};

/// From this version on several keys are asked for at once.
const BATCHED: i16 = 4;

impl Api for FindCoordinatorRequest {
    fn needs(&self) -> Vec<Need> {
        let one = (!self.key.is_empty()).then_some(&self.key);
        let need = if self.key_type == 0 { group } else { transactional_id };
        one.into_iter().chain(&self.coordinator_keys).map(|key| need(Operation::Describe, key)).collect()
    }

    fn refusal(&self, error: ResponseError) -> FindCoordinatorResponse {
        if !self.coordinator_keys.is_empty() {
            let keys = self.coordinator_keys.iter().map(|key| failed(key, error));
            return FindCoordinatorResponse::default().with_coordinators(keys.collect());
        }
        FindCoordinatorResponse::default()
            .with_error_code(error.code())
            .with_error_message(Some(text(&error.to_string())))
            .with_node_id(BrokerId(-1))
            .with_port(-1)
    }

    fn handle(self, cx: &mut Context<'_>) -> Answer<FindCoordinatorResponse> {
        let kind = match self.key_type {
            0 => Kind::Group,
            1 => Kind::Transaction,
            _ => return Answer::Now(self.refusal(ResponseError::InvalidRequest)),
        };
        if cx.version >= BATCHED {
            let found = self.coordinator_keys.iter().map(|key| find(cx, kind, key));
            return Answer::Now(FindCoordinatorResponse::default().with_coordinators(found.collect()));
        }
        let found = find(cx, kind, &self.key);
        let answer = FindCoordinatorResponse::default()
            .with_error_code(found.error_code)
            .with_error_message(found.error_message)
            .with_node_id(found.node_id)
            .with_host(found.host)
            .with_port(found.port);
        Answer::Now(answer)
    }
}

fn find(cx: &mut Context<'_>, kind: Kind, key: &StrBytes) -> Coordinator {
    let state = &mut *cx.state;
    let found = state.coordinators.find(kind, key, &state.brokers);
    let Some(broker) = found.and_then(|id| state.brokers.get(id)) else {
        return failed(key, ResponseError::CoordinatorNotAvailable);
    };
    Coordinator::default()
        .with_key(key.clone())
        .with_node_id(BrokerId(broker.id))
        .with_host(text(&broker.host))
        .with_port(i32::from(broker.port))
        .with_error_message(Some(text("")))
}

fn failed(key: &StrBytes, error: ResponseError) -> Coordinator {
    Coordinator::default()
        .with_key(key.clone())
        .with_node_id(BrokerId(-1))
        .with_port(-1)
        .with_error_code(error.code())
        .with_error_message(Some(text(&error.to_string())))
}
