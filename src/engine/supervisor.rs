//! One flow's life: find topics and positions, route partitions to the brokers that lead them,
//! keep progress, and end when there is nothing left to do or somebody says so.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;

use super::cell::{FetchList, PartitionCell, SendQueue};
use super::event::{Event, Notice, StopCause};
use super::fetcher::{self, FetchShared};
use super::limits::fetch_bytes_ceiling;
use super::pacing::Pacer;
use super::partition::Phase;
use super::producer::{self, ProduceShared};
use super::start::{self, Checkpoints, Known};
use super::state_topic;
use super::status::FlowMeters;
use crate::config::settings::{FlowSettings, OnLoss};
use crate::kafka::buffers::MemoryBudget;
use crate::kafka::cluster::Cluster;
use crate::kafka::error::KafkaError;
use crate::kafka::metadata::Metadata;
use crate::kafka::offsets::{self, OffsetSpec};
use crate::types::{SourceOffset, TopicPartition};

/// How often partitions are looked at for what has to be told.
const LOOK_INTERVAL: Duration = Duration::from_millis(200);
/// Shortest time between two metadata requests.
const REFRESH_PAUSE: Duration = Duration::from_millis(200);

/// Says when a run ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunMode {
    /// Never.
    Continuous,
    /// At the end offsets seen at the start.
    Once,
    /// When every partition has been at its end.
    UntilCaughtUp,
}

/// Lets others look at a flow while it runs.
#[derive(Clone, Debug)]
pub struct FlowView {
    /// The partitions; `None` until the flow has started.
    pub cells: Arc<Mutex<Option<Vec<Arc<PartitionCell>>>>>,
    /// The memory for fetched bytes.
    pub budget: MemoryBudget,
}

/// Holds one flow while it runs.
pub struct Flow {
    view: FlowView,
    settings: FlowSettings,
    mode: RunMode,
    progress_interval: Duration,
    source: Cluster,
    target: Cluster,
    events: mpsc::Sender<Event>,
    cells: Vec<Arc<PartitionCell>>,
    told: HashMap<TopicPartition, Told>,
    fetchers: HashMap<(i32, usize), (Arc<FetchList>, JoinHandle<()>)>,
    senders: HashMap<(i32, usize), (Arc<SendQueue>, JoinHandle<()>)>,
    fetch_shared: Arc<FetchShared>,
    produce_shared: Arc<ProduceShared>,
    refresh: Arc<Notify>,
    out_of_range: mpsc::Receiver<Arc<PartitionCell>>,
    checkpoints: Checkpoints,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Fine,
    Failing,
    Stopped,
}

impl Flow {
    /// Prepares a flow between two open clusters; nothing is copied before [`run`](Self::run).
    pub fn new(
        settings: FlowSettings,
        (mode, progress_interval): (RunMode, Duration),
        (source, target): (Cluster, Cluster),
        events: mpsc::Sender<Event>,
    ) -> Self {
        let refresh = Arc::new(Notify::new());
        let meters = Arc::new(FlowMeters::default());
        let (out_of_range_sender, out_of_range) = mpsc::channel(1024);
        let pacer = settings.limits.bandwidth_bytes_per_second;
        let fetch_shared = Arc::new(FetchShared {
            source: source.clone(),
            budget: MemoryBudget::new(settings.limits.memory_bytes),
            pacer: pacer.map(|rate| std::sync::Mutex::new(Pacer::new(rate, Instant::now()))),
            bytes_ceiling: AtomicUsize::new(fetch_bytes_ceiling(settings.limits.memory_bytes, 2)),
            refresh: refresh.clone(),
            out_of_range: out_of_range_sender,
            meters: meters.clone(),
        });
        let produce_shared =
            Arc::new(ProduceShared { target: target.clone(), refresh: refresh.clone(), meters });
        let view = FlowView { cells: Arc::default(), budget: fetch_shared.budget.clone() };
        Self {
            view,
            settings,
            mode,
            progress_interval,
            source,
            target,
            events,
            cells: Vec::new(),
            told: HashMap::new(),
            fetchers: HashMap::new(),
            senders: HashMap::new(),
            fetch_shared,
            produce_shared,
            refresh,
            out_of_range,
            checkpoints: Checkpoints::default(),
        }
    }

