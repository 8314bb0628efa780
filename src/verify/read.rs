//! Reading one end of a range, ahead of the comparison.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;

use crate::engine::committed::{Committed, committed};
use crate::kafka::cluster::Cluster;
use crate::kafka::error::KafkaError;
use crate::kafka::fetch::Isolation;
use crate::kafka::log_reader::{self, LogPiece};
use crate::kafka::metadata::Metadata;
use crate::kafka::records::ReencodeError;
use crate::types::TopicPartition;

/// How long a broker may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Most bytes asked for at a time.
pub const READ_BYTES: i32 = 4 * 1024 * 1024;
/// Answers that wait to be compared, at each end of each range.
const AHEAD: usize = 1;

/// Says why a log cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The broker does not give it.
    #[error(transparent)]
    Kafka(#[from] KafkaError),
    /// What it gives cannot be understood.
    #[error("{partition} at {alias}: {source}")]
    Malformed {
        /// The partition.
        partition: TopicPartition,
        /// The cluster.
        alias: crate::types::ClusterAlias,
        /// What is wrong.
        source: ReencodeError,
    },
}

/// Reads one partition of one cluster, and finds its leader again where it moved.
#[derive(Debug)]
pub struct Log {
    cluster: Cluster,
    partition: TopicPartition,
    isolation: Isolation,
    known: Mutex<Option<Arc<Metadata>>>,
}

impl Log {
    /// Reads a partition; `metadata` names its leader as of late.
    pub fn new(
        cluster: Cluster,
        partition: TopicPartition,
        isolation: Isolation,
        metadata: Arc<Metadata>,
    ) -> Self {
        Self { cluster, partition, isolation, known: Mutex::new(Some(metadata)) }
    }

    /// Reads what stands at `offset`, at most about `bytes_max`.
    pub async fn read(&self, offset: i64, end: i64, bytes_max: i32) -> Result<Committed, ReadError> {
        let piece = self.cluster.retrying(PATIENCE, || self.read_once((offset, end), bytes_max)).await?;
        committed(piece.records, piece.aborted).map_err(|source| ReadError::Malformed {
            partition: self.partition.clone(),
            alias: self.cluster.alias().clone(),
            source,
        })
    }

    async fn read_once(&self, span: (i64, i64), bytes_max: i32) -> Result<LogPiece, KafkaError> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).take();
        let metadata = match known {
            Some(known) => known,
            None => Arc::new(self.cluster.metadata(Some(std::slice::from_ref(&self.partition.topic))).await?),
        };
        let (partition, isolation) = (&self.partition, self.isolation);
        let piece =
            log_reader::read_up_to(&self.cluster, &metadata, partition, span, isolation, bytes_max).await?;
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(metadata);
        Ok(piece)
    }

    /// Reads a range to its end, ahead of whoever takes the answers.
    pub fn stream(self, range: Range<i64>) -> mpsc::Receiver<Result<Committed, ReadError>> {
        let (sender, receiver) = mpsc::channel(AHEAD);
        tokio::spawn(async move {
            let mut at = range.start;
            while at < range.end {
                let read = self.read(at, range.end, READ_BYTES).await;
                let next = read.as_ref().map(|found| found.next);
                // At the end may stand what no record is left of.
                let is_last = !matches!(next, Ok(Some(next)) if next > at);
                at = next.ok().flatten().unwrap_or(at);
                if sender.send(read).await.is_err() || is_last {
                    return;
                }
            }
        });
        receiver
    }
}
