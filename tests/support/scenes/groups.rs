//! Members of groups.

use bytes::Bytes;
use kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol;
use kafka_protocol::messages::leave_group_request::MemberIdentity;
use kafka_protocol::messages::sync_group_request::SyncGroupRequestAssignment;
use kafka_protocol::messages::{
    DeleteGroupsRequest, DescribeGroupsRequest, GroupId, HeartbeatRequest, JoinGroupRequest,
    JoinGroupResponse, LeaveGroupRequest, ListGroupsRequest, SyncGroupRequest,
};
use kafka_protocol::protocol::StrBytes;

use super::Scene;
use crate::support::build::text;
use crate::support::player::Player;

pub const SCENES: &[Scene] = &[
    ("group-alone", alone),
    ("group-two", two),
    ("group-older-versions", older_versions),
    ("group-static", statics),
    ("group-refusals", refusals),
    ("group-leaves", leaves),
    ("group-protocols", protocols),
    ("group-admin", admin),
    ("group-not-there", not_there),
    ("group-silent", silent),
    ("group-static-rebalance", static_rebalance),
    ("group-rejoins", rejoins),
];

fn group(p: &Player) -> GroupId {
    GroupId(p.own("group"))
}

/// A subscription to the topic `t`.
const SUBSCRIPTION: &[u8] = &[0, 0, 0, 0, 0, 1, 0, 1, b't', 0, 0, 0, 0];

pub fn join(p: &Player, member: &str) -> JoinGroupRequest {
    let protocol = JoinGroupRequestProtocol::default()
        .with_name(text("range"))
        .with_metadata(Bytes::from_static(SUBSCRIPTION));
    JoinGroupRequest::default()
        .with_group_id(group(p))
        .with_member_id(text(member))
        .with_session_timeout_ms(30_000)
        .with_rebalance_timeout_ms(30_000)
        .with_protocol_type(text("consumer"))
        .with_protocols(vec![protocol])
}

