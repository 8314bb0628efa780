//! A flow whose partitions are shared: what the supervisor does when the group gives partitions to this
//! process or takes them away.
//!
//! Every process looks for topics and makes them ready at the target: both can be done by several at once
//! without harm, each has to know the topics anyway, and nothing waits for a process that died.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::cell::PartitionCell;
use super::super::errands::{Finding, is_tried_again};
use super::super::event::{Event, Notice};
use super::super::share::errands::Elsewhere;
use super::super::share::member::{GroupChange, Left, Member};
use super::super::share::shares::Shares;
use super::running::{Running, Told};
use crate::config::settings::StartAt;
use crate::kafka::error::KafkaError;
use crate::types::{TopicName, TopicPartition};

/// Pause before partitions that could not be looked up are tried again.
const TAKE_PAUSE: Duration = Duration::from_secs(1);

/// Holds what one process knows of a shared flow.
pub(super) struct Sharing {
    shares: Shares,
    member: Member,
    /// The partitions that are known and not copied here, by their names at the source.
    elsewhere: HashMap<TopicPartition, Elsewhere>,
    /// What others wait for.
    revocations: Vec<(BTreeSet<TopicPartition>, Left)>,
    /// Whether the group has said once which partitions are ours.
    pub(super) has_joined: bool,
    /// Why the group could not be joined last.
    trouble: Option<String>,
}

impl Sharing {
    pub(super) fn new(member: Member) -> Self {
        Self {
            shares: Shares::default(),
            member,
            elsewhere: HashMap::new(),
            revocations: Vec::new(),
            has_joined: false,
            trouble: None,
        }
    }

    /// Returns how many partitions are known and not copied here.
    pub(super) fn elsewhere(&self) -> usize {
        self.elsewhere.len()
    }

    /// Lets others have what they wait for, where it is left.
    fn finish_revocations(&mut self) {
        let shares = &self.shares;
        self.revocations.retain(|(pending, _)| !pending.iter().all(|partition| shares.is_left(partition)));
    }

    /// Leaves the group; whatever others wait for they may have.
    pub(super) async fn leave(self) {
        drop(self.revocations);
        self.member.leave().await;
    }
}

impl Running {
    pub(super) async fn on_group_change(&mut self, change: GroupChange) {
        let Some(sharing) = &mut self.sharing else { return };
        match change {
            GroupChange::Assigned(partitions) => {
                sharing.shares.on_assigned(partitions);
                sharing.trouble = None;
                self.view.meters.set_group_trouble(None);
                sharing.has_joined = true;
                self.show_cells();
                self.take_due(Instant::now());
            }
            GroupChange::Revoked(partitions, left) => {
                let to_leave = sharing.shares.on_unassigned(&partitions);
                sharing.revocations.push((to_leave.pending, left));
                let held = self.cells_at(&to_leave.held);
                for cell in &held {
                    cell.lock().partition.drain();
                }
                self.hand_over(held);
            }
            GroupChange::Lost(partitions) => {
                let to_leave = sharing.shares.on_unassigned(&partitions);
                let held = self.cells_at(&to_leave.held);
                for cell in &held {
                    cell.lock().partition.let_go();
                }
                // Those whose start is under way follow when it ends.
                let ready: Vec<_> =
                    held.into_iter().filter(|cell| !self.starting.contains(&cell.source)).collect();
                self.remove(&ready).await;
            }
            GroupChange::Trouble(cause) => {
                if sharing.trouble.as_ref() != Some(&cause) {
                    sharing.trouble = Some(cause.clone());
                    self.view.meters.set_group_trouble(Some(cause.clone()));
                    self.tell(Event::Notice(Notice::NotShared(cause))).await;
                }
                return;
            }
        }
        self.finish_revocations();
        self.tell_share().await;
    }

    pub(super) async fn on_share_finding(&mut self, finding: Finding) {
        match finding {
            Finding::Surveyed(found) => {
                self.is_searching = false;
                match found {
                    Ok(found) => self.sort(found).await,
                    Err(error) => self.tell_discovery_failed(&error).await,
                }
            }
            Finding::Taken { wanted, found } => self.on_taken(wanted, found).await,
            Finding::HandedOver { cells, kept } => {
                self.tell_not_kept(kept).await;
                self.remove(&cells).await;
            }
            // The others are not about sharing.
            _ => {}
        }
        self.take_due(Instant::now());
        self.finish_revocations();
    }

    /// Puts partitions that were found where they belong: those that cannot be copied to anywhere are kept
    /// in sight, the others wait until the group gives them to somebody.
    pub(super) async fn sort(&mut self, found: Vec<Arc<PartitionCell>>) {
        let mut in_sight = Vec::new();
        let mut mended = Vec::new();
        for cell in found {
            if is_tried_again(&cell) {
                in_sight.push(cell);
                continue;
            }
            mended.extend(self.cells.iter().find(|known| known.source == cell.source).cloned());
            let Some(sharing) = &mut self.sharing else { return };
            let (target, begin) = (cell.target.clone(), cell.lock().begin);
            sharing.elsewhere.insert(cell.source.clone(), Elsewhere { target, begin });
        }
        for cell in &mended {
            if matches!(self.told.remove(&cell.source), Some(Told::Stopped(_))) {
                self.tell(Event::Recovered { partition: cell.source.clone() }).await;
            }
        }
        self.remove(&mended).await;
        self.take_in(in_sight).await;
        let Some(sharing) = &self.sharing else { return };
        let known = sharing.elsewhere.values().map(|at| &at.target.topic);
        let topics: BTreeSet<TopicName> =
            known.chain(self.cells.iter().map(|cell| &cell.target.topic)).cloned().collect();
        sharing.member.subscribe(topics);
    }

