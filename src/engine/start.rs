//! Making partitions ready: topics at the target, positions, and what a crash left behind.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::cell::{CellState, PartitionCell};
use super::event::{Event, Notice, StopCause};
use super::intake::{self, IntakeRules};
use super::limits::DECODED_BATCH_BYTES_MAX;
use super::partition::Partition;
use super::state_topic::Checkpoint;
use crate::config::settings::{FlowSettings, OnLoss, StartAt};
use crate::kafka::admin::{self, NewTopic};
use crate::kafka::batch::Batches;
use crate::kafka::cluster::Cluster;
use crate::kafka::error::{KafkaError, Remedy, code_name, remedy_for};
use crate::kafka::log_reader;
use crate::kafka::metadata::Metadata;
use crate::kafka::offsets::{self, OffsetAnswers, OffsetSpec};
use crate::kafka::producer_ids;
use crate::kafka::records::{RecordFingerprint, fingerprints};
use crate::types::{SourceOffset, TargetOffset, TopicName, TopicPartition};

/// The newest checkpoint of each source partition.
pub type Checkpoints = HashMap<TopicPartition, Checkpoint>;

/// How long a start waits for the brokers.
const PATIENCE: Duration = Duration::from_secs(30);
/// A topic's limit where its configs may not be read: the brokers' own default.
const BATCH_BYTES_MAX_DEFAULT: usize = 1_048_588;
/// Configs that speak of the source's own brokers.
const NOT_COPIED: [&str; 2] =
    ["leader.replication.throttled.replicas", "follower.replication.throttled.replicas"];

/// Says what the flow copies already.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The partitions it has.
    pub cells: &'a [Arc<PartitionCell>],
    /// Whether it has begun: what is found from now on was made later.
    pub begun: bool,
}

/// Says where a new partition begins. "Latest" leaves out what was there before the flow was, and
/// nothing else: what a topic it copies already grew later is new from its first record (G1).
fn begin(flow: &FlowSettings, topic: &TopicName, known: Known<'_>, checkpoints: &Checkpoints) -> StartAt {
    let is_followed = known.begun || checkpoints.keys().any(|partition| partition.topic == *topic);
    if flow.start == StartAt::Latest && is_followed { StartAt::Earliest } else { flow.start }
}

