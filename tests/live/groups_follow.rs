//! Groups that follow while `strait replicate` runs: at every moment a consumer at the target could go on,
//! and where the source's last commit is copied, at exactly the next record.

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::groups_sync::{assert_reads_on, commit, member, read_on, with_groups};
use crate::harness::admin::create_topic;
use crate::harness::cluster::Cluster;
use crate::harness::live;
use crate::harness::produce::produce;
use crate::harness::records::{Isolation, mixed, read_all};
use crate::harness::route::{LIMIT, Route, terminate};
use crate::harness::strait::Running;
use crate::harness::wait;

/// Returns what a group has committed.
fn committed(cluster: &Cluster, group: &str, topic: &str, partition: i32) -> Option<i64> {
    let mut list = TopicPartitionList::new();
    list.add_partition(topic, partition);
    let asked: BaseConsumer = member(cluster, group, &[]);
    let found = asked.committed_offsets(list, wait::LONG).unwrap();
    match found.elements()[0].offset() {
        Offset::Offset(offset) => Some(offset),
        _ => None,
    }
}

fn until_committed(running: &mut Running, route: &Route<'_>, group: &str, topic: &str, at: &[(i32, i64)]) {
    running.until(&format!("{group} to follow"), LIMIT, |_| {
        at.iter().all(|(p, offset)| committed(route.target, group, topic, *p) == Some(*offset)).then_some(())
    });
}

/// The same where partitions changed hands while they were copied: their markers take target offsets, so the
/// place is told by the records, of which the source has one at each offset.
fn until_in_place(running: &mut Running, route: &Route<'_>, group: &str, topic: &str, at: &[(i32, i64)]) {
    running.until(&format!("{group} to follow"), LIMIT, |_| {
        let copies = read_all(route.target, topic, Isolation::ReadCommitted);
        let place = |p: i32, offset: i64| Some(copies.get(&p)?.get(usize::try_from(offset).unwrap())?.offset);
        let is_there = |p, offset| {
            place(p, offset).is_some_and(|due| committed(route.target, group, topic, p) == Some(due))
        };
        at.iter().all(|(p, offset)| is_there(*p, *offset)).then_some(())
    });
}

const SOON: &str = "[flows.NAME.limits]\ncheckpoint_interval = \"1s\"";

#[test]
fn g6_groups_follow_while_the_copy_runs_and_once_more_at_its_end() {
    live(|lab| {
        let topic = lab.topic("t");
        let route = with_groups(Route::shared(lab), &lab.topic("g")).with(SOON);
        let (group, late) = (lab.topic("g"), lab.topic("g-late"));
        create_topic(route.source, &topic, 2, &[]);
        produce(route.source, &topic, "lz4", &mixed(760, 300, 2));
        let ends = |cluster| {
            let all = read_all(cluster, &topic, Isolation::ReadCommitted);
            [0, 1].map(|p| (p, i64::try_from(all[&p].len()).unwrap()))
        };
        let first = ends(route.source);
        commit(route.source, &group, &topic, &[(0, 10), (1, 20)]);
        let mut running = route.start(&[&topic]);
        until_committed(&mut running, &route, &group, &topic, &[(0, 10), (1, 20)]);
        commit(route.source, &group, &topic, &first);
        until_committed(&mut running, &route, &group, &topic, &first);
        // Somebody reads in it at the target: it is left alone, and told once.
        let active = member(route.target, &group, &[("client.id", "reader-9")]);
        active.subscribe(&[&topic]).unwrap();
        wait::until("the member to be assigned", LIMIT, || {
            let _ = active.poll(std::time::Duration::from_millis(50));
            (active.assignment().unwrap().count() == 2).then_some(())
        });
        produce(route.source, &topic, "lz4", &mixed(761, 300, 2));
        let second = ends(route.source);
        commit(route.source, &group, &topic, &second);
        running.until("it tells who is in the group", LIMIT, |run| {
            run.stdout().lines().any(|l| l.contains("groups_held") && l.contains("reader-9")).then_some(())
        });
        assert_eq!(committed(route.target, &group, &topic, 0), Some(first[0].1), "nothing was touched");
        drop(active);
        until_committed(&mut running, &route, &group, &topic, &second);
        // What is committed right before the end is there behind it.
        commit(route.source, &late, &topic, &second);
        let finished = terminate(running);
        assert_reads_on(&route, &late, &topic, &second);
        let events = finished.events();
        let told = |event: &str| events.iter().filter(|line| line["event"] == event).count();
        assert_eq!(told("groups_held"), 1, "once for each change");
        assert!(told("groups_follow") >= 2, "at first, and when its member left");
    });
}

#[test]
fn g6_groups_follow_a_copy_that_is_shared_by_two_processes() {
    live(|lab| {
        let topic = lab.topic("t");
        let route = with_groups(Route::shared(lab), &lab.topic("g")).with("share = true").with(SOON);
        let group = lab.topic("g");
        create_topic(route.source, &topic, 4, &[]);
        produce(route.source, &topic, "lz4", &mixed(770, 400, 4));
        let at = [(0, 7), (1, 8), (2, 9), (3, 10)];
        commit(route.source, &group, &topic, &at);
        let mut first = route.start(&[&topic]);
        let second = route.start(&[&topic]);
        until_in_place(&mut first, &route, &group, &topic, &at);
        terminate(second);
        let later = [(0, 11), (1, 12), (2, 13), (3, 14)];
        commit(route.source, &group, &topic, &later);
        until_in_place(&mut first, &route, &group, &topic, &later);
        route.until_arrived(&mut first, &topic, 4, 400);
        terminate(first);
        assert_reads_on(&route, &group, &topic, &later);
    });
}

#[test]
fn g6_a_run_that_ends_by_itself_leaves_its_groups_at_their_places() {
    live(|lab| {
        let topic = lab.topic("t");
        let route = with_groups(Route::shared(lab), &lab.topic("g"));
        create_topic(route.source, &topic, 1, &[]);
        produce(route.source, &topic, "lz4", &mixed(780, 100, 1));
        let group = lab.topic("g");
        commit(route.source, &group, &topic, &[(0, 100)]);
        route.once(&[&topic]).assert_code(0).assert_says(&["consumer group is moved along"]);
        produce(route.source, &topic, "lz4", &mixed(781, 5, 1));
        route.once(&[&topic]).assert_code(0);
        assert_eq!(read_on(route.target, &group, &topic, 1, &[])[&0].len(), 5);
    });
}
