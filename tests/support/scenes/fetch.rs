//! Fetch: sessions, sizes, leader epochs, topic ids.

use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic, ForgottenTopic};
use kafka_protocol::messages::{FetchRequest, FetchResponse, TopicName};
use kafka_protocol::protocol::StrBytes;
use strait::kafka::batch::Batches;
use uuid::Uuid;

use super::Scene;
use crate::support::build::{ANYBODY, batch, fetch, metadata, produce};
use crate::support::player::Player;

pub const SCENES: &[Scene] = &[
    ("fetch-versions", versions),
    ("fetch-sizes", sizes),
    ("fetch-epochs", epochs),
    ("fetch-topic-ids", topic_ids),
    ("fetch-sessions", sessions),
    ("fetch-session-errors", session_errors),
];

/// Asks and writes down the answer, records as the offsets of their batches.
fn ask(p: &mut Player, version: i16, request: &FetchRequest) -> FetchResponse {
    let answer = p.quietly(version, request);
    let mut shown = answer.clone();
    // A session's number is the broker's choice.
    shown.session_id = i32::from(shown.session_id != 0);
    let mut offsets = Vec::new();
    for topic in &mut shown.responses {
        topic.partitions.sort_by_key(|partition| partition.partition_index);
        for partition in &mut topic.partitions {
            let records = partition.records.take().unwrap_or_default();
            let found = Batches::new(records).map(|batch| batch.unwrap().header.base_offset);
            offsets.push((partition.partition_index, found.collect::<Vec<i64>>()));
        }
    }
    p.write_fields(&format!("FetchRequest v{version} batches {offsets:?}"), &format!("{shown:?}"));
    answer
}

fn filled(p: &mut Player, partitions: i32) -> StrBytes {
    let topic = p.topic("t", partitions, &[]);
    for partition in 0..partitions {
        for _ in 0..3 {
            p.ask(9, &produce(&topic, partition, batch(ANYBODY, 2)));
        }
    }
    topic
}

fn versions(p: &mut Player) {
    let topic = filled(p, 1);
    for version in 4..=12 {
        for offset in [0, 3, 6, 7] {
            ask(p, version, &fetch(&topic, 0, offset, version % 2 == 0));
        }
    }
}

fn sizes(p: &mut Player) {
    let topic = filled(p, 2);
    for (partition_bytes, bytes) in
        [(1 << 20, 0), (0, 1 << 20), (1, 1 << 20), (170, 1 << 20), (1 << 20, 1), (1 << 20, 170)]
    {
        let mut request = fetch(&topic, 0, 1, false).with_max_bytes(bytes);
        let second = request.topics[0].partitions[0].clone().with_partition(1).with_fetch_offset(0);
        request.topics[0].partitions.push(second);
        for partition in &mut request.topics[0].partitions {
            partition.partition_max_bytes = partition_bytes;
        }
        p.note(format!("-- {partition_bytes} of {bytes}"));
        ask(p, 12, &request);
    }
}

fn epochs(p: &mut Player) {
    let topic = filled(p, 1);
    for (current, last) in [(0, -1), (1, -1), (-1, 0), (0, 0), (0, 1), (-1, 7)] {
        let mut request = fetch(&topic, 0, 2, false);
        request.topics[0].partitions[0].current_leader_epoch = current;
        request.topics[0].partitions[0].last_fetched_epoch = last;
        p.note(format!("-- current {current} last {last}"));
        ask(p, 12, &request);
    }
}

fn by_id(request: FetchRequest, id: Uuid) -> FetchRequest {
    let topics = request.topics.iter().cloned();
    let topics = topics.map(|topic| topic.with_topic(TopicName::default()).with_topic_id(id));
    let topics = topics.collect();
    request.with_topics(topics)
}

fn topic_ids(p: &mut Player) {
    let topic = filled(p, 1);
    let id = p.quietly(12, &metadata(&topic)).topics[0].topic_id;
    for version in 13..=17 {
        ask(p, version, &by_id(fetch(&topic, 0, 2, false), id));
        ask(p, version, &by_id(fetch(&topic, 0, 2, false), Uuid::from_u128(7)));
        ask(p, version, &by_id(fetch(&topic, 5, 2, false), id));
        ask(p, version, &by_id(fetch(&topic, 0, 99, false), id));
    }
}

fn in_session(request: FetchRequest, id: i32, epoch: i32) -> FetchRequest {
    request.with_session_id(id).with_session_epoch(epoch)
}

fn sessions(p: &mut Player) {
    let topic = filled(p, 2);
    let mut whole = fetch(&topic, 0, 0, false);
    let second = whole.topics[0].partitions[0].clone().with_partition(1);
    whole.topics[0].partitions.push(second);
    let session = ask(p, 12, &in_session(whole.clone(), 0, 0)).session_id;
    let nothing = whole.clone().with_topics(vec![]);
    // The same positions give the same records.
    ask(p, 12, &in_session(nothing.clone(), session, 1));
    // Both partitions are read to their ends: nothing is left to say.
    let mut ends = whole.clone();
    for partition in &mut ends.topics[0].partitions {
        partition.fetch_offset = 6;
    }
    ask(p, 12, &in_session(ends, session, 2));
    ask(p, 12, &in_session(nothing.clone(), session, 3));
    p.ask(9, &produce(&topic, 1, batch(ANYBODY, 1)));
    ask(p, 12, &in_session(nothing.clone(), session, 4));
    let forgotten = ForgottenTopic::default().with_topic(TopicName(topic)).with_partitions(vec![1]);
    let without = nothing.clone().with_forgotten_topics_data(vec![forgotten]);
    ask(p, 12, &in_session(without, session, 5));
    // The epoch was used already; the session goes on.
    ask(p, 12, &in_session(nothing.clone(), session, 5));
    ask(p, 12, &in_session(nothing.clone(), session, 6));
    // The end of the session.
    ask(p, 12, &in_session(nothing.clone(), session, -1));
    ask(p, 12, &in_session(nothing, session, 7));
}

fn session_errors(p: &mut Player) {
    let topic = filled(p, 1);
    let whole = fetch(&topic, 0, 0, false);
    let unknown = i32::MAX;
    ask(p, 12, &in_session(whole.clone(), unknown, 1));
    ask(p, 12, &in_session(whole.clone(), unknown, 0));
    ask(p, 12, &in_session(whole.clone(), unknown, -1));
    ask(p, 12, &in_session(whole.clone(), 0, 5));
    let session = ask(p, 12, &in_session(whole.clone(), 0, 0)).session_id;
    ask(p, 12, &in_session(whole.clone(), session, 7));
    // A partition that is not there stays in the session.
    let missing = FetchPartition::default()
        .with_partition(9)
        .with_current_leader_epoch(-1)
        .with_last_fetched_epoch(-1)
        .with_partition_max_bytes(1 << 20);
    let missing = FetchTopic::default().with_topic(TopicName(topic)).with_partitions(vec![missing]);
    ask(p, 12, &in_session(whole.clone().with_topics(vec![missing]), session, 1));
    ask(p, 12, &in_session(whole.with_topics(vec![]), session, 2));
}
