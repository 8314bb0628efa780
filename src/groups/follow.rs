//! Groups that follow while the flow copies: again and again, beside the copy and never in its way.
//!
//! Each process moves the offsets of the partitions that it copies itself, with the maps it has in memory:
//! no log is read, and of processes that share a flow no two commit for one partition.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use futures_util::future::join;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior};

use super::apply::{Outcome, apply};
use super::gather::{Selection, choose, found};
use super::plan::{GroupPlan, Step, bound_offsets, plan};
use crate::config::settings::FlowSettings;
use crate::engine::event::{Event, Notice};
use crate::engine::mapping::{Both, live_maps, log_ends};
use crate::engine::offset_map::OffsetMap;
use crate::engine::origin::OriginFilter;
use crate::engine::partition::Phase;
use crate::engine::state_read::StateReader;
use crate::engine::state_topic::NAME_PREFIX;
use crate::engine::status::MovedGroups;
use crate::engine::supervisor::FlowView;
use crate::kafka::cluster::Cluster;
use crate::kafka::error::KafkaError;
use crate::types::{TopicName, TopicPartition};

/// Shortest time between two looks.
const INTERVAL_MIN: Duration = Duration::from_secs(1);
/// How long each question of a look is repeated.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the last look may take, when the copy has ended.
const LAST_LOOK_MAX: Duration = Duration::from_secs(10);

/// Moves the groups of one running flow.
#[derive(Debug)]
pub struct Follower {
    source: Cluster,
    target: Cluster,
    flow: FlowSettings,
    view: FlowView,
    events: mpsc::Sender<Event>,
    origin: OriginFilter,
    state: StateReader,
    /// What was told of each group: nothing where it follows, else the code of what holds it.
    told: BTreeMap<String, Option<&'static str>>,
    not_read: Option<String>,
    committed: u64,
}

impl Follower {
    /// Prepares to follow a flow; `view` shows its partitions.
    pub fn new(
        flow: FlowSettings,
        (source, target): (Cluster, Cluster),
        view: FlowView,
        events: mpsc::Sender<Event>,
    ) -> Self {
        let topic = TopicName::new(format!("{NAME_PREFIX}{}", flow.name));
        // Nothing is read of which this would have to be told.
        let origin = OriginFilter::new(source.clone(), false);
        let state = StateReader::new(target.clone(), topic);
        let (told, not_read, committed) = (BTreeMap::new(), None, 0);
        Self { source, target, flow, view, events, origin, state, told, not_read, committed }
    }

