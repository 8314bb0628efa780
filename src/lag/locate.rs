//! Correcting checkpoints by what stands behind them at the target.
//!
//! A running copy writes checkpoints every few seconds, a killed one wrote its last before its end; what
//! it copied since stands at the target. The last record there is looked for at the source: first where
//! it has to be if both logs are free of gaps, then in what follows, for all partitions together and in a
//! fixed number of requests. Where that finds nothing, as where others write the target too, all that
//! stands behind the checkpoint is compared, partition by partition, the way a takeover does it.

use std::collections::{BTreeSet, HashMap, HashSet};

use futures_util::{StreamExt, stream};
use kafka_protocol::ResponseError;

use super::place::{Method, Position, Tail, Unplaced};
use crate::engine::limits::DECODED_BATCH_BYTES_MAX;
use crate::engine::resume::{self, Ends, Question};
use crate::kafka::batch::Batches;
use crate::kafka::fetch::Isolation;
use crate::kafka::log_reader::LogPiece;
use crate::kafka::peek::{self, Place};
use crate::kafka::records::{RecordFingerprint, fingerprints};
use crate::types::TopicPartition;

/// How often the source is looked into for the last record copied.
const LOOKS_MAX: usize = 3;
/// Partitions compared record by record at a time.
const COMPARED_AT_A_TIME: usize = 8;

/// Holds a partition whose checkpoint has to be corrected.
#[derive(Clone, Debug)]
pub struct Unsettled {
    /// The partition at the source.
    pub source: TopicPartition,
    /// The partition at the target.
    pub target: TopicPartition,
    /// What stands behind the checkpoint.
    pub tail: Tail,
    /// The source's log start offset.
    pub source_first: i64,
    /// The flow's producer ids for it.
    pub producers: HashSet<i64>,
    /// The source offsets of records that were left out.
    pub left_out: BTreeSet<i64>,
}

/// The position of each source partition, or why there is none.
pub type Settled = HashMap<TopicPartition, Result<Position, Unplaced>>;

/// The last record copied of a partition.
#[derive(Clone, Copy, Debug)]
struct Last {
    print: RecordFingerprint,
    /// The target wrote its own time into it.
    is_restamped: bool,
}

/// Finds the positions; one try.
pub async fn settle(ends: &Ends<'_>, unsettled: Vec<Unsettled>) -> Settled {
    let mut settled = Settled::new();
    let (mut searched, mut compared) = (Vec::new(), Vec::new());
    for (one, last) in last_records(ends, unsettled, &mut settled).await {
        let at = one.tail.candidate().max(one.source_first);
        match last {
            Some(last) => searched.push((one, last, at)),
            None => compared.push(one),
        }
    }
    for _ in 0..LOOKS_MAX {
        searched = search(ends, searched, &mut settled, &mut compared).await;
    }
    compared.extend(searched.into_iter().map(|(one, ..)| one));
    let compared = stream::iter(compared).map(|one| async move {
        let position = compare(ends, &one).await;
        (one.source, position)
    });
    settled.extend(compared.buffer_unordered(COMPARED_AT_A_TIME).collect::<Vec<_>>().await);
    settled
}

/// Reads the last record of each target partition; `None` where it is not one of ours.
async fn last_records(
    ends: &Ends<'_>,
    unsettled: Vec<Unsettled>,
    settled: &mut Settled,
) -> Vec<(Unsettled, Option<Last>)> {
    let has_last = |one: &&Unsettled| one.tail.has_last();
    let places: Vec<Place> =
        unsettled.iter().filter(has_last).map(|one| (one.target.clone(), one.tail.target_end - 1)).collect();
    let pieces = peek::read(ends.target, ends.at_target, &places, Isolation::ReadUncommitted).await;
    let mut read = Vec::with_capacity(unsettled.len());
    for one in unsettled {
        match pieces.get(&one.target) {
            Some(Ok(piece)) => {
                let last = last_record(&one, piece);
                read.push((one, last));
            }
            Some(Err(code)) => {
                let unlisted = Unplaced::unlisted(ends.target.alias(), *code);
                settled.insert(one.source, Err(unlisted));
            }
            // The target's retention took all of it.
            None => {
                settled.insert(one.source.clone(), Ok(one.tail.counted()));
            }
        }
    }
    read
}

fn last_record(one: &Unsettled, piece: &LogPiece) -> Option<Last> {
    let last = one.tail.target_end - 1;
    let mut batches = Batches::new(piece.records.clone()).map_while(Result::ok);
    let batch = batches.find(|batch| batch.header.last_offset() >= last)?;
    let is_ours = one.producers.contains(&batch.header.producer_id);
    if !is_ours || batch.header.is_control() {
        return None;
    }
    let is_restamped = batch.header.is_log_append_time();
    let prints = fingerprints(&batch, DECODED_BATCH_BYTES_MAX, is_restamped).ok()?;
    let (_, print) = prints.into_iter().find(|(offset, _)| *offset == last)?;
    Some(Last { print, is_restamped })
}

/// A partition, its last record, and where to look for it.
type Searched = (Unsettled, Last, i64);

