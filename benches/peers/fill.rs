//! Fills a source topic, as fast as rdkafka goes.

use std::time::{Instant, SystemTime};

use rdkafka::producer::BaseRecord;

use crate::harness::cluster::Cluster;
use crate::harness::{admin, records};
use crate::options::Workload;
use crate::records::Generator;
use crate::say;
use crate::sink::Sink;

/// How many partitions the topics have.
pub const PARTITIONS: i32 = 8;
const THREADS: u64 = 2;
/// Long enough that batches are full, not due.
const LINGER_MS: &str = "500";

/// Says what lies in a filled topic.
pub struct Filled {
    /// What was asked for.
    pub workload: Workload,
    /// The records of each partition.
    pub ends: Vec<i64>,
    /// The bytes of the batches in the log, which are those on the wire.
    pub log_bytes: u64,
}

impl Filled {
    /// Returns the number of records.
    pub fn records(&self) -> i64 {
        self.ends.iter().sum()
    }

    /// Returns the log's size in GB.
    pub fn gigabytes(&self) -> f64 {
        self.log_bytes as f64 / 1e9
    }
}

/// Creates the topic and writes its records.
pub fn fill(source: &Cluster, workload: Workload, count: u64, batch_bytes: u32) -> Filled {
    let topic = workload.topic();
    admin::create_topic(source, topic, PARTITIONS, &[]);
    let begun = Instant::now();
    let now_ms = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis();
    let now_ms = i64::try_from(now_ms).expect("a clock before the year 292 million");
    let uncompressed: u64 = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..THREADS)
            .map(|thread| {
                scope.spawn(move || write(source, workload, thread, count / THREADS, batch_bytes, now_ms))
            })
            .collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).sum()
    });
    let ends: Vec<i64> = (0..PARTITIONS).map(|partition| end(source, topic, partition)).collect();
    let log_bytes = (0..PARTITIONS).map(|partition| log_bytes(source, topic, partition)).sum();
    let filled = Filled { workload, ends, log_bytes };
    assert_eq!(u64::try_from(filled.records()).unwrap(), count / THREADS * THREADS);
    say(&format!(
        "{topic}: {} records of {:.0} B (key and value), {:.3} GB in the log, 1 : {:.2}, filled in {:.0} s",
        filled.records(),
        uncompressed as f64 / count as f64,
        filled.gigabytes(),
        uncompressed as f64 / log_bytes as f64,
        begun.elapsed().as_secs_f64(),
    ));
    filled
}

fn end(source: &Cluster, topic: &str, partition: i32) -> i64 {
    records::watermarks(source, topic, partition).1
}

/// Writes one thread's share to its own partitions; returns the bytes of keys and values.
fn write(
    source: &Cluster,
    workload: Workload,
    thread: u64,
    count: u64,
    batch_bytes: u32,
    now_ms: i64,
) -> u64 {
    let mut config = source.client_config();
    config
        .set("compression.type", workload.codec())
        .set("batch.size", batch_bytes.to_string())
        .set("linger.ms", LINGER_MS);
    let writer = Sink::open(config);
    let mut generator = Generator::new(workload, thread, now_ms);
    let own = u64::from(PARTITIONS.unsigned_abs()) / THREADS;
    let mut bytes = 0;
    for number in 0..count {
        generator.advance();
        bytes += (generator.key.len() + generator.value.len()) as u64;
        let partition = i32::try_from(thread * own + number % own).expect("a handful of partitions");
        writer.send(
            BaseRecord::to(workload.topic())
                .partition(partition)
                .key(generator.key.as_str())
                .payload(generator.value.as_str()),
        );
    }
    writer.flush();
    bytes
}

/// Returns the size of a partition's segments.
pub fn log_bytes(cluster: &Cluster, topic: &str, partition: i32) -> u64 {
    let Ok(files) = std::fs::read_dir(cluster.log_folder(1, topic, partition)) else { return 0 };
    let segments = files.flatten().filter(|file| file.path().extension().is_some_and(|ext| ext == "log"));
    segments.filter_map(|file| file.metadata().ok()).map(|found| found.len()).sum()
}
