//! Consumer groups on the sandbox, with rdkafka's members.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol;
use kafka_protocol::messages::{GroupId, JoinGroupRequest};
use kafka_protocol::protocol::StrBytes;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::message::Message;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use strait::sandbox::{Cluster, ClusterSpec, TopicSpec};

use crate::sandbox_kit::{LONG, client, producer, runtime, start, write};
use crate::support::raw::Raw;

/// A member of the group `workers` with short sessions.
fn member(cluster: &Cluster, more: &[(&str, &str)]) -> BaseConsumer {
    let mut config = client(cluster, more);
    config
        .set("group.id", "workers")
        .set("auto.offset.reset", "earliest")
        .set("enable.auto.commit", "false")
        .set("session.timeout.ms", "6000")
        .set("heartbeat.interval.ms", "100");
    let consumer: BaseConsumer = config.create().unwrap();
    consumer.subscribe(&["orders"]).unwrap();
    consumer
}

/// Polls members until what they share meets a condition.
fn until(members: &[&BaseConsumer], what: &str, mut done: impl FnMut(&[BTreeSet<i32>]) -> bool) {
    let deadline = Instant::now() + LONG;
    loop {
        for member in members {
            let _ = member.poll(Duration::from_millis(20));
        }
        let shares: Vec<BTreeSet<i32>> = members.iter().map(|member| share(member)).collect();
        if done(&shares) {
            return;
        }
        assert!(Instant::now() < deadline, "{what}: {shares:?}");
    }
}

fn share(member: &BaseConsumer) -> BTreeSet<i32> {
    member.assignment().unwrap().elements().iter().map(|element| element.partition()).collect()
}

fn all(shares: &[BTreeSet<i32>]) -> bool {
    shares.iter().map(BTreeSet::len).sum::<usize>() == 6
        && shares.iter().flatten().collect::<BTreeSet<_>>().len() == 6
}

fn two_members_share(strategy: &str) {
    let cluster = start(ClusterSpec::new(3).topic(TopicSpec::new("orders", 6)));
    let settings = [("partition.assignment.strategy", strategy)];
    let first = member(&cluster, &settings);
    until(&[&first], "one member has everything", all);
    let second = member(&cluster, &settings);
    until(&[&first, &second], "two share", |shares| all(shares) && shares.iter().all(|s| s.len() == 3));
    drop(first);
    until(&[&second], "the one that stays has everything", all);
}

#[test]
fn two_members_share_eagerly() {
    two_members_share("range");
}

#[test]
fn two_members_share_cooperatively() {
    two_members_share("cooperative-sticky");
}

#[test]
fn a_member_that_falls_silent_is_dropped_after_its_session() {
    let cluster = start(ClusterSpec::new(1).topic(TopicSpec::new("orders", 6)));
    let silent = Raw::connect(cluster.addresses()[0]);
    let protocol = JoinGroupRequestProtocol::default().with_name(StrBytes::from_static_str("range"));
    let request = JoinGroupRequest::default()
        .with_group_id(GroupId(StrBytes::from_static_str("workers")))
        .with_session_timeout_ms(6_000)
        .with_rebalance_timeout_ms(60_000)
        .with_protocol_type(StrBytes::from_static_str("consumer"))
        .with_protocols(vec![protocol]);
    // Version 3 joins at once. It leads, and never says who gets what.
    assert_eq!(silent.ask(3, &request).generation_id, 1);
    let member = member(&cluster, &[("partition.assignment.strategy", "range")]);
    until(&[&member], "the silent one is gone", all);
}

#[test]
fn a_group_goes_on_where_it_committed_and_is_deleted_when_empty() {
    let cluster = start(ClusterSpec::new(3).topic(TopicSpec::new("orders", 6)));
    write(&producer(&cluster, &[]), "orders", 6, 0..60);
    let first = member(&cluster, &[]);
    let mut seen = 0;
    let deadline = Instant::now() + LONG;
    while seen < 30 {
        assert!(Instant::now() < deadline);
        if let Some(Ok(message)) = first.poll(Duration::from_millis(100)) {
            first.commit_message(&message, CommitMode::Sync).unwrap();
            seen += 1;
        }
    }
    drop(first);
    let second = member(&cluster, &[]);
    let mut offsets = BTreeSet::new();
    while seen < 60 {
        assert!(Instant::now() < deadline, "{seen} of 60");
        if let Some(Ok(message)) = second.poll(Duration::from_millis(100)) {
            assert!(offsets.insert((message.partition(), message.offset())));
            second.commit_message(&message, CommitMode::Sync).unwrap();
            seen += 1;
        }
    }
    let groups = second.fetch_group_list(Some("workers"), LONG).unwrap();
    assert_eq!(groups.groups()[0].state(), "Stable");
    assert_eq!(groups.groups()[0].members().len(), 1);

    let admin: AdminClient<DefaultClientContext> = client(&cluster, &[]).create().unwrap();
    let delete = || runtime().block_on(admin.delete_groups(&["workers"], &AdminOptions::new())).unwrap();
    let refused = delete().pop().unwrap();
    assert_eq!(refused.unwrap_err().1, rdkafka::types::RDKafkaErrorCode::NonEmptyGroup);
    drop(second);
    assert!(delete().pop().unwrap().is_ok());
}

#[test]
fn offsets_without_a_group_are_kept_and_found() {
    let cluster = start(ClusterSpec::new(3).topic(TopicSpec::new("orders", 6)));
    let mut config = client(&cluster, &[]);
    config.set("group.id", "simple").set("enable.auto.commit", "false");
    let consumer: BaseConsumer = config.create().unwrap();
    let mut offsets = TopicPartitionList::new();
    offsets.add_partition_offset("orders", 3, Offset::Offset(17)).unwrap();
    consumer.commit(&offsets, CommitMode::Sync).unwrap();
    let found = consumer.committed_offsets(offsets, LONG).unwrap();
    assert_eq!(found.elements()[0].offset(), Offset::Offset(17));
}

#[test]
fn a_group_outlives_its_coordinator() {
    let cluster = start(ClusterSpec::new(3).topic(TopicSpec::new("orders", 6).replication_factor(3)));
    let first = member(&cluster, &[]);
    until(&[&first], "one member has everything", all);
    for broker in 1..=3 {
        cluster.stop_broker(broker).unwrap();
        let second = member(&cluster, &[]);
        until(&[&first, &second], "two share without a broker", |shares| {
            all(shares) && shares.iter().all(|share| share.len() == 3)
        });
        let _reactor = runtime().enter();
        cluster.start_broker(broker).unwrap();
        drop(second);
        until(&[&first], "one has everything again", all);
    }
}
