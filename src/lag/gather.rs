//! Asking both clusters, once, in a fixed number of requests to each broker.
//!
//! The order keeps lag from being negative: first how far the target is, then where the source ends. What
//! is copied or written in between can only make lag a little too large.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::future::try_join;
use kafka_protocol::ResponseError;

use super::groups::{self, GroupFacts};
use super::locate::{self, Settled, Unsettled};
use super::oldest::{self, Found, FoundByPartition};
use super::place::{Placing, Position, TargetBounds, Unplaced, place};
use crate::config::settings::{FlowSettings, Origin};
use crate::engine::origin::OriginFilter;
use crate::engine::resume::Ends;
use crate::engine::state_read::{self, FlowState};
use crate::engine::state_records::Past;
use crate::engine::state_topic::NAME_PREFIX;
use crate::kafka::admin::{self, TopicConfigs};
use crate::kafka::cluster::Cluster;
use crate::kafka::error::KafkaError;
use crate::kafka::fetch::Isolation;
use crate::kafka::metadata::Metadata;
use crate::kafka::offsets::{self, OffsetAnswers, OffsetSpec};
use crate::types::{TopicName, TopicPartition, distinct};

/// The topic configs that bear on lag.
const CONFIGS: [&str; 4] = ["cleanup.policy", "retention.ms", "retention.bytes", "message.timestamp.type"];

/// Holds one flow and both its clusters.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The flow.
    pub flow: &'a FlowSettings,
    /// The source cluster.
    pub source: &'a Cluster,
    /// The target cluster.
    pub target: &'a Cluster,
    /// How long a broker that fails is asked again.
    pub patience: Duration,
}

/// Where a source partition's log begins and ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceBounds {
    /// The log start offset.
    pub first: i64,
    /// The last stable offset: where committed records end.
    pub end: i64,
    /// The high watermark; above the end while transactions are open.
    pub high_watermark: i64,
}

/// Holds all that was found out about one partition.
#[derive(Clone, Debug)]
pub struct PartitionFacts {
    /// The partition at the source.
    pub source: TopicPartition,
    /// The partition at the target.
    pub target: TopicPartition,
    /// What the flow recorded of it.
    pub past: Option<Past>,
    /// How far it is copied.
    pub position: Result<Position, Unplaced>,
    /// Where its source log begins and ends.
    pub bounds: Result<SourceBounds, Unplaced>,
    /// The target's high watermark, where it was asked and told.
    pub target_end: Option<i64>,
    /// What stands at the position, where that was asked.
    pub oldest: Option<Result<Found, ResponseError>>,
}

/// Holds one flow at one moment.
#[derive(Debug)]
pub struct FlowFacts {
    /// When, in milliseconds since 1970.
    pub now_ms: i64,
    /// What the state topic says; `None` where the flow never ran.
    pub state: Option<FlowState>,
    /// The partitions, by topic and index.
    pub partitions: Vec<PartitionFacts>,
    /// What the flow's consumer groups committed.
    pub groups: GroupFacts,
    /// Names in the flow's `topics` that the source does not show.
    pub missing: Vec<String>,
    /// The source topics' configs, as far as they may be read.
    pub configs: HashMap<TopicName, TopicConfigs>,
}

/// Returns the topic at the target to which a source topic is copied.
pub fn target_name(flow: &FlowSettings, source: &TopicName) -> TopicName {
    TopicName::new(flow.rename.apply(source.as_str()))
}

/// Returns the topic that holds a flow's state.
pub fn state_topic(flow: &FlowSettings) -> TopicName {
    TopicName::new(format!("{NAME_PREFIX}{}", flow.name))
}

/// Picks source topics or groups by their name.
pub type Pick<'a> = &'a (dyn Fn(&str) -> bool + Sync);

