//! G2 and G9: several processes share one flow's partitions; they come, stop, die, freeze and thaw.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use serde_json::Value;

use crate::harness::admin::create_topic;
use crate::harness::live;
use crate::harness::records::ends;
use crate::harness::route::{LIMIT, Route, terminate};
use crate::harness::strait::{Running, start};
use crate::harness::traffic::{EndOnDrop, write_until};
use crate::harness::wait;

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
    let shares = || workers.iter().map(|worker| worker.share()).collect::<Vec<_>>();
    wait::until("the partitions to be shared", LIMIT, || {
        let shares = shares();
        let done = shares.iter().sum::<i64>() == i64::from(PARTITIONS) && shares.iter().all(|s| *s >= least);
        done.then_some(())
    });
}

#[test]
fn g2_processes_that_share_come_stop_die_and_freeze_and_every_record_is_copied_once() {
    live(|lab| {
        let route = Route::shared(lab).with(SESSION);
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
            let mut first = Worker::start(&route, &topics);
            until_shared(&[&first], 12);
            flows_on(&mut first);

            let mut second = Worker::start(&route, &topics);
            until_shared(&[&first, &second], 6);
            first.copies_on();
            second.copies_on();

            let mut third = Worker::start(&route, &topics);
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
    });
}
