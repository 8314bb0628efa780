//! One flow's life: find topics and positions, route partitions to the brokers that lead them,
//! keep progress, and end when there is nothing left to do or somebody says so.
//!
//! The loop itself never waits for a broker: what has to be asked is an errand
//! ([`super::errands`]), whose finding comes back as a message.

mod running;
mod sharing;

use std::collections::{HashMap, HashSet};
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::future::try_join;
use tokio::sync::{Notify, mpsc, watch};

use self::running::{Refresh, Running};
use self::sharing::Sharing;
use super::cell::PartitionCell;
use super::discover::{Known, discover};
use super::ended::Ended;
use super::errands::{self, Errands, Finding};
use super::event::Event;
use super::fetcher::FetchShared;
use super::limits::fetch_bytes_ceiling;
use super::origin::OriginFilter;
use super::pacing::Pacer;
use super::producer::ProduceShared;
use super::routes::Routes;
use super::share::member::{GroupChange, Member};
use super::start::Starter;
use super::state_topic::StateTopic;
use super::status::FlowMeters;
use crate::config::settings::{FlowSettings, LimitSettings, Origin};
use crate::kafka::buffers::MemoryBudget;
use crate::kafka::cluster::Cluster;
use crate::kafka::error::KafkaError;

/// How often partitions are looked at for what has to be told.
const LOOK_INTERVAL: Duration = Duration::from_millis(200);
/// How long the first start waits for the brokers before the flow fails.
const FIRST_START_PATIENCE: Duration = Duration::from_secs(30);
/// How long one step of a later start waits before the failure is told.
const START_PATIENCE: Duration = Duration::from_secs(5);
/// Findings that may wait for the loop.
const FINDINGS_MAX: usize = 256;

/// Says what keeps a flow from starting at all.
#[derive(Clone, Debug, thiserror::Error)]
pub enum FlowError {
    /// A cluster does not answer as needed.
    #[error(transparent)]
    Kafka(#[from] KafkaError),
    /// The flow was ended.
    #[error("{0}")]
    Ended(Box<Ended>),
}

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
    /// What the flow counts.
    pub meters: Arc<FlowMeters>,
}

/// Holds one flow before it runs.
pub struct Flow {
    view: FlowView,
    settings: Arc<FlowSettings>,
    mode: RunMode,
    source: Cluster,
    target: Cluster,
    events: mpsc::Sender<Event>,
    lifted: Option<Ended>,
}

impl Flow {
    /// Prepares a flow between two open clusters; nothing is copied before [`run`](Self::run).
    pub fn new(
        settings: FlowSettings,
        mode: RunMode,
        (source, target): (Cluster, Cluster),
        events: mpsc::Sender<Event>,
    ) -> Self {
        let budget = MemoryBudget::new(settings.limits.memory_bytes);
        let view = FlowView { cells: Arc::default(), budget, meters: Arc::default() };
        let settings = Arc::new(settings);
        Self { view, settings, mode, source, target, events, lifted: None }
    }

    /// Lets this run copy though the flow was ended: this end of it does not count, any other does.
    pub fn lifting(self, ended: Ended) -> Self {
        Self { lifted: Some(ended), ..self }
    }

    /// Returns what others may look at.
    pub fn view(&self) -> FlowView {
        self.view.clone()
    }

    /// Copies until the mode's end or until `stop` turns true; returns the partitions as they stand.
    ///
    /// The error is one that keeps the flow from starting at all.
    pub async fn run(self, mut stop: watch::Receiver<bool>) -> Result<Vec<Arc<PartitionCell>>, FlowError> {
        let limits = self.settings.limits;
        let (mut supervisor, mut inbox) = tokio::select! {
            started = self.start() => started?,
            _ = stop.changed() => return Ok(Vec::new()),
        };
        let mut look = tokio::time::interval(LOOK_INTERVAL);
        let mut keep = tokio::time::interval(limits.checkpoint_interval);
        let mut search = tokio::time::interval(limits.discovery_interval);
        search.reset();
        loop {
            tokio::select! {
                _ = stop.changed() => break,
                _ = look.tick() => if supervisor.look().await { break },
                _ = keep.tick() => supervisor.keep(),
                _ = search.tick() => supervisor.search(),
                () = inbox.refresh.notified() => supervisor.want_refresh(),
                Some(cell) = inbox.out_of_range.recv() => supervisor.errands.look_up_bounds(cell),
                Some(change) = inbox.changes.recv() => supervisor.on_group_change(change).await,
                Some(finding) = inbox.findings.recv() => supervisor.on_finding(finding).await,
            }
        }
        supervisor.drain().await;
        // Who listens to the group no more keeps it from waiting for an answer.
        drop(inbox);
        if let Some(sharing) = supervisor.sharing.take() {
            sharing.leave().await;
        }
        Ok(supervisor.cells)
    }

