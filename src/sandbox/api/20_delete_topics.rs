//! DeleteTopics (key 20), by name or by id.

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::delete_topics_request::DeleteTopicState;
use kafka_protocol::messages::delete_topics_response::DeletableTopicResult;
use kafka_protocol::messages::{DeleteTopicsRequest, DeleteTopicsResponse, TopicName};
use kafka_protocol::protocol::StrBytes;
use uuid::Uuid;

use super::text;
use crate::sandbox::answer::{Answer, Api, Context};
use crate::sandbox::state::State;

impl Api for DeleteTopicsRequest {
    fn topics(&self) -> Vec<StrBytes> {
        let named = wanted(self).into_iter().filter_map(|topic| topic.name);
        named.map(|name| name.0).collect()
    }

    fn refusal(&self, error: ResponseError) -> DeleteTopicsResponse {
        let failed = wanted(self).into_iter().map(|topic| failed(&topic, error));
        DeleteTopicsResponse::default().with_responses(failed.collect())
    }

    fn handle(self, cx: &mut Context<'_>) -> Answer<DeleteTopicsResponse> {
        let allowed = cx.state.configs.broker_value("delete.topic.enable") == "true";
        let results = wanted(&self).into_iter().map(|topic| {
            if !allowed {
                return failed(&topic, ResponseError::TopicDeletionDisabled);
            }
            delete(cx.state, &topic).unwrap_or_else(|error| failed(&topic, error))
        });
        Answer::Now(DeleteTopicsResponse::default().with_responses(results.collect()))
    }
}

/// Lists what is to go: versions up to 5 have names only.
fn wanted(request: &DeleteTopicsRequest) -> Vec<DeleteTopicState> {
    let by_name = request
        .topic_names
        .iter()
        .map(|name| DeleteTopicState::default().with_name(Some(name.clone())).with_topic_id(Uuid::nil()));
    request.topics.iter().cloned().chain(by_name).collect()
}

fn delete(state: &mut State, wanted: &DeleteTopicState) -> Result<DeletableTopicResult, ResponseError> {
    let name = match &wanted.name {
        Some(_) if !wanted.topic_id.is_nil() => return Err(ResponseError::InvalidRequest),
        Some(name) => name.to_string(),
        None => state.topics.name_of(wanted.topic_id).ok_or(ResponseError::UnknownTopicId)?.to_owned(),
    };
    let gone = state.topics.delete(&name).ok_or(ResponseError::UnknownTopicOrPartition)?;
    state.coordinators.groups.topic_deleted(&gone.name);
    Ok(DeletableTopicResult::default().with_name(Some(TopicName(text(&gone.name)))).with_topic_id(gone.id))
}

fn failed(topic: &DeleteTopicState, error: ResponseError) -> DeletableTopicResult {
    DeletableTopicResult::default()
        .with_name(topic.name.clone())
        .with_topic_id(topic.topic_id)
        .with_error_code(error.code())
}
