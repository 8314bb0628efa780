//! Groups played without a network.
#![allow(clippy::unwrap_used)]

mod members;
mod offsets;
mod random;

use kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol;
use kafka_protocol::messages::sync_group_request::SyncGroupRequestAssignment;
use kafka_protocol::messages::{
    GroupId, HeartbeatRequest, JoinGroupRequest, JoinGroupResponse, SyncGroupRequest, SyncGroupResponse,
};

use super::*;

/// A group coordinator and a clock.
struct Play {
    groups: Groups,
    now: Millis,
}

fn id(name: &str) -> GroupId {
    GroupId(text(name))
}

fn caller(version: i16) -> Caller {
    Caller { version, client_id: "app".to_owned(), host: "/127.0.0.1".to_owned() }
}

fn join(member: &str) -> JoinGroupRequest {
    let protocol =
        JoinGroupRequestProtocol::default().with_name(text("range")).with_metadata(member_metadata());
    JoinGroupRequest::default()
        .with_group_id(id("g"))
        .with_member_id(text(member))
        .with_session_timeout_ms(10_000)
        .with_rebalance_timeout_ms(60_000)
        .with_protocol_type(text("consumer"))
        .with_protocols(vec![protocol])
}

/// A subscription to the topic `t`.
fn member_metadata() -> bytes::Bytes {
    bytes::Bytes::from_static(&[0, 0, 0, 0, 0, 1, 0, 1, b't', 0, 0, 0, 0])
}

impl Play {
    fn new() -> Self {
        Self { groups: Groups::new(Settings::default(), 1), now: 1_000 }
    }

    fn join(&mut self, request: &JoinGroupRequest) -> Ticket {
        self.groups.join(self.now, &caller(9), request)
    }

    fn joined(&mut self, ticket: Ticket) -> Option<JoinGroupResponse> {
        match self.groups.take(ticket)? {
            Reply::Join(answer) => Some(answer),
            Reply::Sync(_) => panic!("a Join was answered with a Sync"),
        }
    }

    fn synced(&mut self, ticket: Ticket) -> Option<SyncGroupResponse> {
        match self.groups.take(ticket)? {
            Reply::Sync(answer) => Some(answer),
            Reply::Join(_) => panic!("a Sync was answered with a Join"),
        }
    }

    /// Joins anew as clients do: asks for an id, then joins with it.
    fn enter(&mut self) -> (String, Ticket) {
        let first = self.join(&join(""));
        let told = self.joined(first).unwrap();
        assert_eq!(told.error_code, ResponseError::MemberIdRequired.code());
        let ticket = self.join(&join(&told.member_id));
        (told.member_id.to_string(), ticket)
    }

    fn sync(&mut self, member: &str, generation: i32, assigned: &[(&str, &'static str)]) -> Ticket {
        let assignments = assigned.iter().map(|(to, what)| {
            let assigned = SyncGroupRequestAssignment::default().with_member_id(text(to));
            assigned.with_assignment(bytes::Bytes::from_static(what.as_bytes()))
        });
        let request = SyncGroupRequest::default()
            .with_group_id(id("g"))
            .with_member_id(text(member))
            .with_generation_id(generation)
            .with_assignments(assignments.collect());
        self.groups.sync(self.now, &caller(5), &request)
    }

    fn heartbeat(&mut self, member: &str, generation: i32) -> Check {
        let request = HeartbeatRequest::default()
            .with_group_id(id("g"))
            .with_member_id(text(member))
            .with_generation_id(generation);
        self.groups.heartbeat(self.now, &request)
    }

    fn pass(&mut self, ms: i64) {
        self.now += ms;
        self.groups.tick(self.now);
    }

    /// A group of one member that has its assignment.
    fn stable() -> (Self, String) {
        let mut play = Self::new();
        let (member, ticket) = play.enter();
        assert_eq!(play.joined(ticket).unwrap().generation_id, 1);
        let ticket = play.sync(&member, 1, &[(&member, "all")]);
        assert_eq!(&play.synced(ticket).unwrap().assignment[..], b"all");
        (play, member)
    }
}
