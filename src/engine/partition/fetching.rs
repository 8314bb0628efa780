//! The source's side of a partition: what to fetch next, and what a fetch brought.

use std::time::{Duration, Instant};

use super::super::event::StopCause;
use super::super::intake::Taken;
use super::super::limits::DAMAGED_FETCHES_MAX;
use super::super::offset_map::PIECES_MAX;
use super::parts::Pending;
use super::{FetchWish, Partition, Phase, Room, Trouble};
use crate::kafka::error::Remedy;
use crate::types::SourceOffset;

/// How long a partition waits whose offset map has no room in memory.
const MAP_FULL_PAUSE: Duration = Duration::from_millis(200);

impl Partition {
    /// Returns what to fetch next, and the epoch of the last batch taken, or `None` where there is
    /// nothing to fetch or no room for it.
    pub fn wants_fetch(&mut self, room: Room, now: Instant) -> FetchWish {
        let reached = self.end.is_some_and(|end| self.fetch_next >= end);
        if self.phase != Phase::Copying || self.draining || reached || self.pending.is_some() {
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
        if self.map.pieces() >= PIECES_MAX {
            // They are kept at the target soon, and then there is room.
            return FetchWish::At(now + MAP_FULL_PAUSE);
        }
        self.is_crowded =
            self.queue_bytes >= room.queued_bytes_max || self.buffered_bytes() >= room.bytes_max;
        if self.is_crowded {
            return FetchWish::Crowded;
        }
        FetchWish::From { offset: self.fetch_next, last_epoch: self.last_epoch }
    }

    /// Takes in an answer to a fetch at `asked`; an answer to an older question is ignored.
    pub fn on_fetched(&mut self, asked: SourceOffset, taken: Taken, now: Instant) -> Vec<StopCause> {
        if asked != self.fetch_next || self.phase != Phase::Copying || self.draining {
            return Vec::new();
        }
        let trouble = self.source_trouble.take();
        for item in taken.items {
            self.queue_bytes += item.size_bytes();
            self.queue.push_back(item);
        }
        self.last_epoch = taken.last_epoch.unwrap_or(self.last_epoch);
        if let Some(next) = taken.next {
            self.fetch_next = next;
            self.advance(next, self.last_epoch);
        }
        self.totals.dropped += taken.dropped;
        self.totals.missing += taken.skipped.len() as u64;
        for cause in &taken.skipped {
            let from = cause.first_missing().unwrap_or(asked);
            self.note_skip(from, cause.clone());
        }
        match taken.stop {
            Some(StopCause::Damaged { offset, reason }) if self.is_fetched_again(offset) => {
                let cause = StopCause::Damaged { offset, reason }.to_string();
                self.on_source_trouble(cause, Remedy::Retry, now);
            }
            // What came before the fault is still good and goes out first.
            Some(cause) => self.stop_when_flushed(cause),
            None => self.damage = None,
        }
        if let Some(cause) = self.falls_short() {
            self.source_trouble = trouble;
            self.on_source_trouble(cause, Remedy::Retry, now);
        }
        self.finish_if_done();
        taken.skipped
    }

    /// Says that the source shows less than there was when the run began, if it does: a leader of a moment
    /// ago may not know its end yet (KIP-207), or has lost what nobody copied.
    fn falls_short(&self) -> Option<String> {
        let (next, end, shown) = (self.fetch_next, self.end?, self.source_end?);
        let is_short = shown <= next && next < end;
        is_short.then(|| format!("the source shows no record from {next} on, and had them up to {end}"))
    }

    /// Counts damage found at an offset; says whether it may have happened on the way, so that what was
    /// fetched is fetched again.
    fn is_fetched_again(&mut self, offset: SourceOffset) -> bool {
        let before = self.damage.filter(|(known, _)| *known == offset).map_or(0, |(_, times)| times);
        self.damage = Some((offset, before + 1));
        before + 1 < DAMAGED_FETCHES_MAX
    }

    /// Stops once all that was fetched is acknowledged; nothing more is fetched.
    pub fn stop_when_flushed(&mut self, cause: StopCause) {
        self.pending.get_or_insert(Pending::Stop(cause));
        self.finish_if_done();
    }

    /// Starts over once all that was fetched is acknowledged; nothing more is fetched.
    pub fn start_over_when_flushed(&mut self) {
        self.pending.get_or_insert(Pending::StartOver);
        self.finish_if_done();
    }

    /// Moves the position behind the last batch known to `next`: what lies between holds nothing
    /// to copy. `epoch` is the leader epoch before `next`.
    fn advance(&mut self, next: SourceOffset, epoch: i32) {
        if let Some(item) = self.queue.back_mut() {
            (item.next, item.epoch) = (next, epoch);
        } else if let Some(last) = self.in_flight.back_mut() {
            (last.item.next, last.item.epoch) = (next, epoch);
        } else {
            (self.copied, self.copied_epoch) = (next, epoch);
        }
    }

    /// Takes note of where the source's log begins and ends.
    pub fn on_source_bounds(&mut self, log_start: Option<SourceOffset>, end: Option<SourceOffset>) {
        self.log_start = log_start.or(self.log_start);
        self.source_end = end.or(self.source_end);
    }

    /// Takes note of trouble at the source.
    pub fn on_source_trouble(&mut self, cause: String, remedy: Remedy, now: Instant) {
        let pause = self.pause(remedy);
        let since = self.source_trouble.as_ref().map_or(now, |t| t.since);
        self.source_trouble = Some(Trouble { since, cause, retry_at: now + pause });
    }

    /// Goes on behind a range that is missing, under a policy that says so; the queue goes out first.
    pub fn skip_to(&mut self, next: SourceOffset, cause: StopCause) {
        self.note_skip(self.fetch_next, cause);
        let missing = next.0.saturating_sub(self.fetch_next.0);
        self.totals.missing += u64::try_from(missing).unwrap_or(0);
        self.fetch_next = next;
        self.last_epoch = -1;
        // What was refused was the position before.
        self.source_trouble = None;
        self.advance(next, -1);
        self.finish_if_done();
    }

    /// Returns the next offset to fetch.
    pub fn fetch_next(&self) -> SourceOffset {
        self.fetch_next
    }
}