/// Looks once for each of the last records; returns those that may stand further on.
async fn search(
    ends: &Ends<'_>,
    searched: Vec<Searched>,
    settled: &mut Settled,
    compared: &mut Vec<Unsettled>,
) -> Vec<Searched> {
    let places: Vec<Place> = searched.iter().map(|(one, _, at)| (one.source.clone(), *at)).collect();
    let mut pieces = peek::read(ends.source, ends.at_source, &places, Isolation::ReadCommitted).await;
    let mut rest = Vec::new();
    for (one, last, at) in searched {
        let piece = pieces.remove(&one.source).unwrap_or(Err(ResponseError::LeaderNotAvailable));
        let piece = match piece {
            Ok(piece) => piece,
            // It is gone from the source, or not the source's any more: comparing tells which.
            Err(ResponseError::OffsetOutOfRange) => {
                compared.push(one);
                continue;
            }
            Err(code) => {
                let unlisted = Unplaced::unlisted(ends.source.alias(), code);
                settled.insert(one.source, Err(unlisted));
                continue;
            }
        };
        match find(&piece, at, last) {
            Sought::At(offset) => {
                let position = Position { offset: offset + 1, method: Method::Matched };
                settled.insert(one.source, Ok(position));
            }
            Sought::Behind(next) if next < piece.last_stable_offset => rest.push((one, last, next)),
            Sought::Behind(_) => compared.push(one),
        }
    }
    rest
}

/// Says where a record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sought {
    /// At this offset.
    At(i64),
    /// Not before this offset.
    Behind(i64),
}

fn find(piece: &LogPiece, from: i64, last: Last) -> Sought {
    let mut next = from;
    for batch in Batches::new(piece.records.clone()).map_while(Result::ok) {
        let header = batch.header;
        if header.next_offset() <= from {
            continue;
        }
        if !header.is_control()
            && let Ok(prints) = fingerprints(&batch, DECODED_BATCH_BYTES_MAX, last.is_restamped)
            && let Some((offset, _)) =
                prints.into_iter().find(|(offset, print)| *offset >= from && *print == last.print)
        {
            return Sought::At(offset);
        }
        next = header.next_offset();
    }
    Sought::Behind(next)
}

/// Compares all that stands behind the checkpoint.
async fn compare(ends: &Ends<'_>, one: &Unsettled) -> Result<Position, Unplaced> {
    let question = Question {
        source: &one.source,
        target: &one.target,
        checkpoint: &one.tail.checkpoint,
        producers: &one.producers,
        left_out: &one.left_out,
        source_first: one.source_first,
        target_first: one.tail.target_first,
        target_end: one.tail.target_end,
    };
    match resume::position(ends, question).await {
        Ok(Ok(matched)) => Ok(Position { offset: matched.next, method: Method::Compared }),
        Ok(Err(cause)) => Err(Unplaced::Unclear(cause.to_string())),
        Err(error) => Err(Unplaced::Unclear(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::kafka::batch::BatchHeader;
    use crate::kafka::crc;
    use crate::kafka::records::encode_pairs;

    /// Writes a batch of one record for each key.
    fn batch(base_offset: i64, keys: &[&str]) -> Vec<u8> {
        let pairs: Vec<_> = keys.iter().map(|key| (key.as_bytes().to_vec(), None)).collect();
        let made = encode_pairs(&pairs, 5);
        let header = BatchHeader { base_offset, producer_id: 7, ..made.header };
        let mut bytes = made.bytes.to_vec();
        bytes[..61].copy_from_slice(&header.to_bytes());
        let checksum = crc::crc32c(&bytes[21..]);
        bytes[17..21].copy_from_slice(&checksum.to_be_bytes());
        bytes
    }

    fn piece(batches: &[Vec<u8>]) -> LogPiece {
        let records = batches.concat().into();
        LogPiece { records, aborted: Vec::new(), high_watermark: 99, last_stable_offset: 99 }
    }

    fn unsettled(target_end: i64) -> Unsettled {
        let checkpoint = crate::engine::state_records::Checkpoint {
            v: 1,
            source_end: None,
            source_epoch: None,
            source_next: 0,
            target_next: 0,
            source_topic_id: None,
            target_topic_id: None,
            producer_id: 7,
        };
        Unsettled {
            source: TopicPartition::new("orders", 0),
            target: TopicPartition::new("orders", 0),
            tail: Tail { checkpoint, target_first: 0, target_end },
            source_first: 0,
            producers: HashSet::from([7]),
            left_out: BTreeSet::new(),
        }
    }

    #[test]
    fn the_last_record_seen_is_found_again_behind_gaps_at_the_source() {
        // More was written meanwhile: the record before the end as it was seen counts.
        let target = piece(&[batch(0, &["a", "b"]), batch(2, &["c", "d", "e"])]);
        let last = last_record(&unsettled(4), &target).unwrap();
        let source = piece(&[batch(0, &["a", "b"]), batch(9, &["c", "d", "e"])]);
        assert_eq!(find(&source, 3, last), Sought::At(10));
        assert_eq!(find(&piece(&[batch(0, &["a", "b"])]), 1, last), Sought::Behind(2));
    }

    #[test]
    fn g11_what_others_wrote_last_settles_nothing() {
        let mut one = unsettled(2);
        one.producers = HashSet::from([8]);
        assert!(last_record(&one, &piece(&[batch(0, &["a", "b"])])).is_none());
    }
}
