//! AlterConfigs (key 33): replaces a resource's settings as a whole; older clients only.

use std::collections::BTreeMap;

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::alter_configs_request::AlterConfigsResource;
use kafka_protocol::messages::alter_configs_response::AlterConfigsResourceResponse;
use kafka_protocol::messages::{AlterConfigsRequest, AlterConfigsResponse};
use kafka_protocol::protocol::StrBytes;

use super::{TOPIC, text};
use crate::sandbox::answer::{Answer, Api, Context};
use crate::sandbox::configs::{Change, Operation};
use crate::sandbox::state::State;

impl Api for AlterConfigsRequest {
    fn topics(&self) -> Vec<StrBytes> {
        let topics = self.resources.iter().filter(|resource| resource.resource_type == TOPIC);
        topics.map(|resource| resource.resource_name.clone()).collect()
    }

    fn refusal(&self, error: ResponseError) -> AlterConfigsResponse {
        let results = self.resources.iter().map(|resource| answered(resource, Err((error, None))));
        AlterConfigsResponse::default().with_responses(results.collect())
    }

    fn handle(self, cx: &mut Context<'_>) -> Answer<AlterConfigsResponse> {
        let results = self
            .resources
            .iter()
            .map(|resource| answered(resource, replace(cx.state, resource, self.validate_only)));
        Answer::Now(AlterConfigsResponse::default().with_responses(results.collect()))
    }
}

fn replace(
    state: &mut State,
    resource: &AlterConfigsResource,
    validate_only: bool,
) -> Result<(), (ResponseError, Option<String>)> {
    if resource.resource_type != TOPIC {
        let message = "Only topics' settings can be replaced as a whole".to_owned();
        return Err((ResponseError::InvalidRequest, Some(message)));
    }
    let name = resource.resource_name.as_str();
    let topic = state.topics.get(name).ok_or((ResponseError::UnknownTopicOrPartition, None))?;
    let mut changes: BTreeMap<&str, Change> = BTreeMap::new();
    for own in topic.configs.keys() {
        changes.insert(own, Change { name: own.clone(), operation: Operation::Delete, value: None });
    }
    for config in &resource.configs {
        let value = config.value.as_ref().map(ToString::to_string);
        let change = Change { name: config.name.to_string(), operation: Operation::Set, value };
        changes.insert(&config.name, change);
    }
    let changes: Vec<Change> = changes.into_values().collect();
    state.alter_topic(name, &changes, validate_only)
}

fn answered(
    resource: &AlterConfigsResource,
    outcome: Result<(), (ResponseError, Option<String>)>,
) -> AlterConfigsResourceResponse {
    let (code, message) = match outcome {
        Ok(()) => (0, None),
        Err((error, message)) => (error.code(), message),
    };
    AlterConfigsResourceResponse::default()
        .with_error_code(code)
        .with_error_message(message.as_deref().map(text))
        .with_resource_type(resource.resource_type)
        .with_resource_name(resource.resource_name.clone())
}
