//! Drills on clusters in memory: each scenario passes, and each bug that is planted between the copy and a
//! cluster is found and named.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use strait::config::load_text;
use strait::config::settings::Settings;
use strait::config::source::SourceText;
use strait::drill::evidence::Leg;
use strait::drill::play::doors::Liars;
use strait::drill::play::hooks::{Doing, HookError, Hooks};
use strait::drill::play::plan::{Load, Plan};
use strait::drill::play::played::Played;
use strait::drill::scenario::Scenario;
use strait::sandbox::{Cluster, ClusterSpec};

use crate::support::drills::{assert_passed, broken, clear, plan, rehearse, small};
use crate::support::lies::{DoubleOne, DropOne, OldEpoch, ShiftOffset, SwapTwo};

struct Bed {
    clusters: [Arc<Cluster>; 2],
    settings: Settings,
}

impl Bed {
    async fn start() -> Self {
        let spec = || {
            ClusterSpec::new(3)
                .broker_config("auto.create.topics.enable", "false")
                .broker_config("group.initial.rebalance.delay.ms", "0")
        };
        let clusters = [
            Arc::new(Cluster::start(spec()).await.unwrap()),
            Arc::new(Cluster::start(spec()).await.unwrap()),
        ];
        let servers = |cluster: &Cluster| {
            cluster.addresses().iter().map(|address| format!("\"{address}\"")).collect::<Vec<_>>().join(",")
        };
        let [us, eu] = &clusters;
        let text = format!(
            "[clusters.us]\nbootstrap_servers = [{}]\n[clusters.eu]\nbootstrap_servers = [{}]\n\
             [flows.us-eu]\nsource = \"us\"\ntarget = \"eu\"\ntopics = [\"*\"]\n",
            servers(us),
            servers(eu)
        );
        let source = SourceText::new(Path::new("strait.toml").to_owned(), text);
        let settings = load_text(source, &|_| None).unwrap().settings;
        Self { clusters, settings }
    }
}

/// Stops and starts a broker at each end.
#[derive(Debug)]
struct Restart([Arc<Cluster>; 2]);

impl Hooks for Restart {
    fn strike(&self) -> Doing<'_> {
        Box::pin(async move {
            self.0.iter().for_each(|cluster| cluster.stop_broker(2).unwrap());
            Ok::<(), HookError>(())
        })
    }

    fn heal(&self) -> Doing<'_> {
        Box::pin(async move {
            self.0.iter().for_each(|cluster| cluster.start_broker(2).unwrap());
            Ok::<(), HookError>(())
        })
    }
}

/// Runs what need not be able to change threads.
fn play<T>(story: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let ended = runtime.block_on(story);
    runtime.shutdown_background();
    ended
}

/// Plays drills beside each other; most of a drill is waiting.
fn all_pass(drills: &[(Scenario, Load)]) {
    std::thread::scope(|scope| {
        for (number, (scenario, load)) in drills.iter().enumerate() {
            scope.spawn(move || {
                play(async {
                    let bed = Bed::start().await;
                    let plan = plan(&bed.settings, *scenario, *load, 7 + number as u64);
                    let restart: Option<Arc<dyn Hooks>> = (*scenario == Scenario::BrokerRestart)
                        .then(|| Arc::new(Restart(bed.clusters.clone())) as Arc<dyn Hooks>);
                    let played = rehearse(plan.clone(), Liars::default(), restart).await;
                    assert_passed(&plan, &played);
                    let played = played.unwrap();
                    assert_eq!(played.phases.iter().filter(|done| !done.is_good).count(), 0);
                    assert!(played.samples.len() > 4, "the timeline is there");
                    assert_eq!(
                        played.findings.switches.keys().copied().collect::<Vec<_>>(),
                        [Leg::Away, Leg::Back]
                    );
                    clear(&plan).await;
                });
            });
        }
    });
}

#[test]
fn g1_g2_g3_g6_a_lost_region_a_planned_switch_and_a_copy_that_is_killed_pass() {
    all_pass(&[
        (Scenario::RegionLoss, small()),
        (Scenario::PlannedSwitch, small()),
        (Scenario::ReplicatorCrash, small()),
    ]);
}

#[test]
fn g1_g2_g3_links_that_flap_or_narrow_and_brokers_that_restart_pass() {
    all_pass(&[
        (Scenario::LinkFlap, small()),
        (Scenario::SlowLink, small()),
        (Scenario::BrokerRestart, small()),
    ]);
}

