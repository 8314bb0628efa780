//! What of a fetched record set was committed (guarantee G5).

use std::collections::{HashSet, VecDeque};

use bytes::Bytes;

use crate::kafka::batch::{Batches, RawBatch};
use crate::kafka::records::{ControlMarker, ReencodeError, control_marker};

/// Follows which transactions of one answer were aborted, after Fetch's `aborted_transactions`.
#[derive(Debug)]
pub struct AbortedTransactions {
    /// (first offset, producer id), by first offset.
    upcoming: VecDeque<(i64, i64)>,
    active: HashSet<i64>,
}

impl AbortedTransactions {
    /// Takes an answer's list.
    pub fn new(mut list: Vec<(i64, i64)>) -> Self {
        list.sort_unstable();
        Self { upcoming: list.into(), active: HashSet::new() }
    }

    /// Says whether a batch belongs to an aborted transaction.
    pub fn covers(&self, batch: &RawBatch) -> bool {
        let header = &batch.header;
        header.is_transactional() && !header.is_control() && self.active.contains(&header.producer_id)
    }

    /// Opens the aborted transactions that began at or before the batch's end.
    ///
    /// Every batch is told here, markers too: an answer may begin with the very marker that ends one
    /// of them, and a transaction opened only after its marker would never be closed again and take
    /// the producer's next, committed one with it.
    pub fn on_batch(&mut self, batch: &RawBatch) {
        while self.upcoming.front().is_some_and(|(first, _)| *first <= batch.header.last_offset()) {
            if let Some((_, producer)) = self.upcoming.pop_front() {
                self.active.insert(producer);
            }
        }
    }

    /// Closes the transaction that a marker ends.
    pub fn on_marker(&mut self, producer: i64, marker: ControlMarker) {
        if marker == ControlMarker::Abort {
            self.active.remove(&producer);
        }
    }
}

/// Holds what a record set says, as it stands.
#[derive(Debug, Default)]
pub struct Committed {
    /// The batches with records in them that were committed.
    pub batches: Vec<RawBatch>,
    /// The offset behind all that was looked at; `None` where there was nothing.
    pub next: Option<i64>,
}

/// Reads a record set that was fetched with its aborted transactions: (first offset, producer id).
pub fn committed(records: Bytes, aborted: Vec<(i64, i64)>) -> Result<Committed, ReencodeError> {
    let mut found = Committed::default();
    let mut aborted = AbortedTransactions::new(aborted);
    for batch in Batches::new(records) {
        let batch = batch?;
        let header = batch.header;
        aborted.on_batch(&batch);
        if header.is_control() {
            aborted.on_marker(header.producer_id, control_marker(&batch)?);
        } else if header.record_count > 0 && !aborted.covers(&batch) {
            found.batches.push(batch);
        }
        found.next = Some(header.next_offset());
    }
    Ok(found)
}
