//! Producing to one target broker over one connection: pack what is ready into requests, send them
//! without waiting, and give each batch its answer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use kafka_protocol::error::ParseResponseErrorCode;
use kafka_protocol::messages::produce_response::PartitionProduceResponse;
use kafka_protocol::messages::{ProduceRequest, ProduceResponse};
use tokio::sync::{Notify, mpsc};

use super::cell::{PartitionCell, SendQueue};
use super::coalesce::{batches_to_merge, merge};
use super::intake::Item;
use super::limits::{
    PRODUCE_REQUEST_BYTES_MAX, PRODUCE_REQUESTS_IN_FLIGHT_MAX, batches_in_flight_max, produce_timeout_ms,
};
use super::partition::{Partition, Reaction, SendOutcome};
use super::status::FlowMeters;
use crate::kafka::buffers::MemoryBudget;
use crate::kafka::cluster::Cluster;
use crate::kafka::connection::{Connection, PendingAnswer};
use crate::kafka::metadata::TopicKey;
use crate::kafka::produce::{self, ProduceEntry};
use crate::kafka::retry::Backoff;
use crate::kafka::round_trip::Watch;
use crate::types::TargetOffset;

/// Longest sleep of a sender that has nothing to do.
const IDLE_SLEEP: Duration = Duration::from_secs(1);

/// Holds what all producers of a flow share.
#[derive(Debug)]
pub struct ProduceShared {
    /// The target cluster.
    pub target: Cluster,
    /// Pays for batches made of others.
    pub budget: MemoryBudget,
    /// Tells the fetchers that a partition that had no room has some again.
    pub room: Arc<Notify>,
    /// Asks the supervisor for fresh metadata.
    pub refresh: Arc<Notify>,
    /// Counts.
    pub meters: Arc<FlowMeters>,
}

/// Names one batch of a request: whose it is, and its ticket there.
struct Sent {
    cell: Arc<PartitionCell>,
    ticket: u64,
}

/// Holds a request on its way and what it carries.
struct InFlightRequest {
    answer: PendingAnswer,
    sent: Vec<Sent>,
    at: Instant,
}

/// Tells the sender what the answers showed.
#[derive(Debug, Default)]
struct Observed {
    throttled_until: Mutex<Option<Instant>>,
}

/// Sends the batches of the partitions in `queue` to broker `node` until aborted.
pub async fn run(shared: Arc<ProduceShared>, node: i32, queue: Arc<SendQueue>) {
    let mut backoff = Backoff::seeded(u64::from(node.unsigned_abs()) + 101);
    let mut delayed: Vec<(Instant, Arc<PartitionCell>)> = Vec::new();
    loop {
        match shared.target.connect(node).await {
            Ok(connection) => {
                backoff.reset();
                for cell in queue.members() {
                    cell.lock().partition.on_target_reached();
                }
                send_until_error(&shared, node, &connection, &queue, &mut delayed).await;
            }
            Err(error) => {
                shared.refresh.notify_one();
                refuse_all(&queue, &error.to_string());
                tokio::time::sleep(backoff.next_pause()).await;
                while queue.members().is_empty() {
                    queue.pass_on();
                    queue.wait().await;
                }
            }
        }
    }
}

/// Tells the partitions that their broker cannot be reached: those that wait count it as one failed
/// attempt and come back after their pause, the others know that what comes next could not be sent.
fn refuse_all(queue: &SendQueue, cause: &str) {
    let now = Instant::now();
    for cell in queue.members() {
        cell.lock().partition.on_target_unreachable(cause, now);
    }
    for _ in 0..queue.len() {
        let Some(cell) = queue.pop() else { return };
        {
            let mut state = cell.lock();
            if let Some(sending) = state.partition.next_send(now) {
                state.partition.on_outcome(sending.ticket, SendOutcome::Lost(cause.to_owned()), now);
            }
        }
        cell.enqueue();
    }
}

