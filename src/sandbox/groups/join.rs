//! JoinGroup.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::{JoinGroupRequest, JoinGroupResponse};

use super::group::{Group, GroupState};
use super::member::{Member, Waiting};
use super::rebalance::{join_answer, join_refused};
use super::{Caller, Groups, Millis, Outbox, Ticket, text};

/// From this version on a new dynamic member is told its id first and joins with it (KIP-394).
const REQUIRES_MEMBER_ID: i16 = 4;
/// From this version on a leader can be told to leave the assignment as it is (KIP-814).
const SKIPS_ASSIGNMENT: i16 = 9;
/// A new member that cannot send heartbeats yet is given this long.
const NEW_MEMBER_JOIN_TIMEOUT_MS: i64 = 5 * 60 * 1_000;

/// A Join, and for whom its answer is.
struct Joining<'a> {
    request: &'a JoinGroupRequest,
    caller: &'a Caller,
    ticket: Ticket,
    now: Millis,
}

impl Groups {
    /// Joins a member; the answer comes when the rebalance it takes part in ends.
    pub fn join(&mut self, now: Millis, caller: &Caller, request: &JoinGroupRequest) -> Ticket {
        let ticket = self.ticket();
        let joining = Joining { request, caller, ticket, now };
        if let Err(error) = self.try_join(&joining) {
            self.outbox.join(ticket, join_refused(error, &request.member_id, caller.version));
        }
        self.tick(now);
        ticket
    }

    fn try_join(&mut self, joining: &Joining<'_>) -> Result<(), ResponseError> {
        let request = joining.request;
        if request.group_id.is_empty() {
            return Err(ResponseError::InvalidGroupId);
        }
        let session = self.settings.session_timeout_ms_min..=self.settings.session_timeout_ms_max;
        if !session.contains(&request.session_timeout_ms) {
            return Err(ResponseError::InvalidSessionTimeout);
        }
        let unknown = request.member_id.is_empty();
        if !unknown && !self.groups.contains_key(request.group_id.as_str()) {
            return Err(ResponseError::UnknownMemberId);
        }
        let name = request.group_id.as_str();
        let group = self.groups.entry(name.to_owned()).or_insert_with(|| Group::new(name));
        if group.member(&request.member_id).is_none() && group.members.len() >= self.settings.members_max {
            return Err(ResponseError::GroupMaxSizeReached);
        }
        if !group.supports(&request.protocol_type, &protocols(request)) {
            return Err(ResponseError::InconsistentGroupProtocol);
        }
        let delay_ms = self.settings.initial_rebalance_delay_ms;
        if unknown {
            let prefix = request.group_instance_id.as_deref().unwrap_or(&joining.caller.client_id);
            let id = self.ids.member(prefix);
            join_new(group, joining, &id, delay_ms, &mut self.outbox);
            Ok(())
        } else {
            join_known(group, joining, delay_ms, &mut self.outbox)
        }
    }
}

fn protocols(request: &JoinGroupRequest) -> Vec<(String, bytes::Bytes)> {
    request.protocols.iter().map(|p| (p.name.to_string(), p.metadata.clone())).collect()
}

fn join_new(group: &mut Group, joining: &Joining<'_>, id: &str, delay_ms: i64, outbox: &mut Outbox) {
    let request = joining.request;
    let replaced =
        request.group_instance_id.as_deref().and_then(|instance| group.statics.get(instance).cloned());
    match (&request.group_instance_id, replaced) {
        (None, _) if joining.caller.version >= REQUIRES_MEMBER_ID => {
            group.pending.insert(id.to_owned(), joining.now + i64::from(request.session_timeout_ms));
            outbox.join(
                joining.ticket,
                join_refused(ResponseError::MemberIdRequired, id, joining.caller.version),
            );
        }
        (Some(_), Some(old)) => replace_static(group, joining, &old, id, delay_ms, outbox),
        _ => add(group, joining, id, delay_ms, outbox),
    }
}

fn join_known(
    group: &mut Group,
    joining: &Joining<'_>,
    delay_ms: i64,
    outbox: &mut Outbox,
) -> Result<(), ResponseError> {
    let request = joining.request;
    let id = request.member_id.as_str();
    if group.pending.contains_key(id) {
        add(group, joining, id, delay_ms, outbox);
        return Ok(());
    }
    group.check_member(id, request.group_instance_id.as_deref())?;
    let same = group.member(id).is_some_and(|member| member.protocols == protocols(request));
    let answered = match group.state {
        GroupState::Empty => return Err(ResponseError::UnknownMemberId),
        GroupState::PreparingRebalance => false,
        // Its answer was lost, it asks again.
        GroupState::CompletingRebalance => same,
        // A leader joins again to have the assignment made anew.
        GroupState::Stable => same && !group.is_leader(id),
    };
    if answered {
        outbox.join(joining.ticket, join_answer(group, id, joining.caller.version));
        return Ok(());
    }
    update(group, joining, id, outbox);
    group.rebalance_or_complete(joining.now, delay_ms, outbox);
    Ok(())
}

