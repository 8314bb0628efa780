//! Scratch.
use crate::faults_play::{Scenario, Side, Stage, play_all};
use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::ApiKey;
use strait::sandbox::{Action, Fault};
use std::collections::BTreeMap;
#[test]
fn probe_one() {
    let s = vec![Scenario {
        name: "x".into(),
        faults: vec![(Side::Target, Stage::Copying, Fault::on(ApiKey::Produce, Action::DisconnectAfter).about("orders"))],
        retry_timeout: "5s",
    }];
    let begun = std::time::Instant::now();
    println!("{:?} {:?}", play_all(&s), begun.elapsed());
}

#[test]
fn probe_all() {
    use ResponseError as E;
    let codes = [E::UnknownServerError, E::CorruptMessage, E::UnknownTopicOrPartition, E::LeaderNotAvailable, E::NotLeaderOrFollower, E::RequestTimedOut, E::BrokerNotAvailable, E::ReplicaNotAvailable, E::NetworkException, E::CoordinatorLoadInProgress, E::CoordinatorNotAvailable, E::NotCoordinator, E::InvalidTopicException, E::TopicAuthorizationFailed, E::GroupAuthorizationFailed, E::ClusterAuthorizationFailed, E::TransactionalIdAuthorizationFailed, E::NotController, E::InvalidRequest, E::UnsupportedVersion, E::KafkaStorageError, E::FencedLeaderEpoch, E::UnknownLeaderEpoch, E::OffsetNotAvailable, E::ThrottlingQuotaExceeded, E::UnknownTopicId, E::InconsistentTopicId, E::ListenerNotFound, E::OffsetOutOfRange, E::ConcurrentTransactions, E::InvalidProducerEpoch, E::ProducerFenced, E::InvalidTxnState, E::InvalidProducerIdMapping, E::InvalidTransactionTimeout, E::TransactionAbortable, E::TransactionCoordinatorFenced, E::InvalidGroupId, E::UnknownMemberId, E::IllegalGeneration, E::RebalanceInProgress, E::OffsetMetadataTooLarge, E::InvalidCommitOffsetSize, E::UnstableOffsetCommit, E::InvalidRecord, E::PolicyViolation, E::FetchSessionIdNotFound, E::InvalidFetchSessionEpoch, E::FetchSessionTopicIdError];
    let apis = [(Side::Target, ApiKey::Produce, Some("strait.f")), (Side::Source, ApiKey::Fetch, Some("orders")), (Side::Target, ApiKey::Fetch, None),
        (Side::Source, ApiKey::Metadata, None), (Side::Target, ApiKey::Metadata, None), (Side::Source, ApiKey::ListOffsets, None), (Side::Target, ApiKey::ListOffsets, None),
        (Side::Target, ApiKey::InitProducerId, None), (Side::Target, ApiKey::AddPartitionsToTxn, None), (Side::Target, ApiKey::EndTxn, None), (Side::Target, ApiKey::FindCoordinator, None), (Side::Target, ApiKey::OffsetCommit, None),
        (Side::Target, ApiKey::CreateTopics, None), (Side::Target, ApiKey::DescribeConfigs, None), (Side::Source, ApiKey::DescribeConfigs, None)];
    let only = std::env::var("PROBE").unwrap_or_default();
    let mut s = Vec::new();
    for (side, api, topic) in apis {
        for stage in [Stage::Start, Stage::Copying, Stage::Stopping, Stage::Takeover] {
            for code in &codes {
                let name = format!("{side:?} {api:?} {topic:?} | {stage:?} | {code:?}");
                if !name.contains(&only) { continue; }
                let mut fault = Fault::on(api, Action::Refuse(*code));
                if let Some(t) = topic { fault = fault.about(t); }
                s.push(Scenario { name, faults: vec![(side, stage, fault)], retry_timeout: "20s" });
            }
        }
    }
    let begun = std::time::Instant::now();
    let played = play_all(&s);
    let mut by: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (one, played) in s.iter().zip(played) {
        let mut parts = one.name.rsplitn(2, " | ");
        let code = parts.next().unwrap().to_owned();
        let came = match played { Ok(p) if p.hits == 0 => "unhit".to_owned(), Ok(p) => format!("{:?}", p.came), Err(e) => e };
        let came: String = came.chars().take(400).collect();
        let came = came.replace(&code, "CODE");
        by.entry(format!("{} => {}", parts.next().unwrap(), came)).or_default().push(code);
    }
    println!("{} scenarios in {:?}", s.len(), begun.elapsed());
    for (k, v) in by { println!("{k}: {}", v.join(" ")); }
}