    /// Looks for new topics and partitions, wherever they are to be copied.
    pub(super) fn survey(&self) {
        let Some(sharing) = &self.sharing else { return };
        self.errands.survey(self.known(), sharing.elsewhere.clone());
    }

    /// Takes what is ours and not copied yet.
    pub(super) fn take_due(&mut self, now: Instant) {
        let Some(sharing) = &mut self.sharing else { return };
        let to_take = sharing.shares.to_take(now);
        if to_take.is_empty() {
            return;
        }
        let begins: HashMap<TopicPartition, StartAt> = sharing
            .elsewhere
            .iter()
            .filter(|(_, at)| to_take.contains(&at.target))
            .map(|(source, at)| (source.clone(), at.begin))
            .collect();
        self.errands.take(to_take, begins);
    }

    async fn on_taken(
        &mut self,
        wanted: BTreeSet<TopicPartition>,
        found: Result<Vec<Arc<PartitionCell>>, KafkaError>,
    ) {
        let again_at = Instant::now() + TAKE_PAUSE;
        let later = Instant::now() + self.settings.limits.discovery_interval;
        let Some(sharing) = &mut self.sharing else { return };
        let mut kept = Vec::new();
        match found {
            Ok(found) => {
                for partition in &wanted {
                    match found.iter().find(|cell| cell.target == *partition) {
                        Some(cell) if sharing.shares.on_taken(partition) => {
                            sharing.elsewhere.remove(&cell.source);
                            kept.push(cell.clone());
                        }
                        // No longer ours; not a record was written.
                        Some(_) => {}
                        // The source has no such partition, or does not show it.
                        None => sharing.shares.on_failed(partition, later),
                    }
                }
                self.take_in(kept).await;
            }
            Err(error) => {
                for partition in &wanted {
                    sharing.shares.on_failed(partition, again_at);
                }
                self.tell_discovery_failed(&error).await;
            }
        }
    }

    /// Gives up partitions that another process took over. While the group says that they are ours they
    /// are taken again, but not before the other one, if it was only late, has heard that they are not its.
    pub(super) async fn give_up(&mut self, cells: Vec<Arc<PartitionCell>>) {
        let again_at = Instant::now() + self.settings.limits.session_timeout / 2;
        let Some(sharing) = &mut self.sharing else { return };
        let held: Vec<_> = cells.into_iter().filter(|cell| sharing.shares.is_held(&cell.target)).collect();
        for cell in &held {
            tracing::debug!(partition = %cell.target, "another process took over");
        }
        self.remove(&held).await;
        let Some(sharing) = &mut self.sharing else { return };
        for cell in &held {
            sharing.shares.on_failed(&cell.target, again_at);
        }
    }

    /// Lets cells whose start has come to its end go, where others are to have them.
    pub(super) fn on_started(&mut self, cells: Vec<Arc<PartitionCell>>) {
        let Some(sharing) = &self.sharing else { return };
        let leaving = cells.into_iter().filter(|cell| !sharing.shares.is_left(&cell.target)).collect();
        self.hand_over(leaving);
    }

    /// Hands cells over as soon as nothing is under way for them.
    fn hand_over(&self, cells: Vec<Arc<PartitionCell>>) {
        let ready: Vec<_> = cells.into_iter().filter(|cell| !self.starting.contains(&cell.source)).collect();
        if !ready.is_empty() {
            // A quarter of the time is left for the rest of the way.
            let timeout = self.settings.limits.shutdown_timeout;
            self.errands.hand_over(ready, Instant::now() + timeout / 4 * 3);
        }
    }

    /// Forgets cells: they are copied elsewhere from now on.
    async fn remove(&mut self, cells: &[Arc<PartitionCell>]) {
        if cells.is_empty() {
            return;
        }
        self.cells.retain(|known| !cells.iter().any(|cell| Arc::ptr_eq(known, cell)));
        let Some(sharing) = &mut self.sharing else { return };
        for cell in cells {
            self.view.meters.give_away(cell.lock().partition.totals());
            cell.lock().partition.let_go();
            cell.set_route(None);
            self.told.remove(&cell.source);
            sharing.shares.on_left(&cell.target);
            let (target, begin) = (cell.target.clone(), cell.lock().begin);
            sharing.elsewhere.insert(cell.source.clone(), Elsewhere { target, begin });
        }
        self.show_cells();
        self.assign().await;
    }

    fn cells_at(&self, targets: &BTreeSet<TopicPartition>) -> Vec<Arc<PartitionCell>> {
        self.cells.iter().filter(|cell| targets.contains(&cell.target)).cloned().collect()
    }

    fn finish_revocations(&mut self) {
        if let Some(sharing) = &mut self.sharing {
            sharing.finish_revocations();
        }
    }

    async fn tell_share(&self) {
        let Some(sharing) = &self.sharing else { return };
        let elsewhere: usize =
            sharing.elsewhere.values().filter(|at| !sharing.shares.is_assigned(&at.target)).count();
        let partitions = sharing.shares.count();
        self.tell(Event::Shared { partitions, of: partitions + elsewhere }).await;
    }
}
