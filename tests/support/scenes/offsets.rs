//! Committed offsets, and who coordinates them.

use kafka_protocol::messages::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_protocol::messages::offset_delete_request::{
    OffsetDeleteRequestPartition, OffsetDeleteRequestTopic,
};
use kafka_protocol::messages::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopic, OffsetFetchRequestTopics,
};
use kafka_protocol::messages::{
    FindCoordinatorRequest, GroupId, OffsetCommitRequest, OffsetDeleteRequest, OffsetFetchRequest, TopicName,
};
use kafka_protocol::protocol::StrBytes;

use super::Scene;
use super::groups::{enter, sync};
use crate::support::build::text;
use crate::support::player::Player;

pub const SCENES: &[Scene] = &[
    ("offsets-alone", alone),
    ("offsets-versions", versions),
    ("offsets-members", members),
    ("offsets-refusals", refusals),
    ("offsets-delete", delete),
    ("coordinators", coordinators),
];

pub fn commit(p: &Player, topic: &StrBytes, partition: i32, offset: i64) -> OffsetCommitRequest {
    let partition = OffsetCommitRequestPartition::default()
        .with_partition_index(partition)
        .with_committed_offset(offset)
        .with_committed_leader_epoch(-1)
        .with_committed_metadata(Some(text("note")));
    let topic = OffsetCommitRequestTopic::default()
        .with_name(TopicName(topic.clone()))
        .with_partitions(vec![partition]);
    OffsetCommitRequest::default()
        .with_group_id(GroupId(p.own("group")))
        .with_generation_id_or_member_epoch(-1)
        .with_retention_time_ms(-1)
        .with_topics(vec![topic])
}

pub fn fetch(p: &Player, topic: &StrBytes, partitions: &[i32]) -> OffsetFetchRequest {
    let name = TopicName(topic.clone());
    let topics = OffsetFetchRequestTopics::default()
        .with_name(name.clone())
        .with_partition_indexes(partitions.to_vec());
    let group = OffsetFetchRequestGroup::default()
        .with_group_id(GroupId(p.own("group")))
        .with_member_id(None)
        .with_member_epoch(-1)
        .with_topics(Some(vec![topics]));
    let topics =
        OffsetFetchRequestTopic::default().with_name(name).with_partition_indexes(partitions.to_vec());
    OffsetFetchRequest::default()
        .with_group_id(GroupId(p.own("group")))
        .with_topics(Some(vec![topics]))
        .with_groups(vec![group])
}

/// Asks in a version, whose requests hold either one group or several.
pub fn ask(p: &mut Player, version: i16, mut request: OffsetFetchRequest) {
    if version >= 8 {
        request.group_id = GroupId::default();
        request.topics = Some(vec![]);
    } else {
        request.groups.clear();
    }
    p.ask(version, &request);
}

fn all_topics(mut request: OffsetFetchRequest) -> OffsetFetchRequest {
    request.topics = None;
    for group in &mut request.groups {
        group.topics = None;
    }
    request
}

fn alone(p: &mut Player) {
    let topic = p.topic("t", 2, &[]);
    let request = fetch(p, &topic, &[0, 1]);
    ask(p, 8, request.clone());
    p.ask(8, &commit(p, &topic, 0, 5));
    p.ask(8, &commit(p, &topic, 1, 0));
    ask(p, 8, request.clone());
    ask(p, 8, request.clone().with_require_stable(true));
    ask(p, 9, all_topics(request.clone()));
    // Backwards is allowed.
    p.ask(8, &commit(p, &topic, 0, 3));
    ask(p, 7, all_topics(request.clone()));
    let mut elsewhere = request;
    elsewhere.groups.push(elsewhere.groups[0].clone().with_group_id(GroupId(p.own("elsewhere"))));
    ask(p, 9, elsewhere.clone());
    ask(p, 9, all_topics(elsewhere));
}

fn versions(p: &mut Player) {
    let topic = p.topic("t", 2, &[]);
    for version in 2..=9 {
        p.ask(version, &commit(p, &topic, 0, i64::from(version)));
        let request = fetch(p, &topic, &[0, 1, 7]);
        ask(p, version, request.clone());
        ask(p, version, all_topics(request));
    }
    let request = fetch(p, &topic, &[0]);
    ask(p, 1, request);
}

