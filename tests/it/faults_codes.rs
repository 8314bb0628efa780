//! What each error code comes to, request by request: written by hand from what the code means, so that a
//! change of the engine's mind shows here.
//!
//! Each row is played at every stage of its table: the code answers one request, and nothing is done.

use kafka_protocol::error::ResponseError::{self, self as E};
use kafka_protocol::messages::ApiKey;
use strait::kafka::error::code_name;
use strait::sandbox::{Action, Fault};

use crate::faults_play::{Played, Scenario, Side, Stage, play_all};
use crate::faults_run::Came;
use crate::faults_world::TOPIC;

/// What a flow comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// It asks again, and all is copied.
    Retried,
    /// The partitions concerned stop for this cause, and the next run completes the copy.
    Stops(&'static str),
    /// The flow does not start and says why, and the next run completes the copy.
    FlowFails,
}
use Expected::{FlowFails, Retried, Stops};

/// A code, and what it comes to.
pub type Row = (ResponseError, Expected);

/// What holds for one kind of request.
struct Table {
    side: Side,
    api: ApiKey,
    topic: Option<&'static str>,
    stages: &'static [Stage],
    rows: &'static [Row],
}

/// The flow's own topic at the target.
const STATE: &str = "strait.f";
/// From the first start to a later one.
const ALWAYS: &[Stage] = &[Stage::Start, Stage::Copying, Stage::Takeover];
/// Where partitions are started.
const STARTS: &[Stage] = &[Stage::Start, Stage::Takeover];

/// Records to the target: what may pass is sent again with the same sequence; where the target's log may
/// say more than its answer, the partition starts over from it; what is refused for good stops.
const PRODUCE: &[Row] = &[
    (E::NotLeaderOrFollower, Retried),
    (E::LeaderNotAvailable, Retried),
    (E::FencedLeaderEpoch, Retried),
    (E::UnknownTopicOrPartition, Retried),
    (E::UnknownTopicId, Retried),
    (E::InconsistentTopicId, Retried),
    (E::RequestTimedOut, Retried),
    (E::NetworkException, Retried),
    (E::BrokerNotAvailable, Retried),
    (E::ReplicaNotAvailable, Retried),
    (E::NotEnoughReplicas, Retried),
    (E::NotEnoughReplicasAfterAppend, Retried),
    (E::KafkaStorageError, Retried),
    (E::ThrottlingQuotaExceeded, Retried),
    (E::ConcurrentTransactions, Retried),
    (E::CorruptMessage, Retried),
    (E::OutOfOrderSequenceNumber, Retried),
    (E::DuplicateSequenceNumber, Retried),
    (E::UnknownProducerId, Retried),
    (E::MessageTooLarge, Retried),
    (E::RecordListTooLarge, Retried),
    (E::TopicAuthorizationFailed, Retried),
    (E::ClusterAuthorizationFailed, Retried),
    (E::InvalidProducerEpoch, Stops("fenced")),
    (E::ProducerFenced, Stops("fenced")),
    (E::UnknownServerError, Retried),
    (E::InvalidTopicException, Stops("refused")),
    (E::InvalidRequiredAcks, Stops("refused")),
    (E::InvalidTimestamp, Stops("refused")),
    (E::InvalidRequest, Stops("refused")),
    (E::UnsupportedVersion, Stops("refused")),
    (E::UnsupportedForMessageFormat, Stops("refused")),
    (E::UnsupportedCompressionType, Stops("refused")),
    (E::PolicyViolation, Stops("refused")),
    (E::InvalidTxnState, Stops("refused")),
    (E::InvalidProducerIdMapping, Stops("refused")),
    (E::TransactionalIdAuthorizationFailed, Stops("refused")),
    (E::InvalidRecord, Stops("refused")),
];

/// The flow's own records, which no partition starts without.
const PRODUCE_STATE: &[Row] = &[
    (E::NotLeaderOrFollower, Retried),
    (E::LeaderNotAvailable, Retried),
    (E::UnknownTopicOrPartition, Retried),
    (E::RequestTimedOut, Retried),
    (E::NotEnoughReplicas, Retried),
    (E::NotEnoughReplicasAfterAppend, Retried),
    (E::KafkaStorageError, Retried),
    (E::CorruptMessage, Retried),
    (E::TopicAuthorizationFailed, FlowFails),
    (E::ClusterAuthorizationFailed, FlowFails),
    (E::PolicyViolation, FlowFails),
    (E::InvalidRecord, FlowFails),
    (E::UnknownServerError, FlowFails),
];

/// The same while it copies: progress is kept with the next try, and the copy does not wait for it.
const PRODUCE_PROGRESS: &[Row] = &[
    (E::NotLeaderOrFollower, Retried),
    (E::RequestTimedOut, Retried),
    (E::NotEnoughReplicasAfterAppend, Retried),
    (E::TopicAuthorizationFailed, Retried),
    (E::PolicyViolation, Retried),
    (E::UnknownServerError, Retried),
];