#[test]
fn g5_transactions_pass_and_show_no_aborted_record() {
    let load = Load { is_transactional: true, ..small() };
    all_pass(&[(Scenario::RegionLoss, load), (Scenario::PlannedSwitch, load)]);
}

/// Plays with a liar and returns what was found broken. The drill does not fail back: what is lied about at
/// home is known when the application is away.
fn with_a_liar(scenario: Scenario, liars: impl FnOnce(&Plan) -> Liars) -> Played {
    play(async {
        let bed = Bed::start().await;
        let mut plan = plan(&bed.settings, scenario, small(), 1);
        plan.comes_back = false;
        plan.load.duration = Duration::from_secs(1);
        let liars = liars(&plan);
        rehearse(plan, liars, None).await.unwrap()
    })
}

fn codes(played: &Played) -> Vec<&'static str> {
    broken(played).into_iter().map(|(code, _)| code).collect()
}

#[test]
fn g1_a_record_dropped_by_the_copy_is_found_and_named() {
    let liar = std::sync::OnceLock::new();
    let played = with_a_liar(Scenario::PlannedSwitch, |plan| {
        let liar = liar.get_or_init(|| Arc::new(DropOne::of(plan.id.topic().as_str())));
        Liars { at_source: Some(liar.clone()), at_target: None }
    });
    let (partition, _) = liar.get().unwrap().told().unwrap();
    let broken = broken(&played);
    assert_eq!(broken[0].0, "no_silent_loss", "{broken:?}");
    assert!(broken[0].1.starts_with("1 record: number "), "{broken:?}");
    assert!(broken[0].1.contains(&format!("of partition {partition}, offset ")), "{broken:?}");
}

#[test]
fn g2_a_record_doubled_by_the_copy_is_found_and_named() {
    let liar = std::sync::OnceLock::new();
    let played = with_a_liar(Scenario::PlannedSwitch, |plan| {
        let liar = liar.get_or_init(|| Arc::new(DoubleOne::of(plan.id.topic().as_str())));
        Liars { at_source: None, at_target: Some(liar.clone()) }
    });
    let partition = liar.get().unwrap().told().unwrap();
    let broken = broken(&played);
    let doubled = broken.iter().find(|(code, _)| *code == "nothing_doubled");
    let doubled = &doubled.unwrap_or_else(|| panic!("{broken:?}")).1;
    assert!(
        doubled.starts_with("at the target: 1 record: ")
            && doubled.ends_with(&format!("of partition {partition}")),
        "{doubled}"
    );
}

#[test]
fn g3_two_records_swapped_by_the_copy_are_found_and_named() {
    let liar = std::sync::OnceLock::new();
    let played = with_a_liar(Scenario::PlannedSwitch, |plan| {
        let liar = liar.get_or_init(|| Arc::new(SwapTwo::of(plan.id.topic().as_str())));
        Liars { at_source: Some(liar.clone()), at_target: None }
    });
    assert!(liar.get().unwrap().told().is_some());
    assert!(codes(&played).contains(&"nothing_reordered"), "{:?}", broken(&played));
}

#[test]
fn g6_a_translated_offset_that_is_one_too_far_is_found_and_named() {
    let liar = std::sync::OnceLock::new();
    let played = with_a_liar(Scenario::RegionLoss, |plan| {
        let group = plan.id.group();
        let liar = liar.get_or_init(|| Arc::new(ShiftOffset::of(&group, plan.id.topic().as_str(), 1)));
        Liars { at_source: None, at_target: Some(liar.clone()) }
    });
    assert!(liar.get().unwrap().told().is_some());
    let broken = broken(&played);
    // Commits that came later were not carried over, so what is one too far is still before the last one.
    let inexact = broken.iter().find(|(code, _)| *code == "offsets_exact");
    let inexact = &inexact.unwrap_or_else(|| panic!("{broken:?}")).1;
    assert!(inexact.starts_with("partition 1: ") && !inexact.contains(';'), "{inexact}");
}

#[test]
fn g2_a_takeover_with_an_old_epoch_is_no_takeover_and_named() {
    let played = with_a_liar(Scenario::RegionLoss, |plan| {
        let from = usize::try_from(plan.load.partitions).unwrap() + 1;
        Liars { at_source: None, at_target: Some(Arc::new(OldEpoch::from(from))) }
    });
    let broken = broken(&played);
    let failed = broken.iter().find(|(code, _)| *code == "failed_over");
    let failed = &failed.unwrap_or_else(|| panic!("{broken:?}")).1;
    assert!(failed.contains("cannot be taken over"), "{failed}");
}