fn members(p: &mut Player) {
    let topic = p.topic("t", 2, &[]);
    let told = enter(p);
    let as_member = |p: &Player, member: &str, generation: i32| {
        commit(p, &topic, 0, 1).with_member_id(text(member)).with_generation_id_or_member_epoch(generation)
    };
    p.ask(8, &as_member(p, &told, 1));
    p.ask(8, &commit(p, &topic, 0, 1));
    p.ask(5, &sync(p, &told, 1, &[(&told, "all")]));
    for version in [2, 7, 8, 9] {
        p.ask(version, &as_member(p, &told, 1));
        p.ask(version, &as_member(p, &told, 0));
        p.ask(version, &as_member(p, &told, 2));
        p.ask(version, &as_member(p, "nobody", 1));
        p.ask(version, &as_member(p, "", 1));
        p.ask(version, &as_member(p, &told, -1));
        p.ask(version, &commit(p, &topic, 0, 1));
    }
    p.ask(8, &as_member(p, &told, 1).with_group_instance_id(Some(text("one"))));
}

fn refusals(p: &mut Player) {
    let topic = p.topic("t", 2, &[]);
    p.ask(8, &commit(p, &topic, 2, 1));
    p.ask(8, &commit(p, &p.own("none"), 0, 1));
    let long = "x".repeat(4_097);
    let mut request = commit(p, &topic, 0, 1);
    request.topics[0].partitions[0].committed_metadata = Some(text(&long));
    p.ask(8, &request);
    request.topics[0].partitions[0].committed_metadata = Some(text(&long[1..]));
    p.ask(8, &request);
    request.topics[0].partitions[0].committed_metadata = None;
    p.ask(8, &request);
    let read = fetch(p, &topic, &[0, 2]);
    ask(p, 8, read);
    let read = fetch(p, &p.own("none"), &[0]);
    ask(p, 8, read);
    let fresh = commit(p, &topic, 0, 1).with_group_id(GroupId(p.own("fresh")));
    for version in [2, 8, 9] {
        p.ask(version, &fresh.clone().with_generation_id_or_member_epoch(3));
        p.ask(version, &fresh.clone().with_generation_id_or_member_epoch(3).with_member_id(text("somebody")));
        p.ask(version, &fresh.clone().with_member_id(text("somebody")));
    }
    p.ask(8, &commit(p, &topic, 0, -7));
    let read = fetch(p, &topic, &[0]);
    ask(p, 8, read);
}

fn delete(p: &mut Player) {
    let topic = p.topic("t", 2, &[]);
    let request = |p: &Player, topic: &StrBytes, partitions: &[i32]| {
        let partitions =
            partitions.iter().map(|at| OffsetDeleteRequestPartition::default().with_partition_index(*at));
        let topic = OffsetDeleteRequestTopic::default()
            .with_name(TopicName(topic.clone()))
            .with_partitions(partitions.collect());
        OffsetDeleteRequest::default().with_group_id(GroupId(p.own("group"))).with_topics(vec![topic])
    };
    p.ask(0, &request(p, &topic, &[0]));
    p.ask(8, &commit(p, &topic, 0, 1));
    p.ask_sorted(0, &request(p, &topic, &[0, 1, 2]), |answer| {
        answer.topics[0].partitions.sort_by_key(|partition| partition.partition_index);
    });
    p.ask(0, &request(p, &p.own("none"), &[0]));
    let read = fetch(p, &topic, &[0]);
    ask(p, 8, read.clone());
    p.ask(8, &commit(p, &topic, 0, 1));
    let member = enter(p);
    p.ask(5, &sync(p, &member, 1, &[]));
    p.ask(0, &request(p, &topic, &[0]));
    ask(p, 8, read);
    p.ask(0, &request(p, &topic, &[0]).with_group_id(GroupId(text(""))));
}

fn coordinators(p: &mut Player) {
    for (version, kind) in [(0, 0), (1, 0), (1, 1), (2, 0), (3, 1), (3, 7)] {
        let request = FindCoordinatorRequest::default().with_key(p.own("key")).with_key_type(kind);
        p.ask(version, &request);
    }
    for (version, kind) in [(4, 0), (4, 1), (5, 0), (6, 0), (4, 7)] {
        let keys = vec![p.own("one"), p.own("two")];
        let request = FindCoordinatorRequest::default().with_coordinator_keys(keys).with_key_type(kind);
        p.ask(version, &request);
    }
}
