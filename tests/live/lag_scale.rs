//! `strait lag` on a thousand partitions and two hundred groups, side by side with Kafka's own tool: whole
//! processes, wall clock and CPU. `scripts/bench-lag` runs it; figures stand in docs/performance.md.

use std::process::{Command, Stdio};
use std::time::Instant;

use crate::harness::admin::create_topic;
use crate::harness::live;
use crate::harness::node::java;
use crate::harness::produce::Writer;
use crate::harness::records::NewRecord;
use crate::harness::route::{LIMIT, Route};
use crate::harness::spec::Listener;
use crate::harness::strait::run;
use crate::harness::{maven, runtime};
use crate::lag_shows::{client, commit};

const TOPICS: usize = 50;
const PARTITIONS: i32 = 20;
const GROUPS: usize = 200;
const RUNS: usize = 5;

/// Returns user and system time of all children so far, in seconds.
fn children_cpu() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = text.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: f64 = fields[13].parse::<f64>().unwrap() + fields[14].parse::<f64>().unwrap();
    // Linux counts in hundredths on every platform this runs on.
    ticks / 100.0
}

/// Runs a command to its end several times; returns the median wall clock and the mean CPU.
fn measured(what: &str, mut command: impl FnMut() -> Command) -> (f64, f64) {
    let cpu = children_cpu();
    let mut walls: Vec<f64> = (0..RUNS)
        .map(|_| {
            let begun = Instant::now();
            let status = command().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
            // 10: nobody copies the second half, which is a stall half a minute later.
            assert!([Some(0), Some(10)].contains(&status.unwrap().code()), "{what}");
            begun.elapsed().as_secs_f64()
        })
        .collect();
    walls.sort_by(f64::total_cmp);
    #[expect(clippy::cast_precision_loss, reason = "a handful")]
    let cpu = (children_cpu() - cpu) / RUNS as f64;
    (walls[RUNS / 2], cpu)
}

#[test]
#[expect(clippy::disallowed_macros, reason = "the figures are what it is run for")]
#[ignore = "a measurement: scripts/bench-lag"]
fn lag_beside_consumer_groups() {
    live(|lab| {
        let route = Route::shared(lab).with(&format!("groups = [{:?}]", lab.topic("g-*")));
        let names: Vec<String> = (0..TOPICS).map(|number| lab.topic(&format!("t{number}"))).collect();
        let pattern = lab.topic("t*");
        let record = |partition| NewRecord {
            partition,
            value: Some(vec![b'x'; 200]),
            timestamp_ms: 1_700_000_000_000,
            ..NewRecord::default()
        };
        for name in &names {
            create_topic(route.source, name, PARTITIONS, &[("message.timestamp.after.max.ms", "3600000")]);
        }
        let fill = || {
            let writer = Writer::open(route.source, &[]);
            for name in &names {
                let records: Vec<NewRecord> = (0..PARTITIONS).flat_map(|p| [record(p), record(p)]).collect();
                writer.send(name, &records);
            }
            writer.flush();
        };
        fill();
        route.once(&[&pattern]).assert_code(0);
        fill();
        let config = route.config(&[&pattern]);
        runtime().block_on(async {
            let source = client(&config, "source").await;
            for group in 0..GROUPS {
                let offsets: Vec<(i32, i64)> = (0..PARTITIONS).map(|partition| (partition, 1)).collect();
                commit(&source, &lab.topic(&format!("g-{group}")), &names[group % TOPICS], &offsets).await;
            }
        });
        let document = run(&config, &["lag", "--format", "json"], LIMIT).assert_code(0);
        let document: serde_json::Value = serde_json::from_str(document.stdout.trim()).unwrap();
        assert_eq!(document["data"]["partitions"], 1000);
        assert_eq!(document["data"]["total_records"], 2000);
        assert_eq!(document["data"]["flows"][0]["groups"].as_array().unwrap().len(), GROUPS);
        let ours = measured("strait lag", || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_strait"));
            command.args(["lag", "--format", "json", "--config"]).arg(&config);
            command
        });
        let servers = route.source.bootstrap(Listener::Plaintext).join(",");
        let distribution = maven::distribution(route.source.spec.version).unwrap();
        let theirs = measured("kafka-consumer-groups", || {
            let mut command = java(&distribution, 256);
            command.arg("org.apache.kafka.tools.consumer.group.ConsumerGroupCommand");
            command.args(["--bootstrap-server", &servers, "--describe", "--all-groups"]);
            command
        });
        println!("{} partitions, {GROUPS} groups, median of {RUNS} runs, whole processes", 1000);
        println!("strait lag                                  {:6.2} s wall  {:6.2} s CPU", ours.0, ours.1);
        println!(
            "kafka-consumer-groups --all-groups          {:6.2} s wall  {:6.2} s CPU",
            theirs.0, theirs.1
        );
    });
}
