//! Producers without transactions: sequences, epochs, and what is no batch.

use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::messages::describe_producers_request::TopicRequest;
use kafka_protocol::messages::{DescribeProducersRequest, InitProducerIdRequest, ProducerId, TopicName};
use kafka_protocol::protocol::StrBytes;

use super::Scene;
use crate::support::build::{ANYBODY, MADE_MS, Writer, batch, list_offsets, produce};
use crate::support::player::Player;

pub const SCENES: &[Scene] = &[
    ("produce-anybody", anybody),
    ("produce-versions", versions),
    ("produce-sequences", sequences),
    ("produce-epochs", epochs),
    ("produce-no-batch", no_batch),
    ("produce-limits", limits),
    ("produce-append-time", append_time),
    ("produce-not-there", not_there),
    ("offsets-by-time", by_time),
];

/// Asks for a producer id.
pub fn new_producer(p: &mut Player) -> Writer {
    let request = InitProducerIdRequest::default()
        .with_transactional_id(None)
        .with_transaction_timeout_ms(60_000)
        .with_producer_id(ProducerId(-1))
        .with_producer_epoch(-1);
    let answer = p.ask(4, &request);
    Writer { id: answer.producer_id.0, epoch: answer.producer_epoch, sequence: 0, transactional: false }
}

pub fn describe_producers(p: &mut Player, topic: &StrBytes) {
    let topic =
        TopicRequest::default().with_name(TopicName(topic.clone())).with_partition_indexes(vec![0, 9]);
    p.ask(0, &DescribeProducersRequest::default().with_topics(vec![topic]));
}

fn anybody(p: &mut Player) {
    let topic = p.topic("t", 2, &[]);
    p.ask(9, &produce(&topic, 0, batch(ANYBODY, 3)));
    p.ask(9, &produce(&topic, 0, batch(ANYBODY, 1)).with_acks(1));
    p.ask(9, &produce(&topic, 0, batch(ANYBODY, 1)).with_acks(2));
    p.ask(9, &produce(&topic, 0, batch(ANYBODY, 1)).with_acks(-2));
    p.read(&topic, 0, 0, false);
    p.read(&topic, 0, 2, false);
    p.read(&topic, 0, 3, false);
    p.read(&topic, 0, 4, false);
    p.read(&topic, 0, 5, false);
    p.read(&topic, 0, -1, false);
    p.read(&topic, 1, 0, true);
    for timestamp in [-1, -2, -3, -4, -5, -9] {
        p.ask(7, &list_offsets(&topic, 0, timestamp, false));
    }
}

fn versions(p: &mut Player) {
    let topic = p.topic("t", 1, &[]);
    for version in 3..=12 {
        p.ask(version, &produce(&topic, 0, batch(ANYBODY, 1)));
        p.ask(version, &produce(&topic, 0, batch(Writer { id: 7, ..ANYBODY }, 1)));
    }
    p.read(&topic, 0, 0, false);
}

fn sequences(p: &mut Player) {
    let topic = p.topic("t", 1, &[]);
    let writer = new_producer(p);
    let put = |p: &mut Player, sequence: i32, count: i32| {
        p.ask(9, &produce(&topic, 0, batch(Writer { sequence, ..writer }, count)));
    };
    put(p, 0, 3);
    put(p, 3, 2);
    // Again, from the wrong place, partly again.
    put(p, 3, 2);
    put(p, 0, 3);
    put(p, 6, 1);
    put(p, 3, 1);
    put(p, 4, 1);
    for sequence in 5..10 {
        put(p, sequence, 1);
    }
    // Five batches are remembered, no more.
    put(p, 5, 1);
    put(p, 3, 2);
    put(p, 0, 3);
    put(p, -1, 1);
    put(p, 10, 1);
    p.read(&topic, 0, 0, false);
    describe_producers(p, &topic);
    // A producer nobody knows may begin anywhere.
    let stranger = new_producer(p);
    for sequence in [41, 42, 44] {
        p.ask(9, &produce(&topic, 0, batch(Writer { sequence, ..stranger }, 1)));
    }
    // Sequences begin anew behind the greatest.
    let far = new_producer(p);
    for (sequence, count) in [(i32::MAX - 1, 2), (0, 1), (1, 1)] {
        p.ask(9, &produce(&topic, 0, batch(Writer { sequence, ..far }, count)));
    }
}

fn epochs(p: &mut Player) {
    let topic = p.topic("t", 1, &[]);
    let first = new_producer(p);
    p.ask(9, &produce(&topic, 0, batch(first, 1)));
    let next = Writer { epoch: 1, ..first };
    p.ask(9, &produce(&topic, 0, batch(Writer { sequence: 1, ..next }, 1)));
    p.ask(9, &produce(&topic, 0, batch(next, 1)));
    p.ask(9, &produce(&topic, 0, batch(next, 1)));
    for version in [9, 11] {
        p.ask(version, &produce(&topic, 0, batch(Writer { sequence: 1, ..first }, 1)));
        p.ask(version, &produce(&topic, 0, batch(first, 1)));
    }
    p.read(&topic, 0, 0, false);
    // An idempotent producer asks for another epoch of its own.
    let request = InitProducerIdRequest::default()
        .with_transactional_id(None)
        .with_transaction_timeout_ms(60_000)
        .with_producer_id(ProducerId(first.id))
        .with_producer_epoch(0);
    p.ask(4, &request);
    p.ask(4, &request.clone().with_producer_epoch(-1));
    p.ask(4, &request.clone().with_producer_id(ProducerId(-1)));
}

