//! Finding the partitions a flow is to copy, and making their topics ready at the target.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::age::AgeMarks;
use super::cell::{CellState, PartitionCell};
use super::event::{Event, Notice, StopCause};
use super::intake::IntakeRules;
use super::partition::Partition;
use crate::config::settings::{FlowSettings, OnLoss, StartAt};
use crate::kafka::admin::{self, Refusal, TopicConfigs};
use crate::kafka::buffers::MemoryBudget;
use crate::kafka::cluster::Cluster;
use crate::kafka::error::KafkaError;
use crate::kafka::metadata::{Metadata, TopicMetadata};
use crate::kafka::retry::Backoff;
use crate::provision::apply::apply;
use crate::provision::plan::{self, Step};
use crate::provision::wanted::{self, LOG_APPEND_TIME, TIMESTAMP_TYPE};
use crate::types::{TopicName, TopicPartition, distinct};

/// How long a discovery waits for the brokers.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long the target is asked again for topics that it will not describe.
const DESCRIBED_WITHIN: Duration = Duration::from_secs(1);
/// The topic config that bounds a batch.
const BATCH_BYTES_MAX: &str = "max.message.bytes";
/// A topic's limit where its configs may not be read: the brokers' own default.
const BATCH_BYTES_MAX_DEFAULT: usize = 1_048_588;

/// Configs of topics, or why they cannot be read.
type Configs = HashMap<TopicName, Result<TopicConfigs, Refusal>>;

/// Says what the flow copies already.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The source partitions it has.
    pub partitions: &'a HashSet<TopicPartition>,
    /// Where given, only the partitions that are copied to these are looked for.
    pub only: Option<&'a BTreeSet<TopicPartition>>,
    /// Whether it has begun: what is found from now on was made later.
    pub has_begun: bool,
}

/// Says where a new partition begins. "Latest" leaves out what was there before the flow was, and
/// nothing else: what is made later is new from its first record (G1).
fn begin(flow: &FlowSettings, known: Known<'_>) -> StartAt {
    if flow.start == StartAt::Latest && known.has_begun { StartAt::Earliest } else { flow.start }
}

/// Finds selected partitions that are not in `known`, and makes their topics ready at the target.
/// A topic that cannot be made ready stops alone; it is tried again by the next discovery.
pub async fn discover(
    source: &Cluster,
    target: &Cluster,
    flow: &FlowSettings,
    known: Known<'_>,
    budget: &MemoryBudget,
    events: &mpsc::Sender<Event>,
) -> Result<Vec<Arc<PartitionCell>>, KafkaError> {
    let at_source = source.retrying(PATIENCE, || source.metadata(None)).await?;
    tell_missing(flow, &at_source, !known.has_begun, events).await;
    let wanted = wanted(flow, &at_source, known);
    let names: Vec<TopicName> = wanted.keys().cloned().collect();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let target_names: Vec<TopicName> = names.iter().map(|name| target_name(flow, name)).collect();
    let ask_target = || described(target, &target_names);
    let mut at_target = ask_target().await?;
    let mut failures = HashMap::new();
    if flow.provision.enabled {
        let plan = plan(source, flow, &names, (&at_source, &at_target)).await?;
        let is_change = !plan.steps.is_empty();
        failures = carry_out(target, plan, events).await?;
        if is_change {
            at_target = ask_target().await?;
        }
    }
    let configs = target_configs(target, &target_names).await?;
    let mut cells = Vec::new();
    for (name, partitions) in wanted {
        let target_topic = target_name(flow, &name);
        let rules = rules(flow, configs.get(&target_topic));
        if restamps(configs.get(&target_topic)) {
            // A listener that went away needs no events.
            let _ = events.send(Event::Notice(Notice::Restamped { topic: target_topic.clone() })).await;
        }
        for partition in partitions {
            let mut copy = Partition::new(cells.len() as u64 + 1, budget.clone());
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
                begin: begin(flow, known),
                owned_since: None,
                recreated_as: None,
                source_missing_since: None,
                rules,
                ages: AgeMarks::default(),
            };
            let source = TopicPartition::new(name.clone(), partition);
            let target = TopicPartition::new(target_topic.clone(), partition);
            cells.push(PartitionCell::new(source, target, state));
        }
    }
    Ok(cells)
}

