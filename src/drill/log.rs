//! A region's log as a client of its own reads it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::evidence::{Found, Log};
use super::workload::{Work, number_of};

/// How long one question to the brokers may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long the whole log may take.
const READ_PATIENCE: Duration = Duration::from_secs(60);

/// Says why a log could not be read whole.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The client failed.
    #[error("a region's log cannot be read")]
    Client(#[from] KafkaError),
    /// It took too long.
    #[error("a region's log was not read to its end within {READ_PATIENCE:?}")]
    Late,
}

/// Reads the log from its first record to its end for readers of committed records. It blocks.
pub fn read(work: &Work, client: &ClientConfig) -> Result<Log, ReadError> {
    let mut client = client.clone();
    // The name belongs to the client's form alone: no group is joined and nothing committed.
    client.set("group.id", "strait-drill-reader").set("enable.auto.commit", "false");
    client
        .set("enable.partition.eof", "true")
        .set("isolation.level", "read_committed")
        .set("check.crcs", "true");
    let consumer: BaseConsumer = client.create()?;
    let mut list = TopicPartitionList::new();
    let mut unread = BTreeSet::new();
    let mut log = BTreeMap::new();
    for partition in 0..work.partitions {
        let (first, end) = consumer.fetch_watermarks(&work.topic, partition, PATIENCE)?;
        log.insert(partition, Vec::new());
        if first < end {
            unread.insert(partition);
            list.add_partition_offset(&work.topic, partition, Offset::Offset(first))?;
        }
    }
    consumer.assign(&list)?;
    let deadline = Instant::now() + READ_PATIENCE;
    while !unread.is_empty() {
        if Instant::now() >= deadline {
            return Err(ReadError::Late);
        }
        let Some(message) = consumer.poll(Duration::from_millis(100)) else { continue };
        let message = match message {
            Ok(message) => message,
            Err(KafkaError::PartitionEOF(partition)) => {
                unread.remove(&partition);
                continue;
            }
            // Errors of connections pass; the deadline ends what does not.
            Err(_) => continue,
        };
        let (partition, offset) = (message.partition(), message.offset());
        // A record that is none of the application's has no number that was ever sent.
        let number = number_of(message.payload()).unwrap_or(u64::MAX);
        log.entry(partition).or_insert_with(Vec::new).push(Found { offset, number });
    }
    Ok(log)
}

/// Holds how a topic is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Its partitions.
    pub partitions: usize,
    /// Replicas of the partition that has the fewest.
    pub replicas_min: usize,
}

/// Asks how a topic is laid out. It blocks.
pub fn shape(topic: &str, client: &ClientConfig) -> Result<Shape, ReadError> {
    let consumer: BaseConsumer = client.create()?;
    let metadata = consumer.fetch_metadata(Some(topic), PATIENCE)?;
    let partitions: Vec<_> = metadata.topics().iter().flat_map(|topic| topic.partitions()).collect();
    let replicas_min = partitions.iter().map(|partition| partition.replicas().len()).min().unwrap_or(0);
    Ok(Shape { partitions: partitions.len(), replicas_min })
}
