//! `strait lag` as operators, CI and monitoring use it: groups at both ends, a broker that is down, each
//! format, waiting, and how many requests it makes.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use strait::kafka::cluster::Cluster as Client;
use strait::kafka::groups::{self, Commit};
use strait::types::{TargetOffset, TopicPartition};

use crate::harness::admin::{create_replicated, create_topic, leader};
use crate::harness::produce::produce;
use crate::harness::records::NewRecord;
use crate::harness::route::{LIMIT, Route};
use crate::harness::spec::ClusterSpec;
use crate::harness::strait::{Finished, run};
use crate::harness::{live, runtime, wait};
use crate::lag_edges::{lag, row};

fn now_ms() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

fn records(count: usize, partition: i32) -> Vec<NewRecord> {
    let make = |number: usize| NewRecord {
        partition,
        value: Some(format!("record {number}").into_bytes()),
        timestamp_ms: now_ms() - 5_000,
        ..NewRecord::default()
    };
    (0..count).map(make).collect()
}

/// Opens a cluster of a configuration with Strait's own client.
pub async fn client(config: &Path, alias: &str) -> Client {
    let settings = strait::config::load(config, &|_| None).unwrap().settings;
    Client::open(Arc::new(settings.clusters[alias].clone())).await.unwrap()
}

/// Commits a group's offset, as an application without members does.
pub async fn commit(client: &Client, group: &str, topic: &str, offsets: &[(i32, i64)]) {
    let commits: Vec<Commit> = offsets
        .iter()
        .map(|(partition, offset)| Commit {
            partition: TopicPartition::new(topic, *partition),
            offset: TargetOffset(*offset),
            metadata: String::new(),
        })
        .collect();
    client.retrying(LIMIT, || groups::commit(client, group, &commits)).await.unwrap();
}

#[test]
fn groups_show_their_lag_at_both_ends_and_how_far_these_are_apart() {
    live(|lab| {
        let (one, two) = (lab.topic("one"), lab.topic("two"));
        let route = Route::shared(lab).with(&format!("groups = [{:?}]", lab.topic("*")));
        let topic = lab.topic("t");
        create_topic(route.source, &topic, 1, &[]);
        produce(route.source, &topic, "lz4", &records(100, 0));
        route.once(&[&topic]).assert_code(0);
        produce(route.source, &topic, "lz4", &records(20, 0));
        runtime().block_on(async {
            let config = route.config(&[&topic]);
            let (source, target) = (client(&config, "source").await, client(&config, "target").await);
            commit(&source, &one, &topic, &[(0, 70)]).await;
            commit(&target, &one, &topic, &[(0, 40)]).await;
            commit(&source, &two, &topic, &[(0, 120)]).await;
            // Not the flow's: another name.
            commit(&source, "other-group-of-nobody", &topic, &[(0, 1)]).await;
        });
        let document = lag(&route, &[&topic], &[], 0);
        let groups = document["data"]["flows"][0]["groups"].as_array().unwrap();
        let names: Vec<&Value> = groups.iter().map(|group| &group["group"]).collect();
        assert_eq!(names, [&json!(one), &json!(two)]);
        let figures = |group: &Value| {
            ["source_lag_records", "target_lag_records", "apart_records"].map(|name| group[name].clone())
        };
        assert_eq!(figures(&groups[0]), [json!(50), json!(60), json!(30)]);
        assert_eq!(figures(&groups[1]), [json!(0), Value::Null, Value::Null], "it never was at the target");
        let text = show(&route, &topic, &["--group", &one], 0).stdout;
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[1].split_whitespace().collect::<Vec<_>>(),
            ["FLOW", "GROUP", "STATE", "PARTS", "SOURCE-LAG", "TARGET-LAG", "APART", "STATUS"]
        );
        let cells: Vec<&str> = lines[2].split_whitespace().collect();
        assert_eq!(cells[1..], [&one, "Empty", "1", "50", "60", "30", "OK"]);
        assert_eq!(lines.len(), 3, "{text}");
    });
}

fn show(route: &Route<'_>, topic: &str, arguments: &[&str], code: i32) -> Finished {
    let mut all = vec!["lag"];
    all.extend(arguments);
    run(&route.config(&[topic]), &all, LIMIT).assert_code(code)
}

