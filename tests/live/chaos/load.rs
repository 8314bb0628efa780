//! The producers of a lane: they write numbered records all the time, whatever happens.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rdkafka::error::KafkaResult;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};

use super::pass;
use crate::harness::cluster::Cluster;
use crate::harness::produce::Writer;
use crate::harness::records::{NewRecord, Record, Seeded};
use crate::harness::wait;

/// Partitions of the topic that is trimmed, which one idempotent producer writes.
pub const TRIMMED_PARTITIONS: i32 = 3;
/// Partitions of the topics of the transactional and of the plain producer.
pub const OTHER_PARTITIONS: i32 = 2;
/// Keys of the compacted topic, of one partition, which the idempotent producer writes, too.
const KEYS: u64 = 23;
/// What the values of records begin with whose transaction is aborted.
pub const ABORTED: &[u8] = b"aborted ";
const ABANDONED_AFTER: Duration = Duration::from_secs(30);

/// Names a lane's topics.
#[derive(Clone, Debug)]
pub struct Topics {
    /// Written by an idempotent producer; trimmed.
    pub trimmed: String,
    /// Written by the same; compacted.
    pub compacted: String,
    /// Written in transactions, many of which are aborted.
    pub transactional: String,
    /// Written by a producer without idempotence.
    pub plain: String,
}

impl Topics {
    /// Names them after a lane.
    pub fn of(lane: usize) -> Self {
        let name = |what: &str| format!("chaos{lane}.{what}");
        Self {
            trimmed: name("trimmed"),
            compacted: name("compacted"),
            transactional: name("transactional"),
            plain: name("plain"),
        }
    }

    /// Lists them.
    pub fn all(&self) -> [&str; 4] {
        [&self.trimmed, &self.compacted, &self.transactional, &self.plain]
    }
}

/// Knows what the idempotent producer wrote: numbers without gaps, so a count is all.
pub struct Ledger {
    /// Records acknowledged by partition of the trimmed topic, and last of the compacted one.
    acknowledged: Vec<AtomicU64>,
    begun_ms: i64,
}

impl Default for Ledger {
    fn default() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        Self {
            acknowledged: (0..=TRIMMED_PARTITIONS).map(|_| AtomicU64::new(0)).collect(),
            begun_ms: i64::try_from(now.as_millis()).unwrap(),
        }
    }
}

impl Ledger {
    /// Returns how many records of a partition of the trimmed topic were acknowledged.
    pub fn trimmed(&self, partition: i32) -> u64 {
        self.acknowledged[usize::try_from(partition).unwrap()].load(Ordering::Relaxed)
    }

    /// Returns how many records of the compacted topic were acknowledged.
    pub fn compacted(&self) -> u64 {
        self.trimmed(TRIMMED_PARTITIONS)
    }

    /// Returns a record of the trimmed topic by its number.
    pub fn trimmed_record(&self, partition: i32, number: u64) -> NewRecord {
        self.record(partition, number, format!("{number}").into_bytes())
    }

    /// Returns a record of the compacted topic by its number.
    pub fn compacted_record(&self, number: u64) -> NewRecord {
        let mut record = self.record(0, number, Self::key(number));
        record.value = record.value.filter(|_| !number.is_multiple_of(11));
        record
    }

    /// Returns the key of a record of the compacted topic.
    pub fn key(number: u64) -> Vec<u8> {
        format!("key-{}", Seeded::new(number).next_u64() % KEYS).into_bytes()
    }

    fn record(&self, partition: i32, number: u64, key: Vec<u8>) -> NewRecord {
        let mut random = Seeded::new(number ^ (u64::try_from(partition).unwrap() << 40));
        let len = random.below(300);
        NewRecord {
            partition,
            key: Some(key),
            value: Some([format!("{number} ").as_bytes(), &random.bytes(len)].concat()),
            headers: vec![("number".to_owned(), Some(number.to_be_bytes().to_vec()))],
            timestamp_ms: self.begun_ms + 5 * i64::try_from(number).unwrap(),
        }
    }
}

/// Returns the number of a record of the trimmed or the compacted topic.
pub fn number_of(record: &Record) -> u64 {
    let header = record.headers[0].1.as_ref().unwrap();
    u64::from_be_bytes(header.as_slice().try_into().unwrap())
}

