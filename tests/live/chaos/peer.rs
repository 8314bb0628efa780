//! The same plan carried out on MirrorMaker 2 in its default set-up, with the same producers, and a count
//! of what became of their records.
//!
//! It takes about ten times as long to start, so what is measured from a start, and the pauses between
//! blows, are stretched tenfold: kills and blows hit as many places of its life.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};

use super::lane::copied;
use super::load::{Ledger, OTHER_PARTITIONS, TRIMMED_PARTITIONS, Topics, number_of};
use super::plan::{Plan, Scale, Step};
use super::tally::{Difference, compare};
use super::weather::Weather;
use super::{EndOnDrop, load, pass, say};
use crate::harness::Lab;
use crate::harness::admin::{create_topic, delete_records_before};
use crate::harness::cluster::Cluster;
use crate::harness::mirror_maker::{mirror_maker, properties};
use crate::harness::records::{Isolation, Record, read_all};
use crate::harness::route::LIMIT;
use crate::harness::spec::Listener;
use crate::harness::strait::{Running, spawn};
use crate::harness::wait;

/// How much longer it takes to start.
const STRETCH: u64 = 10;
/// Longest a life may take until records flow; beyond it is killed, and counted as stuck.
const FLOW_LIMIT: Duration = Duration::from_secs(120);
/// Longest the last life may take for all that is left.
const CATCH_UP: Duration = Duration::from_secs(300);

/// Counts what was done.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lives {
    /// Processes killed with SIGKILL.
    pub kills: usize,
    /// Of these, after records had come.
    pub kills_while_copying: usize,
    /// Processes through which nothing came within [`FLOW_LIMIT`].
    pub stuck: usize,
    /// Processes that ended by themselves.
    pub ended: usize,
    /// Partitions trimmed to what was copied.
    pub trims: usize,
}

/// Holds the flow.
struct Peer<'a> {
    source: &'a Cluster,
    target: &'a Cluster,
    topics: Topics,
    properties: PathBuf,
    log: File,
    calm: &'a RwLock<()>,
    /// Asks for the target's end offsets.
    probe: BaseConsumer,
    /// The most records ever seen at the target.
    seen: AtomicI64,
    lives: Lives,
}

/// Names a topic as it is called at the target.
fn renamed(topic: &str) -> String {
    format!("source.{topic}")
}

/// Carries the plan out and says what came of it.
pub fn contest(lab: &Lab, (source, target): (&Cluster, &Cluster), scale: Scale) {
    let plan = Plan::new(scale);
    std::fs::write(lab.log_dir().join("plan.txt"), plan.describe()).unwrap();
    say(&format!("{}: MirrorMaker 2, {scale:?}", lab.name));
    let topics = Topics::of(0);
    super::create_topics(source, &topics);
    // Made by hand, so that it keeps what it is given.
    create_topic(target, &renamed(&topics.compacted), 1, &[]);
    let calm = RwLock::new(());
    let (ledger, work_dir) = (Ledger::default(), lab.work_dir());
    let mut peer = Peer::new(lab, (source, target), topics.clone(), &calm);
    let weather = Weather { source, target, is_target_proxied: true, calm: &calm, work_dir: &work_dir };
    let blows: Vec<_> = plan.blows.iter().map(|(pause, blow)| (pause * STRETCH, *blow)).collect();
    let [written, calmed] = [const { AtomicBool::new(false) }; 2];
    let begin = Instant::now();
    let damage = std::thread::scope(|scope| {
        let (end_writing, end_weather) = (EndOnDrop(&written), EndOnDrop(&calmed));
        scope.spawn(|| load::write_idempotent(&written, source, &topics, &ledger, scale.seed));
        scope.spawn(|| load::write_transactions(&written, source, &topics, scale.seed + 1));
        scope.spawn(|| load::write_plain(&written, source, &topics, scale.seed + 2));
        let blowing = scope.spawn(|| weather.blow(&blows, &calmed));
        plan.steps[0].iter().for_each(|step| peer.take(*step));
        drop((end_writing, end_weather));
        blowing.join().unwrap()
    });
    let is_through = peer.catch_up();
    let lives = peer.lives;
    say(&format!(
        "{}: {lives:?}; {damage:?}; caught up: {is_through}; {:?} in all",
        lab.name,
        begin.elapsed()
    ));
    for (topic, difference) in differences(&peer, &ledger) {
        say(&format!("{topic}: {difference:?}"));
    }
    assert_eq!(lives.kills + lives.ended, scale.kills);
}

