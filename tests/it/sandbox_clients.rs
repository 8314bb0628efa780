//! The sandbox under an independent client: what rdkafka writes, it reads back.

use std::time::{Duration, Instant};

use kafka_protocol::messages::ApiKey;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::message::Message;
use strait::sandbox::{Action, ClusterSpec, Fault, TopicSpec};

use crate::sandbox_kit::{LONG, client, contents, producer, read_all, start, write};

#[test]
fn what_rdkafka_writes_in_every_codec_it_reads_back() {
    let cluster = start(ClusterSpec::new(3).topic(TopicSpec::new("orders", 4)));
    for (round, codec) in (0..).zip(["none", "gzip", "snappy", "lz4", "zstd"]) {
        let writer = producer(&cluster, &[("compression.type", codec), ("acks", "all")]);
        write(&writer, "orders", 4, round * 200..(round + 1) * 200);
    }
    let read = read_all(&cluster, "orders", 4, &[]);
    assert_eq!(read.values().map(Vec::len).collect::<Vec<_>>(), [250; 4]);
    for (partition, records) in &read {
        for (place, record) in (0_i32..).zip(records) {
            let number = place * 4 + partition;
            assert_eq!(record.offset, i64::from(place));
            assert_eq!(record.timestamp_ms, Some(1_760_000_000_000 + i64::from(number)));
            assert_eq!(record.headers[0].1.as_deref(), Some(&number.to_be_bytes()[..]));
            assert_eq!(record.key, (number % 7 != 0).then(|| format!("key-{number}").into_bytes()));
        }
    }
    // Small fetches, cut in the middle of batches, give the same.
    let small = [
        ("fetch.message.max.bytes", "1500"),
        ("fetch.max.bytes", "2000"),
        ("max.partition.fetch.bytes", "1500"),
    ];
    let mut small = small.to_vec();
    small.push(("message.max.bytes", "1500"));
    assert_eq!(contents(&read_all(&cluster, "orders", 4, &small)), contents(&read));
}

#[test]
fn a_group_goes_on_where_its_members_committed() {
    let cluster = start(ClusterSpec::new(3).topic(TopicSpec::new("orders", 4)));
    let writer = producer(&cluster, &[]);
    let settings = [("group.id", "shop"), ("auto.offset.reset", "earliest"), ("enable.auto.commit", "false")];
    let mut numbers = Vec::new();
    for round in 0..2 {
        write(&writer, "orders", 4, round * 100..(round + 1) * 100);
        let member: BaseConsumer = client(&cluster, &settings).create().unwrap();
        member.subscribe(&["orders"]).unwrap();
        let deadline = Instant::now() + LONG;
        while numbers.len() < usize::try_from(round + 1).unwrap() * 100 {
            assert!(Instant::now() < deadline, "only {} records came", numbers.len());
            if let Some(message) = member.poll(Duration::from_millis(100)) {
                numbers.push(message.unwrap().timestamp().to_millis().unwrap() - 1_760_000_000_000);
            }
        }
        member.commit_consumer_state(CommitMode::Sync).unwrap();
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (0..200).collect::<Vec<i64>>());
}

#[test]
fn an_idempotent_producer_that_never_hears_the_answer_writes_once() {
    let cluster = start(ClusterSpec::new(3).topic(TopicSpec::new("orders", 1)));
    let settings = [("enable.idempotence", "true"), ("retry.backoff.ms", "10"), ("linger.ms", "0")];
    let writer = producer(&cluster, &settings);
    write(&writer, "orders", 1, 0..10);
    cluster.plan(Fault::on(ApiKey::Produce, Action::DisconnectAfter).about("orders").times(2));
    cluster.plan(Fault::on(ApiKey::Produce, Action::StopBroker(Some(Duration::from_millis(50)))).after(3));
    for round in 1..10 {
        write(&writer, "orders", 1, round * 10..(round + 1) * 10);
    }
    assert_eq!(cluster.clear_faults(), 3);
    let read = read_all(&cluster, "orders", 1, &[]);
    let numbers: Vec<i64> =
        read[&0].iter().map(|seen| seen.timestamp_ms.unwrap() - 1_760_000_000_000).collect();
    assert_eq!(numbers, (0..100).collect::<Vec<i64>>());
    assert_eq!(cluster.offsets("orders", 0).unwrap().log_end, 100);
}
