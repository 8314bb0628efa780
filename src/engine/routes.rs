//! Which connection serves which partition: each goes to its leader's, at each end.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use tokio::task::JoinHandle;

use super::cell::{FetchList, PartitionCell, SendQueue};
use super::fetcher::{self, FetchShared};
use super::limits::fetch_bytes_ceiling;
use super::producer::{self, ProduceShared};
use crate::config::settings::LimitSettings;
use crate::kafka::error::Remedy;
use crate::kafka::metadata::Metadata;

/// Names a connection: the broker, and which of the several to it.
type Lane = (i32, usize);

/// Holds the tasks that fetch and send, one for each connection.
#[derive(Debug)]
pub struct Routes {
    /// What fetchers share.
    pub fetch: Arc<FetchShared>,
    /// What senders share.
    pub produce: Arc<ProduceShared>,
    fetchers: HashMap<Lane, (Arc<FetchList>, JoinHandle<()>)>,
    senders: HashMap<Lane, (Arc<SendQueue>, JoinHandle<()>)>,
}

impl Routes {
    /// Begins without any.
    pub fn new(fetch: Arc<FetchShared>, produce: Arc<ProduceShared>) -> Self {
        Self { fetch, produce, fetchers: HashMap::new(), senders: HashMap::new() }
    }

    /// Gives each partition to a connection to its leader at each end. A partition without a leader
    /// at the source is not fetched, one without a leader at the target stays where it is; returns
    /// whether there is such a one.
    pub fn assign(
        &mut self,
        cells: &[Arc<PartitionCell>],
        source: &Metadata,
        target: &Metadata,
        limits: &LimitSettings,
    ) -> bool {
        let lanes = limits.connections_per_broker;
        let now = Instant::now();
        let mut is_leaderless = false;
        let mut lists: HashMap<Lane, Vec<Arc<PartitionCell>>> = HashMap::new();
        let mut sent: HashMap<Lane, Vec<Arc<PartitionCell>>> = HashMap::new();
        for (index, cell) in cells.iter().enumerate() {
            let lane = index % lanes;
            if let Some(known) = source.partition(&cell.source.topic, cell.source.partition) {
                cell.lock().source_leader_epoch = known.leader_epoch;
                match known.leader {
                    Some(leader) => lists.entry((leader, lane)).or_default().push(cell.clone()),
                    None => {
                        is_leaderless = true;
                        let cause = "no broker leads it at the source (LEADER_NOT_AVAILABLE)".to_owned();
                        cell.lock().partition.on_source_trouble(cause, Remedy::Refresh, now);
                    }
                }
            }
            let leader = target.partition(&cell.target.topic, cell.target.partition).and_then(|p| p.leader);
            match leader {
                Some(leader) => {
                    cell.set_route(Some(self.sender((leader, lane))));
                    sent.entry((leader, lane)).or_default().push(cell.clone());
                }
                None => is_leaderless = true,
            }
        }
        for (lane, (queue, _)) in &self.senders {
            queue.set_members(sent.get(lane).map_or(&[], Vec::as_slice));
        }
        let ceiling = fetch_bytes_ceiling(limits.memory_bytes, lists.len());
        self.fetch.bytes_ceiling.store(ceiling, Ordering::Relaxed);
        for (lane, (list, _)) in &self.fetchers {
            if !lists.contains_key(lane) {
                list.set(Vec::new());
            }
        }
        for (lane, cells) in lists {
            self.fetcher(lane).set(cells);
        }
        is_leaderless
    }

    fn sender(&mut self, lane: Lane) -> Arc<SendQueue> {
        let shared = &self.produce;
        let (queue, _) = self.senders.entry(lane).or_insert_with(|| {
            let queue = Arc::new(SendQueue::default());
            (queue.clone(), tokio::spawn(producer::run(shared.clone(), lane.0, queue)))
        });
        queue.clone()
    }

    fn fetcher(&mut self, lane: Lane) -> Arc<FetchList> {
        let shared = &self.fetch;
        let (list, _) = self.fetchers.entry(lane).or_insert_with(|| {
            let list = Arc::new(FetchList::default());
            (list.clone(), tokio::spawn(fetcher::run(shared.clone(), lane.0, list)))
        });
        list.clone()
    }

    /// Has fetchers look again at what their partitions want.
    pub fn wake(&self) {
        for (list, _) in self.fetchers.values() {
            list.wake();
        }
    }

    /// Ends all fetching.
    pub fn stop_fetching(&self) {
        for (_, task) in self.fetchers.values() {
            task.abort();
        }
    }

    /// Ends all sending.
    pub fn stop_sending(&self) {
        for (_, task) in self.senders.values() {
            task.abort();
        }
    }
}

impl Drop for Routes {
    fn drop(&mut self) {
        self.stop_fetching();
        self.stop_sending();
    }
}
