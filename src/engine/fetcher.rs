//! Fetching from one source broker over one connection: gather what is wanted, ask, take in.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use kafka_protocol::ResponseError;
use kafka_protocol::error::ParseResponseErrorCode;
use kafka_protocol::messages::fetch_response::PartitionData;
use kafka_protocol::messages::{FetchRequest, FetchResponse};
use tokio::sync::Notify;
use uuid::Uuid;

use super::cell::{FetchList, PartitionCell};
use super::event::StopCause;
use super::intake::{self, IntakeRules};
use super::limits::{self, FETCH_WAIT_CROWDED, FETCH_WAIT_MAX, FetchSizer, GATHER_BYTES, GATHER_PAUSE};
use super::origin::OriginFilter;
use super::pacing::Pacer;
use super::partition::FetchWish;
use super::status::FlowMeters;
use crate::kafka::buffers::MemoryBudget;
use crate::kafka::cluster::Cluster;
use crate::kafka::connection::Connection;
use crate::kafka::error::{KafkaError, Remedy, code_name, remedy_for};
use crate::kafka::fetch::{FetchLimits, FetchSession, Isolation, SessionOutcome, TOPIC_IDS_FROM, Wanted};
use crate::kafka::metadata::TopicKey;
use crate::kafka::retry::Backoff;
use crate::kafka::round_trip::Watch;
use crate::types::SourceOffset;

/// Holds what all fetchers of a flow share.
#[derive(Debug)]
pub struct FetchShared {
    /// The source cluster.
    pub source: Cluster,
    /// Memory for answers.
    pub budget: MemoryBudget,
    /// Keeps to `limits.bandwidth`.
    pub pacer: Option<Mutex<Pacer>>,
    /// Most bytes one fetch asks for, as the number of connections allows.
    pub bytes_ceiling: std::sync::atomic::AtomicUsize,
    /// Asks the supervisor for fresh metadata.
    pub refresh: Arc<Notify>,
    /// Told when a partition that had no room has some again.
    pub room: Arc<Notify>,
    /// Takes partitions whose log bounds have to be looked up.
    pub out_of_range: tokio::sync::mpsc::Sender<Arc<PartitionCell>>,
    /// Tells copied records from the source's own.
    pub origin: Arc<OriginFilter>,
    /// Counts.
    pub meters: Arc<FlowMeters>,
}

/// Fetches the partitions of `list` from broker `node` until aborted.
pub async fn run(shared: Arc<FetchShared>, node: i32, list: Arc<FetchList>) {
    let mut backoff = Backoff::seeded(u64::from(node.unsigned_abs()) + 1);
    loop {
        let error = match shared.source.connect(node).await {
            Ok(connection) => {
                let error = fetch_until_error(&shared, node, &connection, &list, &mut backoff).await;
                connection.close(crate::kafka::error::RequestCause::Disconnected { error: None });
                error
            }
            Err(error) => error.into(),
        };
        for cell in list.cells() {
            let now = Instant::now();
            cell.lock().partition.on_source_trouble(error.to_string(), error.remedy(), now);
        }
        shared.refresh.notify_one();
        tokio::time::sleep(backoff.next_pause()).await;
    }
}

