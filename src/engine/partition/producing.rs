//! The target's side of a partition: what to send next, and what became of what was sent.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use kafka_protocol::ResponseError;

use super::super::event::StopCause;
use super::super::intake::Item;
use super::super::limits::{PROVEN_FOR, SHED_AFTER, UNREACHABLE_PAUSE};
use super::parts::Doubt;
use super::{InFlight, Partition, Phase, Reaction, SendOutcome, Sending, Trouble};
use crate::kafka::batch::{RawBatch, Rewrite, rewritten_header};
use crate::kafka::error::{Remedy, code_name, remedy_for};
use crate::types::TargetOffset;

impl Partition {
    /// Returns the batches that may be sent for the first time. What lies behind a record that was left out
    /// waits until that is recorded: a start after a kill tells by it what was passed and what was not copied.
    pub fn queued(&self) -> impl ExactSizeIterator<Item = &Item> {
        let count = match self.skips.first() {
            Some((from, _)) => self.queue.partition_point(|item| item.next <= *from),
            None => self.queue.len(),
        };
        self.queue.range(..count)
    }

    /// Takes note that what was left out cannot be recorded: what lies behind it waits.
    pub fn on_not_recorded(&mut self, cause: &str, now: Instant) {
        if self.phase == Phase::Copying && self.queue.len() > self.queued().len() {
            let since = self.target_trouble.as_ref().map_or(now, |t| t.since);
            self.target_trouble = Some(Trouble { since, cause: cause.to_owned(), retry_at: now });
        }
    }

    /// Replaces the first `count` queued batches by others that hold the same records.
    pub fn replace_queued(&mut self, count: usize, items: Vec<Item>) {
        for item in self.queue.drain(..count.min(self.queue.len())) {
            self.queue_bytes -= item.size_bytes();
        }
        for item in items.into_iter().rev() {
            self.queue_bytes += item.size_bytes();
            self.queue.push_front(item);
        }
    }

    /// Sets how many batches may wait for their answers, as the way to the target demands.
    pub fn set_in_flight_max(&mut self, batches: usize) {
        self.in_flight_max = batches;
    }

    /// Returns how many batches were sent and are not acknowledged.
    pub fn in_flight_batches(&self) -> usize {
        self.in_flight.len()
    }

    /// Returns when it makes sense to ask [`next_send`](Self::next_send) again after trouble.
    pub fn retry_at(&self) -> Option<Instant> {
        self.target_trouble.as_ref().map(|t| t.retry_at)
    }

    /// Returns the next batch to send, with its header rewritten and its sequence given out.
    pub fn next_send(&mut self, now: Instant) -> Option<Sending> {
        if self.phase != Phase::Copying || self.retry_at().is_some_and(|at| now < at) {
            return None;
        }
        let awaiting = self.in_flight.iter().filter(|f| f.awaiting).count();
        let window = self.window();
        if awaiting >= window {
            return None;
        }
        if let Some(resend) = self.in_flight.iter_mut().find(|f| !f.awaiting) {
            resend.awaiting = true;
            return Some(Sending {
                ticket: resend.ticket,
                header: resend.header.clone(),
                payload: resend.item.batch.payload(),
            });
        }
        if self.draining || self.queued().len() == 0 {
            return None;
        }
        let producer = self.producer?;
        let item = self.queue.pop_front()?;
        let was_silent = self.proven_at.is_some_and(|at| now.saturating_duration_since(at) >= PROVEN_FOR);
        if was_silent && self.in_flight.is_empty() {
            self.proven_at = None;
        }
        self.queue_bytes -= item.size_bytes();
        self.in_flight_bytes += item.size_bytes();
        let rewrite = Rewrite {
            producer_id: producer.id,
            producer_epoch: producer.epoch,
            base_sequence: self.next_sequence,
        };
        let header = Bytes::copy_from_slice(&rewritten_header(&item.batch, &rewrite));
        self.next_sequence = next_sequence(self.next_sequence, item.records());
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        let payload = item.batch.payload();
        self.in_flight.push_back(InFlight { ticket, item, header: header.clone(), awaiting: true });
        Some(Sending { ticket, header, payload })
    }

