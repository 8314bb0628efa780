//! Plays fault scenarios: a flow copies, is stopped, and is started again, while requests meet what was
//! planned; then once more with nothing in its way. Whatever happened in between, each committed record
//! has to stand at the target once and in order at every stop, and all of them in the end.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

use strait::engine::offset_map::Translation;
use strait::engine::supervisor::RunMode;
use strait::sandbox::Fault;
use strait::types::SourceOffset;

use crate::faults_run::{Came, GROUP, Limits, Run, maps, settings_of};
use crate::faults_world::{PARTITIONS, World};

/// Scenarios played at a time: most of a scenario is waiting.
const AT_A_TIME: usize = 64;

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
    let limits = Limits::of(scenario.retry_timeout);
    let limits = if is_about_stop { limits.keeping_late() } else { limits };
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
    let maps = maps(&settings_of(world))?;
    for (partition, map) in (0..).zip(maps) {
        let (wanted, found) = (world.committed(partition), world.arrived(partition));
        for ((source, _), (target, _)) in wanted.iter().zip(&found) {
            match map.to_target(SourceOffset(*source)) {
                Translation::Exact(at) if at.0 == *target => {}
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
