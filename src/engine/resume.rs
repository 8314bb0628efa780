//! Finding the first source offset that is not at the target: reading both logs for
//! [`super::tail`], which decides.

use std::collections::{BTreeSet, HashSet};

use super::event::StopCause;
use super::intake::{self, IntakeRules};
use super::limits::DECODED_BATCH_BYTES_MAX;
use super::origin::OriginFilter;
use super::state_records::Checkpoint;
use super::tail::{Matched, Matcher, Progress, Start, Unclear};
use crate::kafka::batch::Batches;
use crate::kafka::cluster::Cluster;
use crate::kafka::error::KafkaError;
use crate::kafka::fetch::Isolation;
use crate::kafka::log_reader;
use crate::kafka::metadata::Metadata;
use crate::kafka::offsets::{self, OffsetSpec};
use crate::kafka::records::{RecordFingerprint, fingerprints};
use crate::types::{SourceOffset, TargetOffset, TopicPartition};

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
    /// Tells copied records from the source's own.
    pub origin: &'a OriginFilter,
}

/// Says what to compare.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The partition at the source.
    pub source: &'a TopicPartition,
    /// The partition at the target.
    pub target: &'a TopicPartition,
    /// From where on.
    pub checkpoint: &'a Checkpoint,
    /// Our producer ids.
    pub producers: &'a HashSet<i64>,
    /// Source offsets of records that were left out.
    pub left_out: &'a BTreeSet<i64>,
    /// The source's log start offset.
    pub source_first: i64,
    /// The target's log start offset.
    pub target_first: i64,
    /// Where the tail ends.
    pub target_end: i64,
}

/// Our records behind a checkpoint, with their target offsets.
#[derive(Debug, Default)]
struct Tail {
    records: Vec<(i64, RecordFingerprint)>,
    /// The target wrote its own time into them, so times cannot be compared.
    is_restamped: bool,
}

/// Finds the position, or why there is none; the error is one of asking.
pub async fn position(
    ends: &Ends<'_>,
    question: Question<'_>,
) -> Result<Result<Matched, StopCause>, KafkaError> {
    let tail = match read_tail(ends, &question).await? {
        Ok(tail) => tail,
        Err(cause) => return Ok(Err(cause)),
    };
    let start = Start {
        source_next: question.checkpoint.source_next,
        target_next: question.checkpoint.target_next,
        source_first: question.source_first,
        is_tail_cut: question.target_first > question.checkpoint.target_next,
    };
    let is_restamped = tail.is_restamped;
    let tail_from = tail.records.first().map(|(target, _)| *target);
    let mut matcher = Matcher::new(tail.records, start, question.left_out.clone());
    if let Err(cause) = compare(ends, &question, &mut matcher, is_restamped).await? {
        return Ok(Err(cause));
    }
    Ok(match matcher.finish() {
        Ok(matched) => Ok(matched),
        // Asked for what is gone the source says so, and the running copy decides under `on_gap`.
        Err(Unclear::Gap { from, .. }) => {
            Ok(Matched { next: from, unmatched_from: tail_from, ..Matched::default() })
        }
        Err(unclear) => Err(unexplained(question.checkpoint.target_next, &unclear.to_string())),
    })
}

async fn read_tail(ends: &Ends<'_>, question: &Question<'_>) -> Result<Result<Tail, StopCause>, KafkaError> {
    let Question { target, checkpoint, producers, .. } = question;
    let mut tail = Tail::default();
    let mut at = checkpoint.target_next.max(question.target_first);
    while at < question.target_end {
        let from = (at, question.target_end);
        let read = log_reader::read(ends.target, ends.at_target, target, from, Isolation::ReadUncommitted);
        let piece = read.await?;
        if piece.records.is_empty() {
            break;
        }
        for batch in Batches::new(piece.records) {
            let batch = match batch {
                Ok(batch) => batch,
                Err(error) => return Ok(Err(unexplained(at, &error.to_string()))),
            };
            let header = batch.header;
            at = header.next_offset();
            let is_ours = producers.contains(&header.producer_id);
            if !is_ours || header.is_control() || header.base_offset < checkpoint.target_next {
                continue;
            }
            let without_time = header.is_log_append_time();
            tail.is_restamped |= without_time;
            match fingerprints(&batch, DECODED_BATCH_BYTES_MAX, without_time) {
                Ok(found) => tail.records.extend(found),
                Err(error) => return Ok(Err(unexplained(header.base_offset, &error.to_string()))),
            }
        }
    }
    Ok(Ok(tail))
}

async fn compare(
    ends: &Ends<'_>,
    question: &Question<'_>,
    matcher: &mut Matcher,
    is_restamped: bool,
) -> Result<Result<(), StopCause>, KafkaError> {
    let Question { source, checkpoint, .. } = question;
    let mut position = matcher.read_from();
    let mut known_end = None;
    while !matcher.is_over() {
        let from = (position, known_end.unwrap_or(0));
        let read = log_reader::read(ends.source, ends.at_source, source, from, Isolation::ReadCommitted);
        // Where retention went on meanwhile the error brings the next try, which sees the new log start.
        let piece = read.await?;
        ends.origin.learn(&piece.records).await?;
        let is_foreign = |id| ends.origin.is_foreign(id);
        // Which sizes the target takes today says nothing of what was copied.
        let rules = IntakeRules::ALL;
        let taken = intake::take(piece.records, SourceOffset(position), piece.aborted, &rules, &is_foreign);
        for item in &taken.items {
            let prints = match fingerprints(&item.batch, DECODED_BATCH_BYTES_MAX, is_restamped) {
                Ok(prints) => prints,
                Err(error) => return Ok(Err(unexplained(checkpoint.target_next, &error.to_string()))),
            };
            let offsets = item.source_offsets();
            let records =
                (0..).zip(prints).filter_map(|(index, (_, print))| Some((offsets.get(index)?, print)));
            if let Progress::Found(_) = matcher.compare(records, item.next.0) {
                return Ok(Ok(()));
            }
        }
        match taken.next {
            Some(after) if after.0 > position => position = after.0,
            // What is left was copied, so it was there: is this the end, or a leader that does not show
            // all of the log yet?
            _ if known_end.is_none() => {
                let (spec, isolation) = (OffsetSpec::Latest, Isolation::ReadCommitted);
                let end = offsets::one(ends.source, ends.at_source, source, spec, isolation).await?;
                known_end = Some(end);
            }
            _ => break,
        }
    }
    Ok(Ok(()))
}

fn unexplained(at: i64, reason: &str) -> StopCause {
    StopCause::Unexplained { at: TargetOffset(at), reason: reason.to_owned() }
}
