//! One partition as fetchers, producers and the supervisor share it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Instant;

use tokio::sync::Notify;

use super::age::AgeMarks;
use super::intake::IntakeRules;
use super::partition::Partition;
use crate::config::settings::StartAt;
use crate::kafka::metadata::TopicId;
use crate::types::TopicPartition;

/// Holds one partition's copy; its lock is held for moments only, never across a wait.
#[derive(Debug)]
pub struct PartitionCell {
    /// The partition at the source.
    pub source: TopicPartition,
    /// The partition at the target.
    pub target: TopicPartition,
    state: Mutex<CellState>,
    is_queued: AtomicBool,
    route: Mutex<Option<Arc<SendQueue>>>,
}

/// Holds what changes.
#[derive(Debug)]
pub struct CellState {
    /// The copy's state machine.
    pub partition: Partition,
    /// The incarnation of the source topic being copied.
    pub source_topic_id: TopicId,
    /// The incarnation of the target topic being written.
    pub target_topic_id: TopicId,
    /// The source leader's epoch as metadata has it.
    pub source_leader_epoch: i32,
    /// Where it begins where it was never copied.
    pub begin: StartAt,
    /// When its producer id was taken; `None` before its first start.
    pub owned_since: Option<Instant>,
    /// The source topic's newer incarnation, to be taken up at the next start.
    pub recreated_as: TopicId,
    /// Since when the source has not shown the topic.
    pub source_missing_since: Option<Instant>,
    /// How batches are taken in.
    pub rules: IntakeRules,
    /// Tells how old the oldest record is that is not copied.
    pub ages: AgeMarks,
}

impl PartitionCell {
    /// Makes a cell whose partition still has to be started.
    pub fn new(source: TopicPartition, target: TopicPartition, state: CellState) -> Arc<Self> {
        Arc::new(Self {
            source,
            target,
            state: Mutex::new(state),
            is_queued: AtomicBool::new(false),
            route: Mutex::new(None),
        })
    }

    /// Locks the state.
    pub fn lock(&self) -> MutexGuard<'_, CellState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends this partition's batches through `queue` from now on.
    pub fn set_route(self: &Arc<Self>, queue: Option<Arc<SendQueue>>) {
        {
            let mut route = self.route.lock().unwrap_or_else(PoisonError::into_inner);
            let same = match (&*route, &queue) {
                (Some(old), Some(new)) => Arc::ptr_eq(old, new),
                (None, None) => true,
                _ => false,
            };
            if same {
                return;
            }
            *route = queue;
        }
        self.lock().partition.on_rerouted();
        self.enqueue();
    }

    /// Puts the partition where its batches are sent from, unless it is there already.
    pub fn enqueue(self: &Arc<Self>) {
        let route = self.route.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(queue) = route
            && !self.is_queued.swap(true, Ordering::AcqRel)
        {
            queue.push(self.clone());
        }
    }

    /// Enqueues the partition if it has something to send now.
    pub fn enqueue_if_ready(self: &Arc<Self>, now: Instant) {
        let wants = {
            let state = self.lock();
            state.partition.can_send(now) || state.partition.retry_at().is_some()
        };
        if wants {
            self.enqueue();
        }
    }

    fn routes_to(&self, queue: &SendQueue) -> bool {
        let route = self.route.lock().unwrap_or_else(PoisonError::into_inner);
        route.as_ref().is_some_and(|own| std::ptr::eq(Arc::as_ptr(own), queue))
    }
}

/// Lists the partitions that have something to send on one connection.
#[derive(Debug, Default)]
pub struct SendQueue {
    ready: Mutex<VecDeque<Arc<PartitionCell>>>,
    /// All partitions routed here.
    members: Mutex<Vec<Weak<PartitionCell>>>,
    notify: Notify,
}

impl SendQueue {
    /// Says which partitions are routed here.
    pub fn set_members(&self, cells: &[Arc<PartitionCell>]) {
        let members = cells.iter().map(Arc::downgrade).collect();
        *self.members.lock().unwrap_or_else(PoisonError::into_inner) = members;
        self.notify.notify_one();
    }

    /// Returns the partitions routed here.
    pub fn members(&self) -> Vec<Arc<PartitionCell>> {
        let members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        members.iter().filter_map(Weak::upgrade).collect()
    }

    fn push(&self, cell: Arc<PartitionCell>) {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner).push_back(cell);
        self.notify.notify_one();
    }

    /// Takes the next partition that is still routed here; others go where they belong.
    pub fn pop(&self) -> Option<Arc<PartitionCell>> {
        loop {
            let cell = self.ready.lock().unwrap_or_else(PoisonError::into_inner).pop_front()?;
            cell.is_queued.store(false, Ordering::Release);
            if cell.routes_to(self) {
                return Some(cell);
            }
            cell.enqueue();
        }
    }

    /// Sends on those that are routed elsewhere by now: as long as one lies here it is sent nowhere.
    pub fn pass_on(&self) {
        let waiting = std::mem::take(&mut *self.ready.lock().unwrap_or_else(PoisonError::into_inner));
        for cell in waiting {
            if cell.routes_to(self) {
                self.ready.lock().unwrap_or_else(PoisonError::into_inner).push_back(cell);
            } else {
                cell.is_queued.store(false, Ordering::Release);
                cell.enqueue();
            }
        }
    }

    /// Says how many partitions wait.
    pub fn len(&self) -> usize {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Says whether none waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Waits until a partition is put in.
    pub async fn wait(&self) {
        self.notify.notified().await;
    }
}

/// Lists the partitions one fetcher fetches.
#[derive(Debug, Default)]
pub struct FetchList {
    cells: Mutex<Vec<Arc<PartitionCell>>>,
    notify: Notify,
}

impl FetchList {
    /// Replaces the list and wakes the fetcher if it changed.
    pub fn set(&self, cells: Vec<Arc<PartitionCell>>) {
        let mut own = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        let same = own.len() == cells.len() && own.iter().zip(&cells).all(|(a, b)| Arc::ptr_eq(a, b));
        if !same {
            *own = cells;
            self.notify.notify_one();
        }
    }

    /// Returns the list.
    pub fn cells(&self) -> Vec<Arc<PartitionCell>> {
        self.cells.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Wakes the fetcher, because a partition may want something now.
    pub fn wake(&self) {
        self.notify.notify_one();
    }

    /// Waits until the list changes or somebody wakes.
    pub async fn wait(&self) {
        self.notify.notified().await;
    }
}
