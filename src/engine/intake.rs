//! From a fetched record set to batches that can be produced: what passes through, what is made
//! anew, what is dropped (the table of DESIGN section 5).

use std::ops::AddAssign;

use bytes::Bytes;

use super::committed::AbortedTransactions;
use super::event::StopCause;
use super::limits::{DECODED_BATCH_BYTES_MAX, REENCODED_BYTES_MAX};
use crate::kafka::batch::{Batches, RawBatch};
use crate::kafka::codec::Codec;
use crate::kafka::records::{
    OffsetRuns, ReencodeError, ReencodeRequest, Reencoded, ReencodedSet, control_marker, reencode,
};
use crate::types::SourceOffset;

/// Holds a batch that is ready for its header to be rewritten.
#[derive(Clone, Debug)]
pub struct Item {
    /// The batch: as received, or made anew.
    pub batch: RawBatch,
    /// The source offsets of its records, where the batch was made anew; else they are one run from
    /// `first` on.
    pub made_of: Option<Box<OffsetRuns>>,
    /// The first source offset it holds.
    pub first: SourceOffset,
    /// The position once it is acknowledged.
    pub next: SourceOffset,
    /// The leader epoch of the last source batch before `next`; -1 where it is not known.
    pub epoch: i32,
}

impl Item {
    /// Holds a batch made anew; the position behind it is right behind its last record.
    pub fn made(made: Reencoded) -> Self {
        let offsets = made.source_offsets;
        let first = offsets.get(0).unwrap_or(0);
        let last = offsets.get(offsets.count() - 1).unwrap_or(first);
        Self {
            batch: RawBatch { header: made.header, bytes: made.bytes },
            made_of: Some(Box::new(offsets)),
            first: SourceOffset(first),
            next: SourceOffset(last + 1),
            epoch: -1,
        }
    }

    /// Returns the size at the target.
    pub fn size_bytes(&self) -> usize {
        self.batch.bytes.len()
    }

    /// Says whether the records are the source's own bytes.
    pub fn is_passed_through(&self) -> bool {
        self.made_of.is_none()
    }

    /// Returns the source offsets of its records.
    pub fn source_offsets(&self) -> OffsetRuns {
        match &self.made_of {
            Some(runs) => (**runs).clone(),
            None => OffsetRuns::one(self.first.0, i64::from(self.records())),
        }
    }

    /// Returns the number of records.
    pub fn records(&self) -> i32 {
        self.batch.header.record_count
    }
}

/// Counts what was dropped, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Control batches (transaction markers).
    pub control: u64,
    /// Batches of aborted transactions.
    pub aborted: u64,
    /// Batches without records, kept by the cleaner.
    pub empty: u64,
    /// Batches that another flow copied here (guarantee G7).
    pub foreign: u64,
}

impl AddAssign for Dropped {
    fn add_assign(&mut self, other: Self) {
        self.control += other.control;
        self.aborted += other.aborted;
        self.empty += other.empty;
        self.foreign += other.foreign;
    }
}

/// Says under which rules batches are taken in.
#[derive(Clone, Copy, Debug)]
pub struct IntakeRules {
    /// The target topic's max.message.bytes.
    pub target_batch_bytes_max: usize,
    /// Codec at the target; `None` keeps the source's.
    pub codec: Option<Codec>,
    /// Go on without a record that is too large.
    pub skip_oversize: bool,
    /// Take nothing at or behind this offset.
    pub end: Option<SourceOffset>,
}

impl IntakeRules {
    /// For records that are looked at and not produced: whatever their size, they are taken.
    pub const ALL: Self =
        Self { target_batch_bytes_max: usize::MAX, codec: None, skip_oversize: false, end: None };
}

/// Holds what a record set came to.
#[derive(Debug, Default)]
pub struct Taken {
    /// Batches to produce, in order.
    pub items: Vec<Item>,
    /// The position after all that was looked at.
    pub next: Option<SourceOffset>,
    /// The leader epoch of the last batch looked at.
    pub last_epoch: Option<i32>,
    /// What was dropped.
    pub dropped: Dropped,
    /// Records left out under the oversize policy.
    pub skipped: Vec<StopCause>,
    /// Why the rest cannot be taken.
    pub stop: Option<StopCause>,
    /// Bytes of the batches that are not the source's own.
    pub made_anew_bytes: usize,
}

impl Taken {
    /// Returns the batches that are not the source's own bytes.
    pub fn made_anew(&mut self) -> impl Iterator<Item = &mut Item> {
        self.items.iter_mut().filter(|item| !item.is_passed_through())
    }
}

