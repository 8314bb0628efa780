//! A flow while it runs: what it knows, and what it does about each thing that happens.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use super::super::cell::PartitionCell;
use super::super::errands::{Errands, Finding, is_tried_again};
use super::super::event::{Event, Notice, StopCause};
use super::super::incarnation;
use super::super::limits::is_renewal_due;
use super::super::offset_map::PIECES_KEPT_EARLY;
use super::super::partition::{Partition, Phase};
use super::super::routes::Routes;
use super::super::state_topic::KeepError;
use super::sharing::Sharing;
use super::{FlowView, RunMode};
use crate::config::settings::{FlowSettings, OnLoss};
use crate::kafka::error::{KafkaError, Remedy};
use crate::kafka::metadata::Metadata;
use crate::types::{SourceOffset, TopicPartition, distinct};

/// Shortest time between two metadata requests to one cluster.
const REFRESH_PAUSE: Duration = Duration::from_millis(200);

/// How long after one answer the next is asked for while some partition has no leader.
const LEADERLESS_PAUSE: Duration = Duration::from_secs(1);

/// Follows the asking for metadata: one question to each cluster at a time, and not too often.
#[derive(Debug, Default)]
pub(super) struct Refresh {
    is_wanted: bool,
    is_asking_source: bool,
    is_asking_target: bool,
    last: Option<Instant>,
    /// When to ask again unasked, because some partition has no leader.
    again_at: Option<Instant>,
}

/// Holds one flow while it runs.
pub(super) struct Running {
    pub(super) view: FlowView,
    pub(super) settings: Arc<FlowSettings>,
    pub(super) mode: RunMode,
    pub(super) errands: Errands,
    pub(super) routes: Routes,
    pub(super) cells: Vec<Arc<PartitionCell>>,
    pub(super) told: HashMap<TopicPartition, Told>,
    /// Partitions with an errand under way that starts them.
    pub(super) starting: HashSet<TopicPartition>,
    pub(super) at_source: Option<Metadata>,
    pub(super) at_target: Option<Metadata>,
    pub(super) refresh: Refresh,
    pub(super) is_searching: bool,
    pub(super) is_keeping: bool,
    /// Whether something is to be recorded before the interval is over.
    pub(super) owes_keep: bool,
    /// Why progress could not be kept last.
    pub(super) not_kept: Option<String>,
    /// Where several processes share the flow.
    pub(super) sharing: Option<Sharing>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    Fine,
    Failing,
    /// For the cause with this code.
    Stopped(&'static str),
}

impl Running {
    pub(super) async fn tell(&self, event: Event) {
        // A listener that went away needs no events.
        let _ = self.errands.starter.events.send(event).await;
    }

    /// Begins with the partitions that were found first: all started, or all to be shared.
    pub(super) async fn begin_with(&mut self, cells: Vec<Arc<PartitionCell>>) {
        if self.sharing.is_some() {
            self.sort(cells).await;
        } else {
            self.cells = cells;
            self.show_cells();
        }
        self.want_refresh();
    }

    pub(super) fn show_cells(&self) {
        if let Some(sharing) = &self.sharing {
            self.view.meters.set_elsewhere(sharing.elsewhere());
            if !sharing.has_joined {
                return;
            }
        }
        *self.view.cells.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.cells.clone());
    }

    pub(super) async fn on_finding(&mut self, finding: Finding) {
        match finding {
            Finding::Source(found) => {
                self.refresh.is_asking_source = false;
                self.at_source = found.or(self.at_source.take());
                self.assign().await;
                self.note_unknown_leaders();
            }
            Finding::Target(found) => {
                self.refresh.is_asking_target = false;
                self.at_target = found.or(self.at_target.take());
                self.assign().await;
                self.note_unknown_leaders();
            }
            Finding::Discovered(found) => {
                self.is_searching = false;
                match found {
                    Ok(found) => self.take_in(found).await,
                    Err(error) => self.tell_discovery_failed(&error).await,
                }
            }
            Finding::Started(cells) => {
                for cell in &cells {
                    self.starting.remove(&cell.source);
                }
                self.on_started(cells);
                self.routes.wake();
                self.assign().await;
            }
            Finding::Bounds { cell, log_start, end } => self.on_bounds(&cell, log_start, end).await,
            Finding::Kept(kept) => {
                self.is_keeping = false;
                self.tell_not_kept(kept).await;
            }
            Finding::Surveyed(_) | Finding::Taken { .. } | Finding::HandedOver { .. } => {
                self.on_share_finding(finding).await;
            }
        }
    }

    pub(super) async fn tell_discovery_failed(&self, error: &KafkaError) {
        self.tell(Event::Notice(Notice::DiscoveryFailed(error.to_string()))).await;
    }

