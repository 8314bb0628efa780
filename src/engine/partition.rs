//! The life of one partition's copy, as a plain state machine: what was fetched goes in, what to
//! send comes out, answers move the position. No waiting, no clock: `now` is an argument.
//!
//! Order and uniqueness (guarantees G2, G3) rest on three rules kept here:
//! - sequences are given out once, contiguously, and a resend repeats batch and sequence;
//! - after any trouble nothing new is sent until every answer on its way has come, and then one
//!   batch goes alone until it is acknowledged: a broker that does not know the producer takes any
//!   sequence, so a second batch could overtake a first that failed;
//! - an acknowledgement out of order puts the state in doubt, and doubt means starting over from
//!   what the target really holds.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::Bytes;
use kafka_protocol::ResponseError;

use super::event::StopCause;
use super::intake::{Dropped, Item, Taken};
use super::limits::{BATCHES_IN_FLIGHT_MAX, FATAL_RETRY_PAUSE, SHED_AFTER, TROUBLE_GRACE};
use crate::kafka::batch::{RawBatch, Rewrite, rewritten_header};
use crate::kafka::error::{Remedy, code_name, remedy_for};
use crate::kafka::producer_ids::ProducerIdentity;
use crate::kafka::retry::Backoff;
use crate::types::{SourceOffset, TargetOffset};

/// Says where a partition stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Position and producer id are being found out.
    Starting,
    /// Copying, or ready to.
    Copying,
    /// Copied up to the end it was to reach.
    Finished,
    /// Stopped for good.
    Stopped(StopCause),
}

/// Holds trouble that may pass.
#[derive(Clone, Debug)]
pub struct Trouble {
    /// When it began.
    pub since: Instant,
    /// What it is, in the words of the last failure.
    pub cause: String,
    retry_at: Instant,
}

/// Holds a batch that has its sequence and is not acknowledged yet.
#[derive(Debug)]
struct InFlight {
    ticket: u64,
    item: Item,
    header: Bytes,
    awaiting: bool,
}

/// Holds one batch to be sent now.
#[derive(Clone, Debug)]
pub struct Sending {
    /// Names the batch in its answer.
    pub ticket: u64,
    /// The rewritten header.
    pub header: Bytes,
    /// The records, as received.
    pub payload: Bytes,
}

/// Says what became of a batch that was sent.
#[derive(Clone, Debug)]
pub enum SendOutcome {
    /// The target has it; its base offset there where the broker knows it.
    Acknowledged(Option<TargetOffset>),
    /// The broker answered with an error.
    Refused(ResponseError, Option<String>),
    /// No answer came; it may have arrived or not.
    Lost(String),
}

/// Says what the caller has to do after an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// Nothing.
    None,
    /// Look for more to send.
    SendMore,
    /// Ask for metadata, then look for more to send when the pause is over.
    Refresh,
    /// Look for more to send when the pause is over.
    RetryLater,
    /// The state is in doubt: start over from what the target holds.
    StartOver,
    /// The partition stopped.
    Stopped,
}

/// Counts what was copied since the process started.
#[derive(Clone, Copy, Debug, Default)]
pub struct Totals {
    /// Records acknowledged.
    pub records: u64,
    /// Bytes of their batches.
    pub bytes: u64,
    /// Batches passed through.
    pub passed_through: u64,
    /// Batches made anew.
    pub reencoded: u64,
    /// Batches dropped.
    pub dropped: Dropped,
    /// Records missing by policy (offsets skipped).
    pub missing: u64,
}

/// Copies one partition.
#[derive(Debug)]
pub struct Partition {
    phase: Phase,
    /// The next offset to fetch.
    fetch_next: SourceOffset,
    last_epoch: i32,
    queue: VecDeque<Item>,
    queue_bytes: usize,
    in_flight: VecDeque<InFlight>,
    in_flight_bytes: usize,
    next_ticket: u64,
    producer: Option<ProducerIdentity>,
    next_sequence: i32,
    /// An acknowledgement came since the last trouble: up to five may be in flight.
    proven: bool,
    /// The position: everything before it is at the target.
    copied: SourceOffset,
    /// The lowest offset the target's next batch can have.
    target_next: TargetOffset,
    source_end: Option<SourceOffset>,
    log_start: Option<SourceOffset>,
    end: Option<SourceOffset>,
    target_trouble: Option<Trouble>,
    source_trouble: Option<Trouble>,
    backoff: Backoff,
    totals: Totals,
    draining: bool,
    /// Why it stops once everything fetched is acknowledged.
    stop_pending: Option<StopCause>,
}

