//! Reading a stretch of one partition's log, outside the data plane: state, and tails to compare.

use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::error::ParseResponseErrorCode;
use kafka_protocol::messages::FetchRequest;
use kafka_protocol::messages::fetch_response::PartitionData;

use super::batch::{BatchError, Batches, RawBatch};
use super::cluster::{Cluster, request_error};
use super::connection::Connection;
use super::error::{KafkaError, RequestCause};
use super::fetch::{FetchLimits, FetchSession, Isolation, TOPIC_IDS_FROM, Wanted};
use super::metadata::Metadata;
use crate::types::{SourceOffset, TopicPartition};

/// Most bytes asked for at a time.
const READ_BYTES: i32 = 4 * 1024 * 1024;

/// Holds one answer's record set and its aborted transactions (first offset, producer id).
#[derive(Clone, Debug)]
pub struct LogPiece {
    /// The record set; empty at the end.
    pub records: Bytes,
    /// The aborted transactions in it.
    pub aborted: Vec<(i64, i64)>,
    /// The high watermark as the leader shows it.
    pub high_watermark: i64,
    /// The last stable offset as the leader shows it.
    pub last_stable_offset: i64,
}

impl LogPiece {
    /// Takes one partition's part of an answer.
    pub fn of(data: PartitionData) -> Self {
        let aborted = data.aborted_transactions.unwrap_or_default();
        Self {
            records: data.records.unwrap_or_default(),
            aborted: aborted.iter().map(|t| (t.first_offset, t.producer_id.0)).collect(),
            high_watermark: data.high_watermark,
            last_stable_offset: data.last_stable_offset,
        }
    }

    /// Returns where the log ends for readers of this isolation.
    pub fn end(&self, isolation: Isolation) -> i64 {
        match isolation {
            Isolation::ReadUncommitted => self.high_watermark,
            Isolation::ReadCommitted => self.last_stable_offset,
        }
    }

    /// Says whether at least one batch is there whole.
    pub fn has_batch(&self) -> bool {
        Batches::new(self.records.clone()).next().is_some()
    }
}

/// Reads what stands at `offset`, of a log that is known to reach up to `known_end`; one try.
///
/// A broker that leads since a moment ago may not show all of the log yet (KIP-207): nothing from it
/// is no end, and is answered with OFFSET_NOT_AVAILABLE, which is worth another try. So is what does not
/// match its checksum, which is answered with CORRUPT_MESSAGE: it may have been damaged on the way.
pub async fn read(
    cluster: &Cluster,
    metadata: &Metadata,
    partition: &TopicPartition,
    span: (i64, i64),
    isolation: Isolation,
) -> Result<LogPiece, KafkaError> {
    let (piece, connection) = ask(cluster, metadata, partition, span, isolation, READ_BYTES).await?;
    let is_sound = |batch: Result<RawBatch, BatchError>| batch?.verify_crc();
    Batches::new(piece.records.clone()).try_for_each(is_sound).map_err(|error| {
        let (code, message) = (ResponseError::CorruptMessage, Some(error.to_string()));
        request_error::<FetchRequest>(&connection, RequestCause::Code { code, message })
    })?;
    Ok(piece)
}

/// Does as [`read`], asking for at most `bytes_max`, a first batch that is larger coming whole; whether
/// checksums match is for the caller to see.
pub async fn read_up_to(
    cluster: &Cluster,
    metadata: &Metadata,
    partition: &TopicPartition,
    span: (i64, i64),
    isolation: Isolation,
    bytes_max: i32,
) -> Result<LogPiece, KafkaError> {
    let (piece, _) = ask(cluster, metadata, partition, span, isolation, bytes_max).await?;
    Ok(piece)
}

async fn ask(
    cluster: &Cluster,
    metadata: &Metadata,
    partition: &TopicPartition,
    (offset, known_end): (i64, i64),
    isolation: Isolation,
    bytes_max: i32,
) -> Result<(LogPiece, Connection), KafkaError> {
    let leader = metadata.partition(&partition.topic, partition.partition).and_then(|p| p.leader);
    let connection = match leader {
        Some(node) => cluster.control(node).await?,
        None => cluster.any().await?,
    };
    let fail = |cause| request_error::<FetchRequest>(&connection, cause);
    let version = connection.version_of::<FetchRequest>().map_err(fail)?;
    let topic_id = metadata.topics.get(&partition.topic).and_then(|t| t.id);
    let version = if topic_id.is_some() { version } else { version.min(TOPIC_IDS_FROM - 1) };
    let wanted = Wanted {
        topic: partition.topic.clone(),
        topic_id,
        partition: partition.partition,
        offset: SourceOffset(offset),
        leader_epoch: -1,
        last_fetched_epoch: -1,
        bytes_max,
    };
    let limits = FetchLimits { wait_max: Duration::ZERO, bytes_max, isolation };
    let request = FetchSession::default().request(&[wanted], limits, version).with_session_epoch(-1);
    let answer = connection.call_version(&request, version).await?;
    let code = |code: ResponseError| fail(RequestCause::Code { code, message: None });
    if let Some(error) = answer.error_code.err() {
        return Err(code(error).into());
    }
    let data = answer.responses.into_iter().flat_map(|t| t.partitions).next();
    let data = data.unwrap_or_default();
    if let Some(error) = data.error_code.err() {
        return Err(code(error).into());
    }
    let piece = LogPiece::of(data);
    if piece.records.is_empty() && piece.end(isolation) < known_end {
        return Err(code(ResponseError::OffsetNotAvailable).into());
    }
    Ok((piece, connection))
}
