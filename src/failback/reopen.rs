//! The begin of the original flow behind its way back: what was copied back is known to it, and its end is lifted.

use std::collections::{BTreeMap, HashMap};

use super::begin::{begin_records, lifted};
use super::error::FailbackError;
use super::reverse::Reverse;
use super::seed::{Facts, seed};
use super::settle::returning;
use super::state::{State, deleted, record};
use super::survey::{Survey, Surveyed, Wide, list};
use super::walk::{self, Logs};
use crate::config::settings::Origin;
use crate::engine::compacted_log::Pair as Record;
use crate::engine::failback_records::{Fate, Returning, Settled, VERSION};
use crate::engine::mapping::{Both, Mapped, Unmapped, Wanted, log_ends, maps};
use crate::engine::offset_map::{OffsetMap, Pair};
use crate::engine::origin::OriginFilter;
use crate::engine::state_records::{Checkpoint, Key, json};
use crate::kafka::fetch::Isolation;
use crate::kafka::metadata::Metadata;
use crate::kafka::offsets::{self, OffsetAnswers, OffsetSpec};
use crate::types::{TopicPartition, distinct};

/// Says where the original flow goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reopened {
    /// The partition at the source.
    pub source: TopicPartition,
    /// The first source offset that it copies next, where it was moved.
    pub source_next: i64,
    /// Whether somebody wrote at the source meanwhile: these records are copied on.
    pub is_written_to: bool,
}

/// Writes the original flow's new begin, and lifts its end.
pub async fn reopen(
    wide: &Wide<'_>,
    reverse: &Reverse,
    (state, back): (&mut State, &mut State),
    survey: &Survey,
) -> Result<Vec<Reopened>, FailbackError> {
    let of_ms = wide.ended.begun_ms;
    let mut reopened = Vec::new();
    state.catch_up().await?;
    let known = returning(state, of_ms);
    if !known.as_ref().is_some_and(|known| known.is_reopening) {
        let pairs;
        (pairs, reopened) = begin(wide, reverse, (state, back), survey).await?;
        state.append(&pairs).await?;
        let fate = known.map_or(Fate::None, |known| known.fate);
        let returning = Returning { v: VERSION, of_ms, fate, is_reopening: true };
        state.append(&[(json(&Key::Returning), Some(json(&returning)))]).await?;
    }
    let mut pairs = lifted(state);
    // Behind the end: without it these say nothing.
    let settled = state.known().partitions.iter().filter(|(_, past)| past.settled.is_some());
    pairs.extend(settled.map(|(partition, _)| {
        record(|topic, partition| Key::Settled { topic, partition }, partition, None::<&Settled>)
    }));
    pairs.push(deleted(&Key::Returning));
    state.append(&pairs).await?;
    Ok(reopened)
}

/// The ends of the logs as they are now.
struct Now {
    at_source: Metadata,
    source_end: OffsetAnswers,
    source_high: OffsetAnswers,
    target_high: OffsetAnswers,
}

async fn now(wide: &Wide<'_>, survey: &Survey) -> Result<Now, FailbackError> {
    let sources: Vec<_> = survey.partitions.iter().map(|one| one.source.clone()).collect();
    let targets: Vec<_> = survey.partitions.iter().map(|one| one.target.clone()).collect();
    let names = |of: &[TopicPartition]| distinct(of.iter().map(|one| &one.topic));
    let (at_source, at_target) = (names(&sources), names(&targets));
    let at_source = wide.source.retrying(wide.patience, || wide.source.metadata(Some(&at_source))).await?;
    let at_target = wide.target.retrying(wide.patience, || wide.target.metadata(Some(&at_target))).await?;
    let of_source = async |isolation| {
        list(wide.source, &at_source, &sources, (OffsetSpec::Latest, isolation, wide.patience)).await
    };
    let how = (OffsetSpec::Latest, Isolation::ReadUncommitted, wide.patience);
    Ok(Now {
        source_end: of_source(Isolation::ReadCommitted).await?,
        source_high: of_source(Isolation::ReadUncommitted).await?,
        target_high: list(wide.target, &at_target, &targets, how).await?,
        at_source,
    })
}

