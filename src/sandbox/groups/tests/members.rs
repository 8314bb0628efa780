//! Members that come, go and stay away.

use kafka_protocol::messages::leave_group_request::MemberIdentity;
use kafka_protocol::messages::{LeaveGroupRequest, LeaveGroupResponse};

use super::*;

#[test]
fn two_members_share_after_the_first_joins_again() {
    let (mut play, first) = Play::stable();
    let (second, second_join) = play.enter();
    assert_eq!(play.joined(second_join), None, "the first has not joined again");
    assert_eq!(play.heartbeat(&first, 1), Err(ResponseError::RebalanceInProgress));
    let first_join = play.join(&join(&first));
    let led = play.joined(first_join).unwrap();
    let follows = play.joined(second_join).unwrap();
    assert_eq!((led.generation_id, follows.generation_id), (2, 2));
    assert_eq!((led.members.len(), follows.members.len()), (2, 0));
    assert_eq!(led.leader, follows.leader);
    let waits = play.sync(&second, 2, &[]);
    assert_eq!(play.synced(waits), None, "the leader has not spoken");
    let leads = play.sync(&first, 2, &[(&first, "a"), (&second, "b")]);
    assert_eq!(&play.synced(leads).unwrap().assignment[..], b"a");
    assert_eq!(&play.synced(waits).unwrap().assignment[..], b"b");
    assert_eq!(play.groups.state("g"), Some(GroupState::Stable));
}

#[test]
fn a_member_that_falls_silent_is_dropped_and_the_rest_share() {
    let (mut play, first) = Play::stable();
    let (second, waits) = play.enter();
    let leads = play.join(&join(&first));
    assert!(play.joined(leads).is_some() && play.joined(waits).is_some());
    let waits = play.sync(&second, 2, &[]);
    play.sync(&first, 2, &[(&first, "a"), (&second, "b")]);
    assert!(play.synced(waits).is_some());
    play.pass(9_000);
    assert_eq!(play.heartbeat(&first, 2), Ok(()));
    play.pass(1_500);
    assert_eq!(play.heartbeat(&first, 2), Err(ResponseError::RebalanceInProgress));
    assert_eq!(play.heartbeat(&second, 2), Err(ResponseError::UnknownMemberId));
    let again = play.join(&join(&first));
    assert_eq!(play.joined(again).unwrap().generation_id, 3);
}

#[test]
fn a_member_that_does_not_join_again_is_dropped_when_the_rebalance_ends() {
    let (mut play, first) = Play::stable();
    let (_, waits) = play.enter();
    for _ in 0..7 {
        play.pass(9_000);
        // It speaks, and yet does not join.
        let said = play.heartbeat(&first, 1);
        assert!(matches!(said, Err(ResponseError::RebalanceInProgress | ResponseError::UnknownMemberId)));
    }
    let alone = play.joined(waits).unwrap();
    assert_eq!((alone.generation_id, alone.members.len()), (2, 1));
    assert_eq!(play.heartbeat(&first, 1), Err(ResponseError::UnknownMemberId));
}

#[test]
fn a_member_that_does_not_ask_for_its_assignment_is_dropped() {
    let mut play = Play::new();
    let (member, ticket) = play.enter();
    assert!(play.joined(ticket).is_some());
    for _ in 0..6 {
        play.pass(9_000);
        assert_eq!(play.heartbeat(&member, 1), Ok(()));
    }
    play.pass(6_001);
    assert_eq!(play.heartbeat(&member, 1), Err(ResponseError::UnknownMemberId));
    assert_eq!(play.groups.state("g"), Some(GroupState::Empty));
}

#[test]
fn the_wrong_generation_member_or_protocol_is_refused() {
    let (mut play, member) = Play::stable();
    assert_eq!(play.heartbeat(&member, 0), Err(ResponseError::IllegalGeneration));
    assert_eq!(play.heartbeat("nobody", 1), Err(ResponseError::UnknownMemberId));
    let refusal = |play: &mut Play, request: &JoinGroupRequest| {
        let ticket = play.join(request);
        play.joined(ticket).unwrap().error_code
    };
    let connect = join("").with_protocol_type(text("connect"));
    assert_eq!(refusal(&mut play, &connect), ResponseError::InconsistentGroupProtocol.code());
    let hurried = join("").with_session_timeout_ms(5_999);
    assert_eq!(refusal(&mut play, &hurried), ResponseError::InvalidSessionTimeout.code());
    assert_eq!(refusal(&mut play, &join("nobody")), ResponseError::UnknownMemberId.code());
    let nameless = join("").with_group_id(id(""));
    assert_eq!(refusal(&mut play, &nameless), ResponseError::InvalidGroupId.code());
    let ticket = play.sync(&member, 7, &[]);
    assert_eq!(play.synced(ticket).unwrap().error_code, ResponseError::IllegalGeneration.code());
}

