//! One group: its members, its state and which protocol they agree on.

use std::collections::{BTreeMap, BTreeSet};

use kafka_protocol::ResponseError;

use super::commit::Offsets;
use super::member::Member;
use super::{Check, Millis};

/// The states of a classic group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupState {
    /// No members; only offsets may be there.
    Empty,
    /// Waits for members to join.
    PreparingRebalance,
    /// Waits for the leader's assignment.
    CompletingRebalance,
    /// Every member has its assignment.
    Stable,
}

impl GroupState {
    /// The name that ListGroups and DescribeGroups show.
    pub fn name(self) -> &'static str {
        match self {
            Self::Empty => "Empty",
            Self::PreparingRebalance => "PreparingRebalance",
            Self::CompletingRebalance => "CompletingRebalance",
            Self::Stable => "Stable",
        }
    }
}

/// A group.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) id: String,
    pub(super) state: GroupState,
    pub(super) generation: i32,
    pub(super) protocol_type: Option<String>,
    pub(super) protocol: Option<String>,
    pub(super) leader: Option<String>,
    /// By member id, in the order they came.
    pub(super) members: Vec<Member>,
    /// Member ids of static members, by instance id.
    pub(super) statics: BTreeMap<String, String>,
    /// Ids handed out with MEMBER_ID_REQUIRED that have not come back yet, and until when they may.
    pub(super) pending: BTreeMap<String, Millis>,
    /// Members of this generation that have not asked for their assignment yet.
    pub(super) unsynced: BTreeSet<String>,
    /// When the rebalance ends with those who are there.
    pub(super) join_deadline: Option<Millis>,
    /// Set while a group that was empty waits for more members: how much longer it may be extended.
    pub(super) initial: Option<Initial>,
    /// When members that have not asked for their assignment are dropped.
    pub(super) sync_deadline: Option<Millis>,
    pub(super) offsets: Offsets,
}

/// The first rebalance of a group that was empty.
#[derive(Debug, Clone, Copy)]
pub(super) struct Initial {
    pub(super) remaining_ms: i64,
    pub(super) someone_came: bool,
}

impl Group {
    pub(super) fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            state: GroupState::Empty,
            generation: 0,
            protocol_type: None,
            protocol: None,
            leader: None,
            members: Vec::new(),
            statics: BTreeMap::new(),
            pending: BTreeMap::new(),
            unsynced: BTreeSet::new(),
            join_deadline: None,
            initial: None,
            sync_deadline: None,
            offsets: Offsets::default(),
        }
    }

    pub(super) fn member(&self, id: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.id == id)
    }

    pub(super) fn member_mut(&mut self, id: &str) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.id == id)
    }

    pub(super) fn is_leader(&self, id: &str) -> bool {
        self.leader.as_deref() == Some(id)
    }

    /// Checks that a member is of this group, and its instance not replaced by another.
    pub(super) fn check_member(&self, id: &str, instance: Option<&str>) -> Check {
        if let Some(instance) = instance {
            match self.statics.get(instance) {
                None => return Err(ResponseError::UnknownMemberId),
                Some(current) if current != id => return Err(ResponseError::FencedInstanceId),
                Some(_) => {}
            }
        }
        self.member(id).map(|_| ()).ok_or(ResponseError::UnknownMemberId)
    }

    /// Returns whether a member with these protocols fits among the others.
    pub(super) fn supports(&self, protocol_type: &str, protocols: &[(String, bytes::Bytes)]) -> bool {
        if self.state == GroupState::Empty {
            return !protocol_type.is_empty() && !protocols.is_empty();
        }
        let common = self.candidates();
        let shared =
            self.members.is_empty() || protocols.iter().any(|(name, _)| common.contains(&name.as_str()));
        self.protocol_type.as_deref().is_none_or(|current| current == protocol_type) && shared
    }

    /// Returns the protocols that every member supports.
    pub(super) fn candidates(&self) -> Vec<&str> {
        let Some(first) = self.members.first() else { return Vec::new() };
        let names = first.protocols.iter().map(|(name, _)| name.as_str());
        names.filter(|name| self.members.iter().all(|member| member.supports(name))).collect()
    }

    /// Returns the protocol most members prefer among those that all support.
    pub(super) fn select_protocol(&self) -> Option<String> {
        let candidates = self.candidates();
        let votes = |name: &str| self.members.iter().filter(|m| m.vote(&candidates) == Some(name)).count();
        // The first among equals: `max_by_key` would take the last.
        let mut best: Option<(&str, usize)> = None;
        for name in &candidates {
            let count = votes(name);
            if best.is_none_or(|(_, most)| count > most) {
                best = Some((name, count));
            }
        }
        best.map(|(name, _)| name.to_owned())
    }

    /// Adds a member; the first decides the protocol type and leads.
    pub(super) fn add(&mut self, member: Member, protocol_type: &str) {
        if self.members.is_empty() {
            self.protocol_type = Some(protocol_type.to_owned());
        }
        if self.leader.is_none() {
            self.leader = Some(member.id.clone());
        }
        if let Some(instance) = &member.instance_id {
            self.statics.insert(instance.clone(), member.id.clone());
        }
        self.pending.remove(&member.id);
        self.members.push(member);
    }

    /// Takes a member out; where it led, another leads.
    pub(super) fn remove(&mut self, id: &str) -> Option<Member> {
        let place = self.members.iter().position(|member| member.id == id)?;
        let member = self.members.remove(place);
        self.unsynced.remove(id);
        if let Some(instance) = &member.instance_id
            && self.statics.get(instance).is_some_and(|current| current == id)
        {
            self.statics.remove(instance);
        }
        if self.is_leader(id) {
            self.leader = self.members.first().map(|member| member.id.clone());
        }
        Some(member)
    }

    /// Returns whether everybody who is of the group waits for the rebalance to end.
    pub(super) fn all_joined(&self) -> bool {
        self.pending.is_empty() && self.members.iter().all(|member| member.join.is_some())
    }

    /// Returns how long a rebalance waits: as long as its most patient member.
    pub(super) fn rebalance_timeout_ms(&self) -> i64 {
        i64::from(self.members.iter().map(|member| member.rebalance_timeout_ms).max().unwrap_or(0))
    }
}
