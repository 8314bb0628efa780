//! Starting partitions: from their checkpoint and what stands behind it at the target, else from
//! where the flow is to begin.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream;
use tokio::sync::mpsc;

use super::bounds::{self, Bounds, Unlisted};
use super::cell::PartitionCell;
use super::discover::refresh_limits;
use super::event::{Event, Notice, StopCause};
use super::fence::{self, Fence};
use super::lost::{self, unlisted};
use super::offset_map::{ChunkId, Growing, Pair};
use super::origin::OriginFilter;
use super::partition::Phase;
use super::resume;
use super::state_records::{Checkpoint, Past};
use super::state_topic::{Begun, NAME_PREFIX, StateTopic};
use super::tail::Matched;
use crate::config::settings::{FlowSettings, OnLoss, StartAt};
use crate::kafka::cluster::Cluster;
use crate::kafka::error::{KafkaError, Remedy};
use crate::kafka::metadata::Metadata;
use crate::kafka::producer_ids::ProducerIdentity;
use crate::types::{SourceOffset, TargetOffset, distinct};

/// Partitions whose logs are read or whose producer ids are asked for at a time.
const AT_A_TIME: usize = 32;

/// Holds what starting needs.
#[derive(Clone, Debug)]
pub struct Starter {
    /// The source cluster.
    pub source: Cluster,
    /// The target cluster.
    pub target: Cluster,
    /// The flow.
    pub settings: Arc<FlowSettings>,
    /// The flow's memory.
    pub state: Arc<StateTopic>,
    /// Tells copied records from the source's own.
    pub origin: Arc<OriginFilter>,
    /// How long one step waits for the brokers before the failure is told.
    pub patience: Duration,
    /// Where what has to be told goes.
    pub events: mpsc::Sender<Event>,
    /// Whether it was told that the target does not keep other owners out.
    pub was_weakness_told: Arc<AtomicBool>,
    /// True where partitions finish at the end offsets seen when they start.
    pub is_to_end: bool,
}

/// Says what is known of one partition's start.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Decision {
    /// Nothing was copied before: begin at this offset.
    Begin(i64),
    /// The topic is another one than was copied: begin at this offset, and tell what was left out.
    BeginAnew(i64, StopCause),
    /// Find out what stands behind the checkpoint.
    Resume(Checkpoint),
    /// It cannot go on.
    Stop(StopCause),
}

/// Holds a partition whose position is known.
struct Ready {
    next: i64,
    bounds: Bounds,
    begun: Begun,
}

impl Starter {
    /// Starts those of the partitions that are to be started. What keeps one of them from it is
    /// noted with it alone, and it stays to be started.
    pub async fn start(&self, cells: &[Arc<PartitionCell>]) {
        let is_starting = |cell: &&Arc<PartitionCell>| *cell.lock().partition.phase() == Phase::Starting;
        let cells: Vec<_> = cells.iter().filter(is_starting).cloned().collect();
        if let Err(error) = self.try_start(&cells).await {
            let now = Instant::now();
            for cell in &cells {
                not_started(cell, &error, now);
            }
        }
    }

    /// The same, but what keeps all of them from it is returned.
    pub async fn try_start(&self, cells: &[Arc<PartitionCell>]) -> Result<(), KafkaError> {
        if cells.is_empty() {
            return Ok(());
        }
        let refused: Vec<_> =
            cells.iter().filter(|cell| cell.lock().partition.has_refused_size()).cloned().collect();
        if !refused.is_empty() {
            refresh_limits(&self.target, &refused).await?;
        }
        let (source, target) = (&self.source, &self.target);
        let sources = distinct(cells.iter().map(|cell| &cell.source.topic));
        let targets = distinct(cells.iter().map(|cell| &cell.target.topic));
        let at_source = source.retrying(self.patience, || source.metadata(Some(&sources))).await?;
        let at_target = target.retrying(self.patience, || target.metadata(Some(&targets))).await?;
        for cell in cells {
            let mut state = cell.lock();
            if let Some(id) = state.recreated_as.take() {
                state.source_topic_id = Some(id);
                state.begin = StartAt::Earliest;
            }
        }
        // Of a shared flow others may have started a part just now; what was there before is decided when a
        // process comes.
        if !self.settings.is_shared {
            self.begin_whole(cells).await;
        }
        let known = self.bounds(cells, &at_source, &at_target).await?;
        let fenced: Vec<_> = stream::iter(known)
            .map(|(cell, bounds)| self.fence(cell, bounds, &at_target))
            .buffer_unordered(AT_A_TIME)
            .collect()
            .await;
        // Behind the markers nothing of an earlier owner can come any more, in the state topic neither:
        // a checkpoint is a fact about what stands before them.
        let is_marked = |fenced: &Fenced| fenced.fence.marker.is_some();
        if fenced.iter().flatten().any(is_marked) {
            self.state.catch_up().await?;
        }
        if self.stop_if_ended(cells).await {
            return Ok(());
        }
        let ready: Vec<Option<Ready>> = stream::iter(fenced.into_iter().flatten())
            .map(|fenced| self.locate(fenced, &at_source, &at_target))
            .buffer_unordered(AT_A_TIME)
            .collect()
            .await;
        self.begin(ready.into_iter().flatten().collect()).await
    }