/// Writes to the trimmed and to the compacted topic until it is over.
pub fn write_idempotent(over: &AtomicBool, source: &Cluster, topics: &Topics, ledger: &Ledger, seed: u64) {
    let writer = Writer::open(source, &[("compression.type", "lz4"), ("enable.idempotence", "true")]);
    let mut random = Seeded::new(seed);
    while !over.load(Ordering::Relaxed) {
        let mut more = Vec::new();
        for (partition, counter) in (0..).zip(&ledger.acknowledged) {
            let first = counter.load(Ordering::Relaxed);
            let count = random.below(40) as u64;
            let numbers = first..first + count;
            let (topic, records): (_, Vec<NewRecord>) = if partition < TRIMMED_PARTITIONS {
                (&topics.trimmed, numbers.map(|number| ledger.trimmed_record(partition, number)).collect())
            } else {
                (&topics.compacted, numbers.map(|number| ledger.compacted_record(number)).collect())
            };
            writer.send(topic, &records);
            more.push((counter, count));
        }
        writer.flush();
        for (counter, count) in more {
            counter.fetch_add(count, Ordering::Relaxed);
        }
        pass(random.below(200) as u64);
    }
}

/// Writes without idempotence until it is over: resends may double and overtake, at the source.
pub fn write_plain(over: &AtomicBool, source: &Cluster, topics: &Topics, seed: u64) {
    let writer = Writer::open(source, &[("enable.idempotence", "false")]);
    let mut random = Seeded::new(seed);
    let mut number = 0;
    while !over.load(Ordering::Relaxed) {
        let count = random.below(60);
        writer.send(&topics.plain, &numbered(&mut random, &mut number, count, b"plain "));
        writer.flush();
        pass(random.below(250) as u64);
    }
}

/// Writes transactions until it is over, and aborts a third. Whatever fails, the producer is opened
/// anew, which ends what it left open.
pub fn write_transactions(over: &AtomicBool, source: &Cluster, topics: &Topics, seed: u64) {
    let mut random = Seeded::new(seed);
    let mut number = 0;
    while !over.load(Ordering::Relaxed) {
        let mut config = source.client_config();
        let id = &topics.transactional;
        config.set("transactional.id", id).set("compression.type", "zstd").set("linger.ms", "5");
        let producer: ThreadedProducer<DefaultProducerContext> = config.create().unwrap();
        if producer.init_transactions(wait::LONG).is_err() {
            continue;
        }
        while !over.load(Ordering::Relaxed)
            && transaction(&producer, &topics.transactional, &mut random, &mut number).is_ok()
        {}
    }
    // Ends what may be open still, or the end of the topic would never be reached.
    let begin = Instant::now();
    while Writer::try_end(source, &topics.transactional).is_err() {
        assert!(begin.elapsed() < wait::LONG, "{}: the last transaction does not end", topics.transactional);
    }
}

fn transaction(
    producer: &ThreadedProducer<DefaultProducerContext>,
    topic: &str,
    random: &mut Seeded,
    number: &mut u64,
) -> KafkaResult<()> {
    let is_aborted = random.below(3) == 0;
    producer.begin_transaction()?;
    for _ in 0..random.below(3) {
        let count = random.below(50);
        let label = if is_aborted { ABORTED } else { b"committed " };
        for record in numbered(random, number, count, label) {
            let mut to_send: BaseRecord<'_, [u8], [u8]> =
                BaseRecord::to(topic).partition(record.partition).timestamp(record.timestamp_ms);
            to_send.key = record.key.as_deref();
            to_send.payload = record.value.as_deref();
            producer.send(to_send).map_err(|(error, _)| error)?;
        }
        producer.flush(ABANDONED_AFTER)?;
        pass(random.below(150) as u64);
    }
    if random.below(12) == 0 {
        // Long enough for a whole life of the copy.
        pass(2_000);
    }
    if is_aborted {
        producer.abort_transaction(ABANDONED_AFTER)
    } else {
        producer.commit_transaction(ABANDONED_AFTER)
    }
}

fn numbered(random: &mut Seeded, number: &mut u64, count: usize, label: &[u8]) -> Vec<NewRecord> {
    let mut one = |_| {
        let len = random.below(200);
        let value = [label, number.to_string().as_bytes(), b" ", &random.bytes(len)].concat();
        let record = NewRecord {
            partition: i32::try_from(random.below(usize::try_from(OTHER_PARTITIONS).unwrap())).unwrap(),
            key: (random.below(4) > 0).then(|| number.to_be_bytes().to_vec()),
            value: Some(value),
            headers: vec![],
            timestamp_ms: now_ms(),
        };
        *number += 1;
        record
    };
    (0..count).map(&mut one).collect()
}

fn now_ms() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}
