//! What sharing has others find out and do, so that the supervisor never waits itself.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::cell::PartitionCell;
use super::super::errands::{Errands, Finding};
use crate::config::settings::StartAt;
use crate::kafka::error::KafkaError;
use crate::types::{TopicPartition, distinct};

/// How often a partition that is let go of is looked at.
const LOOK_PAUSE: Duration = Duration::from_millis(5);

/// Holds a partition that is known and not copied here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elsewhere {
    /// The partition at the target.
    pub target: TopicPartition,
    /// Where it begins where it was never copied, as decided when it was first seen.
    pub begin: StartAt,
}

impl Errands {
    /// Looks for partitions that are not among `known`, and for those `elsewhere` whose topic is gone from
    /// the target: whoever was copied to it lost them with the topic, and somebody has to say so. All are
    /// made ready at the target, none is started.
    pub fn survey(&self, known: HashSet<TopicPartition>, elsewhere: HashMap<TopicPartition, Elsewhere>) {
        let errands = self.clone();
        self.run(async move { Some(Finding::Surveyed(errands.survey_now(known, elsewhere).await)) });
    }

    async fn survey_now(
        &self,
        mut known: HashSet<TopicPartition>,
        elsewhere: HashMap<TopicPartition, Elsewhere>,
    ) -> Result<Vec<Arc<PartitionCell>>, KafkaError> {
        let topics = distinct(elsewhere.values().map(|at| &at.target.topic));
        let target = &self.starter.target;
        let at_target = target.retrying(self.starter.patience, || target.metadata(Some(&topics))).await?;
        let exists = |at: &Elsewhere| at_target.partition(&at.target.topic, at.target.partition).is_some();
        known.extend(elsewhere.into_iter().filter(|(_, at)| exists(at)).map(|(source, _)| source));
        self.discover_now(&known, None).await
    }

    /// Looks up the partitions that are copied to `wanted`, as they are now, and starts them.
    pub fn take(&self, wanted: BTreeSet<TopicPartition>, begins: HashMap<TopicPartition, StartAt>) {
        let errands = self.clone();
        self.run(async move {
            let found = errands.take_now(&wanted, &begins).await;
            Some(Finding::Taken { wanted, found })
        });
    }

    async fn take_now(
        &self,
        wanted: &BTreeSet<TopicPartition>,
        begins: &HashMap<TopicPartition, StartAt>,
    ) -> Result<Vec<Arc<PartitionCell>>, KafkaError> {
        // Whoever had them before wrote down what we do not know yet, that they were owned among it.
        self.starter.state.catch_up().await?;
        let found = self.discover_now(&HashSet::new(), Some(wanted)).await?;
        for cell in &found {
            if let Some(begin) = begins.get(&cell.source) {
                cell.lock().begin = *begin;
            }
        }
        self.starter.start(&found).await;
        Ok(found)
    }

    /// Waits until nothing is in flight for partitions that are drained, and keeps their positions; no
    /// longer than until `deadline`.
    pub fn hand_over(&self, cells: Vec<Arc<PartitionCell>>, deadline: Instant) {
        let state = self.starter.state.clone();
        self.run(async move {
            while Instant::now() < deadline && !cells.iter().all(|cell| cell.lock().partition.is_drained()) {
                tokio::time::sleep(LOOK_PAUSE).await;
            }
            // Where it fails, whoever takes over has more to read and nothing else.
            let keeping = tokio::time::timeout_at(deadline.into(), state.keep(&cells)).await;
            let kept = keeping.unwrap_or(Ok(()));
            Some(Finding::HandedOver { cells, kept })
        });
    }
}