    /// Says how many batches may wait for their answers.
    fn window(&self) -> usize {
        if self.proven_at.is_some() { self.in_flight_max } else { 1 }
    }

    /// Says whether a call of [`next_send`](Self::next_send) now would return something.
    pub fn can_send(&self, now: Instant) -> bool {
        if self.phase != Phase::Copying || self.retry_at().is_some_and(|at| now < at) {
            return false;
        }
        let awaiting = self.in_flight.iter().filter(|f| f.awaiting).count();
        let window = self.window();
        let resend = self.in_flight.len() > awaiting;
        let fresh = !self.draining && self.queued().len() > 0;
        awaiting < window && (resend || fresh)
    }

    /// Waits for every answer before sending on, because another broker leads now.
    pub fn on_rerouted(&mut self) {
        self.proven_at = None;
    }

    /// Takes note that the target's broker cannot be reached, though nothing may have to be sent to it.
    pub fn on_target_unreachable(&mut self, cause: &str, now: Instant) {
        if self.phase != Phase::Copying || !self.in_flight.is_empty() {
            return;
        }
        let since = self.target_trouble.as_ref().map_or(now, |t| t.since);
        let retry_at = now + UNREACHABLE_PAUSE;
        self.target_trouble = Some(Trouble { since, cause: cause.to_owned(), retry_at });
    }

    /// Takes note that the target's broker can be reached again; what was sent before is still in doubt.
    pub fn on_target_reached(&mut self) {
        if self.in_flight.is_empty() {
            self.target_trouble = None;
        }
    }

    /// Takes note of what became of a batch.
    pub fn on_outcome(&mut self, ticket: u64, outcome: SendOutcome, now: Instant) -> Reaction {
        let Some(index) = self.in_flight.iter().position(|f| f.ticket == ticket) else {
            return Reaction::None;
        };
        match outcome {
            SendOutcome::Acknowledged(Some(base)) if index == 0 => self.on_acknowledged(base, now),
            // A later batch is in the log while an earlier one is not known to be; or the broker has
            // forgotten where it put the batch, and the log has to be read to tell (G6).
            SendOutcome::Acknowledged(_) => {
                self.on_doubt("the target acknowledged a batch, and not where it stands".to_owned(), now)
            }
            SendOutcome::Lost(cause) => {
                self.on_target_trouble(index, cause, Remedy::Refresh, now);
                Reaction::Refresh
            }
            SendOutcome::Refused(code, message) => self.on_refused(index, code, message, now),
        }
    }

    fn on_acknowledged(&mut self, base: TargetOffset, now: Instant) -> Reaction {
        let Some(sent) = self.in_flight.pop_front() else { return Reaction::None };
        self.in_flight_bytes -= sent.item.size_bytes();
        if base < self.target_next {
            let cause = StopCause::TargetTruncated { expected: self.target_next, acknowledged: base };
            self.stop(cause);
            return Reaction::Stopped;
        }
        let records = i64::from(sent.item.records());
        self.target_next = TargetOffset(base.0 + records);
        match &sent.item.made_of {
            None => self.map.append([(sent.item.first.0, records)], base.0),
            Some(offsets) => self.map.append(offsets.iter(), base.0),
        }
        (self.copied, self.copied_epoch) = (sent.item.next, sent.item.epoch);
        self.proven_at = Some(now);
        self.target_trouble = None;
        self.backoff.reset();
        self.totals.records += u64::try_from(sent.item.records()).unwrap_or(0);
        self.totals.bytes += sent.item.size_bytes() as u64;
        if sent.item.is_passed_through() {
            self.totals.passed_through += 1;
        } else {
            self.totals.reencoded += 1;
        }
        self.finish_if_done();
        Reaction::SendMore
    }

