//! Strait beside MirrorMaker 2 and a plain rdkafka loop, on real Apache Kafka: `scripts/bench-peers`.
#![allow(clippy::unwrap_used, clippy::cast_precision_loss, missing_docs)]

mod bed;
mod consume_produce;
mod copy;
mod distance;
mod fill;
mod latency;
mod measure;
mod options;
mod records;
mod relay;
mod sink;
mod table;
mod tools;
mod verify;

#[path = "../../tests/live/harness/mod.rs"]
mod harness;

use std::io::Write;
use std::time::{Duration, SystemTime};

use clap::Parser;

use bed::{Bed, Way};
use fill::{Filled, fill};
use options::{ChildCommand, Options, Tool, Workload};
use table::Row;
use tools::Job;

const WARM_UP_COPIES: u32 = 2;

fn main() {
    let options = Options::parse();
    if let Some(ChildCommand::Loop(args)) = &options.child {
        return consume_produce::run(args);
    }
    if let Err(why) = harness::maven::distribution(harness::maven::Version::V4_3) {
        panic!("Apache Kafka is needed: {why}");
    }
    describe_machine();
    let bed = Bed::start();
    match options.rtt {
        Some(round_trip) => distance(&bed, &options, round_trip),
        None if options.latency => latency(&bed, &options),
        None if options.verify => verifications(&bed, &options),
        None => copies(&bed, &options),
    }
}

/// Prints a line of results.
pub fn say(line: &str) {
    // A reader that went away does not need the rest.
    let _ = writeln!(std::io::stdout(), "{line}");
}

fn describe_machine() {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("\t: unknown");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let now = humantime::format_rfc3339_seconds(SystemTime::now());
    let (strait, kafka) = (env!("CARGO_PKG_VERSION"), harness::maven::Version::V4_3.as_str());
    let (_, rdkafka) = rdkafka::util::get_rdkafka_version();
    say(&format!(
        "{now} · {cores} cores, {} · Strait {strait}, Kafka and MM2 {kafka}, librdkafka {rdkafka}",
        model.trim_start_matches(['\t', ':', ' '])
    ));
}

fn workloads(options: &Options, default: &[Workload]) -> Vec<Workload> {
    if options.topics.is_empty() { default.to_vec() } else { options.topics.clone() }
}

fn tools(options: &Options, default: &[Tool]) -> Vec<Tool> {
    if options.only.is_empty() { default.to_vec() } else { options.only.clone() }
}

fn fill_all(bed: &Bed, options: &Options, default: &[Workload]) -> Vec<Filled> {
    let share = if options.quick { 10 } else { 1 };
    let workloads = workloads(options, default).into_iter();
    workloads.map(|workload| fill(&bed.source, workload, workload.records() / share, options.batch)).collect()
}

/// Copies each topic with each tool, near.
fn copies(bed: &Bed, options: &Options) {
    let filled = fill_all(bed, options, &[Workload::Lz4, Workload::Zstd, Workload::None, Workload::Small]);
    let tools = tools(options, &[Tool::Strait, Tool::Loop, Tool::Mm2Tuned, Tool::Mm2]);
    for topic in &filled {
        warm_up(bed, options, &filled, topic);
        let rows: Vec<Row> =
            tools.iter().map(|tool| runs(bed, options, *tool, &filled, topic, Way::Near)).collect();
        say(&format!("\n{}\n", table::copies(topic, &rows)));
    }
}

/// Copies each topic with each tool, with the source far, then the target.
fn distance(bed: &Bed, options: &Options, round_trip: Duration) {
    let filled = fill_all(bed, options, &[Workload::Lz4]);
    let tools = tools(options, &[Tool::Strait, Tool::Loop, Tool::Mm2Tuned]);
    for topic in &filled {
        warm_up(bed, options, &filled, topic);
        distance::compare(bed, topic, &tools, round_trip, |tool, way| {
            runs(bed, options, tool, &filled, topic, way)
        });
    }
}

/// Copies each topic with Strait, and verifies it.
fn verifications(bed: &Bed, options: &Options) {
    let filled = fill_all(bed, options, &[Workload::Lz4, Workload::Zstd, Workload::None, Workload::Small]);
    let keep: Vec<&str> = filled.iter().map(|one| one.workload.topic()).collect();
    for topic in &filled {
        warm_up(bed, options, &filled, topic);
        verify::compare(bed, options, topic, &keep);
    }
}

/// Measures from send to seen.
fn latency(bed: &Bed, options: &Options) {
    let tools = tools(options, &[Tool::Strait, Tool::Loop, Tool::Mm2]);
    let counted = Duration::from_secs(if options.quick { 10 } else { 60 });
    latency::compare(bed, &tools, counted, &options.memory);
}

/// Copies a topic unmeasured, so that the brokers' virtual machines have compiled what a copy needs.
fn warm_up(bed: &Bed, options: &Options, filled: &[Filled], topic: &Filled) {
    let keep: Vec<&str> = filled.iter().map(|one| one.workload.topic()).collect();
    for _ in 0..WARM_UP_COPIES {
        let took = copy::copy(bed, Tool::Strait, topic, Job::once(topic, Way::Near, &options.memory), &keep);
        say(&format!("  {} warm-up, not counted: {took}", topic.workload.topic()));
    }
}

/// Copies as often as asked for and takes the medians.
fn runs(bed: &Bed, options: &Options, tool: Tool, filled: &[Filled], topic: &Filled, way: Way) -> Row {
    let keep: Vec<&str> = filled.iter().map(|one| one.workload.topic()).collect();
    let job = Job::once(topic, way, &options.memory);
    let all: Vec<_> = (1..=options.runs)
        .map(|number| {
            let took = copy::copy(bed, tool, topic, job, &keep);
            say(&format!("  {} {way:?} {} {number}: {took}", job.topic, tool.title()));
            took
        })
        .collect();
    bed.clean(&keep);
    Row::new(tool, &all)
}
