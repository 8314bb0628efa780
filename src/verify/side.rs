//! One end of a comparison: batches as they come, decoded only where somebody asks for records.

use std::collections::VecDeque;
use std::ops::Range;

use crate::engine::limits::DECODED_BATCH_BYTES_MAX;
use crate::kafka::batch::RawBatch;
use crate::kafka::records::{Identity, identities};

/// Queues what was read of one log and not compared yet.
#[derive(Debug)]
pub struct Side {
    range: Range<i64>,
    batches: VecDeque<RawBatch>,
    records: VecDeque<Identity>,
    is_ended: bool,
}

impl Side {
    /// Takes records of these offsets only.
    pub fn new(range: Range<i64>) -> Self {
        Self { range, batches: VecDeque::new(), records: VecDeque::new(), is_ended: false }
    }

    /// Takes the next batch with records in it.
    pub fn push(&mut self, batch: RawBatch) {
        let is_inside =
            batch.header.base_offset < self.range.end && batch.header.last_offset() >= self.range.start;
        if is_inside && batch.header.record_count > 0 {
            self.batches.push_back(batch);
        }
    }

    /// Takes note that there is no more.
    pub fn end(&mut self) {
        self.is_ended = true;
    }

    /// Says whether there is no more to come.
    pub fn is_ended(&self) -> bool {
        self.is_ended
    }

    /// Says whether all that was read is compared.
    pub fn is_empty(&self) -> bool {
        self.batches.is_empty() && self.records.is_empty()
    }

    /// Says whether all that was read is decoded.
    pub fn is_decoded(&self) -> bool {
        self.batches.is_empty()
    }

    /// Returns the next batch, where it is whole: none of its records was asked for, and all are wanted.
    pub fn whole(&self) -> Option<&RawBatch> {
        let batch = self.batches.front().filter(|_| self.records.is_empty())?;
        let header = &batch.header;
        (header.base_offset >= self.range.start && header.next_offset() <= self.range.end).then_some(batch)
    }

    /// Takes the next batch as a whole.
    pub fn take_whole(&mut self) -> Option<RawBatch> {
        self.batches.pop_front()
    }

    /// Decodes until `count` records are there or all of what was read is decoded; returns the offsets of
    /// batches that cannot be.
    pub fn decode(&mut self, count: usize) -> Vec<i64> {
        let mut damaged = Vec::new();
        while self.records.len() < count
            && let Some(batch) = self.batches.pop_front()
        {
            match identities(&batch, DECODED_BATCH_BYTES_MAX) {
                Ok(found) => {
                    self.records.extend(found.into_iter().filter(|r| self.range.contains(&r.offset)))
                }
                Err(_) => damaged.push(batch.header.base_offset),
            }
        }
        damaged
    }

    /// Returns the decoded records, in order.
    pub fn records(&mut self) -> &[Identity] {
        self.records.make_contiguous()
    }

    /// Returns the next decoded record.
    pub fn front(&self) -> Option<Identity> {
        self.records.front().copied()
    }

    /// Takes the next decoded record.
    pub fn pop(&mut self) -> Option<Identity> {
        self.records.pop_front()
    }

    /// Takes the next decoded records.
    pub fn take(&mut self, count: usize) -> Vec<Identity> {
        self.records.drain(..count.min(self.records.len())).collect()
    }

    /// Finds the decoded record of an offset.
    pub fn find(&self, offset: i64) -> Option<(usize, Identity)> {
        let at = self.records.partition_point(|record| record.offset < offset);
        self.records.get(at).filter(|record| record.offset == offset).map(|record| (at, *record))
    }

    /// Drops all that was read; returns how many records that were and the first one's offset.
    pub fn discard(&mut self) -> (u64, Option<i64>) {
        let batch = self.batches.front().map(|batch| batch.header.base_offset.max(self.range.start));
        let first = self.front().map(|record| record.offset).or(batch);
        let whole = self.batches.drain(..).map(|batch| u64::try_from(batch.header.record_count).unwrap_or(0));
        let count = whole.sum::<u64>() + self.records.len() as u64;
        self.records.clear();
        (count, first)
    }
}

/// Says whether two batches hold the same records as the same bytes: nothing needs to be decompressed.
pub fn is_same(source: &RawBatch, target: &RawBatch) -> bool {
    /// Codec and timestamp type.
    const COMPARED: i16 = 0b1111;
    let (s, t) = (&source.header, &target.header);
    (s.record_count, s.last_offset_delta, s.base_timestamp, s.max_timestamp, s.attributes & COMPARED)
        == (t.record_count, t.last_offset_delta, t.base_timestamp, t.max_timestamp, t.attributes & COMPARED)
        && !s.is_log_append_time()
        && s.is_gap_free()
        && source.payload() == target.payload()
}