/// Finds out how far a flow is, in the topics and groups that are picked. What concerns one partition is told with
/// it alone, the error is one of the whole flow.
pub async fn gather(
    asked: Asked<'_>,
    is_wanted: Pick<'_>,
    is_group_wanted: Pick<'_>,
) -> Result<FlowFacts, KafkaError> {
    let Asked { flow, source, target, patience } = asked;
    let ((state, at_source), groups) = try_join(
        try_join(
            async { state_read::read(target, &state_topic(flow)).await },
            source.retrying(patience, || source.metadata(None)),
        ),
        async { Ok(groups::gather(flow, source, target, is_group_wanted).await) },
    )
    .await?;
    let names = selected(flow, &at_source, state.as_ref(), is_wanted);
    let missing = flow
        .topics
        .literals()
        .filter(|name| is_wanted(name) && !at_source.topics.contains_key(*name))
        .map(str::to_owned)
        .collect();
    let topics = distinct(names.iter().map(|(source, _)| &source.topic));
    let target_topics: Vec<TopicName> = topics.iter().map(|topic| target_name(flow, topic)).collect();
    let at_target = target.retrying(patience, || target.metadata(Some(&target_topics))).await?;
    let origin = OriginFilter::new(source.clone(), flow.origin == Origin::Local);
    let ends = Ends { source, target, at_source: &at_source, at_target: &at_target, origin: &origin };
    let (positions, target_ends) = positions(asked, &ends, &names, state.as_ref()).await?;
    let bounds = source_bounds(asked, &at_source, &names).await?;
    let places = names
        .iter()
        .filter_map(|(name, _)| {
            let (bounds, position) = (bounds[name].as_ref().ok()?, positions[name].as_ref().ok()?);
            let from = position.offset.max(bounds.first);
            (from < bounds.end).then(|| (name.clone(), from))
        })
        .collect::<Vec<_>>();
    let (mut oldest, configs) =
        try_join(oldest::at(source, &at_source, &origin, &places), configs(source, &topics)).await?;
    let mut facts = Facts { state: state.as_ref(), positions, target_ends, bounds, oldest: &mut oldest };
    let partitions = names.into_iter().map(|(source, target)| facts.take(source, target)).collect();
    Ok(FlowFacts { now_ms: now_ms(), state, partitions, groups, missing, configs })
}

/// Lists the partitions a flow copies, at both ends: those the source shows, and those it showed when they
/// were copied.
fn selected(
    flow: &FlowSettings,
    at_source: &Metadata,
    state: Option<&FlowState>,
    is_wanted: &dyn Fn(&str) -> bool,
) -> Vec<(TopicPartition, TopicPartition)> {
    let is_selected = |name: &TopicName| flow.topics.matches(name.as_str()) && is_wanted(name.as_str());
    let mut sources: BTreeSet<TopicPartition> = BTreeSet::new();
    for (name, topic) in
        at_source.topics.iter().filter(|(name, topic)| !topic.is_internal && is_selected(name))
    {
        sources.extend(topic.partitions.keys().map(|index| TopicPartition::new(name.clone(), *index)));
    }
    let known = state.iter().flat_map(|state| state.partitions.iter());
    let was_copied = known.filter(|(name, past)| past.checkpoint.is_some() && is_selected(&name.topic));
    sources.extend(was_copied.map(|(name, _)| name.clone()));
    let at_target =
        |source: &TopicPartition| TopicPartition::new(target_name(flow, &source.topic), source.partition);
    sources.into_iter().map(|source| (source.clone(), at_target(&source))).collect()
}

/// Says how far each partition is: from checkpoints, and what stands behind them.
async fn positions(
    asked: Asked<'_>,
    ends: &Ends<'_>,
    names: &[(TopicPartition, TopicPartition)],
    state: Option<&FlowState>,
) -> Result<(Settled, OffsetAnswers), KafkaError> {
    let Asked { source, target, patience, .. } = asked;
    let past = |name: &TopicPartition| state.and_then(|state| state.partitions.get(name));
    let copied: Vec<_> =
        names.iter().filter(|(name, _)| past(name).is_some_and(|p| p.checkpoint.is_some())).collect();
    let at_target = |spec| {
        let entries: Vec<_> = copied.iter().map(|(_, target)| (target.clone(), spec)).collect();
        async move { list(target, ends.at_target, &entries, Isolation::ReadUncommitted, patience).await }
    };
    let source_entries: Vec<_> =
        copied.iter().map(|(source, _)| (source.clone(), OffsetSpec::Earliest)).collect();
    let ((firsts, target_ends), source_firsts) = try_join(
        try_join(at_target(OffsetSpec::Earliest), at_target(OffsetSpec::Latest)),
        list(source, ends.at_source, &source_entries, Isolation::ReadCommitted, patience),
    )
    .await?;
    let mut settled = Settled::new();
    let mut unsettled = Vec::new();
    for (source_name, target_name) in names {
        let past = past(source_name);
        let checkpoint = past.and_then(|past| past.checkpoint.as_ref());
        if checkpoint.is_none() {
            settled.insert(source_name.clone(), Err(Unplaced::NeverCopied));
            continue;
        }
        let told = |answers: &OffsetAnswers| told(answers, target, ends.at_target, target_name);
        let bounds = told(&firsts).and_then(|first| Ok((first, told(&target_ends)?)));
        let (first, end) = match bounds {
            Ok(bounds) => bounds,
            Err(unplaced) => {
                settled.insert(source_name.clone(), Err(unplaced));
                continue;
            }
        };
        let id_of = |metadata: &Metadata, name: &TopicPartition| metadata.topics.get(&name.topic)?.id;
        let bounds = TargetBounds {
            source_topic_id: id_of(ends.at_source, source_name),
            target_topic_id: id_of(ends.at_target, target_name),
            first,
            end,
        };
        let settle = match place(checkpoint, &bounds) {
            Placing::Known(position) => Ok(position),
            Placing::Unplaced(unplaced) => Err(unplaced),
            Placing::Behind(tail) => match self::told(&source_firsts, source, ends.at_source, source_name) {
                Err(unplaced) => Err(unplaced),
                Ok(source_first) => {
                    let mut producers = past.map(|past| past.producers.clone()).unwrap_or_default();
                    tail.checkpoint.add_producer(&mut producers);
                    let left_out = past.map(Past::records_left_out).unwrap_or_default();
                    let (source, target) = (source_name.clone(), target_name.clone());
                    unsettled.push(Unsettled { source, target, tail, source_first, producers, left_out });
                    continue;
                }
            },
        };
        settled.insert(source_name.clone(), settle);
    }
    settled.extend(locate::settle(ends, unsettled).await);
    Ok((settled, target_ends))
}

