//! The offset maps of partitions as they are now: what the state topic says, corrected by what stands in
//! the logs behind it. Reads only; the flow may run meanwhile, here or elsewhere.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use futures_util::future::try_join;
use futures_util::{StreamExt, stream};
use kafka_protocol::ResponseError;

use super::discover::target_name;
use super::intake::{self, IntakeRules};
use super::offset_map::{ChunkError, OffsetMap, Pair};
use super::origin::OriginFilter;
use super::resume;
use super::state_read::FlowState;
use super::state_records::{Checkpoint, Past, Trouble};
use crate::config::settings::FlowSettings;
use crate::kafka::cluster::Cluster;
use crate::kafka::error::{KafkaError, code_name};
use crate::kafka::fetch::Isolation;
use crate::kafka::log_reader;
use crate::kafka::metadata::Metadata;
use crate::kafka::offsets::{self, OffsetAnswers, OffsetSpec};
use crate::types::{ClusterAlias, SourceOffset, TopicPartition, distinct};

/// Partitions whose logs are read at a time.
const AT_A_TIME: usize = 16;
/// Most target offsets behind a checkpoint that are compared: what lies further is told as a bound.
const TAIL_OFFSETS_MAX: i64 = 2_000_000;
/// Most answers read of a stretch of the source that holds nothing to copy.
const IDLE_READS_MAX: usize = 64;

/// Both ends of a flow.
#[derive(Clone, Copy, Debug)]
pub struct Both<'a> {
    /// The source cluster.
    pub source: &'a Cluster,
    /// The target cluster.
    pub target: &'a Cluster,
    /// The flow.
    pub flow: &'a FlowSettings,
    /// Tells copied records from the source's own.
    pub origin: &'a OriginFilter,
    /// How long each question is repeated.
    pub patience: Duration,
}

/// Says up to which offsets a map is wanted to be exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The highest source offset to translate.
    pub source: i64,
    /// The highest target offset to translate.
    pub target: i64,
}

/// Holds what is known of one partition's offsets on both sides.
#[derive(Clone, Debug)]
pub struct Mapped {
    /// The map; it ends where the copy ends, or where it was not looked further.
    pub map: OffsetMap,
    /// The source's log start offset.
    pub source_first: i64,
    /// The target's log start offset.
    pub target_first: i64,
    /// Why the copy stopped, if it did.
    pub stopped: Option<Trouble>,
}

/// Says why a partition's offsets cannot be translated.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Unmapped {
    /// The flow has not begun with it.
    #[error("the flow has not copied it yet")]
    NotBegun,
    /// There is a checkpoint and no map that goes with it.
    #[error("no offset map is kept of it")]
    NoMap,
    /// The map's bytes cannot be read.
    #[error("its offset map cannot be read: {0}")]
    Unreadable(#[from] ChunkError),
    /// The topic was deleted and created again since it was copied.
    #[error("the topic was deleted and created again at {alias} since it was copied")]
    Recreated {
        /// The cluster.
        alias: ClusterAlias,
    },
    /// The partition is not there, or may not be seen.
    #[error("it does not exist at {alias}, or may not be seen (Describe)")]
    Missing {
        /// The cluster.
        alias: ClusterAlias,
    },
    /// Its leader does not tell where its log begins and ends.
    #[error("{alias} does not tell its offsets: {}", code_name(.code))]
    Unlisted {
        /// The cluster.
        alias: ClusterAlias,
        /// The answer.
        code: ResponseError,
    },
    /// Its logs cannot be read.
    #[error("{0}")]
    Kafka(#[from] KafkaError),
}

impl Unmapped {
    /// Returns the cause's stable name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotBegun => "not_copied",
            Self::NoMap => "no_map",
            Self::Unreadable(_) => "map_unreadable",
            Self::Recreated { .. } => "recreated",
            Self::Missing { .. } => "missing",
            Self::Unlisted { .. } => "unlisted",
            Self::Kafka(_) => "kafka",
        }
    }
}

/// Where the logs of partitions begin and end, seen *before* the state topic is read: whoever wrote a
/// record that stands before these ends had recorded its producer id by then.
#[derive(Debug)]
pub struct LogEnds {
    at_source: Metadata,
    at_target: Metadata,
    source_first: OffsetAnswers,
    target_first: OffsetAnswers,
    target_end: OffsetAnswers,
}

impl LogEnds {
    /// Returns where a target partition's log ended, where its leader told.
    pub fn target_end(&self, partition: &TopicPartition) -> Option<i64> {
        offsets::answer(&self.target_end, partition).ok()
    }
}

