//! A topic of one compacted partition as a small table: made, read to its end, appended to.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::try_join;
use kafka_protocol::ResponseError;
use kafka_protocol::error::ParseResponseErrorCode;
use kafka_protocol::messages::{CreateTopicsRequest, FetchRequest, MetadataRequest, ProduceRequest};
use kafka_protocol::protocol::Request;

use super::limits::{DECODED_BATCH_BYTES_MAX, produce_timeout_ms};
use crate::kafka::admin::{self, NewTopic};
use crate::kafka::batch::{Batches, HEADER_BYTES};
use crate::kafka::cluster::{Cluster, request_error};
use crate::kafka::error::{KafkaError, RequestCause, RequestError};
use crate::kafka::fetch::Isolation;
use crate::kafka::log_reader;
use crate::kafka::metadata::Metadata;
use crate::kafka::offsets::{self, OffsetSpec};
use crate::kafka::produce::{self, ProduceEntry};
use crate::kafka::records::{decode_pairs, encode_pairs};
use crate::types::{TopicName, TopicPartition};

/// Most records in one batch, far below any broker's limit.
const PAIRS_PER_BATCH: usize = 1000;
/// Bytes of keys and values behind which a batch ends, half of what topics take by default.
const BATCH_BYTES: usize = 512 * 1024;

/// A record: its key, and its value or `None` to delete the key.
pub type Pair = (Vec<u8>, Option<Vec<u8>>);

/// One such topic. What is known of its leader is kept until a request fails.
#[derive(Debug)]
pub struct CompactedLog {
    cluster: Cluster,
    topic: TopicName,
    patience: Duration,
    leader: Mutex<Option<Arc<Metadata>>>,
}

impl CompactedLog {
    /// Speaks of a topic; each request is tried for as long as `patience`.
    pub fn new(cluster: Cluster, topic: TopicName, patience: Duration) -> Self {
        Self { cluster, topic, patience, leader: Mutex::default() }
    }

    /// Returns the topic's name.
    pub fn topic(&self) -> &TopicName {
        &self.topic
    }

    /// Makes sure the topic exists.
    pub async fn ensure(&self, replication_factor: i16) -> Result<(), KafkaError> {
        let ensure = || ensure_once(&self.cluster, &self.topic, replication_factor);
        self.cluster.retrying(self.patience, ensure).await.map_err(|error| self.name(error))
    }

    async fn trying<T, F>(&self, attempt: impl Fn(Arc<Metadata>) -> F) -> Result<T, KafkaError>
    where
        F: Future<Output = Result<T, KafkaError>>,
    {
        let attempt = || async {
            let known = self.leader().clone();
            let metadata = match known {
                Some(known) => known,
                None => Arc::new(ready(&self.cluster, &self.topic).await?),
            };
            let done = attempt(metadata.clone()).await;
            *self.leader() = done.is_ok().then_some(metadata);
            done
        };
        self.cluster.retrying(self.patience, attempt).await.map_err(|error| self.name(error))
    }

    /// Says in an answer's words which topic it is about.
    fn name(&self, mut error: KafkaError) -> KafkaError {
        if let KafkaError::Request(RequestError { cause: RequestCause::Code { message, .. }, .. }) =
            &mut error
        {
            let words = message.take().map(|words| format!(" ({})", words.trim_end_matches('.')));
            *message = Some(format!("topic {}{}", self.topic, words.unwrap_or_default()));
        }
        error
    }

    fn leader(&self) -> MutexGuard<'_, Option<Arc<Metadata>>> {
        self.leader.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the topic from offset `from` to its present end, record by record: key, value, time in
    /// milliseconds since 1970; returns where to go on.
    pub async fn read(
        &self,
        from: i64,
        mut each: impl FnMut(&[u8], Option<&[u8]>, i64),
    ) -> Result<i64, KafkaError> {
        let cluster = &self.cluster;
        let partition = &TopicPartition { topic: self.topic.clone(), partition: 0 };
        let bounds = |metadata: Arc<Metadata>| async move {
            let bound = |spec| offsets::one(cluster, &metadata, partition, spec, Isolation::ReadUncommitted);
            try_join(bound(OffsetSpec::Earliest), bound(OffsetSpec::Latest)).await
        };
        let (first, end) = self.trying(bounds).await?;
        let mut next = from.max(first);
        while next < end {
            let read = |metadata: Arc<Metadata>| async move {
                log_reader::read(cluster, &metadata, partition, (next, end), Isolation::ReadUncommitted).await
            };
            let piece = self.trying(read).await?;
            if piece.records.is_empty() {
                // Behind the last record left by the cleaner there is nothing more.
                break;
            }
            for batch in Batches::new(piece.records) {
                let batch = match batch {
                    Ok(batch) => batch,
                    Err(error) => return Err(malformed(cluster, &error).await),
                };
                let pairs = match decode_pairs(&batch, DECODED_BATCH_BYTES_MAX) {
                    Ok(pairs) => pairs,
                    Err(error) => return Err(malformed(cluster, &error).await),
                };
                for (_, key, value) in pairs.iter().filter(|(offset, ..)| *offset >= next) {
                    each(key, value.as_deref(), batch.header.max_timestamp);
                }
                next = batch.header.next_offset();
            }
        }
        Ok(next.max(end))
    }

