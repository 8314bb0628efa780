//! How long a start takes with many partitions: from the process to the first record and to the last
//! partition's. For docs/performance.md; run it with a release build:
//! `STRAIT_LIVE_BINARY=target/release/strait cargo test --test live start_time -- --ignored --nocapture`.

use std::io::Write;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::Lab;
use crate::harness::admin::create_topic;
use crate::harness::live;
use crate::harness::produce::produce;
use crate::harness::records::{NewRecord, mixed};
use crate::harness::route::{LIMIT, Route};
use crate::harness::spec::ClusterSpec;
use crate::harness::strait::{Running, start};

const PARTITIONS_PER_TOPIC: usize = 50;
const PATIENCE: Duration = Duration::from_secs(400);

/// Writes one record to each partition.
fn write_to_each(route: &Route<'_>, topics: &[String], round: i64) {
    let record = |partition| NewRecord {
        partition,
        value: Some(format!("round {round} partition {partition}").into_bytes()),
        timestamp_ms: 1_760_000_000_000 + round,
        ..NewRecord::default()
    };
    let records: Vec<_> = (0..i32::try_from(PARTITIONS_PER_TOPIC).unwrap()).map(record).collect();
    for topic in topics {
        produce(route.source, topic, "lz4", &records);
    }
}

/// Starts a copy and waits for a record of every partition; returns when the first and the last came.
fn time(route: &Route<'_>, topics: &str, count: i64) -> (Running, [Duration; 2]) {
    let arguments = ["replicate", "--format", "json", "--progress-interval", "100ms"];
    let config = route.config(&[topics]);
    let begin = Instant::now();
    let mut running = start(&config, &arguments);
    let mut until = |least: i64| {
        running.until(&format!("{least} records came"), PATIENCE, |run| {
            let out = run.stdout();
            let last = out.lines().rev().find(|line| line.contains("\"progress\""))?;
            let last: Value = serde_json::from_str(last).ok()?;
            (last["records"].as_i64()? >= least).then(|| begin.elapsed())
        })
    };
    let times = [until(1), until(count)];
    (running, times)
}

fn measure(lab: &Lab, partitions: usize) {
    let heap_mib = if partitions > 1_000 { 1_536 } else { ClusterSpec::one().heap_mib };
    let spec = || ClusterSpec { heap_mib, ..ClusterSpec::one() };
    let (source, target) = (lab.start("source", spec()), lab.start("target", spec()));
    let route = Route::between(lab, &source, &target);
    let topics: Vec<String> = (0..partitions.div_ceil(PARTITIONS_PER_TOPIC))
        .map(|number| lab.topic(&format!("many-{number}")))
        .collect();
    for topic in &topics {
        create_topic(&source, topic, i32::try_from(PARTITIONS_PER_TOPIC).unwrap(), &[]);
    }
    let count = i64::try_from(topics.len() * PARTITIONS_PER_TOPIC).unwrap();
    // Else the target's first use of transactional ids is measured, for which it makes a topic.
    let first = lab.topic("first");
    route.carries(&first, (1, &[]), 50, |source| produce(source, &first, "lz4", &mixed(1, 50, 1)));
    let ends = [("TERM", "after a stop"), ("KILL", "after a kill"), ("KILL", "")];
    let mut what = "with topics to make";
    for (round, (signal, next)) in (0..).zip(ends) {
        write_to_each(&route, &topics, round);
        let (running, [first, all]) = time(&route, &lab.topic("many-*"), count);
        let memory = running.peak_memory_bytes() >> 20;
        let words =
            format!("{count} partitions, {what}: first {first:.1?}, all {all:.1?}, peak {memory} MiB");
        let _ = writeln!(std::io::stderr(), "{words}");
        running.signal(signal);
        running.finish(LIMIT);
        what = next;
    }
}

#[test]
#[ignore = "measures, see docs/performance.md"]
fn start_time() {
    let partitions = std::env::var("STRAIT_START_PARTITIONS").map_or(300, |count| count.parse().unwrap());
    live(|lab| measure(lab, partitions));
}