impl Partition {
    /// Makes a partition that still has to be started; `seed` spreads its pauses.
    pub fn new(seed: u64) -> Self {
        Self {
            phase: Phase::Starting,
            fetch_next: SourceOffset(0),
            last_epoch: -1,
            queue: VecDeque::new(),
            queue_bytes: 0,
            in_flight: VecDeque::new(),
            in_flight_bytes: 0,
            next_ticket: 0,
            producer: None,
            next_sequence: 0,
            proven: false,
            copied: SourceOffset(0),
            target_next: TargetOffset(0),
            source_end: None,
            log_start: None,
            end: None,
            target_trouble: None,
            source_trouble: None,
            backoff: Backoff::seeded(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
            totals: Totals::default(),
            draining: false,
            stop_pending: None,
        }
    }

    /// Begins, or begins again, at positions that are known to be right.
    pub fn start(
        &mut self,
        producer: ProducerIdentity,
        next: SourceOffset,
        target_next: TargetOffset,
        end: Option<SourceOffset>,
    ) {
        self.clear_unacknowledged();
        self.phase = Phase::Copying;
        self.fetch_next = next;
        self.last_epoch = -1;
        self.copied = next;
        self.target_next = target_next;
        self.producer = Some(producer);
        self.stop_pending = None;
        self.next_sequence = 0;
        self.proven = false;
        self.end = self.end.or(end);
        self.target_trouble = None;
        self.source_trouble = None;
        self.finish_if_done();
    }

    /// Puts the partition back to before its start, after doubt.
    pub fn start_over(&mut self) {
        self.clear_unacknowledged();
        self.phase = Phase::Starting;
    }

    fn clear_unacknowledged(&mut self) {
        self.queue.clear();
        self.queue_bytes = 0;
        self.in_flight.clear();
        self.in_flight_bytes = 0;
    }

    /// Stops for good.
    pub fn stop(&mut self, cause: StopCause) {
        self.clear_unacknowledged();
        self.phase = Phase::Stopped(cause);
    }

    /// Fetches nothing more and sends nothing new; what is in flight is still waited for.
    pub fn drain(&mut self) {
        self.draining = true;
        self.queue.clear();
        self.queue_bytes = 0;
    }

    /// Says whether nothing is left to wait for.
    pub fn is_drained(&self) -> bool {
        self.in_flight.is_empty()
    }

    /// Where it stands.
    pub fn phase(&self) -> &Phase {
        &self.phase
    }

    /// The position: everything before it is at the target.
    pub fn copied(&self) -> SourceOffset {
        self.copied
    }

    /// The lowest offset the target's next batch can have.
    pub fn target_next(&self) -> TargetOffset {
        self.target_next
    }

    /// The producer id in use.
    pub fn producer(&self) -> Option<ProducerIdentity> {
        self.producer
    }

    /// The source's last stable offset as last seen.
    pub fn source_end(&self) -> Option<SourceOffset> {
        self.source_end
    }

    /// The source's log start offset as last seen.
    pub fn log_start(&self) -> Option<SourceOffset> {
        self.log_start
    }

    /// The offset this run is to reach, if it is to end.
    pub fn end(&self) -> Option<SourceOffset> {
        self.end
    }

    /// What was copied since the process started.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// Bytes fetched and not yet acknowledged.
    pub fn buffered_bytes(&self) -> usize {
        self.queue_bytes + self.in_flight_bytes
    }

    /// Returns trouble that has lasted long enough to be told.
    pub fn failing(&self, now: Instant) -> Option<&Trouble> {
        let told = |t: &&Trouble| now.saturating_duration_since(t.since) >= TROUBLE_GRACE;
        self.target_trouble.as_ref().filter(told).or(self.source_trouble.as_ref().filter(told))
    }

    /// Returns how long the oldest trouble has lasted.
    pub fn trouble_age(&self, now: Instant) -> Option<(Duration, &str)> {
        [&self.target_trouble, &self.source_trouble]
            .into_iter()
            .flatten()
            .map(|t| (now.saturating_duration_since(t.since), t.cause.as_str()))
            .max()
    }

    // ---- fetching -------------------------------------------------------------------------

    /// Returns what to fetch next, and the epoch of the last batch taken, or `None` where there is
    /// nothing to fetch or no room for it.
    pub fn wants_fetch(&self, bytes_max: usize, now: Instant) -> FetchWish {
        let reached = self.end.is_some_and(|end| self.fetch_next >= end);
        if self.phase != Phase::Copying || self.draining || reached || self.stop_pending.is_some() {
            return FetchWish::Nothing;
        }
        if let Some(trouble) = &self.source_trouble
            && now < trouble.retry_at
        {
            return FetchWish::At(trouble.retry_at);
        }
        if let Some(trouble) = &self.target_trouble {
            // What is already here waits; more of it would only take memory from others.
            return FetchWish::At(trouble.retry_at);
        }
        if self.buffered_bytes() >= bytes_max {
            return FetchWish::Crowded;
        }
        FetchWish::From { offset: self.fetch_next, last_epoch: self.last_epoch }
    }

    /// Takes in an answer to a fetch at `asked`; an answer to an older question is ignored.
    pub fn on_fetched(&mut self, asked: SourceOffset, taken: Taken) -> Vec<StopCause> {
        if asked != self.fetch_next || self.phase != Phase::Copying || self.draining {
            return Vec::new();
        }
        self.source_trouble = None;
        for item in taken.items {
            self.queue_bytes += item.size_bytes();
            self.queue.push_back(item);
        }
        if let Some(next) = taken.next {
            self.fetch_next = next;
            self.advance(next);
        }
        self.last_epoch = taken.last_epoch.unwrap_or(self.last_epoch);
        self.count_dropped(taken.dropped);
        self.totals.missing += taken.skipped.len() as u64;
        if let Some(cause) = taken.stop {
            // What came before the fault is still good and goes out first.
            self.stop_when_flushed(cause);
        }
        self.finish_if_done();
        taken.skipped
    }

    /// Stops once all that was fetched is acknowledged; nothing more is fetched.
    pub fn stop_when_flushed(&mut self, cause: StopCause) {
        self.stop_pending.get_or_insert(cause);
        self.finish_if_done();
    }

    fn count_dropped(&mut self, dropped: Dropped) {
        let total = &mut self.totals.dropped;
        total.control += dropped.control;
        total.aborted += dropped.aborted;
        total.empty += dropped.empty;
        total.foreign += dropped.foreign;
    }

    /// Moves the position behind the last batch known to `next`: what lies between holds nothing
    /// to copy.
    fn advance(&mut self, next: SourceOffset) {
        if let Some(item) = self.queue.back_mut() {
            item.next = next;
        } else if let Some(last) = self.in_flight.back_mut() {
            last.item.next = next;
        } else {
            self.copied = next;
        }
    }

    /// Takes note of where the source's log begins and ends.
    pub fn on_source_bounds(&mut self, log_start: Option<SourceOffset>, end: Option<SourceOffset>) {
        self.log_start = log_start.or(self.log_start);
        self.source_end = end.or(self.source_end);
    }

    /// Takes note of trouble at the source.
    pub fn on_source_trouble(&mut self, cause: String, remedy: Remedy, now: Instant) {
        let pause = if remedy == Remedy::Fatal { FATAL_RETRY_PAUSE } else { self.backoff.next_pause() };
        let since = self.source_trouble.as_ref().map_or(now, |t| t.since);
        self.source_trouble = Some(Trouble { since, cause, retry_at: now + pause });
    }

    /// Goes on behind a range that is missing, under a policy that says so; the queue goes out first.
    pub fn skip_to(&mut self, next: SourceOffset) {
        let missing = next.0.saturating_sub(self.fetch_next.0);
        self.totals.missing += u64::try_from(missing).unwrap_or(0);
        self.fetch_next = next;
        self.last_epoch = -1;
        self.advance(next);
    }

    /// Returns the next offset to fetch.
    pub fn fetch_next(&self) -> SourceOffset {
        self.fetch_next
    }

    // ---- producing ------------------------------------------------------------------------

    /// Returns how many batches wait to be sent for the first time.
    pub fn queued(&self) -> impl ExactSizeIterator<Item = &Item> {
        self.queue.iter()
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
        let window = if self.proven { BATCHES_IN_FLIGHT_MAX } else { 1 };
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
        if self.draining {
            return None;
        }
        let producer = self.producer?;
        let item = self.queue.pop_front()?;
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

    /// Says whether a call of [`next_send`](Self::next_send) now would return something.
    pub fn can_send(&self, now: Instant) -> bool {
        if self.phase != Phase::Copying || self.retry_at().is_some_and(|at| now < at) {
            return false;
        }
        let awaiting = self.in_flight.iter().filter(|f| f.awaiting).count();
        let window = if self.proven { BATCHES_IN_FLIGHT_MAX } else { 1 };
        let resend = self.in_flight.len() > awaiting;
        let fresh = !self.draining && !self.queue.is_empty();
        awaiting < window && (resend || fresh)
    }

    /// Waits for every answer before sending on, because another broker leads now.
    pub fn on_rerouted(&mut self) {
        self.proven = false;
    }

    /// Takes note of what became of a batch.
    pub fn on_outcome(&mut self, ticket: u64, outcome: SendOutcome, now: Instant) -> Reaction {
        let Some(index) = self.in_flight.iter().position(|f| f.ticket == ticket) else {
            return Reaction::None;
        };
        match outcome {
            SendOutcome::Acknowledged(base) if index == 0 => self.on_acknowledged(base),
            // A later batch is in the log while an earlier one is not known to be.
            SendOutcome::Acknowledged(_) => Reaction::StartOver,
            SendOutcome::Lost(cause) => {
                self.on_target_trouble(index, cause, Remedy::Refresh, now);
                Reaction::Refresh
            }
            SendOutcome::Refused(code, message) => self.on_refused(index, code, message, now),
        }
    }

    fn on_acknowledged(&mut self, base: Option<TargetOffset>) -> Reaction {
        let Some(sent) = self.in_flight.pop_front() else { return Reaction::None };
        self.in_flight_bytes -= sent.item.size_bytes();
        if let Some(base) = base {
            if base < self.target_next {
                let cause = StopCause::TargetTruncated { expected: self.target_next, acknowledged: base };
                self.stop(cause);
                return Reaction::Stopped;
            }
            self.target_next = TargetOffset(base.0 + i64::from(sent.item.records()));
        }
        self.copied = sent.item.next;
        self.proven = true;
        self.target_trouble = None;
        self.backoff.reset();
        self.totals.records += u64::try_from(sent.item.records()).unwrap_or(0);
        self.totals.bytes += sent.item.size_bytes() as u64;
        if sent.item.passed_through {
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
            // The broker has it and has forgotten where.
            E::DuplicateSequenceNumber if index == 0 => self.on_acknowledged(None),
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
                Reaction::StartOver
            }
            E::MessageTooLarge | E::RecordListTooLarge => Reaction::StartOver,
            E::TopicAuthorizationFailed | E::ClusterAuthorizationFailed => {
                self.on_target_trouble(index, describe(code, message), Remedy::Fatal, now);
                Reaction::RetryLater
            }
            // The bytes were damaged on the way, or were so when fetched: fetched again they show it.
            E::CorruptMessage => Reaction::StartOver,
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

    fn on_target_trouble(&mut self, index: usize, cause: String, remedy: Remedy, now: Instant) {
        self.in_flight[index].awaiting = false;
        self.proven = false;
        let pause = if remedy == Remedy::Fatal { FATAL_RETRY_PAUSE } else { self.backoff.next_pause() };
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
    /// later, those in flight move to buffers of their own size.
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
            sent.item.batch = RawBatch { header: batch.header, bytes: Bytes::copy_from_slice(&batch.bytes) };
        }
    }

    fn finish_if_done(&mut self) {
        if self.phase != Phase::Copying || !self.queue.is_empty() || !self.in_flight.is_empty() {
            return;
        }
        if let Some(cause) = self.stop_pending.take() {
            self.phase = Phase::Stopped(cause);
        } else if self.end.is_some_and(|end| self.copied >= end) {
            self.phase = Phase::Finished;
        }
    }
}

/// Says what a partition wants of the next fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FetchWish {
    /// Nothing, now or later.
    Nothing,
    /// Not before this time.
    At(Instant),
    /// There is more, but no room; soon.
    Crowded,
    /// From this offset.
    From {
        /// The first offset wanted.
        offset: SourceOffset,
        /// The leader epoch of the last batch taken, -1 for none.
        last_epoch: i32,
    },
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