#[test]
fn g11_a_partition_without_leader_is_unknown_and_the_others_are_there() {
    live(|lab| {
        let source = lab.start("source", ClusterSpec::three());
        let target = lab.start("target", ClusterSpec::one());
        let route = Route::between(lab, &source, &target).impatient();
        let topic = lab.topic("t");
        create_replicated(&source, &topic, 3, 1, &[]);
        for partition in 0..3 {
            produce(&source, &topic, "lz4", &records(10, partition));
        }
        route.once(&[&topic]).assert_code(0);
        // Any but the first, which is the tests' own address.
        let lost = (0..3).find(|partition| leader(&source, &topic, *partition) != Some(1)).unwrap();
        source.node(leader(&source, &topic, lost).unwrap()).stop();
        wait::until("the partition to lose its leader", LIMIT, || {
            leader(&source, &topic, lost).is_none().then_some(())
        });
        let document = lag(&route, &[&topic], &["--timeout", "5s"], 11);
        for partition in 0..3 {
            let row = row(&document, &topic, partition);
            if partition == lost {
                assert_eq!((&row["status"], &row["lag_records"]), (&json!("UNKNOWN"), &Value::Null));
                assert!(row["reason"].as_str().unwrap().contains("LEADER_NOT_AVAILABLE"), "{row}");
            } else {
                assert_eq!((&row["status"], &row["lag_records"]), (&json!("OK"), &json!(0)), "{row}");
            }
        }
        assert_eq!((&document["data"]["unknown"], &document["data"]["partitions"]), (&json!(1), &json!(3)));
    });
}

#[test]
fn every_format_says_the_same_and_the_textfile_outlives_a_failure() {
    live(|lab| {
        let route = Route::shared(lab);
        let topic = lab.topic("t");
        create_topic(route.source, &topic, 2, &[("retention.ms", "604800000")]);
        route.once(&[&topic]).assert_code(0);
        produce(route.source, &topic, "lz4", &records(30, 1));
        let flow = route.flow();
        let text = show(&route, &topic, &[], 0).stdout;
        assert!(text.starts_with(&format!("{flow}: 30 records (~")), "{text}");
        let worst: Vec<&str> = text.lines().nth(2).unwrap().split_whitespace().collect();
        assert_eq!(worst[..7], [flow.as_str(), &topic, "1", "0", "30", "0", "30"]);
        assert!(worst[7].starts_with('~') && worst[8..] == ["-", "0.0%", "OK"], "{text}");
        let tsv = show(&route, &topic, &["--format", "tsv", "--sort", "name"], 0).stdout;
        let cells: Vec<&str> = tsv.lines().nth(1).unwrap().split('\t').collect();
        assert_eq!((cells.len(), cells[2], cells[8]), (15, "1", "30"), "{tsv}");
        let nagios = show(&route, &topic, &["--format", "nagios", "-w", "60"], 0).stdout;
        assert!(nagios.starts_with("LAG OK - ") && nagios.contains("'lag_records_max'=30;;;0"), "{nagios}");
        let warned = show(&route, &topic, &["--format", "nagios", "-w", "1", "-c", "9999"], 1).stdout;
        assert!(warned.starts_with("LAG WARNING - "), "{warned}");
        show(&route, &topic, &["--format", "nagios", "-c", "1"], 2);
        let junit = show(&route, &topic, &["--format", "junit", "-c", "1"], 10).stdout;
        assert!(junit.contains("tests=\"2\" skipped=\"0\" failures=\"1\" errors=\"0\""), "{junit}");
        let file = lab.work_dir().join("strait.prom");
        let told = ["--textfile", file.to_str().unwrap(), "-q"];
        let quiet = show(&route, &topic, &told, 0);
        assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""), "silent when all is well");
        let sample = |name: &str| {
            let text = std::fs::read_to_string(&file).unwrap();
            let line = text.lines().find(|line| line.starts_with(name)).map(str::to_owned);
            line.and_then(|line| line.rsplit(' ').next().unwrap().parse::<f64>().ok())
        };
        let partition =
            format!("strait_replication_lag_records{{flow=\"{flow}\",topic=\"{topic}\",partition=\"1\"}}");
        assert_eq!(sample(&partition), Some(30.0));
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o644);
        let success = sample("strait_lag_check_last_success_timestamp_seconds{").unwrap();
        // The same flow, and nobody at home.
        let config = std::fs::read_to_string(route.config(&[&topic])).unwrap();
        let dead = lab.work_dir().join("dead.toml");
        let address = route.source.bootstrap(crate::harness::spec::Listener::Plaintext)[0].clone();
        std::fs::write(&dead, config.replace(&address, "127.0.0.1:1")).unwrap();
        let mut arguments = vec!["lag"];
        arguments.extend(told);
        let failed = run(&dead, &arguments, LIMIT).assert_code(1);
        assert_eq!(failed.stderr.trim().lines().count(), 1, "one line otherwise: {}", failed.stderr);
        assert_eq!(sample("strait_lag_check_up{"), Some(0.0));
        assert_eq!(sample("strait_lag_check_last_success_timestamp_seconds{"), Some(success));
        assert_eq!(sample(&partition), None);
        arguments.extend(["--format", "nagios"]);
        let told = run(&dead, &arguments, LIMIT).assert_code(2).stdout;
        assert!(told.starts_with("LAG CRITICAL - ") && told.contains("cannot read"), "{told}");
    });
}