    /// Returns what others may look at.
    pub fn view(&self) -> FlowView {
        self.view.clone()
    }

    /// Copies until the mode's end or until `stop` turns true; returns the partitions as they stand.
    ///
    /// The error is one that keeps the flow from starting at all.
    pub async fn run(
        mut self,
        mut stop: watch::Receiver<bool>,
    ) -> Result<Vec<Arc<PartitionCell>>, KafkaError> {
        self.checkpoints = state_topic::read(&self.target, &self.settings).await?;
        self.discover(false).await?;
        let topics: std::collections::HashSet<_> = self.cells.iter().map(|c| &c.source.topic).collect();
        let started = Event::Started { topics: topics.len(), partitions: self.cells.len() };
        self.tell(started).await;
        let mut look = tokio::time::interval(LOOK_INTERVAL);
        let mut keep = tokio::time::interval(self.settings.limits.checkpoint_interval);
        let mut search = tokio::time::interval(self.settings.limits.discovery_interval);
        search.reset();
        let mut progress = tokio::time::interval(self.progress_interval);
        progress.reset();
        let refresh = self.refresh.clone();
        loop {
            tokio::select! {
                _ = stop.changed() => break,
                _ = look.tick() => if self.look().await { break },
                _ = keep.tick() => self.keep_progress().await,
                _ = search.tick() => self.search().await,
                _ = progress.tick() => self.tell_progress().await,
                () = refresh.notified() => self.refresh_routes().await,
                Some(cell) = self.out_of_range.recv() => self.check_bounds(&cell).await,
            }
        }
        self.drain().await;
        Ok(self.cells)
    }

    /// Looks for new topics and partitions; a run that is to end keeps to those it began with.
    async fn search(&mut self) {
        if self.mode != RunMode::Continuous {
            return;
        }
        if let Err(error) = self.discover(true).await {
            self.tell(Event::Notice(Notice::DiscoveryFailed(error.to_string()))).await;
        }
    }

    async fn tell_progress(&self) {
        let (mut records, mut bytes, mut behind, mut in_trouble) = (0, 0, Some(0), 0);
        let now = Instant::now();
        for cell in &self.cells {
            let state = cell.lock();
            let copy = &state.partition;
            records += copy.totals().records;
            bytes += copy.totals().bytes;
            let lag = copy.source_end().map(|end| (end.0 - copy.copied().0).max(0));
            behind = behind.zip(lag).map(|(sum, lag)| sum + lag);
            in_trouble +=
                usize::from(matches!(copy.phase(), Phase::Stopped(_)) || copy.failing(now).is_some());
        }
        self.tell(Event::Progress { records, bytes, behind, in_trouble }).await;
    }

    async fn tell(&self, event: Event) {
        // A listener that went away needs no events.
        let _ = self.events.send(event).await;
    }