/// Records from the source: nothing is lost by asking again, whatever was answered.
const FETCH: &[Row] = &[
    (E::NotLeaderOrFollower, Retried),
    (E::LeaderNotAvailable, Retried),
    (E::FencedLeaderEpoch, Retried),
    (E::UnknownLeaderEpoch, Retried),
    (E::UnknownTopicOrPartition, Retried),
    (E::UnknownTopicId, Retried),
    (E::InconsistentTopicId, Retried),
    (E::ReplicaNotAvailable, Retried),
    (E::OffsetNotAvailable, Retried),
    (E::KafkaStorageError, Retried),
    (E::RequestTimedOut, Retried),
    (E::CorruptMessage, Retried),
    (E::OffsetOutOfRange, Retried),
    (E::FetchSessionIdNotFound, Retried),
    (E::InvalidFetchSessionEpoch, Retried),
    (E::FetchSessionTopicIdError, Retried),
    (E::ThrottlingQuotaExceeded, Retried),
    (E::TopicAuthorizationFailed, Retried),
    (E::UnsupportedCompressionType, Retried),
    (E::UnknownServerError, Retried),
];

/// Reading what an earlier process wrote: the flow's own records.
const FETCH_STATE: &[Row] = &[
    (E::NotLeaderOrFollower, Retried),
    (E::UnknownTopicOrPartition, Retried),
    (E::FencedLeaderEpoch, Retried),
    (E::UnknownLeaderEpoch, Retried),
    (E::KafkaStorageError, Retried),
    (E::CorruptMessage, Retried),
    (E::TopicAuthorizationFailed, FlowFails),
    (E::UnknownServerError, FlowFails),
];

/// Reading what an earlier process wrote: the copy itself, up to the marker.
const FETCH_TAIL: &[Row] = &[
    (E::NotLeaderOrFollower, Retried),
    (E::UnknownTopicOrPartition, Retried),
    (E::FencedLeaderEpoch, Retried),
    (E::UnknownLeaderEpoch, Retried),
    (E::KafkaStorageError, Retried),
    (E::CorruptMessage, Retried),
    (E::TopicAuthorizationFailed, Retried),
    (E::UnknownServerError, Retried),
];

/// Who leads, and which topics there are; a topic that is not shown is looked for again.
const METADATA: &[Row] = &[
    (E::LeaderNotAvailable, Retried),
    (E::UnknownTopicOrPartition, Retried),
    (E::ReplicaNotAvailable, Retried),
    (E::ListenerNotFound, Retried),
    (E::RequestTimedOut, Retried),
    (E::NetworkException, Retried),
    (E::UnknownTopicId, Retried),
    (E::TopicAuthorizationFailed, Retried),
    (E::InvalidTopicException, Retried),
    (E::UnknownServerError, Retried),
];

/// The same asked for all topics at once, where the code is the whole answer's.
const METADATA_OF_ALL: &[Row] = &[
    (E::RequestTimedOut, Retried),
    (E::NetworkException, Retried),
    (E::BrokerNotAvailable, Retried),
    (E::UnknownServerError, FlowFails),
    (E::RebootstrapRequired, FlowFails),
];

/// Where logs begin and end.
const LIST_OFFSETS: &[Row] = &[
    (E::NotLeaderOrFollower, Retried),
    (E::LeaderNotAvailable, Retried),
    (E::FencedLeaderEpoch, Retried),
    (E::UnknownLeaderEpoch, Retried),
    (E::UnknownTopicOrPartition, Retried),
    (E::ReplicaNotAvailable, Retried),
    (E::OffsetNotAvailable, Retried),
    (E::KafkaStorageError, Retried),
    (E::RequestTimedOut, Retried),
    (E::TopicAuthorizationFailed, Retried),
    (E::UnsupportedForMessageFormat, Retried),
    (E::UnknownServerError, Retried),
];

/// Taking a partition over: which producer writes it.
const INIT_PRODUCER_ID: &[Row] = &[
    (E::NotCoordinator, Retried),
    (E::CoordinatorNotAvailable, Retried),
    (E::CoordinatorLoadInProgress, Retried),
    (E::ConcurrentTransactions, Retried),
    (E::RequestTimedOut, Retried),
    (E::InvalidProducerEpoch, Retried),
    (E::ProducerFenced, Retried),
    (E::InvalidTransactionTimeout, Retried),
    (E::ClusterAuthorizationFailed, Retried),
    (E::TransactionalIdAuthorizationFailed, Retried),
    (E::UnknownServerError, Retried),
];

