//! The begin of the flow that goes the other way: its state, written before its first batch, says that all in
//! front of the target's own records stands at the old source already.

use std::collections::HashMap;

use futures_util::{StreamExt, stream};

use super::error::FailbackError;
use super::reverse::Reverse;
use super::seed::{Facts, seed};
use super::state::{State, deleted, record};
use super::survey::{Survey, Surveyed, Wide, list};
use crate::engine::compacted_log::Pair;
use crate::engine::ended::{EndKind, Ended};
use crate::engine::failback_records::{Reordered, Seeded, VERSION};
use crate::engine::fence;
use crate::engine::offset_map::{ChunkId, Growing, OffsetMap};
use crate::engine::state_records::{Checkpoint, Key, Owner, Past, Producer, json};
use crate::engine::state_topic::NAME_PREFIX;
use crate::failover::source::now_ms;
use crate::kafka::error::code_name;
use crate::kafka::fetch::Isolation;
use crate::kafka::metadata::Metadata;
use crate::kafka::offsets::{self, OffsetAnswers, OffsetSpec};
use crate::types::{TargetOffset, TopicPartition, distinct};

/// Partitions whose fences are taken at a time.
const AT_A_TIME: usize = 32;

/// Says how the flow that goes the other way begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Begun {
    /// Partitions, by their names at the target of the failover, that begin where that was left.
    pub seeded: Vec<TopicPartition>,
    /// Partitions that have a place of their own: the flow ran both ways.
    pub own: Vec<TopicPartition>,
    /// Partitions where nothing keeps another owner out.
    pub unfenced: Vec<TopicPartition>,
}

/// Says whether the flow's begin from this end is written whole.
pub fn is_whole(state: &State, of_ms: i64) -> bool {
    state.known().whole.seeded.as_ref().is_some_and(|seeded| seeded.of_ms == of_ms)
}

/// Writes the begin of all partitions; where that stands already, nothing.
pub async fn begin(
    wide: &Wide<'_>,
    reverse: &Reverse,
    state: &mut State,
    survey: &Survey,
) -> Result<Begun, FailbackError> {
    let of_ms = wide.ended.begun_ms;
    state.ensure(reverse.settings.provision.replication_factor).await?;
    state.catch_up().await?;
    let whole = &state.known().whole;
    if !is_whole(state, of_ms)
        && let (Some(ended), None) = (&whole.ended, &whole.seeded)
        && ended.how == EndKind::Unplanned
    {
        let (flow, ended) = (reverse.settings.name.clone(), Box::new(ended.clone()));
        return Err(FailbackError::ReverseEnded { flow, ended });
    }
    let begun = survey.partitions.iter().filter(|one| one.map.is_some());
    let (own, fresh): (Vec<&Surveyed>, Vec<&Surveyed>) = begun.partition(|one| is_own(state, one, of_ms));
    let name = |one: &&Surveyed| one.target.clone();
    let mut done = Begun {
        seeded: fresh.iter().map(name).collect(),
        own: own.iter().map(name).collect(),
        unfenced: Vec::new(),
    };
    if is_whole(state, of_ms) {
        // Ended by hand with records that are not back, it runs once more.
        let is_cut_short = |ended: &Ended| ended.how == EndKind::Unplanned;
        if state.known().whole.ended.as_ref().is_some_and(is_cut_short) {
            state.append(&lifted(state)).await?;
        }
        return Ok(done);
    }
    let topics = distinct(fresh.iter().map(|one| &one.source.topic));
    let metadata = wide.source.retrying(wide.patience, || wide.source.metadata(Some(&topics))).await?;
    let partitions: Vec<_> = fresh.iter().map(|one| one.source.clone()).collect();
    let how = (OffsetSpec::Latest, Isolation::ReadUncommitted, wide.patience);
    let ends = list(wide.source, &metadata, &partitions, how).await?;
    let seeder = Seeder { wide, reverse, state, metadata: &metadata, ends: &ends };
    let seeder = &seeder;
    let each: Vec<_> = stream::iter(fresh).map(|one| seeder.seed(one)).buffered(AT_A_TIME).collect().await;
    let mut pairs = Vec::new();
    for written in each {
        let Written { records, unfenced } = written?;
        pairs.extend(records);
        done.unfenced.extend(unfenced);
    }
    pairs.extend(lifted(state));
    let seeded = Seeded { v: VERSION, flow: wide.flow.name.to_string(), of_ms };
    pairs.push((json(&Key::Seeded), Some(json(&seeded))));
    state.append(&pairs).await?;
    Ok(done)
}

/// A partition that the flow copies already goes on where it is; one that it copied until it was ended begins
/// anew, for what came to the target since came by the other flow.
fn is_own(state: &State, one: &Surveyed, of_ms: i64) -> bool {
    let past = state.past(&one.target);
    let is_ours = past.seeded.as_ref().is_some_and(|seeded| seeded.of_ms == of_ms);
    past.checkpoint.is_some() && !is_ours && state.known().whole.ended.is_none()
}

