//! The replication of a drill: the real engine, and the groups that follow it.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::config::settings::FlowSettings;
use crate::engine::cell::PartitionCell;
use crate::engine::event::Event;
use crate::engine::partition::Phase;
use crate::engine::supervisor::{Flow, FlowError, FlowView, RunMode};
use crate::groups::follow::Follower;
use crate::kafka::cluster::Cluster;
use crate::kafka::error::KafkaError;
use crate::kafka::groups::committed;

/// A flow that runs.
#[derive(Debug)]
pub struct Link {
    view: FlowView,
    stop: watch::Sender<bool>,
    copy: JoinHandle<Result<Vec<Arc<PartitionCell>>, FlowError>>,
    follower: JoinHandle<()>,
    /// Held as long as the groups are to be followed.
    following: oneshot::Sender<()>,
}

/// Says why a flow's end is not known.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The copy could not start.
    #[error("the copy did not run")]
    Copy(#[from] FlowError),
    /// The copy ended by a defect.
    #[error("the copy ended by a defect of Strait")]
    Defect(#[from] tokio::task::JoinError),
    /// The group's offsets at the target cannot be read.
    #[error("the group's offsets at the target cannot be read")]
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
    pub fn start(flow: FlowSettings, clusters: (Cluster, Cluster), events: mpsc::Sender<Event>) -> Self {
        let running = Flow::new(flow.clone(), RunMode::Continuous, clusters.clone(), events.clone());
        let view = running.view();
        let (stop, stopped) = watch::channel(false);
        let (following, let_go) = oneshot::channel::<()>();
        let follower = Follower::new(flow, clusters, view.clone(), events);
        // On a thread of its own, as a flow of `strait replicate` has it.
        let runtime = tokio::runtime::Handle::current();
        let follower = tokio::task::spawn_blocking(move || {
            runtime.block_on(async move {
                let (_never, ended) = oneshot::channel();
                tokio::select! {
                    () = follower.run(ended) => {}
                    _ = let_go => {}
                }
            });
        });
        let copy = tokio::spawn(running.run(stopped));
        Self { view, stop, copy, follower, following }
    }

    /// Returns what may be looked at while it runs.
    pub fn view(&self) -> FlowView {
        self.view.clone()
    }

    /// Says whether the copy has ended, which it does by itself only where it cannot start.
    pub fn is_over(&self) -> bool {
        self.copy.is_finished()
    }

    /// Ends the copy, of which the source need not know, and says what it did not get. Groups are not moved
    /// once more: the source cannot be asked what they committed last.
    pub async fn end(self) -> Result<Remains, LinkError> {
        drop(self.following);
        self.follower.await?;
        // The copy that ended by itself needs no telling.
        let _ = self.stop.send(true);
        let cells = self.copy.await??;
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
        Ok(remains)
    }
}

/// Reads where a group goes on at the target, by partition of the topic.
pub async fn resumes_at(target: &Cluster, group: &str, topic: &str) -> Result<BTreeMap<i32, i64>, LinkError> {
    let groups = [group.to_owned()];
    let Some(offsets) = committed(target, &groups, false).await.remove(group) else {
        return Ok(BTreeMap::new());
    };
    let offsets = offsets.map_err(LinkError::Offsets)?;
    let here = offsets.into_iter().filter(|(partition, _)| partition.topic.as_str() == topic);
    Ok(here.filter_map(|(partition, offset)| Some((partition.partition, offset.ok()?.offset))).collect())
}
