//! EndTxn, and transactions that are ended for a producer.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::{EndTxnRequest, EndTxnResponse, ProducerId};

use super::entry::{Entry, TransactionState, is_exhausted};
use super::{Markers, Millis, NO_EPOCH, NO_PRODUCER_ID, Producer, Transactions};

/// From this version on a producer that was shut out is told so by that name.
pub(super) const SAYS_FENCED: i16 = 2;
/// From this version on every end of a transaction raises the epoch (KIP-890).
const RAISES_EPOCHS: i16 = 5;

/// Says an error as clients of a version know it.
pub(super) fn in_words_of(error: ResponseError, version: i16, says_fenced: i16) -> ResponseError {
    match error {
        ResponseError::ProducerFenced if version < says_fenced => ResponseError::InvalidProducerEpoch,
        other => other,
    }
}

impl Transactions {
    /// Ends a transaction; its markers wait in the queue.
    pub fn end(&mut self, now: Millis, version: i16, request: &EndTxnRequest) -> EndTxnResponse {
        self.tick(now);
        let answer = EndTxnResponse::default();
        match self.try_end(now, version >= RAISES_EPOCHS, request) {
            Ok(producer) => {
                answer.with_producer_id(ProducerId(producer.id)).with_producer_epoch(producer.epoch)
            }
            Err(error) => answer
                .with_error_code(in_words_of(error, version, SAYS_FENCED).code())
                .with_producer_id(ProducerId(NO_PRODUCER_ID))
                .with_producer_epoch(NO_EPOCH),
        }
    }

    fn try_end(
        &mut self,
        now: Millis,
        raises: bool,
        request: &EndTxnRequest,
    ) -> Result<Producer, ResponseError> {
        let id = request.transactional_id.as_str();
        if id.is_empty() {
            return Err(ResponseError::InvalidRequest);
        }
        let named = Producer { id: request.producer_id.0, epoch: request.producer_epoch };
        let next_id = self.next_producer_id;
        let entry = self.entries.get_mut(id).ok_or(ResponseError::InvalidProducerIdMapping)?;
        match entry.end(named, request.committed, raises)? {
            Ending::Over => Ok(entry.producer),
            Ending::Begins => {
                if raises && is_exhausted(entry.producer.epoch) {
                    entry.next_id = Some(next_id);
                    self.next_producer_id += 1;
                }
                let told = entry.next_id.map(|id| Producer { id, epoch: 0 });
                let markers = entry.prepare(now, id, request.committed, raises);
                let told = told.unwrap_or(markers.producer);
                self.waiting.push((now + self.settings.marker_delay_ms, markers));
                Ok(told)
            }
        }
    }

    /// Shuts a producer out and aborts its transaction: another takes its place, or it took too long.
    pub(super) fn fence(&mut self, now: Millis, id: &str) {
        let Some(entry) = self.entries.get_mut(id) else { return };
        entry.last_epoch = entry.producer.epoch;
        entry.producer.epoch += 1;
        let markers = entry.prepare(now, id, false, false);
        self.waiting.push((now + self.settings.marker_delay_ms, markers));
    }
}

/// What an EndTxn that is allowed leads to.
enum Ending {
    /// It is the same as before: its answer was lost.
    Over,
    /// Markers are to be written.
    Begins,
}

impl Entry {
    fn end(&self, named: Producer, commit: bool, raises: bool) -> Result<Ending, ResponseError> {
        let raised = self.raises_epochs;
        let retries_raised = raised
            && self.producer.id == named.id
            && i32::from(self.producer.epoch) == i32::from(named.epoch) + 1;
        let retries_new_id =
            raised && self.previous_id == named.id && is_exhausted(named.epoch) && self.producer.epoch == 0;
        if self.producer.id != named.id && !retries_new_id {
            return Err(ResponseError::InvalidProducerIdMapping);
        }
        let retries = retries_raised || retries_new_id;
        let equal = named.epoch == self.producer.epoch;
        let fits = match self.state {
            TransactionState::Empty | TransactionState::Ongoing => equal,
            _ if !raised => equal,
            TransactionState::PrepareCommit | TransactionState::PrepareAbort => retries,
            TransactionState::CompleteCommit | TransactionState::CompleteAbort => retries || equal,
        };
        if !fits {
            return Err(ResponseError::ProducerFenced);
        }
        match (self.state, commit) {
            (TransactionState::Ongoing, _) => Ok(Ending::Begins),
            (TransactionState::PrepareCommit, true) | (TransactionState::PrepareAbort, false) => {
                Err(ResponseError::ConcurrentTransactions)
            }
            (TransactionState::CompleteCommit, true) | (TransactionState::CompleteAbort, false)
                if retries || !raises =>
            {
                Ok(Ending::Over)
            }
            // A producer that raises epochs may abort what it never began, to get a clean epoch.
            (
                TransactionState::Empty | TransactionState::CompleteCommit | TransactionState::CompleteAbort,
                false,
            ) if raises && !retries => Ok(Ending::Begins),
            _ => Err(ResponseError::InvalidTxnState),
        }
    }

    /// Decides the transaction's end and returns its markers.
    fn prepare(&mut self, now: Millis, id: &str, commit: bool, raises: bool) -> Markers {
        if raises {
            self.last_epoch = self.producer.epoch;
            self.producer.epoch += 1;
        }
        self.raises_epochs = raises;
        self.state = if commit { TransactionState::PrepareCommit } else { TransactionState::PrepareAbort };
        self.updated = now;
        Markers {
            transactional_id: id.to_owned(),
            producer: self.producer,
            commit,
            partitions: self.partitions.clone(),
        }
    }
}
