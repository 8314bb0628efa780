//! What is known of one transactional id.

use std::collections::BTreeSet;

use super::{Millis, NO_EPOCH, NO_PRODUCER_ID, PartitionKey, Producer};

/// The states of a transactional id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransactionState {
    /// It was initialised and has no transaction.
    Empty,
    /// A transaction is under way.
    Ongoing,
    /// It is committed; markers are being written.
    PrepareCommit,
    /// It is aborted; markers are being written.
    PrepareAbort,
    /// The last one was committed.
    CompleteCommit,
    /// The last one was aborted.
    CompleteAbort,
}

impl TransactionState {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Empty,
        Self::Ongoing,
        Self::PrepareCommit,
        Self::PrepareAbort,
        Self::CompleteCommit,
        Self::CompleteAbort,
    ];

    /// The name ListTransactions and DescribeTransactions show.
    pub fn name(self) -> &'static str {
        match self {
            Self::Empty => "Empty",
            Self::Ongoing => "Ongoing",
            Self::PrepareCommit => "PrepareCommit",
            Self::PrepareAbort => "PrepareAbort",
            Self::CompleteCommit => "CompleteCommit",
            Self::CompleteAbort => "CompleteAbort",
        }
    }

    /// Returns whether markers are being written.
    pub(super) fn is_ending(self) -> bool {
        matches!(self, Self::PrepareCommit | Self::PrepareAbort)
    }
}

/// One transactional id.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) producer: Producer,
    /// The producer id before the epochs of one were used up.
    pub(super) previous_id: i64,
    /// The producer id to take when the markers are written, where the epochs are used up.
    pub(super) next_id: Option<i64>,
    /// The epoch before this one, where the same producer asked for the new one.
    pub(super) last_epoch: i16,
    pub(super) timeout_ms: i32,
    pub(super) state: TransactionState,
    pub(super) partitions: BTreeSet<PartitionKey>,
    /// When the transaction under way began, -1 where there is none.
    pub(super) started: Millis,
    pub(super) updated: Millis,
    /// The last end of a transaction raised the epoch (KIP-890).
    pub(super) raises_epochs: bool,
}

impl Entry {
    /// Makes an entry that was never initialised.
    pub(super) fn new(now: Millis, producer_id: i64, timeout_ms: i32) -> Self {
        Self {
            producer: Producer { id: producer_id, epoch: NO_EPOCH },
            previous_id: NO_PRODUCER_ID,
            next_id: None,
            last_epoch: NO_EPOCH,
            timeout_ms,
            state: TransactionState::Empty,
            partitions: BTreeSet::new(),
            started: -1,
            updated: now,
            raises_epochs: false,
        }
    }

    /// Returns whether there is no further epoch to give: the last one is kept for shutting out.
    pub(super) fn is_exhausted(&self) -> bool {
        is_exhausted(self.producer.epoch)
    }

    /// Takes the markers for written.
    pub(super) fn complete(&mut self, now: Millis) {
        self.state = match self.state {
            TransactionState::PrepareCommit => TransactionState::CompleteCommit,
            TransactionState::PrepareAbort => TransactionState::CompleteAbort,
            other => other,
        };
        if let Some(id) = self.next_id.take() {
            self.previous_id = self.producer.id;
            self.last_epoch = self.producer.epoch;
            self.producer = Producer { id, epoch: 0 };
        }
        self.partitions.clear();
        self.updated = now;
    }

    /// Returns when the transaction under way has taken too long.
    pub(super) fn deadline(&self) -> Option<Millis> {
        (self.state == TransactionState::Ongoing).then(|| self.started + i64::from(self.timeout_ms))
    }

    pub(super) fn is_late(&self, now: Millis) -> bool {
        self.deadline().is_some_and(|deadline| deadline <= now)
    }

    /// Returns when it is forgotten, unless something is under way.
    pub(super) fn expires(&self, expiration_ms: i64) -> Option<Millis> {
        let rests = self.state != TransactionState::Ongoing && !self.state.is_ending();
        rests.then_some(self.updated + expiration_ms)
    }
}

/// Returns whether there is no epoch to give after this one.
pub(super) fn is_exhausted(epoch: i16) -> bool {
    epoch >= i16::MAX - 1
}
