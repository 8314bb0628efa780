//! One flow whose processes are started, killed, held and overtaken, step by step.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Mutex, RwLock};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::load::{TRIMMED_PARTITIONS, Topics};
use super::plan::Step;
use super::{EndOnDrop, pass};
use crate::harness::admin::delete_records_before;
use crate::harness::cluster::Cluster;
use crate::harness::route::LIMIT;
use crate::harness::strait::{Finished, Running, run, start};
use crate::harness::wait;

/// Why a partition may stop under these blows: only because another process took it over.
const EXPECTED_STOP: &str = "\"code\":\"fenced\"";
/// What a copy says where the target refuses transactional ids.
const UNFENCED: &str = "delivery is at-least-once under two owners";
/// Pause before a start that failed is tried again, in milliseconds.
const RETRY_MS: u64 = 700;
/// What a log holds behind its last record at most: markers of takeovers.
const MARKERS_MAX: i64 = 2_000;
/// Longest the last run may take for everything that is left.
const CATCH_UP: Duration = Duration::from_secs(180);

/// Holds one flow and what it copies.
pub struct Lane<'a> {
    /// Names it in reports.
    pub number: usize,
    /// What the plan was made from.
    pub seed: u64,
    /// Where records come from.
    pub source: &'a Cluster,
    /// Where records go.
    pub target: &'a Cluster,
    /// What is copied.
    pub topics: Topics,
    /// The configuration.
    pub config: PathBuf,
    /// What was done and what the processes said.
    pub log: Mutex<File>,
    /// Whether the target lets us own transactional ids.
    pub is_fenced: bool,
    /// Held for writing while a broker is down or leaders move.
    pub calm: &'a RwLock<()>,
    /// What each partition was trimmed before. A broker that is killed soon after has it all again.
    pub trimmed_before: [AtomicI64; TRIMMED_PARTITIONS as usize],
}

/// Counts what was done in a lane.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Processes killed.
    pub kills: usize,
    /// Of these, killed after they had told that they copy.
    pub kills_while_copying: usize,
    /// Processes that told that another one took a partition over.
    pub overtaken: usize,
    /// Partitions trimmed to what was copied.
    pub trims: usize,
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.kills += other.kills;
        self.kills_while_copying += other.kills_while_copying;
        self.overtaken += other.overtaken;
        self.trims += other.trims;
    }
}

