//! What the supervisor has others find out, so that it never waits itself: a broker that does not
//! answer delays one errand and nobody else (guarantee G9).

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join;
use tokio::sync::mpsc;

use super::cell::PartitionCell;
use super::discover::{self, Known};
use super::event::StopCause;
use super::partition::Phase;
use super::start::Starter;
use super::state_topic::KeepError;
use crate::kafka::buffers::MemoryBudget;
use crate::kafka::cluster::Cluster;
use crate::kafka::error::KafkaError;
use crate::kafka::fetch::Isolation;
use crate::kafka::metadata::Metadata;
use crate::kafka::offsets::{self, OffsetSpec};
use crate::types::{SourceOffset, TopicName, TopicPartition, distinct};

/// Shortest time one errand takes that may be wanted again at once.
const PAUSE: Duration = Duration::from_millis(200);

/// Says what was found out.
#[derive(Debug)]
pub enum Finding {
    /// The source's topics, or nothing where it did not answer.
    Source(Option<Metadata>),
    /// The target's topics, or nothing where it did not answer.
    Target(Option<Metadata>),
    /// Partitions that were not known, already started.
    Discovered(Result<Vec<Arc<PartitionCell>>, KafkaError>),
    /// These partitions were tried to be started.
    Started(Vec<Arc<PartitionCell>>),
    /// Where a source partition's log begins and ends.
    Bounds {
        /// The partition.
        cell: Arc<PartitionCell>,
        /// Its log start offset.
        log_start: SourceOffset,
        /// Its end.
        end: SourceOffset,
    },
    /// Progress was kept, or not.
    Kept(Result<(), KeepError>),
    /// Partitions that were not known, in a flow that is shared.
    Surveyed(Result<Vec<Arc<PartitionCell>>, KafkaError>),
    /// Partitions that became ours were looked up and tried to be started.
    Taken {
        /// The target partitions.
        wanted: BTreeSet<TopicPartition>,
        /// Those that the source has.
        found: Result<Vec<Arc<PartitionCell>>, KafkaError>,
    },
    /// Nothing is under way for these any more.
    HandedOver {
        /// The partitions.
        cells: Vec<Arc<PartitionCell>>,
        /// Whether their positions were kept.
        kept: Result<(), KeepError>,
    },
}

/// Runs errands as tasks of their own; each answers with one [`Finding`], or none where there was
/// nothing to find.
#[derive(Clone, Debug)]
pub struct Errands {
    /// Starts partitions.
    pub starter: Starter,
    /// Pays for what partitions hold.
    pub budget: MemoryBudget,
    /// Where findings go.
    pub findings: mpsc::Sender<Finding>,
}

impl Errands {
    pub(super) fn run(&self, errand: impl Future<Output = Option<Finding>> + Send + 'static) {
        let findings = self.findings.clone();
        tokio::spawn(async move {
            // Where a flow has ended nothing of it goes on: a start under way would fence who comes next.
            let finding = tokio::select! {
                finding = errand => finding,
                () = findings.closed() => None,
            };
            if let Some(finding) = finding {
                // A supervisor that ended needs to know nothing more.
                let _ = findings.send(finding).await;
            }
        });
    }

    /// Asks the source about topics.
    pub fn ask_source(&self, topics: Vec<TopicName>) {
        let cluster = self.starter.source.clone();
        self.run(async move { Some(Finding::Source(ask(&cluster, &topics).await)) });
    }

    /// Asks the target about topics.
    pub fn ask_target(&self, topics: Vec<TopicName>) {
        let cluster = self.starter.target.clone();
        self.run(async move { Some(Finding::Target(ask(&cluster, &topics).await)) });
    }

    /// Looks for partitions that are not among `known`, and starts them.
    pub fn discover(&self, known: HashSet<TopicPartition>) {
        let errands = self.clone();
        self.run(async move {
            let found = errands.discover_now(&known, None).await;
            if let Ok(found) = &found {
                errands.starter.start(found).await;
            }
            Some(Finding::Discovered(found))
        });
    }

    /// Looks for partitions that are not among `known`, or only for those that are copied to `only`; they
    /// still have to be started.
    pub async fn discover_now(
        &self,
        known: &HashSet<TopicPartition>,
        only: Option<&BTreeSet<TopicPartition>>,
    ) -> Result<Vec<Arc<PartitionCell>>, KafkaError> {
        let Starter { source, target, settings, events, .. } = &self.starter;
        let known = Known { partitions: known, only, has_begun: true };
        discover::discover(source, target, settings, known, &self.budget, events).await
    }

    /// Tries to start partitions.
    pub fn start(&self, cells: Vec<Arc<PartitionCell>>) {
        let starter = self.starter.clone();
        self.run(async move {
            starter.start(&cells).await;
            Some(Finding::Started(cells))
        });
    }

    /// Looks up where the log of a partition begins and ends.
    pub fn look_up_bounds(&self, cell: Arc<PartitionCell>) {
        let source = self.starter.source.clone();
        self.run(async move {
            let topic = std::slice::from_ref(&cell.source.topic);
            let metadata = source.metadata(Some(topic)).await.ok()?;
            let ask = async |spec| {
                let asked = offsets::one(&source, &metadata, &cell.source, spec, Isolation::ReadCommitted);
                asked.await.ok().map(SourceOffset)
            };
            let (log_start, end) = (ask(OffsetSpec::Earliest).await?, ask(OffsetSpec::Latest).await?);
            Some(Finding::Bounds { cell, log_start, end })
        });
    }

    /// Keeps the progress of partitions.
    pub fn keep(&self, cells: Vec<Arc<PartitionCell>>) {
        let state = self.starter.state.clone();
        self.run(async move { Some(Finding::Kept(state.keep(&cells).await)) });
    }
}

/// Asks both clusters about the topics of partitions; nothing where one does not answer.
pub async fn topics_of(
    starter: &Starter,
    cells: &[Arc<PartitionCell>],
) -> (Option<Metadata>, Option<Metadata>) {
    let sources = distinct(cells.iter().map(|cell| &cell.source.topic));
    let targets = distinct(cells.iter().map(|cell| &cell.target.topic));
    join(ask(&starter.source, &sources), ask(&starter.target, &targets)).await
}

async fn ask(cluster: &Cluster, topics: &[TopicName]) -> Option<Metadata> {
    let pause = tokio::time::sleep(PAUSE);
    let answer = cluster.metadata(Some(topics)).await;
    if let Err(error) = &answer {
        tracing::debug!(cluster = %cluster.alias(), %error, "metadata cannot be had");
    }
    // So that brokers are not asked without end while they have no better answer.
    if answer.is_err() {
        pause.await;
    }
    answer.ok()
}

/// Says whether a later discovery may find the partition in better order.
pub fn is_tried_again(cell: &PartitionCell) -> bool {
    matches!(cell.lock().partition.phase(), Phase::Stopped(cause) if StopCause::is_tried_again(cause))
}
