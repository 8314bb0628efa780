//! `topics sync --fix-replication`: replicas are moved, throttled, and a move is taken back on Ctrl-C.

use crate::harness::admin::{create_replicated, create_topic, topic_config, wait_for_config};
use crate::harness::cluster::Cluster;
use crate::harness::produce::produce;
use crate::harness::records::mixed;
use crate::harness::strait::run;
use crate::harness::tools::{broker_config, cancel_moves};
use crate::harness::wait::until;
use crate::harness::{Lab, live};
use crate::topics_bed::{
    LIMIT, bed, begin_sync, config, config_more, grant, grant_cluster, plain, sync, throttling,
};

const LISTS: [&str; 2] = ["leader.replication.throttled.replicas", "follower.replication.throttled.replicas"];

/// Counts the replicas of each partition.
fn replicas(cluster: &Cluster, topic: &str) -> Vec<usize> {
    use rdkafka::consumer::{BaseConsumer, Consumer};
    let probe: BaseConsumer = cluster.client_config().create().unwrap();
    let metadata = probe.fetch_metadata(Some(topic), std::time::Duration::from_secs(10)).unwrap();
    metadata.topics()[0].partitions().iter().map(|one| one.replicas().len()).collect()
}

/// Waits until each partition has so many replicas: brokers learn of a change a moment after it was made.
fn wait_for_replicas(cluster: &Cluster, topic: &str, wanted: &[usize]) {
    until(&format!("{wanted:?} replicas of {topic}"), LIMIT, || {
        (replicas(cluster, topic) == wanted).then_some(())
    });
}

fn assert_no_throttle(cluster: &Cluster, topic: &str) {
    for list in LISTS {
        wait_for_config(cluster, topic, list, "");
    }
    for broker in 1..=3 {
        until(&format!("no throttled rate on broker {broker}"), LIMIT, || {
            (!broker_config(cluster, broker).contains("replication.throttled.rate")).then_some(())
        });
    }
}

fn two_topics(lab: &Lab) -> (String, String) {
    let (grows, shrinks) = (lab.topic("grows"), lab.topic("shrinks"));
    for topic in [&grows, &shrinks] {
        create_topic(&bed().source, topic, 3, &[("min.insync.replicas", "2")]);
    }
    create_replicated(&bed().target, &grows, 2, 1, &[]);
    create_replicated(&bed().target, &shrinks, 3, 3, &[]);
    (grows, shrinks)
}

