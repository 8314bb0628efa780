//! Random sequences of faults, several to each run of the flow. A failure names its seed, and
//! `STRAIT_FAULTS_SEED` plays it again; `STRAIT_FAULTS_COUNT` plays more of them.

use std::time::Duration;

use strait::sandbox::{Action, Fault};

use crate::faults_codes::{self, Expected, Row};
use crate::faults_play::{Played, Scenario, Side, Stage, play_all};
use crate::faults_run::Came;
use crate::faults_shapes::{ASKED, BEFALLS};

/// Sequences played unless `STRAIT_FAULTS_COUNT` says otherwise, by each test.
const COUNT: u64 = 350;
/// The seed of the first; the next ones count on.
const SEED: u64 = 1;

/// A random sequence that is the same for the same seed (SplitMix64).
pub struct Random(pub u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below `end`.
    pub fn below(&mut self, end: u32) -> u32 {
        u32::try_from(self.next() % u64::from(end)).unwrap()
    }

    /// Returns one of them.
    pub fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[usize::try_from(self.next() % all.len() as u64).unwrap()]
    }
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

/// Makes the sequence of a seed; with `may_end`, of faults that end a flow too.
fn scenario(seed: u64, may_end: bool) -> Scenario {
    let mut random = Random(seed << 1 | u64::from(may_end));
    let count = 2 + random.below(6);
    let faults = faults(&mut random, count, may_end);
    let told: Vec<String> = faults.iter().map(|(side, stage, fault)| told(*side, *stage, fault)).collect();
    let name = format!("STRAIT_FAULTS_SEED={seed} ({})", told.join(", "));
    Scenario { name, faults, retry_timeout: "50s" }
}

/// Makes so many faults, or fewer; with `may_end`, of those that end a flow too.
pub fn faults(random: &mut Random, count: u32, may_end: bool) -> Vec<(Side, Stage, Fault)> {
    let mut faults = Vec::new();
    for _ in 0..count {
        let (side, api, topic, stages) = *random.one_of(ASKED);
        let stage = *random.one_of(stages);
        let rows: Vec<Row> = faults_codes::of(side, api, topic, stage).collect();
        let action = action(random, &rows, may_end);
        // The application writes until the flow is stopped, and would meet a broker that is down.
        if side == Side::Source && stage != Stage::Takeover && matches!(action, Action::StopBroker(_)) {
            continue;
        }
        let fault = Fault::on(api, action).after(random.below(3)).times(1 + random.below(2));
        faults.push((side, stage, topic.map_or(fault.clone(), |topic| fault.about(topic))));
    }
    faults
}

/// Describes a fault.
pub fn told(side: Side, stage: Stage, fault: &Fault) -> String {
    let Fault { matcher, after, times, action } = fault;
    let api = matcher.api.unwrap();
    format!("{side:?} {stage:?} {api:?} {:?} after {after}, {times} times {action:?}", matcher.topic)
}

fn action(random: &mut Random, rows: &[Row], may_end: bool) -> Action {
    let passes = |expected| may_end || expected == Expected::Retried;
    let codes: Vec<_> = rows.iter().filter(|row| passes(row.1)).map(|row| row.0).collect();
    match random.below(8) {
        0..=2 if !codes.is_empty() => Action::Refuse(*random.one_of(&codes)),
        3 if !codes.is_empty() => Action::RefuseAfter(*random.one_of(&codes)),
        4 if may_end => Action::CorruptRecords,
        5 => Action::DisconnectAfter,
        6 => Action::DelayAnswer(Duration::from_millis(u64::from(random.below(60)))),
        _ => *random.one_of(BEFALLS),
    }
}

/// Lists the seeds to play.
pub fn seeds() -> Vec<u64> {
    let (seed, count) = (setting("STRAIT_FAULTS_SEED", SEED), setting("STRAIT_FAULTS_COUNT", COUNT));
    let count = if std::env::var_os("STRAIT_FAULTS_SEED").is_some() { 1 } else { count };
    (seed..seed + count).collect()
}

#[test]
fn g2_g3_faults_that_pass_leave_no_trace_in_whatever_order_they_come() {
    let scenarios: Vec<_> = seeds().into_iter().map(|seed| scenario(seed, false)).collect();
    let mut broken = Vec::new();
    let mut hits = 0;
    for (scenario, played) in scenarios.iter().zip(play_all(&scenarios)) {
        match played {
            Ok(played) if played.came == Came::Through => hits += played.hits,
            Ok(Played { came, words, .. }) => {
                broken.push(format!("{}: came {came:?}: {words}", scenario.name));
            }
            Err(why) => broken.push(why),
        }
    }
    assert!(broken.is_empty(), "{} of {}:\n{}", broken.len(), scenarios.len(), broken.join("\n"));
    assert!(hits >= scenarios.len() as u64, "only {hits} requests were hit");
}

#[test]
fn g2_g3_whatever_ends_a_run_the_next_one_without_faults_completes_the_copy() {
    let scenarios: Vec<_> = seeds().into_iter().map(|seed| scenario(seed, true)).collect();
    let mut broken = Vec::new();
    let mut ended = 0;
    for played in play_all(&scenarios) {
        match played {
            Ok(played) => ended += usize::from(played.came != Came::Through),
            Err(why) => broken.push(why),
        }
    }
    assert!(broken.is_empty(), "{} of {}:\n{}", broken.len(), scenarios.len(), broken.join("\n"));
    assert!(ended > 0 || scenarios.len() < 20, "no sequence ended a run");
}