#[test]
fn waiting_ends_when_all_is_copied_or_the_time_is_over() {
    live(|lab| {
        let route = Route::shared(lab);
        let topic = lab.topic("t");
        create_topic(route.source, &topic, 1, &[]);
        route.once(&[&topic]).assert_code(0);
        produce(route.source, &topic, "lz4", &records(30, 0));
        let wait = ["--wait-below", "1", "--metric", "records", "--interval", "100ms"];
        let with = |timeout: &'static str| [&wait[..], &["--timeout", timeout]].concat();
        show(&route, &topic, &with("500ms"), 10).assert_says(&["not below 1 records"]);
        let document = lag(&route, &[&topic], &with("300ms"), 10);
        assert_eq!(document["status"], "bad", "the document says what the exit code says");
        let mut running = route.start(&[&topic]);
        let waited = show(&route, &topic, &with("60s"), 0);
        assert!(waited.stdout.contains("nothing waits"), "{}", waited.stdout);
        route.until_arrived(&mut running, &topic, 1, 30);
        crate::harness::route::terminate(running);
        // Two looks tell a trend.
        let document = lag(&route, &[&topic], &["--samples", "2", "--interval", "100ms"], 0);
        assert_eq!(row(&document, &topic, 0)["trend"], "steady");
    });
}

/// Counts requests by api in what `-vvv` logs.
fn requests(stderr: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for line in stderr.lines().filter(|line| line.contains("strait::kafka::connection")) {
        if let Some((_, rest)) = line.split_once(" api=") {
            *counts.entry(rest.split(' ').next().unwrap().to_owned()).or_default() += 1;
        }
    }
    counts
}

#[test]
fn the_number_of_requests_does_not_grow_with_partitions_or_groups() {
    live(|lab| {
        let ask = |name: &str, partitions: i32, groups: usize| {
            let route = Route::shared(lab).with(&format!("groups = [{:?}]", lab.topic(&format!("{name}-*"))));
            let topic = lab.topic(name);
            create_topic(route.source, &topic, partitions, &[]);
            route.once(&[&topic]).assert_code(0);
            for partition in 0..partitions {
                produce(route.source, &topic, "lz4", &records(3, partition));
            }
            runtime().block_on(async {
                let source = client(&route.config(&[&topic]), "source").await;
                for group in 0..groups {
                    commit(&source, &lab.topic(&format!("{name}-{group}")), &topic, &[(0, 1)]).await;
                }
            });
            let arguments = ["lag", "--format", "json", "-vvv", "--timeout", "10s"];
            let finished = run(&route.config(&[&topic]), &arguments, LIMIT).assert_code(0);
            let document: Value = serde_json::from_str(finished.stdout.trim()).unwrap();
            assert_eq!(document["data"]["total_records"], i64::from(partitions) * 3);
            assert_eq!(document["data"]["flows"][0]["groups"].as_array().unwrap().len(), groups);
            requests(&finished.stderr)
        };
        let (few, many) = (ask("few", 2, 1), ask("many", 24, 12));
        assert_eq!(few, many);
        assert_eq!(few["OffsetFetch"], 2, "one at each end: {few:?}");
        assert!(few.values().sum::<usize>() <= 30, "{few:?}");
    });
}

#[test]
fn watching_looks_again_until_it_is_told_to_stop() {
    live(|lab| {
        let route = Route::shared(lab);
        let topic = lab.topic("t");
        create_topic(route.source, &topic, 1, &[]);
        route.once(&[&topic]).assert_code(0);
        let arguments = ["lag", "--watch", "--interval", "50ms", "--format", "json"];
        let mut running = crate::harness::strait::start(&route.config(&[&topic]), &arguments);
        running.until("three looks", LIMIT, |run| (run.stdout().lines().count() >= 3).then_some(()));
        running.signal("INT");
        let finished = running.finish(Duration::from_secs(20)).assert_code(130);
        let trends: Vec<Value> = finished
            .stdout
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .map(|document| row(&document, &topic, 0)["trend"].clone())
            .collect();
        assert_eq!((&trends[0], &trends[1]), (&Value::Null, &json!("steady")));
    });
}
