//! What there is to do: which records the old source has that were never copied, and where the target's own
//! records begin. Looks only.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use futures_util::{StreamExt, stream};

use super::error::FailbackError;
use super::state::State;
use super::walk::{self, Found, Logs};
use crate::config::settings::{FlowSettings, Origin, StartAt};
use crate::engine::ended::{Ended, EndedPartition};
use crate::engine::failback_records::Settled;
use crate::engine::mapping::{Both, Mapped, Unmapped, Wanted, log_ends, maps};
use crate::engine::offset_map::{OffsetMap, Pair};
use crate::engine::origin::OriginFilter;
use crate::kafka::cluster::Cluster;
use crate::kafka::error::{KafkaError, code_name};
use crate::kafka::fetch::Isolation;
use crate::kafka::metadata::{Metadata, TopicId};
use crate::kafka::offsets::{self, OffsetAnswers, OffsetSpec};
use crate::types::{TopicName, TopicPartition, distinct};

/// Partitions whose logs are read at a time.
const AT_A_TIME: usize = 16;

/// Holds what is known of one partition.
#[derive(Clone, Debug)]
pub struct Surveyed {
    /// The partition at the old source.
    pub source: TopicPartition,
    /// The partition at the target.
    pub target: TopicPartition,
    /// The first source offset that is not at the target.
    pub source_next: i64,
    /// The first target offset behind all that the flow had written; `None` where it never began with it.
    pub target_next: Option<i64>,
    /// The old source's end, for readers of committed records.
    pub source_end: i64,
    /// Its end behind transactions that are still open.
    pub source_high: i64,
    /// The target's end.
    pub target_high: i64,
    /// What the old source has that was never copied.
    pub stranded: Found,
    /// Offsets (first, last) that were never copied and that the old source has no more.
    pub missing: Option<(i64, i64)>,
    /// The first record of somebody else's at the target in front of `target_next`, where there is one.
    pub early: Option<i64>,
    /// What an earlier run settled of it.
    pub settled: Option<Settled>,
    /// The incarnations of the topics.
    pub topic_ids: (TopicId, TopicId),
    /// The offset map up to where it was left.
    pub map: Option<OffsetMap>,
}

impl Surveyed {
    /// Returns where the target's own records begin.
    pub fn new_from(&self) -> Option<i64> {
        self.early.or(self.target_next)
    }
}

/// A topic that cannot be failed back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The topic at the source.
    pub topic: TopicName,
    /// A stable name of the cause.
    pub code: &'static str,
    /// Why.
    pub cause: String,
}

/// Holds what was found.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// The partitions, by name.
    pub partitions: Vec<Surveyed>,
    /// Topics that are left out, each with the cause.
    pub left_out: Vec<LeftOut>,
}

impl Survey {
    /// Counts the stranded records of which nothing was settled, and the partitions that have any.
    pub fn open(&self) -> (u64, usize) {
        let open = self.partitions.iter().filter(|partition| partition.settled.is_none());
        let with_any = open.filter(|partition| partition.stranded.records > 0);
        with_any.fold((0, 0), |(records, count), one| (records + one.stranded.records, count + 1))
    }

    /// Lists the topics at the source.
    pub fn topics(&self) -> Vec<TopicName> {
        distinct(self.partitions.iter().map(|partition| &partition.source.topic))
    }
}

/// Holds what a survey needs.
#[derive(Clone, Copy, Debug)]
pub struct Wide<'a> {
    /// The old source.
    pub source: &'a Cluster,
    /// The target.
    pub target: &'a Cluster,
    /// The flow that was ended.
    pub flow: &'a FlowSettings,
    /// How.
    pub ended: &'a Ended,
    /// How long each question is repeated.
    pub patience: Duration,
}

impl Wide<'_> {
    fn target_of(&self, partition: &TopicPartition) -> TopicPartition {
        let topic = TopicName::new(self.flow.rename.apply(partition.topic.as_str()));
        TopicPartition { topic, partition: partition.partition }
    }
}

