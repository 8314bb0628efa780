//! Finding the first source offset that is not at the target, given what a crash may have left there
//! behind the last checkpoint: the records of our producer ids, matched with the source's in order.

use kafka_protocol::ResponseError;

use super::cell::PartitionCell;
use super::event::StopCause;
use super::intake;
use super::limits::DECODED_BATCH_BYTES_MAX;
use super::origin::OriginFilter;
use super::state_topic::{Checkpoint, Past};
use crate::kafka::batch::{Batches, RawBatch};
use crate::kafka::cluster::Cluster;
use crate::kafka::error::KafkaError;
use crate::kafka::fetch::Isolation;
use crate::kafka::log_reader;
use crate::kafka::metadata::Metadata;
use crate::kafka::records::{RecordFingerprint, ReencodeError, fingerprints};
use crate::types::{SourceOffset, TargetOffset};

/// Holds both clusters and what is known of their topics.
#[derive(Clone, Copy, Debug)]
pub struct Ends<'a> {
    /// The source cluster.
    pub source: &'a Cluster,
    /// The target cluster.
    pub target: &'a Cluster,
    /// The source's topics.
    pub at_source: &'a Metadata,
    /// The target's topics.
    pub at_target: &'a Metadata,
}

/// Holds our records that stand at the target behind the checkpoint.
#[derive(Debug, Default)]
struct Tail {
    prints: Vec<RecordFingerprint>,
    /// The target wrote its own time into them, so times cannot be compared.
    is_restamped: bool,
}

/// Returns the position, or why there is none; the error is one of asking.
pub async fn position(
    ends: &Ends<'_>,
    origin: &OriginFilter,
    cell: &PartitionCell,
    past: &Past,
    target_end: i64,
) -> Result<Result<i64, StopCause>, KafkaError> {
    let Some(checkpoint) = &past.checkpoint else { return Ok(Ok(0)) };
    match read_tail(ends, cell, past, checkpoint, target_end).await? {
        Ok(tail) => match_tail(ends, origin, cell, checkpoint, &tail).await,
        Err(cause) => Ok(Err(cause)),
    }
}

async fn read_tail(
    ends: &Ends<'_>,
    cell: &PartitionCell,
    past: &Past,
    checkpoint: &Checkpoint,
    target_end: i64,
) -> Result<Result<Tail, StopCause>, KafkaError> {
    let mut tail = Tail::default();
    let mut at = checkpoint.target_next;
    while at < target_end {
        let piece =
            match log_reader::read(ends.target, ends.at_target, &cell.target, at, Isolation::ReadUncommitted)
                .await
            {
                Ok(piece) => piece,
                Err(error) if error.code() == Some(ResponseError::OffsetOutOfRange) => {
                    let reason = "the target's retention removed what stood behind the checkpoint";
                    return Ok(Err(unexplained(at, reason)));
                }
                Err(error) => return Err(error),
            };
        if piece.records.is_empty() {
            break;
        }
        for batch in Batches::new(piece.records).map_while(Result::ok) {
            let header = batch.header;
            let is_ours =
                header.producer_id == checkpoint.producer_id || past.producers.contains(&header.producer_id);
            if is_ours && !header.is_control() && header.base_offset >= checkpoint.target_next {
                tail.is_restamped |= header.is_log_append_time();
                match prints(&batch, header.is_log_append_time()) {
                    Ok(found) => tail.prints.extend(found),
                    Err(error) => return Ok(Err(unexplained(header.base_offset, &error.to_string()))),
                }
            }
            at = header.next_offset();
        }
    }
    Ok(Ok(tail))
}

fn prints(batch: &RawBatch, without_time: bool) -> Result<Vec<RecordFingerprint>, ReencodeError> {
    let found = fingerprints(batch, DECODED_BATCH_BYTES_MAX, without_time)?;
    Ok(found.into_iter().map(|(_, print)| print).collect())
}

async fn match_tail(
    ends: &Ends<'_>,
    origin: &OriginFilter,
    cell: &PartitionCell,
    checkpoint: &Checkpoint,
    tail: &Tail,
) -> Result<Result<i64, StopCause>, KafkaError> {
    let mut next = checkpoint.source_next;
    let mut position = checkpoint.source_next;
    let mut matched = 0;
    let rules = cell.lock().rules;
    while matched < tail.prints.len() {
        let piece = match log_reader::read(
            ends.source,
            ends.at_source,
            &cell.source,
            position,
            Isolation::ReadCommitted,
        )
        .await
        {
            Ok(piece) => piece,
            // Retention passed the position by: what was copied of it cannot be told from here.
            Err(error) if error.code() == Some(ResponseError::OffsetOutOfRange) => {
                let reason = "the source no longer holds what was copied then";
                return Ok(Err(unexplained(checkpoint.target_next, reason)));
            }
            Err(error) => return Err(error),
        };
        origin.learn(&piece.records).await?;
        let is_foreign = |id| origin.is_foreign(id);
        let taken = intake::take(piece.records, SourceOffset(position), piece.aborted, &rules, &is_foreign);
        for item in &taken.items {
            let prints = match prints(&item.batch, tail.is_restamped) {
                Ok(prints) => prints,
                Err(error) => return Ok(Err(unexplained(checkpoint.target_next, &error.to_string()))),
            };
            let count = prints.len();
            for (index, print) in prints.into_iter().enumerate() {
                // What compaction removed at the source since then is passed over in the tail.
                let Some(found) = tail.prints[matched..].iter().position(|known| *known == print) else {
                    if index > 0 && !item.passed_through {
                        let reason = "a batch made anew was copied in part";
                        return Ok(Err(unexplained(checkpoint.target_next, reason)));
                    }
                    return Ok(Ok(next));
                };
                matched += found + 1;
                let whole = index + 1 == count;
                let offset = item.first.0 + i64::try_from(index).unwrap_or(i64::MAX) + 1;
                next = if whole { item.next.0 } else { offset };
            }
        }
        match taken.next {
            Some(after) if after.0 > position => position = after.0,
            _ => break,
        }
    }
    if matched < tail.prints.len() && matched == 0 {
        let reason = "none of them is at the source behind the checkpoint";
        return Ok(Err(unexplained(checkpoint.target_next, reason)));
    }
    Ok(Ok(next))
}

fn unexplained(at: i64, reason: &str) -> StopCause {
    StopCause::Unexplained { at: TargetOffset(at), reason: reason.to_owned() }
}