/// Asks what the target's topics are like; again for a moment where it will not tell of one of them, for what
/// is told then holds for the whole of a run that is to end.
async fn described(target: &Cluster, names: &[TopicName]) -> Result<Metadata, KafkaError> {
    let deadline = Instant::now() + DESCRIBED_WITHIN;
    let mut backoff = Backoff::waited_for();
    loop {
        let found = target.retrying(PATIENCE, || target.metadata(Some(names))).await?;
        let is_silent = found.topics.values().any(|topic| topic.error.is_some() && !topic.is_missing());
        let pause = backoff.next_pause();
        if !is_silent || Instant::now() + pause >= deadline {
            return Ok(found);
        }
        tokio::time::sleep(pause).await;
    }
}

/// Lists the partitions to be copied that are not in `known`, by topic.
fn wanted(flow: &FlowSettings, at_source: &Metadata, known: Known<'_>) -> BTreeMap<TopicName, Vec<i32>> {
    let mut wanted: BTreeMap<TopicName, Vec<i32>> = BTreeMap::new();
    for (name, topic) in &at_source.topics {
        if topic.is_internal || topic.error.is_some() || !flow.topics.matches(name.as_str()) {
            continue;
        }
        let target = target_name(flow, name);
        let is_new = |partition: &i32| {
            let is_looked_for =
                known.only.is_none_or(|only| only.contains(&TopicPartition::new(target.clone(), *partition)));
            is_looked_for && !known.partitions.contains(&TopicPartition::new(name.clone(), *partition))
        };
        let new: Vec<i32> = topic.partitions.keys().copied().filter(is_new).collect();
        if !new.is_empty() {
            wanted.insert(name.clone(), new);
        }
    }
    wanted
}

/// Tells of topics that the configuration names and the source does not show; once, at the start.
async fn tell_missing(
    flow: &FlowSettings,
    at_source: &Metadata,
    is_start: bool,
    events: &mpsc::Sender<Event>,
) {
    for literal in flow.topics.literals().filter(|_| is_start) {
        let name = TopicName::from(literal);
        if !at_source.topics.contains_key(&name) {
            let cause = "it does not exist at the source, or may not be seen; grant Read on it, which includes Describe".to_owned();
            // A listener that went away needs no events.
            let _ = events.send(Event::Notice(Notice::TopicUnavailable { topic: name, cause })).await;
        }
    }
}

fn rules(flow: &FlowSettings, configs: Option<&Result<TopicConfigs, Refusal>>) -> IntakeRules {
    IntakeRules {
        target_batch_bytes_max: batch_bytes_max(configs).unwrap_or(BATCH_BYTES_MAX_DEFAULT),
        codec: flow.policy.compression,
        skip_oversize: flow.policy.on_oversize == OnLoss::Skip,
        end: None,
    }
}

fn batch_bytes_max(configs: Option<&Result<TopicConfigs, Refusal>>) -> Option<usize> {
    configs?.as_ref().ok()?.number(BATCH_BYTES_MAX).and_then(|limit| usize::try_from(limit).ok())
}

/// Says whether the target writes its own time into every record, whatever the source's were.
fn restamps(configs: Option<&Result<TopicConfigs, Refusal>>) -> bool {
    let configs = configs.and_then(|configs| configs.as_ref().ok());
    configs.and_then(|c| c.effective.get(TIMESTAMP_TYPE)).is_some_and(|kind| kind == LOG_APPEND_TIME)
}