fn add(group: &mut Group, joining: &Joining<'_>, id: &str, delay_ms: i64, outbox: &mut Outbox) {
    let request = joining.request;
    let member = Member {
        id: id.to_owned(),
        instance_id: request.group_instance_id.as_ref().map(ToString::to_string),
        client_id: joining.caller.client_id.clone(),
        client_host: joining.caller.host.clone(),
        session_timeout_ms: request.session_timeout_ms,
        rebalance_timeout_ms: rebalance_timeout_ms(joining),
        protocols: protocols(request),
        assignment: bytes::Bytes::new(),
        join: Some(Waiting { ticket: joining.ticket, version: joining.caller.version }),
        sync: None,
        is_new: true,
        expires: joining.now + NEW_MEMBER_JOIN_TIMEOUT_MS,
    };
    group.add(member, &request.protocol_type);
    if let Some(initial) = &mut group.initial {
        initial.someone_came = true;
    }
    group.rebalance_or_complete(joining.now, delay_ms, outbox);
}

/// Takes over what a known member now says of itself, and lets its new request wait.
fn update(group: &mut Group, joining: &Joining<'_>, id: &str, outbox: &mut Outbox) {
    let Some(member) = group.member_mut(id) else { return };
    member.protocols = protocols(joining.request);
    member.session_timeout_ms = joining.request.session_timeout_ms;
    member.rebalance_timeout_ms = rebalance_timeout_ms(joining);
    let waiting = Waiting { ticket: joining.ticket, version: joining.caller.version };
    if let Some(earlier) = member.join.replace(waiting) {
        outbox.join(earlier.ticket, join_refused(ResponseError::UnknownMemberId, "", earlier.version));
    }
}

/// Puts a static member that came back in the place of its former self.
fn replace_static(
    group: &mut Group,
    joining: &Joining<'_>,
    old: &str,
    id: &str,
    delay_ms: i64,
    outbox: &mut Outbox,
) {
    let former_leader = group.leader.clone().unwrap_or_default();
    if group.is_leader(old) {
        group.leader = Some(id.to_owned());
    }
    if group.unsynced.remove(old) {
        group.unsynced.insert(id.to_owned());
    }
    if let Some(instance) = &joining.request.group_instance_id {
        group.statics.insert(instance.to_string(), id.to_owned());
    }
    if let Some(member) = group.member_mut(old) {
        member.id = id.to_owned();
        if let Some(join) = member.join.take() {
            outbox.join(join.ticket, join_refused(ResponseError::FencedInstanceId, old, join.version));
        }
        if let Some(sync) = member.sync.take() {
            outbox.sync(sync.ticket, super::sync::refused(ResponseError::FencedInstanceId));
        }
    }
    update(group, joining, id, outbox);
    if group.state == GroupState::Stable && group.select_protocol() == group.protocol {
        let answer = rejoined(group, joining, &former_leader, id);
        if let Some(member) = group.member_mut(id) {
            member.join = None;
            member.heard(joining.now);
        }
        outbox.join(joining.ticket, answer);
        return;
    }
    group.rebalance_or_complete(joining.now, delay_ms, outbox);
}

/// The answer to a static member that came back into a stable group: no rebalance. Where it leads and
/// its client knows how, it is told to skip the assignment; an older one is told of its former self as
/// the leader, so that it does not make one.
fn rejoined(group: &Group, joining: &Joining<'_>, former_leader: &str, id: &str) -> JoinGroupResponse {
    let mut answer = join_answer(group, id, joining.caller.version);
    if group.is_leader(id) {
        let skips = joining.caller.version >= SKIPS_ASSIGNMENT;
        answer.skip_assignment = skips;
        if !skips {
            answer.leader = text(former_leader);
            answer.members.clear();
        }
    }
    answer
}

/// Before version 1 there is one timeout for both.
fn rebalance_timeout_ms(joining: &Joining<'_>) -> i32 {
    match joining.caller.version {
        0 => joining.request.session_timeout_ms,
        _ => joining.request.rebalance_timeout_ms,
    }
}
