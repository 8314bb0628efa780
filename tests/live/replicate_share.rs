//! G2 and G9: several processes share one flow's partitions; they come, stop, die, freeze and thaw.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use serde_json::Value;

use crate::harness::admin::{create_topic, delete_topic, grow_topic};
use crate::harness::certificates::certificates;
use crate::harness::maven::Version;
use crate::harness::produce::produce;
use crate::harness::records::{ends, mixed};
use crate::harness::route::{LIMIT, Route, terminate};
use crate::harness::shared::{shared_pair, shared_secure};
use crate::harness::spec::{ClusterSpec, LIMITED_PASSWORD, LIMITED_USER, Listener};
use crate::harness::strait::{Running, login, start};
use crate::harness::tools::allow;
use crate::harness::traffic::{EndOnDrop, write_until};
use crate::harness::{Lab, live, live_on, wait};

const PARTITIONS: i32 = 12;
/// The shortest that brokers take unless set up otherwise.
const SESSION: &str = "[flows.NAME.limits]\nsession_timeout = \"6s\"\ndiscovery_interval = \"1s\"";

/// Holds one of the processes.
struct Worker(Running);

impl Worker {
    fn start(route: &Route<'_>, topics: &[&str]) -> Self {
        let arguments = ["replicate", "--share", "--format", "json", "--progress-interval", "100ms"];
        Self(start(&route.config(topics), &arguments))
    }

    /// Returns a number from the newest line of one kind.
    fn newest(&self, event: &str, field: &str) -> Option<i64> {
        let out = self.0.stdout();
        let lines = out.lines().rev().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.filter(|line| line["event"] == event).find_map(|line| line[field].as_i64())
    }

    /// Returns how many partitions it says are its own.
    fn share(&self) -> i64 {
        self.newest("shared", "partitions").unwrap_or(0)
    }

    /// Waits until it has copied more than it had.
    fn copies_on(&mut self) {
        let before = self.newest("progress", "records").unwrap_or(0);
        self.0.until("it copies more", LIMIT, |run| {
            // The newest line is looked for each time anew.
            let out = run.stdout();
            let last = out.lines().rev().find(|line| line.contains("\"progress\""))?;
            let last: Value = serde_json::from_str(last).ok()?;
            (last["records"].as_i64()? > before).then_some(())
        });
    }
}

/// Waits until the processes have all partitions between them, each `least` or more.
fn until_shared(workers: &[&Worker], least: i64) {
    until_all_shared(workers, PARTITIONS, least);
}

/// Does the same with another number of partitions.
fn until_all_shared(workers: &[&Worker], partitions: i32, least: i64) {
    let shares = || workers.iter().map(|worker| worker.share()).collect::<Vec<_>>();
    wait::until("the partitions to be shared", LIMIT, || {
        let shares = shares();
        let done = shares.iter().sum::<i64>() == i64::from(partitions) && shares.iter().all(|s| *s >= least);
        done.then_some(())
    });
}

/// Has three processes share a topic that is written to; they come, stop, die and freeze.
fn share(lab: &Lab, route: &Route<'_>) {
    let topic = lab.topic("t");
    create_topic(route.source, &topic, PARTITIONS, &[]);
    let (produced, over) = (AtomicI64::new(0), AtomicBool::new(false));
    let topics = [topic.as_str()];
    let last = std::thread::scope(|scope| {
        let writing = scope.spawn(|| write_until(&over, route.source, (&topic, PARTITIONS), &produced));
        let end = EndOnDrop(&over);
        // Whatever was written by now arrives, whoever copies it.
        let flows_on = |worker: &mut Worker| {
            let written = produced.load(Ordering::Relaxed);
            route.until_arrived(&mut worker.0, &topic, PARTITIONS, written);
        };
        let mut first = Worker::start(route, &topics);
        until_shared(&[&first], 12);
        flows_on(&mut first);

        let mut second = Worker::start(route, &topics);
        until_shared(&[&first, &second], 6);
        first.copies_on();
        second.copies_on();

        let mut third = Worker::start(route, &topics);
        until_shared(&[&first, &second, &third], 4);
        first.copies_on();
        second.copies_on();
        third.copies_on();
        flows_on(&mut first);

        third.0.signal("KILL");
        third.0.finish(LIMIT);
        until_shared(&[&first, &second], 6);
        flows_on(&mut first);

        second.0.signal("STOP");
        until_shared(&[&first], 12);
        flows_on(&mut first);
        second.0.signal("CONT");
        until_shared(&[&first, &second], 6);
        first.copies_on();
        second.copies_on();
        flows_on(&mut first);

        terminate(second.0);
        until_shared(&[&first], 12);
        flows_on(&mut first);
        drop(end);
        writing.join().unwrap();
        first
    });
    let Worker(mut last) = last;
    let total = ends(route.source, &topic, PARTITIONS);
    route.until_arrived(&mut last, &topic, PARTITIONS, total);
    let finished = terminate(last);
    route.assert_same(&topic, usize::try_from(total).unwrap());
    let said: Vec<Value> = finished.events();
    let bad = said.iter().find(|e| e["event"] == "partition_stopped" || e["event"] == "notice");
    assert!(bad.is_none(), "nothing is worth a word but who has what: {bad:?}");
}

