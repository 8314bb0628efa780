//! Owners that are killed, come too late, and are overtaken, in random order, while the source is written,
//! compacted and trimmed and requests fail: what a storm of kills does to real processes, a thousand times as
//! often. Afterwards the target holds every record that was there to be copied once and in order, and the
//! offset map knows of every offset (G6): a bound only where the source has no more what was copied.
//!
//! A failure names its seed, and `STRAIT_FAULTS_SEED` plays it again; `STRAIT_FAULTS_COUNT` plays more of them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::AddAssign;
use std::sync::Mutex;
use std::time::Duration;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::ApiKey;
use strait::engine::supervisor::RunMode;
use strait::sandbox::{Action, Fault};

use crate::faults_play::{Played, Side, play_each};
use crate::faults_random::{Random, faults, seeds};
use crate::faults_run::{Came, GROUP, Limits, Run, maps, settings_of};
use crate::faults_world::{Content, PARTITIONS, TOPIC, World};
use crate::support::offset_chart::{Charted, Places, chart};

/// The partition that is compacted, and that transactions write to.
const COMPACTED: i32 = 0;
/// The partition that is trimmed. Every offset of it bears a record: else it could not be told of what is gone
/// that it was copied.
const TRIMMED: i32 = 1;
/// Keys of the source's records: few, so that compaction takes most of them.
const KEYS: u32 = 5;
/// Each leaves two runs in the map of [`COMPACTED`], whose pieces hold half a thousand or more.
const MANY_WRITES: usize = 300;
/// Runs that are tried until one completes the copy: an owner of before may still take partitions over.
const LAST_RUNS_MAX: usize = 8;
/// How patient runs are.
const RETRY_TIMEOUT: &str = "40s";

/// One thing that happens.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// The application writes, with transactions or without.
    Write { is_plain: bool },
    /// The source's partition [`COMPACTED`] is.
    Compact,
    /// The source's partition [`TRIMMED`] loses what was copied of it.
    Trim,
    /// Another process starts; the one before is killed then or later, or lives on.
    Start { keeps_late: bool, kills: Kills },
    /// Time passes, in milliseconds.
    Pass { ms: u64 },
    /// All is copied that is there, or the newest process has ended.
    CatchUp,
    /// The newest process is killed, or told to stop.
    End { is_kill: bool },
}

/// Says when the process before is killed.
#[derive(Clone, Copy, Debug)]
enum Kills {
    Before,
    AtOnce,
    Later,
}

struct Scenario {
    name: String,
    /// How often the application writes before anything else happens: in some scenarios so often that the map is in
    /// several pieces.
    writes: usize,
    steps: Vec<Step>,
    /// What befalls requests to the target.
    faults: Vec<Fault>,
}

fn scenario(seed: u64) -> Scenario {
    let mut random = Random(seed << 16 | 0x7a6e);
    let count = 8 + random.below(14);
    let writes = if random.below(8) == 0 { MANY_WRITES } else { 1 };
    let steps: Vec<Step> = (0..count).map(|_| step(&mut random)).collect();
    let count = if random.below(3) == 0 { 6 } else { 0 };
    let drawn = faults(&mut random, count, false).into_iter();
    let drawn = drawn.filter(|(side, _, fault)| *side == Side::Target && fits(fault));
    let mut faults: Vec<Fault> = drawn.map(|(.., fault)| fault).collect();
    // What a process sent before it was killed may be done when others have gone on.
    for _ in 0..random.below(4) {
        let (after, times) = (random.below(12), 1 + random.below(3));
        let delay = Action::Delay(Duration::from_millis(u64::from(random.below(400))));
        faults.push(Fault::on(ApiKey::Produce, delay).about(GROUP).after(after).times(times));
    }
    Scenario {
        name: format!("STRAIT_FAULTS_SEED={seed} ({writes} writes; {steps:?}; {faults:?})"),
        writes,
        steps,
        faults,
    }
}

/// Says whether a fault tells of the flow here. One that has a partition copied without a fence does not: nobody
/// keeps two owners apart then. Nor does one that those would meet who look at the target meanwhile.
fn fits(fault: &Fault) -> bool {
    use ResponseError::TransactionalIdAuthorizationFailed as Unfenced;
    let is_ours = matches!(fault.matcher.api, Some(ApiKey::Fetch | ApiKey::Metadata | ApiKey::ApiVersions));
    let unfences = matches!(fault.action, Action::Refuse(Unfenced) | Action::RefuseAfter(Unfenced));
    !is_ours && !unfences && !matches!(fault.action, Action::StopBroker(_))
}

fn step(random: &mut Random) -> Step {
    match random.below(12) {
        0..=2 => Step::Write { is_plain: random.below(3) > 0 },
        3 => Step::Compact,
        4 => Step::Trim,
        5..=7 => Step::Start {
            keeps_late: random.below(2) == 0,
            kills: *random.one_of(&[Kills::Before, Kills::AtOnce, Kills::Later]),
        },
        8 | 9 => Step::Pass { ms: u64::from(random.below(120)) },
        10 => Step::CatchUp,
        _ => Step::End { is_kill: random.below(3) > 0 },
    }
}

/// What is known of the source besides what it holds now.
struct Known {
    /// Source offset of each record that was ever seen there, by partition and content.
    seen: Vec<BTreeMap<Content, i64>>,
    /// Offsets that were taken from the source though they had been there, by partition.
    gone: Vec<BTreeSet<i64>>,
}

impl Known {
    fn new() -> Self {
        let partitions = usize::try_from(PARTITIONS).unwrap();
        Self { seen: vec![BTreeMap::new(); partitions], gone: vec![BTreeSet::new(); partitions] }
    }