async fn fetch_until_error(
    shared: &FetchShared,
    node: i32,
    connection: &Connection,
    list: &FetchList,
    backoff: &mut Backoff,
) -> KafkaError {
    let version = match connection.version_of::<FetchRequest>() {
        Ok(version) => version,
        Err(cause) => {
            return crate::kafka::cluster::request_error::<FetchRequest>(connection, cause).into();
        }
    };
    let ceiling = || shared.bytes_ceiling.load(std::sync::atomic::Ordering::Relaxed);
    let mut sizer = FetchSizer::new(ceiling());
    let watch = Watch::start(shared.source.clone(), node);
    let mut session = FetchSession::default();
    loop {
        pace(shared).await;
        sizer.set_ceiling(ceiling());
        let reservation = shared.budget.reserve(sizer.next_bytes()).await;
        let gathered = gather(list, shared.budget.limit_bytes(), sizer.next_bytes(), version);
        if gathered.wanted.is_empty() {
            drop(reservation);
            let pause = gathered.pause(Instant::now());
            // Woken by a change of the list or room in a partition, or looks again when something may have become due.
            let _ = tokio::time::timeout(pause, async {
                tokio::select! {
                    () = list.wait() => {}
                    () = shared.room.notified() => {}
                }
            })
            .await;
            continue;
        }
        let wait_max = if gathered.crowded { FETCH_WAIT_CROWDED } else { FETCH_WAIT_MAX };
        let limits = FetchLimits {
            wait_max,
            bytes_max: i32::try_from(sizer.next_bytes()).unwrap_or(i32::MAX),
            isolation: Isolation::ReadCommitted,
        };
        let request = session.request(&gathered.wanted, limits, version);
        let asked = Instant::now();
        let pending = match connection.send(&request, version, Some(reservation)).await {
            Ok(pending) => pending.with_extra_time(wait_max),
            Err(error) => return error.into(),
        };
        let answer = match pending.decode::<FetchRequest>().await {
            Ok(answer) => answer,
            Err(error) => return error.into(),
        };
        backoff.reset();
        match session.on_answer(answer.session_id, answer.error_code.err()) {
            SessionOutcome::Restarted => continue,
            SessionOutcome::Failed(code) => {
                // A topic id the broker does not know fails the whole request in some versions.
                shared.refresh.notify_one();
                note_trouble(&gathered, code);
                continue;
            }
            SessionOutcome::Read => {}
        }
        let throttle = u64::try_from(answer.throttle_time_ms).unwrap_or(0);
        let bytes = take_answer(shared, &gathered, answer).await;
        sizer.on_answer(bytes, asked.elapsed(), watch.round_trip());
        shared.meters.fetch_times.answered(asked.elapsed());
        if let Some(pacer) = &shared.pacer {
            pacer.lock().unwrap_or_else(PoisonError::into_inner).took(bytes, Instant::now());
        }
        if (1..GATHER_BYTES).contains(&bytes) {
            tokio::time::sleep(GATHER_PAUSE).await;
        }
        if throttle > 0 {
            shared.meters.source_throttled(throttle);
            tokio::time::sleep(Duration::from_millis(throttle)).await;
        }
    }
}

async fn pace(shared: &FetchShared) {
    let Some(pacer) = &shared.pacer else { return };
    let debt = pacer.lock().unwrap_or_else(PoisonError::into_inner).debt(Instant::now());
    if !debt.is_zero() {
        tokio::time::sleep(debt).await;
    }
}

/// Holds what one fetch asks for.
struct Gathered {
    wanted: Vec<Wanted>,
    cells: Vec<Arc<PartitionCell>>,
    by_key: HashMap<(TopicKey, i32), usize>,
    crowded: bool,
    next_due: Option<Instant>,
}

impl Gathered {
    fn pause(&self, now: Instant) -> Duration {
        if self.crowded {
            return FETCH_WAIT_CROWDED;
        }
        let due = self.next_due.map_or(FETCH_WAIT_MAX, |at| at.saturating_duration_since(now));
        due.clamp(Duration::from_millis(5), FETCH_WAIT_MAX)
    }

    fn find(&self, topic: &kafka_protocol::messages::TopicName, id: Uuid, partition: i32) -> Option<usize> {
        self.by_key.get(&(TopicKey::of_answer(id, topic), partition)).copied()
    }
}

fn gather(list: &FetchList, memory_bytes: usize, fetch_bytes: usize, version: i16) -> Gathered {
    let now = Instant::now();
    let cells = list.cells();
    let queued_bytes = cells.iter().map(|cell| cell.lock().partition.queued_bytes()).sum();
    let room = limits::room(memory_bytes, fetch_bytes, queued_bytes, cells.len());
    let mut gathered = Gathered {
        wanted: Vec::new(),
        cells: Vec::new(),
        by_key: HashMap::new(),
        crowded: false,
        next_due: None,
    };
    for cell in cells {
        let mut state = cell.lock();
        match state.partition.wants_fetch(room, now) {
            FetchWish::Nothing => {}
            FetchWish::Crowded => gathered.crowded = true,
            FetchWish::At(at) => {
                gathered.next_due = Some(gathered.next_due.map_or(at, |due| due.min(at)));
            }
            FetchWish::From { offset, last_epoch } => {
                let wanted = Wanted {
                    topic: cell.source.topic.clone(),
                    topic_id: state.source_topic_id,
                    partition: cell.source.partition,
                    offset,
                    leader_epoch: state.source_leader_epoch,
                    last_fetched_epoch: last_epoch,
                    bytes_max: 0,
                };
                drop(state);
                let key = match wanted.topic_id {
                    Some(id) if version >= TOPIC_IDS_FROM => TopicKey::Id(id),
                    _ => TopicKey::Name(wanted.topic.clone()),
                };
                gathered.by_key.insert((key, wanted.partition), gathered.cells.len());
                gathered.wanted.push(wanted);
                gathered.cells.push(cell);
            }
        }
    }
    let share = partition_share(fetch_bytes, gathered.wanted.len());
    for wanted in &mut gathered.wanted {
        wanted.bytes_max = share;
    }
    gathered
}