pub fn sync(
    p: &Player,
    member: &str,
    generation: i32,
    assigned: &[(&str, &'static str)],
) -> SyncGroupRequest {
    let assignments = assigned.iter().map(|(to, what)| {
        let assigned = SyncGroupRequestAssignment::default().with_member_id(text(to));
        assigned.with_assignment(Bytes::from_static(what.as_bytes()))
    });
    SyncGroupRequest::default()
        .with_group_id(group(p))
        .with_member_id(text(member))
        .with_generation_id(generation)
        .with_protocol_type(Some(text("consumer")))
        .with_protocol_name(Some(text("range")))
        .with_assignments(assignments.collect())
}

fn heartbeat(p: &Player, member: &str, generation: i32) -> HeartbeatRequest {
    HeartbeatRequest::default()
        .with_group_id(group(p))
        .with_member_id(text(member))
        .with_generation_id(generation)
}

fn leave(p: &Player, members: Vec<MemberIdentity>) -> LeaveGroupRequest {
    LeaveGroupRequest::default().with_group_id(group(p)).with_members(members)
}

fn named(member: &str) -> MemberIdentity {
    MemberIdentity::default().with_member_id(text(member))
}

fn describe(p: &mut Player, version: i16) {
    let request = DescribeGroupsRequest::default().with_groups(vec![group(p)]);
    p.ask_sorted(version, &request, |answer| {
        for group in &mut answer.groups {
            group.members.sort_by_key(|member| member.member_assignment.clone());
        }
    });
}

/// Joins as a new member and returns its id.
pub fn enter(p: &mut Player) -> StrBytes {
    let told = p.ask(9, &join(p, ""));
    p.ask(9, &join(p, &told.member_id));
    told.member_id
}

fn alone(p: &mut Player) {
    let member = enter(p);
    p.ask(4, &heartbeat(p, &member, 1));
    describe(p, 5);
    p.ask(5, &sync(p, &member, 1, &[(&member, "all")]));
    describe(p, 5);
    p.ask(5, &sync(p, &member, 1, &[]));
    p.ask(4, &heartbeat(p, &member, 1));
    p.ask(4, &heartbeat(p, &member, 2));
    // The leader joins again: another generation.
    p.ask(9, &join(p, &member));
    p.ask(4, &heartbeat(p, &member, 1));
    p.ask(5, &leave(p, vec![named(&member)]));
    describe(p, 5);
    p.ask(4, &heartbeat(p, &member, 2));
}

fn two(p: &mut Player) {
    let other = p.open();
    let first = enter(p);
    p.ask(5, &sync(p, &first, 1, &[(&first, "all")]));
    let told = p.ask_on(other, 9, &join(p, ""));
    let second = told.member_id;
    let request = join(p, &second);
    p.send(other, 9, &request);
    p.until(4, &heartbeat(p, &first, 1), |answer| answer.error_code == 27);
    describe(p, 5);
    p.ask(5, &sync(p, &first, 1, &[]));
    let order = |answer: &mut JoinGroupResponse| {
        answer.members.sort_by_key(|member| member.member_id != answer.leader);
    };
    p.ask_sorted(9, &join(p, &first), order);
    p.receive::<JoinGroupRequest>(other, 9);
    let request = sync(p, &second, 2, &[]);
    p.send(other, 5, &request);
    p.ask(5, &sync(p, &first, 2, &[(&first, "one"), (&second, "two")]));
    p.receive::<SyncGroupRequest>(other, 5);
    // A follower that joins as before learns the same generation.
    p.ask_on(other, 9, &join(p, &second));
    p.ask(4, &heartbeat(p, &first, 2));
    // The leader goes; the other leads.
    p.ask(5, &leave(p, vec![named(&first)]));
    p.ask_on(other, 4, &heartbeat(p, &second, 2));
    p.ask_on(other, 9, &join(p, &second));
}

fn older_versions(p: &mut Player) {
    for version in 0..=9 {
        let own = GroupId(p.own(&format!("v{version}")));
        let mut request = join(p, "").with_group_id(own.clone());
        if version == 0 {
            request.rebalance_timeout_ms = -1;
        }
        let mut answer = p.ask(version, &request);
        if answer.error_code != 0 {
            answer = p.ask(version, &request.with_member_id(answer.member_id));
        }
        let member = answer.member_id;
        let mut assigned = sync(p, &member, 1, &[(&member, "all")]).with_group_id(own.clone());
        if version < 5 {
            (assigned.protocol_type, assigned.protocol_name) = (None, None);
        }
        p.ask(version.min(5), &assigned);
        p.ask(version.min(4), &heartbeat(p, &member, 1).with_group_id(own.clone()));
        let request = DescribeGroupsRequest::default().with_groups(vec![own.clone()]);
        p.ask(version.min(5), &request);
        let mut request = leave(p, vec![named(&member)]).with_group_id(own);
        if version < 3 {
            request.member_id = member;
            request.members.clear();
        }
        p.ask(version.min(5), &request);
    }
}

fn statics(p: &mut Player) {
    let instance = || Some(text("one"));
    let request = join(p, "").with_group_instance_id(instance());
    let first = p.ask(9, &request).member_id;
    p.ask(5, &sync(p, &first, 1, &[(&first, "kept")]).with_group_instance_id(instance()));
    let second = p.ask(9, &request).member_id;
    p.ask(5, &sync(p, &second, 1, &[]).with_group_instance_id(instance()));
    p.ask(4, &heartbeat(p, &first, 1).with_group_instance_id(instance()));
    p.ask(4, &heartbeat(p, &first, 1));
    p.ask(4, &heartbeat(p, &second, 1).with_group_instance_id(Some(text("two"))));
    p.ask(5, &sync(p, &first, 1, &[]).with_group_instance_id(instance()));
    // An older client that leads is told of its former self.
    let third = p.ask(8, &request).member_id;
    let by_instance = |name: &str| MemberIdentity::default().with_group_instance_id(Some(text(name)));
    p.ask(5, &leave(p, vec![named(&second).with_group_instance_id(instance())]));
    p.ask(5, &leave(p, vec![by_instance("two"), by_instance("one")]));
    p.ask(4, &heartbeat(p, &third, 1));
    describe(p, 5);
}

fn refusals(p: &mut Player) {
    let member = enter(p);
    p.ask(5, &sync(p, &member, 1, &[(&member, "all")]));
    p.ask(9, &join(p, "nobody"));
    p.ask(9, &join(p, "").with_protocol_type(text("connect")));
    p.ask(9, &join(p, "").with_protocols(vec![]));
    let other = JoinGroupRequestProtocol::default().with_name(text("sticky"));
    p.ask(9, &join(p, "").with_protocols(vec![other]));
    p.ask(9, &join(p, "").with_session_timeout_ms(5_999));
    p.ask(9, &join(p, "").with_session_timeout_ms(1_800_001));
    p.ask(9, &join(p, "").with_group_id(GroupId(text(""))));
    p.ask(9, &join(p, &member).with_group_instance_id(Some(text("one"))));
    p.ask(5, &sync(p, "nobody", 1, &[]));
    p.ask(5, &sync(p, &member, 0, &[]));
    p.ask(5, &sync(p, &member, 1, &[]).with_protocol_type(Some(text("connect"))));
    p.ask(5, &sync(p, &member, 1, &[]).with_protocol_name(Some(text("sticky"))));
    p.ask(5, &sync(p, &member, 1, &[]).with_protocol_name(None));
    p.ask(5, &sync(p, &member, 1, &[]).with_group_id(GroupId(text(""))));
    p.ask(4, &heartbeat(p, "nobody", 1));
    p.ask(4, &heartbeat(p, "", 1));
    p.ask(4, &heartbeat(p, &member, 1).with_group_id(GroupId(text(""))));
    // A member id that was given out and not used yet.
    let pending = p.ask(9, &join(p, "")).member_id;
    p.ask(4, &heartbeat(p, &pending, 1));
    p.ask(5, &sync(p, &pending, 1, &[]));
    p.ask(5, &leave(p, vec![named(&pending)]));
    p.ask(9, &join(p, &pending));
}

fn leaves(p: &mut Player) {
    let member = enter(p);
    for version in 0..=2 {
        let mut request = leave(p, vec![]);
        request.member_id = text("nobody");
        p.ask(version, &request);
    }
    p.ask(5, &leave(p, vec![]));
    p.ask(5, &leave(p, vec![named("nobody"), named(""), named(&member)]));
    p.ask(5, &leave(p, vec![named(&member)]).with_group_id(GroupId(text(""))));
    let elsewhere = GroupId(p.own("elsewhere"));
    p.ask(5, &leave(p, vec![named(&member)]).with_group_id(elsewhere.clone()));
    let mut request = leave(p, vec![]).with_group_id(elsewhere);
    request.member_id = member;
    p.ask(1, &request);
}

fn protocols(p: &mut Player) {
    let other = p.open();
    let with = |p: &Player, member: &str, names: &[&str]| {
        let protocols = names.iter().map(|name| JoinGroupRequestProtocol::default().with_name(text(name)));
        join(p, member).with_protocols(protocols.collect())
    };
    let first = p.ask(3, &with(p, "", &["a", "b"])).member_id;
    let request = with(p, "", &["b", "a"]);
    p.send(other, 3, &request);
    p.until(3, &heartbeat(p, &first, 1), |answer| answer.error_code == 27);
    p.ask_sorted(3, &with(p, &first, &["b", "a"]), |answer| {
        answer.members.sort_by_key(|member| member.member_id != answer.leader);
    });
    p.receive::<JoinGroupRequest>(other, 3);
}

fn admin(p: &mut Player) {
    let member = enter(p);
    p.ask(5, &sync(p, &member, 1, &[(&member, "all")]));
    let own = group(p);
    for version in 0..=6 {
        let groups = vec![own.clone(), GroupId(p.own("none"))];
        let request = DescribeGroupsRequest::default().with_groups(groups);
        p.ask_sorted(version, &request, |answer| answer.groups.sort_by_key(|group| group.group_id.clone()));
    }
    for (version, states) in
        [(0, &[][..]), (3, &[]), (4, &["Stable"]), (5, &["Empty"]), (5, &["stable"]), (5, &["Odd"])]
    {
        let states = states.iter().map(|state| text(state)).collect();
        let answer = p.quietly(version, &ListGroupsRequest::default().with_states_filter(states));
        let found: Vec<String> = answer
            .groups
            .iter()
            .filter(|group| group.group_id == own)
            .map(|group| format!("{group:?}"))
            .collect();
        p.note(format!("ListGroups v{version}: {} {found:?}", answer.error_code));
    }
    let request = DescribeGroupsRequest::default()
        .with_groups(vec![own.clone()])
        .with_include_authorized_operations(true);
    p.ask(5, &request);
    let delete = DeleteGroupsRequest::default().with_groups_names(vec![own.clone(), GroupId(p.own("none"))]);
    let deleted = |p: &mut Player| {
        p.ask_sorted(2, &delete, |answer| answer.results.sort_by_key(|result| result.group_id.clone()));
    };
    deleted(p);
    p.ask(5, &leave(p, vec![named(&member)]));
    deleted(p);
    describe(p, 6);
    p.ask(9, &join(p, &member));
}

/// A member that says nothing any more is dropped after its session.
fn silent(p: &mut Player) {
    let other = p.open();
    let gone = p.ask(3, &join(p, "").with_session_timeout_ms(6_000)).member_id;
    p.ask(3, &sync_plain(p, &gone, 1, &[(&gone, "all")]));
    let request = join(p, "").with_session_timeout_ms(30_000);
    p.send(other, 3, &request);
    p.until(3, &heartbeat(p, &gone, 1), |answer| answer.error_code == 27);
    let stays = p.receive::<JoinGroupRequest>(other, 3).member_id;
    p.ask(3, &heartbeat(p, &gone, 1));
    p.ask_on(other, 3, &sync_plain(p, &stays, 2, &[(&stays, "all")]));
    p.ask(3, &join(p, &gone));
    describe(p, 5);
}

/// A Sync as versions before 5 have it.
fn sync_plain(
    p: &Player,
    member: &str,
    generation: i32,
    assigned: &[(&str, &'static str)],
) -> SyncGroupRequest {
    sync(p, member, generation, assigned).with_protocol_type(None).with_protocol_name(None)
}

/// A static member comes back while the group rebalances, and its former self waits.
fn static_rebalance(p: &mut Player) {
    let (second, third) = (p.open(), p.open());
    let instance = Some(text("one"));
    let first = p.ask(9, &join(p, "").with_group_instance_id(instance.clone())).member_id;
    p.ask(5, &sync(p, &first, 1, &[(&first, "all")]).with_group_instance_id(instance.clone()));
    // Another joins; the group waits for the first.
    let told = p.ask_on(second, 9, &join(p, "")).member_id;
    let request = join(p, &told);
    p.send(second, 9, &request);
    p.until(4, &heartbeat(p, &first, 1), |answer| answer.error_code == 27);
    // It comes as a new process, which is enough to go on.
    let request = join(p, "").with_group_instance_id(instance.clone());
    let mut answer = p.ask_quietly_on(third, 9, &request);
    answer.members.sort_by_key(|member| member.member_id != answer.leader);
    p.write_fields("JoinGroupRequest v9", &format!("{answer:?}"));
    let returned = answer.member_id;
    let answer = p.receive::<JoinGroupRequest>(second, 9);
    p.note(format!("the leader is the one that came back: {}", answer.leader == returned));
    p.ask(4, &heartbeat(p, &first, 1).with_group_instance_id(instance.clone()));
    p.ask_on(third, 4, &heartbeat(p, &returned, 2).with_group_instance_id(instance.clone()));
    let request = sync(p, &told, 2, &[]);
    p.send(second, 5, &request);
    p.ask_on(
        third,
        5,
        &sync(p, &returned, 2, &[(&returned, "a"), (&told, "b")]).with_group_instance_id(instance),
    );
    p.receive::<SyncGroupRequest>(second, 5);
}

/// Members that join again in each state, with the same and with other protocols.
fn rejoins(p: &mut Player) {
    let other = p.open();
    let first = enter(p);
    // Its answer was lost, it asks again.
    p.ask(9, &join(p, &first));
    p.ask(5, &sync(p, &first, 1, &[(&first, "all")]));
    let second = p.ask_on(other, 9, &join(p, "")).member_id;
    let request = join(p, &second);
    p.send(other, 9, &request);
    p.until(4, &heartbeat(p, &first, 1), |answer| answer.error_code == 27);
    let order = |answer: &mut JoinGroupResponse| {
        answer.members.sort_by_key(|member| member.member_id != answer.leader);
    };
    p.ask_sorted(9, &join(p, &first), order);
    p.receive::<JoinGroupRequest>(other, 9);
    p.ask(5, &sync(p, &first, 2, &[(&first, "a"), (&second, "b")]));
    p.ask_on(other, 5, &sync(p, &second, 2, &[]));
    p.ask_on(other, 5, &sync(p, &second, 2, &[]));
    // The follower now wants something else: everybody has to join again.
    let protocol = JoinGroupRequestProtocol::default().with_name(text("range"));
    let request = join(p, &second).with_protocols(vec![protocol]);
    p.send(other, 9, &request);
    p.until(4, &heartbeat(p, &first, 2), |answer| answer.error_code == 27);
    p.ask_sorted(9, &join(p, &first), order);
    p.receive::<JoinGroupRequest>(other, 9);
    // While the assignment is awaited, the follower joins once more with something else.
    let request = join(p, &second);
    p.send(other, 9, &request);
    p.until(4, &heartbeat(p, &first, 3), |answer| answer.error_code == 27);
    p.ask(5, &sync(p, &first, 3, &[(&first, "a")]));
    p.ask_sorted(9, &join(p, &first), order);
    p.receive::<JoinGroupRequest>(other, 9);
}

fn not_there(p: &mut Player) {
    p.ask(4, &heartbeat(p, "somebody", 1));
    p.ask(5, &sync(p, "somebody", 1, &[]));
    p.ask(9, &join(p, "somebody"));
    describe(p, 0);
    describe(p, 5);
    describe(p, 6);
    p.ask(9, &join(p, "").with_protocols(vec![]));
    p.ask(9, &join(p, "").with_protocol_type(text("")));
    describe(p, 6);
}
