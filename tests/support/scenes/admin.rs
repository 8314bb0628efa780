//! Topics, their settings, and what clients are told of them.

use kafka_protocol::messages::alter_configs_request::{
    AlterConfigsResource as OldResource, AlterableConfig as OldConfig,
};
use kafka_protocol::messages::create_partitions_request::CreatePartitionsTopic;
use kafka_protocol::messages::delete_records_request::{DeleteRecordsPartition, DeleteRecordsTopic};
use kafka_protocol::messages::delete_topics_request::DeleteTopicState;
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::describe_topic_partitions_request::{Cursor, TopicRequest};
use kafka_protocol::messages::incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig};
use kafka_protocol::messages::offset_for_leader_epoch_request::{
    OffsetForLeaderPartition, OffsetForLeaderTopic,
};
use kafka_protocol::messages::{
    AlterConfigsRequest, BrokerId, CreatePartitionsRequest, CreateTopicsRequest, DeleteRecordsRequest,
    DeleteTopicsRequest, DescribeClusterRequest, DescribeConfigsRequest, DescribeTopicPartitionsRequest,
    IncrementalAlterConfigsRequest, OffsetForLeaderEpochRequest, TopicName,
};
use kafka_protocol::protocol::StrBytes;

use super::{Scene, text};
use crate::support::build::{ANYBODY, batch, create, list_offsets, metadata, produce};
use crate::support::player::Player;

pub const SCENES: &[Scene] = &[
    ("topics-create", creates),
    ("topics-grow", grow),
    ("topics-delete", delete),
    ("topics-metadata", describe),
    ("configs-describe", describe_configs),
    ("configs-alter", alter_configs),
    ("records-delete", delete_records),
    ("leader-epochs", leader_epochs),
    ("topics-by-page", by_page),
    ("configs-replace", replace_configs),
    ("cluster-describe", describe_cluster),
];

/// Creates and writes down the answer with a few of the settings: brokers list all they know.
fn ask_create(p: &mut Player, version: i16, request: &CreateTopicsRequest) {
    p.ask_sorted(version, request, |answer| {
        for topic in &mut answer.topics {
            let configs = topic.configs.iter_mut().flatten();
            let mut few: Vec<_> = configs
                .filter(|config| ["cleanup.policy", "retention.ms"].contains(&config.name.as_str()))
                .map(|config| config.clone())
                .collect();
            few.sort_by_key(|config| config.name.clone());
            topic.configs = topic.configs.as_ref().map(|_| few);
        }
    });
}

fn creates(p: &mut Player) {
    let (good, dry) = (p.own("good"), p.own("dry"));
    for version in 2..=7 {
        ask_create(p, version, &create(&p.own(&format!("v{version}")), 2, &[("retention.ms", "1000")]));
    }
    ask_create(p, 7, &create(&dry, 2, &[]).with_validate_only(true));
    ask_create(p, 7, &create(&good, 1, &[]));
    ask_create(p, 7, &create(&good, 1, &[]));
    ask_create(p, 7, &create(&good, 1, &[]).with_validate_only(true));
    for (what, name) in [("dots", ".."), ("empty", ""), ("odd", "a b"), ("internal", "__consumer_offsets")] {
        p.note(format!("-- {what}"));
        ask_create(p, 7, &create(&text(name), 1, &[]));
    }
    ask_create(p, 7, &create(&text(&"x".repeat(250)), 1, &[]));
    for partitions in [0, -2, -1] {
        ask_create(p, 7, &create(&p.own(&format!("n{partitions}")), partitions, &[]));
    }
    let mut copies = create(&p.own("copies"), 1, &[]);
    for factor in [0, 2, -2, -1] {
        copies.topics[0].replication_factor = factor;
        ask_create(p, 7, &copies);
    }
    for (name, value) in [
        ("no.such.key", "1"),
        ("retention.ms", "soon"),
        ("retention.ms", "-2"),
        ("cleanup.policy", "burn"),
        ("cleanup.policy", "compact,delete"),
        ("compression.type", "rar"),
        ("min.insync.replicas", "0"),
        ("max.message.bytes", "-1"),
        ("message.timestamp.type", "Never"),
    ] {
        p.note(format!("-- {name}={value}"));
        ask_create(p, 7, &create(&p.own("config"), 1, &[(name, value)]).with_validate_only(true));
    }
}

