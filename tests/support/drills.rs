//! Drills as tests play them: by the library, on whatever clusters, with or without a liar between.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use strait::config::settings::{FlowSettings, Settings};
use strait::drill::names::DrillId;
use strait::drill::play::doors::Liars;
use strait::drill::play::error::{DrillError, in_words};
use strait::drill::play::hooks::Hooks;
use strait::drill::play::plan::{Load, Plan};
use strait::drill::play::played::Played;
use strait::drill::play::told::Told;
use strait::drill::play::{Drill, play, stage};
use strait::drill::scenario::Scenario;
use strait::drill::verdict::{Ceilings, Kept, Verdict};
use strait::kafka::cluster::Cluster;
use tokio::sync::mpsc;

/// Makes each drill of a test process another.
static MARK: AtomicU16 = AtomicU16::new(1);

/// A load that is over soon.
pub fn small() -> Load {
    Load {
        rate: 500,
        size: 100,
        partitions: 3,
        duration: Duration::from_secs(2),
        is_transactional: false,
        is_compacted: false,
    }
}

/// Plans a drill on the ends of the first flow of a configuration.
pub fn plan(settings: &Settings, scenario: Scenario, load: Load, seed: u64) -> Plan {
    let flow: &FlowSettings = settings.flows.values().next().unwrap();
    let of = |alias| Arc::new(settings.clusters[alias].clone());
    // Far in the future: no other drill takes what it makes for left behind.
    let mark = MARK.fetch_add(1, Ordering::Relaxed);
    let id = DrillId { over_by: u32::MAX, machine: 1, pid: std::process::id(), mark };
    Plan {
        id,
        scenario,
        of_flow: flow.name.clone(),
        flow: Plan::flow_of(&id, flow).unwrap(),
        source: of(&flow.source),
        target: of(&flow.target),
        load,
        ceilings: Ceilings::default(),
        seed,
        comes_back: true,
    }
}

/// Plays it.
pub async fn rehearse(plan: Plan, liars: Liars, hooks: Option<Arc<dyn Hooks>>) -> Result<Played, DrillError> {
    let (told, mut telling) = mpsc::channel::<Told>(64);
    tokio::spawn(async move { while telling.recv().await.is_some() {} });
    play(&Drill { plan, hooks, liars, told }).await
}

/// Takes away what a drill made; all of it has to go.
pub async fn clear(plan: &Plan) {
    for settings in [&plan.source, &plan.target] {
        let cluster = Cluster::open(settings.clone()).await.unwrap();
        assert_eq!(stage::clear(&cluster, &plan.id).await, [], "{}", settings.alias);
    }
}

/// Lists the promises that are broken, with their words.
pub fn broken(played: &Played) -> Vec<(&'static str, String)> {
    let promises = played.judged.promises.iter();
    promises
        .filter_map(|promise| match &promise.kept {
            Kept::No(why) => Some((promise.code, why.clone())),
            Kept::Yes | Kept::Unknown(_) => None,
        })
        .collect()
}

/// Asserts that a drill passed.
pub fn assert_passed(plan: &Plan, played: &Result<Played, DrillError>) {
    let name = format!("{} with seed {:x} ({})", plan.scenario.name(), plan.seed, plan.id);
    match played {
        Ok(played) => {
            let verdict = played.judged.verdict();
            let phases = &played.phases;
            assert_eq!(verdict, Verdict::Pass, "{name}: {:#?}\n{phases:#?}", played.judged.promises);
        }
        Err(error) => panic!("{name}: {}", in_words(error)),
    }
}