    fn on_refused(
        &mut self,
        index: usize,
        code: ResponseError,
        message: Option<String>,
        now: Instant,
    ) -> Reaction {
        use ResponseError as E;
        match code {
            E::InvalidProducerEpoch | E::ProducerFenced => {
                self.stop(StopCause::Fenced);
                Reaction::Stopped
            }
            // Behind another batch that failed this is only its echo.
            E::OutOfOrderSequenceNumber | E::UnknownProducerId if index > 0 => {
                self.on_target_trouble(index, code_name(&code), Remedy::Retry, now);
                Reaction::RetryLater
            }
            E::OutOfOrderSequenceNumber | E::UnknownProducerId | E::DuplicateSequenceNumber => {
                self.on_doubt(describe(code, message), now)
            }
            E::MessageTooLarge | E::RecordListTooLarge => {
                self.refused_size = Some(self.in_flight[index].item.size_bytes());
                Reaction::StartOver
            }
            E::TopicAuthorizationFailed | E::ClusterAuthorizationFailed => {
                let name = code_name(&code);
                let cause =
                    format!("the target does not let us write it ({name}); grant Write on the topic there");
                self.on_target_trouble(index, cause, Remedy::Fatal, now);
                Reaction::RetryLater
            }
            // The bytes were damaged on the way, or were so when fetched: fetched again they show it.
            // And where a broker stumbled, only the log tells whether it had written by then.
            E::CorruptMessage | E::UnknownServerError => self.on_doubt(describe(code, message), now),
            code if remedy_for(code) != Remedy::Fatal => {
                let remedy = remedy_for(code);
                self.on_target_trouble(index, describe(code, message), remedy, now);
                if remedy == Remedy::Refresh { Reaction::Refresh } else { Reaction::RetryLater }
            }
            code => {
                let offset = self.in_flight[index].item.first;
                self.stop(StopCause::Refused { offset, code, message });
                Reaction::Stopped
            }
        }
    }

    /// Has the partition started over, after a pause that grows while that helps nothing.
    fn on_doubt(&mut self, cause: String, now: Instant) -> Reaction {
        let since = self.doubt().map_or(now, |known| known.since);
        let retry_at = now + self.backoff.next_pause();
        self.doubt = Some(Doubt { trouble: Trouble { since, cause, retry_at }, copied: self.copied });
        Reaction::StartOver
    }

    fn on_target_trouble(&mut self, index: usize, cause: String, remedy: Remedy, now: Instant) {
        self.in_flight[index].awaiting = false;
        self.proven_at = None;
        let pause = self.pause(remedy);
        let since = self.target_trouble.as_ref().map_or(now, |t| t.since);
        // The first failure of a run of batches names the cause, the others only echo it.
        let cause = match self.target_trouble.take() {
            Some(known) if index > 0 => known.cause,
            _ => cause,
        };
        self.target_trouble = Some(Trouble { since, cause, retry_at: now + pause });
        if now.saturating_duration_since(since) >= SHED_AFTER {
            self.shed();
        }
    }

    /// Gives memory back while the target will not take anything: unsent batches are fetched again
    /// later, those in flight move to buffers of their own size where there is room.
    fn shed(&mut self) {
        if let Some(first) = self.queue.front() {
            self.fetch_next = self.in_flight.back().map_or(self.copied.max(first.first), |f| f.item.next);
            self.fetch_next = self.fetch_next.min(first.first);
            self.last_epoch = -1;
            self.queue.clear();
            self.queue_bytes = 0;
        }
        for sent in &mut self.in_flight {
            let batch = &sent.item.batch;
            if let Some(reservation) = self.budget.try_reserve(batch.bytes.len()) {
                let bytes = Arc::new(reservation).attach(Bytes::copy_from_slice(&batch.bytes));
                sent.item.batch = RawBatch { header: batch.header, bytes };
            }
        }
    }
}

/// Returns the sequence after a batch of `records`: sequences wrap from 2^31-1 to 0.
fn next_sequence(base: i32, records: i32) -> i32 {
    base.wrapping_add(records) & i32::MAX
}

fn describe(code: ResponseError, message: Option<String>) -> String {
    match message {
        Some(message) => format!("{}: {message}", code_name(&code)),
        None => code_name(&code),
    }
}
