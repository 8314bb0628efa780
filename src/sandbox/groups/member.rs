//! One member of a group.

use bytes::Bytes;

use super::{Millis, Ticket};

/// A member, and what it waits for.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) id: String,
    pub(super) instance_id: Option<String>,
    pub(super) client_id: String,
    pub(super) client_host: String,
    pub(super) session_timeout_ms: i32,
    pub(super) rebalance_timeout_ms: i32,
    pub(super) protocols: Vec<(String, Bytes)>,
    pub(super) assignment: Bytes,
    pub(super) join: Option<Waiting>,
    pub(super) sync: Option<Waiting>,
    /// It was told its id only with the answer it still waits for, so it cannot send heartbeats.
    pub(super) is_new: bool,
    /// When it counts as gone.
    pub(super) expires: Millis,
}

/// A request that waits, and its version.
#[derive(Debug, Clone, Copy)]
pub(super) struct Waiting {
    pub(super) ticket: Ticket,
    pub(super) version: i16,
}

impl Member {
    /// Returns what the member sent along with a protocol.
    pub(super) fn metadata(&self, protocol: &str) -> Bytes {
        let found = self.protocols.iter().find(|(name, _)| name == protocol);
        found.map(|(_, metadata)| metadata.clone()).unwrap_or_default()
    }

    /// Returns whether the member supports a protocol.
    pub(super) fn supports(&self, protocol: &str) -> bool {
        self.protocols.iter().any(|(name, _)| name == protocol)
    }

    /// Returns the protocol this member votes for: the first of its own that all members know.
    pub(super) fn vote<'a>(&self, candidates: &[&'a str]) -> Option<&'a str> {
        let own = self.protocols.iter();
        own.filter_map(|(name, _)| candidates.iter().find(|candidate| *candidate == name).copied()).next()
    }

    /// Starts the session anew.
    pub(super) fn heard(&mut self, now: Millis) {
        self.expires = now + i64::from(self.session_timeout_ms);
    }

    /// Returns when the member is gone if nothing is heard of it. One that waits for an answer of ours
    /// cannot be expected to speak, unless it is new: that one may have left without our knowing.
    pub(super) fn deadline(&self) -> Option<Millis> {
        let waits = self.join.is_some() || self.sync.is_some();
        (self.is_new || !waits).then_some(self.expires)
    }
}