/// Takes in one partition's record set, beginning at `position`.
///
/// `aborted` lists (first offset, producer id) as the answer does. `is_foreign` says whether a
/// producer id is one of a flow that copies *to* this cluster.
pub fn take(
    records: Bytes,
    position: SourceOffset,
    aborted: Vec<(i64, i64)>,
    rules: &IntakeRules,
    is_foreign: &dyn Fn(i64) -> bool,
) -> Taken {
    let mut taken = Taken::default();
    let mut aborted = AbortedTransactions::new(aborted);
    for entry in Batches::new(records) {
        let at = taken.next.unwrap_or(position);
        let done = match entry {
            Ok(batch) => take_batch(&mut taken, &mut aborted, batch, at, rules, is_foreign),
            Err(error) => damaged(&mut taken, at, &error),
        };
        if done || taken.made_anew_bytes >= REENCODED_BYTES_MAX {
            return taken;
        }
    }
    taken
}

/// Notes that a batch is not what was written; returns true, for nothing after it may be taken.
fn damaged(taken: &mut Taken, at: SourceOffset, error: &dyn std::error::Error) -> bool {
    taken.stop = Some(StopCause::Damaged { offset: at, reason: error.to_string() });
    true
}

/// Takes one batch; returns true where nothing after it may be taken.
///
/// A batch that passes through bears its checksum to the target, which compares it. What is dropped
/// nobody would look at again, so it is compared here: a wrong bit in its header may be why.
fn take_batch(
    taken: &mut Taken,
    aborted: &mut AbortedTransactions,
    batch: RawBatch,
    at: SourceOffset,
    rules: &IntakeRules,
    is_foreign: &dyn Fn(i64) -> bool,
) -> bool {
    let header = batch.header;
    aborted.on_batch(&batch);
    if header.is_control() {
        match control_marker(&batch) {
            Ok(marker) => aborted.on_marker(header.producer_id, marker),
            Err(error) => return damaged(taken, at, &error),
        }
    }
    let is_empty = header.record_count == 0;
    let is_behind = header.next_offset() <= at.0;
    let is_aborted = aborted.covers(&batch);
    let is_copied = !header.is_control() && is_foreign(header.producer_id);
    if (is_empty || is_behind || is_aborted || is_copied)
        && let Err(error) = batch.verify_crc()
    {
        return damaged(taken, at, &error);
    }
    if is_behind {
        return false;
    }
    if rules.end.is_some_and(|end| header.base_offset >= end.0) {
        if taken.next != rules.end {
            // What stood in between is gone, and with it which epoch it was of.
            (taken.next, taken.last_epoch) = (rules.end, Some(-1));
        }
        return true;
    }
    let next = SourceOffset(header.next_offset());
    taken.last_epoch = Some(header.leader_epoch);
    if header.is_control() {
        taken.dropped.control += 1;
    } else if is_empty {
        taken.dropped.empty += 1;
    } else if is_aborted {
        taken.dropped.aborted += 1;
    } else if is_copied {
        taken.dropped.foreign += 1;
    } else if passes_through(&batch, at, rules) {
        let first = SourceOffset(header.base_offset);
        taken.items.push(Item { batch, made_of: None, first, next, epoch: header.leader_epoch });
    } else {
        return make_anew(taken, &batch, at, next, rules);
    }
    taken.next = Some(next);
    false
}

/// Says whether a batch's records may go on as they are: the broker demands offsets 0 to n-1, the
/// target's limit, and leaves CreateTime alone.
fn passes_through(batch: &RawBatch, at: SourceOffset, rules: &IntakeRules) -> bool {
    let header = &batch.header;
    header.is_gap_free()
        && header.base_offset >= at.0
        && !header.is_log_append_time()
        && batch.bytes.len() <= rules.target_batch_bytes_max
        && rules.codec.is_none_or(|codec| header.codec().is_ok_and(|own| own == codec))
}

fn request(at: SourceOffset, rules: &IntakeRules) -> ReencodeRequest {
    ReencodeRequest {
        from_offset: at.0,
        until_offset: i64::MAX,
        codec: rules.codec,
        bytes_max: rules.target_batch_bytes_max,
        decoded_bytes_max: DECODED_BATCH_BYTES_MAX,
        skip_too_large: rules.skip_oversize,
    }
}

/// Makes a batch anew; returns true where nothing after it may be taken.
fn make_anew(
    taken: &mut Taken,
    batch: &RawBatch,
    at: SourceOffset,
    next: SourceOffset,
    rules: &IntakeRules,
) -> bool {
    let request = request(at, rules);
    let batches = std::slice::from_ref(batch);
    match reencode(batches, &request) {
        Ok(set) => {
            take_made(taken, set, (next, batch.header.leader_epoch), rules);
            false
        }
        Err(ReencodeError::RecordTooLarge { offset, size_bytes, bytes_max }) => {
            // What stands before the record in the batch is still copied.
            if let Ok(set) = reencode(batches, &ReencodeRequest { until_offset: offset, ..request }) {
                take_made(taken, set, (SourceOffset(offset), batch.header.leader_epoch), rules);
            }
            let error = ReencodeError::RecordTooLarge { offset, size_bytes, bytes_max };
            taken.stop = Some(stop_cause(error, at, rules));
            true
        }
        Err(error) => {
            taken.stop = Some(stop_cause(error, at, rules));
            true
        }
    }
}

