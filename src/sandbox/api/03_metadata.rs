//! Metadata (key 3): brokers, topics, and who leads which partition.

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::messages::{BrokerId, MetadataRequest, MetadataResponse, TopicName};
use kafka_protocol::protocol::StrBytes;

use super::{broker_ids, text};
use crate::sandbox::acls::{Operation, ResourceType};
use crate::sandbox::answer::{Answer, Api, Context};
use crate::sandbox::brokers::Brokers;
use crate::sandbox::partition::Partition;
use crate::sandbox::topics::{INTERNAL_TOPICS, Topic};
use crate::sandbox::transactions::STATE_TOPIC;

impl Api for MetadataRequest {
    fn topics(&self) -> Vec<StrBytes> {
        let named = self.topics.iter().flatten().filter_map(|topic| topic.name.clone());
        named.map(|name| name.0).collect()
    }

    fn refusal(&self, error: ResponseError) -> MetadataResponse {
        let topics: Vec<_> = self.topics.iter().flatten().map(|topic| failed(topic, error)).collect();
        // As brokers do, an error of single topics stands with them alone.
        let whole = if topics.is_empty() { error.code() } else { 0 };
        MetadataResponse::default().with_error_code(whole).with_topics(topics)
    }

    fn handle(self, cx: &mut Context<'_>) -> Answer<MetadataResponse> {
        // Version 0 asks for all topics with an empty list, later versions with a null.
        let wanted = self.topics.filter(|topics| cx.version > 0 || !topics.is_empty());
        let topics = match wanted {
            None => {
                let seen = cx.state.topics.iter().filter(|topic| cx.may(Operation::Describe, &topic.name));
                seen.map(|topic| described(topic, &cx.state.brokers)).collect()
            }
            Some(wanted) => {
                let create = self.allow_auto_topic_creation || cx.version < 4;
                wanted.iter().map(|topic| one(cx, topic, create)).collect()
            }
        };
        let mut topics: Vec<MetadataResponseTopic> = topics;
        for topic in topics
            .iter_mut()
            .filter(|topic| topic.error_code == 0 && self.include_topic_authorized_operations)
        {
            let name = topic.name.as_deref().map(|name| name.to_string()).unwrap_or_default();
            topic.topic_authorized_operations = cx.operations(ResourceType::Topic, &name);
        }
        let brokers = cx.state.brokers.up().map(|broker| {
            MetadataResponseBroker::default()
                .with_node_id(BrokerId(broker.id))
                .with_host(text(&broker.host))
                .with_port(i32::from(broker.port))
        });
        Answer::Now(
            MetadataResponse::default()
                .with_brokers(brokers.collect())
                .with_cluster_id(Some(text(&cx.state.cluster_id)))
                .with_controller_id(BrokerId(cx.state.brokers.controller().unwrap_or(-1)))
                .with_topics(topics),
        )
    }
}

fn one(cx: &mut Context<'_>, wanted: &MetadataRequestTopic, create: bool) -> MetadataResponseTopic {
    let by_id = !wanted.topic_id.is_nil();
    let name = match (&wanted.name, cx.state.topics.name_of(wanted.topic_id)) {
        (Some(name), _) => name.to_string(),
        (None, Some(name)) => name.to_owned(),
        (None, None) => return failed(wanted, ResponseError::UnknownTopicId),
    };
    if !cx.may(Operation::Describe, &name) {
        return failed(wanted, ResponseError::TopicAuthorizationFailed);
    }
    if let Some(topic) = cx.state.topics.get(&name) {
        return described(topic, &cx.state.brokers);
    }
    if name == STATE_TOPIC && cx.state.coordinators.transactions.knows_anybody() {
        // The state is kept elsewhere: only that a broker would have the topic is told.
        return named(wanted).with_is_internal(true);
    }
    if !crate::sandbox::topics::is_name(&name) {
        return failed(wanted, ResponseError::InvalidTopicException);
    }
    let creates = create && !by_id && cx.state.configs.broker_value("auto.create.topics.enable") == "true";
    if creates {
        // As with a broker, the client learns of it with its next request; what cannot be created
        // is then just as unknown.
        let _ = cx.state.auto_create(&name);
        return failed(wanted, ResponseError::UnknownTopicOrPartition);
    }
    failed(wanted, ResponseError::UnknownTopicOrPartition)
}

fn failed(wanted: &MetadataRequestTopic, error: ResponseError) -> MetadataResponseTopic {
    named(wanted).with_error_code(error.code())
}

fn named(wanted: &MetadataRequestTopic) -> MetadataResponseTopic {
    MetadataResponseTopic::default().with_name(wanted.name.clone()).with_topic_id(wanted.topic_id)
}

fn described(topic: &Topic, brokers: &Brokers) -> MetadataResponseTopic {
    MetadataResponseTopic::default()
        .with_name(Some(TopicName(text(&topic.name))))
        .with_topic_id(topic.id)
        .with_is_internal(INTERNAL_TOPICS.contains(&topic.name.as_str()))
        .with_partitions(topic.partitions.iter().map(|partition| led(partition, brokers)).collect())
}

fn led(partition: &Partition, brokers: &Brokers) -> MetadataResponsePartition {
    let leaderless = partition.leader.is_none().then_some(ResponseError::LeaderNotAvailable);
    MetadataResponsePartition::default()
        .with_error_code(leaderless.map_or(0, |error| error.code()))
        .with_partition_index(partition.index)
        .with_leader_id(BrokerId(partition.leader.unwrap_or(-1)))
        .with_leader_epoch(partition.leader_epoch)
        .with_replica_nodes(broker_ids(&partition.replicas))
        .with_isr_nodes(broker_ids(&partition.in_sync))
        .with_offline_replicas(broker_ids(&partition.offline(brokers)))
}
