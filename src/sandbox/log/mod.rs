//! A partition's log: batches as they came, and everything a broker keeps beside them.

pub mod check;
mod compact;
mod epochs;
mod markers;
mod producers;
mod read;
pub mod records;
mod retain;
#[cfg(test)]
mod tests;
mod times;

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use kafka_protocol::error::ResponseError;

use self::check::{Checked, Refusal};
pub use self::epochs::LeaderEpochs;
pub use self::markers::Marker;
pub use self::producers::{Producer, Producers, Verdict};
pub use self::read::Slice;
pub use self::times::Timed;
use crate::kafka::batch::{BatchHeader, HEADER_BYTES};

/// Holds one batch; its records are a slice of the request that brought them.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The header, with its offset and leader epoch.
    pub header: BatchHeader,
    /// The records.
    pub payload: Bytes,
}

impl Stored {
    /// Returns how many bytes it takes on the wire.
    pub fn size_bytes(&self) -> usize {
        HEADER_BYTES + self.payload.len()
    }

    fn write_to(&self, out: &mut BytesMut) {
        out.extend_from_slice(&self.header.to_bytes());
        out.extend_from_slice(&self.payload);
    }
}

/// Holds an aborted transaction as Fetch answers name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aborted {
    /// Whose it was.
    pub producer_id: i64,
    /// Its first record.
    pub first_offset: i64,
    /// Its marker.
    pub last_offset: i64,
}

/// Says where a batch went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// Offset of its first record.
    pub base_offset: i64,
    /// Offset of its last record.
    pub last_offset: i64,
    /// The broker's time, on topics with append time; else -1.
    pub append_time_ms: i64,
    /// Whether it had been there already.
    pub is_duplicate: bool,
}

/// Holds one partition's records.
#[derive(Debug, Default)]
pub struct PartitionLog {
    batches: VecDeque<Stored>,
    start: i64,
    end: i64,
    /// Where the high watermark is kept back, as if followers did not catch up.
    held: Option<i64>,
    epochs: LeaderEpochs,
    producers: Producers,
    aborted: Vec<Aborted>,
}

impl PartitionLog {
    /// Returns the first offset there is.
    pub fn start(&self) -> i64 {
        self.start
    }

    /// Returns the offset the next record gets.
    pub fn end(&self) -> i64 {
        self.end
    }

    /// Returns the offset up to which all replicas have the records.
    pub fn high_watermark(&self) -> i64 {
        self.held.map_or(self.end, |held| held.clamp(self.start, self.end))
    }

    /// Returns the offset up to which every transaction is decided.
    pub fn last_stable(&self) -> i64 {
        self.producers.first_open().map_or(self.high_watermark(), |open| open.min(self.high_watermark()))
    }

    /// Returns its leaders' first offsets.
    pub fn epochs(&self) -> &LeaderEpochs {
        &self.epochs
    }

    /// Returns its producers.
    pub fn producers(&self) -> &Producers {
        &self.producers
    }

    /// Forgets a producer, as a broker does with one that has been idle for a day.
    pub fn expire_producer(&mut self, producer_id: i64) {
        self.producers.expire(producer_id);
    }

    /// Lists its batches.
    pub fn batches(&self) -> impl Iterator<Item = &Stored> {
        self.batches.iter()
    }

    /// Returns how many bytes it holds.
    pub fn size_bytes(&self) -> u64 {
        self.batches.iter().map(|batch| u64::try_from(batch.size_bytes()).unwrap_or(u64::MAX)).sum()
    }

    /// Keeps the high watermark back at an offset, or lets it go.
    pub fn hold_high_watermark(&mut self, at: Option<i64>) {
        self.held = at;
    }

    /// Notes a new leader.
    pub fn begin_epoch(&mut self, epoch: i32) {
        self.epochs.begin(epoch, self.end);
    }

    /// Appends a client's batch that passed the checks, unless it is there already.
    pub fn append(&mut self, checked: Checked, leader_epoch: i32) -> Result<Appended, Refusal> {
        let mut header = checked.header;
        let append_time = |header: &BatchHeader| {
            if header.is_log_append_time() { header.max_timestamp } else { -1 }
        };
        if header.producer_id >= 0 && header.base_sequence < 0 {
            let message = format!("Invalid sequence number {} in record batch", header.base_sequence);
            return Err(Refusal { message: Some(message), ..ResponseError::InvalidRecord.into() });
        }
        if header.producer_id >= 0
            && let Verdict::Duplicate(known) = self.producers.judge(&header)?
        {
            return Ok(Appended {
                base_offset: known.base_offset,
                last_offset: known.last_offset,
                append_time_ms: known.timestamp_ms,
                is_duplicate: true,
            });
        }
        header.base_offset = self.end;
        header.leader_epoch = leader_epoch;
        if header.producer_id >= 0 {
            self.producers.note(&header);
        }
        self.push(header, checked.payload);
        Ok(Appended {
            base_offset: header.base_offset,
            last_offset: header.last_offset(),
            append_time_ms: append_time(&header),
            is_duplicate: false,
        })
    }

    fn push(&mut self, header: BatchHeader, payload: Bytes) {
        self.epochs.begin(header.leader_epoch, header.base_offset);
        self.end = header.next_offset();
        self.batches.push_back(Stored { header, payload });
    }

    /// Returns the place of the batch that holds an offset, or of the first behind it.
    fn place_of(&self, offset: i64) -> usize {
        self.batches.partition_point(|batch| batch.header.last_offset() < offset)
    }
}
