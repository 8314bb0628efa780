//! `strait failover` between real brokers: planned under traffic, and unplanned with the source killed.

use serde_json::Value;

use crate::groups_sync::{assert_reads_on, commit, with_groups};
use crate::harness::admin::create_topic;
use crate::harness::live;
use crate::harness::produce::produce;
use crate::harness::records::{Isolation, ends, mixed, read_all};
use crate::harness::route::{LIMIT, Route};
use crate::harness::spec::ClusterSpec;
use crate::harness::strait::run;

const SOON: &str = "[flows.NAME.limits]\ncheckpoint_interval = \"1s\"";

fn failover(route: &Route<'_>, topic: &str, more: &[&str], code: i32) -> Value {
    let arguments = [&["failover", "--format", "json"], more].concat();
    let finished = run(&route.config(&[topic]), &arguments, LIMIT).assert_code(code);
    serde_json::from_str(finished.stdout.trim()).unwrap()
}

#[test]
fn g1_g6_a_planned_failover_under_traffic_takes_all_and_groups_go_on_at_the_next_record() {
    live(|lab| {
        let (topic, group) = (lab.topic("t"), lab.topic("g"));
        let route = with_groups(Route::shared(lab), &group).with(SOON);
        create_topic(route.source, &topic, 2, &[]);
        produce(route.source, &topic, "lz4", &mixed(900, 300, 2));
        let mut running = route.start(&[&topic]);
        route.until_arrived(&mut running, &topic, 2, 300);
        let stopped = lab.work_dir().join("stopped");
        let command = format!("touch {}", stopped.display());
        let (written, done) = std::thread::scope(|scope| {
            let (source, stopped, topic) = (route.source, &stopped, &topic);
            let writing = scope.spawn(move || {
                let (mut written, deadline) = (300, std::time::Instant::now() + LIMIT);
                while !stopped.exists() && std::time::Instant::now() < deadline {
                    produce(source, topic, "lz4", &mixed(901, 20, 2));
                    written += 20;
                }
                written
            });
            commit(route.source, &group, topic, &[(0, 61), (1, 70)]);
            let more = ["--planned", "--yes", "--quiet-for", "1s", "--fence-cmd", &command];
            let done = failover(&route, topic, &more, 0);
            (writing.join(), done)
        });
        assert_eq!(done["data"]["missing"]["offsets"], 0);
        route.assert_same(&topic, written.unwrap());
        assert_reads_on(&route, &group, &topic, &[(0, 61), (1, 70)]);
        drop(running);
        route.once(&[&topic]).assert_code(1).assert_says(&["was ended", "--planned"]);
    });
}

#[test]
fn g2_g11_an_unplanned_failover_announces_what_a_killed_source_kept() {
    live(|lab| {
        let topic = lab.topic("t");
        let source = lab.start("source", ClusterSpec::one());
        let target = lab.start("target", ClusterSpec::one());
        let slow = "[flows.NAME.limits]\ncheckpoint_interval = \"200ms\"\nbandwidth = \"1 MiB/s\"";
        let route = Route::between(lab, &source, &target).with(slow);
        create_topic(route.source, &topic, 2, &[]);
        for seed in 0..4 {
            // More than a few answers hold.
            let mut records = mixed(910 + seed, 750, 2);
            records.iter_mut().for_each(|record| record.value = Some(vec![b'v'; 10_000]));
            produce(route.source, &topic, "none", &records);
        }
        let total = ends(route.source, &topic, 2);
        let mut running = route.start(&[&topic]);
        route.until_arrived(&mut running, &topic, 2, 100);
        running.until("its state tells the source's ends", LIMIT, |_| {
            let status = run(&route.config(&[&topic]), &["status", "--format", "json"], LIMIT).stdout;
            let status: Value = serde_json::from_str(status.trim()).unwrap();
            let partitions = status["data"]["flows"][0]["partitions"].as_array().cloned()?;
            let told: i64 = partitions.iter().filter_map(|partition| partition["source_end"].as_i64()).sum();
            (told == total).then_some(())
        });
        running.signal("STOP");
        source.node(1).kill();
        let plan = failover(&route, &topic, &["--unplanned", "--dry-run"], 10);
        let done = failover(&route, &topic, &["--unplanned", "--yes"], 10);
        let arrived = route.arrived(&topic);
        let missing = |document: &Value| document["data"]["missing"]["offsets"].as_i64().unwrap();
        assert!(arrived > 0 && arrived < total, "{arrived} of {total}");
        assert_eq!((missing(&plan), missing(&done)), (total - arrived, total - arrived));
        let before = read_all(route.target, &topic, Isolation::ReadUncommitted);
        running.signal("CONT");
        running.until("it finds out", LIMIT, |run| {
            (run.stdout().contains("partition_stopped") || run.stdout().contains("partition_failing"))
                .then_some(())
        });
        running.signal("TERM");
        let _ = running.finish(LIMIT);
        assert_eq!(read_all(route.target, &topic, Isolation::ReadUncommitted), before);
    });
}