/// Finds selected partitions that are not in `known`, and makes their topics ready at the target.
/// A topic that cannot be made ready stops alone.
pub async fn discover(
    source: &Cluster,
    target: &Cluster,
    flow: &FlowSettings,
    (known, checkpoints): (Known<'_>, &Checkpoints),
    events: &mpsc::Sender<Event>,
) -> Result<Vec<Arc<PartitionCell>>, KafkaError> {
    let at_source = source.retrying(PATIENCE, || source.metadata(None)).await?;
    let begin = |topic: &TopicName| begin(flow, topic, known, checkpoints);
    let known: HashSet<&TopicPartition> = known.cells.iter().map(|cell| &cell.source).collect();
    let mut wanted: BTreeMap<TopicName, Vec<i32>> = BTreeMap::new();
    for (name, topic) in &at_source.topics {
        if topic.is_internal || topic.error.is_some() || !flow.topics.matches(name.as_str()) {
            continue;
        }
        let new =
            topic.partitions.keys().filter(|p| !known.contains(&TopicPartition::new(name.clone(), **p)));
        let new: Vec<i32> = new.copied().collect();
        if !new.is_empty() {
            wanted.insert(name.clone(), new);
        }
    }
    for literal in flow.topics.literals() {
        let name = TopicName::from(literal);
        if !at_source.topics.contains_key(&name) {
            let cause = "it does not exist at the source, or may not be seen (Describe)".to_owned();
            // A listener that went away needs no events.
            let _ = events.send(Event::Notice(Notice::TopicUnavailable { topic: name, cause })).await;
        }
    }
    let names: Vec<TopicName> = wanted.keys().cloned().collect();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let failures = provision(source, target, flow, &names, &at_source, events).await?;
    let target_names: Vec<TopicName> = names.iter().map(|name| target_name(flow, name)).collect();
    let at_target = target.metadata(Some(&target_names)).await?;
    let configs = admin::topic_configs(target, &target_names).await?;
    let mut cells = Vec::new();
    for (name, partitions) in wanted {
        let target_topic = target_name(flow, &name);
        let limit = configs.get(&target_topic).and_then(|c| c.as_ref().ok()?.number("max.message.bytes"));
        for partition in partitions {
            let rules = IntakeRules {
                target_batch_bytes_max: limit
                    .and_then(|l| usize::try_from(l).ok())
                    .unwrap_or(BATCH_BYTES_MAX_DEFAULT),
                codec: flow.policy.compression,
                skip_oversize: flow.policy.on_oversize == OnLoss::Skip,
                end: None,
            };
            let mut copy = Partition::new(cells.len() as u64 + 1);
            if let Some(reason) = failures.get(&name) {
                copy.stop(StopCause::Provision { reason: reason.clone() });
            } else if at_target.partition(&target_topic, partition).is_none() {
                copy.stop(StopCause::NoTargetPartition { partition });
            }
            let state = CellState {
                partition: copy,
                source_topic_id: at_source.topics.get(&name).and_then(|t| t.id),
                target_topic_id: at_target.topics.get(&target_topic).and_then(|t| t.id),
                source_leader_epoch: -1,
                begin: begin(&name),
                rules,
            };
            let source = TopicPartition::new(name.clone(), partition);
            cells.push(PartitionCell::new(
                source,
                TopicPartition::new(target_topic.clone(), partition),
                state,
            ));
        }
    }
    Ok(cells)
}

fn target_name(flow: &FlowSettings, source: &TopicName) -> TopicName {
    TopicName::new(format!("{}{}{}", flow.rename.prefix, source, flow.rename.suffix))
}

/// Creates and grows topics; returns why for each source topic that is not ready.
async fn provision(
    source: &Cluster,
    target: &Cluster,
    flow: &FlowSettings,
    names: &[TopicName],
    at_source: &Metadata,
    events: &mpsc::Sender<Event>,
) -> Result<HashMap<TopicName, String>, KafkaError> {
    let mut failures = HashMap::new();
    if !flow.provision.enabled {
        return Ok(failures);
    }
    let target_names: Vec<TopicName> = names.iter().map(|name| target_name(flow, name)).collect();
    let at_target = target.retrying(PATIENCE, || target.metadata(Some(&target_names))).await?;
    let configs = admin::topic_configs(source, names).await?;
    let replication_factor = flow.provision.replication_factor.unwrap_or(-1);
    let mut waiting = Vec::new();
    for name in names {
        let count = i32::try_from(at_source.topics[name].partitions.len()).unwrap_or(i32::MAX);
        let topic = target_name(flow, name);
        let existing = at_target.topics.get(&topic).filter(|t| t.error.is_none()).map(|t| t.partitions.len());
        let (result, event) = match existing {
            None => {
                let explicit = configs.get(name).and_then(|c| c.as_ref().ok()).map(|c| c.explicit.clone());
                let mut configs = explicit.unwrap_or_default();
                configs.retain(|key, _| !NOT_COPIED.contains(&key.as_str()));
                configs.extend(flow.provision.config_overrides.clone());
                let new = NewTopic { name: topic.clone(), partitions: count, replication_factor, configs };
                let event =
                    Event::TopicCreated { topic: topic.clone(), partitions: count, replication_factor };
                (admin::create_topics(target, &[new]).await?, event)
            }
            Some(have) if i32::try_from(have).is_ok_and(|have| have < count) => {
                let to = at_source.topics[name].partitions.len();
                let event = Event::PartitionsGrown { topic: topic.clone(), from: have, to };
                (admin::grow_partitions(target, &[(topic.clone(), count)]).await?, event)
            }
            Some(_) => continue,
        };
        match result.into_values().next() {
            Some(Err(refusal)) => {
                failures.insert(name.clone(), refusal.to_string());
            }
            _ => {
                waiting.push((topic, count));
                // A listener that went away needs no events.
                let _ = events.send(event).await;
            }
        }
    }
    wait_for_leaders(target, &waiting).await?;
    Ok(failures)
}

async fn wait_for_leaders(target: &Cluster, topics: &[(TopicName, i32)]) -> Result<(), KafkaError> {
    let names: Vec<TopicName> = topics.iter().map(|(name, _)| name.clone()).collect();
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while !names.is_empty() && tokio::time::Instant::now() < deadline {
        let metadata = target.retrying(PATIENCE, || target.metadata(Some(&names))).await?;
        let ready = |(name, count): &(TopicName, i32)| {
            (0..*count).all(|p| metadata.partition(name, p).is_some_and(|p| p.leader.is_some()))
        };
        if topics.iter().all(ready) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

/// Returns the positions partitions have now, as their checkpoints would say them.
pub fn positions_of(cells: &[Arc<PartitionCell>]) -> Checkpoints {
    cells.iter().filter_map(|cell| Some((cell.source.clone(), Checkpoint::of(cell)?))).collect()
}

/// Starts partitions: from their checkpoint and what stands behind it at the target, else from
/// where the flow is to begin. With `to_end` they finish at the end offsets seen now.
pub async fn start_partitions(
    source: &Cluster,
    target: &Cluster,
    flow: &FlowSettings,
    cells: &[Arc<PartitionCell>],
    checkpoints: &Checkpoints,
    to_end: bool,
) -> Result<(), KafkaError> {
    let cells: Vec<_> =
        cells.iter().filter(|c| *c.lock().partition.phase() == super::partition::Phase::Starting).collect();
    if cells.is_empty() {
        return Ok(());
    }
    let at_source = source.retrying(PATIENCE, || source.metadata(None)).await?;
    let at_target = target.retrying(PATIENCE, || target.metadata(None)).await?;
    let firsts: Vec<_> = cells.iter().map(|c| (c.source.clone(), first(c.lock().begin))).collect();
    let ends: Vec<_> = cells.iter().map(|c| (c.source.clone(), OffsetSpec::Latest)).collect();
    let targets: Vec<_> = cells.iter().map(|c| (c.target.clone(), OffsetSpec::Latest)).collect();
    let firsts = source.retrying(PATIENCE, || offsets::list(source, &at_source, &firsts)).await?;
    let ends = source.retrying(PATIENCE, || offsets::list(source, &at_source, &ends)).await?;
    let target_ends = target.retrying(PATIENCE, || offsets::list(target, &at_target, &targets)).await?;
    for cell in cells {
        let context = Context { source, target, at_source: &at_source, at_target: &at_target, flow };
        let bounds = Bounds { firsts: &firsts, ends: &ends, target_ends: &target_ends };
        start_one(&context, &bounds, cell, checkpoints.get(&cell.source), to_end).await?;
    }
    Ok(())
}

fn first(begin: StartAt) -> OffsetSpec {
    match begin {
        StartAt::Earliest => OffsetSpec::Earliest,
        StartAt::Latest => OffsetSpec::Latest,
        StartAt::TimestampMs(ms) => OffsetSpec::TimestampMs(ms),
    }
}

struct Context<'a> {
    source: &'a Cluster,
    target: &'a Cluster,
    at_source: &'a Metadata,
    at_target: &'a Metadata,
    flow: &'a FlowSettings,
}

struct Bounds<'a> {
    firsts: &'a OffsetAnswers,
    ends: &'a OffsetAnswers,
    target_ends: &'a OffsetAnswers,
}

async fn start_one(
    context: &Context<'_>,
    bounds: &Bounds<'_>,
    cell: &Arc<PartitionCell>,
    checkpoint: Option<&Checkpoint>,
    to_end: bool,
) -> Result<(), KafkaError> {
    let known = (
        bounds.firsts.get(&cell.source),
        bounds.ends.get(&cell.source),
        bounds.target_ends.get(&cell.target),
    );
    let (first, end, target_end) = match known {
        (Some(Ok(first)), Some(Ok(end)), Some(Ok(target_end))) => (*first, *end, *target_end),
        (Some(Err(code)), ..) | (_, Some(Err(code)), _) | (.., Some(Err(code))) => {
            if remedy_for(*code) != Remedy::Fatal {
                // A leader is moving or not known everywhere yet; the supervisor starts it again.
                return Ok(());
            }
            let reason = format!("its offsets cannot be read: {}", code_name(code));
            cell.lock().partition.stop(StopCause::Provision { reason });
            return Ok(());
        }
        _ => return Ok(()),
    };
    let (source_now, target_now) = {
        let state = cell.lock();
        (state.source_topic_id, state.target_topic_id)
    };
    let recreated = checkpoint.and_then(|c| Some((c.source_topic_id?, source_now?))).filter(|(a, b)| a != b);
    if let Some((was, now)) = recreated
        && context.flow.policy.on_recreated == OnLoss::Stop
    {
        cell.lock().partition.stop(StopCause::Recreated { was, now });
        return Ok(());
    }
    let changed = checkpoint.and_then(|c| Some((c.target_topic_id?, target_now?))).filter(|(a, b)| a != b);
    if let Some((was, now)) = changed {
        cell.lock().partition.stop(StopCause::TargetRecreated { was, now });
        return Ok(());
    }
    let next = match checkpoint.filter(|_| recreated.is_none()) {
        None => {
            if first < 0 {
                end
            } else {
                first
            }
        }
        Some(checkpoint) if checkpoint.target_next > target_end => {
            let (expected, acknowledged) = (TargetOffset(checkpoint.target_next), TargetOffset(target_end));
            cell.lock().partition.stop(StopCause::TargetTruncated { expected, acknowledged });
            return Ok(());
        }
        Some(checkpoint) => match resume(context, cell, checkpoint, target_end).await? {
            Ok(next) => next,
            Err(cause) => {
                cell.lock().partition.stop(cause);
                return Ok(());
            }
        },
    };
    let init = || async { Ok(producer_ids::init(&context.target.any().await?).await?) };
    let producer = context.target.retrying(PATIENCE, init).await?;
    let end = to_end.then_some(SourceOffset(end));
    cell.lock().partition.start(producer, SourceOffset(next), TargetOffset(target_end), end);
    Ok(())
}

/// Finds the first source offset that is not at the target, given what a crash may have left
/// behind the checkpoint: the records of our producer id there, matched with the source's in order.
async fn resume(
    context: &Context<'_>,
    cell: &PartitionCell,
    checkpoint: &Checkpoint,
    target_end: i64,
) -> Result<Result<i64, StopCause>, KafkaError> {
    let mut tail: Vec<RecordFingerprint> = Vec::new();
    let mut at = checkpoint.target_next;
    while at < target_end {
        let piece = log_reader::read(context.target, context.at_target, &cell.target, at).await?;
        if piece.records.is_empty() {
            break;
        }
        for batch in Batches::new(piece.records).map_while(Result::ok) {
            let header = batch.header;
            if header.producer_id == checkpoint.producer_id && header.base_offset >= checkpoint.target_next {
                match fingerprints(&batch, DECODED_BATCH_BYTES_MAX) {
                    Ok(found) => tail.extend(found.into_iter().map(|(_, print)| print)),
                    Err(error) => return Ok(Err(unexplained(header.base_offset, &error.to_string()))),
                }
            }
            at = header.next_offset();
        }
    }
    match_tail(context, cell, checkpoint, &tail).await
}

async fn match_tail(
    context: &Context<'_>,
    cell: &PartitionCell,
    checkpoint: &Checkpoint,
    tail: &[RecordFingerprint],
) -> Result<Result<i64, StopCause>, KafkaError> {
    let mut next = checkpoint.source_next;
    let mut position = checkpoint.source_next;
    let mut matched = 0;
    let rules = cell.lock().rules;
    while matched < tail.len() {
        let piece = log_reader::read(context.source, context.at_source, &cell.source, position).await?;
        let taken = intake::take(piece.records, SourceOffset(position), piece.aborted, &rules, &|_| false);
        for item in &taken.items {
            let prints = match fingerprints(&item.batch, DECODED_BATCH_BYTES_MAX) {
                Ok(prints) => prints,
                Err(error) => return Ok(Err(unexplained(checkpoint.target_next, &error.to_string()))),
            };
            let count = prints.len();
            for (index, (_, print)) in prints.into_iter().enumerate() {
                // What compaction removed at the source since then is passed over in the tail.
                let Some(found) = tail[matched..].iter().position(|known| *known == print) else {
                    if index > 0 && !item.passed_through {
                        let reason = "a batch made anew was copied in part";
                        return Ok(Err(unexplained(checkpoint.target_next, reason)));
                    }
                    return Ok(Ok(next));
                };
                matched += found + 1;
                let whole = index + 1 == count;
                let offset = item.first.0 + i64::try_from(index).unwrap_or(i64::MAX) + 1;
                next = if whole { item.next.0 } else { offset };
            }
        }
        match taken.next {
            Some(after) if after.0 > position => position = after.0,
            _ => break,
        }
    }
    if matched < tail.len() && matched == 0 {
        let reason = "none of them is at the source behind the checkpoint";
        return Ok(Err(unexplained(checkpoint.target_next, reason)));
    }
    Ok(Ok(next))
}

fn unexplained(at: i64, reason: &str) -> StopCause {
    StopCause::Unexplained { at: TargetOffset(at), reason: reason.to_owned() }
}