impl<'a> Peer<'a> {
    fn new(
        lab: &Lab,
        (source, target): (&'a Cluster, &'a Cluster),
        topics: Topics,
        calm: &'a RwLock<()>,
    ) -> Self {
        let address = |cluster: &Cluster| cluster.bootstrap(Listener::Proxied).join(",");
        // Else it would have the target's copy compacted, too, which hides what was lost or doubled.
        let text = properties(&address(source), &address(target), &topics.all().join(","))
            + "source->target.sync.topic.configs.enabled = false\n";
        let properties = lab.work_dir().join("mm2.properties");
        std::fs::write(&properties, text).unwrap();
        let log = File::create(lab.log_dir().join("mm2.log")).unwrap();
        let probe = target.client_config().create().unwrap();
        let (seen, lives) = (AtomicI64::new(0), Lives::default());
        Self { source, target, topics, properties, log, calm, probe, seen, lives }
    }

    fn take(&mut self, step: Step) {
        writeln!(self.log, "--- {step:?}").unwrap();
        match step {
            Step::Kill { after } => {
                let running = self.start();
                pass(after * STRETCH);
                self.kill(running, false);
            }
            Step::KillCopying { after } => {
                let (running, flows) = self.start_copying();
                pass(after);
                self.kill(running, flows);
            }
            Step::Terminate { after } => {
                let running = self.start();
                pass(after * STRETCH);
                self.terminate(running);
            }
            Step::Overtaken { copies, held_after, overlap, killed_after } => {
                let (first, flows) = if copies { self.start_copying() } else { (self.start(), false) };
                pass(if copies { held_after } else { held_after * STRETCH });
                first.signal("STOP");
                let (second, others) = self.start_copying();
                pass(overlap);
                first.signal("CONT");
                pass(killed_after * STRETCH);
                self.kill(second, others);
                self.kill(first, flows);
            }
            Step::HalfOvertaken { held_after, killed_after, rest } => {
                let first = self.start();
                pass(held_after * STRETCH);
                first.signal("STOP");
                let second = self.start();
                pass(killed_after * STRETCH);
                self.kill(second, false);
                first.signal("CONT");
                pass(rest * STRETCH);
                self.kill(first, false);
            }
            Step::Trim { partition } => {
                let _calm = self.calm.read().unwrap();
                if let Some(copied) = copied(self.target, &renamed(&self.topics.trimmed), partition) {
                    delete_records_before(self.source, &self.topics.trimmed, partition, copied);
                    self.lives.trims += 1;
                }
            }
        }
    }

    fn start(&self) -> Running {
        self.records();
        spawn(mirror_maker(&self.properties))
    }

    /// Starts it and waits until records come; says whether they did.
    fn start_copying(&mut self) -> (Running, bool) {
        let mut running = self.start();
        let (before, begin) = (self.records(), Instant::now());
        while begin.elapsed() < FLOW_LIMIT && !running.has_ended() {
            if self.records() > before {
                return (running, true);
            }
            wait::pause();
        }
        self.lives.stuck += 1;
        (running, false)
    }

    /// Returns how many records were seen at the target; brokers that are down do not make it less.
    fn records(&self) -> i64 {
        let partitions = [TRIMMED_PARTITIONS, 1, OTHER_PARTITIONS, OTHER_PARTITIONS];
        let mut sum = 0;
        for (topic, partitions) in self.topics.all().iter().zip(partitions) {
            for partition in 0..partitions {
                let ends = self.probe.fetch_watermarks(&renamed(topic), partition, Duration::from_secs(1));
                let Ok((_, end)) = ends else { return self.seen.load(Ordering::Relaxed) };
                sum += end.max(0);
            }
        }
        self.seen.fetch_max(sum, Ordering::Relaxed).max(sum)
    }

