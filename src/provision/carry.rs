//! Carrying a plan out: what fits into one request goes into one, and each change has a result of its own.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use kafka_protocol::ResponseError;
use tokio::sync::watch;

use super::apply::apply;
use super::change::Change;
use super::moves::{self, Progress};
use super::plan::Step;
use super::plan_file::Bound;
use crate::kafka::acls::{TopicAcl, create_acls};
use crate::kafka::admin::{NewTopic, Refusal};
use crate::kafka::alter::{TopicEdit, alter_broker, alter_topics, delete_topics};
use crate::kafka::cluster::Cluster;
use crate::kafka::error::KafkaError;
use crate::types::TopicName;

/// How long one request is tried.
const PATIENCE: Duration = Duration::from_secs(30);
/// Topics changed by one request.
const TOPICS_PER_REQUEST: usize = 50;
/// Entries added by one request.
const ACLS_PER_REQUEST: usize = 500;

/// Says what became of one change.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It is made.
    Done,
    /// The target refused it.
    Refused(Refusal),
    /// The target could not be asked, or its answer did not come.
    Unanswered(KafkaError),
    /// A move of replicas ended elsewhere: somebody else moved them, or took the move back.
    MovedElsewhere(Vec<i32>),
    /// The replicas are in place, and the throttle set for the move could not be taken away.
    ThrottleStays(Option<Refusal>),
    /// It was not begun, or taken back, because the run was to stop.
    Stopped,
    /// It was not begun, because the topic's replicas could not be moved before.
    AfterMove,
}

impl Outcome {
    /// Says whether the change is made.
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Done)
    }

    fn of(result: Result<(), Refusal>) -> Self {
        result.map_or_else(Self::Refused, |()| Self::Done)
    }
}

/// Says how to carry out.
pub struct Manner<'a> {
    /// Bytes per second that a broker may spend on moving replicas, each way; `None` for no limit.
    pub throttle: Option<u64>,
    /// True once the run is to stop.
    pub stop: watch::Receiver<bool>,
    /// Gets to know how far moves of replicas are.
    pub tell: &'a (dyn Fn(Progress) + Send + Sync),
}

/// Carries changes out and says what became of each, in their order. A topic whose replicas are to be moved
/// gets its other changes after the move, so that `min.insync.replicas` never asks for more than there are.
pub async fn carry_out(target: &Cluster, bound: &Bound, manner: &Manner<'_>) -> Vec<(Change, Outcome)> {
    let changes = bound.changes();
    let is_move = |change: &Change| matches!(change, Change::Move { .. });
    let moved: BTreeSet<&TopicName> =
        changes.iter().filter(|change| is_move(change)).filter_map(Change::topic).collect();
    let waits = |change: &Change| change.topic().is_some_and(|topic| moved.contains(topic));
    let mut work = Work { target, stop: manner.stop.clone(), outcomes: vec![None; changes.len()] };
    let all: Vec<(usize, &Change)> = changes.iter().enumerate().collect();
    let (later, now): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, change)| waits(change));
    work.settle(&now).await;
    let (moves, after): (Vec<_>, Vec<_>) = later.into_iter().partition(|(_, change)| is_move(change));
    work.outcomes_of_moves(&moves, manner).await;
    let unmoved: BTreeSet<&TopicName> = moves
        .iter()
        .filter(|(index, _)| !work.outcomes[*index].as_ref().is_some_and(Outcome::is_done))
        .filter_map(|(_, change)| change.topic())
        .collect();
    let (held, after): (Vec<_>, Vec<_>) = after
        .into_iter()
        .partition(|(_, change)| change.topic().is_some_and(|topic| unmoved.contains(topic)));
    for (index, _) in held {
        work.outcomes[index] = Some(Outcome::AfterMove);
    }
    work.settle(&after).await;
    let outcomes = work.outcomes.into_iter().map(|outcome| outcome.unwrap_or(Outcome::Stopped));
    changes.iter().cloned().zip(outcomes).collect()
}

