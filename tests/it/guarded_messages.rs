//! Messages that claim more than they hold, of every kind that brokers and clients send each other: they
//! are refused, and never make the process ask for memory that is not there, which would end it.

use bytes::{Bytes, BytesMut};
use kafka_protocol::messages as m;
use kafka_protocol::protocol::{Encodable, Message, Request};
use proptest::collection::vec;
use proptest::prelude::*;
use strait::kafka::guarded::{Encoding, decode};

/// What a plain count, and one of variable size, can claim at most, and a little less.
const CLAIMS: [&[u8]; 4] = [
    &[0x7f, 0xff, 0xff, 0xff],
    &[0x70, 0, 0, 0],
    &[0xff, 0xff, 0xff, 0xff, 0x0f],
    &[0x80, 0x80, 0x80, 0x80, 0x07],
];

/// Reads bytes as a request and as its answer, in every version; what they come to does not matter.
fn read_as<R: Request + Default>(bytes: &[u8]) {
    for version in R::VERSIONS.min..=R::VERSIONS.max {
        let encoding = Encoding::of_request_header(R::header_version(version));
        let _ = decode::<R>(Bytes::copy_from_slice(bytes), version, encoding);
        let _ = decode::<R::Response>(Bytes::copy_from_slice(bytes), version, encoding);
    }
}

/// Puts every claim at every place of an empty request and of its answer, and reads what comes of it.
fn claim_in<R: Request + Default>()
where
    R::Response: Default,
{
    for version in R::VERSIONS.min..=R::VERSIONS.max {
        let encoding = Encoding::of_request_header(R::header_version(version));
        let mut request = BytesMut::new();
        if R::default().encode(&mut request, version).is_ok() {
            let read = decode::<R>(request.clone().freeze(), version, encoding);
            assert!(read.is_ok(), "an empty {}", std::any::type_name::<R>());
            for bytes in claimed(&request) {
                let _ = decode::<R>(bytes, version, encoding);
            }
        }
        let mut answer = BytesMut::new();
        let versions = <R::Response as Message>::VERSIONS;
        if (versions.min..=versions.max).contains(&version)
            && R::Response::default().encode(&mut answer, version).is_ok()
        {
            for bytes in claimed(&answer) {
                let _ = decode::<R::Response>(bytes, version, encoding);
            }
        }
    }
}

fn claimed(message: &[u8]) -> impl Iterator<Item = Bytes> {
    let places = (0..message.len()).flat_map(|place| CLAIMS.iter().map(move |claim| (place, *claim)));
    places.map(|(place, claim)| {
        let mut bytes = message.to_vec();
        let end = (place + claim.len()).min(bytes.len());
        bytes.splice(place..end, claim.iter().copied());
        bytes.into()
    })
}

macro_rules! kinds {
    ($($request:ident),* $(,)?) => {
        fn all_read_as(bytes: &[u8]) {
            $(read_as::<m::$request>(bytes);)*
        }

        #[test]
        fn g8_a_message_that_claims_more_than_it_holds_asks_for_no_memory() {
            $(claim_in::<m::$request>();)*
        }
    };
}

kinds! {
    ProduceRequest, FetchRequest, ListOffsetsRequest, MetadataRequest, ApiVersionsRequest, CreateTopicsRequest,
    DeleteTopicsRequest, DeleteRecordsRequest, OffsetForLeaderEpochRequest, DescribeConfigsRequest,
    AlterConfigsRequest, CreatePartitionsRequest, IncrementalAlterConfigsRequest, DescribeLogDirsRequest,
    AlterPartitionReassignmentsRequest, ListPartitionReassignmentsRequest, WriteTxnMarkersRequest,
    DescribeClusterRequest, DescribeTopicPartitionsRequest, OffsetCommitRequest, OffsetFetchRequest,
    FindCoordinatorRequest, JoinGroupRequest, HeartbeatRequest, LeaveGroupRequest, SyncGroupRequest,
    DescribeGroupsRequest, ListGroupsRequest, InitProducerIdRequest, AddPartitionsToTxnRequest,
    AddOffsetsToTxnRequest, EndTxnRequest, TxnOffsetCommitRequest, DeleteGroupsRequest, OffsetDeleteRequest,
    DescribeProducersRequest, DescribeTransactionsRequest, ListTransactionsRequest, DescribeAclsRequest,
    CreateAclsRequest, DeleteAclsRequest, SaslHandshakeRequest, SaslAuthenticateRequest,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn g8_nor_do_bytes_that_are_no_message_at_all(
        bytes in vec(prop_oneof![Just(0_u8), Just(0xff), Just(0x7f), Just(1), any::<u8>()], 0..160),
    ) {
        all_read_as(&bytes);
    }
}
