//! Moving replicas: asked for, watched until the brokers are done, taken back where the run is to stop.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::Instant;

use super::carry::{Manner, Outcome};
use super::change::Change;
use super::throttle::Throttle;
use crate::kafka::cluster::Cluster;
use crate::kafka::error::KafkaError;
use crate::kafka::placement::placement;
use crate::kafka::reassign::{is_over, ongoing, reassign};
use crate::types::{TopicName, TopicPartition};

/// How long one request is tried.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often the brokers are asked how far they are.
const PAUSE: Duration = Duration::from_millis(250);
/// How long a broker's metadata may still show what was before the end of a move.
const LATE_MAX: Duration = Duration::from_secs(10);
/// Partitions moved by one request.
const PARTITIONS_PER_REQUEST: usize = 500;

/// Says where one partition's replicas are to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// The partition.
    pub partition: TopicPartition,
    /// The brokers of its replicas.
    pub from: Vec<i32>,
    /// The brokers they are to be on.
    pub to: Vec<i32>,
}

impl Move {
    /// Reads it from a change.
    pub fn of(change: &Change) -> Option<Self> {
        let Change::Move { topic, partition, from, to } = change else { return None };
        let partition = TopicPartition::new(topic.clone(), *partition);
        Some(Self { partition, from: from.clone(), to: to.clone() })
    }

    /// Lists the brokers that get a replica.
    pub fn adding(&self) -> impl Iterator<Item = i32> {
        self.to.iter().copied().filter(|id| !self.from.contains(id))
    }
}

/// Holds the moves that are not over, each with when its end was first heard of.
type UnderWay<'a> = BTreeMap<TopicPartition, (&'a Move, Option<Instant>)>;

/// Says how far the moves are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Partitions whose replicas are where they are to be.
    pub done: usize,
    /// Partitions in all.
    pub of: usize,
}

/// Moves replicas and says what became of each partition. A throttle is set before and removed after,
/// whatever happens in between; moves still under way when the run is to stop are taken back.
pub async fn carry_out(
    target: &Cluster,
    moves: &[Move],
    manner: &Manner<'_>,
) -> BTreeMap<TopicPartition, Outcome> {
    let fail = |error: KafkaError| {
        moves.iter().map(|one| (one.partition.clone(), Outcome::Unanswered(error.clone()))).collect()
    };
    let throttle = match manner.throttle {
        None => None,
        Some(rate) => match Throttle::set(target, moves, rate).await {
            Ok(Ok(throttle)) => Some(throttle),
            Ok(Err(refusal)) => {
                let refused = |one: &Move| (one.partition.clone(), Outcome::Refused(refusal.clone()));
                return moves.iter().map(refused).collect();
            }
            Err(error) => return fail(error),
        },
    };
    let mut outcomes = carry_out_throttled(target, moves, manner).await;
    if let Some(throttle) = throttle
        && let Err(outcome) = throttle.remove(target).await
    {
        // The replicas are in place; the run still has not done what it was to do.
        outcomes.values_mut().filter(|known| known.is_done()).for_each(|known| *known = outcome.clone());
    }
    outcomes
}