    fn kill(&mut self, mut running: Running, flowed: bool) {
        if running.has_ended() {
            self.lives.ended += 1;
        } else {
            running.signal("KILL");
            self.lives.kills += 1;
            self.lives.kills_while_copying += usize::from(flowed);
        }
        self.note(running);
    }

    /// Has it stop as an operator does; one that does not is killed.
    fn terminate(&mut self, mut running: Running) {
        if !running.has_ended() {
            running.signal("TERM");
        }
        let begin = Instant::now();
        while !running.has_ended() && begin.elapsed() < LIMIT / 2 {
            wait::pause();
        }
        if !running.has_ended() {
            running.signal("KILL");
        }
        self.note(running);
    }

    fn note(&mut self, running: Running) {
        let finished = running.finish(LIMIT);
        writeln!(self.log, "ended with {:?}\n{}{}", finished.code, finished.stdout, finished.stderr).unwrap();
    }

    /// Lets it run until the last committed record of each partition has come; says whether they have.
    fn catch_up(&mut self) -> bool {
        let lasts: Vec<(String, i32, Record)> = self
            .topics
            .all()
            .iter()
            .flat_map(|topic| {
                let read = read_all(self.source, topic, Isolation::ReadCommitted);
                read.into_iter()
                    .filter_map(|(partition, mut records)| Some((renamed(topic), partition, records.pop()?)))
            })
            .collect();
        let (running, begin) = (self.start(), Instant::now());
        let mut left: BTreeSet<usize> = (0..lasts.len()).collect();
        while !left.is_empty() && begin.elapsed() < CATCH_UP {
            pass(3_000);
            let topics: BTreeSet<&String> = left.iter().map(|index| &lasts[*index].0).collect();
            let read: BTreeMap<_, _> = topics
                .into_iter()
                .map(|topic| (topic, read_all(self.target, topic, Isolation::ReadUncommitted)))
                .collect();
            left.retain(|index| {
                let (topic, partition, last) = &lasts[*index];
                let is_last = |record: &Record| (&record.key, &record.value) == (&last.key, &last.value);
                !read[topic].get(partition).is_some_and(|records| records.iter().any(is_last))
            });
        }
        self.terminate(running);
        left.is_empty()
    }
}

/// Compares each topic by what its producers were told, or by what the source holds.
fn differences(peer: &Peer<'_>, ledger: &Ledger) -> Vec<(String, Difference)> {
    let mut all = Vec::new();
    for topic in peer.topics.all() {
        let source = read_all(peer.source, topic, Isolation::ReadCommitted);
        let target = read_all(peer.target, &renamed(topic), Isolation::ReadUncommitted);
        let mut difference = Difference::default();
        for (partition, found) in &target {
            let values = |records: &[Record]| -> Vec<Vec<u8>> {
                records.iter().map(|record| record.value.clone().unwrap()).collect()
            };
            let numbers = |records: &[Record]| -> Vec<Vec<u8>> {
                records.iter().map(|record| number_of(record).to_be_bytes().to_vec()).collect()
            };
            let all = |count: u64| (0..count).map(|number| number.to_be_bytes().to_vec()).collect::<Vec<_>>();
            difference += if *topic == peer.topics.trimmed {
                compare(&all(ledger.trimmed(*partition)), &numbers(found))
            } else if *topic == peer.topics.compacted {
                let found = numbers(found);
                compare(&due(ledger, &source[partition], &found), &found)
            } else {
                compare(&values(&source[partition]), &values(found))
            };
        }
        all.push((topic.to_owned(), difference));
    }
    all
}

/// Lists the numbers that a copy of the compacted topic must have: each key's newest, and what the source
/// still holds. What else came before it was compacted is as it should be.
fn due(ledger: &Ledger, source: &[Record], found: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let newest: HashMap<Vec<u8>, u64> =
        (0..ledger.compacted()).map(|number| (Ledger::key(number), number)).collect();
    let newest = newest.into_values().filter(|number| ledger.compacted_record(*number).value.is_some());
    let mut due: BTreeSet<Vec<u8>> = newest.map(|number| number.to_be_bytes().to_vec()).collect();
    due.extend(source.iter().map(|record| number_of(record).to_be_bytes().to_vec()));
    due.extend(found.iter().cloned());
    due.into_iter().collect()
}