    /// Stops partitions for good where the flow was ended meanwhile, as of the state topic's last reading.
    async fn stop_if_ended(&self, cells: &[Arc<PartitionCell>]) -> bool {
        let Some(ended) = self.state.ended().await else { return false };
        for cell in cells {
            cell.lock().partition.stop(StopCause::Ended(Box::new(ended.clone())));
        }
        true
    }

    /// Takes a partition's fence; what keeps us from it is noted with the partition alone.
    async fn fence(&self, cell: Arc<PartitionCell>, bounds: Bounds, at_target: &Metadata) -> Option<Fenced> {
        let id =
            format!("{}{}.{}.{}", NAME_PREFIX, self.settings.name, cell.target.topic, cell.target.partition);
        let was_owned = self.state.past(&cell.source).await.was_owned();
        let end = TargetOffset(bounds.target_end);
        let wanted = fence::Wanted { id: &id, partition: &cell.target, end, was_owned };
        match fence::take(&self.target, at_target, wanted, self.patience).await {
            Ok(fence) => {
                if !fence.is_exclusive && !self.was_weakness_told.swap(true, Ordering::Relaxed) {
                    // A listener that went away needs no events.
                    let _ = self.events.send(Event::Notice(Notice::Unfenced { id })).await;
                }
                Some(Fenced { cell, bounds, fence })
            }
            Err(error) => {
                not_started(&cell, &error, Instant::now());
                None
            }
        }
    }

    /// Has partitions begin at their first record where the flow followed their topic before they were.
    pub async fn begin_whole(&self, cells: &[Arc<PartitionCell>]) {
        let followed = self.state.topics().await;
        for cell in cells.iter().filter(|cell| followed.contains(&cell.source.topic)) {
            let mut state = cell.lock();
            if state.begin == StartAt::Latest {
                state.begin = StartAt::Earliest;
            }
        }
    }

    /// Asks for the ends of both logs; a partition whose broker will not say is told of it alone.
    async fn bounds(
        &self,
        cells: &[Arc<PartitionCell>],
        at_source: &Metadata,
        at_target: &Metadata,
    ) -> Result<Vec<(Arc<PartitionCell>, Bounds)>, KafkaError> {
        let (source, target) = (&self.source, &self.target);
        let now = Instant::now();
        let mut known = Vec::with_capacity(cells.len());
        for (cell, found) in
            bounds::of(cells, (source, at_source), (target, at_target), self.patience).await?
        {
            match found {
                Ok(bounds) => known.push((cell, bounds)),
                Err(Unlisted { alias, code }) => {
                    let (cause, remedy) = unlisted(&alias, code);
                    cell.lock().partition.on_start_failed(cause, remedy, now);
                }
            }
        }
        Ok(known)
    }

