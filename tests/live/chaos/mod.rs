//! G1 to G6 under everything at once: processes killed, held and overtaken, brokers killed, leaders
//! moved, links cut, sources trimmed and compacted, while producers of every kind write.
//!
//! `scripts/chaos` runs the same for as long as one likes; see there for a seed that failed.

mod judge;
mod lane;
mod load;
mod peer;
mod plan;
mod tally;
mod weather;

use std::fs::File;
use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Mutex, RwLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use judge::{Judged, judge};
use lane::{Lane, Tally};
use load::{Ledger, OTHER_PARTITIONS, TRIMMED_PARTITIONS, Topics};
use plan::{Plan, Scale};
use weather::Weather;

use crate::harness::admin::create_topic;
use crate::harness::cluster::Cluster;
use crate::harness::maven::Version;
use crate::harness::spec::{ClusterSpec, LIMITED_PASSWORD, LIMITED_USER, Listener};
use crate::harness::strait::{Config, login};
use crate::harness::tools::allow;
use crate::harness::{Lab, live, live_on};

/// Lets time pass: here moments are what is chosen, not what is waited for.
#[allow(clippy::disallowed_methods, reason = "kills have to hit random moments")]
fn pass(milliseconds: u64) {
    std::thread::sleep(Duration::from_millis(milliseconds));
}

/// Holds the clusters of a storm and how the flows reach them.
struct Storm<'a> {
    lab: &'a Lab,
    source: &'a Cluster,
    target: &'a Cluster,
    /// The target's listener, and further lines of its table.
    target_side: (Listener, String),
    /// Whether the target lets us own transactional ids.
    is_fenced: bool,
    until: Option<Instant>,
}

impl Storm<'_> {
    /// Carries a plan out and judges what stands at the end.
    fn rage(&self, scale: Scale) -> Tally {
        let plan = Plan::new(scale);
        let file = self.lab.log_dir().join("plan.txt");
        std::fs::write(&file, plan.describe()).unwrap();
        say(&format!("{}: {scale:?}; the plan is in {}", self.lab.name, file.display()));
        let calm = RwLock::new(());
        let work_dir = self.lab.work_dir();
        let lanes: Vec<_> = (0..scale.lanes).map(|number| self.lane(number, scale.seed, &calm)).collect();
        let ledgers: Vec<_> = lanes.iter().map(|_| Ledger::default()).collect();
        let (source, target, is_target_proxied) = (self.source, self.target, self.is_fenced);
        let weather = Weather { source, target, is_target_proxied, calm: &calm, work_dir: &work_dir };
        let [written, calmed, broken] = [const { AtomicBool::new(false) }; 3];
        let begin = Instant::now();
        let (tally, damage) = std::thread::scope(|scope| {
            // End everything where one of them panics, too.
            let (end_writing, end_weather) = (EndOnDrop(&written), EndOnDrop(&calmed));
            for (lane, ledger) in lanes.iter().zip(&ledgers) {
                let (topics, seed, source, over) = (&lane.topics, scale.seed, self.source, &written);
                scope.spawn(move || load::write_idempotent(over, source, topics, ledger, seed));
                scope.spawn(move || load::write_transactions(over, source, topics, seed + 1));
                scope.spawn(move || load::write_plain(over, source, topics, seed + 2));
            }
            let blowing = scope.spawn(|| weather.blow(&plan.blows, &calmed));
            let (until, broken) = (self.until, &broken);
            let going: Vec<_> = lanes
                .iter()
                .zip(&plan.steps)
                .map(|(lane, steps)| scope.spawn(move || lane.go(steps, until, broken)))
                .collect();
            let ended: Vec<_> = going.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
            drop((end_writing, end_weather));
            let damage = blowing.join().unwrap();
            let mut tally = Tally::default();
            for ended in ended {
                tally += ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            }
            (tally, damage)
        });
        let stormed = begin.elapsed();
        let mut judged = Judged::default();
        for (lane, ledger) in lanes.iter().zip(&ledgers) {
            lane.catch_up();
            let found = judge(lane, ledger);
            judged.trimmed += found.trimmed;
            judged.compacted += found.compacted;
            judged.others += found.others;
            judged.map += found.map;
        }
        say(&format!(
            "{}: {tally:?}; {damage:?}; {judged:?}; {stormed:?}, {:?} in all",
            self.lab.name,
            begin.elapsed()
        ));
        tally
    }

    fn lane<'b>(&'b self, number: usize, seed: u64, calm: &'b RwLock<()>) -> Lane<'b> {
        let topics = Topics::of(number);
        create_topics(self.source, &topics);
        // Made by hand, so that it keeps what it is given.
        create_topic(self.target, &topics.compacted, 1, &[]);
        let dir = self.lab.work_dir().join(number.to_string());
        std::fs::create_dir_all(&dir).unwrap();
        let replication =
            format!("[flows.chaos{number}.provision]\nreplication_factor = {}", self.target.spec.brokers);
        let config = Config::new()
            .cluster("source", self.source, Listener::Proxied, "")
            .cluster("target", self.target, self.target_side.0, &self.target_side.1)
            .flow(&format!("chaos{number}"), &topics.all(), &replication)
            .write(&dir);
        let log = Mutex::new(File::create(self.lab.log_dir().join(format!("lane-{number}.log"))).unwrap());
        let (source, target, is_fenced) = (self.source, self.target, self.is_fenced);
        let trimmed_before = [const { AtomicI64::new(0) }; TRIMMED_PARTITIONS as usize];
        Lane { number, seed, source, target, topics, config, log, is_fenced, calm, trimmed_before }
    }
}