/// Taking a partition over: the marker behind which earlier owners are shut out.
const MARKER: &[Row] = &[
    (E::NotCoordinator, Retried),
    (E::CoordinatorNotAvailable, Retried),
    (E::CoordinatorLoadInProgress, Retried),
    (E::ConcurrentTransactions, Retried),
    (E::RequestTimedOut, Retried),
    (E::UnknownTopicOrPartition, Retried),
    (E::OperationNotAttempted, Retried),
    (E::InvalidTxnState, Retried),
    (E::InvalidProducerIdMapping, Retried),
    (E::InvalidProducerEpoch, Retried),
    (E::ProducerFenced, Retried),
    (E::TransactionCoordinatorFenced, Retried),
    (E::TransactionAbortable, Retried),
    (E::TopicAuthorizationFailed, Retried),
    (E::TransactionalIdAuthorizationFailed, Retried),
    (E::UnknownServerError, Retried),
];

/// Who coordinates the transactional ids and the group.
const FIND_COORDINATOR: &[Row] = &[
    (E::CoordinatorNotAvailable, Retried),
    (E::CoordinatorLoadInProgress, Retried),
    (E::NotCoordinator, Retried),
    (E::RequestTimedOut, Retried),
    (E::InvalidRequest, Retried),
    (E::GroupAuthorizationFailed, Retried),
    (E::TransactionalIdAuthorizationFailed, Retried),
    (E::UnknownServerError, Retried),
];

/// What other tools see of the flow's progress; nothing depends on it.
const OFFSET_COMMIT: &[Row] = &[
    (E::NotCoordinator, Retried),
    (E::CoordinatorNotAvailable, Retried),
    (E::CoordinatorLoadInProgress, Retried),
    (E::RequestTimedOut, Retried),
    (E::UnknownTopicOrPartition, Retried),
    (E::RebalanceInProgress, Retried),
    (E::IllegalGeneration, Retried),
    (E::UnknownMemberId, Retried),
    (E::InvalidGroupId, Retried),
    (E::OffsetMetadataTooLarge, Retried),
    (E::InvalidCommitOffsetSize, Retried),
    (E::GroupAuthorizationFailed, Retried),
    (E::TopicAuthorizationFailed, Retried),
    (E::UnknownServerError, Retried),
];

const fn table(
    side: Side,
    api: ApiKey,
    topic: Option<&'static str>,
    stages: &'static [Stage],
    rows: &'static [Row],
) -> Table {
    Table { side, api, topic, stages, rows }
}

const TABLES: &[Table] = &[
    table(Side::Target, ApiKey::Produce, Some(TOPIC), ALWAYS, PRODUCE),
    table(Side::Target, ApiKey::Produce, Some(STATE), STARTS, PRODUCE_STATE),
    table(Side::Target, ApiKey::Produce, Some(STATE), &[Stage::Copying, Stage::Stopping], PRODUCE_PROGRESS),
    table(Side::Source, ApiKey::Fetch, Some(TOPIC), ALWAYS, FETCH),
    table(Side::Target, ApiKey::Fetch, Some(STATE), &[Stage::Takeover], FETCH_STATE),
    table(Side::Target, ApiKey::Fetch, Some(TOPIC), &[Stage::Takeover], FETCH_TAIL),
    table(Side::Source, ApiKey::Metadata, Some(TOPIC), STARTS, METADATA),
    table(Side::Target, ApiKey::Metadata, Some(TOPIC), STARTS, METADATA),
    table(Side::Source, ApiKey::Metadata, None, STARTS, METADATA_OF_ALL),
    table(Side::Source, ApiKey::ListOffsets, Some(TOPIC), STARTS, LIST_OFFSETS),
    table(Side::Target, ApiKey::ListOffsets, Some(TOPIC), STARTS, LIST_OFFSETS),
    table(Side::Target, ApiKey::InitProducerId, None, STARTS, INIT_PRODUCER_ID),
    table(Side::Target, ApiKey::AddPartitionsToTxn, None, &[Stage::Takeover], MARKER),
    table(Side::Target, ApiKey::EndTxn, None, &[Stage::Takeover], MARKER),
    table(Side::Target, ApiKey::FindCoordinator, None, ALWAYS, FIND_COORDINATOR),
    table(Side::Target, ApiKey::OffsetCommit, None, ALWAYS, OFFSET_COMMIT),
];

/// Lists what the tables say of a request at a stage.
pub fn of(side: Side, api: ApiKey, topic: Option<&'static str>, stage: Stage) -> impl Iterator<Item = Row> {
    let speaks = move |table: &&Table| {
        (table.side, table.api, table.topic) == (side, api, topic) && table.stages.contains(&stage)
    };
    TABLES.iter().filter(speaks).flat_map(|table| table.rows.iter().copied())
}