    /// Reads the flow's state, finds its partitions, and starts them.
    async fn start(self) -> Result<(Running, Inbox), FlowError> {
        let Self { view, settings, mode, source, target, events, lifted } = self;
        let limits = settings.limits;
        let refresh = Arc::new(Notify::new());
        let (out_of_range_sender, out_of_range) = mpsc::channel(1024);
        let (findings_sender, findings) = mpsc::channel(FINDINGS_MAX);
        let origin = Arc::new(OriginFilter::new(source.clone(), settings.origin == Origin::Local));
        let mut routes = {
            let shared = Shared { view: &view, limits: &limits, refresh: &refresh };
            routes(&source, &target, &shared, (out_of_range_sender, origin.clone()))
        };
        let known = Known { partitions: &HashSet::new(), only: None, has_begun: false };
        let state = Arc::new(StateTopic::open(&target, &settings, lifted).await?);
        // Before any topic is made at the target: where a flow was ended, nothing is changed any more.
        if let Some(ended) = state.ended().await {
            return Err(FlowError::Ended(Box::new(ended)));
        }
        let cells = discover(&source, &target, &settings, known, &view.budget, &events).await?;
        let starter = Starter {
            source,
            target,
            settings: settings.clone(),
            state,
            origin,
            // A run that is to end waits no longer for one step than for everything.
            patience: match mode {
                RunMode::Continuous => FIRST_START_PATIENCE,
                RunMode::Once | RunMode::UntilCaughtUp => FIRST_START_PATIENCE.min(limits.retry_timeout),
            },
            events: events.clone(),
            was_weakness_told: Arc::default(),
            is_to_end: mode == RunMode::Once,
        };
        let mut errands = Errands { starter, budget: view.budget.clone(), findings: findings_sender };
        let (membership, changes) = membership(&errands.starter.target, &settings)?;
        let (at_source, at_target) = if membership.is_some() {
            errands.starter.begin_whole(&cells).await;
            (None, None)
        } else {
            // The data connections are opened while the partitions are started: to a far end both take long.
            let connect = async {
                let ask = errands::topics_of(&errands.starter, &cells).await;
                if let (Some(at_source), Some(at_target)) = &ask {
                    routes.assign(&cells, at_source, at_target, &limits);
                }
                Ok(ask)
            };
            let ((), asked) = try_join(errands.starter.try_start(&cells), connect).await?;
            routes.wake();
            asked
        };
        errands.starter.patience = START_PATIENCE;
        let topics: HashSet<_> = cells.iter().map(|cell| &cell.source.topic).collect();
        let started = Event::Started { topics: topics.len(), partitions: cells.len() };
        // A listener that went away needs no events.
        let _ = events.send(started).await;
        let mut supervisor = Running {
            view,
            settings,
            mode,
            errands,
            routes,
            cells: Vec::new(),
            told: HashMap::new(),
            starting: HashSet::new(),
            at_source,
            at_target,
            refresh: Refresh::default(),
            is_searching: false,
            is_keeping: false,
            owes_keep: false,
            not_kept: None,
            sharing: membership.map(Sharing::new),
        };
        supervisor.begin_with(cells).await;
        Ok((supervisor, Inbox { refresh, out_of_range, findings, changes }))
    }
}

/// Joins the group of processes that share the flow, if it is shared; else no change ever comes.
fn membership(
    target: &Cluster,
    flow: &FlowSettings,
) -> Result<(Option<Member>, mpsc::Receiver<GroupChange>), KafkaError> {
    if !flow.is_shared {
        return Ok((None, mpsc::channel(1).1));
    }
    let (member, changes) =
        Member::start(target, flow).map_err(|error| target.refused_by_librdkafka(error))?;
    Ok((Some(member), changes))
}

/// What fetchers and senders of a flow share with its supervisor.
struct Shared<'a> {
    view: &'a FlowView,
    limits: &'a LimitSettings,
    refresh: &'a Arc<Notify>,
}

/// Makes the routes, without any connection yet.
fn routes(
    source: &Cluster,
    target: &Cluster,
    shared: &Shared<'_>,
    (out_of_range, origin): (mpsc::Sender<Arc<PartitionCell>>, Arc<OriginFilter>),
) -> Routes {
    let Shared { view, limits, refresh } = *shared;
    let room = Arc::new(Notify::new());
    let fetch = Arc::new(FetchShared {
        room: room.clone(),
        source: source.clone(),
        budget: view.budget.clone(),
        pacer: limits.bandwidth_bytes_per_second.map(|rate| Mutex::new(Pacer::new(rate, Instant::now()))),
        bytes_ceiling: AtomicUsize::new(fetch_bytes_ceiling(limits.memory_bytes, 2)),
        refresh: refresh.clone(),
        out_of_range,
        origin,
        meters: view.meters.clone(),
    });
    let produce = Arc::new(ProduceShared {
        room,
        budget: view.budget.clone(),
        target: target.clone(),
        refresh: refresh.clone(),
        meters: view.meters.clone(),
    });
    Routes::new(fetch, produce)
}

/// Holds what reaches the loop from outside.
struct Inbox {
    refresh: Arc<Notify>,
    out_of_range: mpsc::Receiver<Arc<PartitionCell>>,
    findings: mpsc::Receiver<Finding>,
    /// Closed where the flow is not shared.
    changes: mpsc::Receiver<GroupChange>,
}