    /// Appends records, and returns when all of the topic's in-sync replicas have them. Repeated after a
    /// lost answer a record may stand twice, which a table does not mind; but where a broker comes to a try
    /// that was given up only after it has done the next append, the older values stand until the next.
    pub async fn append(&self, pairs: &[Pair], timestamp_ms: i64) -> Result<(), KafkaError> {
        let mut rest = pairs;
        while !rest.is_empty() {
            let (pairs, behind) = rest.split_at(batch_pairs(rest));
            rest = behind;
            let append = |metadata| append_once(&self.cluster, metadata, &self.topic, pairs, timestamp_ms);
            self.trying(append).await?;
        }
        Ok(())
    }
}

/// Says how many of the records, at least one, go into the next batch.
fn batch_pairs(pairs: &[Pair]) -> usize {
    let mut bytes = 0;
    let fits = |(key, value): &&Pair| {
        bytes += key.len() + value.as_ref().map_or(0, Vec::len);
        bytes <= BATCH_BYTES
    };
    pairs.iter().take(PAIRS_PER_BATCH).take_while(fits).count().clamp(1, pairs.len())
}

async fn ensure_once(
    cluster: &Cluster,
    topic: &TopicName,
    replication_factor: i16,
) -> Result<(), KafkaError> {
    let known = cluster.metadata(Some(std::slice::from_ref(topic))).await?;
    if known.topics.get(topic).is_some_and(|t| t.error.is_none()) {
        return Ok(());
    }
    let new = NewTopic {
        name: topic.clone(),
        partitions: 1,
        replication_factor,
        configs: [("cleanup.policy".to_owned(), "compact".to_owned())].into(),
    };
    let results = admin::create_topics(cluster, &[new]).await?;
    match results.into_values().next() {
        Some(Err(refusal)) if refusal.code != ResponseError::TopicAlreadyExists => {
            let cause = RequestCause::Code { code: refusal.code, message: refusal.message };
            Err(failed::<CreateTopicsRequest>(cluster, cause).await)
        }
        _ => Ok(()),
    }
}

async fn malformed(cluster: &Cluster, error: &impl std::fmt::Display) -> KafkaError {
    failed::<FetchRequest>(cluster, RequestCause::Malformed(error.to_string())).await
}

async fn failed<R: Request>(cluster: &Cluster, cause: RequestCause) -> KafkaError {
    match cluster.any().await {
        Ok(connection) => request_error::<R>(&connection, cause).into(),
        Err(error) => error.into(),
    }
}

/// Returns metadata once the topic's partition has a leader.
async fn ready(cluster: &Cluster, topic: &TopicName) -> Result<Metadata, KafkaError> {
    let metadata = cluster.metadata(Some(std::slice::from_ref(topic))).await?;
    if metadata.partition(topic, 0).and_then(|p| p.leader).is_some() {
        return Ok(metadata);
    }
    let code = metadata.topics.get(topic).and_then(|t| t.error).unwrap_or(ResponseError::LeaderNotAvailable);
    Err(failed::<MetadataRequest>(cluster, RequestCause::Code { code, message: None }).await)
}

/// Appends one batch.
async fn append_once(
    cluster: &Cluster,
    metadata: Arc<Metadata>,
    topic: &TopicName,
    pairs: &[Pair],
    timestamp_ms: i64,
) -> Result<(), KafkaError> {
    let batch = encode_pairs(pairs, timestamp_ms);
    let leader = metadata.partition(topic, 0).and_then(|p| p.leader).unwrap_or(-1);
    let connection = cluster.control(leader).await?;
    let mut entries = [ProduceEntry {
        topic: topic.clone(),
        topic_id: metadata.topics.get(topic).and_then(|t| t.id),
        partition: 0,
        header: batch.bytes.slice(..HEADER_BYTES),
        payload: batch.bytes.slice(HEADER_BYTES..),
    }];
    let pending =
        produce::send(&connection, &mut entries, produce_timeout_ms(cluster.request_timeout())).await?;
    let answer = pending.decode::<ProduceRequest>().await?;
    let code = answer.responses.iter().flat_map(|t| &t.partition_responses).find_map(|p| p.error_code.err());
    match code {
        None => Ok(()),
        Some(code) => {
            let cause = RequestCause::Code { code, message: None };
            Err(request_error::<ProduceRequest>(&connection, cause).into())
        }
    }
}