    /// Decides how a partition starts, given what is known of it.
    fn decide(&self, cell: &PartitionCell, bounds: &Bounds, past: &Past) -> Decision {
        let (source_now, target_now) = {
            let state = cell.lock();
            (state.source_topic_id, state.target_topic_id)
        };
        let begin = if bounds.first < 0 { bounds.end } else { bounds.first };
        let Some(checkpoint) = &past.checkpoint else { return Decision::Begin(begin) };
        let changed = |was: Option<uuid::Uuid>, now| was.zip(now).filter(|(was, now)| was != now);
        if let Some((was, now)) = changed(checkpoint.target_topic_id, target_now) {
            return Decision::Stop(StopCause::TargetRecreated { was, now });
        }
        if let Some(cut) = past.stopped.as_ref().and_then(|stopped| stopped.cut) {
            return Decision::Stop(cut.cause());
        }
        if let Some((was, now)) = changed(checkpoint.source_topic_id, source_now) {
            return match self.settings.policy.on_recreated {
                OnLoss::Stop => Decision::Stop(StopCause::Recreated { was, now }),
                OnLoss::Skip => Decision::BeginAnew(begin, StopCause::Recreated { was, now }),
            };
        }
        Decision::Resume(checkpoint.clone())
    }

    /// Finds a partition's position; what keeps it from that is noted with it alone.
    async fn locate(&self, fenced: Fenced, at_source: &Metadata, at_target: &Metadata) -> Option<Ready> {
        let Fenced { cell, mut bounds, fence } = fenced;
        let mut past = self.state.past(&cell.source).await;
        past.producers.insert(fence.producer.id);
        bounds.target_end = fence.marker.map_or(bounds.target_end, |marker| marker.0 + 1);
        let mut decision = self.decide(&cell, &bounds, &past);
        if let Decision::BeginAnew(next, cause) = decision {
            let position = past.checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.source_next);
            if !cell.lock().partition.note_skip(SourceOffset(position), cause.clone()) {
                // A listener that went away needs no events.
                let partition = cell.source.clone();
                let _ = self.events.send(Event::Skipped { partition, cause }).await;
            }
            decision = Decision::Begin(next);
        }
        let checkpoint = match decision {
            // Owned before, and no checkpoint: whatever is ours stands anywhere in the target's log.
            Decision::Begin(first) if fence.marker.is_some() && past.checkpoint.is_none() => Checkpoint {
                v: 1,
                source_next: first,
                target_next: bounds.target_first,
                source_topic_id: None,
                target_topic_id: None,
                producer_id: fence.producer.id,
                source_end: None,
                source_epoch: None,
            },
            Decision::Begin(next) | Decision::BeginAnew(next, _) => {
                // What is known of another incarnation of the topic helps nobody.
                let gone = past.chunks.keys().copied().collect();
                let from = Pair { source: next, target: bounds.target_end };
                let map = Growing::anew(bounds.target_end, from);
                return Some(Ready::new(cell, bounds, (next, None), fence.producer, (map, gone)));
            }
            Decision::Resume(checkpoint) => checkpoint,
            Decision::Stop(cause) => {
                cell.lock().partition.stop(cause);
                return None;
            }
        };
        let scan_end = fence.marker.map_or(bounds.target_end, |marker| marker.0);
        if checkpoint.target_next > scan_end {
            let asked = lost::Asked { cluster: &self.target, metadata: at_target, patience: self.patience };
            let found = lost::copies(asked, &cell.target, &mut bounds, (&checkpoint, fence.is_exclusive));
            goes_on(&cell, found.await)?;
        }
        checkpoint.add_producer(&mut past.producers);
        let Starter { source, target, origin, .. } = self;
        let ends = resume::Ends { source, target, at_source, at_target, origin };
        let question = resume::Question {
            source: &cell.source,
            target: &cell.target,
            checkpoint: &checkpoint,
            producers: &past.producers,
            left_out: &past.records_left_out(),
            source_first: bounds.source_first,
            target_first: bounds.target_first,
            target_end: scan_end,
        };
        match resume::position(&ends, question).await {
            Ok(Ok(matched)) => {
                if matched.next > bounds.end {
                    let asked = lost::Asked { cluster: source, metadata: at_source, patience: self.patience };
                    goes_on(&cell, lost::records(asked, &cell.source, matched.next).await)?;
                }
                let map = mapped(&past, &checkpoint, &bounds, &matched);
                let epoch = checkpoint.source_epoch.filter(|_| matched.next == checkpoint.source_next);
                Some(Ready::new(cell, bounds, (matched.next, epoch), fence.producer, map))
            }
            Ok(Err(cause)) => {
                cell.lock().partition.stop(cause);
                None
            }
            Err(error) => {
                not_started(&cell, &error, Instant::now());
                None
            }
        }
    }

    /// Records each partition's producer, map and first checkpoint, and lets the partition go.
    async fn begin(&self, ready: Vec<Ready>) -> Result<(), KafkaError> {
        let places: Vec<_> = ready.iter().map(|ready| (ready.next, ready.bounds)).collect();
        let begun: Vec<Begun> = ready.into_iter().map(|ready| ready.begun).collect();
        self.state.begin(&begun).await?;
        // Whoever ends the flow writes that down, then reads the topic to its end and fences all that stands
        // there: either it found what was just written, or we find its record now.
        self.state.catch_up().await?;
        let cells: Vec<_> = begun.iter().map(|begun| begun.cell.clone()).collect();
        if self.stop_if_ended(&cells).await {
            return Ok(());
        }
        for (Begun { cell, checkpoint, producer, mut map, .. }, (next, bounds)) in
            begun.into_iter().zip(places)
        {
            let end = self.is_to_end.then_some(SourceOffset(bounds.end));
            let target_next = TargetOffset(bounds.target_end);
            if let Some((open, _)) = map.chunks().last() {
                map.written(*open);
            }
            let mut state = cell.lock();
            state.owned_since = Some(Instant::now());
            state.partition.start(producer, SourceOffset(next), target_next, end);
            state.partition.set_map(map);
            if let Some(epoch) = checkpoint.source_epoch {
                state.partition.set_epoch(epoch);
            }
        }
        Ok(())
    }
}

