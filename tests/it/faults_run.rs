//! One run of a flow between the two clusters of a world, in this process: started, watched, stopped, killed.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use strait::config::load_text;
use strait::config::settings::{BootstrapServer, OnLoss, Settings};
use strait::config::source::SourceText;
use strait::engine::cell::PartitionCell;
use strait::engine::event::StopCause;
use strait::engine::offset_map::OffsetMap;
use strait::engine::partition::Phase;
use strait::engine::state_read;
use strait::engine::supervisor::{Flow, FlowError, FlowView, RunMode};
use strait::kafka::cluster::Cluster;
use strait::types::{TopicName, TopicPartition};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::faults_world::{PARTITIONS, TOPIC, World};
use crate::sandbox_kit::runtime;

/// How long one run of the flow may take before it counts as hanging.
const HANGS_AFTER: Duration = Duration::from_secs(90);
/// How often a flow keeps its progress.
const KEEPS_OFTEN: Duration = Duration::from_millis(50);
/// The same where it is to have something left to write when it is told to stop.
const KEEPS_AT_STOP: Duration = Duration::from_secs(60);
/// Between two looks at a flow.
const LOOK_PAUSE: Duration = Duration::from_millis(40);
/// The group that shows the flow's progress, and the topic that keeps it.
pub const GROUP: &str = "strait.f";

/// What a scenario came to before its last run, in which nothing goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Came {
    /// Everything was copied, as if nothing had happened.
    Through,
    /// Partitions stopped, for the causes with these codes.
    ToStop(BTreeSet<&'static str>),
    /// The flow did not start.
    ToFailure,
}

/// Says how patient a run is, and how often it keeps its progress.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    retry_timeout: Duration,
    checkpoint_interval: Duration,
    on_oversize: OnLoss,
}

impl Limits {
    /// Leaves out records that the target does not take.
    pub fn leaving_out(self) -> Self {
        Self { on_oversize: OnLoss::Skip, ..self }
    }

    /// Keeps progress so often.
    pub fn keeping_every(self, checkpoint_interval: Duration) -> Self {
        Self { checkpoint_interval, ..self }
    }

    /// Keeps progress at a stop only, so that there is something left to write, and a kill leaves much to find out.
    pub fn keeping_late(self) -> Self {
        self.keeping_every(KEEPS_AT_STOP)
    }

    /// Lets trouble last so long in a run that is to end.
    pub fn of(retry_timeout: &str) -> Self {
        let retry_timeout = humantime::parse_duration(retry_timeout).unwrap();
        Self { retry_timeout, checkpoint_interval: KEEPS_OFTEN, on_oversize: OnLoss::Stop }
    }
}

/// One run of the flow.
pub struct Run {
    view: FlowView,
    stop: watch::Sender<bool>,
    task: JoinHandle<Result<Vec<(i32, StopCause)>, FlowError>>,
}

/// What a run came to.
#[derive(Debug)]
pub struct Ended {
    /// Why it did not start.
    pub failure: Option<FlowError>,
    /// Which partitions stopped, and why.
    pub stops: Vec<(i32, StopCause)>,
}

impl Ended {
    /// Says whether the run came to its end with every partition.
    pub fn is_whole(&self) -> bool {
        self.failure.is_none() && self.stops.is_empty()
    }

    /// Says what it came to.
    pub fn came(&self) -> Came {
        if self.failure.is_some() {
            return Came::ToFailure;
        }
        let codes: BTreeSet<_> = self.stops.iter().map(|(_, cause)| cause.code()).collect();
        if codes.is_empty() { Came::Through } else { Came::ToStop(codes) }
    }

    /// Says why it did not come through.
    pub fn words(&self) -> String {
        let stops = self.stops.iter().map(|(_, cause)| cause.to_string());
        self.failure.iter().map(ToString::to_string).chain(stops).collect::<Vec<_>>().join("; ")
    }
}

impl Run {
    /// Starts the flow; `plan` is called when both clusters were reached and nothing else is done yet.
    pub fn start(world: &World, mode: RunMode, limits: Limits, plan: impl FnOnce()) -> Self {
        let settings = settings(world, limits);
        let (stop, stopped) = watch::channel(false);
        let (events, mut heard) = mpsc::channel(64);
        runtime().spawn(async move { while heard.recv().await.is_some() {} });
        let flow = settings.flows["f"].clone();
        let open = async {
            let open = |alias: &str| Cluster::open(Arc::new(settings.clusters[alias].clone()));
            (open("us").await.unwrap(), open("eu").await.unwrap())
        };
        let flow = Flow::new(flow, mode, runtime().block_on(open), events);
        plan();
        let view = flow.view();
        let task = runtime().spawn(async move {
            let cells = flow.run(stopped).await?;
            let stops = cells.iter().filter_map(|cell| match cell.lock().partition.phase() {
                Phase::Stopped(cause) => Some((cell.source.partition, cause.clone())),
                _ => None,
            });
            Ok(stops.collect())
        });
        Self { view, stop, task }
    }

    /// Waits until every partition is copied to its end or has stopped, or the flow has ended.
    pub fn until_copied(&self, world: &World) -> Result<(), String> {
        self.until(|run| run.is_copied(world))
    }

    /// Waits until every partition has stopped.
    pub fn until_stopped(&self) -> Result<(), String> {
        self.until(|run| {
            let cells = run.view.cells.lock().unwrap();
            let is_stopped =
                |cell: &Arc<PartitionCell>| matches!(cell.lock().partition.phase(), Phase::Stopped(_));
            cells.as_ref().is_some_and(|cells| cells.iter().all(is_stopped))
        })
    }

