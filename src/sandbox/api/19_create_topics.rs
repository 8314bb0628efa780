//! CreateTopics (key 19).

use std::collections::{BTreeMap, BTreeSet};

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::create_topics_request::CreatableTopic;
use kafka_protocol::messages::create_topics_response::{CreatableTopicConfigs, CreatableTopicResult};
use kafka_protocol::messages::{CreateTopicsRequest, CreateTopicsResponse};
use kafka_protocol::protocol::StrBytes;

use super::text;
use crate::sandbox::answer::{Answer, Api, Context};
use crate::sandbox::configs::{ConfigError, TOPIC_KEYS};
use crate::sandbox::spec::random_uuid;
use crate::sandbox::state::State;
use crate::sandbox::topics::{TopicError, check_placement, place};

impl Api for CreateTopicsRequest {
    fn topics(&self) -> Vec<StrBytes> {
        self.topics.iter().map(|topic| topic.name.0.clone()).collect()
    }

    fn refusal(&self, error: ResponseError) -> CreateTopicsResponse {
        let topics = self.topics.iter().map(|topic| failed(topic, error, None));
        CreateTopicsResponse::default().with_topics(topics.collect())
    }

    fn handle(self, cx: &mut Context<'_>) -> Answer<CreateTopicsResponse> {
        let mut seen = BTreeSet::new();
        let (mut once, mut twice) = (Vec::new(), BTreeSet::new());
        for topic in &self.topics {
            if seen.insert(topic.name.to_string()) {
                once.push(topic);
            } else {
                twice.insert(topic.name.to_string());
            }
        }
        let results = once.into_iter().map(|topic| {
            if twice.contains(topic.name.as_str()) {
                let message = "Duplicate topic name.";
                return failed(topic, ResponseError::InvalidRequest, Some(message));
            }
            match create(cx.state, topic, self.validate_only) {
                Ok(result) => result,
                Err(error) => failed(topic, error.code(), Some(&error.to_string())),
            }
        });
        Answer::Now(CreateTopicsResponse::default().with_topics(results.collect()))
    }
}

fn failed(topic: &CreatableTopic, error: ResponseError, message: Option<&str>) -> CreatableTopicResult {
    CreatableTopicResult::default()
        .with_name(topic.name.clone())
        .with_error_code(error.code())
        .with_error_message(message.map(text))
        .with_num_partitions(-1)
        .with_replication_factor(-1)
        .with_configs(Some(Vec::new()))
}

fn create(
    state: &mut State,
    wanted: &CreatableTopic,
    validate_only: bool,
) -> Result<CreatableTopicResult, TopicError> {
    state.topics.check_new(&wanted.name)?;
    let mut configs = BTreeMap::new();
    for config in &wanted.configs {
        let value = config.value.as_ref().ok_or_else(|| ConfigError::Null(config.name.to_string()))?;
        configs.insert(config.name.to_string(), value.to_string());
    }
    state.configs.topic_settings(&configs)?;
    let placement = placement(state, wanted)?;
    let partitions = i32::try_from(placement.len()).unwrap_or(i32::MAX);
    let copies = placement.first().map_or(0, Vec::len);
    let described = TOPIC_KEYS.iter().map(|key| {
        let values = state.configs.topic_values(&configs, key);
        let (source, value) =
            values.first().copied().unwrap_or((crate::sandbox::configs::Source::Default, ""));
        CreatableTopicConfigs::default()
            .with_name(text(key.name))
            .with_value(Some(text(value)))
            .with_config_source(source.code())
    });
    let described = described.collect();
    let name = wanted.name.as_str();
    let id = if validate_only {
        // Brokers choose one, and forget it.
        random_uuid()
    } else {
        state.topics.create(name, placement, configs, &state.configs, &state.brokers)?.id
    };
    Ok(CreatableTopicResult::default()
        .with_name(wanted.name.clone())
        .with_topic_id(id)
        .with_num_partitions(partitions)
        .with_replication_factor(i16::try_from(copies).unwrap_or(i16::MAX))
        .with_configs(Some(described)))
}

fn placement(state: &State, wanted: &CreatableTopic) -> Result<Vec<Vec<i32>>, TopicError> {
    if wanted.assignments.is_empty() {
        let (partitions, copies) = state.counts(wanted.num_partitions, wanted.replication_factor);
        return place(&state.brokers, 0, partitions, copies);
    }
    let mut by_index = BTreeMap::new();
    for assignment in &wanted.assignments {
        let replicas: Vec<i32> = assignment.broker_ids.iter().map(|id| id.0).collect();
        by_index.insert(assignment.partition_index, replicas);
    }
    if !(0..).zip(by_index.keys()).all(|(expected, index)| expected == *index) {
        return Err(TopicError::Assignment);
    }
    let placement: Vec<Vec<i32>> = by_index.into_values().collect();
    check_placement(&state.brokers, &placement)?;
    Ok(placement)
}