#[test]
fn g2_processes_that_share_come_stop_die_and_freeze_and_every_record_is_copied_once() {
    live(|lab| share(lab, &Route::shared(lab).with(SESSION)));
}

/// Does the same on clusters of an older release.
fn share_on(version: Version) {
    live_on(&[version], |lab| {
        let spec = || ClusterSpec::one().version(version);
        let (source, target) = (lab.start("source", spec()), lab.start("target", spec()));
        share(lab, &Route::between(lab, &source, &target).with(SESSION));
    });
}

#[test]
fn g2_processes_share_on_3_9() {
    share_on(Version::V3_9);
}

#[test]
fn g2_processes_share_on_3_7() {
    share_on(Version::V3_7);
}

#[test]
fn g1_topics_and_partitions_that_come_while_processes_share_are_copied_once() {
    live(|lab| {
        let route = Route::shared(lab).with("start = \"latest\"").with(SESSION);
        let (first, second) = (lab.topic("first"), lab.topic("second"));
        create_topic(route.source, &first, 4, &[]);
        let pattern = lab.topic("*");
        let mut one = Worker::start(&route, &[&pattern]);
        until_all_shared(&[&one], 4, 4);
        let two = Worker::start(&route, &[&pattern]);
        until_all_shared(&[&one, &two], 4, 2);
        // What is made later is copied from its first record, whoever copies it.
        create_topic(route.source, &second, 4, &[]);
        produce(route.source, &second, "zstd", &mixed(700, 200, 4));
        grow_topic(route.source, &first, 8);
        produce(route.source, &first, "lz4", &mixed(701, 800, 8));
        until_all_shared(&[&one, &two], 12, 4);
        route.until_arrived(&mut one.0, &first, 8, 800);
        route.until_arrived(&mut one.0, &second, 4, 200);
        for worker in [one, two] {
            let said = terminate(worker.0).events();
            let bad = said.iter().find(|e| e["event"] == "partition_stopped" || e["event"] == "notice");
            assert!(bad.is_none(), "both may make the topics: {bad:?}");
        }
        route.assert_same(&first, 800);
        route.assert_same(&second, 200);
    });
}

#[test]
fn g11_a_group_that_may_not_be_joined_is_told_of_and_joined_when_it_may() {
    live(|lab| {
        let (source, target, topic) = (&shared_pair().source, shared_secure(), lab.topic("t"));
        create_topic(source, &topic, 2, &[]);
        produce(source, &topic, "lz4", &mixed(710, 100, 2));
        let mut more = login(lab, "SCRAM-SHA-512", (LIMITED_USER, LIMITED_PASSWORD));
        more.push_str(&format!("ssl_ca_file = {:?}\n", certificates().ca));
        let route = Route::between(lab, source, target).target_by(Listener::SaslSsl, &more).with(SESSION);
        let state = format!("strait.{}", route.flow());
        for name in [&topic, &state] {
            allow(target, LIMITED_USER, &["--operation", "All", "--topic", name]);
        }
        allow(target, LIMITED_USER, &["--operation", "Read", "--group", &state]);
        let ids = ["--transactional-id", &state, "--resource-pattern-type", "prefixed"];
        allow(target, LIMITED_USER, &[&["--operation", "All"], &ids[..]].concat());
        let mut worker = Worker::start(&route, &[&topic]);
        worker.0.until("it says what is missing", LIMIT, |run| {
            let out = run.stdout();
            out.lines().find(|line| line.contains("cannot be joined") && line.contains("Group")).map(|_| ())
        });
        assert_eq!(route.arrived(&topic), 0, "it may not copy what nobody gave it");
        let group = format!("{state}.workers");
        allow(target, LIMITED_USER, &["--operation", "Read", "--group", &group]);
        route.until_arrived(&mut worker.0, &topic, 2, 100);
        terminate(worker.0);
        route.assert_same(&topic, 100);
    });
}

#[test]
fn g11_a_target_topic_that_is_deleted_under_processes_that_share_is_told_of() {
    live(|lab| {
        let route = Route::shared(lab).with(SESSION);
        let topic = lab.topic("t");
        create_topic(route.source, &topic, 4, &[]);
        produce(route.source, &topic, "lz4", &mixed(720, 100, 4));
        let mut one = Worker::start(&route, &[&topic]);
        route.until_arrived(&mut one.0, &topic, 4, 100);
        let two = Worker::start(&route, &[&topic]);
        until_all_shared(&[&one, &two], 4, 2);
        delete_topic(route.target, &topic);
        // Nobody's partitions any more, and still somebody says what became of each.
        wait::until("each partition to be told of", LIMIT, || {
            let out = one.0.stdout() + &two.0.stdout();
            let lines = out.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            let told: std::collections::BTreeSet<i64> = lines
                .filter(|line| line["event"] == "partition_stopped")
                .filter_map(|line| line["partition"].as_i64())
                .collect();
            (told.len() == 4).then_some(())
        });
    });
}