    /// Tells that progress could not be kept, once for each cause, and the partitions that wait for it.
    pub(super) async fn tell_not_kept(&mut self, kept: Result<(), KeepError>) {
        let cause = kept.as_ref().err().map(ToString::to_string);
        if let Some(cause) = &cause {
            let now = Instant::now();
            self.cells.iter().for_each(|cell| cell.lock().partition.on_not_recorded(cause, now));
        }
        let is_new = cause != self.not_kept;
        self.not_kept = cause;
        if let (Err(error), true) = (kept, is_new) {
            self.tell(Event::Notice(Notice::NotKept(error))).await;
        }
    }

    /// Looks for new topics and partitions; a run that is to end keeps to those it began with.
    pub(super) fn search(&mut self) {
        self.want_refresh();
        if self.mode == RunMode::Continuous && !self.is_searching {
            self.is_searching = true;
            match &self.sharing {
                Some(_) => self.survey(),
                None => self.errands.discover(self.known()),
            }
        }
    }

    /// Lists the source partitions that need not be looked for.
    pub(super) fn known(&self) -> HashSet<TopicPartition> {
        self.cells.iter().filter(|cell| !is_tried_again(cell)).map(|cell| cell.source.clone()).collect()
    }

    /// Takes in what a discovery found; partitions that were stopped before are replaced.
    pub(super) async fn take_in(&mut self, found: Vec<Arc<PartitionCell>>) {
        for cell in found {
            let Some(index) = self.cells.iter().position(|known| known.source == cell.source) else {
                self.cells.push(cell);
                continue;
            };
            if !is_tried_again(&cell) {
                let told = self.told.insert(cell.source.clone(), Told::Fine);
                if matches!(told, Some(Told::Stopped(_))) {
                    self.tell(Event::Recovered { partition: cell.source.clone() }).await;
                }
                self.cells[index] = cell;
            }
        }
        self.show_cells();
        self.want_refresh();
    }

    pub(super) fn keep(&mut self) {
        if !self.is_keeping {
            self.is_keeping = true;
            self.errands.keep(self.cells.clone());
        }
    }

    pub(super) fn want_refresh(&mut self) {
        self.refresh.is_wanted = true;
        self.refresh_if_due(Instant::now());
    }

    /// Asks both clusters about the flow's topics, unless that was done just now.
    fn refresh_if_due(&mut self, now: Instant) {
        if self.refresh.again_at.take_if(|at| now >= *at).is_some() {
            self.refresh.is_wanted = true;
        }
        let is_due = self.refresh.last.is_none_or(|last| now >= last + REFRESH_PAUSE);
        if !self.refresh.is_wanted || !is_due {
            return;
        }
        self.refresh.is_wanted = self.refresh.is_asking_source || self.refresh.is_asking_target;
        self.refresh.last = Some(now);
        if !self.refresh.is_asking_source {
            self.refresh.is_asking_source = true;
            self.errands.ask_source(distinct(self.cells.iter().map(|cell| &cell.source.topic)));
        }
        if !self.refresh.is_asking_target {
            self.refresh.is_asking_target = true;
            self.errands.ask_target(distinct(self.cells.iter().map(|cell| &cell.target.topic)));
        }
    }

    /// Where a cluster never said who leads its partitions none of them moves, and nobody else would
    /// tell of it or ask again.
    fn note_unknown_leaders(&mut self) {
        let cause = match (&self.at_source, &self.at_target) {
            (Some(_), Some(_)) => return,
            (None, _) if !self.refresh.is_asking_source => "the source does not say who leads it",
            (_, None) if !self.refresh.is_asking_target => "the target does not say who leads it",
            _ => return,
        };
        let now = Instant::now();
        for cell in &self.cells {
            cell.lock().partition.on_source_trouble(cause.to_owned(), Remedy::Refresh, now);
        }
        self.want_refresh();
    }

    /// Compares what is copied with what both clusters have now, and gives partitions to connections.
    pub(super) async fn assign(&mut self) {
        let (Some(at_source), Some(at_target)) = (&self.at_source, &self.at_target) else { return };
        let now = Instant::now();
        let mut skipped = Vec::new();
        for cell in &self.cells {
            let on_recreated = self.settings.policy.on_recreated;
            skipped.extend(incarnation::check_source(cell, at_source, on_recreated, now));
            incarnation::check_target(cell, at_target);
        }
        let is_leaderless = self.routes.assign(&self.cells, at_source, at_target, &self.settings.limits);
        self.refresh.again_at = is_leaderless.then(|| now + LEADERLESS_PAUSE);
        for event in skipped {
            self.tell(event).await;
        }
    }

    /// Decides what a position outside the log means: behind its start, or beyond its end.
    async fn on_bounds(&self, cell: &Arc<PartitionCell>, log_start: SourceOffset, end: SourceOffset) {
        let skipped = {
            let mut state = cell.lock();
            let position = state.partition.fetch_next();
            if position < log_start {
                let cause = StopCause::Gap { from: position, to: SourceOffset(log_start.0 - 1) };
                if self.settings.policy.on_gap == OnLoss::Skip {
                    state.partition.skip_to(log_start, cause.clone());
                    Some(cause)
                } else {
                    state.partition.stop_when_flushed(cause);
                    None
                }
            } else {
                if position > end {
                    let copied = SourceOffset(position.0 - 1);
                    state.partition.stop_when_flushed(StopCause::SourceTruncated { end, copied });
                }
                None
            }
        };
        if let Some(cause) = skipped {
            self.tell(Event::Skipped { partition: cell.source.clone(), cause }).await;
        }
    }