async fn carry_out_throttled(
    target: &Cluster,
    moves: &[Move],
    manner: &Manner<'_>,
) -> BTreeMap<TopicPartition, Outcome> {
    let mut outcomes = BTreeMap::new();
    let mut under_way: UnderWay<'_> = BTreeMap::new();
    for part in moves.chunks(PARTITIONS_PER_REQUEST) {
        let asked: Vec<(TopicPartition, Option<Vec<i32>>)> =
            part.iter().map(|one| (one.partition.clone(), Some(one.to.clone()))).collect();
        match target.retrying(PATIENCE, || reassign(target, &asked)).await {
            Ok(mut results) => {
                for one in part {
                    match results.remove(&one.partition) {
                        Some(Err(refusal)) => {
                            outcomes.insert(one.partition.clone(), Outcome::Refused(refusal));
                        }
                        _ => {
                            under_way.insert(one.partition.clone(), (one, None));
                        }
                    }
                }
            }
            Err(error) => {
                let failed = |one: &Move| (one.partition.clone(), Outcome::Unanswered(error.clone()));
                outcomes.extend(part.iter().map(failed));
            }
        }
    }
    let mut stop = manner.stop.clone();
    while !under_way.is_empty() {
        match look(target, &mut under_way).await {
            Ok(ended) => outcomes.extend(ended),
            Err(error) => {
                let failed = |partition| (partition, Outcome::Unanswered(error.clone()));
                outcomes.extend(std::mem::take(&mut under_way).into_keys().map(failed));
            }
        }
        (manner.tell)(Progress { done: moves.len() - under_way.len(), of: moves.len() });
        if under_way.is_empty() {
            break;
        }
        if *stop.borrow() {
            outcomes.extend(take_back(target, std::mem::take(&mut under_way)).await);
            break;
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            // Where nobody can ask for a stop any more, the next look comes a little early, once.
            _ = stop.changed() => {}
        }
    }
    outcomes
}

/// Takes the moves that ended out of `under_way` and says how.
async fn look(
    target: &Cluster,
    under_way: &mut UnderWay<'_>,
) -> Result<Vec<(TopicPartition, Outcome)>, KafkaError> {
    let moving = match target.retrying(PATIENCE, || ongoing(target)).await? {
        Ok(moving) => moving,
        Err(refusal) => {
            let all = std::mem::take(under_way).into_keys();
            return Ok(all.map(|partition| (partition, Outcome::Refused(refusal.clone()))).collect());
        }
    };
    let ended: Vec<TopicPartition> =
        under_way.keys().filter(|partition| !moving.contains_key(partition)).cloned().collect();
    if ended.is_empty() {
        return Ok(Vec::new());
    }
    let topics: BTreeSet<TopicName> = ended.iter().map(|partition| partition.topic.clone()).collect();
    let topics: Vec<TopicName> = topics.into_iter().collect();
    let placed = target.retrying(PATIENCE, || placement(target, Some(&topics))).await?;
    let mut found = Vec::new();
    for partition in ended {
        let index = usize::try_from(partition.partition).unwrap_or(usize::MAX);
        let now = match placed.topics.get(&partition.topic) {
            Some(Ok(topic)) => topic.replicas.get(index).cloned().unwrap_or_default(),
            _ => Vec::new(),
        };
        let Some((one, ended)) = under_way.get_mut(&partition) else { continue };
        let outcome = if same_brokers(&now, &one.to) {
            Outcome::Done
        } else if ended.get_or_insert_with(Instant::now).elapsed() < LATE_MAX {
            continue;
        } else {
            Outcome::MovedElsewhere(now)
        };
        under_way.remove(&partition);
        found.push((partition, outcome));
    }
    Ok(found)
}

fn same_brokers(one: &[i32], other: &[i32]) -> bool {
    let set = |ids: &[i32]| ids.iter().copied().collect::<BTreeSet<i32>>();
    set(one) == set(other)
}

/// Takes moves back; one that ended meanwhile is done.
async fn take_back(target: &Cluster, under_way: UnderWay<'_>) -> BTreeMap<TopicPartition, Outcome> {
    let asked: Vec<(TopicPartition, Option<Vec<i32>>)> =
        under_way.keys().map(|partition| (partition.clone(), None)).collect();
    match target.retrying(PATIENCE, || reassign(target, &asked)).await {
        Ok(results) => results
            .into_iter()
            .map(|(partition, result)| match result {
                Ok(()) => (partition, Outcome::Stopped),
                Err(refusal) if is_over(&refusal) => (partition, Outcome::Done),
                Err(refusal) => (partition, Outcome::Refused(refusal)),
            })
            .collect(),
        Err(error) => {
            under_way.into_keys().map(|partition| (partition, Outcome::Unanswered(error.clone()))).collect()
        }
    }
}
