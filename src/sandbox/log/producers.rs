//! What a partition remembers of its producers: epochs, sequences, and open transactions.
//!
//! The rules are the broker's (`ProducerAppendInfo`, `ProducerStateEntry`).

use std::collections::{BTreeMap, VecDeque};

use kafka_protocol::error::ResponseError;

use crate::kafka::batch::BatchHeader;

/// Batches remembered per producer, to recognise one that is sent again.
const REMEMBERED_BATCHES: usize = 5;

/// Holds one batch a producer wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Sequence of its first record.
    pub first_sequence: i32,
    /// Sequence of its last record.
    pub last_sequence: i32,
    /// Offset of its first record.
    pub base_offset: i64,
    /// Offset of its last record.
    pub last_offset: i64,
    /// Its newest timestamp.
    pub timestamp_ms: i64,
}

/// Holds what is known of one producer.
#[derive(Clone, Debug)]
pub struct Producer {
    /// Its newest epoch.
    pub epoch: i16,
    /// Its last batches in this epoch, oldest first.
    pub batches: VecDeque<Written>,
    /// Where its open transaction begins.
    pub transaction_start: Option<i64>,
    /// The epoch of the coordinator that wrote its last marker; -1 before the first.
    pub coordinator_epoch: i32,
    /// When it wrote last.
    pub timestamp_ms: i64,
}

impl Producer {
    fn new(epoch: i16) -> Self {
        Self {
            epoch,
            batches: VecDeque::new(),
            transaction_start: None,
            coordinator_epoch: -1,
            timestamp_ms: -1,
        }
    }

    /// Returns the sequence of its last record; -1 where none is known in this epoch.
    pub fn last_sequence(&self) -> i32 {
        self.batches.back().map_or(-1, |batch| batch.last_sequence)
    }

    fn enter(&mut self, epoch: i16) {
        if epoch != self.epoch {
            self.epoch = epoch;
            self.batches.clear();
        }
    }
}

/// Says what is to become of a batch with a producer id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It goes into the log.
    Append,
    /// It is there already.
    Duplicate(Written),
}

/// Holds the producers of a partition.
#[derive(Clone, Debug, Default)]
pub struct Producers {
    known: BTreeMap<i64, Producer>,
}

impl Producers {
    /// Lists the producers by id.
    pub fn iter(&self) -> impl Iterator<Item = (i64, &Producer)> {
        self.known.iter().map(|(id, producer)| (*id, producer))
    }

    /// Returns a producer.
    pub fn get(&self, producer_id: i64) -> Option<&Producer> {
        self.known.get(&producer_id)
    }

    /// Judges a batch a client sends.
    pub fn judge(&self, batch: &BatchHeader) -> Result<Verdict, ResponseError> {
        let Some(producer) = self.known.get(&batch.producer_id) else { return Ok(Verdict::Append) };
        let last_sequence = last_sequence(batch);
        if batch.producer_epoch == producer.epoch {
            let same = |known: &&Written| {
                (known.first_sequence, known.last_sequence) == (batch.base_sequence, last_sequence)
            };
            if let Some(known) = producer.batches.iter().find(same) {
                return Ok(Verdict::Duplicate(*known));
            }
        }
        if batch.producer_epoch < producer.epoch {
            return Err(ResponseError::InvalidProducerEpoch);
        }
        let in_sequence = if batch.producer_epoch == producer.epoch {
            batch.base_sequence == following(producer.last_sequence())
        } else {
            batch.base_sequence == 0
        };
        if !in_sequence {
            return Err(ResponseError::OutOfOrderSequenceNumber);
        }
        if producer.transaction_start.is_some() && !batch.is_transactional() {
            return Err(ResponseError::InvalidTxnState);
        }
        Ok(Verdict::Append)
    }

    /// Notes a batch that went into the log, with its offsets set.
    pub fn note(&mut self, batch: &BatchHeader) {
        let producer =
            self.known.entry(batch.producer_id).or_insert_with(|| Producer::new(batch.producer_epoch));
        producer.enter(batch.producer_epoch);
        producer.timestamp_ms = batch.max_timestamp;
        if producer.batches.len() == REMEMBERED_BATCHES {
            producer.batches.pop_front();
        }
        producer.batches.push_back(Written {
            first_sequence: batch.base_sequence,
            last_sequence: last_sequence(batch),
            base_offset: batch.base_offset,
            last_offset: batch.last_offset(),
            timestamp_ms: batch.max_timestamp,
        });
        if batch.is_transactional() {
            producer.transaction_start.get_or_insert(batch.base_offset);
        }
    }

    /// Judges a transaction's marker.
    pub fn judge_marker(
        &self,
        producer_id: i64,
        epoch: i16,
        coordinator_epoch: i32,
    ) -> Result<(), ResponseError> {
        match self.known.get(&producer_id) {
            Some(producer) if epoch < producer.epoch => Err(ResponseError::InvalidProducerEpoch),
            Some(producer) if coordinator_epoch < producer.coordinator_epoch => {
                Err(ResponseError::TransactionCoordinatorFenced)
            }
            _ => Ok(()),
        }
    }

    /// Notes a marker that went into the log; returns where the transaction it ends began.
    pub fn note_marker(
        &mut self,
        producer_id: i64,
        epoch: i16,
        coordinator_epoch: i32,
        timestamp_ms: i64,
    ) -> Option<i64> {
        let producer = self.known.entry(producer_id).or_insert_with(|| Producer::new(epoch));
        producer.enter(epoch);
        producer.coordinator_epoch = coordinator_epoch;
        producer.timestamp_ms = timestamp_ms;
        producer.transaction_start.take()
    }

    /// Returns where the oldest open transaction begins.
    pub fn first_open(&self) -> Option<i64> {
        self.known.values().filter_map(|producer| producer.transaction_start).min()
    }

    /// Forgets a producer, as brokers do with one that has been idle for long.
    pub fn expire(&mut self, producer_id: i64) {
        self.known.remove(&producer_id);
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.known.clear();
    }
}

/// Returns the sequence of a batch's last record; after the greatest comes 0.
fn last_sequence(batch: &BatchHeader) -> i32 {
    advanced(batch.base_sequence, batch.last_offset_delta)
}

fn following(sequence: i32) -> i32 {
    if sequence == i32::MAX { 0 } else { sequence + 1 }
}

fn advanced(sequence: i32, by: i32) -> i32 {
    sequence.checked_add(by).unwrap_or_else(|| by - (i32::MAX - sequence) - 1)
}