    /// Tells what changed; returns whether the run is over.
    pub(super) async fn look(&mut self) -> bool {
        for (partition, cause) in self.view.meters.take_skipped() {
            self.tell(Event::Skipped { partition, cause }).await;
        }
        let now = Instant::now();
        self.refresh_if_due(now);
        let mut events = Vec::new();
        let mut to_start = Vec::new();
        let mut fenced = Vec::new();
        let mut lost = 0;
        let mut over = self.mode != RunMode::Continuous;
        for (index, cell) in self.cells.iter().enumerate() {
            let mut state = cell.lock();
            if state.owned_since.is_some_and(|since| is_renewal_due(since, index, now)) {
                state.owned_since = None;
                state.partition.start_over_when_flushed();
            }
            give_up_if_late(self.mode, self.settings.limits.retry_timeout, &mut state.partition, now);
            let phase = state.partition.phase().clone();
            let failing = state.partition.failing(now).map(|t| t.cause.clone());
            let told = self.told.entry(cell.source.clone()).or_insert(Told::Fine);
            let partition = cell.source.clone();
            lost += usize::from(phase == Phase::Stopped(StopCause::Fenced));
            match (phase, failing) {
                (Phase::Stopped(StopCause::Fenced), _) if self.sharing.is_some() => fenced.push(cell.clone()),
                (Phase::Stopped(cause), _) if *told != Told::Stopped(cause.code()) => {
                    *told = Told::Stopped(cause.code());
                    self.errands.starter.state.note_stopped(&partition, &cause);
                    self.owes_keep = true;
                    events.push(Event::Stopped { partition, cause });
                }
                (Phase::Starting | Phase::Copying, Some(cause)) if *told == Told::Fine => {
                    *told = Told::Failing;
                    events.push(Event::Failing { partition, cause });
                }
                (Phase::Copying | Phase::Finished, None) if *told != Told::Fine => {
                    *told = Told::Fine;
                    events.push(Event::Recovered { partition });
                }
                _ => {}
            }
            self.owes_keep |= *state.partition.phase() == Phase::Copying
                && (state.partition.map().pieces() >= PIECES_KEPT_EARLY
                    || !state.partition.skips().is_empty());
            if state.partition.wants_start(now) && self.starting.insert(cell.source.clone()) {
                to_start.push(cell.clone());
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
        if self.owes_keep && !self.is_keeping {
            self.owes_keep = false;
            self.keep();
        }
        if !to_start.is_empty() {
            self.errands.start(to_start);
        }
        self.give_up(fenced).await;
        self.take_due(now);
        over || (self.sharing.is_none() && is_replaced(lost, self.cells.len()))
    }

    /// Has those stops recorded that came after the last look: the next start may depend on them.
    fn note_late_stops(&self) {
        for cell in &self.cells {
            if let Phase::Stopped(cause) = cell.lock().partition.phase()
                && self.told.get(&cell.source) != Some(&Told::Stopped(cause.code()))
            {
                self.errands.starter.state.note_stopped(&cell.source, cause);
            }
        }
    }

    /// Fetches nothing more, waits for what is in flight, and keeps the final positions; all of it
    /// within `shutdown_timeout`, a quarter of which is left for the positions.
    pub(super) async fn drain(&mut self) {
        self.routes.stop_fetching();
        for cell in &self.cells {
            cell.lock().partition.drain();
        }
        let timeout = self.settings.limits.shutdown_timeout;
        let deadline = Instant::now() + timeout;
        let drained_by = deadline - timeout / 4;
        while Instant::now() < drained_by && !self.cells.iter().all(|c| c.lock().partition.is_drained()) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.note_late_stops();
        let keeping = self.errands.starter.state.keep(&self.cells);
        let kept = tokio::time::timeout_at(deadline.into(), keeping).await;
        self.tell_not_kept(kept.unwrap_or(Err(KeepError::TooLate(timeout)))).await;
        self.routes.stop_sending();
    }
}

/// A run that lost every partition to another process has nothing left to do, and what is new it would
/// take from that one.
fn is_replaced(lost: usize, partitions: usize) -> bool {
    partitions > 0 && lost == partitions
}

/// A run that is to end does not wait for ever: trouble that lasts stops its partition.
fn give_up_if_late(mode: RunMode, patience: Duration, partition: &mut Partition, now: Instant) {
    if mode == RunMode::Continuous || !matches!(partition.phase(), Phase::Copying | Phase::Starting) {
        return;
    }
    let Some((age, cause)) = partition.trouble_age(now) else { return };
    if age >= patience {
        let cause = StopCause::GaveUp { after_seconds: age.as_secs(), cause: cause.to_owned() };
        partition.stop(cause);
    }
}
