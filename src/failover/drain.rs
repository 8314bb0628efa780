//! Bringing all of the source to the target before a planned failover, and proving it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::config::settings::FlowSettings;
use crate::engine::cell::PartitionCell;
use crate::engine::event::{Event, StopCause};
use crate::engine::partition::Phase;
use crate::engine::supervisor::{Flow, FlowError, RunMode};
use crate::kafka::cluster::Cluster;
use crate::kafka::error::KafkaError;
use crate::kafka::fetch::Isolation;
use crate::kafka::offsets::{self, OffsetAnswers, OffsetSpec};
use crate::types::{TopicPartition, distinct};

/// Longest pause between two looks at the source's ends while they are to stay where they are.
const LOOK_PAUSE_MAX: Duration = Duration::from_millis(500);
/// How long each question to the source is repeated.
const PATIENCE: Duration = Duration::from_secs(15);

/// The proof that every partition of the flow was at its end once: only [`Drain::drain`] makes one.
#[derive(Debug)]
pub struct Drained {
    positions: BTreeMap<TopicPartition, i64>,
}

/// The proof that all of the source is at the target, that no transaction is open there, and that nothing
/// came for a while: only [`Drain::catch_up`] makes one.
#[derive(Debug)]
pub struct CaughtUp {
    ends: BTreeMap<TopicPartition, i64>,
}

impl CaughtUp {
    /// Returns the number of partitions.
    pub fn partitions(&self) -> usize {
        self.ends.len()
    }
}

/// A partition that is not at rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stray {
    /// The partition.
    pub partition: TopicPartition,
    /// The first source offset not copied.
    pub position: Option<i64>,
    /// The end for readers of committed records; `None` where its leader does not say.
    pub last_stable: Option<i64>,
    /// The end.
    pub end: Option<i64>,
}

impl Stray {
    /// Says whether a transaction is what keeps it.
    pub fn has_open_transaction(&self) -> bool {
        self.last_stable < self.end
    }
}

/// Says why the source cannot be drained.
#[derive(Debug, thiserror::Error)]
pub enum DrainError {
    /// The copy cannot start.
    #[error(transparent)]
    Flow(#[from] FlowError),
    /// Partitions cannot be copied any further.
    #[error("{} of {} stopped", .0.len(), .0.first().map_or_else(String::new, |(first, _)| first.to_string()))]
    Stopped(Vec<(TopicPartition, StopCause)>),
    /// Partitions of the flow are not at the source, or may not be seen there.
    #[error("the source does not show them")]
    Absent(Vec<TopicPartition>),
    /// Time was over before the source was at rest.
    #[error("the source was not at rest within {}", humantime::format_duration(*.after))]
    NotQuiet {
        /// For how long that was waited.
        after: Duration,
        /// The partitions that were written to or are behind.
        strays: Vec<Stray>,
    },
    /// The source does not say where its logs end.
    #[error(transparent)]
    Kafka(#[from] KafkaError),
}

/// Says how long the source has to be at rest, and how long that may take.
#[derive(Clone, Copy, Debug)]
pub struct Rest {
    /// How long no end may move.
    pub quiet_for: Duration,
    /// How long all of it may take.
    pub timeout: Duration,
}

/// Drains one flow.
#[derive(Debug)]
pub struct Drain<'a> {
    /// The source cluster.
    pub source: &'a Cluster,
    /// The target cluster.
    pub target: &'a Cluster,
    /// The flow.
    pub flow: &'a FlowSettings,
    /// Where what has to be told goes.
    pub events: mpsc::Sender<Event>,
}

type Ends = BTreeMap<TopicPartition, (Option<i64>, Option<i64>)>;

impl Drain<'_> {
    /// Copies until every partition has been at its end. A replicator that runs elsewhere is taken over from.
    /// `expected` are the partitions that have to be among them.
    pub async fn drain(&self, expected: &[TopicPartition], rest: Rest) -> Result<Drained, DrainError> {
        self.drain_until(expected, Instant::now() + rest.timeout, rest.timeout).await
    }

    async fn drain_until(
        &self,
        expected: &[TopicPartition],
        deadline: Instant,
        after: Duration,
    ) -> Result<Drained, DrainError> {
        let flow = FlowSettings { is_shared: false, ..self.flow.clone() };
        let clusters = (self.source.clone(), self.target.clone());
        let flow = Flow::new(flow, RunMode::UntilCaughtUp, clusters, self.events.clone());
        let (stop, stopping) = watch::channel(false);
        let mut run = std::pin::pin!(flow.run(stopping));
        let (cells, is_late) = tokio::select! {
            ended = &mut run => (ended?, false),
            () = tokio::time::sleep_until(deadline) => {
                // The run listens until it ends.
                let _ = stop.send(true);
                (run.await?, true)
            }
        };
        let positions = positions(&cells)?;
        if is_late {
            let strays = strays(&positions, &self.ends(positions.keys()).await?);
            return Err(DrainError::NotQuiet { after, strays });
        }
        let absent: Vec<_> = expected.iter().filter(|p| !positions.contains_key(*p)).cloned().collect();
        if absent.is_empty() { Ok(Drained { positions }) } else { Err(DrainError::Absent(absent)) }
    }

