//! IncrementalAlterConfigs (key 44): changes settings one by one.

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig};
use kafka_protocol::messages::incremental_alter_configs_response::AlterConfigsResourceResponse;
use kafka_protocol::messages::{IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse};
use kafka_protocol::protocol::StrBytes;

use super::{BROKER, TOPIC, text};
use crate::sandbox::answer::{Answer, Api, Context};
use crate::sandbox::configs::{Change, Operation};

impl Api for IncrementalAlterConfigsRequest {
    fn topics(&self) -> Vec<StrBytes> {
        let topics = self.resources.iter().filter(|resource| resource.resource_type == TOPIC);
        topics.map(|resource| resource.resource_name.clone()).collect()
    }

    fn refusal(&self, error: ResponseError) -> IncrementalAlterConfigsResponse {
        let results = self.resources.iter().map(|resource| answered(resource, Err((error, None))));
        IncrementalAlterConfigsResponse::default().with_responses(results.collect())
    }

    fn handle(self, cx: &mut Context<'_>) -> Answer<IncrementalAlterConfigsResponse> {
        let validate_only = self.validate_only;
        let results = self.resources.iter().map(|resource| {
            let outcome = changes(&resource.configs).and_then(|changes| {
                let name = resource.resource_name.as_str();
                match resource.resource_type {
                    TOPIC => cx.state.alter_topic(name, &changes, validate_only),
                    BROKER => cx.state.alter_broker(name, &changes, validate_only),
                    _ => Err((ResponseError::InvalidRequest, Some("Unsupported resource type".to_owned()))),
                }
            });
            answered(resource, outcome)
        });
        Answer::Now(IncrementalAlterConfigsResponse::default().with_responses(results.collect()))
    }
}

fn changes(configs: &[AlterableConfig]) -> Result<Vec<Change>, (ResponseError, Option<String>)> {
    let changes = configs.iter().map(|config| {
        let operation = Operation::from_code(config.config_operation).ok_or_else(|| {
            let message = format!("Unknown operation {} for {}", config.config_operation, config.name);
            (ResponseError::InvalidRequest, Some(message))
        })?;
        Ok(Change {
            name: config.name.to_string(),
            operation,
            value: config.value.as_ref().map(ToString::to_string),
        })
    });
    changes.collect()
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