async fn send_until_error(
    shared: &Arc<ProduceShared>,
    node: i32,
    connection: &Connection,
    queue: &Arc<SendQueue>,
    delayed: &mut Vec<(Instant, Arc<PartitionCell>)>,
) {
    let (requests, answers) = mpsc::channel(PRODUCE_REQUESTS_IN_FLIGHT_MAX);
    let observed = Arc::new(Observed::default());
    let watch = Watch::start(shared.target.clone(), node);
    let reader = tokio::spawn(take_answers(shared.clone(), answers, observed.clone()));
    let timeout_ms = produce_timeout_ms(shared.target.request_timeout());
    let extra_time = Duration::from_millis(u64::from(timeout_ms.unsigned_abs()));
    while connection.is_open() {
        wait_out_throttling(&observed).await;
        let mut entries = Vec::new();
        let mut sent = Vec::new();
        pack(shared, queue, delayed, watch.round_trip(), &mut entries, &mut sent);
        if entries.is_empty() {
            wait_for_work(queue, delayed).await;
            continue;
        }
        let at = Instant::now();
        match produce::send(connection, &mut entries, timeout_ms).await {
            Ok(answer) => {
                let answer = answer.with_extra_time(extra_time);
                if requests.send(InFlightRequest { answer, sent, at }).await.is_err() {
                    break;
                }
            }
            Err(error) => {
                settle(shared, sent, |_| SendOutcome::Lost(error.to_string()));
                break;
            }
        }
    }
    // Answers still due are given out (as losses, if the connection is gone) before the next try.
    drop(requests);
    let _ = reader.await;
}

async fn wait_out_throttling(observed: &Observed) {
    let until = *observed.throttled_until.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(until) = until {
        tokio::time::sleep_until(until.into()).await;
    }
}

/// Sleeps until a partition is put in or a delayed one is due.
async fn wait_for_work(queue: &SendQueue, delayed: &mut Vec<(Instant, Arc<PartitionCell>)>) {
    let now = Instant::now();
    let due = delayed.iter().map(|(at, _)| *at).min().unwrap_or(now + IDLE_SLEEP).min(now + IDLE_SLEEP);
    // The idle sleep also notices a connection that closed while nothing was sent.
    let _ = tokio::time::timeout_at(due.into(), queue.wait()).await;
    let now = Instant::now();
    delayed.retain(|(at, cell)| {
        let later = *at > now;
        if !later {
            cell.enqueue();
        }
        later
    });
}

/// Fills one request from the partitions that are ready: at most one batch each.
fn pack(
    shared: &ProduceShared,
    queue: &SendQueue,
    delayed: &mut Vec<(Instant, Arc<PartitionCell>)>,
    round_trip: Option<Duration>,
    entries: &mut Vec<ProduceEntry>,
    sent: &mut Vec<Sent>,
) {
    let mut bytes = 0;
    let mut again = Vec::new();
    for _ in 0..queue.len() {
        if bytes >= PRODUCE_REQUEST_BYTES_MAX {
            break;
        }
        let Some(cell) = queue.pop() else { break };
        let now = Instant::now();
        let mut state = cell.lock();
        let rules = state.rules;
        state.partition.set_in_flight_max(batches_in_flight_max(round_trip));
        merge_small(&mut state.partition, rules.target_batch_bytes_max, round_trip, &shared.budget);
        let Some(sending) = state.partition.next_send(now) else {
            let retry_at = state.partition.retry_at().filter(|at| *at > now);
            drop(state);
            if let Some(at) = retry_at {
                delayed.push((at, cell));
            }
            continue;
        };
        let more = state.partition.can_send(now);
        if state.partition.take_has_room() {
            shared.room.notify_waiters();
        }
        let topic_id = state.target_topic_id;
        drop(state);
        bytes += sending.header.len() + sending.payload.len();
        entries.push(ProduceEntry {
            topic: cell.target.topic.clone(),
            topic_id,
            partition: cell.target.partition,
            header: sending.header,
            payload: sending.payload,
        });
        if more {
            again.push(cell.clone());
        }
        sent.push(Sent { cell, ticket: sending.ticket });
    }
    for cell in again {
        cell.enqueue();
    }
}

