//! Sandbox clusters for tests, and applications that write to them and read from them with rdkafka.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{Headers, Message, OwnedHeaders};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use strait::sandbox::{Cluster, ClusterSpec};
use tokio::runtime::Runtime;

/// How long anything may take before a test fails.
pub const LONG: Duration = Duration::from_secs(60);

/// Drives the brokers of all tests.
pub fn runtime() -> &'static Runtime {
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
    });
    &RUNTIME
}

/// Starts a cluster.
pub fn start(spec: ClusterSpec) -> Cluster {
    runtime().block_on(Cluster::start(spec)).unwrap()
}

/// Returns rdkafka's settings for a cluster.
pub fn client(cluster: &Cluster, more: &[(&str, &str)]) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", cluster.bootstrap());
    for (key, value) in more {
        config.set(*key, *value);
    }
    config
}

/// A record as an application sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its place.
    pub offset: i64,
    /// Its key.
    pub key: Option<Vec<u8>>,
    /// Its value.
    pub value: Option<Vec<u8>>,
    /// Its headers.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
    /// Its timestamp.
    pub timestamp_ms: Option<i64>,
}

/// A record's content, whatever its offset.
pub type Content = (Option<Vec<u8>>, Option<Vec<u8>>, Vec<(String, Option<Vec<u8>>)>, Option<i64>);

impl Seen {
    /// Leaves the offset out.
    pub fn content(&self) -> Content {
        (self.key.clone(), self.value.clone(), self.headers.clone(), self.timestamp_ms)
    }
}

/// Opens a producer.
pub fn producer(cluster: &Cluster, more: &[(&str, &str)]) -> ThreadedProducer<DefaultProducerContext> {
    client(cluster, more).create().unwrap()
}

/// Writes numbered records, every seventh without a key and every eleventh without a value, in turn
/// to each partition; waits until they are acknowledged.
pub fn write(
    producer: &ThreadedProducer<DefaultProducerContext>,
    topic: &str,
    partitions: i32,
    numbers: std::ops::Range<i32>,
) {
    for number in numbers {
        let (key, value) = (format!("key-{number}"), format!("value {number} ").repeat(5));
        let headers = OwnedHeaders::new()
            .insert(rdkafka::message::Header { key: "number", value: Some(&number.to_be_bytes()) })
            .insert(rdkafka::message::Header { key: "null", value: None::<&[u8]> });
        let mut record: BaseRecord<'_, str, str> = BaseRecord::to(topic)
            .partition(number % partitions)
            .timestamp(1_760_000_000_000 + i64::from(number))
            .headers(headers);
        record.key = (number % 7 != 0).then_some(&key);
        record.payload = (number % 11 != 0).then_some(&value);
        producer.send(record).map_err(|(error, _)| error).unwrap();
    }
    producer.flush(LONG).unwrap();
}

/// Reads a topic from start to end.
pub fn read_all(
    cluster: &Cluster,
    topic: &str,
    partitions: i32,
    more: &[(&str, &str)],
) -> BTreeMap<i32, Vec<Seen>> {
    let mut config = client(cluster, more);
    config.set("group.id", "reader").set("enable.partition.eof", "true").set("check.crcs", "true");
    config.set("enable.auto.commit", "false").set("fetch.wait.max.ms", "20");
    let reader: BaseConsumer = config.create().unwrap();
    let mut assignment = TopicPartitionList::new();
    let mut read: BTreeMap<i32, Vec<Seen>> = BTreeMap::new();
    for partition in 0..partitions {
        assignment.add_partition_offset(topic, partition, Offset::Beginning).unwrap();
        read.insert(partition, vec![]);
    }
    reader.assign(&assignment).unwrap();
    let mut unfinished: BTreeSet<i32> = read.keys().copied().collect();
    let deadline = Instant::now() + LONG;
    while !unfinished.is_empty() {
        assert!(Instant::now() < deadline, "{topic}: partitions {unfinished:?} not read to their end");
        match reader.poll(Duration::from_millis(100)) {
            Some(Ok(message)) => read.get_mut(&message.partition()).unwrap().push(seen(&message)),
            Some(Err(KafkaError::PartitionEOF(partition))) => drop(unfinished.remove(&partition)),
            // rdkafka reports lost connections here and goes on by itself; the deadline bounds it.
            Some(Err(_)) | None => {}
        }
    }
    read
}

/// Returns the content of every record, by partition.
pub fn contents(read: &BTreeMap<i32, Vec<Seen>>) -> BTreeMap<i32, Vec<Content>> {
    read.iter().map(|(partition, seen)| (*partition, seen.iter().map(Seen::content).collect())).collect()
}

/// Copies what a message holds.
pub fn seen(message: &impl Message) -> Seen {
    let headers = message.headers().map_or(vec![], |headers| {
        headers.iter().map(|header| (header.key.to_owned(), header.value.map(<[u8]>::to_vec))).collect()
    });
    Seen {
        offset: message.offset(),
        key: message.key().map(<[u8]>::to_vec),
        value: message.payload().map(<[u8]>::to_vec),
        headers,
        timestamp_ms: message.timestamp().to_millis(),
    }
}
