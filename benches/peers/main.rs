//! Strait beside MirrorMaker 2 and a plain rdkafka loop, on real Apache Kafka: `scripts/bench-peers`.
#![allow(clippy::unwrap_used, clippy::cast_precision_loss, missing_docs)]

mod bed;
mod consume_produce;
mod copy;
mod fill;
mod measure;
mod options;
mod records;
mod sink;
mod table;
mod tools;

#[path = "../../tests/live/harness/mod.rs"]
mod harness;

use std::io::Write;
use std::time::SystemTime;

use clap::Parser;

use bed::{Bed, Way};
use fill::{Filled, fill};
use options::{ChildCommand, Options, Tool, Workload};
use table::Row;
use tools::Job;

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
    copies(&bed, &options);
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
    let keep: Vec<&str> = filled.iter().map(|filled| filled.workload.topic()).collect();
    let tools = tools(options, &[Tool::Strait, Tool::Loop, Tool::Mm2Tuned, Tool::Mm2]);
    for filled in &filled {
        let job = Job {
            topic: filled.workload.topic(),
            codec: filled.workload.codec(),
            way: Way::Near,
            follow: false,
            memory: &options.memory,
        };
        let rows: Vec<Row> =
            tools.iter().map(|tool| runs(bed, *tool, filled, job, &keep, options.runs)).collect();
        say(&format!("\n{}\n", table::copies(filled, &rows)));
    }
    bed.clean(&keep);
}

/// Copies as often as asked for and takes the medians.
fn runs(bed: &Bed, tool: Tool, filled: &Filled, job: Job<'_>, keep: &[&str], count: u32) -> Row {
    let all: Vec<_> = (0..count)
        .map(|_| {
            let took = copy::copy(bed, tool, filled, job, keep);
            say(&format!("  {} {}: {took:?}", job.topic, tool.title()));
            took
        })
        .collect();
    Row::new(tool, &all)
}