fn grow(p: &mut Player) {
    let topic = p.topic("t", 2, &[]);
    let to = |topic: &StrBytes, count: i32| {
        let topic = CreatePartitionsTopic::default()
            .with_name(TopicName(topic.clone()))
            .with_count(count)
            .with_assignments(None);
        CreatePartitionsRequest::default().with_timeout_ms(30_000).with_topics(vec![topic])
    };
    for count in [2, 1, 0, -1] {
        p.ask(3, &to(&topic, count));
    }
    p.ask(3, &to(&topic, 4).with_validate_only(true));
    p.ask(3, &to(&topic, 4));
    p.ask(3, &to(&topic, 4));
    p.ask(3, &to(&p.own("none"), 4));
}

fn delete(p: &mut Player) {
    let (one, two) = (p.topic("one", 1, &[]), p.topic("two", 1, &[]));
    let named = |name: &StrBytes| DeleteTopicState::default().with_name(Some(TopicName(name.clone())));
    let topics = vec![named(&one), named(&p.own("none"))];
    let delete = DeleteTopicsRequest::default().with_timeout_ms(30_000);
    let sort = |answer: &mut kafka_protocol::messages::DeleteTopicsResponse| {
        answer.responses.sort_by_key(|response| response.name.clone());
    };
    p.ask_sorted(6, &delete.clone().with_topics(topics), sort);
    p.ask_sorted(5, &delete.clone().with_topic_names(vec![TopicName(two), TopicName(p.own("none"))]), sort);
    let id = uuid::Uuid::from_u128(7);
    p.ask(6, &delete.with_topics(vec![DeleteTopicState::default().with_name(None).with_topic_id(id)]));
    p.until(12, &metadata(&one), |answer| answer.topics[0].error_code == 3);
    let answer = p.quietly(12, &metadata(&one));
    p.write_fields("MetadataRequest", &format!("{:?}", answer.topics));
}

fn describe(p: &mut Player) {
    let topic = p.topic("t", 2, &[]);
    for version in 0..=12 {
        let mut request = metadata(&topic);
        request.allow_auto_topic_creation = version < 4;
        let mut answer = p.quietly(version, &request);
        answer.cluster_id = None;
        answer.topics[0].partitions.sort_by_key(|partition| partition.partition_index);
        p.write_fields(&format!("MetadataRequest v{version}"), &format!("{answer:?}"));
    }
    for version in [8, 10, 12] {
        let request = metadata(&topic).with_include_topic_authorized_operations(true);
        let answer = p.quietly(version, &request);
        let operations = answer.topics[0].topic_authorized_operations;
        p.note(format!("allowed with the topic: {operations}"));
    }
    for name in [p.own("none"), text("a b"), text("")] {
        let answer = p.quietly(12, &metadata(&name));
        p.write_fields("MetadataRequest", &format!("{:?}", answer.topics));
    }
    let mut unknown = metadata(&topic);
    if let Some(topics) = &mut unknown.topics {
        topics[0].name = None;
        topics[0].topic_id = uuid::Uuid::from_u128(7);
    }
    let answer = p.quietly(12, &unknown);
    p.write_fields("MetadataRequest", &format!("{:?}", answer.topics));
}

fn resource(kind: i8, name: &StrBytes, keys: &[&str]) -> DescribeConfigsRequest {
    let keys = keys.iter().map(|key| text(key)).collect();
    let resource = DescribeConfigsResource::default()
        .with_resource_type(kind)
        .with_resource_name(name.clone())
        .with_configuration_keys(Some(keys));
    DescribeConfigsRequest::default().with_resources(vec![resource])
}

fn ask_configs(p: &mut Player, version: i16, request: &DescribeConfigsRequest) {
    p.ask_sorted(version, request, |answer| {
        for result in &mut answer.results {
            result.configs.sort_by_key(|config| config.name.clone());
            for config in &mut result.configs {
                config.documentation = None;
            }
        }
    });
}