#[test]
fn a_static_member_comes_back_without_a_rebalance_and_fences_its_former_self() {
    let mut play = Play::new();
    let request = join("").with_group_instance_id(Some(text("one")));
    let ticket = play.join(&request);
    let first = play.joined(ticket).unwrap();
    assert_eq!((first.error_code, first.generation_id), (0, 1));
    let ticket = play.sync(&first.member_id, 1, &[(&first.member_id, "kept")]);
    assert!(play.synced(ticket).is_some());

    let ticket = play.join(&request);
    let second = play.joined(ticket).unwrap();
    assert_ne!(first.member_id, second.member_id);
    assert_eq!((second.generation_id, second.skip_assignment), (1, true));
    let ticket = play.sync(&second.member_id, 1, &[]);
    assert_eq!(&play.synced(ticket).unwrap().assignment[..], b"kept");
    let zombie = HeartbeatRequest::default()
        .with_group_id(id("g"))
        .with_member_id(first.member_id.clone())
        .with_group_instance_id(Some(text("one")))
        .with_generation_id(1);
    assert_eq!(play.groups.heartbeat(play.now, &zombie), Err(ResponseError::FencedInstanceId));
}

#[test]
fn an_older_static_leader_is_not_asked_to_assign_again() {
    let mut play = Play::new();
    let request = join("").with_group_instance_id(Some(text("one")));
    let ticket = play.join(&request);
    let first = play.joined(ticket).unwrap().member_id;
    play.sync(&first, 1, &[]);
    let ticket = play.groups.join(play.now, &caller(8), &request);
    let again = play.joined(ticket).unwrap();
    assert_eq!((again.leader, again.members.len()), (first, 0));
}

fn leave(play: &mut Play, version: i16, members: Vec<MemberIdentity>) -> LeaveGroupResponse {
    let mut request = LeaveGroupRequest::default().with_group_id(id("g"));
    request.member_id = members[0].member_id.clone();
    request.members = members;
    play.groups.leave(play.now, &caller(version), &request)
}

#[test]
fn members_leave_one_by_one_and_together() {
    let (mut play, member) = Play::stable();
    let named = |name: &str| MemberIdentity::default().with_member_id(text(name));
    let unknown = ResponseError::UnknownMemberId.code();
    assert_eq!(leave(&mut play, 2, vec![named("nobody")]).error_code, unknown);
    let answer = leave(&mut play, 5, vec![named("nobody"), named(&member)]);
    let errors: Vec<i16> = answer.members.iter().map(|member| member.error_code).collect();
    assert_eq!((answer.error_code, errors), (0, vec![unknown, 0]));
    assert_eq!(play.groups.state("g"), Some(GroupState::Empty));
}

#[test]
fn a_group_that_was_empty_waits_for_more_members_as_long_as_they_come() {
    let settings = Settings { initial_rebalance_delay_ms: 3_000, ..Settings::default() };
    let mut play = Play { groups: Groups::new(settings, 1), now: 0 };
    let (_, first) = play.enter();
    play.pass(2_000);
    let (_, second) = play.enter();
    play.pass(1_000);
    assert_eq!(play.joined(first), None, "somebody came, so it waits on");
    play.pass(3_000);
    let (one, two) = (play.joined(first).unwrap(), play.joined(second).unwrap());
    assert_eq!((one.generation_id, two.generation_id), (1, 1));
    assert_eq!(one.members.len(), 2);
}

#[test]
fn the_protocol_most_members_prefer_is_taken() {
    let mut play = Play {
        groups: Groups::new(Settings { initial_rebalance_delay_ms: 1, ..Settings::default() }, 1),
        now: 0,
    };
    let with = |names: &[&str]| {
        let protocols = names.iter().map(|name| JoinGroupRequestProtocol::default().with_name(text(name)));
        join("").with_protocols(protocols.collect())
    };
    let tickets: Vec<Ticket> = [&["a", "b"][..], &["b", "a"], &["b", "c", "a"]]
        .iter()
        .map(|names| play.groups.join(play.now, &caller(3), &with(names)))
        .collect();
    play.pass(1);
    play.pass(1);
    let answer = play.joined(tickets[0]).unwrap();
    assert_eq!(answer.protocol_name.as_deref(), Some("b"));
}
