//! Plays fault scenarios: a flow copies, is stopped, and is started again, while requests meet what was
//! planned; then once more with nothing in its way. Whatever happened in between, each committed record
//! has to stand at the target once and in order at every stop, and all of them in the end.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use strait::config::load_text;
use strait::config::settings::{BootstrapServer, Settings};
use strait::config::source::SourceText;
use strait::engine::cell::PartitionCell;
use strait::engine::event::StopCause;
use strait::engine::offset_map::Translation;
use strait::engine::partition::Phase;
use strait::engine::state_read;
use strait::engine::supervisor::{Flow, FlowError, FlowView, RunMode};
use strait::kafka::cluster::Cluster;
use strait::sandbox::Fault;
use strait::types::{SourceOffset, TopicName, TopicPartition};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::faults_world::{PARTITIONS, TOPIC, World};
use crate::sandbox_kit::runtime;

/// Scenarios played at a time: most of a scenario is waiting.
const AT_A_TIME: usize = 64;
/// How long one run of the flow may take before it counts as hanging.
const HANGS_AFTER: Duration = Duration::from_secs(90);
/// How often a flow keeps its progress.
const KEEPS_OFTEN: Duration = Duration::from_millis(50);
/// The same where it is to have something left to write when it is told to stop.
const KEEPS_AT_STOP: Duration = Duration::from_secs(60);
/// Between two looks at a flow.
const LOOK_PAUSE: Duration = Duration::from_millis(40);
/// The group that shows the flow's progress.
const GROUP: &str = "strait.f";

/// Says at which cluster requests are hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Where records come from.
    Source,
    /// Where they go to.
    Target,
}

/// Says when faults are planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Before the flow runs for the first time.
    Start,
    /// While it copies: all there was has been copied, and more is about to come.
    Copying,
    /// Right before it is told to stop.
    Stopping,
    /// Before the flow runs again, behind what an earlier process wrote.
    Takeover,
}

/// Describes a scenario.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What the failure names.
    pub name: String,
    /// What goes wrong, where and when.
    pub faults: Vec<(Side, Stage, Fault)>,
    /// How long trouble may last in a run that is to end.
    pub retry_timeout: &'static str,
}

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

/// Holds what was seen of a scenario.
#[derive(Clone, Debug)]
pub struct Played {
    /// What it came to.
    pub came: Came,
    /// Why it did not come through, in the engine's words.
    pub words: String,
    /// How many requests were hit.
    pub hits: u64,
}

/// Plays scenarios, several at a time; returns what each came to, or how it broke a promise.
pub fn play_all(scenarios: &[Scenario]) -> Vec<Result<Played, String>> {
    play_each(scenarios, |scenario| {
        play_until_hit(scenario).map_err(|broken| format!("{}: {broken}", scenario.name))
    })
}

/// Plays what `play` makes of each of the items, several at a time.
pub fn play_each<T: Sync>(
    items: &[T],
    play: impl Fn(&T) -> Result<Played, String> + Sync,
) -> Vec<Result<Played, String>> {
    let next = AtomicUsize::new(0);
    let results: Vec<Mutex<Option<Result<Played, String>>>> =
        items.iter().map(|_| Mutex::new(None)).collect();
    std::thread::scope(|scope| {
        for _ in 0..AT_A_TIME.min(items.len()) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else { return };
                    let _slot = Slot::take();
                    let played = catch_unwind(AssertUnwindSafe(|| play(item)));
                    let played = played.unwrap_or_else(|panic| Err(words(&*panic)));
                    *results[index].lock().unwrap() = Some(played);
                }
            });
        }
    });
    results.into_iter().map(|result| result.into_inner().unwrap().unwrap()).collect()
}

/// A place among the scenarios that are played at a time, by all tests together: more of them would only run into
/// each other's timeouts, and where one test waits for its last ones another goes on.
struct Slot;

static SLOTS_TAKEN: Mutex<usize> = Mutex::new(0);
static SLOT_FREE: Condvar = Condvar::new();

impl Slot {
    fn take() -> Self {
        let taken = SLOTS_TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken =
            SLOT_FREE.wait_while(taken, |taken| *taken >= AT_A_TIME).unwrap_or_else(PoisonError::into_inner);
        *taken += 1;
        Self
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        *SLOTS_TAKEN.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        SLOT_FREE.notify_one();
    }
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}

/// Plays a scenario, again where its fault found nothing to hit: whether a stop has still something to write
/// depends on when the flow last kept its progress.
fn play_until_hit(scenario: &Scenario) -> Result<Played, String> {
    const TRIES: usize = 4;
    let mut played = play(scenario)?;
    for _ in 1..TRIES {
        if played.hits > 0 {
            break;
        }
        played = play(scenario)?;
    }
    Ok(played)
}