    /// Looks after the groups with every checkpoint until `ended` is over, and then once more.
    pub async fn run(mut self, mut ended: oneshot::Receiver<()>) {
        let mut due = tokio::time::interval(self.flow.limits.checkpoint_interval.max(INTERVAL_MIN));
        due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let is_over = tokio::select! {
                _ = &mut ended => true,
                _ = due.tick() => false,
            };
            let deadline = Instant::now() + LAST_LOOK_MAX;
            if !is_over {
                // A copy that ends does not wait for a look that hangs.
                tokio::select! {
                    () = self.look() => continue,
                    _ = &mut ended => {}
                }
            }
            if tokio::time::timeout_at(deadline, self.look()).await.is_err() {
                self.tell_unread(Some(format!("the last look took longer than {LAST_LOOK_MAX:?}"))).await;
            }
            return;
        }
    }

    async fn look(&mut self) {
        let live: HashMap<TopicPartition, Arc<_>> = {
            let cells = self.view.cells.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(cells) = &*cells else { return };
            cells.iter().map(|cell| (cell.source.clone(), cell.clone())).collect()
        };
        let map_of = |partition: &TopicPartition| -> Option<OffsetMap> {
            let mut state = live.get(partition)?.lock();
            let is_started = !matches!(state.partition.phase(), Phase::Starting);
            is_started.then(|| state.partition.map().map().clone())
        };
        let ours: HashSet<&TopicPartition> = live.keys().collect();
        match self.round(|partition| ours.contains(partition), map_of).await {
            Ok((plans, outcomes)) => {
                self.tell_unread(None).await;
                self.tell(&plans, &outcomes).await;
            }
            Err(error) => {
                self.view.meters.set_moved_groups(None);
                self.tell_unread(Some(error.to_string())).await;
            }
        }
    }

    async fn round(
        &mut self,
        is_ours: impl Fn(&TopicPartition) -> bool,
        map_of: impl Fn(&TopicPartition) -> Option<OffsetMap>,
    ) -> Result<(Vec<GroupPlan>, BTreeMap<String, Outcome>), KafkaError> {
        let Self { source, target, flow, origin, state, .. } = self;
        let both = Both { source, target, flow, origin, patience: PATIENCE };
        let selection = Selection { flow: &flow.groups, only: None };
        let chosen = choose(&both, selection, is_ours).await;
        if let Some(error) = chosen.failures.first() {
            return Err(error.clone());
        }
        let partitions = chosen.partitions();
        let map = async {
            let ends = log_ends(&both, &partitions).await?;
            // In this order: see live_maps.
            let named = partitions.iter();
            let live = named.filter_map(|partition| Some((partition.clone(), map_of(partition)?))).collect();
            state.catch_up().await?;
            Ok::<_, KafkaError>(live_maps(&both, &ends, state.state(), live, &partitions))
        };
        let (maps, there) = join(map, chosen.there(&both)).await;
        if state.state().whole.ended.is_some() {
            // Whoever ended the flow moved the groups; a process that wakes up afterwards leaves them alone.
            return Ok((Vec::new(), BTreeMap::new()));
        }
        let plans = plan(&found(&both, chosen.offsets, there, maps?), false);
        let outcomes = apply(target, &plans, PATIENCE).await;
        Ok((plans, outcomes))
    }

    /// Tells what changed since the last look.
    async fn tell(&mut self, plans: &[GroupPlan], outcomes: &BTreeMap<String, Outcome>) {
        let done = outcomes.values().flatten().filter(|(_, outcome)| outcome.is_ok()).count();
        self.committed += done as u64;
        let mut groups = MovedGroups { committed: self.committed, ..MovedGroups::default() };
        let mut follow = Vec::new();
        let mut held: BTreeMap<&'static str, (Vec<String>, String)> = BTreeMap::new();
        let mut told = BTreeMap::new();
        for plan in plans {
            let obstacle = obstacle(plan, outcomes.get(&plan.group));
            let code = obstacle.as_ref().map(|(code, _)| *code);
            *if code.is_some() { &mut groups.held } else { &mut groups.following } += 1;
            if self.told.get(&plan.group) != Some(&code) {
                match obstacle {
                    None => follow.push(plan.group.clone()),
                    Some((code, cause)) => {
                        held.entry(code).or_insert((Vec::new(), cause)).0.push(plan.group.clone());
                    }
                }
            }
            told.insert(plan.group.clone(), code);
        }
        self.told = told;
        self.view.meters.set_moved_groups(Some(groups));
        let looked_at: Vec<TopicPartition> =
            plans.iter().flat_map(|plan| &plan.moves).map(|planned| planned.target.clone()).collect();
        self.view.meters.set_bound_offsets(&looked_at, bound_offsets(plans));
        if !follow.is_empty() {
            self.send(Event::GroupsFollow { groups: follow }).await;
        }
        for (code, (groups, cause)) in held {
            self.send(Event::GroupsHeld { groups, code, cause }).await;
        }
    }

    async fn tell_unread(&mut self, cause: Option<String>) {
        if cause != self.not_read {
            self.not_read.clone_from(&cause);
            if let Some(cause) = cause {
                self.send(Event::Notice(Notice::GroupsUnread(cause))).await;
            }
        }
    }

    async fn send(&self, event: Event) {
        // A listener that went away needs no events.
        let _ = self.events.send(event).await;
    }
}

/// Says what keeps a group from being moved whole: the code and the cause of the first obstacle.
fn obstacle(plan: &GroupPlan, outcome: Option<&Outcome>) -> Option<(&'static str, String)> {
    if let Some(why) = &plan.blocked {
        return Some((why.code(), why.to_string()));
    }
    let left = plan.moves.iter().find_map(|planned| match &planned.step {
        Step::Left(why) => Some((why.code(), format!("{}: {why}", planned.source))),
        _ => None,
    });
    let failed = outcome.into_iter().flatten().find_map(|(partition, outcome)| {
        let why = outcome.as_ref().err()?;
        Some((why.code(), format!("{partition}: {why}")))
    });
    failed.or(left)
}
