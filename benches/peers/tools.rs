//! How each tool is told to copy one topic.

use std::fs;
use std::process::Command;

use crate::bed::{Bed, Way, log_dir, work_dir};
use crate::fill::{Filled, PARTITIONS};
use crate::harness::strait::Config;
use crate::harness::{admin, mirror_maker};
use crate::measure::Measured;
use crate::options::Tool;

/// Says what is to be copied, and for how long.
#[derive(Clone, Copy)]
pub struct Job<'a> {
    /// The topic at the source.
    pub topic: &'a str,
    /// Its codec.
    pub codec: &'a str,
    /// How the clusters are reached.
    pub way: Way,
    /// Whether the tool goes on behind the end, with records arriving one by one.
    pub follow: bool,
    /// Strait's `limits.memory`.
    pub memory: &'a str,
}

impl<'a> Job<'a> {
    /// Copies a filled topic once.
    pub fn once(filled: &Filled, way: Way, memory: &'a str) -> Self {
        let (topic, codec) = (filled.workload.topic(), filled.workload.codec());
        Self { topic, codec, way, follow: false, memory }
    }
}

impl Tool {
    /// Returns the topic's name at the target.
    pub fn target_topic(self, topic: &str) -> String {
        match self {
            Self::Strait | Self::Loop => topic.to_owned(),
            Self::Mm2 | Self::Mm2Tuned => format!("source.{topic}"),
        }
    }

    /// Tells whether the tool ends by itself when it has copied everything.
    pub fn ends(self) -> bool {
        matches!(self, Self::Strait | Self::Loop)
    }

    /// Starts the tool.
    pub fn start(self, bed: &Bed, job: Job<'_>) -> Measured {
        let log = log_dir().join(format!("{self:?}.log").to_lowercase());
        let command = match self {
            Self::Strait => strait(bed, job),
            Self::Loop => rdkafka_loop(bed, job),
            Self::Mm2 => mm2(bed, job, false),
            Self::Mm2Tuned => mm2(bed, job, true),
        };
        Measured::spawn(command, log)
    }
}

fn strait(bed: &Bed, job: Job<'_>) -> Command {
    let (source, target) = bed.servers(job.way);
    let more = format!("origin = \"any\"\n[flows.bench.limits]\nmemory = \"{}\"", job.memory);
    let config = Config::new()
        .cluster_at("source", &[source], "PLAINTEXT", "")
        .cluster_at("target", &[target], "PLAINTEXT", "")
        .flow("bench", &[job.topic], &more)
        .write(&work_dir());
    let mut command = Command::new(env!("CARGO_BIN_EXE_strait"));
    command.arg("replicate").arg("--config").arg(config);
    if !job.follow {
        command.arg("--once");
    }
    command
}

fn rdkafka_loop(bed: &Bed, job: Job<'_>) -> Command {
    admin::create_topic(&bed.target, job.topic, PARTITIONS, &[]);
    let (source, target) = bed.servers(job.way);
    let linger = if job.follow { "0" } else { "20" };
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg("loop").args(["--source", &source, "--target", &target, "--topic", job.topic]);
    command.args(["--codec", job.codec, "--linger-ms", linger]);
    if job.follow {
        command.arg("--follow");
    }
    command
}

fn mm2(bed: &Bed, job: Job<'_>, tuned: bool) -> Command {
    let (source, target) = bed.servers(job.way);
    let mut text = mirror_maker::properties(&source, &target, job.topic);
    if tuned {
        text += &tuning(job.codec);
    }
    let file = work_dir().join("mm2.properties");
    fs::write(&file, text).unwrap();
    mirror_maker::mirror_maker(&file)
}

/// As docs/performance.md has it: one task a core, large fetches and batches, the source's codec, and
/// socket buffers left to the system, which matters where the other end is far.
fn tuning(codec: &str) -> String {
    let consumer = [
        ("fetch.max.bytes", "52428800"),
        ("max.partition.fetch.bytes", "4194304"),
        ("max.poll.records", "5000"),
        ("receive.buffer.bytes", "-1"),
        ("check.crcs", "false"),
    ];
    let producer = [
        ("batch.size", "1000000"),
        ("linger.ms", "20"),
        ("buffer.memory", "134217728"),
        ("max.request.size", "8388608"),
        ("send.buffer.bytes", "-1"),
        ("compression.type", codec),
    ];
    let mut text = "tasks.max = 2\n".to_owned();
    for (key, value) in consumer {
        text += &format!("source->target.consumer.{key} = {value}\n");
    }
    for (key, value) in producer {
        text += &format!("target.producer.{key} = {value}\n");
    }
    text
}
