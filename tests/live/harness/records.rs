//! Records as tests see them, made from a seed or read back by rdkafka.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Headers, Message, Timestamp};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::cluster::Cluster;
use super::wait;

/// A header's name and value.
pub type Header = (String, Option<Vec<u8>>);

/// Holds a record to be written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewRecord {
    /// The partition.
    pub partition: i32,
    /// The key.
    pub key: Option<Vec<u8>>,
    /// The value; `None` is a tombstone.
    pub value: Option<Vec<u8>>,
    /// The headers, in order.
    pub headers: Vec<Header>,
    /// Milliseconds since 1970.
    pub timestamp_ms: i64,
}

/// Holds a record that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its place in the partition's log.
    pub offset: i64,
    /// The key.
    pub key: Option<Vec<u8>>,
    /// The value.
    pub value: Option<Vec<u8>>,
    /// The headers, in order.
    pub headers: Vec<Header>,
    /// Milliseconds since 1970.
    pub timestamp_ms: Option<i64>,
}

/// Says which records a reader is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// Everything, aborted and open transactions included.
    ReadUncommitted,
    /// What is committed.
    ReadCommitted,
}

/// Makes repeatable pseudo-random numbers (SplitMix64).
pub struct Seeded(u64);

impl Seeded {
    /// Starts from a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns the next number.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next_u64() % (end as u64)).unwrap()
    }

    /// Returns bytes that compress about as text does.
    pub fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| b"abcdefgh {}:,\"01"[self.below(16)]).collect()
    }
}

/// Makes `count` records over `partitions` partitions: some keys and values null or empty, up to
/// three headers, timestamps a few milliseconds apart.
pub fn mixed(seed: u64, count: usize, partitions: usize) -> Vec<NewRecord> {
    let mut random = Seeded::new(seed);
    (0..count)
        .map(|index| NewRecord {
            partition: i32::try_from(random.below(partitions)).unwrap(),
            key: (random.below(8) > 0).then(|| format!("key-{index}").into_bytes()),
            value: (random.below(16) > 0).then(|| {
                let len = random.below(600);
                random.bytes(len)
            }),
            headers: (0..random.below(4))
                .map(|header| {
                    let value = (random.below(5) > 0).then(|| random.bytes(header * 7));
                    (format!("header-{header}"), value)
                })
                .collect(),
            timestamp_ms: 1_760_000_000_000 + 7 * i64::try_from(index).unwrap(),
        })
        .collect()
}

/// Reads each partition of a topic from its start to the end offsets seen now.
pub fn read_all(cluster: &Cluster, topic: &str, isolation: Isolation) -> BTreeMap<i32, Vec<Record>> {
    let mut config = cluster.client_config();
    let level = if isolation == Isolation::ReadCommitted { "read_committed" } else { "read_uncommitted" };
    config
        .set("group.id", "strait-live-reader")
        .set("enable.auto.commit", "false")
        .set("enable.partition.eof", "true")
        .set("check.crcs", "true")
        .set("isolation.level", level)
        .set("fetch.wait.max.ms", "20");
    let reader: BaseConsumer = config.create().unwrap();
    let mut unfinished: BTreeSet<i32> = partitions(cluster, topic);
    let mut read: BTreeMap<i32, Vec<Record>> = unfinished.iter().map(|one| (*one, vec![])).collect();
    let mut assignment = TopicPartitionList::new();
    for partition in &unfinished {
        assignment.add_partition_offset(topic, *partition, Offset::Beginning).unwrap();
    }
    reader.assign(&assignment).unwrap();
    let deadline = Instant::now() + Duration::from_secs(120);
    while !unfinished.is_empty() {
        assert!(Instant::now() < deadline, "{topic}: partitions {unfinished:?} not read to their end");
        match reader.poll(Duration::from_millis(200)) {
            Some(Ok(message)) => read.get_mut(&message.partition()).unwrap().push(record(&message)),
            Some(Err(KafkaError::PartitionEOF(partition))) => drop(unfinished.remove(&partition)),
            // rdkafka reports lost connections here and goes on by itself; the deadline bounds it.
            Some(Err(_)) | None => {}
        }
    }
    read
}

/// Returns the topic's partitions; one that stays missing panics: brokers learn of a topic a moment after whoever made
/// it was answered.
pub fn partitions(cluster: &Cluster, topic: &str) -> BTreeSet<i32> {
    let client: BaseConsumer = cluster.client_config().create().unwrap();
    wait::until(&format!("{topic} on {}", cluster.name), Duration::from_secs(10), || {
        let metadata = client.fetch_metadata(Some(topic), Duration::from_secs(10)).unwrap();
        let found = &metadata.topics()[0];
        let ids = || found.partitions().iter().map(rdkafka::metadata::MetadataPartition::id).collect();
        found.error().is_none().then(ids)
    })
}

/// Returns the sum of a topic's end offsets.
pub fn ends(cluster: &Cluster, topic: &str, partitions: i32) -> i64 {
    (0..partitions).map(|partition| watermarks(cluster, topic, partition).1).sum()
}

/// Returns the partition's log start offset and high watermark.
pub fn watermarks(cluster: &Cluster, topic: &str, partition: i32) -> (i64, i64) {
    let client: BaseConsumer = cluster.client_config().create().unwrap();
    client.fetch_watermarks(topic, partition, Duration::from_secs(10)).unwrap()
}

fn record(message: &BorrowedMessage<'_>) -> Record {
    let headers = message.headers().map_or(vec![], |headers| {
        headers.iter().map(|header| (header.key.to_owned(), header.value.map(<[u8]>::to_vec))).collect()
    });
    Record {
        offset: message.offset(),
        key: message.key().map(<[u8]>::to_vec),
        value: message.payload().map(<[u8]>::to_vec),
        headers,
        timestamp_ms: match message.timestamp() {
            Timestamp::NotAvailable => None,
            Timestamp::CreateTime(ms) | Timestamp::LogAppendTime(ms) => Some(ms),
        },
    }
}