    /// Finds new partitions, makes them ready at the target, and starts them; `begun` says whether
    /// the flow has had its first look.
    async fn discover(&mut self, begun: bool) -> Result<(), KafkaError> {
        let known = (Known { cells: &self.cells, begun }, &self.checkpoints);
        let found = start::discover(&self.source, &self.target, &self.settings, known, &self.events).await?;
        let ends = self.mode == RunMode::Once;
        start::start_partitions(&self.source, &self.target, &self.settings, &found, &self.checkpoints, ends)
            .await?;
        self.cells.extend(found);
        *self.view.cells.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.cells.clone());
        // An owner's first checkpoint stands before its first batch.
        state_topic::write(&self.target, &self.settings, &self.cells).await?;
        self.refresh_routes().await;
        Ok(())
    }

    async fn refresh_routes(&mut self) {
        let source = self.source.metadata(None).await;
        let target = self.target.metadata(None).await;
        if let (Ok(source), Ok(target)) = (source, target) {
            self.check_topic_ids(&source, &target);
            self.route(&source, &target);
        }
        tokio::time::sleep(REFRESH_PAUSE).await;
    }

    fn check_topic_ids(&self, source: &Metadata, target: &Metadata) {
        for cell in &self.cells {
            let mut state = cell.lock();
            match (state.source_topic_id, source.topics.get(&cell.source.topic)) {
                (_, None) => state.partition.stop_when_flushed(StopCause::SourceDeleted),
                (Some(was), Some(topic)) if topic.id.is_some_and(|now| now != was) => {
                    let now = topic.id.unwrap_or_default();
                    state.partition.stop_when_flushed(StopCause::Recreated { was, now });
                }
                _ => {}
            }
            if let (Some(was), Some(now)) =
                (state.target_topic_id, target.topics.get(&cell.target.topic).and_then(|t| t.id))
                && was != now
            {
                state.partition.stop(StopCause::TargetRecreated { was, now });
            }
        }
    }

    /// Gives each partition to a connection to its leader at each end.
    fn route(&mut self, source: &Metadata, target: &Metadata) {
        let shards = self.settings.limits.connections_per_broker;
        let mut lists: HashMap<(i32, usize), Vec<Arc<PartitionCell>>> = HashMap::new();
        for (index, cell) in self.cells.iter().enumerate() {
            let shard = index % shards;
            if let Some(known) = source.partition(&cell.source.topic, cell.source.partition) {
                cell.lock().source_leader_epoch = known.leader_epoch;
                if let Some(leader) = known.leader {
                    lists.entry((leader, shard)).or_default().push(cell.clone());
                }
            }
            let leader = target.partition(&cell.target.topic, cell.target.partition).and_then(|p| p.leader);
            if let Some(leader) = leader {
                let shared = &self.produce_shared;
                let (queue, _) = self.senders.entry((leader, shard)).or_insert_with(|| {
                    let queue = Arc::new(SendQueue::default());
                    (queue.clone(), tokio::spawn(producer::run(shared.clone(), leader, queue)))
                });
                cell.set_route(Some(queue.clone()));
            }
        }
        let memory = self.settings.limits.memory_bytes;
        self.fetch_shared.bytes_ceiling.store(fetch_bytes_ceiling(memory, lists.len()), Ordering::Relaxed);
        for (key, (list, _)) in &self.fetchers {
            if !lists.contains_key(key) {
                list.set(Vec::new());
            }
        }
        for (key, cells) in lists {
            let shared = &self.fetch_shared;
            let (list, _) = self.fetchers.entry(key).or_insert_with(|| {
                let list = Arc::new(FetchList::default());
                (list.clone(), tokio::spawn(fetcher::run(shared.clone(), key.0, list)))
            });
            list.set(cells);
        }
    }

    /// Finds out why a position is outside the log: behind its start, or beyond its end.
    async fn check_bounds(&self, cell: &Arc<PartitionCell>) {
        let name = &cell.source;
        let Ok(metadata) = self.source.metadata(Some(std::slice::from_ref(&name.topic))).await else {
            return;
        };
        let ask = |spec| [(name.clone(), spec)];
        let earliest = offsets::list(&self.source, &metadata, &ask(OffsetSpec::Earliest)).await;
        let latest = offsets::list(&self.source, &metadata, &ask(OffsetSpec::Latest)).await;
        let (Ok(earliest), Ok(latest)) = (earliest, latest) else { return };
        let (Some(Ok(log_start)), Some(Ok(end))) = (earliest.get(name), latest.get(name)) else { return };
        let skipped = {
            let mut state = cell.lock();
            let position = state.partition.fetch_next();
            if position.0 < *log_start {
                let cause = StopCause::Gap { from: position, to: SourceOffset(log_start - 1) };
                if self.settings.policy.on_gap == OnLoss::Skip {
                    state.partition.skip_to(SourceOffset(*log_start));
                    Some(cause)
                } else {
                    state.partition.stop_when_flushed(cause);
                    None
                }
            } else {
                if position.0 > *end {
                    let cause = StopCause::SourceTruncated {
                        end: SourceOffset(*end),
                        copied: SourceOffset(position.0 - 1),
                    };
                    state.partition.stop_when_flushed(cause);
                }
                None
            }
        };
        if let Some(cause) = skipped {
            self.tell(Event::Skipped { partition: name.clone(), cause }).await;
        }
    }

    /// Tells what changed; returns whether the run is over.
    async fn look(&mut self) -> bool {
        for (partition, cause) in self.fetch_shared.meters.take_skipped() {
            self.tell(Event::Skipped { partition, cause }).await;
        }
        let now = Instant::now();
        let mut events = Vec::new();
        let mut doubtful = Vec::new();
        let mut over = self.mode != RunMode::Continuous;
        for cell in &self.cells {
            let mut state = cell.lock();
            self.give_up_if_late(&mut state.partition, now);
            let phase = state.partition.phase().clone();
            let failing = state.partition.failing(now).map(|t| t.cause.clone());
            let told = self.told.entry(cell.source.clone()).or_insert(Told::Fine);
            let partition = cell.source.clone();
            match (phase, failing) {
                (Phase::Stopped(cause), _) if *told != Told::Stopped => {
                    *told = Told::Stopped;
                    events.push(Event::Stopped { partition, cause });
                }
                (Phase::Starting, _) => doubtful.push(cell.clone()),
                (Phase::Copying, Some(cause)) if *told == Told::Fine => {
                    *told = Told::Failing;
                    events.push(Event::Failing { partition, cause });
                }
                (Phase::Copying | Phase::Finished, None) if *told == Told::Failing => {
                    *told = Told::Fine;
                    events.push(Event::Recovered { partition });
                }
                _ => {}
            }
            over &= match state.partition.phase() {
                Phase::Stopped(_) | Phase::Finished => true,
                Phase::Starting => false,
                Phase::Copying => {
                    self.mode == RunMode::UntilCaughtUp
                        && state.partition.source_end().is_some_and(|end| state.partition.copied() >= end)
                }
            };
        }
        for event in events {
            self.tell(event).await;
        }
        if !doubtful.is_empty() {
            self.start_over(&doubtful).await;
        }
        over
    }

    /// A run that is to end does not wait for ever: trouble that lasts stops its partition.
    fn give_up_if_late(&self, partition: &mut super::partition::Partition, now: Instant) {
        if self.mode == RunMode::Continuous || *partition.phase() != Phase::Copying {
            return;
        }
        let Some((age, cause)) = partition.trouble_age(now) else { return };
        if age >= self.settings.limits.retry_timeout {
            let cause = StopCause::GaveUp { after_seconds: age.as_secs(), cause: cause.to_owned() };
            partition.stop(cause);
        }
    }

    async fn start_over(&mut self, cells: &[Arc<PartitionCell>]) {
        // Nothing may be sent under the new producer id before a checkpoint names it.
        for cell in cells {
            cell.set_route(None);
        }
        // What was never started has only what the state topic says of it.
        let mut positions = self.checkpoints.clone();
        positions.extend(start::positions_of(cells));
        let ends = self.mode == RunMode::Once;
        let restarted =
            start::start_partitions(&self.source, &self.target, &self.settings, cells, &positions, ends)
                .await;
        if let Err(error) = restarted {
            self.tell(Event::Notice(Notice::DiscoveryFailed(error.to_string()))).await;
        }
        self.keep_progress().await;
        self.refresh_routes().await;
    }

    async fn keep_progress(&self) {
        if let Err(error) = state_topic::write(&self.target, &self.settings, &self.cells).await {
            self.tell(Event::Notice(Notice::CheckpointFailed(error.to_string()))).await;
        }
    }

    /// Fetches nothing more, waits for what is in flight, and keeps the final positions.
    async fn drain(&mut self) {
        for (_, fetcher) in self.fetchers.values() {
            fetcher.abort();
        }
        for cell in &self.cells {
            cell.lock().partition.drain();
        }
        let deadline = Instant::now() + self.settings.limits.shutdown_timeout;
        while Instant::now() < deadline && !self.cells.iter().all(|c| c.lock().partition.is_drained()) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.keep_progress().await;
        for (_, sender) in self.senders.values() {
            sender.abort();
        }
    }
}
