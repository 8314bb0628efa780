//! What goes into a partition's state machine and what comes out of it.

use std::ops::AddAssign;
use std::time::Instant;

use bytes::Bytes;
use kafka_protocol::ResponseError;

use super::super::event::StopCause;
use super::super::intake::{Dropped, Item};
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
    pub(super) retry_at: Instant,
}

/// Holds why a partition started over, and where it stood.
#[derive(Debug)]
pub(super) struct Doubt {
    pub(super) trouble: Trouble,
    pub(super) copied: SourceOffset,
}

/// Says what a partition does once everything fetched is acknowledged.
#[derive(Debug)]
pub(super) enum Pending {
    /// Stop for good.
    Stop(StopCause),
    /// Start again, where the source's log is another one.
    StartOver,
}

/// Holds a batch that has its sequence and is not acknowledged yet.
#[derive(Debug)]
pub(super) struct InFlight {
    pub(super) ticket: u64,
    pub(super) item: Item,
    pub(super) header: Bytes,
    pub(super) awaiting: bool,
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

impl AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        self.records += other.records;
        self.bytes += other.bytes;
        self.passed_through += other.passed_through;
        self.reencoded += other.reencoded;
        self.dropped += other.dropped;
        self.missing += other.missing;
    }
}

/// Says how much a partition may hold before it fetches no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Bytes not sent yet.
    pub queued_bytes_max: usize,
    /// Bytes in all.
    pub bytes_max: usize,
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
