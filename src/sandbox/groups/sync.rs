//! SyncGroup and Heartbeat.

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::{HeartbeatRequest, SyncGroupRequest, SyncGroupResponse};

use super::group::{Group, GroupState};
use super::member::Waiting;
use super::{Caller, Check, Groups, Millis, Outbox, Ticket, text};

/// Answers a Sync that is refused.
pub(super) fn refused(error: ResponseError) -> SyncGroupResponse {
    SyncGroupResponse::default().with_error_code(error.code())
}

impl Groups {
    /// Takes the leader's assignment, or asks for a member's; the answer comes with the leader's.
    pub fn sync(&mut self, now: Millis, caller: &Caller, request: &SyncGroupRequest) -> Ticket {
        let ticket = self.ticket();
        let waiting = Waiting { ticket, version: caller.version };
        let outbox = &mut self.outbox;
        let done = match self.groups.get_mut(request.group_id.as_str()) {
            _ if request.group_id.is_empty() => Err(ResponseError::InvalidGroupId),
            None => Err(ResponseError::UnknownMemberId),
            Some(group) => group.sync(now, waiting, request, outbox),
        };
        if let Err(error) = done {
            self.outbox.sync(ticket, refused(error));
        }
        self.tick(now);
        ticket
    }

    /// Hears that a member is alive.
    pub fn heartbeat(&mut self, now: Millis, request: &HeartbeatRequest) -> Check {
        self.tick(now);
        if request.group_id.is_empty() {
            return Err(ResponseError::InvalidGroupId);
        }
        let group = self.groups.get_mut(request.group_id.as_str()).ok_or(ResponseError::UnknownMemberId)?;
        group.check_member(&request.member_id, request.group_instance_id.as_deref())?;
        if request.generation_id != group.generation {
            return Err(ResponseError::IllegalGeneration);
        }
        let rebalances = match group.state {
            GroupState::Empty => return Err(ResponseError::UnknownMemberId),
            GroupState::PreparingRebalance => true,
            GroupState::CompletingRebalance | GroupState::Stable => false,
        };
        if let Some(member) = group.member_mut(&request.member_id) {
            member.heard(now);
        }
        if rebalances { Err(ResponseError::RebalanceInProgress) } else { Ok(()) }
    }
}

impl Group {
    fn check_sync(&self, request: &SyncGroupRequest) -> Check {
        self.check_member(&request.member_id, request.group_instance_id.as_deref())?;
        if request.generation_id != self.generation {
            return Err(ResponseError::IllegalGeneration);
        }
        let differs =
            |said: Option<&str>, own: &Option<String>| said.is_some_and(|said| Some(said) != own.as_deref());
        if differs(request.protocol_type.as_deref(), &self.protocol_type)
            || differs(request.protocol_name.as_deref(), &self.protocol)
        {
            return Err(ResponseError::InconsistentGroupProtocol);
        }
        match self.state {
            GroupState::Empty => Err(ResponseError::UnknownMemberId),
            GroupState::PreparingRebalance => Err(ResponseError::RebalanceInProgress),
            GroupState::CompletingRebalance | GroupState::Stable => Ok(()),
        }
    }

    fn sync(
        &mut self,
        now: Millis,
        waiting: Waiting,
        request: &SyncGroupRequest,
        outbox: &mut Outbox,
    ) -> Check {
        self.check_sync(request)?;
        let id = request.member_id.as_str();
        self.unsynced.remove(id);
        if let Some(member) = self.member_mut(id) {
            member.heard(now);
            if let Some(earlier) = member.sync.replace(waiting) {
                outbox.sync(earlier.ticket, refused(ResponseError::UnknownMemberId));
            }
        }
        if self.state == GroupState::CompletingRebalance && self.is_leader(id) {
            self.assign(request);
        }
        if self.state == GroupState::Stable {
            self.answer_syncs(now, outbox);
        }
        Ok(())
    }

    /// Takes the leader's word; a member it does not name is assigned nothing.
    fn assign(&mut self, request: &SyncGroupRequest) {
        for member in &mut self.members {
            let given = request.assignments.iter().find(|assigned| *assigned.member_id == *member.id);
            member.assignment = given.map(|assigned| assigned.assignment.clone()).unwrap_or_default();
        }
        self.state = GroupState::Stable;
    }

    fn answer_syncs(&mut self, now: Millis, outbox: &mut Outbox) {
        let (kind, name) = (self.protocol_type.as_deref().map(text), self.protocol.as_deref().map(text));
        for member in &mut self.members {
            let Some(sync) = member.sync.take() else { continue };
            member.heard(now);
            let answer =
                answer(&member.assignment).with_protocol_type(kind.clone()).with_protocol_name(name.clone());
            outbox.sync(sync.ticket, answer);
        }
    }
}

fn answer(assignment: &Bytes) -> SyncGroupResponse {
    SyncGroupResponse::default().with_assignment(assignment.clone())
}