/// Looks at the ends of both logs.
pub async fn log_ends(both: &Both<'_>, partitions: &[TopicPartition]) -> Result<LogEnds, KafkaError> {
    let Both { source, target, patience, .. } = *both;
    let targets: Vec<_> = partitions.iter().map(|partition| both.target_of(partition)).collect();
    let source_topics = distinct(partitions.iter().map(|partition| &partition.topic));
    let target_topics = distinct(targets.iter().map(|partition| &partition.topic));
    let (at_source, at_target) = try_join(
        source.retrying(patience, || source.metadata(Some(&source_topics))),
        target.retrying(patience, || target.metadata(Some(&target_topics))),
    )
    .await?;
    let ask = async |cluster: &Cluster, metadata: &Metadata, of: &[TopicPartition], spec| {
        let asked: Vec<_> = of.iter().map(|partition| (partition.clone(), spec)).collect();
        let list = || offsets::list(cluster, metadata, &asked, Isolation::ReadUncommitted);
        if asked.is_empty() { Ok(OffsetAnswers::new()) } else { cluster.retrying(patience, list).await }
    };
    let (source_first, (target_first, target_end)) = try_join(
        ask(source, &at_source, partitions, OffsetSpec::Earliest),
        try_join(
            ask(target, &at_target, &targets, OffsetSpec::Earliest),
            ask(target, &at_target, &targets, OffsetSpec::Latest),
        ),
    )
    .await?;
    Ok(LogEnds { at_source, at_target, source_first, target_first, target_end })
}

/// Puts together the maps of partitions, exact up to what is wanted of each.
pub async fn maps(
    both: &Both<'_>,
    ends: &LogEnds,
    state: &FlowState,
    wanted: &BTreeMap<TopicPartition, Wanted>,
) -> HashMap<TopicPartition, Result<Mapped, Unmapped>> {
    let mut maps = HashMap::new();
    let mut behind = Vec::new();
    for (partition, wanted) in wanted {
        match known(both, ends, state, partition) {
            Ok(found) if found.is_short_of(*wanted) => behind.push((partition, found, *wanted)),
            found => {
                maps.insert(partition.clone(), found.map(|found| found.mapped));
            }
        }
    }
    if behind.is_empty() {
        return maps;
    }
    let reached: Vec<_> = stream::iter(behind)
        .map(|(partition, found, wanted)| async move {
            (partition.clone(), reach(both, ends, partition, found, wanted).await)
        })
        .buffer_unordered(AT_A_TIME)
        .collect()
        .await;
    maps.extend(reached);
    maps
}

/// Puts together the maps of partitions that are copied here: `live` holds the end of each as its owner has
/// it in memory, taken before `state` was read. No log is read.
pub fn live_maps(
    both: &Both<'_>,
    ends: &LogEnds,
    state: &FlowState,
    mut live: HashMap<TopicPartition, OffsetMap>,
    partitions: &[TopicPartition],
) -> HashMap<TopicPartition, Result<Mapped, Unmapped>> {
    let each = partitions.iter().map(|partition| {
        let mapped = known(both, ends, state, partition).map(|found| {
            let Mapped { map, source_first, target_first, stopped } = found.mapped;
            let map = match live.remove(partition) {
                Some(end) => map.continued_by(end),
                None => map,
            };
            Mapped { map, source_first, target_first, stopped }
        });
        (partition.clone(), mapped)
    });
    each.collect()
}

impl Both<'_> {
    /// Returns where a source partition is copied to.
    pub fn target_of(&self, partition: &TopicPartition) -> TopicPartition {
        TopicPartition { topic: target_name(self.flow, &partition.topic), partition: partition.partition }
    }
}

/// What the state topic says of a partition.
struct Known<'a> {
    target: TopicPartition,
    past: &'a Past,
    checkpoint: &'a Checkpoint,
    mapped: Mapped,
    target_end: i64,
}

impl Known<'_> {
    fn is_short_of(&self, wanted: Wanted) -> bool {
        let Pair { source, target } = self.mapped.map.to();
        wanted.source > source || wanted.target > target
    }
}