impl Ready {
    fn new(
        cell: Arc<PartitionCell>,
        bounds: Bounds,
        (next, epoch): (i64, Option<i32>),
        producer: ProducerIdentity,
        (mut map, gone): (Growing, Vec<ChunkId>),
    ) -> Self {
        map.reach(Pair { source: next, target: bounds.target_end });
        let gone = gone.into_iter().filter(|id| map.chunks().iter().all(|(own, _)| own != id)).collect();
        let state = cell.lock();
        let checkpoint = Checkpoint {
            v: 1,
            source_next: next,
            target_next: bounds.target_end,
            source_topic_id: state.source_topic_id,
            target_topic_id: state.target_topic_id,
            producer_id: producer.id,
            source_end: Some(bounds.end),
            source_epoch: epoch,
        };
        drop(state);
        Self { next, bounds, begun: Begun { cell, checkpoint, producer, map, gone } }
    }
}

/// Puts what was found behind a checkpoint to what is known before it; returns also the chunks that are
/// not needed any more.
fn mapped(
    past: &Past,
    checkpoint: &Checkpoint,
    bounds: &Bounds,
    matched: &Matched,
) -> (Growing, Vec<ChunkId>) {
    let owner = bounds.target_end;
    let starts = Pair { source: bounds.source_first, target: bounds.target_first };
    let mut gone = past.chunks_before(starts);
    let mut map = if past.checkpoint.is_some() {
        let last = past.open_chunk();
        let id = last.as_ref().map(|(id, _)| *id);
        let (map, is_taken_over) = Growing::behind(owner, last, checkpoint.pair());
        gone.extend(id.filter(|_| is_taken_over));
        map
    } else {
        Growing::anew(owner, checkpoint.pair())
    };
    map.take_tail(matched);
    (map, gone)
}

/// Holds a partition that is ours to write.
struct Fenced {
    cell: Arc<PartitionCell>,
    bounds: Bounds,
    fence: Fence,
}

/// Notes with a partition what kept it from being started.
fn not_started(cell: &PartitionCell, error: &KafkaError, now: Instant) {
    cell.lock().partition.on_start_failed(error.to_string(), error.remedy(), now);
}

/// Returns whether a partition's start goes on, given why it may not; that is noted with the partition.
fn goes_on(cell: &PartitionCell, found: Result<Option<StopCause>, (String, Remedy)>) -> Option<()> {
    match found {
        Ok(None) => return Some(()),
        Ok(Some(cause)) => cell.lock().partition.stop(cause),
        Err((cause, remedy)) => cell.lock().partition.on_start_failed(cause, remedy, Instant::now()),
    }
    None
}