/// Says how much of an answer one partition may take: twice an even share, so that busy partitions
/// use what idle ones leave, and a power of two, so that a session is rarely told of a change.
fn partition_share(fetch_bytes: usize, partitions: usize) -> i32 {
    let even = fetch_bytes / partitions.max(1) * 2;
    let share = even.max(256 * 1024).next_power_of_two().min(fetch_bytes);
    i32::try_from(share).unwrap_or(i32::MAX)
}

fn note_trouble(gathered: &Gathered, code: ResponseError) {
    let now = Instant::now();
    for cell in &gathered.cells {
        cell.lock().partition.on_source_trouble(code_name(&code), remedy_for(code), now);
    }
}

/// Names what the source refuses, and the right that helps.
fn source_words(code: ResponseError) -> String {
    let name = code_name(&code);
    match code {
        ResponseError::TopicAuthorizationFailed => {
            format!("the source does not let us read it ({name}); grant Read on the topic there")
        }
        _ => name,
    }
}

/// Takes in an answer's partitions; returns the bytes of records in it.
async fn take_answer(shared: &FetchShared, gathered: &Gathered, answer: FetchResponse) -> usize {
    let mut bytes = 0;
    let mut refresh = false;
    for topic in answer.responses {
        for data in topic.partitions {
            let Some(index) = gathered.find(&topic.topic, topic.topic_id, data.partition_index) else {
                continue;
            };
            bytes += data.records.as_ref().map_or(0, bytes::Bytes::len);
            let cell = &gathered.cells[index];
            let asked = gathered.wanted[index].offset;
            match data.error_code.err() {
                None => {
                    let records = data.records.clone().unwrap_or_default();
                    match shared.origin.learn(&records).await {
                        Ok(()) => take_partition(shared, cell, asked, data).await,
                        // Not knowing whose records these are, none of them is copied: it asks again.
                        Err(error) => {
                            let mut state = cell.lock();
                            let cause = error.to_string();
                            state.partition.on_source_trouble(cause, error.remedy(), Instant::now());
                        }
                    }
                }
                Some(ResponseError::OffsetOutOfRange) => {
                    let now = Instant::now();
                    let cause = code_name(&ResponseError::OffsetOutOfRange);
                    cell.lock().partition.on_source_trouble(cause, Remedy::Retry, now);
                    // A full queue only delays: the next fetch of the partition finds it again.
                    let _ = shared.out_of_range.try_send(cell.clone());
                }
                Some(code) => {
                    let remedy = remedy_for(code);
                    refresh |= remedy == Remedy::Refresh;
                    cell.lock().partition.on_source_trouble(source_words(code), remedy, Instant::now());
                }
            }
        }
    }
    if refresh {
        shared.refresh.notify_one();
    }
    bytes
}

async fn take_partition(
    shared: &FetchShared,
    cell: &Arc<PartitionCell>,
    asked: SourceOffset,
    data: PartitionData,
) {
    let now = Instant::now();
    let rules = {
        let mut state = cell.lock();
        let log_start = Some(SourceOffset(data.log_start_offset)).filter(|o| o.0 >= 0);
        let end = Some(SourceOffset(data.last_stable_offset)).filter(|o| o.0 >= 0);
        state.partition.on_source_bounds(log_start, end);
        if data.diverging_epoch.epoch >= 0 || data.diverging_epoch.end_offset >= 0 {
            let copied = SourceOffset(state.partition.fetch_next().0 - 1);
            let end = SourceOffset(data.diverging_epoch.end_offset.max(0));
            state.partition.stop_when_flushed(StopCause::SourceTruncated { end, copied });
            return;
        }
        IntakeRules { end: state.partition.end(), ..state.rules }
    };
    let records = data.records.unwrap_or_default();
    let aborted = data
        .aborted_transactions
        .unwrap_or_default()
        .iter()
        .map(|transaction| (transaction.first_offset, transaction.producer_id.0))
        .collect();
    let mut taken = intake::take(records, asked, aborted, &rules, &|id| shared.origin.is_foreign(id));
    for item in taken.made_anew() {
        let reservation = Arc::new(shared.budget.reserve(item.size_bytes()).await);
        item.batch.bytes = reservation.attach(item.batch.bytes.clone());
    }
    let skipped = {
        let mut state = cell.lock();
        taken.items.iter().for_each(|item| state.ages.on_fetched(item));
        state.partition.on_fetched(asked, taken, now)
    };
    for cause in skipped {
        shared.meters.skipped(&cell.source, cause);
    }
    cell.enqueue_if_ready(now);
}