fn describe_configs(p: &mut Player) {
    let topic = p.topic("t", 1, &[("retention.ms", "77"), ("cleanup.policy", "compact")]);
    let keys = ["retention.ms", "cleanup.policy", "max.message.bytes", "compression.type", "none.such"];
    for version in 1..=4 {
        ask_configs(p, version, &resource(2, &topic, &keys).with_include_synonyms(true));
    }
    ask_configs(
        p,
        4,
        &resource(2, &topic, &["segment.bytes", "min.insync.replicas", "message.timestamp.type"]),
    );
    ask_configs(p, 4, &resource(2, &p.own("none"), &keys));
    ask_configs(p, 4, &resource(2, &text(""), &keys));
    ask_configs(p, 4, &resource(4, &text("7"), &keys));
    ask_configs(p, 4, &resource(4, &text("x"), &keys));
    ask_configs(p, 4, &resource(4, &text("1"), &["auto.create.topics.enable", "message.max.bytes"]));
    ask_configs(p, 4, &resource(77, &text("1"), &keys));
}

fn alter_configs(p: &mut Player) {
    let topic = p.topic("t", 1, &[]);
    let alter = |kind: i8, name: &StrBytes, key: &str, operation: i8, value: Option<&str>| {
        let config = AlterableConfig::default()
            .with_name(text(key))
            .with_config_operation(operation)
            .with_value(value.map(text));
        let resource = AlterConfigsResource::default()
            .with_resource_type(kind)
            .with_resource_name(name.clone())
            .with_configs(vec![config]);
        IncrementalAlterConfigsRequest::default().with_resources(vec![resource])
    };
    let (set, delete, append, subtract) = (0, 1, 2, 3);
    for (key, operation, value) in [
        ("retention.ms", set, Some("5")),
        ("cleanup.policy", append, Some("compact")),
        ("retention.ms", set, Some("soon")),
        ("retention.ms", set, None),
        ("retention.ms", append, Some("5")),
        ("no.such.key", set, Some("5")),
        ("no.such.key", delete, None),
        ("retention.ms", 9, Some("5")),
        ("cleanup.policy", subtract, Some("delete")),
        ("retention.ms", delete, None),
    ] {
        p.note(format!("-- {key} {operation} {value:?}"));
        p.ask(1, &alter(2, &topic, key, operation, value));
    }
    p.ask(1, &alter(2, &topic, "retention.ms", set, Some("9")).with_validate_only(true));
    p.ask(1, &alter(2, &p.own("none"), "retention.ms", set, Some("9")));
    let key = resource(2, &topic, &["cleanup.policy", "retention.ms"]).with_include_synonyms(true);
    p.until(4, &key, |answer| {
        let configs = &answer.results[0].configs;
        configs.iter().any(|config| config.value.as_deref() == Some("compact"))
    });
    ask_configs(p, 4, &key);
}

fn delete_records(p: &mut Player) {
    let topic = p.topic("t", 1, &[]);
    for _ in 0..2 {
        p.ask(9, &produce(&topic, 0, batch(ANYBODY, 3)));
    }
    let to = |topic: &StrBytes, partition: i32, offset: i64| {
        let partition = DeleteRecordsPartition::default().with_partition_index(partition).with_offset(offset);
        let topic = DeleteRecordsTopic::default()
            .with_name(TopicName(topic.clone()))
            .with_partitions(vec![partition]);
        DeleteRecordsRequest::default().with_timeout_ms(30_000).with_topics(vec![topic])
    };
    for offset in [2, 1, 7, -2, 4] {
        p.ask(2, &to(&topic, 0, offset));
    }
    p.read(&topic, 0, 1, false);
    p.read(&topic, 0, 4, false);
    p.ask(7, &list_offsets(&topic, 0, -2, false));
    p.ask(2, &to(&topic, 0, -1));
    p.read(&topic, 0, 6, false);
    p.ask(2, &to(&topic, 5, 1));
    p.ask(2, &to(&p.own("none"), 0, 1));
}

