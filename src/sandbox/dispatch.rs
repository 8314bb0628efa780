//! From a frame to the handler of its kind of request, and from its answer to a frame.

use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::{self, ApiKey, ApiVersionsRequest, RequestHeader, ResponseHeader};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, Message, StrBytes, VersionRange};
use tokio::time::Instant;

use super::answer::{Answer, Api, Context, Poll};
use super::permissions::Need;
use super::state::State;
use crate::kafka::guarded::{self, Encoding};

/// Says what goes back to the client.
pub enum Reply {
    /// A frame, without its length.
    Frame(Bytes),
    /// A frame later.
    Later(Pending),
    /// The first half of a frame, and the end of the connection.
    Cut(Bytes),
    /// Nothing.
    Silent,
    /// The end of the connection.
    Close,
}

/// Holds an answer that waits for something.
pub struct Pending {
    /// When it is given at the latest.
    pub deadline: Instant,
    /// Looks at the cluster; see [`super::answer::Waiting`].
    pub poll: Poll<Reply>,
}

/// Holds a request that has been read, whatever its kind.
pub struct Call {
    /// Its kind.
    pub api: ApiKey,
    /// Its version.
    pub version: i16,
    /// The client's name for itself.
    pub client_id: Option<StrBytes>,
    /// Whether handling it can change the cluster.
    pub changes: bool,
    request: Box<dyn Erased>,
}

impl Call {
    /// Names the topics it is about, to the broker that is asked.
    pub fn topics(&self, state: &State, broker: i32) -> Vec<String> {
        self.request.topics(state, broker)
    }

    /// Lists the leave it needs, beside that for its topics.
    pub fn needs(&self) -> Vec<Need> {
        self.request.needs()
    }

    /// Answers it without doing anything.
    pub fn refuse(&self, error: ResponseError) -> Reply {
        self.request.refuse(error)
    }

    /// Does what it asks for.
    pub fn run(self, cx: &mut Context<'_>) -> Reply {
        self.request.run(cx)
    }
}

trait Erased: Send {
    fn needs(&self) -> Vec<Need>;
    fn topics(&self, state: &State, broker: i32) -> Vec<String>;
    fn refuse(&self, error: ResponseError) -> Reply;
    fn run(self: Box<Self>, cx: &mut Context<'_>) -> Reply;
}

struct Typed<R> {
    request: R,
    frame: Framing,
}

/// Says how an answer is framed.
#[derive(Clone, Copy)]
struct Framing {
    correlation: i32,
    version: i16,
}

impl<R: Api + Send> Erased for Typed<R>
where
    R::Response: 'static,
{
    fn topics(&self, state: &State, broker: i32) -> Vec<String> {
        self.request.topics_in(state, broker)
    }

    fn needs(&self) -> Vec<Need> {
        self.request.needs()
    }

    fn refuse(&self, error: ResponseError) -> Reply {
        encoded(&self.request.refusal(error), self.frame)
    }

    fn run(self: Box<Self>, cx: &mut Context<'_>) -> Reply {
        let frame = self.frame;
        match self.request.handle(cx) {
            Answer::Now(response) => encoded(&response, frame),
            Answer::Silent => Reply::Silent,
            Answer::Close => Reply::Close,
            Answer::Later(mut waiting) => Reply::Later(Pending {
                deadline: waiting.deadline,
                poll: Box::new(move |state, expired| {
                    (waiting.poll)(state, expired).map(|response| encoded(&response, frame))
                }),
            }),
        }
    }
}

/// Encodes an answer. One that its version cannot carry is a fault of the sandbox; the client sees
/// its connection end.
fn encoded<T: Encodable + HeaderVersion>(response: &T, frame: Framing) -> Reply {
    let mut out = BytesMut::new();
    let header = ResponseHeader::default().with_correlation_id(frame.correlation);
    let written = header
        .encode(&mut out, T::header_version(frame.version))
        .and_then(|()| response.encode(&mut out, frame.version));
    match written {
        Ok(()) => Reply::Frame(out.freeze()),
        Err(error) => {
            tracing::error!(version = frame.version, %error, "the sandbox made an answer that cannot be sent");
            Reply::Close
        }
    }
}

/// Says why a frame is no request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is too short, or its fields do not add up.
    #[error("the request is malformed")]
    Malformed,
    /// There is no such kind of request here.
    #[error("no request has the key {0}, or it is not served")]
    Key(i16),
    /// The kind is known, this version is not.
    #[error("{api:?} is not served in version {version}")]
    Version {
        /// The kind.
        api: ApiKey,
        /// The version.
        version: i16,
    },
}

/// Says what a frame turned out to be.
pub enum Read {
    /// A request.
    Call(Call),
    /// A question for versions in a version not known: it is told which are.
    Versions(Bytes),
}