    /// Waits until some partition's trouble is told with these words.
    pub fn until_failing(&self, words: &str) -> Result<(), String> {
        self.until(|run| {
            let cells = run.view.cells.lock().unwrap();
            let is_failing = |cell: &Arc<PartitionCell>| {
                let state = cell.lock();
                state.partition.failing(Instant::now()).is_some_and(|trouble| trouble.cause.contains(words))
            };
            cells.as_ref().is_some_and(|cells| cells.iter().any(is_failing))
        })
    }

    /// Waits until something holds, or the flow has ended.
    fn until(&self, holds: impl Fn(&Self) -> bool) -> Result<(), String> {
        let deadline = Instant::now() + HANGS_AFTER;
        while !self.task.is_finished() && !holds(self) {
            if Instant::now() >= deadline {
                return Err(format!("hangs: {}", self.describe()));
            }
            #[expect(clippy::disallowed_methods, reason = "between two looks, inside a deadline")]
            std::thread::sleep(LOOK_PAUSE);
        }
        Ok(())
    }

    fn is_copied(&self, world: &World) -> bool {
        let cells = self.view.cells.lock().unwrap();
        cells.as_ref().is_some_and(|cells| {
            let expected = usize::try_from(PARTITIONS).unwrap();
            cells.len() == expected
                && cells.iter().all(|cell| {
                    let state = cell.lock();
                    let end = world.source.offsets(TOPIC, cell.source.partition).unwrap().last_stable;
                    let is_stopped =
                        matches!(state.partition.phase(), Phase::Stopped(cause) if !cause.is_tried_again());
                    is_stopped || state.partition.copied().0 >= end
                })
        })
    }

    fn describe(&self) -> String {
        let cells = self.view.cells.lock().unwrap();
        let Some(cells) = cells.as_ref() else { return "the flow has not started".to_owned() };
        let of = |state: &strait::engine::partition::Partition| {
            let trouble = state.trouble_age(Instant::now()).map(|(age, cause)| format!("{age:?} {cause}"));
            format!("{:?} at {:?} {trouble:?}", state.phase(), state.copied())
        };
        cells.iter().map(|cell| of(&cell.lock().partition)).collect::<Vec<_>>().join("; ")
    }

    /// Ends the flow at once, as a kill does: what it sent is on its way.
    pub fn kill(self) {
        self.task.abort();
    }

    /// Says whether the flow has ended by itself.
    pub fn has_ended(&self) -> bool {
        self.task.is_finished()
    }

    /// Tells the flow to stop, and waits for its end.
    pub fn stop(self) -> Result<Ended, String> {
        // A flow that failed listens no more.
        let _ = self.stop.send(true);
        self.until_end()
    }

    /// Waits for the flow's end.
    pub fn until_end(self) -> Result<Ended, String> {
        let described = || self.describe();
        let deadline = Instant::now() + HANGS_AFTER;
        while !self.task.is_finished() {
            if Instant::now() >= deadline {
                return Err(format!("does not end: {}", described()));
            }
            #[expect(clippy::disallowed_methods, reason = "between two looks, inside a deadline")]
            std::thread::sleep(LOOK_PAUSE);
        }
        match runtime().block_on(self.task).map_err(|error| error.to_string())? {
            Ok(stops) => Ok(Ended { failure: None, stops }),
            Err(error) => Ok(Ended { failure: Some(error), stops: Vec::new() }),
        }
    }
}

/// Returns the settings of a world that is copied in peace.
pub fn settings_of(world: &World) -> Settings {
    settings(world, Limits::of("30s"))
}

/// Returns the settings of a world: one configuration, read once, with its own brokers.
fn settings(world: &World, given: Limits) -> Settings {
    static READ: LazyLock<Settings> = LazyLock::new(|| {
        let text = format!(
            "[clusters.us]\nbootstrap_servers = [\"us:1\"]\nrequest_timeout = \"3s\"\n\
             [clusters.eu]\nbootstrap_servers = [\"eu:1\"]\nrequest_timeout = \"3s\"\n\
             [flows.f]\nsource = \"us\"\ntarget = \"eu\"\ntopics = [{TOPIC:?}]\ngroups = []\n\
             [flows.f.limits]\ndiscovery_interval = \"300ms\"\n\
             connections_per_broker = 1\n"
        );
        let source = SourceText::new(PathBuf::from("strait.toml"), text);
        load_text(source, &|_| None)
            .unwrap_or_else(|failure| panic!("{}", failure.render(false, 100)))
            .settings
    });
    let mut settings = READ.clone();
    for (alias, cluster) in [("us", &world.source), ("eu", &world.target)] {
        let servers = cluster.addresses().into_iter().map(|address| BootstrapServer {
            host: address.ip().to_string(),
            port: address.port(),
            line: 1,
        });
        settings.clusters.get_mut(alias).unwrap().bootstrap_servers = servers.collect();
    }
    let flow = settings.flows.get_mut("f").unwrap();
    flow.policy.on_oversize = given.on_oversize;
    let limits = &mut flow.limits;
    limits.retry_timeout = given.retry_timeout;
    limits.checkpoint_interval = given.checkpoint_interval;
    // Many flows at a time, and little to copy.
    limits.memory_bytes = 16 << 20;
    settings
}

/// Reads the offset map of each partition.
pub fn maps(settings: &Settings) -> Result<Vec<OffsetMap>, String> {
    let state = runtime().block_on(async {
        let target = Cluster::open(Arc::new(settings.clusters["eu"].clone())).await.unwrap();
        state_read::read(&target, &TopicName::new(GROUP)).await.unwrap().unwrap()
    });
    let map =
        |partition| state.map(&TopicPartition::new(TOPIC, partition)).map_err(|error| error.to_string());
    (0..PARTITIONS).map(|p| map(p)?.ok_or(format!("partition {p} has no offset map"))).collect()
}