async fn begin(
    wide: &Wide<'_>,
    reverse: &Reverse,
    (state, back): (&State, &mut State),
    survey: &Survey,
) -> Result<(Vec<Record>, Vec<Reopened>), FailbackError> {
    let maps = maps_back(wide, reverse, back, survey).await?;
    let now = now(wide, survey).await?;
    // What the way back wrote is not the source's own, whatever the flow is to copy.
    let origin = OriginFilter::new(wide.source.clone(), true);
    let mut pairs = Vec::new();
    let mut reopened = Vec::new();
    for one in &survey.partitions {
        let was_left = one.settled.as_ref().is_some_and(|settled| settled.fate.leaves_out());
        let is_seeded = is_seeded(back, one, wide.ended.begun_ms);
        let map = match maps.get(&one.target) {
            Some(Ok(mapped)) if is_seeded || one.map.is_none() => Some(mapped.map.reversed()),
            Some(Err(why)) if is_seeded => {
                let (partition, cause) = (one.target.clone(), why.to_string());
                return Err(FailbackError::Lost { partition, cause });
            }
            _ => None,
        };
        // A flow that began with it in order to append goes on where it is.
        if !(is_seeded || was_left) {
            continue;
        }
        let map = map.or_else(|| one.map.clone());
        let logs =
            Logs { cluster: wide.source, metadata: &now.at_source, origin: &origin, patience: wide.patience };
        let (found, records) = begin_one(state, (one, map), &now, &logs).await?;
        pairs.extend(records);
        reopened.push(found);
    }
    Ok((pairs, reopened))
}

fn is_seeded(back: &State, one: &Surveyed, of_ms: i64) -> bool {
    back.past(&one.target).seeded.is_some_and(|seeded| seeded.of_ms == of_ms)
}

/// Puts together what the way back knows of its offsets.
async fn maps_back(
    wide: &Wide<'_>,
    reverse: &Reverse,
    back: &mut State,
    survey: &Survey,
) -> Result<HashMap<TopicPartition, Result<Mapped, Unmapped>>, FailbackError> {
    let origin = OriginFilter::new(wide.target.clone(), reverse.settings.origin == Origin::Local);
    let both = Both {
        source: wide.target,
        target: wide.source,
        flow: &reverse.settings,
        origin: &origin,
        patience: wide.patience,
    };
    let partitions: Vec<_> = survey.partitions.iter().map(|one| one.target.clone()).collect();
    let ends = log_ends(&both, &partitions).await?;
    back.catch_up().await?;
    let known = &back.known().partitions;
    let wanted: BTreeMap<_, _> = partitions
        .into_iter()
        .filter(|partition| known.get(partition).is_some_and(|past| past.checkpoint.is_some()))
        .map(|partition| (partition, Wanted { source: i64::MIN, target: i64::MAX }))
        .collect();
    Ok(maps(&both, &ends, back.known(), &wanted).await)
}

/// Says where the original flow goes on in one partition, and what that is recorded as.
async fn begin_one(
    state: &State,
    (one, map): (&Surveyed, Option<OffsetMap>),
    now: &Now,
    logs: &Logs<'_>,
) -> Result<(Reopened, Vec<Record>), FailbackError> {
    let settled = one.settled.as_ref().map_or(one.source_end, |settled| settled.until);
    let at = |answers: &OffsetAnswers, partition: &TopicPartition| offsets::answer(answers, partition).ok();
    let lost = || {
        let cause = "its end cannot be read".to_owned();
        FailbackError::Lost { partition: one.source.clone(), cause }
    };
    let end = at(&now.source_end, &one.source).ok_or_else(lost)?;
    let high = at(&now.source_high, &one.source).ok_or_else(lost)?;
    let target_end = at(&now.target_high, &one.target).unwrap_or(one.target_high);
    let begin = || OffsetMap::new(Pair { source: settled, target: target_end });
    let mut map = map.unwrap_or_else(begin);
    let gaps = map.source_gaps(settled, end);
    let found = walk::first(logs, &one.source, &gaps).await?;
    // A transaction that is still open may hold records of the source's own.
    let uncopied = found.or((end < high).then_some(end));
    let to = Pair { source: end.max(map.to().source), target: map.to().target };
    map.reach(Pair { source: uncopied.map_or(to.source, |_| to.source.max(high)), ..to });
    let seed = seed(map, Facts { uncopied, appended_until: None, target_end });
    let past = state.past(&one.source);
    let checkpoint = Checkpoint {
        v: 1,
        source_next: seed.checkpoint.source,
        target_next: seed.checkpoint.target,
        source_topic_id: one.topic_ids.0,
        target_topic_id: one.topic_ids.1,
        producer_id: past.checkpoint.as_ref().map_or(-1, |checkpoint| checkpoint.producer_id),
        source_end: Some(end),
        source_epoch: None,
    };
    let reopened = Reopened {
        source: one.source.clone(),
        source_next: checkpoint.source_next,
        is_written_to: uncopied.is_some(),
    };
    Ok((reopened, begin_records(&one.source, &past, seed.map, &checkpoint)))
}