fn known<'a>(
    both: &Both<'_>,
    ends: &LogEnds,
    state: &'a FlowState,
    partition: &TopicPartition,
) -> Result<Known<'a>, Unmapped> {
    let target = both.target_of(partition);
    let past = state.partitions.get(partition).ok_or(Unmapped::NotBegun)?;
    let checkpoint = past.checkpoint.as_ref().ok_or(Unmapped::NotBegun)?;
    let source_first = bound(both.source, &ends.at_source, &ends.source_first, partition)?;
    let target_first = bound(both.target, &ends.at_target, &ends.target_first, &target)?;
    let mut target_end = bound(both.target, &ends.at_target, &ends.target_end, &target)?;
    // Behind where an ended flow was left stand the applications' records, unless the flow wrote on since.
    if let Some(ended) = past.ended.as_ref().filter(|ended| ended.target_next >= checkpoint.target_next) {
        target_end = target_end.min(ended.target_next);
    }
    let was = [
        (both.source, &ends.at_source, partition, checkpoint.source_topic_id),
        (both.target, &ends.at_target, &target, checkpoint.target_topic_id),
    ];
    for (cluster, metadata, partition, was) in was {
        let now = metadata.topics.get(&partition.topic).and_then(|topic| topic.id);
        if was.zip(now).is_some_and(|(was, now)| was != now) {
            return Err(Unmapped::Recreated { alias: cluster.alias().clone() });
        }
    }
    let mut map = state.map(partition)?.ok_or(Unmapped::NoMap)?;
    let reached = checkpoint.pair();
    if map.from().source > reached.source || map.from().target > reached.target {
        return Err(Unmapped::NoMap);
    }
    // Behind the checkpoint an owner that was fenced out may have written anything.
    map.truncate(reached);
    if map.to() != reached {
        map.lose_track();
        map.reach(reached);
    }
    let mapped = Mapped { map, source_first, target_first, stopped: past.stopped.clone() };
    Ok(Known { target, past, checkpoint, mapped, target_end })
}

fn bound(
    cluster: &Cluster,
    metadata: &Metadata,
    answers: &OffsetAnswers,
    partition: &TopicPartition,
) -> Result<i64, Unmapped> {
    let alias = || cluster.alias().clone();
    if metadata.partition(&partition.topic, partition.partition).is_none() {
        return Err(Unmapped::Missing { alias: alias() });
    }
    offsets::answer(answers, partition).map_err(|code| Unmapped::Unlisted { alias: alias(), code })
}

/// Takes the map on behind the checkpoint.
async fn reach(
    both: &Both<'_>,
    ends: &LogEnds,
    partition: &TopicPartition,
    mut found: Known<'_>,
    wanted: Wanted,
) -> Result<Mapped, Unmapped> {
    let Both { source, target, origin, .. } = *both;
    let LogEnds { at_source, at_target, .. } = ends;
    let end = found.target_end.min(found.checkpoint.target_next + TAIL_OFFSETS_MAX);
    if end > found.checkpoint.target_next {
        let mut producers = found.past.producers.clone();
        found.checkpoint.add_producer(&mut producers);
        let ends = resume::Ends { source, target, at_source, at_target, origin };
        let question = resume::Question {
            source: partition,
            target: &found.target,
            checkpoint: found.checkpoint,
            producers: &producers,
            left_out: &found.past.records_left_out(),
            source_first: found.mapped.source_first,
            target_first: found.mapped.target_first,
            target_end: end,
        };
        let position = || resume::position(&ends, question);
        match source.retrying(both.patience, position).await? {
            Ok(matched) => {
                found.mapped.map.take_tail(&matched);
                found.mapped.map.reach(Pair { source: matched.next, target: end });
            }
            Err(cause) => {
                tracing::debug!(%partition, %cause, "the tail cannot be compared");
                return Ok(found.mapped);
            }
        }
    }
    if found.is_short_of(Wanted { target: i64::MIN, ..wanted }) {
        // In front of the log's start there is nothing left to copy.
        let from = found.mapped.map.to().source.max(found.mapped.source_first);
        let next =
            source.retrying(both.patience, || next_record(both, at_source, partition, (from, wanted.source)));
        let source = next.await?;
        let target = found.mapped.map.to().target;
        found.mapped.map.reach(Pair { source, target });
    }
    Ok(found.mapped)
}

/// Returns the offset of the first record at or behind `from` that is to be copied; where there is none
/// before `until`, how far nothing was found.
async fn next_record(
    both: &Both<'_>,
    at_source: &Metadata,
    partition: &TopicPartition,
    (from, until): (i64, i64),
) -> Result<i64, KafkaError> {
    let mut at = from;
    for _ in 0..IDLE_READS_MAX {
        if at >= until {
            break;
        }
        let piece =
            log_reader::read(both.source, at_source, partition, (at, 0), Isolation::ReadCommitted).await?;
        both.origin.learn(&piece.records).await?;
        let is_foreign = |id| both.origin.is_foreign(id);
        let rules = IntakeRules::ALL;
        let taken = intake::take(piece.records, SourceOffset(at), piece.aborted, &rules, &is_foreign);
        if let Some(item) = taken.items.first() {
            return Ok(item.first.0.max(at));
        }
        match taken.next {
            Some(next) if next.0 > at => at = next.0,
            _ => break,
        }
    }
    Ok(at)
}
