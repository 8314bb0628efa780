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

mod fetching;
mod parts;
mod producing;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use self::parts::{Doubt, InFlight, Pending};
pub use self::parts::{FetchWish, Phase, Reaction, Room, SendOutcome, Sending, Totals, Trouble};
use super::event::StopCause;
use super::intake::Item;
use super::limits::{BATCHES_IN_FLIGHT_NEAR_MAX, FATAL_RETRY_PAUSE_MIN, QUEUED_BYTES_LOW, TROUBLE_GRACE};
use super::offset_map::{Growing, Pair};
use crate::kafka::buffers::MemoryBudget;
use crate::kafka::error::Remedy;
use crate::kafka::producer_ids::ProducerIdentity;
use crate::kafka::retry::Backoff;
use crate::types::{SourceOffset, TargetOffset};

/// Copies one partition.
#[derive(Debug)]
pub struct Partition {
    phase: Phase,
    /// The next offset to fetch.
    fetch_next: SourceOffset,
    last_epoch: i32,
    queue: VecDeque<Item>,
    queue_bytes: usize,
    /// The last wish to fetch found no room.
    is_crowded: bool,
    in_flight: VecDeque<InFlight>,
    in_flight_bytes: usize,
    next_ticket: u64,
    producer: Option<ProducerIdentity>,
    next_sequence: i32,
    /// How many batches may be in flight.
    in_flight_max: usize,
    /// When the last acknowledgement came, if there was no trouble since: several may be in flight.
    proven_at: Option<Instant>,
    /// The position: everything before it is at the target.
    copied: SourceOffset,
    /// The leader epoch of the source's last batch before the position; -1 where it is not known.
    copied_epoch: i32,
    /// Where the source's answers were damaged last, and how often in a row.
    damage: Option<(SourceOffset, u32)>,
    /// The lowest offset the target's next batch can have.
    target_next: TargetOffset,
    /// Which source offset stands where at the target, as far as it is not kept there yet.
    map: Growing,
    /// What was left out under a policy and is not recorded yet, by the first offset left out.
    skips: Vec<(SourceOffset, StopCause)>,
    source_end: Option<SourceOffset>,
    log_start: Option<SourceOffset>,
    end: Option<SourceOffset>,
    target_trouble: Option<Trouble>,
    source_trouble: Option<Trouble>,
    /// Why it last started over; outlives the start, for the same may happen again.
    doubt: Option<Doubt>,
    backoff: Backoff,
    totals: Totals,
    draining: bool,
    /// What happens once everything fetched is acknowledged.
    pending: Option<Pending>,
    /// The size of the batch the target refused as too large, until its limit is looked up again.
    refused_size: Option<usize>,
    /// Pays for what has to be copied.
    budget: MemoryBudget,
}

impl Partition {
    /// Makes a partition that still has to be started; `seed` spreads its pauses.
    pub fn new(seed: u64, budget: MemoryBudget) -> Self {
        Self {
            phase: Phase::Starting,
            fetch_next: SourceOffset(0),
            last_epoch: -1,
            queue: VecDeque::new(),
            queue_bytes: 0,
            is_crowded: false,
            in_flight: VecDeque::new(),
            in_flight_bytes: 0,
            next_ticket: 0,
            producer: None,
            next_sequence: 0,
            in_flight_max: BATCHES_IN_FLIGHT_NEAR_MAX,
            proven_at: None,
            copied: SourceOffset(0),
            copied_epoch: -1,
            damage: None,
            target_next: TargetOffset(0),
            map: Growing::default(),
            skips: Vec::new(),
            source_end: None,
            log_start: None,
            end: None,
            target_trouble: None,
            source_trouble: None,
            doubt: None,
            backoff: Backoff::seeded(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
            totals: Totals::default(),
            draining: false,
            pending: None,
            refused_size: None,
            budget,
        }
    }

    /// Begins, or begins again, at positions that are known to be right, as a partition of which nothing
    /// was copied before; else [`set_map`](Self::set_map) says what was.
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
        self.copied_epoch = -1;
        self.damage = None;
        self.target_next = target_next;
        self.map = Growing::anew(target_next.0, Pair { source: next.0, target: target_next.0 });
        self.producer = Some(producer);
        self.pending = None;
        self.next_sequence = 0;
        self.proven_at = None;
        self.end = self.end.or(end);
        self.target_trouble = None;
        self.source_trouble = None;
        self.finish_if_done();
    }

    /// Takes what is known of earlier copies; call it right after [`start`](Self::start).
    pub fn set_map(&mut self, map: Growing) {
        self.map = map;
    }

    /// Takes the leader epoch of the source's last batch before the position, as an earlier run knew it: where
    /// the source has lost that batch since, the first fetch shows it. Call it right after
    /// [`start`](Self::start).
    pub fn set_epoch(&mut self, epoch: i32) {
        self.last_epoch = epoch;
        self.copied_epoch = epoch;
    }