/// Reads a frame.
pub fn read(mut frame: Bytes) -> Result<Read, Unreadable> {
    let head = frame.first_chunk::<8>().ok_or(Unreadable::Malformed)?;
    let [k0, k1, v0, v1, c0, c1, c2, c3] = *head;
    let (key, version) = (i16::from_be_bytes([k0, k1]), i16::from_be_bytes([v0, v1]));
    let correlation = i32::from_be_bytes([c0, c1, c2, c3]);
    let api = ApiKey::try_from(key).map_err(|()| Unreadable::Key(key))?;
    let versions = versions_of(api).ok_or(Unreadable::Key(key))?;
    if !(versions.min..=versions.max).contains(&version) {
        if api == ApiKey::ApiVersions {
            let told = ApiVersionsRequest::default().refusal(ResponseError::UnsupportedVersion);
            if let Reply::Frame(frame) = encoded(&told, Framing { correlation, version: 0 }) {
                return Ok(Read::Versions(frame));
            }
        }
        return Err(Unreadable::Version { api, version });
    }
    let header = RequestHeader::decode(&mut frame, api.request_header_version(version))
        .map_err(|_| Unreadable::Malformed)?;
    let framing = Framing { correlation, version };
    let (request, changes) = decode(api, frame, framing)?;
    Ok(Read::Call(Call { api, version, client_id: header.client_id, changes, request }))
}

fn typed<R: Api + Send + 'static>(body: Bytes, frame: Framing) -> Result<(Box<dyn Erased>, bool), Unreadable>
where
    R::Response: 'static,
{
    let encoding = Encoding::of_request_header(R::header_version(frame.version));
    let request: R = guarded::decode(body, frame.version, encoding).map_err(|_| Unreadable::Malformed)?;
    Ok((Box::new(Typed { request, frame }), R::CHANGES))
}

/// Lists what is served: each kind of request with its type and its newest version.
macro_rules! served {
    ($($api:ident: $request:ty),* $(,)?) => {
        /// Lists the kinds of requests that are served, with their versions.
        pub fn served_versions() -> impl Iterator<Item = (ApiKey, VersionRange)> {
            [$((ApiKey::$api, common::<$request>())),*].into_iter()
        }

        /// Returns the versions in which a kind of requests is served.
        fn versions_of(api: ApiKey) -> Option<VersionRange> {
            match api {
                $(ApiKey::$api => Some(common::<$request>()),)*
                _ => None,
            }
        }

        fn decode(
            api: ApiKey,
            body: Bytes,
            frame: Framing,
        ) -> Result<(Box<dyn Erased>, bool), Unreadable> {
            match api {
                $(ApiKey::$api => typed::<$request>(body, frame),)*
                other => Err(Unreadable::Key(other as i16)),
            }
        }
    };
}

served! {
    Produce: messages::ProduceRequest,
    Fetch: messages::FetchRequest,
    ListOffsets: messages::ListOffsetsRequest,
    Metadata: messages::MetadataRequest,
    ApiVersions: messages::ApiVersionsRequest,
    CreateTopics: messages::CreateTopicsRequest,
    DeleteTopics: messages::DeleteTopicsRequest,
    DeleteRecords: messages::DeleteRecordsRequest,
    OffsetForLeaderEpoch: messages::OffsetForLeaderEpochRequest,
    DescribeConfigs: messages::DescribeConfigsRequest,
    AlterConfigs: messages::AlterConfigsRequest,
    CreatePartitions: messages::CreatePartitionsRequest,
    IncrementalAlterConfigs: messages::IncrementalAlterConfigsRequest,
    DescribeLogDirs: messages::DescribeLogDirsRequest,
    ListPartitionReassignments: messages::ListPartitionReassignmentsRequest,
    WriteTxnMarkers: messages::WriteTxnMarkersRequest,
    DescribeQuorum: messages::DescribeQuorumRequest,
    DescribeCluster: messages::DescribeClusterRequest,
    DescribeTopicPartitions: messages::DescribeTopicPartitionsRequest,
    OffsetCommit: messages::OffsetCommitRequest,
    OffsetFetch: messages::OffsetFetchRequest,
    FindCoordinator: messages::FindCoordinatorRequest,
    JoinGroup: messages::JoinGroupRequest,
    Heartbeat: messages::HeartbeatRequest,
    LeaveGroup: messages::LeaveGroupRequest,
    SyncGroup: messages::SyncGroupRequest,
    DescribeGroups: messages::DescribeGroupsRequest,
    ListGroups: messages::ListGroupsRequest,
    InitProducerId: messages::InitProducerIdRequest,
    AddPartitionsToTxn: messages::AddPartitionsToTxnRequest,
    AddOffsetsToTxn: messages::AddOffsetsToTxnRequest,
    EndTxn: messages::EndTxnRequest,
    TxnOffsetCommit: messages::TxnOffsetCommitRequest,
    DeleteGroups: messages::DeleteGroupsRequest,
    OffsetDelete: messages::OffsetDeleteRequest,
    DescribeProducers: messages::DescribeProducersRequest,
    DescribeTransactions: messages::DescribeTransactionsRequest,
    ListTransactions: messages::ListTransactionsRequest,
    DescribeAcls: messages::DescribeAclsRequest,
    CreateAcls: messages::CreateAclsRequest,
    DeleteAcls: messages::DeleteAclsRequest,
    SaslHandshake: messages::SaslHandshakeRequest,
    SaslAuthenticate: messages::SaslAuthenticateRequest,
}

/// Returns the versions in which request and answer are both known.
fn common<R: Api>() -> VersionRange {
    R::VERSIONS.intersect(&<R::Response as Message>::VERSIONS)
}

/// Puts a frame's length before it.
pub fn with_length(frame: &[u8]) -> BytesMut {
    let mut out = BytesMut::with_capacity(4 + frame.len());
    out.put_u32(u32::try_from(frame.len()).unwrap_or(u32::MAX));
    out.extend_from_slice(frame);
    out
}
