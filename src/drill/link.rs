//! The replication of a drill: the real engine, and the groups that follow it, in a runtime of their own, so
//! that they can be torn down in the middle of whatever they do, as a killed process is.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::config::settings::{ClusterSettings, FlowSettings};
use crate::engine::cell::PartitionCell;
use crate::engine::event::Event;
use crate::engine::partition::Phase;
use crate::engine::supervisor::{Flow, FlowError, FlowView, RunMode};
use crate::groups::follow::Follower;
use crate::kafka::cluster::Cluster;
use crate::kafka::error::{ConnectError, KafkaError};
use crate::kafka::groups::committed;

/// Threads that copy; a drill is small.
const THREADS: usize = 2;
/// How long a link that was told to end may take.
const END_PATIENCE: Duration = Duration::from_secs(60);

/// How a copy ends: the partitions as they stand, or why it did not start.
type Ending = Result<Vec<Arc<PartitionCell>>, FlowError>;

/// A flow that runs.
#[derive(Debug)]
pub struct Link {
    view: FlowView,
    stop: watch::Sender<bool>,
    copy: JoinHandle<Ending>,
    follower: JoinHandle<()>,
    /// Held as long as the groups are to be followed.
    following: oneshot::Sender<()>,
    threads: Threads,
}

/// The runtime, which nobody may wait for inside another one.
#[derive(Debug)]
struct Threads(Option<Runtime>);

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Says why a flow does not run, or why its end is not known.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The threads could not be had.
    #[error("no threads for the copy")]
    Threads(#[source] std::io::Error),
    /// A cluster cannot be reached.
    #[error("the copy does not reach a cluster")]
    Connect(#[from] ConnectError),
    /// The copy could not start.
    #[error("the copy did not run")]
    Copy(#[from] FlowError),
    /// The copy ended by a defect.
    #[error("the copy ended by a defect of Strait")]
    Defect(#[from] tokio::task::JoinError),
    /// It was told to end and did not.
    #[error("the copy did not end within {END_PATIENCE:?}")]
    Late,
    /// The group's offsets cannot be read.
    #[error("the group's offsets cannot be read")]
    Offsets(#[source] KafkaError),
}

/// Says what is known of the source's end where it was last seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remains {
    /// The source offset from which on nothing was copied, by partition.
    pub copied_to: BTreeMap<i32, i64>,
    /// Records that were seen at the source and not copied; the source may have had more.
    pub seen_and_not_copied: u64,
}

impl Link {
    /// Starts to copy, and to move the flow's groups along.
    pub async fn start(
        flow: FlowSettings,
        (source, target): (Arc<ClusterSettings>, Arc<ClusterSettings>),
        events: mpsc::Sender<Event>,
    ) -> Result<Self, LinkError> {
        let runtime = Builder::new_multi_thread().worker_threads(THREADS).enable_all().build();
        let threads = Threads(Some(runtime.map_err(LinkError::Threads)?));
        let Threads(Some(runtime)) = &threads else { return Err(LinkError::Late) };
        let open = async move { tokio::try_join!(Cluster::open(source), Cluster::open(target)) };
        let clusters = runtime.spawn(open).await??;
        let running = Flow::new(flow.clone(), RunMode::Continuous, clusters.clone(), events.clone());
        let view = running.view();
        let (stop, stopped) = watch::channel(false);
        let (following, let_go) = oneshot::channel::<()>();
        let follower = Follower::new(flow, clusters, view.clone(), events);
        // On a thread of its own, as a flow of `strait replicate` has it, with a runtime that is still there when
        // the copy's is torn down.
        let own = Builder::new_current_thread().enable_all().build().map_err(LinkError::Threads)?;
        let follower = runtime.spawn_blocking(move || {
            own.block_on(async move {
                let (_never, ended) = oneshot::channel();
                tokio::select! {
                    () = follower.run(ended) => {}
                    _ = let_go => {}
                }
            });
        });
        let copy = runtime.spawn(running.run(stopped));
        Ok(Self { view, stop, copy, follower, following, threads })
    }

    /// Returns what may be looked at while it runs.
    pub fn view(&self) -> FlowView {
        self.view.clone()
    }

    /// Says whether the copy has ended, which it does by itself only where it cannot start.
    pub fn is_over(&self) -> bool {
        self.copy.is_finished()
    }

    /// Tears it down in the middle of whatever it does: nothing is finished, kept or said.
    pub fn crash(self) {
        drop(self.threads);
    }

    /// Ends the copy, of which the source need not know, and says what it did not get. Groups are not moved
    /// once more: the source cannot be asked what they committed last.
    pub async fn end(self) -> Result<Remains, LinkError> {
        let Self { stop, copy, follower, following, threads, .. } = self;
        drop(following);
        let ended = async move {
            follower.await?;
            // The copy that ended by itself needs no telling.
            let _ = stop.send(true);
            Ok::<_, LinkError>(copy.await??)
        };
        let cells = tokio::time::timeout(END_PATIENCE, ended).await.map_err(|_| LinkError::Late)??;
        drop(threads);
        Ok(remains(&cells))
    }
}

fn remains(cells: &[Arc<PartitionCell>]) -> Remains {
    let mut remains = Remains::default();
    for cell in cells {
        let state = cell.lock();
        let copy = &state.partition;
        if *copy.phase() == Phase::Starting {
            continue;
        }
        let next = copy.copied().0;
        remains.copied_to.insert(cell.source.partition, next);
        let seen = copy.source_end().map_or(0, |end| end.0.saturating_sub(next));
        remains.seen_and_not_copied += u64::try_from(seen).unwrap_or(0);
    }
    remains
}

/// Reads where a group goes on in a region, by partition of the topic.
pub async fn resumes_at(region: &Cluster, group: &str, topic: &str) -> Result<BTreeMap<i32, i64>, LinkError> {
    let groups = [group.to_owned()];
    let Some(offsets) = committed(region, &groups, false).await.remove(group) else {
        return Ok(BTreeMap::new());
    };
    let offsets = offsets.map_err(LinkError::Offsets)?;
    let here = offsets.into_iter().filter(|(partition, _)| partition.topic.as_str() == topic);
    Ok(here.filter_map(|(partition, offset)| Some((partition.partition, offset.ok()?.offset))).collect())
}