    /// Takes note of what stands at the source.
    fn look(&mut self, world: &World) {
        for (partition, (seen, gone)) in (0..).zip(self.seen.iter_mut().zip(&mut self.gone)) {
            let now = world.committed(partition);
            let left: BTreeSet<i64> = now.iter().map(|(offset, _)| *offset).collect();
            gone.extend(seen.values().filter(|offset| !left.contains(offset)));
            seen.extend(now.into_iter().map(|(offset, content)| (content, offset)));
        }
    }
}

fn play(scenario: &Scenario, charted: &Mutex<Charted>) -> Result<Played, String> {
    let mut world = World::new();
    world.keys = Some(KEYS);
    let mut known = Known::new();
    let mut runs: Vec<Run> = Vec::new();
    (0..scenario.writes).for_each(|_| world.write());
    scenario.faults.iter().for_each(|fault| world.target.plan(fault.clone()));
    for step in &scenario.steps {
        take(*step, &mut world, &mut known, &mut runs)?;
    }
    runs.into_iter().for_each(Run::kill);
    let hits = world.clear_faults();
    known.look(&world);
    let mut ends = Vec::new();
    for _ in 0..LAST_RUNS_MAX {
        let last = Run::start(&world, RunMode::Once, Limits::of(RETRY_TIMEOUT), || ()).until_end()?;
        let is_whole = last.is_whole();
        ends.push(last.words());
        if is_whole {
            charted.lock().unwrap().add_assign(check(&world, &known)?);
            return Ok(Played { came: Came::Through, words: String::new(), hits });
        }
    }
    Err(format!("with nothing in its way the flow came to {ends:?}"))
}

fn take(step: Step, world: &mut World, known: &mut Known, runs: &mut Vec<Run>) -> Result<(), String> {
    match step {
        Step::Write { is_plain: true } => world.write_plain(),
        Step::Write { is_plain: false } => world.write(),
        Step::Compact => {
            known.look(world);
            world.source.compact(TOPIC, COMPACTED).unwrap();
            known.look(world);
        }
        Step::Trim => {
            known.look(world);
            let seen = &known.seen[usize::try_from(TRIMMED).unwrap()];
            if let Some((_, last)) = world.arrived(TRIMMED).last() {
                world.source.trim(TOPIC, TRIMMED, seen[last] + 1).unwrap();
            }
            known.look(world);
        }
        Step::Start { keeps_late, kills } => {
            let limits = Limits::of(RETRY_TIMEOUT);
            let limits = if keeps_late { limits.keeping_late() } else { limits };
            if matches!(kills, Kills::Before) {
                runs.drain(..).for_each(Run::kill);
            }
            let newest = Run::start(world, RunMode::Continuous, limits, || ());
            if matches!(kills, Kills::AtOnce) {
                runs.drain(..).for_each(Run::kill);
            }
            runs.push(newest);
        }
        Step::Pass { ms } => {
            #[expect(clippy::disallowed_methods, reason = "moments are what is chosen here")]
            std::thread::sleep(Duration::from_millis(ms));
        }
        Step::CatchUp => {
            if let Some(newest) = runs.last() {
                newest.until_copied(world)?;
            }
        }
        Step::End { is_kill } => match runs.pop() {
            Some(newest) if is_kill || newest.has_ended() => newest.kill(),
            Some(newest) => drop(newest.stop()?),
            None => {}
        },
    }
    Ok(())
}

/// Checks both logs and the map of every partition.
fn check(world: &World, known: &Known) -> Result<Charted, String> {
    let mut charted = Charted::default();
    for (partition, map) in (0..PARTITIONS).zip(maps(&settings_of(world))?) {
        let index = usize::try_from(partition).unwrap();
        let (seen, gone) = (&known.seen[index], &known.gone[index]);
        let arrived = world.arrived(partition);
        let copies: Vec<(i64, i64)> =
            arrived.iter().map(|(target, content)| (seen[content], *target)).collect();
        if let Some(pair) = copies.windows(2).find(|pair| pair[0].0 >= pair[1].0) {
            return Err(format!("partition {partition}: not once and in order: {pair:?}"));
        }
        let at_source: BTreeSet<i64> =
            world.committed(partition).into_iter().map(|(offset, _)| offset).collect();
        let arrived: BTreeSet<i64> = copies.iter().map(|(source, _)| *source).collect();
        if let Some(lost) = at_source.iter().find(|offset| !arrived.contains(offset)) {
            return Err(format!("partition {partition}: the source's record {lost} did not arrive"));
        }
        let end = |cluster: &strait::sandbox::Cluster| cluster.offsets(TOPIC, partition).unwrap().log_end;
        let ends = (end(&world.source), end(&world.target));
        let at_source = at_source.difference(gone).copied().collect();
        charted += chart(&map, &Places { name: format!("partition {partition}"), copies, at_source, ends })?;
    }
    Ok(charted)
}

#[test]
fn g1_g2_g6_owners_killed_and_overtaken_leave_every_record_once_and_every_offset_known() {
    let scenarios: Vec<_> = seeds().into_iter().map(scenario).collect();
    let charted = Mutex::new(Charted::default());
    let played = play_each(&scenarios, |scenario| play(scenario, &charted));
    let broken: Vec<String> = scenarios
        .iter()
        .zip(played)
        .filter_map(|(scenario, played)| Some(format!("{}: {}", scenario.name, played.err()?)))
        .collect();
    assert!(broken.is_empty(), "{} of {}:\n{}", broken.len(), scenarios.len(), broken.join("\n"));
    let charted = charted.into_inner().unwrap();
    assert!(charted.bounds > 0 || scenarios.len() < 20, "no start found copies of what is gone: {charted:?}");
}
