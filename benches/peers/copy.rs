//! One tool copies one topic once: what it took, start-up and steady state apart.

use std::fmt;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};

use crate::bed::{Bed, has_records, quiet_disk};
use crate::fill::{Filled, PARTITIONS};
use crate::harness::wait;
use crate::options::Tool;
use crate::tools::Job;

const LIMIT: Duration = Duration::from_secs(1800);
/// Offsets a partition may have at the target beside the records: markers of empty transactions that fence
/// an earlier owner. A batch has many more records, so the last one is still told apart.
const MARKERS_MAX: i64 = 8;
const ASK_LIMIT: Duration = Duration::from_secs(10);

/// Says what one copy took.
#[derive(Clone, Copy, Debug)]
pub struct Took {
    /// From the start of the process to the first record in the target's log.
    pub start_up: Duration,
    /// From the first record to the last.
    pub copying: Duration,
    /// From the start of the process to its end, or to the last record where it does not end.
    pub wall: Duration,
    /// Processor time up to the first record.
    pub cpu_start_up: Duration,
    /// Processor time in all.
    pub cpu: Duration,
    /// The peak of resident memory.
    pub peak_bytes: u64,
}

impl fmt::Display for Took {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "wall {:.2} s, start-up {:.2} s, copying {:.2} s, CPU {:.2} s ({:.2} s of it start-up), {:.0} MB",
            self.wall.as_secs_f64(),
            self.start_up.as_secs_f64(),
            self.copying.as_secs_f64(),
            self.cpu.as_secs_f64(),
            self.cpu_start_up.as_secs_f64(),
            self.peak_bytes as f64 / 1e6,
        )
    }
}

/// Runs the tool on a target without the topic.
pub fn copy(bed: &Bed, tool: Tool, filled: &Filled, job: Job<'_>, keep: &[&str]) -> Took {
    bed.clean(keep);
    quiet_disk();
    let topic = tool.target_topic(job.topic);
    let mut progress = Progress::new(bed, topic, filled);
    let mut process = tool.start(bed, job);
    let started = process.started;
    let (mut first, mut last) = (None, None);
    loop {
        let runs = process.runs();
        if first.is_none() && progress.begun() {
            first = Some((Instant::now(), process.cpu()));
        }
        if last.is_none() && first.is_some() && progress.complete() {
            last = Some(Instant::now());
        }
        if !runs || (last.is_some() && !tool.ends()) {
            break;
        }
        assert!(started.elapsed() < LIMIT, "{} still copies\n{}", tool.title(), process.last_words());
        wait::pause();
    }
    let (ended, cpu) = (Instant::now(), process.cpu());
    if tool.ends() {
        let status = process.reap();
        assert!(status.success(), "{}: {status}\n{}", tool.title(), process.last_words());
    }
    let words = || format!("{} ended before everything was copied\n{}", tool.title(), process.last_words());
    let last = last.unwrap_or_else(|| panic!("{}", words()));
    let (first, cpu_start_up) = first.unwrap_or_else(|| panic!("{}", words()));
    Took {
        start_up: first - started,
        copying: last - first,
        wall: if tool.ends() { ended - started } else { last - started },
        cpu_start_up,
        cpu,
        peak_bytes: process.peak_bytes,
    }
}

/// Follows the topic at the target with next to no load: files for the first record, one partition's end
/// offset at a time for the last.
struct Progress<'a> {
    bed: &'a Bed,
    client: BaseConsumer,
    topic: String,
    unfinished: Vec<(i32, i64)>,
}

impl<'a> Progress<'a> {
    fn new(bed: &'a Bed, topic: String, filled: &Filled) -> Self {
        let client = bed.target.client_config().create().unwrap();
        Self { bed, client, topic, unfinished: (0..).zip(filled.ends.iter().copied()).collect() }
    }

    fn begun(&self) -> bool {
        has_records(&self.bed.target, &self.topic, PARTITIONS)
    }

    fn complete(&mut self) -> bool {
        while let Some((partition, end)) = self.unfinished.last() {
            let Ok((_, high)) = self.client.fetch_watermarks(&self.topic, *partition, ASK_LIMIT) else {
                return false;
            };
            let more = high - *end;
            assert!(more <= MARKERS_MAX, "{}[{partition}] has {more} more than the source", self.topic);
            if high < *end {
                return false;
            }
            self.unfinished.pop();
        }
        true
    }
}