/// Makes a lane's topics at the source.
fn create_topics(source: &Cluster, topics: &Topics) {
    create_topic(source, &topics.trimmed, TRIMMED_PARTITIONS, &[]);
    create_topic(source, &topics.transactional, OTHER_PARTITIONS, &[]);
    create_topic(source, &topics.plain, OTHER_PARTITIONS, &[]);
    let compacted =
        [("cleanup.policy", "compact"), ("segment.ms", "1000"), ("min.cleanable.dirty.ratio", "0.01")];
    create_topic(source, &topics.compacted, 1, &compacted);
}

/// Sets a flag when it goes, also where a panic is why.
struct EndOnDrop<'a>(&'a AtomicBool);

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Says what happens, past the test harness's capture: a storm takes minutes.
fn say(words: &str) {
    let _ = writeln!(std::io::stderr(), "\n{words}");
}

fn seed() -> u64 {
    number_from("STRAIT_CHAOS_SEED").unwrap_or_else(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        now.as_secs() % 1_000_000
    })
}

fn number_from(variable: &str) -> Option<u64> {
    let value = std::env::var(variable).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{variable}={value} is not a number")))
}

/// Says how a test storms.
#[derive(Clone, Copy)]
struct Terms {
    version: Version,
    /// Of source and target.
    brokers: [u16; 2],
    kills: usize,
    lanes: usize,
    minutes: Option<u64>,
}

const NEWEST: Terms = Terms { version: Version::V4_3, brokers: [1, 3], kills: 200, lanes: 3, minutes: None };

/// Storms over two clusters of its own; `target` adds to what is asked of the second, `grant` returns
/// how it is written to, where that is not as anyone.
fn storm(
    lab: &Lab,
    terms: Terms,
    target: impl FnOnce(ClusterSpec) -> ClusterSpec,
    grant: impl FnOnce(&Cluster) -> Option<(Listener, String)>,
) {
    let Terms { version, brokers, kills, lanes, minutes } = terms;
    let spec = |count| ClusterSpec { brokers: count, ..ClusterSpec::one().version(version).proxied() };
    let source = lab.start("source", spec(brokers[0]));
    let target = lab.start("target", target(spec(brokers[1])));
    let limited = grant(&target);
    let is_fenced = limited.is_none();
    let target_side = limited.unwrap_or_else(|| (Listener::Proxied, String::new()));
    let until = minutes.map(|minutes| Instant::now() + Duration::from_secs(60 * minutes));
    let storm = Storm { lab, source: &source, target: &target, target_side, is_fenced, until };
    let scale = Scale { seed: seed(), kills, lanes, has_two_owners: is_fenced, brokers };
    let tally = storm.rage(scale);
    assert!(until.is_some() || tally.kills == kills, "{tally:?}");
    assert!(tally.kills_while_copying * 3 > tally.kills, "most were killed before they copied: {tally:?}");
    let overtakes = Plan::new(scale).overtakes() && until.is_none();
    assert!(!overtakes || tally.overtaken > 0, "no owner was overtaken: {tally:?}");
}

