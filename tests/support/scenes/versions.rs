//! Every kind of request in every version, asking for nothing.

use kafka_protocol::messages::*;
use kafka_protocol::protocol::{Message, Request};

use super::Scene;
use crate::support::player::Player;

pub const SCENES: &[Scene] = &[("versions-empty", empty), ("versions-unknown", unknown)];

/// Asks in every version that both sides of the codec know, up to the newest a broker of 4.x serves.
fn each<R: Request>(p: &mut Player, newest: i16, request: &R)
where
    R::Response: std::fmt::Debug,
{
    let versions = R::VERSIONS.intersect(&<R::Response as Message>::VERSIONS);
    for version in versions.min..=versions.max.min(newest) {
        p.provoke(version, request);
    }
}

fn empty(p: &mut Player) {
    each(p, 12, &ProduceRequest::default().with_acks(-1).with_transactional_id(None));
    each(p, 12, &FetchRequest::default().with_session_epoch(-1).with_replica_id(BrokerId(-1)));
    each(p, 10, &ListOffsetsRequest::default().with_replica_id(BrokerId(-1)));
    each(p, 8, &OffsetCommitRequest::default());
    each(p, 7, &OffsetFetchRequest::default().with_group_id(GroupId(super::text("nobody"))));
    each(p, 9, &JoinGroupRequest::default().with_rebalance_timeout_ms(-1));
    each(p, 4, &HeartbeatRequest::default());
    each(p, 5, &LeaveGroupRequest::default());
    each(p, 4, &SyncGroupRequest::default());
    each(p, 6, &DescribeGroupsRequest::default());
    each(p, 7, &CreateTopicsRequest::default());
    each(p, 6, &DeleteTopicsRequest::default());
    each(p, 2, &DeleteRecordsRequest::default());
    each(p, 4, &OffsetForLeaderEpochRequest::default().with_replica_id(BrokerId(-1)));
    each(p, 3, &AddPartitionsToTxnRequest::default());
    each(p, 4, &AddOffsetsToTxnRequest::default());
    each(p, 5, &EndTxnRequest::default());
    each(p, 5, &TxnOffsetCommitRequest::default());
    each(p, 4, &DescribeConfigsRequest::default());
    each(p, 2, &AlterConfigsRequest::default());
    each(p, 3, &CreatePartitionsRequest::default());
    each(p, 2, &DeleteGroupsRequest::default());
    each(p, 1, &IncrementalAlterConfigsRequest::default());
    each(p, 0, &OffsetDeleteRequest::default());
    each(p, 0, &DescribeProducersRequest::default());
    each(p, 0, &DescribeTransactionsRequest::default());
    each(p, 6, &FindCoordinatorRequest::default());
}

/// What no broker can read.
fn unknown(p: &mut Player) {
    let header = |key: i16, version: i16| {
        let mut bytes = [key.to_be_bytes(), version.to_be_bytes()].concat();
        bytes.extend_from_slice(&[0, 0, 0, 1, 0xff, 0xff]);
        bytes
    };
    for (what, bytes) in [
        ("a key that is none", header(999, 0)),
        ("a version that is none", header(3, 99)),
        ("a request that is too short", header(3, 1)),
    ] {
        let connection = p.open();
        let closed = p.closes(connection, &bytes);
        p.note(format!("{what}: closed {closed}"));
    }
    // Asked in a version it does not know, a broker says which it knows.
    let connection = p.open();
    let answer = p.frame(connection, &[&header(18, 99)[..], &[0]].concat());
    p.note(format!(
        "ApiVersions in a version that is none: error {:?}",
        answer.map(|bytes| bytes.slice(4..6))
    ));
}
