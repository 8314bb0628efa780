//! Scratch.
use crate::faults_play::{Scenario, Side, Stage, play_all};
use kafka_protocol::error::ResponseError as E;
use kafka_protocol::messages::ApiKey;
use strait::sandbox::{Action, Fault};
#[test]
fn probe_lasting() {
    let mut s = Vec::new();
    for (side, api) in [(Side::Target, ApiKey::Produce), (Side::Source, ApiKey::Fetch)] {
        for code in [E::CorruptMessage, E::OutOfOrderSequenceNumber, E::UnknownProducerId, E::DuplicateSequenceNumber, E::MessageTooLarge, E::RecordListTooLarge, E::NotLeaderOrFollower, E::RequestTimedOut, E::TopicAuthorizationFailed, E::OffsetOutOfRange, E::FetchSessionIdNotFound, E::UnknownServerError, E::KafkaStorageError, E::NotEnoughReplicas, E::UnknownTopicOrPartition, E::FencedLeaderEpoch, E::UnknownLeaderEpoch, E::UnknownTopicId, E::OffsetNotAvailable,
          E::InvalidRequest] {
            s.push(Scenario { name: format!("{api:?} {code:?}"), faults: vec![(side, Stage::Takeover, Fault::on(api, Action::Refuse(code)).about("orders").times(u32::MAX))], retry_timeout: "1s" });
        }
    }
    let begun = std::time::Instant::now();
    for (one, p) in s.iter().zip(play_all(&s)) { println!("{}: {p:?}", one.name); }
    println!("{:?}", begun.elapsed());
}
