//! DescribeConfigs (key 32): settings of topics and brokers, and where their values come from.

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::describe_configs_response::{
    DescribeConfigsResourceResult, DescribeConfigsResult, DescribeConfigsSynonym,
};
use kafka_protocol::messages::{DescribeConfigsRequest, DescribeConfigsResponse};
use kafka_protocol::protocol::StrBytes;

use super::{BROKER, TOPIC, text};
use crate::sandbox::answer::{Answer, Api, Context};
use crate::sandbox::configs::{Key, Source, TOPIC_KEYS, broker_keys, find_topic_key, is_dynamic};
use crate::sandbox::state::State;
use crate::sandbox::topics::is_name;

impl Api for DescribeConfigsRequest {
    const CHANGES: bool = false;

    fn topics(&self) -> Vec<StrBytes> {
        let topics = self.resources.iter().filter(|resource| resource.resource_type == TOPIC);
        topics.map(|resource| resource.resource_name.clone()).collect()
    }

    fn refusal(&self, error: ResponseError) -> DescribeConfigsResponse {
        let results = self.resources.iter().map(|resource| failed(resource, error, None));
        DescribeConfigsResponse::default().with_results(results.collect())
    }

    fn handle(self, cx: &mut Context<'_>) -> Answer<DescribeConfigsResponse> {
        let results = self.resources.iter().map(|resource| {
            let described = match resource.resource_type {
                TOPIC => topic(cx.state, resource, self.include_synonyms),
                BROKER => broker(cx.state, cx.broker, resource, self.include_synonyms),
                _ => Err((ResponseError::InvalidRequest, "Unsupported resource type".to_owned())),
            };
            match described {
                Ok(configs) => same(resource).with_configs(configs),
                Err((error, message)) => failed(resource, error, Some(&message)),
            }
        });
        Answer::Now(DescribeConfigsResponse::default().with_results(results.collect()))
    }
}

type Described = Result<Vec<DescribeConfigsResourceResult>, (ResponseError, String)>;

fn same(resource: &DescribeConfigsResource) -> DescribeConfigsResult {
    DescribeConfigsResult::default()
        .with_resource_type(resource.resource_type)
        .with_resource_name(resource.resource_name.clone())
        .with_error_message(None)
}

fn failed(
    resource: &DescribeConfigsResource,
    error: ResponseError,
    message: Option<&str>,
) -> DescribeConfigsResult {
    same(resource).with_error_code(error.code()).with_error_message(message.map(text))
}

fn is_wanted(resource: &DescribeConfigsResource, name: &str) -> bool {
    resource.configuration_keys.as_ref().is_none_or(|keys| keys.iter().any(|key| key.as_str() == name))
}

fn topic(state: &State, resource: &DescribeConfigsResource, synonyms: bool) -> Described {
    let name = &resource.resource_name;
    let unknown = || (ResponseError::UnknownTopicOrPartition, format!("The topic '{name}' does not exist."));
    if !is_name(name) {
        return Err((ResponseError::InvalidTopicException, format!("'{name}' is no name for a topic.")));
    }
    let topic = state.topics.get(name).ok_or_else(unknown)?;
    let keys = TOPIC_KEYS.iter().filter(|key| is_wanted(resource, key.name));
    let described = keys.map(|key| {
        let values = state.configs.topic_values(&topic.configs, key);
        let name_of = |source: Source| {
            if source == Source::Topic || key.broker.is_empty() { key.name } else { key.broker }
        };
        let values: Vec<_> =
            values.into_iter().map(|(source, value)| (name_of(source), source, value)).collect();
        described(key, &values, synonyms, false)
    });
    Ok(described.collect())
}

fn broker(state: &State, asked: i32, resource: &DescribeConfigsResource, synonyms: bool) -> Described {
    let id = match resource.resource_name.as_str() {
        "" => None,
        name if name.parse() == Ok(asked) => Some(asked),
        name => {
            let message = format!("Unexpected broker id, expected {asked}, but received {name}");
            return Err((ResponseError::InvalidRequest, message));
        }
    };
    let node_id = asked.to_string();
    let keys = broker_keys().into_iter().filter(|key| is_wanted(resource, key.name));
    let described = keys.filter_map(|key| {
        let mut values = state.configs.broker_values(id, key.name);
        if id.is_none() {
            // Without a broker's id only what was set for all of them while they ran is shown.
            values.retain(|(source, _)| *source == Source::DynamicDefaultBroker);
        }
        if id.is_some() && matches!(key.name, "node.id" | "broker.id") {
            values.insert(0, (Source::StaticBroker, &node_id));
        }
        let values: Vec<_> = values.into_iter().map(|(source, value)| (key.name, source, value)).collect();
        (!values.is_empty()).then(|| described(key, &values, synonyms, !is_dynamic(key)))
    });
    Ok(described.collect())
}

fn described(
    key: &Key,
    values: &[(&str, Source, &str)],
    synonyms: bool,
    read_only: bool,
) -> DescribeConfigsResourceResult {
    let (_, source, value) = values.first().copied().unwrap_or((key.name, Source::Default, key.default));
    let listed = values.iter().filter(|_| synonyms).map(|(name, source, value)| {
        DescribeConfigsSynonym::default()
            .with_name(text(name))
            .with_value(Some(text(value)))
            .with_source(source.code())
    });
    let kind = find_topic_key(key.name).unwrap_or(key).shape.type_code();
    DescribeConfigsResourceResult::default()
        .with_name(text(key.name))
        .with_value(Some(text(value)))
        .with_read_only(read_only)
        .with_config_source(source.code())
        .with_synonyms(listed.collect())
        .with_config_type(kind)
        .with_documentation(None)
}