/// Lifts an end of the flow; that it was ended at all goes last.
pub fn lifted(state: &State) -> Vec<Pair> {
    let with_end = state.known().partitions.iter().filter(|(_, past)| past.ended.is_some());
    let mut pairs: Vec<Pair> = with_end
        .map(|(partition, _)| {
            let (topic, partition) = (partition.topic.to_string(), partition.partition);
            deleted(&Key::EndedPartition { topic, partition })
        })
        .collect();
    if state.known().whole.ended.is_some() {
        pairs.push(deleted(&Key::Ended));
    }
    pairs
}

struct Seeder<'a> {
    wide: &'a Wide<'a>,
    reverse: &'a Reverse,
    state: &'a State,
    metadata: &'a Metadata,
    ends: &'a OffsetAnswers,
}

struct Written {
    records: Vec<Pair>,
    unfenced: Option<TopicPartition>,
}

impl Seeder<'_> {
    async fn seed(&self, one: &Surveyed) -> Result<Written, FailbackError> {
        let Wide { source: cluster, patience, ended, flow, .. } = *self.wide;
        let past = self.state.past(&one.target);
        let end = offsets::answer(self.ends, &one.source).map_err(|code| FailbackError::Lost {
            partition: one.source.clone(),
            cause: format!("its end cannot be read: {}", code_name(&code)),
        })?;
        let name = &self.reverse.settings.name;
        let id = format!("{NAME_PREFIX}{name}.{}.{}", one.source.topic, one.source.partition);
        let wanted = fence::Wanted {
            id: &id,
            partition: &one.source,
            end: TargetOffset(end),
            was_owned: past.was_owned(),
        };
        let fence = fence::take(cluster, self.metadata, wanted, patience).await?;
        let end = fence.marker.map_or(end, |marker| marker.0 + 1);
        let map = one.map.as_ref().map(OffsetMap::reversed).unwrap_or_default();
        let appended_until = one.settled.as_ref().and_then(|settled| settled.appended_until);
        let seed = seed(map, Facts { uncopied: one.early, appended_until, target_end: end });
        let seeded = Seeded { v: VERSION, flow: flow.name.to_string(), of_ms: ended.begun_ms };
        let (topic, partition) = (one.target.topic.to_string(), one.target.partition);
        let owner = Some(Owner::of_this_process(fence.producer.epoch, now_ms()));
        let producer = Producer { v: 1, topic, partition, owner };
        let mut records = vec![
            record(|topic, partition| Key::SeededPartition { topic, partition }, &one.target, Some(&seeded)),
            (json(&Key::Producer { id: fence.producer.id }), Some(json(&producer))),
        ];
        let checkpoint = Checkpoint {
            v: 1,
            source_next: seed.checkpoint.source,
            target_next: seed.checkpoint.target,
            source_topic_id: one.topic_ids.1,
            target_topic_id: one.topic_ids.0,
            producer_id: fence.producer.id,
            source_end: Some(one.target_high),
            source_epoch: None,
        };
        records.extend(begin_records(&one.target, &past, seed.map, &checkpoint));
        Ok(Written { records, unfenced: (!fence.is_exclusive).then(|| one.source.clone()) })
    }
}

/// Makes the records with which a flow begins anew in a partition: its whole offset map, where the order
/// differs, the checkpoint; then what was kept of the map before goes.
pub fn begin_records(
    partition: &TopicPartition,
    past: &Past,
    map: OffsetMap,
    checkpoint: &Checkpoint,
) -> Vec<Pair> {
    let stretches = map.stretches().to_vec();
    let chunks = Growing::whole(checkpoint.target_next, map).chunks();
    let key = |id: ChunkId| {
        let (topic, partition) = (partition.topic.to_string(), partition.partition);
        json(&Key::Map { topic, partition, owner: id.owner, number: id.number })
    };
    let new: HashMap<ChunkId, ()> = chunks.iter().map(|(id, _)| (*id, ())).collect();
    let mut records: Vec<Pair> = chunks.iter().map(|(id, chunk)| (key(*id), Some(chunk.encode()))).collect();
    let reordered = Reordered { v: VERSION, stretches };
    let reordered = (!reordered.stretches.is_empty()).then_some(&reordered);
    if reordered.is_some() || past.reordered.is_some() {
        records.push(record(|topic, partition| Key::Reordered { topic, partition }, partition, reordered));
    }
    records.push(record(
        |topic, partition| Key::Checkpoint { topic, partition },
        partition,
        Some(checkpoint),
    ));
    records.push(record(|topic, partition| Key::Floor { topic, partition }, partition, Some(checkpoint)));
    records.extend(past.chunks.keys().filter(|id| !new.contains_key(id)).map(|id| (key(*id), None)));
    records
}