/// Changes a byte of a batch, and its checksum where the batch is to look sound.
fn with(records: &Bytes, at: usize, value: u8, sound: bool) -> Bytes {
    let mut changed = BytesMut::from(&records[..]);
    changed[at] = value;
    if sound {
        let crc = strait::kafka::crc::crc32c(&changed[21..]);
        changed[17..21].copy_from_slice(&crc.to_be_bytes());
    }
    changed.freeze()
}

fn no_batch(p: &mut Player) {
    let topic = p.topic("t", 1, &[]);
    let good = batch(ANYBODY, 2);
    let cases = [
        ("base offset 1", with(&good, 7, 1, true)),
        ("checksum", with(&good, 70, 1, false)),
        ("magic 1", with(&good, 16, 1, true)),
        ("magic 3", with(&good, 16, 3, true)),
        ("last offset delta", with(&good, 26, 7, true)),
        ("count", with(&good, 60, 7, true)),
        ("count 0", with(&good, 60, 0, true)),
        ("codec 5", with(&good, 22, 5, true)),
        ("control", with(&good, 22, 0x20, true)),
        ("transactional without a producer", with(&good, 22, 0x10, true)),
        ("append time", with(&good, 22, 0x08, true)),
        ("delete horizon", with(&good, 22, 0x40, true)),
        ("leader epoch", with(&good, 15, 9, false)),
        ("gzip that is none", with(&good, 22, 1, true)),
        ("producer without a sequence", with(&with(&good, 43, 0, true), 50, 7, true)),
    ];
    for (what, records) in cases {
        p.note(format!("-- {what}"));
        p.provoke(9, &produce(&topic, 0, records));
    }
    let mut twice = BytesMut::from(&good[..]);
    twice.put_slice(&good);
    let others = [
        ("two batches", twice.freeze()),
        ("nothing", Bytes::new()),
        ("half a batch", good.slice(..40)),
        ("a batch and a half", Bytes::from([&good[..], &good[..40]].concat())),
    ];
    for (what, records) in others {
        p.note(format!("-- {what}"));
        p.provoke(9, &produce(&topic, 0, records));
    }
    p.read(&topic, 0, 0, false);
}

fn limits(p: &mut Player) {
    let small = p.topic("small", 1, &[("max.message.bytes", "100")]);
    p.ask(9, &produce(&small, 0, batch(ANYBODY, 1)));
    p.ask(9, &produce(&small, 0, batch(ANYBODY, 9)));
    let timely = p.topic("timely", 1, &[("message.timestamp.before.max.ms", "1000")]);
    p.ask(9, &produce(&timely, 0, batch(ANYBODY, 2)));
    let compacted = p.topic("compacted", 1, &[("cleanup.policy", "compact")]);
    p.ask(9, &produce(&compacted, 0, batch(ANYBODY, 2)));
    let safe = p.topic("safe", 1, &[("min.insync.replicas", "2")]);
    p.ask(9, &produce(&safe, 0, batch(ANYBODY, 1)));
    p.ask(9, &produce(&safe, 0, batch(ANYBODY, 1)).with_acks(1));
}

fn append_time(p: &mut Player) {
    let topic = p.topic("t", 1, &[("message.timestamp.type", "LogAppendTime")]);
    let writer = new_producer(p);
    p.ask(9, &produce(&topic, 0, batch(writer, 2)));
    p.ask(9, &produce(&topic, 0, batch(writer, 2)));
    p.read(&topic, 0, 0, false);
}

fn not_there(p: &mut Player) {
    let topic = p.topic("t", 1, &[]);
    p.ask(9, &produce(&p.own("none"), 0, batch(ANYBODY, 1)));
    p.ask(9, &produce(&topic, 1, batch(ANYBODY, 1)));
    p.read(&p.own("none"), 0, 0, false);
    p.read(&topic, 1, 0, false);
    p.ask(7, &list_offsets(&topic, 1, -1, false));
    p.ask(7, &list_offsets(&p.own("none"), 0, -1, false));
    describe_producers(p, &topic);
}

fn by_time(p: &mut Player) {
    let topic = p.topic("t", 1, &[]);
    for version in 1..=7 {
        p.ask(version, &list_offsets(&topic, 0, -1, false));
    }
    p.ask(9, &produce(&topic, 0, batch(ANYBODY, 5)));
    p.ask(9, &produce(&topic, 0, batch(ANYBODY, 3)));
    for version in 1..=9 {
        for timestamp in [-1, -2, MADE_MS + 2, MADE_MS + 4, MADE_MS + 5] {
            p.ask(version, &list_offsets(&topic, 0, timestamp, false));
        }
    }
    for timestamp in [-3, -4, -5] {
        p.ask(7, &list_offsets(&topic, 0, timestamp, false));
        p.ask(9, &list_offsets(&topic, 0, timestamp, false));
    }
    p.ask(3, &list_offsets(&topic, 0, -3, false));
}