fn play(scenario: &Scenario) -> Result<Played, String> {
    let mut world = World::new();
    let plan = |world: &World, now: Stage| {
        for (side, _, fault) in scenario.faults.iter().filter(|(_, stage, _)| *stage == now) {
            let cluster = if *side == Side::Source { &world.source } else { &world.target };
            cluster.plan(fault.clone());
        }
    };
    world.write();
    let is_about_stop = scenario.faults.iter().all(|(_, stage, _)| *stage == Stage::Stopping);
    let limits = Limits {
        checkpoint_interval: if is_about_stop { KEEPS_AT_STOP } else { KEEPS_OFTEN },
        ..Limits::of(scenario.retry_timeout)
    };
    let first = Run::start(&world, RunMode::Continuous, limits, || plan(&world, Stage::Start));
    first.until_copied(&world)?;
    plan(&world, Stage::Copying);
    world.write();
    first.until_copied(&world)?;
    plan(&world, Stage::Stopping);
    let first = first.stop()?;
    world.clear_faults();
    check_order(&world, first.is_whole())?;

    world.write();
    let take_over = || plan(&world, Stage::Takeover);
    let second =
        Run::start(&world, RunMode::Once, Limits::of(scenario.retry_timeout), take_over).until_end()?;
    let hits = world.clear_faults();
    check_order(&world, second.is_whole())?;

    let last = Run::start(&world, RunMode::Once, Limits::of("30s"), || ()).until_end()?;
    if !last.is_whole() {
        return Err(format!(
            "with nothing in its way the flow came to {last:?}, after {first:?}, {second:?}"
        ));
    }
    check_order(&world, true)?;
    check_maps(&world)?;
    let ended = if first.is_whole() { second } else { first };
    Ok(Played { came: ended.came(), words: ended.words(), hits })
}

/// Checks that what arrived is what was committed at the source, from its first record on, each once and
/// in order; and all of it, where the flow says so.
fn check_order(world: &World, is_whole: bool) -> Result<(), String> {
    for partition in 0..PARTITIONS {
        let (wanted, found) = (world.committed(partition), world.arrived(partition));
        let pairs = wanted.iter().zip(&found);
        if let Some(place) = pairs.clone().position(|((_, wanted), (_, found))| wanted != found) {
            let known = wanted.iter().position(|(_, content)| *content == found[place].1);
            return Err(format!(
                "partition {partition}: record {place} at the target is the source's {known:?}"
            ));
        }
        if found.len() > wanted.len() || is_whole && found.len() < wanted.len() {
            return Err(format!(
                "partition {partition}: {} of {} records arrived",
                found.len(),
                wanted.len()
            ));
        }
    }
    Ok(())
}

/// Checks the offset maps and the group's offsets when all is copied: no translation may be wrong, and
/// none may be missing.
fn check_maps(world: &World) -> Result<(), String> {
    let settings = settings(world, Limits::of("30s"));
    let state = runtime().block_on(async {
        let target = Cluster::open(Arc::new(settings.clusters["eu"].clone())).await.unwrap();
        state_read::read(&target, &TopicName::new(GROUP)).await.unwrap().unwrap()
    });
    for partition in 0..PARTITIONS {
        let map = state.map(&TopicPartition::new(TOPIC, partition)).unwrap();
        let map = map.ok_or(format!("partition {partition} has no offset map"))?;
        let (wanted, found) = (world.committed(partition), world.arrived(partition));
        for ((source, _), (target, _)) in wanted.iter().zip(&found) {
            match map.to_target(SourceOffset(*source)) {
                Translation::Exact(at) if at.0 == *target => {}
                Translation::AtOrBefore(at) if at.0 <= *target => {}
                other => {
                    let runs = map.runs();
                    return Err(format!(
                        "partition {partition}: {source} is at {target}, not {other:?}: {runs:?}"
                    ));
                }
            }
        }
        let end = found.last().map_or(0, |(offset, _)| offset + 1);
        let shown = world.group_offset(GROUP, partition);
        if shown < end {
            return Err(format!("partition {partition}: the group shows {shown}, copied is up to {end}"));
        }
    }
    Ok(())
}

/// Says how patient a run is, and how often it keeps its progress.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    retry_timeout: Duration,
    checkpoint_interval: Duration,
}

impl Limits {
    /// Lets trouble last so long in a run that is to end.
    pub fn of(retry_timeout: &str) -> Self {
        let retry_timeout = humantime::parse_duration(retry_timeout).unwrap();
        Self { retry_timeout, checkpoint_interval: KEEPS_OFTEN }
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
    let limits = &mut settings.flows.get_mut("f").unwrap().limits;
    limits.retry_timeout = given.retry_timeout;
    limits.checkpoint_interval = given.checkpoint_interval;
    // Many flows at a time, and little to copy.
    limits.memory_bytes = 16 << 20;
    settings
}