    /// Returns the leader epoch of the source's last batch before the position, where it is known.
    pub fn copied_epoch(&self) -> Option<i32> {
        Some(self.copied_epoch).filter(|epoch| *epoch >= 0)
    }

    /// Returns the offset map as far as it is in memory, up to the position.
    pub fn map(&mut self) -> &mut Growing {
        self.map.reach(Pair { source: self.copied.0, target: self.target_next.0 });
        &mut self.map
    }

    /// Takes note of what is left out under a policy, to be recorded with or before the position behind it;
    /// returns whether the same was noted just before.
    pub fn note_skip(&mut self, from: SourceOffset, cause: StopCause) -> bool {
        let is_noted = self.skips.iter().any(|(_, known)| *known == cause);
        if !is_noted {
            self.skips.push((from, cause));
        }
        is_noted
    }

    /// Returns what was left out and is not recorded yet.
    pub fn skips(&self) -> &[(SourceOffset, StopCause)] {
        &self.skips
    }

    /// Forgets the first `count` of [`skips`](Self::skips): they are recorded.
    pub fn forget_skips(&mut self, count: usize) {
        self.skips.drain(..count.min(self.skips.len()));
    }

    /// Puts the partition back to before its start, after doubt.
    pub fn start_over(&mut self) {
        self.clear_unacknowledged();
        self.phase = Phase::Starting;
    }

    /// Returns how long to wait after a failure.
    fn pause(&mut self, remedy: Remedy) -> Duration {
        let pause = self.backoff.next_pause();
        if remedy == Remedy::Fatal { pause.max(FATAL_RETRY_PAUSE_MIN) } else { pause }
    }

    /// Takes note of what keeps the partition from being started; it is tried again after a pause.
    pub fn on_start_failed(&mut self, cause: String, remedy: Remedy, now: Instant) {
        if self.phase == Phase::Starting {
            self.on_source_trouble(cause, remedy, now);
        }
    }

    /// Says whether it is time to try to start the partition.
    pub fn wants_start(&self, now: Instant) -> bool {
        self.phase == Phase::Starting
            && !self.draining
            && [self.source_trouble.as_ref(), self.doubt()].into_iter().flatten().all(|t| now >= t.retry_at)
    }

    /// Returns why the partition started over, as long as nothing was copied since.
    fn doubt(&self) -> Option<&Trouble> {
        self.doubt.as_ref().filter(|doubt| self.copied <= doubt.copied).map(|doubt| &doubt.trouble)
    }

    /// Says whether the target refused a batch for its size since its limit was last looked up.
    pub fn has_refused_size(&self) -> bool {
        self.refused_size.is_some()
    }

    /// Takes the size of the batch that was refused for it.
    pub fn take_refused_size(&mut self) -> Option<usize> {
        self.refused_size.take()
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

    /// Ends the copy here: nothing more is sent, and no answer counts.
    pub fn let_go(&mut self) {
        self.drain();
        self.start_over();
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

    /// Bytes fetched and not yet sent.
    pub fn queued_bytes(&self) -> usize {
        self.queue_bytes
    }

    /// Says, once, that a partition which had no room to fetch has sent most of what it held.
    pub fn take_has_room(&mut self) -> bool {
        let has_room = self.is_crowded && self.queue_bytes <= QUEUED_BYTES_LOW;
        self.is_crowded &= !has_room;
        has_room
    }

    /// Returns trouble that has lasted long enough to be told.
    pub fn failing(&self, now: Instant) -> Option<&Trouble> {
        let told = |t: &&Trouble| now.saturating_duration_since(t.since) >= TROUBLE_GRACE;
        let target = self.target_trouble.as_ref().filter(told).or(self.doubt().filter(told));
        target.or(self.source_trouble.as_ref().filter(told))
    }

    /// Returns how long the oldest trouble has lasted.
    pub fn trouble_age(&self, now: Instant) -> Option<(Duration, &str)> {
        [self.target_trouble.as_ref(), self.source_trouble.as_ref(), self.doubt()]
            .into_iter()
            .flatten()
            .map(|t| (now.saturating_duration_since(t.since), t.cause.as_str()))
            .max()
    }

    fn finish_if_done(&mut self) {
        if self.phase != Phase::Copying || !self.queue.is_empty() || !self.in_flight.is_empty() {
            return;
        }
        if let Some(pending) = self.pending.take() {
            self.phase = match pending {
                Pending::Stop(cause) => Phase::Stopped(cause),
                Pending::StartOver => Phase::Starting,
            };
        } else if self.end.is_some_and(|end| self.copied >= end) {
            self.phase = Phase::Finished;
        }
    }
}
