//! Fetch (key 1): records for consumers, with sessions, long polling and size limits.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::fetch_response::{
    AbortedTransaction, EpochEndOffset, FetchableTopicResponse, LeaderIdAndEpoch, NodeEndpoint, PartitionData,
};
use kafka_protocol::messages::{BrokerId, FetchRequest, FetchResponse, ProducerId, TopicName};
use kafka_protocol::protocol::StrBytes;
use uuid::Uuid;

use super::text;
use crate::sandbox::answer::{Answer, Api, Context, Inside, Waiting};
use crate::sandbox::fetch::{Asked, Found, Opened, Wanted, locate, read, readable_end};
use crate::sandbox::partition::Partition;
use crate::sandbox::state::State;

/// From this version topics are named by id (KIP-516).
const TOPIC_IDS_FROM: i16 = 13;
/// From this version an answer names the new leaders' addresses (KIP-951).
const ENDPOINTS_FROM: i16 = 16;

/// Holds a fetch until there is enough to answer it with.
struct Fetch {
    broker: i32,
    version: i16,
    min_bytes: usize,
    max_bytes: usize,
    committed_only: bool,
    /// Whether the client asked for a session.
    opens: bool,
    opened: Opened,
    /// What is to go wrong.
    fault: Option<Inside>,
}

impl Api for FetchRequest {
    const CHANGES: bool = false;

    fn topics(&self) -> Vec<StrBytes> {
        self.topics.iter().map(|topic| topic.topic.0.clone()).collect()
    }

    fn topics_in(&self, state: &State, broker: i32) -> Vec<String> {
        let named = self.topics.iter().map(|topic| state.topic_name(&topic.topic, topic.topic_id));
        let named = named.filter_map(|name| Some(name.ok()?.to_owned()));
        named.chain(state.fetch_sessions.topics((broker, self.session_id))).collect()
    }

    fn refusal(&self, error: ResponseError) -> FetchResponse {
        FetchResponse::default().with_error_code(error.code())
    }

    fn handle(self, cx: &mut Context<'_>) -> Answer<FetchResponse> {
        let wait = Duration::from_millis(u64::try_from(self.max_wait_ms).unwrap_or(0));
        let size = |bytes: i32| usize::try_from(bytes).unwrap_or(0);
        let opens = self.session_epoch == 0;
        let (min_bytes, max_bytes) = (size(self.min_bytes), size(self.max_bytes));
        let committed_only = self.isolation_level == 1;
        let asked = asked(&self, cx.state, cx.version);
        let opened = match cx.state.fetch_sessions.open(cx.broker, asked) {
            Ok(opened) => opened,
            Err(error) => {
                return Answer::Now(FetchResponse::default().with_error_code(error.code()));
            }
        };
        let fetch = Fetch {
            broker: cx.broker,
            version: cx.version,
            min_bytes,
            max_bytes,
            committed_only,
            opens,
            opened,
            fault: cx.fault,
        };
        if wait.is_zero() || fetch.has_enough(cx.state) {
            return Answer::Now(fetch.answer(cx.state));
        }
        Answer::Later(Waiting {
            deadline: cx.now + wait,
            poll: Box::new(move |state, expired| {
                (expired || fetch.has_enough(state)).then(|| fetch.answer(state))
            }),
        })
    }
}

fn asked(request: &FetchRequest, state: &State, version: i16) -> Asked {
    let name = |name: &TopicName, id: Uuid| state.topic_name(name, id).unwrap_or_default().to_owned();
    let wanted = request.topics.iter().flat_map(|topic| {
        let name = name(&topic.topic, topic.topic_id);
        topic.partitions.iter().map(move |partition| Wanted {
            topic: name.clone(),
            topic_id: topic.topic_id,
            partition: partition.partition,
            current_leader_epoch: partition.current_leader_epoch,
            fetch_offset: partition.fetch_offset,
            last_fetched_epoch: partition.last_fetched_epoch,
            bytes_max: usize::try_from(partition.partition_max_bytes).unwrap_or(0),
        })
    });
    let forgotten = request.forgotten_topics_data.iter().flat_map(|topic| {
        let by_name = if topic.topic_id.is_nil() { topic.topic.to_string() } else { String::new() };
        topic.partitions.iter().map(move |partition| (topic.topic_id, by_name.clone(), *partition))
    });
    Asked {
        session_id: request.session_id,
        epoch: request.session_epoch,
        by_id: version >= TOPIC_IDS_FROM,
        wanted: wanted.collect(),
        forgotten: forgotten.collect(),
    }
}

impl Fetch {
    /// Says whether there is something to say: enough bytes, an error, or nothing to wait for.
    fn has_enough(&self, state: &State) -> bool {
        let mut bytes = 0;
        for wanted in &self.opened.wanted {
            let Ok(partition) = self.locate(state, wanted) else { return true };
            match read(partition, wanted, self.committed_only, 0, false) {
                Ok(Found { diverging: None, .. }) => {}
                _ => return true,
            }
            let end = readable_end(partition, self.committed_only);
            let readable = partition.log.readable_bytes(wanted.fetch_offset, end, self.min_bytes);
            bytes += readable.min(wanted.bytes_max.max(1));
        }
        bytes >= self.min_bytes || self.opened.wanted.is_empty()
    }