/// Takes the batches that one was made into, whose leader epoch is `epoch`.
fn take_made(taken: &mut Taken, set: ReencodedSet, (next, epoch): (SourceOffset, i32), rules: &IntakeRules) {
    for (offset, size_bytes) in set.skipped {
        taken.skipped.push(StopCause::Oversize {
            offset: SourceOffset(offset),
            size_bytes,
            limit_bytes: rules.target_batch_bytes_max,
        });
    }
    for made in set.batches {
        taken.made_anew_bytes += made.bytes.len();
        taken.items.push(Item::made(made));
    }
    if let Some(last) = taken.items.last_mut() {
        (last.next, last.epoch) = (next, epoch);
    }
    taken.next = Some(next);
}

fn stop_cause(error: ReencodeError, at: SourceOffset, rules: &IntakeRules) -> StopCause {
    match error {
        ReencodeError::RecordTooLarge { offset, size_bytes, .. } => StopCause::Oversize {
            offset: SourceOffset(offset),
            size_bytes,
            limit_bytes: rules.target_batch_bytes_max,
        },
        other => StopCause::Damaged { offset: at, reason: other.to_string() },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::kafka::batch::BatchHeader;
    use crate::kafka::crc;
    use crate::kafka::records::encode_pairs;

    const TRANSACTIONAL: i16 = 1 << 4;
    const CONTROL: i16 = 1 << 5;

    fn stored(base_offset: i64, attributes: i16, producer_id: i64, key: &[u8]) -> Vec<u8> {
        let made = encode_pairs(&[(key.to_vec(), Some(b"value".to_vec()))], 1);
        let header = BatchHeader { base_offset, attributes, producer_id, ..made.header };
        let mut bytes = made.bytes.to_vec();
        bytes[..61].copy_from_slice(&header.to_bytes());
        let checksum = crc::crc32c(&bytes[21..]);
        bytes[17..21].copy_from_slice(&checksum.to_be_bytes());
        bytes
    }

    fn data(offset: i64, producer_id: i64) -> Vec<u8> {
        stored(offset, TRANSACTIONAL, producer_id, b"key")
    }

    fn abort(offset: i64, producer_id: i64) -> Vec<u8> {
        stored(offset, TRANSACTIONAL | CONTROL, producer_id, &[0, 0, 0, 0])
    }

    fn commit(offset: i64, producer_id: i64) -> Vec<u8> {
        stored(offset, TRANSACTIONAL | CONTROL, producer_id, &[0, 0, 0, 1])
    }

    fn taken_offsets(entries: &[Vec<u8>], position: i64, aborted: &[(i64, i64)]) -> Vec<i64> {
        let rules =
            IntakeRules { target_batch_bytes_max: 1 << 20, codec: None, skip_oversize: false, end: None };
        let records = Bytes::from(entries.concat());
        let taken = take(records, SourceOffset(position), aborted.to_vec(), &rules, &|_| false);
        assert!(taken.stop.is_none(), "{:?}", taken.stop);
        taken.items.iter().map(|item| item.first.0).collect()
    }

    #[test]
    fn g5_aborted_transactions_never_pass_and_committed_ones_do() {
        let log = [data(0, 7), data(1, 8), abort(2, 7), data(3, 7), commit(4, 8), commit(5, 7)];
        assert_eq!(taken_offsets(&log, 0, &[(0, 7)]), [1, 3]);
    }

    #[test]
    fn g1_an_answer_that_begins_with_an_abort_marker_loses_nothing_after_it() {
        // The aborted batches ended the answer before; the list still names their transaction.
        let log = [abort(10, 7), data(11, 7), commit(12, 7)];
        assert_eq!(taken_offsets(&log, 10, &[(4, 7)]), [11]);
    }

    #[test]
    fn g1_a_marker_behind_the_position_still_ends_its_transaction() {
        let log = [data(9, 7), abort(10, 7), data(11, 7), commit(12, 7)];
        assert_eq!(taken_offsets(&log, 11, &[(9, 7)]), [11]);
    }

    /// A marker as the cleaner leaves it where it is the last its producer wrote: without its record.
    fn emptied(offset: i64, producer_id: i64) -> Vec<u8> {
        let mut bytes = abort(offset, producer_id)[..61].to_vec();
        bytes[8..12].copy_from_slice(&49_i32.to_be_bytes());
        bytes[57..61].copy_from_slice(&0_i32.to_be_bytes());
        let checksum = crc::crc32c(&bytes[21..]);
        bytes[17..21].copy_from_slice(&checksum.to_be_bytes());
        bytes
    }

    #[test]
    fn g1_g9_a_marker_that_the_cleaner_emptied_stops_nothing_and_ends_its_transaction() {
        let log = [data(0, 8), emptied(1, 7), data(2, 8), commit(3, 8)];
        assert_eq!(taken_offsets(&log, 0, &[]), [0, 2]);
        let log = [data(9, 7), emptied(10, 7), data(11, 7), commit(12, 7)];
        assert_eq!(taken_offsets(&log, 9, &[(9, 7)]), [11]);
    }
}