/// Where logs begin and end.
struct Bounds {
    at_source: Metadata,
    at_target: Metadata,
    source_first: OffsetAnswers,
    source_begin: OffsetAnswers,
    source_end: OffsetAnswers,
    source_high: OffsetAnswers,
    target_first: OffsetAnswers,
    target_high: OffsetAnswers,
}

/// Lists offsets of partitions that are there.
pub async fn list(
    cluster: &Cluster,
    metadata: &Metadata,
    partitions: &[TopicPartition],
    (spec, isolation, patience): (OffsetSpec, Isolation, Duration),
) -> Result<OffsetAnswers, KafkaError> {
    let is_there =
        |partition: &&TopicPartition| metadata.partition(&partition.topic, partition.partition).is_some();
    let asked: Vec<_> = partitions.iter().filter(is_there).map(|one| (one.clone(), spec)).collect();
    if asked.is_empty() {
        return Ok(OffsetAnswers::new());
    }
    cluster.retrying(patience, || offsets::list(cluster, metadata, &asked, isolation)).await
}

async fn bounds(
    wide: &Wide<'_>,
    (at_source, at_target): (Metadata, Metadata),
    partitions: &[TopicPartition],
) -> Result<Bounds, KafkaError> {
    let targets: Vec<_> = partitions.iter().map(|partition| wide.target_of(partition)).collect();
    let of_source = async |spec, isolation| {
        list(wide.source, &at_source, partitions, (spec, isolation, wide.patience)).await
    };
    let of_target = async |spec| {
        let how = (spec, Isolation::ReadUncommitted, wide.patience);
        list(wide.target, &at_target, &targets, how).await
    };
    let begin = match wide.flow.start {
        StartAt::TimestampMs(ms) => OffsetSpec::TimestampMs(ms),
        // What is not known to the flow came after it was: it begins at its first record.
        StartAt::Earliest | StartAt::Latest => OffsetSpec::Earliest,
    };
    let target_high = of_target(OffsetSpec::Latest).await?;
    Ok(Bounds {
        source_first: of_source(OffsetSpec::Earliest, Isolation::ReadCommitted).await?,
        source_begin: of_source(begin, Isolation::ReadCommitted).await?,
        source_end: of_source(OffsetSpec::Latest, Isolation::ReadCommitted).await?,
        source_high: of_source(OffsetSpec::Latest, Isolation::ReadUncommitted).await?,
        target_first: of_target(OffsetSpec::Earliest).await?,
        target_high,
        at_source,
        at_target,
    })
}

/// Looks at all partitions of the flow.
pub async fn survey(wide: &Wide<'_>, state: &mut State) -> Result<Survey, FailbackError> {
    let Wide { source, target, flow, patience, .. } = *wide;
    let at_source = source.retrying(patience, || source.metadata(None)).await?;
    let partitions = partitions(wide, state, &at_source);
    let targets: Vec<_> = partitions.iter().map(|partition| wide.target_of(partition).topic).collect();
    let targets = distinct(&targets);
    let at_target = target.retrying(patience, || target.metadata(Some(&targets))).await?;
    let bounds = bounds(wide, (at_source, at_target), &partitions).await?;
    let begun: Vec<_> = partitions.iter().filter(|partition| was_begun(state, partition)).cloned().collect();
    let origin = OriginFilter::new(source.clone(), flow.origin == Origin::Local);
    let both = Both { source, target, flow, origin: &origin, patience };
    let ends = log_ends(&both, &begun).await?;
    state.catch_up().await?;
    let wanted: BTreeMap<_, _> =
        begun.iter().filter_map(|one| Some((one.clone(), wanted(state, one)?))).collect();
    let maps = maps(&both, &ends, state.known(), &wanted).await;
    let examiner = Examiner {
        wide,
        state,
        bounds: &bounds,
        maps: &maps,
        origin: &origin,
        foreign: &OriginFilter::new(target.clone(), true),
    };
    let examiner = &examiner;
    let each: Vec<_> = stream::iter(&partitions)
        .map(|partition| async move { (partition, examiner.examine(partition).await) })
        .buffered(AT_A_TIME)
        .collect()
        .await;
    let mut survey = Survey::default();
    for (partition, found) in each {
        match found? {
            Ok(found) => survey.partitions.push(found),
            Err((code, cause)) => {
                let topic = partition.topic.clone();
                if survey.left_out.iter().all(|left| left.topic != topic) {
                    survey.left_out.push(LeftOut { topic, code, cause });
                }
            }
        }
    }
    // Flows are told by topics: of one that cannot go back in part nothing does.
    let left: BTreeSet<&TopicName> = survey.left_out.iter().map(|left| &left.topic).collect();
    survey.partitions.retain(|partition| !left.contains(&partition.source.topic));
    Ok(survey)
}

