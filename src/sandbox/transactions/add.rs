//! AddPartitionsToTxn and AddOffsetsToTxn, and the checks of what a transaction writes.

use std::collections::BTreeSet;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::AddOffsetsToTxnRequest;

use super::end::{SAYS_FENCED, in_words_of};
use super::entry::{Entry, TransactionState};
use super::{Check, Millis, OFFSETS_TOPIC, PartitionKey, Producer, Transactions};
use crate::sandbox::groups::offsets_partition;

impl Transactions {
    /// Takes partitions into a transaction, which begins with the first.
    pub fn add_partitions(
        &mut self,
        now: Millis,
        transactional_id: &str,
        producer: Producer,
        partitions: BTreeSet<PartitionKey>,
    ) -> Check {
        self.tick(now);
        let entry = self.current(transactional_id, producer)?;
        if entry.state.is_ending() {
            return Err(ResponseError::ConcurrentTransactions);
        }
        if entry.state != TransactionState::Ongoing {
            entry.state = TransactionState::Ongoing;
            entry.started = now;
        }
        entry.partitions.extend(partitions);
        entry.updated = now;
        Ok(())
    }

    /// Takes a group's offsets into a transaction.
    pub fn add_offsets(&mut self, now: Millis, version: i16, request: &AddOffsetsToTxnRequest) -> Check {
        let producer = Producer { id: request.producer_id.0, epoch: request.producer_epoch };
        self.add_partitions(now, &request.transactional_id, producer, offsets_of(&request.group_id))
            .map_err(|error| in_words_of(error, version, SAYS_FENCED))
    }

    /// Checks that a partition is part of the producer's transaction: what a broker asks before it
    /// writes transactional records (KIP-890).
    pub fn verify(&mut self, transactional_id: &str, producer: Producer, partition: &PartitionKey) -> Check {
        let entry = self.current(transactional_id, producer)?;
        match () {
            () if entry.state.is_ending() => Err(ResponseError::ConcurrentTransactions),
            () if entry.partitions.contains(partition) => Ok(()),
            () => Err(ResponseError::TransactionAbortable),
        }
    }

    /// Checks that a group's offsets are part of the producer's transaction.
    pub fn verify_offsets(&mut self, transactional_id: &str, producer: Producer, group: &str) -> Check {
        self.verify(transactional_id, producer, &(OFFSETS_TOPIC.to_owned(), offsets_partition(group)))
    }

    /// Returns the entry if this producer is its current one.
    fn current(&mut self, id: &str, producer: Producer) -> Result<&mut Entry, ResponseError> {
        if id.is_empty() {
            return Err(ResponseError::InvalidRequest);
        }
        let entry = self.entries.get_mut(id).ok_or(ResponseError::InvalidProducerIdMapping)?;
        match () {
            () if entry.producer.id != producer.id => Err(ResponseError::InvalidProducerIdMapping),
            () if entry.producer.epoch != producer.epoch => Err(ResponseError::ProducerFenced),
            () => Ok(entry),
        }
    }
}

/// Returns where a group's offsets are kept.
pub(super) fn offsets_of(group: &str) -> BTreeSet<PartitionKey> {
    BTreeSet::from([(OFFSETS_TOPIC.to_owned(), offsets_partition(group))])
}
