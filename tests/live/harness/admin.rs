//! Topic administration through rdkafka.

use std::time::Duration;

use rdkafka::admin::{
    AdminClient, AdminOptions, AlterConfig, NewPartitions, NewTopic, ResourceSpecifier, TopicReplication,
};
use rdkafka::client::DefaultClientContext;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::cluster::Cluster;
use super::records::partitions;
use super::{runtime, wait};

const LIMIT: Duration = Duration::from_secs(30);

fn client(cluster: &Cluster) -> AdminClient<DefaultClientContext> {
    cluster.client_config().create().unwrap()
}

fn options() -> AdminOptions {
    AdminOptions::new().operation_timeout(Some(LIMIT)).request_timeout(Some(LIMIT))
}

/// Creates a topic replicated to every broker, and waits until its metadata shows.
pub fn create_topic(cluster: &Cluster, name: &str, count: i32, configs: &[(&str, &str)]) {
    create_replicated(cluster, name, count, i32::from(cluster.spec.brokers), configs);
}

/// Creates a topic with so many replicas, and waits until its metadata shows.
pub fn create_replicated(cluster: &Cluster, name: &str, count: i32, replicas: i32, configs: &[(&str, &str)]) {
    let mut topic = NewTopic::new(name, count, TopicReplication::Fixed(replicas));
    for (key, value) in configs {
        topic = topic.set(key, value);
    }
    let admin = client(cluster);
    let results = runtime().block_on(admin.create_topics([&topic], &options())).unwrap();
    results[0].as_ref().unwrap();
    wait_for_partitions(cluster, name, count);
}

/// Creates many topics of one replica in one request.
pub fn create_topics(cluster: &Cluster, names: &[String], count: i32, configs: &[(&str, &str)]) {
    let topic = |name| {
        let topic = NewTopic::new(name, count, TopicReplication::Fixed(1));
        configs.iter().fold(topic, |topic, (key, value)| topic.set(key, value))
    };
    let topics: Vec<NewTopic<'_>> = names.iter().map(|name| topic(name.as_str())).collect();
    let results = runtime().block_on(client(cluster).create_topics(&topics, &options())).unwrap();
    for result in &results {
        result.as_ref().unwrap();
    }
    wait_for_partitions(cluster, &names[names.len() - 1], count);
}

/// Waits until every partition of the topic has a leader.
pub fn wait_for_partitions(cluster: &Cluster, name: &str, count: i32) {
    let admin = client(cluster);
    wait::until(&format!("{name} to have {count} led partitions"), wait::LONG, || {
        let metadata = admin.inner().fetch_metadata(Some(name), Duration::from_secs(5)).ok()?;
        let led = metadata.topics()[0].partitions().iter().filter(|one| one.leader() >= 0).count();
        (led == usize::try_from(count).unwrap()).then_some(())
    });
}

/// Tells whether the topic exists.
pub fn topic_exists(cluster: &Cluster, name: &str) -> bool {
    let metadata = client(cluster).inner().fetch_metadata(None, Duration::from_secs(10)).unwrap();
    metadata.topics().iter().any(|topic| topic.name() == name)
}

/// Grows a topic to `count` partitions.
pub fn grow_topic(cluster: &Cluster, name: &str, count: usize) {
    let grown = NewPartitions::new(name, count);
    let admin = client(cluster);
    let results = runtime().block_on(admin.create_partitions([&grown], &options())).unwrap();
    results[0].as_ref().unwrap();
    wait_for_partitions(cluster, name, i32::try_from(count).unwrap());
}

/// Deletes a topic and waits until it is gone.
pub fn delete_topic(cluster: &Cluster, name: &str) {
    let admin = client(cluster);
    let results = runtime().block_on(admin.delete_topics(&[name], &options())).unwrap();
    results[0].as_ref().unwrap();
    wait::until(&format!("{name} to be gone"), wait::LONG, || (!topic_exists(cluster, name)).then_some(()));
}

/// Moves the log start of one partition to `offset`; asks again where its leader has just moved.
pub fn delete_records_before(cluster: &Cluster, name: &str, partition: i32, offset: i64) {
    assert!(partitions(cluster, name).contains(&partition));
    let mut offsets = TopicPartitionList::new();
    offsets.add_partition_offset(name, partition, Offset::Offset(offset)).unwrap();
    let admin = client(cluster);
    wait::until(&format!("{name}[{partition}] to begin at {offset}"), LIMIT, || {
        let results = runtime().block_on(admin.delete_records(&offsets, &options())).ok()?;
        results.elements().iter().all(|element| element.error().is_ok()).then_some(())
    });
}

/// Replaces all explicit configs of a topic.
pub fn set_topic_configs(cluster: &Cluster, name: &str, configs: &[(&str, &str)]) {
    let mut change = AlterConfig::new(ResourceSpecifier::Topic(name));
    for (key, value) in configs {
        change = change.set(key, value);
    }
    let results = runtime().block_on(client(cluster).alter_configs([&change], &options())).unwrap();
    results[0].as_ref().unwrap();
    for (key, value) in configs {
        wait_for_config(cluster, name, key, value);
    }
}

/// Returns a topic config's value, as one of the brokers knows it.
pub fn topic_config(cluster: &Cluster, name: &str, key: &str) -> Option<String> {
    let admin = client(cluster);
    let specifier = ResourceSpecifier::Topic(name);
    let results = runtime().block_on(admin.describe_configs([&specifier], &options())).unwrap();
    results[0].as_ref().unwrap().get(key).and_then(|entry| entry.value.clone())
}

/// Waits until a topic's config has a value, "" where it has none: brokers learn of a change a moment after whoever made
/// it was answered.
pub fn wait_for_config(cluster: &Cluster, name: &str, key: &str, wanted: &str) {
    wait::until(&format!("{key} of {name} to be {wanted:?}"), LIMIT, || {
        (topic_config(cluster, name, key).unwrap_or_default() == wanted).then_some(())
    });
}

/// Returns the broker that leads a partition.
pub fn leader(cluster: &Cluster, name: &str, partition: i32) -> Option<i32> {
    let admin = client(cluster);
    let metadata = admin.inner().fetch_metadata(Some(name), Duration::from_secs(10)).ok()?;
    let found = metadata.topics()[0].partitions().iter().find(|one| one.id() == partition)?;
    (found.leader() >= 0).then(|| found.leader())
}