    fn locate<'a>(&self, state: &'a State, wanted: &Wanted) -> Result<&'a Partition, ResponseError> {
        match self.fault {
            Some(Inside::Partitions(error)) => Err(error),
            _ => locate(state, self.broker, wanted),
        }
    }

    fn answer(&self, state: &mut State) -> FetchResponse {
        let mut left = self.max_bytes;
        let mut whole_first = true;
        let mut results = Vec::with_capacity(self.opened.wanted.len());
        for wanted in &self.opened.wanted {
            let found = self
                .locate(state, wanted)
                .and_then(|partition| read(partition, wanted, self.committed_only, left, whole_first));
            let found = found.map(|found| self.damaged(found));
            if let Ok(found) = &found {
                whole_first &= found.records.is_empty();
                left = left.saturating_sub(found.records.len());
            }
            results.push((wanted, found));
        }
        let session = self.session(state, &results);
        if let Some(id) = self.opened.session {
            let news = state.fetch_sessions.news(id, &results);
            let told = results.into_iter().zip(news).filter(|(_, news)| *news);
            results = told.map(|(result, _)| result).collect();
        }
        let leaders = self.new_leaders(state, &results);
        FetchResponse::default()
            .with_session_id(session)
            .with_responses(by_topic(state, results))
            .with_node_endpoints(leaders)
    }

    /// Flips the last bit of the records, where that is asked for: the checksum no longer fits.
    fn damaged(&self, mut found: Found) -> Found {
        if self.fault == Some(Inside::Corrupt) && !found.records.is_empty() {
            let mut bytes = Vec::from(found.records);
            if let Some(last) = bytes.last_mut() {
                *last ^= 1;
            }
            found.records = bytes.into();
        }
        found
    }

    /// Returns the number of the session, a new one where the client asked for one.
    fn session(&self, state: &mut State, results: &[(&Wanted, Result<Found, ResponseError>)]) -> i32 {
        if let Some((_, id)) = self.opened.session {
            return id;
        }
        if !self.opens || results.is_empty() {
            return 0;
        }
        let slots = state.configs.broker_number("max.incremental.fetch.session.cache.slots");
        let told = results.iter().map(|(wanted, found)| {
            let told = found.as_ref().map_or((-1, -1), |found| (found.high_watermark, found.log_start));
            ((*wanted).clone(), told.0, told.1)
        });
        let by_id = self.version >= TOPIC_IDS_FROM;
        let slots = usize::try_from(slots).unwrap_or(0);
        state.fetch_sessions.keep(self.broker, by_id, slots, told).map_or(0, |(_, id)| id)
    }

    fn new_leaders(
        &self,
        state: &State,
        results: &[(&Wanted, Result<Found, ResponseError>)],
    ) -> Vec<NodeEndpoint> {
        if self.version < ENDPOINTS_FROM {
            return Vec::new();
        }
        let moved =
            results.iter().filter(|(_, found)| found.as_ref().is_err_and(|error| is_about_leader(*error)));
        let ids: BTreeSet<i32> =
            moved.filter_map(|(wanted, _)| leader(state, wanted)).map(|(id, _)| id).collect();
        let brokers = ids.into_iter().filter_map(|id| state.brokers.get(id));
        brokers
            .map(|broker| {
                NodeEndpoint::default()
                    .with_node_id(BrokerId(broker.id))
                    .with_host(text(&broker.host))
                    .with_port(i32::from(broker.port))
            })
            .collect()
    }
}

/// What the broker does not know is answered without a look at a log, and then not with null.
fn is_unknown(error: ResponseError) -> bool {
    use ResponseError as E;
    matches!(error, E::UnknownTopicOrPartition | E::UnknownTopicId | E::TopicAuthorizationFailed)
}

fn is_about_leader(error: ResponseError) -> bool {
    matches!(error, ResponseError::NotLeaderOrFollower | ResponseError::FencedLeaderEpoch)
}

fn leader(state: &State, wanted: &Wanted) -> Option<(i32, i32)> {
    let partition = state.topics.get(&wanted.topic)?.partition(wanted.partition)?;
    Some((partition.leader?, partition.leader_epoch))
}

fn by_topic(
    state: &State,
    results: Vec<(&Wanted, Result<Found, ResponseError>)>,
) -> Vec<FetchableTopicResponse> {
    let mut topics: BTreeMap<(Uuid, &str), Vec<PartitionData>> = BTreeMap::new();
    for (wanted, found) in results {
        let data = PartitionData::default().with_partition_index(wanted.partition);
        let data = match found {
            Ok(found) => filled(data, found),
            Err(error) => {
                let now = leader(state, wanted).filter(|_| is_about_leader(error));
                let current = now.map_or_else(LeaderIdAndEpoch::default, |(id, epoch)| {
                    LeaderIdAndEpoch::default().with_leader_id(BrokerId(id)).with_leader_epoch(epoch)
                });
                data.with_error_code(error.code())
                    .with_high_watermark(-1)
                    .with_aborted_transactions(is_unknown(error).then(Vec::new))
                    .with_current_leader(current)
            }
        };
        topics.entry((wanted.topic_id, &wanted.topic)).or_default().push(data);
    }
    let answered = topics.into_iter().map(|((id, name), partitions)| {
        FetchableTopicResponse::default()
            .with_topic(TopicName(text(name)))
            .with_topic_id(id)
            .with_partitions(partitions)
    });
    answered.collect()
}

fn filled(data: PartitionData, found: Found) -> PartitionData {
    let aborted = found.aborted.map(|aborted| {
        let named = aborted.into_iter().map(|aborted| {
            AbortedTransaction::default()
                .with_producer_id(ProducerId(aborted.producer_id))
                .with_first_offset(aborted.first_offset)
        });
        named.collect()
    });
    let diverging = found.diverging.map_or_else(EpochEndOffset::default, |(epoch, end)| {
        EpochEndOffset::default().with_epoch(epoch).with_end_offset(end)
    });
    data.with_high_watermark(found.high_watermark)
        .with_last_stable_offset(found.last_stable)
        .with_log_start_offset(found.log_start)
        .with_aborted_transactions(aborted)
        .with_diverging_epoch(diverging)
        .with_records(Some(found.records))
}