    /// Drains again and again until the source's ends stay where they are and all before them is copied.
    pub async fn catch_up(&self, expected: &[TopicPartition], rest: Rest) -> Result<CaughtUp, DrainError> {
        let deadline = Instant::now() + rest.timeout;
        // Who writes now and then may pause in the very moment when time is over.
        let mut seen: BTreeMap<TopicPartition, Stray> = BTreeMap::new();
        loop {
            let strays = match self.drain_until(expected, deadline, rest.timeout).await {
                Ok(drained) => match self.at_rest(&drained, rest.quiet_for).await? {
                    Ok(caught_up) => return Ok(caught_up),
                    Err(strays) => strays,
                },
                Err(DrainError::NotQuiet { strays, .. }) => strays,
                Err(error) => return Err(error),
            };
            seen.extend(strays.into_iter().map(|stray| (stray.partition.clone(), stray)));
            if Instant::now() >= deadline {
                let strays = seen.into_values().collect();
                return Err(DrainError::NotQuiet { after: rest.timeout, strays });
            }
        }
    }

    /// Watches the ends; the strays are the partitions where something moved or is not copied.
    async fn at_rest(
        &self,
        drained: &Drained,
        quiet_for: Duration,
    ) -> Result<Result<CaughtUp, Vec<Stray>>, DrainError> {
        let until = Instant::now() + quiet_for;
        loop {
            let seen_at = Instant::now();
            let strays = strays(&drained.positions, &self.ends(drained.positions.keys()).await?);
            // A transaction that is still open is waited for here, as long as nothing is there to copy.
            let has_moved = strays.iter().any(|stray| stray.position != stray.last_stable);
            if has_moved || (seen_at >= until && !strays.is_empty()) {
                return Ok(Err(strays));
            }
            if seen_at >= until {
                return Ok(Ok(CaughtUp { ends: drained.positions.clone() }));
            }
            tokio::time::sleep((quiet_for / 4).min(LOOK_PAUSE_MAX)).await;
        }
    }

    /// Asks where the source's logs end: the last stable offset, and the high watermark.
    async fn ends(&self, partitions: impl Iterator<Item = &TopicPartition>) -> Result<Ends, KafkaError> {
        let partitions: Vec<TopicPartition> = partitions.cloned().collect();
        let topics = distinct(partitions.iter().map(|partition| &partition.topic));
        let asked: Vec<_> =
            partitions.iter().map(|partition| (partition.clone(), OffsetSpec::Latest)).collect();
        if asked.is_empty() {
            return Ok(Ends::new());
        }
        let source = self.source;
        let metadata = source.retrying(PATIENCE, || source.metadata(Some(&topics))).await?;
        let list = async |isolation: Isolation| -> Result<OffsetAnswers, KafkaError> {
            source.retrying(PATIENCE, || offsets::list(source, &metadata, &asked, isolation)).await
        };
        // In this order: what lies before an end that was seen is stable by then, unless a transaction holds it.
        let ends = list(Isolation::ReadUncommitted).await?;
        let stable = list(Isolation::ReadCommitted).await?;
        let of = |partition: TopicPartition| {
            let known = |answers| offsets::answer(answers, &partition).ok();
            let both = (known(&stable), known(&ends));
            (partition, both)
        };
        Ok(partitions.into_iter().map(of).collect())
    }
}

/// Returns where each partition stands; one that stopped is an error.
fn positions(cells: &[Arc<PartitionCell>]) -> Result<BTreeMap<TopicPartition, i64>, DrainError> {
    let mut positions = BTreeMap::new();
    let mut stopped = Vec::new();
    for cell in cells {
        let state = cell.lock();
        match state.partition.phase() {
            Phase::Stopped(cause) => stopped.push((cell.source.clone(), cause.clone())),
            _ => drop(positions.insert(cell.source.clone(), state.partition.copied().0)),
        }
    }
    if stopped.is_empty() { Ok(positions) } else { Err(DrainError::Stopped(stopped)) }
}

/// Lists the partitions that are not copied to their very end.
fn strays(positions: &BTreeMap<TopicPartition, i64>, ends: &Ends) -> Vec<Stray> {
    let each = positions.iter().map(|(partition, position)| {
        let (last_stable, end) = ends.get(partition).copied().unwrap_or_default();
        Stray { partition: partition.clone(), position: Some(*position), last_stable, end }
    });
    each.filter(|stray| stray.position != stray.last_stable || stray.last_stable != stray.end).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g10_only_a_partition_copied_to_its_very_end_is_no_stray() {
        let name = |index| TopicPartition::new("orders", index);
        let positions = (0..4).map(|index| (name(index), 10)).collect();
        let ends = [(Some(10), Some(10)), (Some(10), Some(12)), (Some(11), Some(11)), (None, None)];
        let ends = (0..4).zip(ends).map(|(index, ends)| (name(index), ends)).collect();
        let strays = strays(&positions, &ends);
        let told: Vec<_> = strays.iter().map(|s| (s.partition.partition, s.has_open_transaction())).collect();
        assert_eq!(told, [(1, true), (2, false), (3, false)]);
    }
}