fn merge_small(
    partition: &mut Partition,
    target_batch_bytes_max: usize,
    round_trip: Option<Duration>,
    budget: &MemoryBudget,
) {
    let count = batches_to_merge(
        partition.queued(),
        partition.in_flight_batches(),
        round_trip,
        target_batch_bytes_max,
    );
    if count == 0 {
        return;
    }
    let items: Vec<&Item> = partition.queued().take(count).collect();
    // Both stand in memory until the merged batch is all that is left; without room nothing is merged.
    let Some(mut reservation) = budget.try_reserve(items.iter().map(|item| item.size_bytes()).sum()) else {
        return;
    };
    // What cannot be merged is sent as it is; a fault in it is found and told by the target.
    let Some(mut merged) = merge(&items, target_batch_bytes_max) else { return };
    reservation.shrink_to(merged.iter().map(Item::size_bytes).sum());
    let reservation = Arc::new(reservation);
    for item in &mut merged {
        item.batch.bytes = reservation.attach(item.batch.bytes.clone());
    }
    partition.replace_queued(count, merged);
}

async fn take_answers(
    shared: Arc<ProduceShared>,
    mut requests: mpsc::Receiver<InFlightRequest>,
    observed: Arc<Observed>,
) {
    while let Some(request) = requests.recv().await {
        match request.answer.decode::<ProduceRequest>().await {
            Ok(answer) => {
                let elapsed = request.at.elapsed();
                shared.meters.produce_times.answered(elapsed);
                note_throttle(&shared, &observed, answer.throttle_time_ms);
                let outcomes = by_partition(answer);
                settle(&shared, request.sent, |cell| outcome(&outcomes, cell));
            }
            Err(error) => settle(&shared, request.sent, |_| SendOutcome::Lost(error.to_string())),
        }
    }
}

fn note_throttle(shared: &ProduceShared, observed: &Observed, throttle_ms: i32) {
    let throttle = u64::try_from(throttle_ms).unwrap_or(0);
    if throttle > 0 {
        shared.meters.target_throttled(throttle);
        let until = Instant::now() + Duration::from_millis(throttle);
        *observed.throttled_until.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
    }
}

type Outcomes = HashMap<(TopicKey, i32), PartitionProduceResponse>;

fn by_partition(answer: ProduceResponse) -> Outcomes {
    let mut outcomes = Outcomes::new();
    for topic in answer.responses {
        for partition in topic.partition_responses {
            let key = TopicKey::of_answer(topic.topic_id, &topic.name);
            outcomes.insert((key, partition.index), partition);
        }
    }
    outcomes
}

fn outcome(outcomes: &Outcomes, cell: &PartitionCell) -> SendOutcome {
    let by_name = outcomes.get(&(TopicKey::Name(cell.target.topic.clone()), cell.target.partition));
    let by_id = || {
        let id = cell.lock().target_topic_id?;
        outcomes.get(&(TopicKey::Id(id), cell.target.partition))
    };
    let Some(answer) = by_name.or_else(by_id) else {
        return SendOutcome::Lost("the answer does not name the partition".to_owned());
    };
    match answer.error_code.err() {
        None => SendOutcome::Acknowledged(Some(TargetOffset(answer.base_offset)).filter(|o| o.0 >= 0)),
        Some(code) => {
            let message = answer.error_message.as_ref().map(|text| text.to_string());
            SendOutcome::Refused(code, message.filter(|text| !text.is_empty()))
        }
    }
}

/// Gives each batch of a request its outcome and carries the reactions out.
fn settle(shared: &ProduceShared, sent: Vec<Sent>, outcome: impl Fn(&PartitionCell) -> SendOutcome) {
    let now = Instant::now();
    let mut refresh = false;
    for Sent { cell, ticket } in sent {
        let outcome = outcome(&cell);
        let reaction = cell.lock().partition.on_outcome(ticket, outcome, now);
        match reaction {
            Reaction::None | Reaction::Stopped => {}
            Reaction::SendMore => cell.enqueue_if_ready(now),
            Reaction::RetryLater => cell.enqueue(),
            Reaction::Refresh => {
                refresh = true;
                cell.enqueue();
            }
            Reaction::StartOver => {
                // The supervisor looks for partitions in `Starting`.
                cell.lock().partition.start_over();
            }
        }
    }
    if refresh {
        shared.refresh.notify_one();
    }
}