impl Lane<'_> {
    /// Does the steps until they are done, time is up, or another lane is `broken`.
    pub fn go(&self, steps: &[Step], until: Option<Instant>, broken: &AtomicBool) -> Tally {
        let mut tally = Tally::default();
        let breaking = EndOnDrop(broken);
        for step in steps {
            let is_over = until.is_some_and(|until| Instant::now() > until);
            if is_over || broken.load(Ordering::Relaxed) {
                break;
            }
            self.take(*step, &mut tally);
        }
        // Nothing broke.
        std::mem::forget(breaking);
        tally
    }

    fn take(&self, step: Step, tally: &mut Tally) {
        let due = tally.kills + step.kills();
        self.note(&format!("{step:?}"));
        match step {
            Step::Kill { after } => self.start_and_kill(after, tally),
            Step::KillCopying { after } => {
                let running = self.start_copying();
                pass(after);
                self.kill(running, tally);
            }
            Step::Terminate { after } => self.terminate(after),
            Step::Overtaken { copies, held_after, overlap, killed_after } => {
                let mut first = if copies { self.start_copying() } else { self.start() };
                pass(held_after);
                first.signal("STOP");
                let second = self.start_copying();
                pass(overlap);
                first.signal("CONT");
                if started(&first.stdout()) {
                    first.until("the first one sees that it is not alone", LIMIT, |run| {
                        run.stdout().contains(EXPECTED_STOP).then_some(())
                    });
                    tally.overtaken += 1;
                }
                pass(killed_after);
                self.kill(second, tally);
                self.kill(first, tally);
            }
            Step::HalfOvertaken { held_after, killed_after, rest } => {
                let first = self.start();
                pass(held_after);
                first.signal("STOP");
                let second = self.start();
                pass(killed_after);
                self.kill(second, tally);
                first.signal("CONT");
                pass(rest);
                tally.overtaken += usize::from(first.stdout().contains(EXPECTED_STOP));
                self.kill(first, tally);
            }
            Step::Trim { partition } => {
                let _calm = self.calm.read().unwrap();
                if let Some(copied) = copied(self.target, &self.topics.trimmed, partition) {
                    delete_records_before(self.source, &self.topics.trimmed, partition, copied);
                    let index = usize::try_from(partition).unwrap();
                    self.trimmed_before[index].fetch_max(copied, Ordering::Relaxed);
                    tally.trims += 1;
                }
            }
        }
        // Some ended by themselves, for want of a broker.
        while tally.kills < due {
            self.start_and_kill(RETRY_MS, tally);
        }
    }

    fn start(&self) -> Running {
        start(&self.config, &["replicate", "--format", "json"])
    }

    fn start_and_kill(&self, after: u64, tally: &mut Tally) {
        let running = self.start();
        pass(after);
        self.kill(running, tally);
    }

    /// Starts it, again where a broker is down, until it copies.
    fn start_copying(&self) -> Running {
        let begin = Instant::now();
        loop {
            let mut running = self.start();
            while !running.has_ended() && begin.elapsed() < LIMIT {
                if started(&running.stdout()) {
                    return running;
                }
                wait::pause();
            }
            assert!(begin.elapsed() < LIMIT, "it does not come to copying: {}", running.stderr());
            assert_unreachable(&running.finish(LIMIT));
            pass(RETRY_MS);
        }
    }

    fn terminate(&self, after: u64) {
        let running = self.start();
        pass(after);
        running.signal("TERM");
        let finished = running.finish(LIMIT);
        self.inspect(&finished);
        // It may be ended before it has its signals in hand.
        let was_early = finished.code.is_none() && finished.stdout.is_empty();
        // Told to stop while a broker is down it says that some partitions were failing.
        let was_failing = finished.code == Some(1) && finished.stdout.contains("\"event\":\"stopping\"");
        if finished.code != Some(143) && !was_early && !was_failing {
            assert_unreachable(&finished);
        }
    }

    /// Kills a process and looks at what it said; it counts where it was still there.
    fn kill(&self, mut running: Running, tally: &mut Tally) {
        if !running.has_ended() {
            running.signal("KILL");
        }
        let finished = running.finish(LIMIT);
        self.inspect(&finished);
        // One that lost every partition to another ends, and says so.
        let was_replaced = finished.code == Some(1) && finished.stdout.contains(EXPECTED_STOP);
        if finished.code.is_none() {
            tally.kills += 1;
            tally.kills_while_copying += usize::from(started(&finished.stdout));
        } else if !was_replaced {
            assert_unreachable(&finished);
        }
    }

    /// Copies to the end offsets of now.
    pub fn catch_up(&self) {
        let finished = run(&self.config, &["replicate", "--once", "--format", "json"], CATCH_UP);
        self.inspect(&finished);
        // What is looked at then is what it wrote down.
        assert!(!finished.stdout.contains("could not be kept"), "lane {}: {finished:?}", self.number);
        finished.assert_code(0);
    }

    /// Writes down what was done or seen.
    pub fn note(&self, words: &str) {
        let now = jiff::Timestamp::now();
        writeln!(self.log.lock().unwrap(), "{now:.3} {words}").unwrap();
    }

    /// Sees to it that no partition stopped but for another owner, and that a copy says once that
    /// nobody is kept out where that is so.
    fn inspect(&self, finished: &Finished) {
        let Finished { code, stdout, stderr, .. } = finished;
        self.note(&format!("ended with {code:?}\n{stdout}{stderr}"));
        let stops = finished.stdout.lines().filter(|line| line.contains("\"event\":\"partition_stopped\""));
        let unexpected: Vec<_> = stops.filter(|line| !line.contains(EXPECTED_STOP)).collect();
        assert!(unexpected.is_empty(), "lane {}: {unexpected:#?}\n{finished:?}", self.number);
        let warnings = finished.stdout.matches(UNFENCED).count();
        let due = usize::from(!self.is_fenced && started(&finished.stdout));
        assert!(warnings >= due && warnings <= usize::from(!self.is_fenced), "{warnings}: {finished:?}");
        assert!(!finished.stderr.contains("panicked"), "lane {}: {finished:?}", self.number);
    }
}

/// Returns the source position behind the last record of a trimmed partition that stands at the target:
/// its records are numbered like its offsets.
pub fn copied(target: &Cluster, topic: &str, partition: i32) -> Option<i64> {
    let mut config = target.client_config();
    config.set("group.id", "strait-live-reader").set("enable.partition.eof", "true");
    let reader: BaseConsumer = config.create().unwrap();
    let mut from = TopicPartitionList::new();
    let metadata = reader.fetch_metadata(Some(topic), wait::LONG).unwrap();
    if metadata.topics()[0].partitions().is_empty() {
        // No process lived long enough to make it yet.
        return None;
    }
    from.add_partition_offset(topic, partition, Offset::OffsetTail(MARKERS_MAX)).unwrap();
    reader.assign(&from).unwrap();
    let (mut last, begin) = (None, Instant::now());
    loop {
        assert!(begin.elapsed() < wait::LONG, "the end of {topic}[{partition}] cannot be read");
        match reader.poll(Duration::from_millis(200)) {
            Some(Ok(message)) => {
                let value = std::str::from_utf8(message.payload().unwrap()).unwrap();
                last = Some(value.split(' ').next().unwrap().parse::<i64>().unwrap() + 1);
            }
            Some(Err(rdkafka::error::KafkaError::PartitionEOF(_))) => return last,
            // rdkafka reports lost connections here and goes on by itself; the deadline bounds it.
            Some(Err(_)) | None => {}
        }
    }
}

fn started(stdout: &str) -> bool {
    stdout.contains("\"event\":\"started\"")
}

/// Sees to it that a process that ended by itself could not reach a broker at its start.
#[track_caller]
fn assert_unreachable(finished: &Finished) {
    let is_start = finished.code == Some(1) && !started(&finished.stdout);
    assert!(is_start, "it ended by itself: {finished:?}");
}