async fn list(
    cluster: &Cluster,
    metadata: &Metadata,
    entries: &[(TopicPartition, OffsetSpec)],
    isolation: Isolation,
    patience: Duration,
) -> Result<OffsetAnswers, KafkaError> {
    if entries.is_empty() {
        return Ok(OffsetAnswers::new());
    }
    cluster.retrying(patience, || offsets::list(cluster, metadata, entries, isolation)).await
}

/// Returns one partition's answer, or why there is none.
fn told(
    answers: &OffsetAnswers,
    cluster: &Cluster,
    metadata: &Metadata,
    name: &TopicPartition,
) -> Result<i64, Unplaced> {
    if metadata.partition(&name.topic, name.partition).is_none() {
        return Err(Unplaced::Missing { cluster: cluster.alias().clone() });
    }
    offsets::answer(answers, name).map_err(|code| Unplaced::unlisted(cluster.alias(), code))
}

type BoundsByPartition = BTreeMap<TopicPartition, Result<SourceBounds, Unplaced>>;

/// Asks where source logs begin and end, three questions side by side.
async fn source_bounds(
    asked: Asked<'_>,
    at_source: &Metadata,
    names: &[(TopicPartition, TopicPartition)],
) -> Result<BoundsByPartition, KafkaError> {
    let Asked { source, patience, .. } = asked;
    let of = |spec, isolation| {
        let entries: Vec<_> = names.iter().map(|(source, _)| (source.clone(), spec)).collect();
        async move { list(source, at_source, &entries, isolation, patience).await }
    };
    let committed = Isolation::ReadCommitted;
    let (firsts, (ends, high_watermarks)) = try_join(
        of(OffsetSpec::Earliest, committed),
        try_join(of(OffsetSpec::Latest, committed), of(OffsetSpec::Latest, Isolation::ReadUncommitted)),
    )
    .await?;
    let told = |answers: &OffsetAnswers, name: &TopicPartition| told(answers, source, at_source, name);
    let bounds = |name: &TopicPartition| {
        let (first, end) = (told(&firsts, name)?, told(&ends, name)?);
        // A transaction may end between the two answers.
        Ok(SourceBounds { first, end, high_watermark: told(&high_watermarks, name)?.max(end) })
    };
    Ok(names.iter().map(|(name, _)| (name.clone(), bounds(name))).collect())
}

/// Reads topics' configs; those that may not be read are not among them.
async fn configs(
    source: &Cluster,
    topics: &[TopicName],
) -> Result<HashMap<TopicName, TopicConfigs>, KafkaError> {
    if topics.is_empty() {
        return Ok(HashMap::new());
    }
    let answers = admin::topic_configs(source, topics, Some(&CONFIGS)).await?;
    Ok(answers.into_iter().filter_map(|(name, configs)| Some((name, configs.ok()?))).collect())
}

struct Facts<'a> {
    state: Option<&'a FlowState>,
    positions: Settled,
    target_ends: OffsetAnswers,
    bounds: BoundsByPartition,
    oldest: &'a mut FoundByPartition,
}

impl Facts<'_> {
    fn take(&mut self, source: TopicPartition, target: TopicPartition) -> PartitionFacts {
        let unknown = || Unplaced::Unclear("nothing was answered".to_owned());
        PartitionFacts {
            past: self.state.and_then(|state| state.partitions.get(&source)).cloned(),
            position: self.positions.remove(&source).unwrap_or_else(|| Err(unknown())),
            bounds: self.bounds.remove(&source).unwrap_or_else(|| Err(unknown())),
            oldest: self.oldest.remove(&source),
            target_end: self.target_ends.get(&target).and_then(|end| end.ok()),
            source,
            target,
        }
    }
}

fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
}