#[test]
fn a_wrong_number_of_replicas_is_found_and_mended_on_request() {
    live(|lab| {
        let _alone = throttling();
        let target = &bed().target;
        grant(lab);
        grant_cluster();
        let (grows, shrinks) = two_topics(lab);
        let config = config(lab, "replication_factor = 2");
        let planned = sync(&config, &[]).assert_code(10);
        let text = plain(lab, &planned.stdout);
        for part in [
            "! grows\n    replication factor 1 in 2 partitions, 2 is wanted; replicas would move:",
            "! shrinks\n    replication factor 3 in 3 partitions, 2 is wanted",
            "try: --fix-replication moves them",
            "! grows\n    min.insync.replicas would be 2 with replication factor 1",
            "Plan: 0 to create, 2 to change, 0 to delete, 3 findings.",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
        let applied = sync(&config, &["--fix-replication", "--throttle", "10MB/s", "--apply"]).assert_code(0);
        let text = plain(lab, &applied.stdout);
        assert!(text.contains("replicas of 0"), "{text}");
        assert!(text.ends_with("Applied: 0 created, 2 changed, 0 deleted, 0 failed.\n"), "{text}");
        applied.assert_says(&["moving replicas: 5 of 5 partitions done"]);
        // The partition added after the moves has as many replicas as those.
        wait_for_replicas(target, &grows, &[2, 2, 2]);
        wait_for_replicas(target, &shrinks, &[2, 2, 2]);
        wait_for_config(target, &grows, "min.insync.replicas", "2");
        assert_no_throttle(target, &grows);
        assert_no_throttle(target, &shrinks);
        let rerun = sync(&config, &["--fix-replication", "--detailed-exitcode"]).assert_code(0);
        assert_eq!(rerun.stdout, "No changes.\n");
    });
}

#[test]
fn ctrl_c_takes_a_move_back_and_its_throttle_away() {
    live(|lab| {
        let _alone = throttling();
        let (source, target) = (&bed().source, &bed().target);
        grant(lab);
        grant_cluster();
        let topic = lab.topic("slow");
        create_topic(source, &topic, 1, &[]);
        create_replicated(target, &topic, 1, 1, &[]);
        // Far more than the throttle lets through while the test lasts.
        produce(target, &topic, "none", &mixed(7, 20_000, 1));
        let config = config(lab, "replication_factor = 3");
        let arguments = ["--fix-replication", "--throttle", "1kB/s", "--apply"];
        let mut running = begin_sync(&config, &arguments);
        running
            .until("the move", LIMIT, |run| run.stderr().contains("moving replicas: 0 of 1").then_some(()));
        until("the throttle", LIMIT, || {
            topic_config(target, &topic, LISTS[1]).filter(|list| list.starts_with("0:"))
        });
        running.signal("INT");
        let finished = running.finish(LIMIT).assert_code(130);
        assert!(finished.stdout.contains("0 failed, 1 not made (stopped)."), "{}", finished.stdout);
        finished.assert_says(&["stopping: taking moves of replicas back"]);
        wait_for_replicas(target, &topic, &[1]);
        assert_no_throttle(target, &topic);
        let mended = sync(&config, &["--fix-replication", "--apply"]).assert_code(0);
        assert!(mended.stdout.ends_with("1 changed, 0 deleted, 0 failed.\n"), "{}", mended.stdout);
        wait_for_replicas(target, &topic, &[3]);
    });
}

#[test]
fn g10_a_throttle_that_a_killed_run_left_is_told_of_and_taken_away() {
    live(|lab| {
        let _alone = throttling();
        let (source, target) = (&bed().source, &bed().target);
        grant(lab);
        grant_cluster();
        let topic = lab.topic("left");
        create_topic(source, &topic, 1, &[]);
        create_replicated(target, &topic, 1, 1, &[]);
        produce(target, &topic, "none", &mixed(7, 20_000, 1));
        let config = config(lab, "replication_factor = 3");
        let arguments = ["--fix-replication", "--throttle", "1kB/s", "--apply"];
        let mut running = begin_sync(&config, &arguments);
        running
            .until("the move", LIMIT, |run| run.stderr().contains("moving replicas: 0 of 1").then_some(()));
        running.signal("KILL");
        running.finish(LIMIT);
        // The brokers go on with the move, and while they do nothing is taken away.
        let moving = sync(&config, &["--clear-throttles"]).assert_code(0);
        assert_eq!(moving.stdout, "No changes.\n");
        cancel_moves(target, &lab.work_dir(), &topic);
        let config = config_more(lab, &[&topic], "");
        let told = sync(&config, &[]).assert_code(0);
        let text = plain(lab, &told.stdout);
        for part in ["its replicas are throttled", "--clear-throttles", "replication is limited on"] {
            assert!(text.contains(part), "{part}\n{text}");
        }
        let checked = run(&config, &["validate"], LIMIT);
        assert!(checked.stdout.contains("throttle-left"), "{}{}", checked.stdout, checked.stderr);
        let cleared = sync(&config, &["--clear-throttles", "--apply"]).assert_code(0);
        assert!(cleared.stdout.contains("0 deleted, 0 failed."), "{}", cleared.stdout);
        assert_no_throttle(target, &topic);
        let rerun = sync(&config, &["--clear-throttles", "--detailed-exitcode"]).assert_code(0);
        assert_eq!(rerun.stdout, "No changes.\n");
    });
}