/// Lists the flow's partitions: those of its state, and those that the source has besides.
fn partitions(wide: &Wide<'_>, state: &State, at_source: &Metadata) -> Vec<TopicPartition> {
    let is_flows = |topic: &TopicName| wide.flow.topics.matches(topic.as_str());
    let known = state
        .known()
        .partitions
        .iter()
        .filter(|(one, past)| is_flows(&one.topic) && (past.was_owned() || past.ended.is_some()));
    let mut all: BTreeSet<TopicPartition> = known.map(|(partition, _)| partition.clone()).collect();
    for (name, topic) in &at_source.topics {
        if !topic.is_internal && topic.error.is_none() && is_flows(name) {
            all.extend(topic.partitions.keys().map(|index| TopicPartition::new(name.clone(), *index)));
        }
    }
    all.into_iter().collect()
}

/// Returns where the flow left a partition that it had begun with.
fn left_at(state: &State, partition: &TopicPartition) -> Option<EndedPartition> {
    state.past(partition).ended.filter(|ended| ended.source_next.is_some())
}

fn was_begun(state: &State, partition: &TopicPartition) -> bool {
    left_at(state, partition).is_some()
}

/// All that the flow copied up to where it was left.
fn wanted(state: &State, partition: &TopicPartition) -> Option<Wanted> {
    let ended = left_at(state, partition)?;
    Some(Wanted { source: i64::MIN, target: ended.target_next })
}

/// Why a topic is left out: a stable name, and the cause.
type Unfit = (&'static str, String);

struct Examiner<'a> {
    wide: &'a Wide<'a>,
    state: &'a State,
    bounds: &'a Bounds,
    maps: &'a HashMap<TopicPartition, Result<Mapped, Unmapped>>,
    origin: &'a OriginFilter,
    foreign: &'a OriginFilter,
}

