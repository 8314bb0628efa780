//! A rebalance: when it begins, when it ends, and what its members are told.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::JoinGroupResponse;
use kafka_protocol::messages::join_group_response::JoinGroupResponseMember;

use super::group::{Group, GroupState, Initial};
use super::member::{Member, Waiting};
use super::{Millis, Outbox, sync, text};

/// From this version on the protocol's name may be null.
const PROTOCOL_NULLABLE: i16 = 7;

/// Answers a Join that is refused.
pub fn join_refused(error: ResponseError, member: &str, version: i16) -> JoinGroupResponse {
    JoinGroupResponse::default()
        .with_error_code(error.code())
        .with_generation_id(-1)
        .with_protocol_name((version < PROTOCOL_NULLABLE).then(|| text("")))
        .with_member_id(text(member))
}

/// Answers a Join with the current generation; only the leader is told of all members.
pub(super) fn join_answer(group: &Group, id: &str, version: i16) -> JoinGroupResponse {
    let protocol = group.protocol.as_deref();
    let members = if group.is_leader(id) { &group.members[..] } else { &[] };
    let describe = |member: &Member| {
        JoinGroupResponseMember::default()
            .with_member_id(text(&member.id))
            .with_group_instance_id(member.instance_id.as_deref().map(text))
            .with_metadata(member.metadata(protocol.unwrap_or_default()))
    };
    JoinGroupResponse::default()
        .with_generation_id(group.generation)
        .with_protocol_type(group.protocol_type.as_deref().map(text))
        .with_protocol_name(match protocol {
            None if version < PROTOCOL_NULLABLE => Some(text("")),
            name => name.map(text),
        })
        .with_leader(text(group.leader.as_deref().unwrap_or_default()))
        .with_member_id(text(id))
        .with_members(members.iter().map(describe).collect())
}

impl Group {
    /// Begins a rebalance where none is under way, and ends it where nobody is missing.
    pub(super) fn rebalance_or_complete(&mut self, now: Millis, delay_ms: i64, outbox: &mut Outbox) {
        if self.state != GroupState::PreparingRebalance {
            self.prepare(now, delay_ms, outbox);
        }
        self.complete_if_all_joined(now, outbox);
    }

    fn prepare(&mut self, now: Millis, delay_ms: i64, outbox: &mut Outbox) {
        if self.state == GroupState::CompletingRebalance {
            self.drop_assignments(outbox);
        }
        let timeout_ms = self.rebalance_timeout_ms();
        self.initial = None;
        if self.state == GroupState::Empty {
            let wait_ms = delay_ms.min(timeout_ms);
            self.initial = Some(Initial { remaining_ms: timeout_ms - wait_ms, someone_came: false });
            self.join_deadline = Some(now + wait_ms);
        } else {
            self.join_deadline = Some(now + timeout_ms);
        }
        self.sync_deadline = None;
        self.unsynced.clear();
        self.state = GroupState::PreparingRebalance;
    }

    /// Tells those who wait for an assignment that there will be another rebalance first.
    fn drop_assignments(&mut self, outbox: &mut Outbox) {
        for member in &mut self.members {
            member.assignment.clear();
            if let Some(Waiting { ticket, .. }) = member.sync.take() {
                outbox.sync(ticket, sync::refused(ResponseError::RebalanceInProgress));
            }
        }
    }

    /// Ends the rebalance if all are there; a group that was empty waits its time out.
    pub(super) fn complete_if_all_joined(&mut self, now: Millis, outbox: &mut Outbox) {
        let initial = self.initial.is_some();
        if self.state == GroupState::PreparingRebalance && !initial && self.all_joined() {
            self.complete(now, outbox);
        }
    }

    /// Ends the rebalance, or the wait of a group that was empty, where its time is over.
    pub(super) fn join_time_is_over(&mut self, now: Millis, delay_ms: i64, outbox: &mut Outbox) {
        if let Some(initial) = &mut self.initial
            && initial.someone_came
            && initial.remaining_ms > 0
            && delay_ms > 0
        {
            let wait_ms = delay_ms.min(initial.remaining_ms);
            *initial = Initial { remaining_ms: initial.remaining_ms - wait_ms, someone_came: false };
            self.join_deadline = Some(now + wait_ms);
            return;
        }
        self.complete(now, outbox);
    }

    /// Starts the next generation with those who joined. Static members that did not may come back.
    fn complete(&mut self, now: Millis, outbox: &mut Outbox) {
        self.initial = None;
        let gone = self.members.iter().filter(|m| m.join.is_none() && m.instance_id.is_none());
        let gone: Vec<String> = gone.map(|member| member.id.clone()).collect();
        for id in gone {
            self.drop_member(&id, outbox);
        }
        if !self.elect() && !self.members.is_empty() {
            // Never at once, or a group of members with no patience at all would be looked at for ever.
            self.join_deadline = Some(now + self.rebalance_timeout_ms().max(1));
            return;
        }
        self.join_deadline = None;
        self.generation += 1;
        if self.members.is_empty() {
            self.become_empty();
            return;
        }
        self.state = GroupState::CompletingRebalance;
        self.protocol = self.select_protocol();
        self.sync_deadline = Some(now + self.rebalance_timeout_ms());
        self.unsynced = self.members.iter().map(|member| member.id.clone()).collect();
        self.answer_joins(now, outbox);
    }

    fn become_empty(&mut self) {
        self.state = GroupState::Empty;
        self.protocol = None;
        self.leader = None;
        self.sync_deadline = None;
    }

    /// Lets a member lead that joined, and returns whether there is one.
    fn elect(&mut self) -> bool {
        let joined = |member: &&Member| member.join.is_some();
        let leads = self.leader.as_deref().and_then(|id| self.member(id)).filter(joined);
        if leads.is_some() {
            return true;
        }
        let Some(next) = self.members.iter().find(joined).map(|member| member.id.clone()) else {
            return false;
        };
        self.leader = Some(next);
        true
    }

    fn answer_joins(&mut self, now: Millis, outbox: &mut Outbox) {
        let waiting = self.members.iter().filter_map(|m| m.join.map(|join| (m.id.clone(), join)));
        let answers: Vec<_> =
            waiting.map(|(id, join)| (join.ticket, join_answer(self, &id, join.version))).collect();
        for member in self.members.iter_mut().filter(|member| member.join.is_some()) {
            member.join = None;
            member.is_new = false;
            member.heard(now);
        }
        for (ticket, answer) in answers {
            outbox.join(ticket, answer);
        }
    }

    /// Takes a member out and answers what it waits for.
    pub(super) fn drop_member(&mut self, id: &str, outbox: &mut Outbox) {
        let Some(member) = self.remove(id) else { return };
        if let Some(join) = member.join {
            outbox.join(join.ticket, join_refused(ResponseError::UnknownMemberId, "", join.version));
        }
        if let Some(waiting) = member.sync {
            outbox.sync(waiting.ticket, sync::refused(ResponseError::UnknownMemberId));
        }
    }

    /// What follows from a member's going: the others share anew what it had.
    pub(super) fn after_removal(&mut self, now: Millis, outbox: &mut Outbox) {
        match self.state {
            GroupState::Empty => {}
            GroupState::PreparingRebalance => self.complete_if_all_joined(now, outbox),
            // The delay is one for groups that were empty, which this one was not.
            GroupState::Stable | GroupState::CompletingRebalance => {
                self.rebalance_or_complete(now, 0, outbox)
            }
        }
    }
}
