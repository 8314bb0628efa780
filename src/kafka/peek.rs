//! Looking into many logs with a few requests: one Fetch for each leader and round, whatever the number
//! of partitions.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::future::join_all;
use kafka_protocol::ResponseError;
use kafka_protocol::error::ParseResponseErrorCode;
use kafka_protocol::messages::{FetchRequest, FetchResponse};

use super::cluster::{Cluster, request_error};
use super::error::{KafkaError, RequestCause};
use super::fetch::{FetchLimits, FetchSession, Isolation, TOPIC_IDS_FROM, Wanted};
use super::log_reader::LogPiece;
use super::metadata::{Metadata, TopicKey};
use crate::types::{SourceOffset, TopicPartition};

/// Bytes asked for of each partition, round by round. A broker leaves a partition out whose first batch
/// is larger, unless it is the first in the request; what topics take by default is a little above 1 MiB.
const ROUNDS_BYTES: [i32; 3] = [8 * 1024, 128 * 1024, 2 * 1024 * 1024];
/// Most bytes of one answer, all partitions together.
const ANSWER_BYTES_MAX: i32 = 32 * 1024 * 1024;

/// A place in a log: the partition, and the first offset wanted.
pub type Place = (TopicPartition, i64);
/// What was found at each place, or why nothing.
pub type Pieces = HashMap<TopicPartition, Result<LogPiece, ResponseError>>;

/// Reads what stands at each place, at least one batch where there is one; one try.
///
/// Each leader is asked once a round, three times at most; behind these come single questions for
/// batches larger than 2 MiB or what did not fit the answers. Partitions without a leader answer
/// LEADER_NOT_AVAILABLE, those of a leader that cannot be asked BROKER_NOT_AVAILABLE.
pub async fn read(cluster: &Cluster, metadata: &Metadata, places: &[Place], isolation: Isolation) -> Pieces {
    let mut pieces = Pieces::new();
    let mut by_leader: HashMap<i32, Vec<&Place>> = HashMap::new();
    for place in places {
        match metadata.partition(&place.0.topic, place.0.partition).and_then(|p| p.leader) {
            Some(leader) => by_leader.entry(leader).or_default().push(place),
            None => {
                pieces.insert(place.0.clone(), Err(ResponseError::LeaderNotAvailable));
            }
        }
    }
    let asked = by_leader
        .into_iter()
        .map(|(leader, places)| read_from(Leader { cluster, metadata, leader, isolation }, places));
    join_all(asked).await.into_iter().for_each(|found| pieces.extend(found));
    pieces
}

/// Says whom to ask, and how.
#[derive(Clone, Copy)]
struct Leader<'a> {
    cluster: &'a Cluster,
    metadata: &'a Metadata,
    leader: i32,
    isolation: Isolation,
}

async fn read_from(leader: Leader<'_>, places: Vec<&Place>) -> Pieces {
    let mut pieces = Pieces::new();
    let mut rest = places;
    for bytes_max in ROUNDS_BYTES {
        if rest.is_empty() {
            return pieces;
        }
        rest = leader.round(&rest, bytes_max, &mut pieces).await;
    }
    for place in rest {
        // Named alone, a batch of any size comes whole.
        if !leader.round(&[place], ANSWER_BYTES_MAX, &mut pieces).await.is_empty() {
            pieces.insert(place.0.clone(), Err(ResponseError::OffsetNotAvailable));
        }
    }
    pieces
}

impl Leader<'_> {
    /// Asks once for all of these, and returns those of which nothing came though there is more.
    async fn round<'p>(&self, places: &[&'p Place], bytes_max: i32, pieces: &mut Pieces) -> Vec<&'p Place> {
        let by_key: HashMap<(TopicKey, i32), &'p Place> =
            places.iter().flat_map(|place| self.keys(place).map(|key| (key, *place))).collect();
        let answer = match self.ask(places, bytes_max).await {
            Ok(answer) => answer,
            Err(error) => {
                tracing::debug!(cluster = %self.cluster.alias(), broker = self.leader, %error, "cannot look into logs");
                let code = code_of(&error);
                pieces.extend(places.iter().map(|place| (place.0.clone(), Err(code))));
                return Vec::new();
            }
        };
        let mut left: HashMap<&TopicPartition, &'p Place> =
            places.iter().map(|place| (&place.0, *place)).collect();
        for topic in answer.responses {
            let key = TopicKey::of_answer(topic.topic_id, &topic.topic);
            for data in topic.partitions {
                let Some(place) = by_key.get(&(key.clone(), data.partition_index)) else { continue };
                let piece = match data.error_code.err() {
                    Some(code) => Err(code),
                    None => Ok(LogPiece::of(data)),
                };
                let is_end = |piece: &LogPiece| place.1 >= piece.end(self.isolation);
                if piece.as_ref().is_ok_and(|piece| !piece.has_batch() && !is_end(piece)) {
                    continue;
                }
                left.remove(&place.0);
                pieces.insert(place.0.clone(), piece);
            }
        }
        left.into_values().collect()
    }

    /// Returns both ways in which an answer may name a partition.
    fn keys(&self, (partition, _): &Place) -> impl Iterator<Item = (TopicKey, i32)> + use<> {
        let id = self.metadata.topics.get(&partition.topic).and_then(|topic| topic.id);
        let by_name = TopicKey::Name(partition.topic.clone());
        let index = partition.partition;
        id.map(TopicKey::Id).into_iter().chain([by_name]).map(move |key| (key, index))
    }

    async fn ask(&self, places: &[&Place], bytes_max: i32) -> Result<FetchResponse, KafkaError> {
        let connection = self.cluster.control(self.leader).await?;
        let fail = |cause| request_error::<FetchRequest>(&connection, cause);
        let version = connection.version_of::<FetchRequest>().map_err(fail)?;
        let has_ids =
            places.iter().all(|(p, _)| self.metadata.topics.get(&p.topic).is_some_and(|t| t.id.is_some()));
        let version = if has_ids { version } else { version.min(TOPIC_IDS_FROM - 1) };
        let wanted: Vec<Wanted> = places
            .iter()
            .map(|(partition, offset)| Wanted {
                topic: partition.topic.clone(),
                topic_id: self.metadata.topics.get(&partition.topic).and_then(|t| t.id),
                partition: partition.partition,
                offset: SourceOffset(*offset),
                leader_epoch: -1,
                last_fetched_epoch: -1,
                bytes_max,
            })
            .collect();
        let limits =
            FetchLimits { wait_max: Duration::ZERO, bytes_max: ANSWER_BYTES_MAX, isolation: self.isolation };
        let request = FetchSession::default().request(&wanted, limits, version).with_session_epoch(-1);
        let answer = connection.call_version(&request, version).await?;
        match answer.error_code.err() {
            None => Ok(answer),
            Some(code) => Err(fail(RequestCause::Code { code, message: None }).into()),
        }
    }
}

/// Returns the broker's own code where it gave one.
fn code_of(error: &KafkaError) -> ResponseError {
    match error {
        KafkaError::Request(request) => match &request.cause {
            RequestCause::Code { code, .. } => *code,
            _ => ResponseError::BrokerNotAvailable,
        },
        KafkaError::Connect(_) => ResponseError::BrokerNotAvailable,
    }
}