impl Examiner<'_> {
    async fn examine(&self, source: &TopicPartition) -> Result<Result<Surveyed, Unfit>, FailbackError> {
        let target = self.wide.target_of(source);
        let (past, bounds) = (self.state.past(source), self.bounds);
        let id = |metadata: &Metadata, topic| metadata.topics.get(topic).and_then(|topic| topic.id);
        let topic_ids = (id(&bounds.at_source, &source.topic), id(&bounds.at_target, &target.topic));
        let at = |answers: &OffsetAnswers, partition: &TopicPartition, cluster: &Cluster| {
            offsets::answer(answers, partition).map_err(|code| {
                let cause = format!("{} does not tell the offsets of {partition}", cluster.alias());
                ("unlisted", format!("{cause}: {}", code_name(&code)))
            })
        };
        let of_source = |answers| at(answers, source, self.wide.source);
        if bounds.at_source.partition(&source.topic, source.partition).is_none() {
            let cause =
                format!("{source} is not at {} any more, or may not be seen", self.wide.source.alias());
            return Ok(Err(("missing", cause)));
        }
        let told = || {
            Ok((
                of_source(&bounds.source_first)?,
                of_source(&bounds.source_end)?,
                of_source(&bounds.source_high)?,
            ))
        };
        let (source_first, source_end, source_high) = match told() {
            Ok(told) => told,
            Err(unfit) => return Ok(Err(unfit)),
        };
        let left = left_at(self.state, source);
        let map = match (&left, self.maps.get(source)) {
            (Some(left), Some(Ok(mapped))) => match up_to(mapped.map.clone(), left) {
                Some(map) => Some(map),
                None => return Ok(Err(("unexplained", unexplained(source)))),
            },
            (Some(_), Some(Err(why))) => return Ok(Err((why.code(), format!("{source}: {why}")))),
            (Some(_), None) => return Ok(Err(("no_map", format!("{source}: {}", Unmapped::NoMap)))),
            (None, _) => None,
        };
        let begin = offsets::answer(&bounds.source_begin, source).ok().filter(|begin| *begin >= 0);
        let source_next = map.as_ref().map_or(begin.unwrap_or(source_end), |map| map.to().source);
        let settled = past.settled.filter(|settled| settled.of_ms == self.wide.ended.begun_ms);
        let missing = (source_first > source_next).then(|| (source_next, source_first - 1));
        let from = source_next.max(source_first);
        let stranded = match &settled {
            Some(settled) => Found { records: settled.records, ..Found::default() },
            None => walk::count(&self.source_logs(), source, (from, source_end)).await?,
        };
        let early = match (&map, offsets::answer(&bounds.target_first, &target)) {
            (Some(map), Ok(first)) => self.early(map, &target, first).await?,
            _ => None,
        };
        Ok(Ok(Surveyed {
            source: source.clone(),
            source_next,
            target_next: left.map(|left| left.target_next),
            source_end,
            source_high,
            target_high: offsets::answer(&bounds.target_high, &target).unwrap_or(0),
            stranded,
            missing,
            early,
            settled,
            topic_ids,
            map,
            target,
        }))
    }

    fn source_logs(&self) -> Logs<'_> {
        let Wide { source, patience, .. } = *self.wide;
        Logs { cluster: source, metadata: &self.bounds.at_source, origin: self.origin, patience }
    }

    /// Looks between the flow's copies for records that applications wrote at the target before the flow was
    /// left: these are to come back too (guarantee G1).
    async fn early(
        &self,
        map: &OffsetMap,
        target: &TopicPartition,
        first: i64,
    ) -> Result<Option<i64>, FailbackError> {
        let Wide { target: cluster, patience, .. } = *self.wide;
        let back = map.reversed();
        let metadata = &self.bounds.at_target;
        let logs = Logs { cluster, metadata, origin: self.foreign, patience };
        let stable = list(
            cluster,
            metadata,
            std::slice::from_ref(target),
            (OffsetSpec::Latest, Isolation::ReadCommitted, patience),
        );
        let stable = offsets::answer(&stable.await?, target).unwrap_or(map.to().target);
        let until = map.to().target.min(stable);
        let gaps = back.source_gaps(map.from().target.max(first), until);
        let found = walk::first(&logs, target, &gaps).await?;
        // What is in a transaction that is still open may be an application's.
        Ok(found.or((until < map.to().target).then_some(until)))
    }
}

/// Cuts a map off where the flow was left; `None` where it does not reach as far.
fn up_to(mut map: OffsetMap, left: &EndedPartition) -> Option<OffsetMap> {
    let target = left.target_next;
    let source = match left.source_next.filter(|_| left.is_exact) {
        Some(exact) => exact,
        None if map.to().target == target => map.to().source,
        None => return None,
    };
    let end = Pair { source, target };
    map.truncate(end);
    // Where neither log's end was reached copies stand in between, one does not know where.
    if map.to().target < target && map.to().source < source {
        map.lose_track();
    }
    map.reach(end);
    Some(map)
}

fn unexplained(partition: &TopicPartition) -> String {
    format!("{partition}: what stands at the target behind the last checkpoint is not at the source any more")
}