fn by_page(p: &mut Player) {
    let (one, two) = (p.topic("one", 3, &[]), p.topic("two", 2, &[]));
    let none = p.own("none");
    let named = |names: &[&StrBytes]| {
        let topics = names.iter().map(|name| TopicRequest::default().with_name(TopicName((*name).clone())));
        DescribeTopicPartitionsRequest::default()
            .with_topics(topics.collect())
            .with_cursor(None)
            .with_response_partition_limit(2_000)
    };
    p.ask(0, &named(&[&two, &one, &none]));
    p.ask(0, &named(&[&one, &two]).with_response_partition_limit(2));
    for (topic, partition) in [(&one, 1), (&one, 2), (&two, 0), (&none, 0)] {
        let cursor =
            Cursor::default().with_topic_name(TopicName(topic.clone())).with_partition_index(partition);
        p.ask(0, &named(&[&one, &two]).with_cursor(Some(cursor)).with_response_partition_limit(2));
    }
    p.ask(0, &named(&[&text("a b"), &one]));
}

fn replace_configs(p: &mut Player) {
    let topic = p.topic("t", 1, &[("retention.ms", "77")]);
    let replace = |name: &StrBytes, key: &str, value: Option<&str>| {
        let config = OldConfig::default().with_name(text(key)).with_value(value.map(text));
        let resource = OldResource::default()
            .with_resource_type(2)
            .with_resource_name(name.clone())
            .with_configs(vec![config]);
        AlterConfigsRequest::default().with_resources(vec![resource])
    };
    p.ask(2, &replace(&topic, "cleanup.policy", Some("compact")));
    p.ask(2, &replace(&topic, "cleanup.policy", Some("burn")));
    p.ask(2, &replace(&topic, "cleanup.policy", None));
    p.ask(2, &replace(&topic, "no.such.key", Some("1")));
    p.ask(2, &replace(&p.own("none"), "cleanup.policy", Some("compact")));
    let key = resource(2, &topic, &["cleanup.policy", "retention.ms"]);
    p.until(4, &key, |answer| {
        let configs = &answer.results[0].configs;
        configs.iter().any(|config| config.value.as_deref() == Some("compact"))
    });
    ask_configs(p, 4, &key);
}

fn describe_cluster(p: &mut Player) {
    for (version, asks) in [(0, false), (0, true), (1, false), (1, true)] {
        let request = DescribeClusterRequest::default()
            .with_endpoint_type(1)
            .with_include_cluster_authorized_operations(asks);
        let mut answer = p.quietly(version, &request);
        answer.cluster_id = StrBytes::default();
        p.write_fields(&format!("DescribeClusterRequest v{version}"), &format!("{answer:?}"));
    }
    for kind in [0, 2, 7] {
        let mut answer = p.quietly(1, &DescribeClusterRequest::default().with_endpoint_type(kind));
        answer.cluster_id = StrBytes::default();
        p.write_fields(&format!("DescribeClusterRequest of {kind}"), &format!("{answer:?}"));
    }
}

fn leader_epochs(p: &mut Player) {
    let topic = p.topic("t", 1, &[]);
    let ask = |p: &mut Player, version: i16, topic: &StrBytes, partition: i32, epoch: i32, current: i32| {
        let partition = OffsetForLeaderPartition::default()
            .with_partition(partition)
            .with_current_leader_epoch(if version < 2 { -1 } else { current })
            .with_leader_epoch(epoch);
        let topic = OffsetForLeaderTopic::default()
            .with_topic(TopicName(topic.clone()))
            .with_partitions(vec![partition]);
        let request = OffsetForLeaderEpochRequest::default()
            .with_replica_id(BrokerId(if version < 3 { -2 } else { -1 }))
            .with_topics(vec![topic]);
        p.ask(version, &request);
    };
    ask(p, 4, &topic, 0, 0, -1);
    p.ask(9, &produce(&topic, 0, batch(ANYBODY, 3)));
    for version in 2..=4 {
        ask(p, version, &topic, 0, 0, -1);
    }
    for (epoch, current) in [(0, 0), (1, 0), (0, 1), (-1, 0), (7, -1)] {
        ask(p, 4, &topic, 0, epoch, current);
    }
    ask(p, 4, &topic, 3, 0, -1);
    ask(p, 4, &p.own("none"), 0, 0, -1);
}