fn storm_on(terms: Terms) {
    live_on(&[terms.version], |lab| storm(lab, terms, |spec| spec, |_| None));
}

/// Lets a user do all that a copy needs but own transactional ids.
fn grant_all_but_ids(lab: &Lab, target: &Cluster) -> (Listener, String) {
    let operations = ["Describe", "DescribeConfigs", "Create", "Read", "Write"];
    let operations: Vec<&str> = operations.iter().flat_map(|operation| ["--operation", operation]).collect();
    let on = |what: &[&str]| {
        allow(target, LIMITED_USER, &[what, &["--resource-pattern-type", "prefixed"]].concat());
    };
    on(&[&operations[..], &["--topic", "chaos", "--topic", "strait.chaos"]].concat());
    on(&["--operation", "Read", "--group", "strait.chaos"]);
    (Listener::SaslPlaintext, login(lab, "SCRAM-SHA-256", (LIMITED_USER, LIMITED_PASSWORD)))
}

#[test]
fn g2_two_hundred_kills_lose_and_double_nothing() {
    storm_on(NEWEST);
}

#[test]
fn g2_kills_on_3_9_lose_and_double_nothing() {
    storm_on(Terms { version: Version::V3_9, brokers: [1, 1], kills: 30, lanes: 2, minutes: None });
}

#[test]
fn g2_kills_on_3_7_lose_and_double_nothing() {
    storm_on(Terms { version: Version::V3_7, brokers: [1, 1], kills: 30, lanes: 2, minutes: None });
}

#[test]
fn g2_kills_where_transactional_ids_are_refused_lose_and_double_nothing() {
    live(|lab| {
        let terms = Terms { brokers: [1, 1], kills: 30, lanes: 2, ..NEWEST };
        let secured = |spec: ClusterSpec| spec.listeners(&[Listener::SaslPlaintext]).authorizer();
        storm(lab, terms, secured, |target| Some(grant_all_but_ids(lab, target)));
    });
}

/// What scripts/chaos asks for.
fn terms_asked_for() -> Terms {
    let number = |variable, default| {
        let number = number_from(variable).unwrap_or(default);
        usize::try_from(number).expect("such a count fits the address space")
    };
    let brokers = u16::try_from(number("STRAIT_CHAOS_BROKERS", 3)).expect("that many brokers");
    Terms {
        brokers: [brokers; 2],
        kills: number("STRAIT_CHAOS_KILLS", 100_000),
        lanes: number("STRAIT_CHAOS_LANES", 3),
        minutes: number_from("STRAIT_CHAOS_MINUTES"),
        ..NEWEST
    }
}

#[test]
#[ignore = "for hours: scripts/chaos"]
fn g2_chaos_for_hours() {
    storm_on(terms_asked_for());
}

#[test]
#[ignore = "counts what a peer loses and doubles: scripts/chaos --peer mm2"]
fn chaos_on_mirror_maker() {
    let Terms { version, brokers, kills, .. } = terms_asked_for();
    live_on(&[version], |lab| {
        let spec = |count| ClusterSpec { brokers: count, ..ClusterSpec::one().version(version).proxied() };
        let (source, target) = (lab.start("source", spec(brokers[0])), lab.start("target", spec(brokers[1])));
        let scale = Scale { seed: seed(), kills, lanes: 1, has_two_owners: true, brokers };
        peer::contest(lab, (&source, &target), scale);
    });
}
