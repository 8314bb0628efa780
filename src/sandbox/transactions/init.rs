//! InitProducerId.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::{InitProducerIdRequest, InitProducerIdResponse, ProducerId};

use super::entry::{Entry, TransactionState, is_exhausted};
use super::{Millis, NO_EPOCH, NO_PRODUCER_ID, Producer, Transactions};

/// From this version on a producer that was shut out is told so by that name.
const SAYS_FENCED: i16 = 4;

impl Transactions {
    /// Gives out a producer id and epoch; every earlier epoch of a transactional id is shut out.
    pub fn init(
        &mut self,
        now: Millis,
        version: i16,
        request: &InitProducerIdRequest,
    ) -> InitProducerIdResponse {
        self.tick(now);
        let answer = InitProducerIdResponse::default();
        match self.try_init(now, request) {
            Ok(producer) => {
                answer.with_producer_id(ProducerId(producer.id)).with_producer_epoch(producer.epoch)
            }
            Err(error) => answer
                .with_error_code(super::end::in_words_of(error, version, SAYS_FENCED).code())
                .with_producer_id(ProducerId(NO_PRODUCER_ID))
                .with_producer_epoch(NO_EPOCH),
        }
    }

    fn try_init(&mut self, now: Millis, request: &InitProducerIdRequest) -> Result<Producer, ResponseError> {
        // A request is either from a new producer or names both.
        let expected = Producer { id: request.producer_id.0, epoch: request.producer_epoch };
        if (expected.id == NO_PRODUCER_ID) != (expected.epoch == NO_EPOCH) {
            return Err(ResponseError::InvalidRequest);
        }
        let expected = (expected.id != NO_PRODUCER_ID).then_some(expected);
        let Some(id) = &request.transactional_id else {
            return Ok(Producer { id: self.producer_id(), epoch: 0 });
        };
        if id.is_empty() {
            return Err(ResponseError::InvalidRequest);
        }
        let timeout_ms = request.transaction_timeout_ms;
        if !(1..=self.settings.timeout_ms_max).contains(&timeout_ms) {
            return Err(ResponseError::InvalidTransactionTimeout);
        }
        let id = id.to_string();
        if !self.entries.contains_key(&id) {
            let producer_id = self.producer_id();
            self.entries.insert(id.clone(), Entry::new(now, producer_id, timeout_ms));
        }
        let next_id = self.next_producer_id;
        let Some(entry) = self.entries.get_mut(&id) else { return Err(ResponseError::UnknownServerError) };
        if !expected.is_none_or(|expected| entry.knows(expected)) {
            return Err(ResponseError::ProducerFenced);
        }
        if entry.state.is_ending() {
            return Err(ResponseError::ConcurrentTransactions);
        }
        if entry.state == TransactionState::Ongoing {
            // The client asks again when the markers are written.
            self.fence(now, &id);
            return Err(ResponseError::ConcurrentTransactions);
        }
        let given = entry.next(expected, next_id)?;
        self.next_producer_id += i64::from(given.id == next_id);
        entry.timeout_ms = timeout_ms;
        entry.state = TransactionState::Empty;
        entry.started = -1;
        entry.updated = now;
        entry.raises_epochs = false;
        Ok(given)
    }
}

impl Entry {
    /// Returns whether a producer that names itself is the current one, or the one before it whose
    /// epochs are used up, or whether there is none yet.
    fn knows(&self, expected: Producer) -> bool {
        self.producer.epoch == NO_EPOCH
            || expected.id == self.producer.id
            || (expected.id == self.previous_id && is_exhausted(expected.epoch))
    }

    /// Takes the next epoch, or a new id where there is none left (KIP-360).
    fn next(&mut self, expected: Option<Producer>, new_id: i64) -> Result<Producer, ResponseError> {
        let epoch = self.producer.epoch;
        if self.is_exhausted() && expected.is_none_or(|expected| expected.epoch == epoch) {
            self.previous_id = self.producer.id;
            self.last_epoch = if expected.is_some() { epoch } else { NO_EPOCH };
            self.producer = Producer { id: new_id, epoch: 0 };
            return Ok(self.producer);
        }
        match expected.map(|expected| expected.epoch) {
            None => self.last_epoch = NO_EPOCH,
            Some(named) if epoch == NO_EPOCH || named == epoch => self.last_epoch = epoch,
            // It asks again for what it was given: the answer was lost.
            Some(named) if named == self.last_epoch => return Ok(self.producer),
            Some(_) => return Err(ResponseError::ProducerFenced),
        }
        self.previous_id = self.producer.id;
        self.producer.epoch += 1;
        Ok(self.producer)
    }
}