/// Reads the few configs of target topics that bind a copy.
async fn target_configs(target: &Cluster, topics: &[TopicName]) -> Result<Configs, KafkaError> {
    let keys = [BATCH_BYTES_MAX, TIMESTAMP_TYPE];
    target.retrying(PATIENCE, || admin::topic_configs(target, topics, Some(&keys))).await
}

/// Reads the target topics' batch limits again, because one was refused for its size.
pub async fn refresh_limits(target: &Cluster, cells: &[Arc<PartitionCell>]) -> Result<(), KafkaError> {
    let topics = distinct(cells.iter().map(|cell| &cell.target.topic));
    let configs = target_configs(target, &topics).await?;
    for cell in cells {
        let known = batch_bytes_max(configs.get(&cell.target.topic));
        let mut state = cell.lock();
        let refused = state.partition.take_refused_size();
        let rules = &mut state.rules;
        rules.target_batch_bytes_max = known.unwrap_or(rules.target_batch_bytes_max);
        if let Some(refused) = refused {
            // Whatever the configs say, this much is too much.
            rules.target_batch_bytes_max = rules.target_batch_bytes_max.min(refused.saturating_sub(1));
        }
    }
    Ok(())
}

/// Returns the name that a source topic has at the target.
pub fn target_name(flow: &FlowSettings, source: &TopicName) -> TopicName {
    wanted::target_name(&flow.rename, source)
}

/// Holds what topics need.
struct Plan {
    steps: Vec<Step>,
    /// The source topic of each step's, by the target's name.
    made_for: HashMap<TopicName, TopicName>,
    /// Why each source topic that cannot be made ready is not.
    failures: HashMap<TopicName, String>,
}

/// Finds out what topics need at the target; the source's configs are asked for only where one is missing.
async fn plan(
    source: &Cluster,
    flow: &FlowSettings,
    names: &[TopicName],
    (at_source, at_target): (&Metadata, &Metadata),
) -> Result<Plan, KafkaError> {
    let known = |name: &TopicName| at_target.topics.get(&target_name(flow, name));
    let missing: Vec<TopicName> =
        names.iter().filter(|name| known(name).is_none_or(TopicMetadata::is_missing)).cloned().collect();
    let configs = if missing.is_empty() {
        Configs::new()
    } else {
        source.retrying(PATIENCE, || admin::topic_configs(source, &missing, None)).await?
    };
    let mut plan = Plan { steps: Vec::new(), made_for: HashMap::new(), failures: HashMap::new() };
    for name in names {
        let topic = target_name(flow, name);
        match plan::step(&topic, &at_source.topics[name], configs.get(name), known(name), &flow.provision) {
            Ok(Some(step)) => {
                plan.made_for.insert(topic, name.clone());
                plan.steps.push(step);
            }
            Ok(None) => {}
            Err(reason) => {
                plan.failures.insert(name.clone(), reason);
            }
        }
    }
    Ok(plan)
}

/// Creates and grows topics; returns why for each source topic that is not ready.
async fn carry_out(
    target: &Cluster,
    plan: Plan,
    events: &mpsc::Sender<Event>,
) -> Result<HashMap<TopicName, String>, KafkaError> {
    let Plan { steps, mut made_for, mut failures } = plan;
    for (topic, result) in apply(target, &steps).await? {
        if let Err(refusal) = result
            && let Some(name) = made_for.remove(&topic)
        {
            let step = steps.iter().find(|step| *step.topic() == topic);
            let reason = step.map_or_else(|| refusal.to_string(), |step| step.explain(&refusal));
            failures.insert(name, reason);
        }
    }
    for step in steps.into_iter().filter(|step| made_for.contains_key(step.topic())) {
        // A listener that went away needs no events.
        let _ = events.send(told(step)).await;
    }
    Ok(failures)
}

fn told(step: Step) -> Event {
    match step {
        Step::Create(new) => Event::TopicCreated {
            topic: new.name,
            partitions: new.partitions,
            replication_factor: new.replication_factor,
        },
        Step::Grow { topic, from, to } => Event::PartitionsGrown { topic, from, to },
    }
}
