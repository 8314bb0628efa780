//! A producer that never rests and a copy that follows it, while a test disturbs the clusters.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use super::admin::create_topic;
use super::cluster::Cluster;
use super::produce::Writer;
use super::records::{ends, mixed};
use super::route::{LIMIT, Route, terminate};
use super::strait::{Finished, Running};
use super::wait;

/// Partitions of the topic that is written and copied.
pub const PARTITIONS: i32 = 3;
/// Records written at once.
const ROUND: usize = 60;

/// Holds a running copy and knows how much its producer has written.
pub struct Traffic<'a> {
    route: &'a Route<'a>,
    topic: &'a str,
    running: Running,
    produced: &'a AtomicI64,
    /// How much of the copy's output was looked through.
    told: usize,
}

impl Traffic<'_> {
    /// Waits until the producer has written more and all that it has written by then has arrived.
    pub fn flows_on(&mut self) {
        self.grows();
        let count = self.produced.load(Ordering::Relaxed);
        self.route.until_arrived(&mut self.running, self.topic, PARTITIONS, count);
    }

    /// Waits until the copy says `event` once more than when asked last.
    pub fn tells(&mut self, event: &str) {
        let (wanted, told) = (format!("\"event\":\"{event}\""), &mut self.told);
        self.running.until(&format!("it tells {event}"), LIMIT, |run| {
            let out = run.stdout();
            let after = out[*told..].find(&wanted)?;
            *told += after + wanted.len();
            Some(())
        });
    }

    /// Waits until the producer has written more, whatever has arrived.
    fn grows(&mut self) {
        let before = self.produced.load(Ordering::Relaxed);
        let more = before + 5 * i64::try_from(ROUND).unwrap();
        wait::until("the producer to write on", LIMIT, || {
            (self.produced.load(Ordering::Relaxed) >= more).then_some(())
        });
    }
}

/// Copies a topic continuously under a producer, has `disturb` done to the clusters meanwhile, and sees
/// to it that everything arrived in order and once. Returns how the copy ended.
pub fn copied_under_traffic(
    route: &Route<'_>,
    topic: &str,
    disturb: impl FnOnce(&mut Traffic<'_>),
) -> Finished {
    create_topic(route.source, topic, PARTITIONS, &[]);
    let (produced, over) = (AtomicI64::new(0), AtomicBool::new(false));
    let running = route.start(&[topic]);
    let mut traffic = Traffic { route, topic, running, produced: &produced, told: 0 };
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| write_until(&over, route.source, (topic, PARTITIONS), &produced));
        // Ends the producer where `disturb` panics, too.
        let end = EndOnDrop(&over);
        traffic.flows_on();
        disturb(&mut traffic);
        traffic.flows_on();
        drop(end);
        writing.join().unwrap();
    });
    // A killed source may have kept what it did not acknowledge, so its log says how much there is.
    let total = ends(route.source, topic, PARTITIONS);
    assert!(total >= produced.load(Ordering::Relaxed), "the source lost records itself");
    route.until_arrived(&mut traffic.running, topic, PARTITIONS, total);
    let finished = terminate(traffic.running);
    route.assert_same(topic, usize::try_from(total).unwrap());
    finished
}

/// Says with its end, also by a panic, that something is over.
pub struct EndOnDrop<'a>(pub &'a AtomicBool);

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Writes to a topic without rest, counting what was acknowledged, until it is over.
pub fn write_until(
    over: &AtomicBool,
    source: &Cluster,
    (topic, partitions): (&str, i32),
    produced: &AtomicI64,
) {
    let writer = Writer::open(source, &[("compression.type", "lz4"), ("enable.idempotence", "true")]);
    let mut round = 0;
    while !over.load(Ordering::Relaxed) {
        writer.send(topic, &mixed(10_000 + round, ROUND, usize::try_from(partitions).unwrap()));
        writer.flush();
        produced.fetch_add(i64::try_from(ROUND).unwrap(), Ordering::Relaxed);
        round += 1;
        wait::pause();
    }
}