struct Work<'a> {
    target: &'a Cluster,
    stop: watch::Receiver<bool>,
    outcomes: Vec<Option<Outcome>>,
}

impl Work<'_> {
    fn is_stopped(&self) -> bool {
        *self.stop.borrow()
    }

    fn note(&mut self, index: usize, outcome: Outcome) {
        self.outcomes[index] = Some(outcome);
    }

    fn note_all(&mut self, indexes: impl IntoIterator<Item = usize>, outcome: &Outcome) {
        indexes.into_iter().for_each(|index| self.note(index, outcome.clone()));
    }

    /// Carries out everything but moves.
    async fn settle(&mut self, changes: &[(usize, &Change)]) {
        self.steps(changes).await;
        self.configs(changes).await;
        self.brokers(changes).await;
        self.acls(changes).await;
        self.deletions(changes).await;
    }

    async fn steps(&mut self, changes: &[(usize, &Change)]) {
        let steps: Vec<(usize, Step)> =
            changes.iter().filter_map(|(index, change)| Some((*index, step(change)?))).collect();
        for part in steps.chunks(TOPICS_PER_REQUEST) {
            if self.is_stopped() {
                return;
            }
            let asked: Vec<Step> = part.iter().map(|(_, step)| step.clone()).collect();
            match apply(self.target, &asked).await {
                Ok(mut results) => {
                    for (index, step) in part {
                        let result = results.remove(step.topic()).unwrap_or_else(untold);
                        self.note(*index, Outcome::of(result));
                    }
                }
                Err(error) => {
                    self.note_all(part.iter().map(|(index, _)| *index), &Outcome::Unanswered(error))
                }
            }
        }
    }

    async fn configs(&mut self, changes: &[(usize, &Change)]) {
        let mut edits: BTreeMap<&TopicName, (Vec<usize>, TopicEdit)> = BTreeMap::new();
        for (index, change) in changes {
            let (topic, value) = match change {
                Change::SetConfig { topic, key, to, .. } => (topic, (key.clone(), Some(to.clone()))),
                Change::UnsetConfig { topic, key, .. } => (topic, (key.clone(), None)),
                _ => continue,
            };
            let (indexes, edit) = edits
                .entry(topic)
                .or_insert_with(|| (Vec::new(), TopicEdit { topic: topic.clone(), values: Vec::new() }));
            indexes.push(*index);
            edit.values.push(value);
        }
        let edits: Vec<(Vec<usize>, TopicEdit)> = edits.into_values().collect();
        for part in edits.chunks(TOPICS_PER_REQUEST) {
            if self.is_stopped() {
                return;
            }
            let asked: Vec<TopicEdit> = part.iter().map(|(_, edit)| edit.clone()).collect();
            let target = self.target;
            match target.retrying(PATIENCE, || alter_topics(target, &asked)).await {
                Ok(mut results) => {
                    for (indexes, edit) in part {
                        let result = results.remove(&edit.topic).unwrap_or_else(untold);
                        self.note_all(indexes.iter().copied(), &Outcome::of(result));
                    }
                }
                Err(error) => {
                    let indexes = part.iter().flat_map(|(indexes, _)| indexes.iter().copied());
                    self.note_all(indexes, &Outcome::Unanswered(error));
                }
            }
        }
    }

    async fn brokers(&mut self, changes: &[(usize, &Change)]) {
        for (index, change) in changes {
            let Change::Unthrottle { broker, from } = change else { continue };
            if self.is_stopped() {
                return;
            }
            let values: Vec<(String, Option<String>)> = from.keys().map(|key| (key.clone(), None)).collect();
            let target = self.target;
            let outcome = match target.retrying(PATIENCE, || alter_broker(target, *broker, &values)).await {
                Ok(result) => Outcome::of(result),
                Err(error) => Outcome::Unanswered(error),
            };
            self.note(*index, outcome);
        }
    }

    async fn acls(&mut self, changes: &[(usize, &Change)]) {
        let entries: Vec<(usize, TopicAcl)> = changes
            .iter()
            .filter_map(|(index, change)| match change {
                Change::AddAcl { acl } => Some((*index, acl.clone())),
                _ => None,
            })
            .collect();
        for part in entries.chunks(ACLS_PER_REQUEST) {
            if self.is_stopped() {
                return;
            }
            let asked: Vec<TopicAcl> = part.iter().map(|(_, acl)| acl.clone()).collect();
            let target = self.target;
            match target.retrying(PATIENCE, || create_acls(target, &asked)).await {
                Ok(results) => {
                    let results = results.into_iter().map(Some).chain(std::iter::repeat(None));
                    for ((index, _), result) in part.iter().zip(results) {
                        self.note(*index, Outcome::of(result.unwrap_or_else(untold)));
                    }
                }
                Err(error) => {
                    self.note_all(part.iter().map(|(index, _)| *index), &Outcome::Unanswered(error))
                }
            }
        }
    }

    async fn deletions(&mut self, changes: &[(usize, &Change)]) {
        let doomed: Vec<(usize, (TopicName, Option<uuid::Uuid>))> = changes
            .iter()
            .filter_map(|(index, change)| match change {
                Change::Delete { topic, id, .. } => Some((*index, (topic.clone(), *id))),
                _ => None,
            })
            .collect();
        for part in doomed.chunks(TOPICS_PER_REQUEST) {
            if self.is_stopped() {
                return;
            }
            let asked: Vec<(TopicName, Option<uuid::Uuid>)> =
                part.iter().map(|(_, topic)| topic.clone()).collect();
            let target = self.target;
            match target.retrying(PATIENCE, || delete_topics(target, &asked)).await {
                Ok(mut results) => {
                    for (index, (name, _)) in part {
                        let result = results.remove(name).unwrap_or_else(untold);
                        self.note(*index, Outcome::of(forgive_gone(result)));
                    }
                }
                Err(error) => {
                    self.note_all(part.iter().map(|(index, _)| *index), &Outcome::Unanswered(error))
                }
            }
        }
    }

    async fn outcomes_of_moves(&mut self, changes: &[(usize, &Change)], manner: &Manner<'_>) {
        let wanted: Vec<moves::Move> =
            changes.iter().filter_map(|(_, change)| moves::Move::of(change)).collect();
        if wanted.is_empty() || self.is_stopped() {
            return;
        }
        let mut outcomes: HashMap<_, _> =
            moves::carry_out(self.target, &wanted, manner).await.into_iter().collect();
        for ((index, _), one) in changes.iter().zip(&wanted) {
            let outcome = outcomes.remove(&one.partition).unwrap_or(Outcome::Stopped);
            self.note(*index, outcome);
        }
    }
}

/// Stands for a result that the answer does not hold.
fn untold() -> Result<(), Refusal> {
    Err(Refusal { code: ResponseError::UnknownServerError, message: Some("the answer leaves it out".into()) })
}

/// Takes it for done where a topic is gone: by somebody else, or by a request whose answer was lost.
fn forgive_gone(result: Result<(), Refusal>) -> Result<(), Refusal> {
    let is_gone = |refusal: &Refusal| {
        matches!(refusal.code, ResponseError::UnknownTopicOrPartition | ResponseError::UnknownTopicId)
    };
    if result.as_ref().is_err_and(is_gone) { Ok(()) } else { result }
}

fn step(change: &Change) -> Option<Step> {
    match change {
        Change::Create { topic, partitions, replication_factor, configs } => Some(Step::Create(NewTopic {
            name: topic.clone(),
            partitions: i32::try_from(*partitions).unwrap_or(i32::MAX),
            replication_factor: replication_factor.unwrap_or(-1),
            configs: configs.clone(),
        })),
        Change::Grow { topic, from, to } => Some(Step::Grow { topic: topic.clone(), from: *from, to: *to }),
        _ => None,
    }
}