/// Kinds of requests that change something: with these it matters whether what was refused was done.
const CHANGING: &[ApiKey] =
    &[ApiKey::Produce, ApiKey::InitProducerId, ApiKey::AddPartitionsToTxn, ApiKey::EndTxn];

fn scenario(table: &Table, stage: Stage, action: Action) -> Scenario {
    let fault = Fault::on(table.api, action);
    let fault = table.topic.map_or(fault.clone(), |topic| fault.about(topic));
    let (api, topic, side) = (table.api, table.topic.unwrap_or("anything"), table.side);
    Scenario {
        name: format!("{api:?} about {topic} at the {side:?}, {stage:?}: {action:?}"),
        faults: vec![(side, stage, fault)],
        retry_timeout: "60s",
    }
}

/// Says how what was seen differs from what was expected.
fn difference((code, expected): Row, played: &Played) -> Option<String> {
    let Played { came, words, hits } = played;
    if *hits == 0 {
        return Some("nothing was hit".to_owned());
    }
    // Whoever shut a producer out, it is told by one name.
    let named = if expected == Stops("fenced") { E::InvalidProducerEpoch } else { code };
    let is_right = match (expected, came) {
        (Retried, Came::Through) => true,
        (Stops(cause), Came::ToStop(causes)) => {
            causes.iter().eq([&cause]) && words.contains(&code_name(&named))
        }
        (FlowFails, Came::ToFailure) => words.contains(&code_name(&code)),
        _ => false,
    };
    (!is_right).then(|| format!("came {came:?} {words:?}, expected {expected:?}"))
}

fn play(rows: &[(Scenario, Row)]) {
    let scenarios: Vec<Scenario> = rows.iter().map(|(scenario, _)| scenario.clone()).collect();
    let mut broken = Vec::new();
    for ((scenario, row), played) in rows.iter().zip(play_all(&scenarios)) {
        match played.map(|played| difference(*row, &played)) {
            Ok(None) => {}
            Ok(Some(difference)) => broken.push(format!("{}: {difference}", scenario.name)),
            Err(why) => broken.push(why),
        }
    }
    assert!(broken.is_empty(), "{} of {}:\n{}", broken.len(), rows.len(), broken.join("\n"));
}

fn rows_by(tables: impl Iterator<Item = &'static Table>, action: fn(E) -> Action) -> Vec<(Scenario, Row)> {
    let mut rows = Vec::new();
    for table in tables {
        for stage in table.stages {
            rows.extend(table.rows.iter().map(|row| (scenario(table, *stage, action(row.0)), *row)));
        }
    }
    rows
}

#[test]
fn g2_g3_each_code_of_each_request_comes_to_what_its_table_says() {
    play(&rows_by(TABLES.iter(), Action::Refuse));
}

#[test]
fn g2_g3_and_so_it_does_where_the_request_was_done_all_the_same() {
    let changing = TABLES.iter().filter(|table| CHANGING.contains(&table.api));
    let mut rows = rows_by(changing, Action::RefuseAfter);
    // The last stage of each table: what the broker did is the same at all of them.
    rows.retain(|(scenario, _)| matches!(scenario.faults[0].1, Stage::Takeover | Stage::Stopping));
    play(&rows);
}

#[test]
fn g9_a_code_that_stays_ends_a_run_that_is_to_end_and_is_named() {
    let mut rows = Vec::new();
    for (side, api, table) in [(Side::Target, ApiKey::Produce, PRODUCE), (Side::Source, ApiKey::Fetch, FETCH)]
    {
        for (code, expected) in table {
            let fault = Fault::on(api, Action::Refuse(*code)).about(TOPIC).times(u32::MAX);
            let scenario = Scenario {
                name: format!("{api:?} at the {side:?}: {code:?} for ever"),
                faults: vec![(side, Stage::Takeover, fault)],
                retry_timeout: "3s",
            };
            let row = (*code, if *expected == Retried { Stops("gave_up") } else { *expected });
            // What is too large for the target, however small it is made, is named by its size.
            if !matches!(code, E::MessageTooLarge | E::RecordListTooLarge) {
                rows.push((scenario, row));
            }
        }
    }
    play(&rows);
}

#[test]
fn g2_g11_a_partition_that_had_an_owner_is_not_written_while_its_fence_cannot_be_had() {
    let code = E::CoordinatorNotAvailable;
    let fault = Fault::on(ApiKey::InitProducerId, Action::Refuse(code)).times(u32::MAX);
    let scenario = Scenario {
        name: format!("InitProducerId: {code:?} for ever"),
        faults: vec![(Side::Target, Stage::Takeover, fault)],
        retry_timeout: "8s",
    };
    play(&[(scenario, (code, Stops("gave_up")))]);
}
