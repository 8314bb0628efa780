//! The plain loop every user can write: an rdkafka consumer and an rdkafka producer, tuned.
//!
//! Each of two threads has a consumer of half the partitions and an idempotent producer, so that
//! decompressing, copying and compressing overlap and each partition keeps its order.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::producer::BaseRecord;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::options::LoopArgs;
use crate::sink::Sink;

const THREADS: usize = 2;
const LIMIT: Duration = Duration::from_secs(30);

/// Copies the topic to the end offsets seen at the start, or goes on until it is killed.
pub fn run(args: &LoopArgs) {
    let client = consumer(args);
    let metadata = client.fetch_metadata(Some(&args.topic), LIMIT).unwrap();
    let partitions = metadata.topics()[0].partitions().iter().map(rdkafka::metadata::MetadataPartition::id);
    let ends: Vec<(i32, i64)> =
        partitions.map(|one| (one, client.fetch_watermarks(&args.topic, one, LIMIT).unwrap().1)).collect();
    let share = ends.len().div_ceil(THREADS);
    std::thread::scope(|scope| {
        for part in ends.chunks(share) {
            scope.spawn(move || copy(args, part));
        }
    });
}

fn consumer(args: &LoopArgs) -> BaseConsumer {
    ClientConfig::new()
        .set("bootstrap.servers", &args.source)
        .set("group.id", "bench-loop")
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("check.crcs", "false")
        .set("socket.nagle.disable", "true")
        .set("fetch.message.max.bytes", "4194304")
        .set("fetch.max.bytes", "52428800")
        .set("queued.min.messages", "1000000")
        .set("queued.max.messages.kbytes", "65536")
        .set("fetch.queue.backoff.ms", "10")
        .create()
        .unwrap()
}

fn producer(args: &LoopArgs) -> Sink {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", &args.target)
        .set("compression.type", &args.codec)
        .set("batch.size", "1000000")
        .set("socket.nagle.disable", "true")
        .set("linger.ms", args.linger_ms.to_string());
    Sink::open(config)
}

fn copy(args: &LoopArgs, part: &[(i32, i64)]) {
    let mut assignment = TopicPartitionList::new();
    for (partition, _) in part {
        assignment.add_partition_offset(&args.topic, *partition, Offset::Beginning).unwrap();
    }
    let (source, target) = (consumer(args), producer(args));
    source.assign(&assignment).unwrap();
    let mut unfinished: BTreeMap<i32, i64> = part.iter().copied().filter(|(_, end)| *end > 0).collect();
    while args.follow || !unfinished.is_empty() {
        match source.poll(Duration::from_millis(100)) {
            None => target.poll(),
            Some(Err(error)) => panic!("cannot consume: {error}"),
            Some(Ok(message)) => {
                let end = unfinished.get(&message.partition()).copied();
                if args.follow || end.is_some_and(|end| message.offset() < end) {
                    pass_on(&args.topic, &message, &target);
                }
                if end.is_some_and(|end| message.offset() + 1 >= end) {
                    unfinished.remove(&message.partition());
                }
            }
        }
    }
    target.flush();
}

fn pass_on(topic: &str, message: &BorrowedMessage<'_>, target: &Sink) {
    let mut record: BaseRecord<'_, [u8], [u8]> = BaseRecord::to(topic).partition(message.partition());
    record.key = message.key();
    record.payload = message.payload();
    record.timestamp = message.timestamp().to_millis();
    record.headers = message.headers().map(rdkafka::message::BorrowedHeaders::detach);
    target.send(record);
}
