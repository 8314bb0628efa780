//! G6 for consumer groups: `strait groups sync`, and then a consumer of the same group at the target, which
//! reads on at exactly the next record.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::harness::admin::{create_topic, delete_records_before};
use crate::harness::cluster::Cluster;
use crate::harness::maven::Version;
use crate::harness::produce::{Writer, produce};
use crate::harness::records::{Isolation, mixed, read_all};
use crate::harness::route::{LIMIT, Route};
use crate::harness::shared::{shared_pair, shared_secure};
use crate::harness::spec::{ClusterSpec, LIMITED_PASSWORD, LIMITED_USER, Listener};
use crate::harness::strait::{Finished, login, run};
use crate::harness::tools::allow;
use crate::harness::{live, live_on};
use crate::replicate_compaction::{CLEANED_AT_ONCE, until_cleaned, write_and_overwrite};

/// The longest a consumer may take to join and read.
const READ_LIMIT: Duration = Duration::from_secs(60);
/// What flows carry along here.
pub const GROUPS: &str = "groups = [\"NAME*\"]";

/// What is known of a record wherever it stands.
type Content = (Option<Vec<u8>>, Option<Vec<u8>>);

/// Says that the flow carries the groups named after the test.
pub fn with_groups<'a>(route: Route<'a>, prefix: &str) -> Route<'a> {
    route.with(&GROUPS.replace("NAME", prefix))
}

/// Runs `strait groups sync`.
pub fn sync(route: &Route<'_>, topics: &[&str], more: &[&str]) -> Finished {
    let arguments = [&["groups", "sync", "--format", "json"], more].concat();
    run(&route.config(topics), &arguments, LIMIT)
}

/// Asserts that the document's errors hold each of the words.
fn says(finished: &Finished, words: &[&str]) {
    let document: serde_json::Value = serde_json::from_str(finished.stdout.trim()).unwrap();
    let errors = document["errors"].to_string();
    for word in words {
        assert!(errors.contains(word), "{word:?} is not in {errors}");
    }
}

/// Returns the only flow's part of the document.
pub fn flow(finished: &Finished) -> serde_json::Value {
    let document: serde_json::Value = serde_json::from_str(finished.stdout.trim()).unwrap();
    assert_eq!(document["schema"], "strait/groups-sync/v1", "{document}");
    document["data"]["flows"][0].clone()
}

/// Returns the offsets of one group.
pub fn offsets(flow: &serde_json::Value, group: &str) -> Vec<serde_json::Value> {
    let groups = flow["groups"].as_array().unwrap();
    let found = groups.iter().find(|one| one["group"] == group);
    found.unwrap_or_else(|| panic!("{group} is not in {flow}"))["offsets"].as_array().unwrap().clone()
}

/// Opens a consumer of a group.
pub fn member(cluster: &Cluster, group: &str, more: &[(&str, &str)]) -> BaseConsumer {
    let mut config = cluster.client_config();
    config
        .set("group.id", group)
        .set("enable.auto.commit", "false")
        .set("enable.partition.eof", "true")
        .set("isolation.level", "read_committed")
        // A committed offset that is missing or out of range must not be mended in silence.
        .set("auto.offset.reset", "error")
        .set("fetch.wait.max.ms", "20");
    for (key, value) in more {
        config.set(*key, *value);
    }
    config.create().unwrap()
}

/// Commits offsets for a group without members.
pub fn commit(cluster: &Cluster, group: &str, topic: &str, offsets: &[(i32, i64)]) {
    let mut list = TopicPartitionList::new();
    for (partition, offset) in offsets {
        list.add_partition_offset(topic, *partition, Offset::Offset(*offset)).unwrap();
    }
    member(cluster, group, &[]).commit(&list, CommitMode::Sync).unwrap();
}

/// Joins the group, reads each of the topic's partitions to its end, and leaves.
pub fn read_on(
    cluster: &Cluster,
    group: &str,
    topic: &str,
    partitions: i32,
    more: &[(&str, &str)],
) -> BTreeMap<i32, Vec<Content>> {
    let consumer = member(cluster, group, more);
    consumer.subscribe(&[topic]).unwrap();
    let mut unfinished: BTreeSet<i32> = (0..partitions).collect();
    let mut read: BTreeMap<i32, Vec<Content>> = unfinished.iter().map(|one| (*one, vec![])).collect();
    let deadline = Instant::now() + READ_LIMIT;
    while !unfinished.is_empty() {
        assert!(Instant::now() < deadline, "{group}: {topic} {unfinished:?} not read to their end");
        match consumer.poll(Duration::from_millis(200)) {
            Some(Ok(message)) => {
                let content = (message.key().map(<[u8]>::to_vec), message.payload().map(<[u8]>::to_vec));
                read.get_mut(&message.partition()).unwrap().push(content);
            }
            Some(Err(KafkaError::PartitionEOF(partition))) => drop(unfinished.remove(&partition)),
            Some(Err(KafkaError::MessageConsumption(code)))
                if format!("{code:?}").contains("AutoOffsetReset") =>
            {
                panic!("{group} at {topic}: nothing is committed, or out of range");
            }
            Some(Err(_)) | None => {}
        }
    }
    read
}

/// A member of the group at the target reads what the group had not read at the source: each record once,
/// in order, and no other.
pub fn assert_reads_on(route: &Route<'_>, group: &str, topic: &str, committed: &[(i32, i64)]) {
    let source = read_all(route.source, topic, Isolation::ReadCommitted);
    let partitions = i32::try_from(committed.len()).unwrap();
    let read = read_on(route.target, group, topic, partitions, &[]);
    for (partition, offset) in committed {
        let unread = source[partition].iter().filter(|record| record.offset >= *offset);
        let unread: Vec<Content> = unread.map(|record| (record.key.clone(), record.value.clone())).collect();
        assert_eq!(read[partition].len(), unread.len(), "{group}: {topic}[{partition}] from {offset}");
        assert!(read[partition] == unread, "{group}: {topic}[{partition}] from {offset}: other records");
    }
}

#[test]
fn g6_groups_read_on_at_the_next_record_from_the_start_the_middle_and_the_end() {
    live(|lab| {
        let topic = lab.topic("t");
        let route = with_groups(Route::shared(lab), &lab.topic("g"));
        create_topic(route.source, &topic, 3, &[]);
        produce(route.source, &topic, "lz4", &mixed(700, 900, 3));
        route.once(&[&topic]).assert_code(0);
        let ends: Vec<i64> = (0..3)
            .map(|p| {
                i64::try_from(read_all(route.source, &topic, Isolation::ReadCommitted)[&p].len()).unwrap()
            })
            .collect();
        let places = [
            ("start", [0, 0, 0]),
            ("middle", [1, ends[1] / 2, ends[2] - 1]),
            ("end", [ends[0], ends[1], ends[2]]),
        ];
        let of = |at: [i64; 3]| [(0, at[0]), (1, at[1]), (2, at[2])];
        let group = |place: &str| lab.topic(&format!("g-{place}"));
        for (place, at) in places {
            commit(route.source, &group(place), &topic, &of(at));
        }
        // The plan changes nothing.
        let planned = flow(&sync(&route, &[&topic], &[]).assert_code(0));
        let again = flow(&sync(&route, &[&topic], &[]).assert_code(0));
        assert_eq!(planned, again);
        for (place, at) in places {
            for (offset, (partition, source)) in offsets(&planned, &group(place)).iter().zip(of(at)) {
                assert_eq!(
                    (&offset["partition"], &offset["source_offset"]),
                    (&partition.into(), &source.into())
                );
                assert_eq!((&offset["exactness"], &offset["action"]), (&"exact".into(), &"commit".into()));
                assert_eq!(offset["target_now"], serde_json::Value::Null);
            }
        }
        let applied = flow(&sync(&route, &[&topic], &["--apply"]).assert_code(0));
        assert!(
            offsets(&applied, &group("middle")).iter().all(|offset| offset["applied"] == true),
            "{applied}"
        );
        for (place, at) in places {
            assert_reads_on(&route, &group(place), &topic, &of(at));
        }
        // Nothing is left to do, and nothing goes back unless asked.
        let done = flow(&sync(&route, &[&topic], &["--apply"]).assert_code(0));
        assert!(offsets(&done, &group("middle")).iter().all(|offset| offset["action"] == "none"), "{done}");
        commit(route.source, &group("middle"), &topic, &of([0, 0, 0]));
        let back = flow(&sync(&route, &[&topic], &["--apply"]).assert_code(10));
        let reasons: Vec<_> =
            offsets(&back, &group("middle")).iter().map(|o| o["reason"]["code"].clone()).collect();
        assert_eq!(reasons, ["target_ahead"; 3]);
        sync(&route, &[&topic], &["--apply", "--allow-rewind"]).assert_code(0);
        assert_reads_on(&route, &group("middle"), &topic, &of([0, 0, 0]));
    });
}

#[test]
fn g6_groups_on_gaps_of_transactions_read_on_at_the_next_record() {
    live(|lab| {
        let topic = lab.topic("t");
        let route = with_groups(Route::shared(lab), &lab.topic("g"));
        create_topic(route.source, &topic, 1, &[]);
        let writer = Writer::transactional(route.source, &lab.topic("tx"), &[]);
        for round in 0..9_u64 {
            writer.begin();
            writer.send(&topic, &mixed(710 + round, 10, 1));
            if round % 3 == 1 { writer.abort() } else { writer.commit() }
        }
        route.once(&[&topic]).assert_code(0);
        let end = crate::harness::records::watermarks(route.source, &topic, 0).1;
        // Every offset there is: records, markers, aborted records, and the end.
        let group = |at: i64| lab.topic(&format!("g-{at}"));
        let places: Vec<i64> = (0..=end).collect();
        for at in &places {
            commit(route.source, &group(*at), &topic, &[(0, *at)]);
        }
        let applied = flow(&sync(&route, &[&topic], &["--apply"]).assert_code(0));
        assert_eq!(applied["groups"].as_array().unwrap().len(), places.len());
        for at in &places {
            assert_eq!(offsets(&applied, &group(*at))[0]["exactness"], "exact", "{at}");
        }
        for at in places.iter().filter(|at| **at % 4 == 0 || **at >= end - 2) {
            assert_reads_on(&route, &group(*at), &topic, &[(0, *at)]);
        }
    });
}

#[test]
fn g6_behind_the_checkpoint_groups_are_exact_while_the_copy_runs_and_after_it_was_killed() {
    live(|lab| {
        let topic = lab.topic("t");
        let late = "[flows.NAME.limits]\ncheckpoint_interval = \"1h\"";
        let route = with_groups(Route::shared(lab), &lab.topic("g")).with(late);
        create_topic(route.source, &topic, 2, &[]);
        produce(route.source, &topic, "lz4", &mixed(720, 200, 2));
        let mut running = route.start(&[&topic]);
        produce(route.source, &topic, "zstd", &mixed(721, 400, 2));
        route.until_arrived(&mut running, &topic, 2, 600);
        let all = read_all(route.source, &topic, Isolation::ReadCommitted);
        let ends = [0, 1].map(|p| i64::try_from(all[&p].len()).unwrap());
        let at = [(0, ends[0] - 7), (1, ends[1])];
        for killed in [false, true] {
            let group = lab.topic(if killed { "g-killed" } else { "g-running" });
            if killed {
                running.signal("KILL");
            }
            commit(route.source, &group, &topic, &at);
            let applied = flow(&sync(&route, &[&topic], &["--apply", "--group", &group]).assert_code(0));
            for offset in offsets(&applied, &group) {
                assert_eq!(offset["exactness"], "exact", "{offset}");
            }
            assert_reads_on(&route, &group, &topic, &at);
        }
        running.finish(LIMIT);
    });
}

#[test]
fn g6_ahead_of_the_copy_behind_the_log_start_and_where_nothing_is_copied() {
    live(|lab| {
        let (topic, other) = (lab.topic("t"), lab.topic("other"));
        let route = with_groups(Route::shared(lab), &lab.topic("g"));
        create_topic(route.source, &topic, 1, &[]);
        produce(route.source, &topic, "lz4", &mixed(730, 100, 1));
        route.once(&[&topic]).assert_code(0);
        produce(route.source, &topic, "lz4", &mixed(731, 50, 1));
        create_topic(route.source, &other, 1, &[]);
        let group = |what: &str| lab.topic(&format!("g-{what}"));
        commit(route.source, &group("ahead"), &topic, &[(0, 130)]);
        commit(route.source, &group("behind"), &topic, &[(0, 20)]);
        commit(route.source, &group("other"), &other, &[(0, 0)]);
        delete_records_before(route.source, &topic, 0, 60);
        let topics = [topic.as_str(), other.as_str()];
        let told = sync(&route, &topics, &["--apply"]).assert_code(10);
        let applied = flow(&told);
        let ahead = offsets(&applied, &group("ahead"))[0].clone();
        assert_eq!(
            (&ahead["exactness"], &ahead["target_offset"]),
            (&"at_or_before".into(), &100.into()),
            "{ahead}"
        );
        assert_eq!((&ahead["reason"]["code"], &ahead["applied"]), (&"ahead_of_copy".into(), &true.into()));
        // The target has the records that the source's retention took: nothing is left out.
        let behind = offsets(&applied, &group("behind"))[0].clone();
        assert_eq!(
            (&behind["exactness"], &behind["target_offset"]),
            (&"exact".into(), &20.into()),
            "{behind}"
        );
        assert_eq!(behind["removed"], serde_json::json!({"side": "source", "log_start": 60}));
        let none = offsets(&applied, &group("other"))[0].clone();
        assert_eq!(
            (&none["exactness"], &none["reason"]["code"]),
            (&"unknown".into(), &"not_copied".into()),
            "{none}"
        );
        says(&told, &["not copied", "strait replicate"]);
        // Once the copy is there, the bound becomes exact.
        route.once(&topics).assert_code(0);
        let again = flow(&sync(&route, &topics, &["--apply"]).assert_code(0));
        assert_eq!(offsets(&again, &group("ahead"))[0]["exactness"], "exact");
        assert_reads_on(&route, &group("ahead"), &topic, &[(0, 130)]);
        assert_eq!(read_on(route.target, &group("behind"), &topic, 1, &[])[&0].len(), 130);
    });
}

#[test]
fn g10_a_group_with_members_at_the_target_is_named_with_them_and_left_alone() {
    live(|lab| {
        let topic = lab.topic("t");
        let route = with_groups(Route::shared(lab), &lab.topic("g"));
        create_topic(route.source, &topic, 1, &[]);
        produce(route.source, &topic, "lz4", &mixed(740, 100, 1));
        route.once(&[&topic]).assert_code(0);
        for protocol in ["classic", "consumer"] {
            let group = lab.topic(&format!("g-{protocol}"));
            commit(route.source, &group, &topic, &[(0, 30)]);
            let only = ["--group", &group, "--apply"];
            sync(&route, &[&topic], &only).assert_code(0);
            // It begins where it was moved to, whichever protocol it speaks.
            let more = [("group.protocol", protocol)];
            assert_eq!(read_on(route.target, &group, &topic, 1, &more)[&0].len(), 70, "{protocol}");
            let active = member(route.target, &group, &[more[0], ("client.id", "reader-7")]);
            active.subscribe(&[&topic]).unwrap();
            crate::harness::wait::until("the member to be assigned", READ_LIMIT, || {
                let _ = active.poll(Duration::from_millis(50));
                (active.assignment().unwrap().count() == 1).then_some(())
            });
            commit(route.source, &group, &topic, &[(0, 80)]);
            let told = sync(&route, &[&topic], &only).assert_code(10);
            let left = flow(&told);
            assert_eq!(left["groups"][0]["blocked"]["code"], "active", "{left}");
            assert_eq!(offsets(&left, &group)[0]["reason"]["code"], "blocked");
            says(&told, &[&group, "reader-7", "stop its members"]);
            drop(active);
            // Once its last member left, the group is moved, also a group of the new protocol.
            crate::harness::wait::until("the group to be empty", READ_LIMIT, || {
                (sync(&route, &[&topic], &only).code == Some(0)).then_some(())
            });
            assert_eq!(read_on(route.target, &group, &topic, 1, &more)[&0].len(), 20, "{protocol}");
        }
    });
}

#[test]
fn g6_two_hundred_groups_on_fifty_topics_move_at_once() {
    live(|lab| {
        let route = with_groups(Route::shared(lab), &lab.topic("g"));
        let topics: Vec<String> = (0..50).map(|number| lab.topic(&format!("t{number}"))).collect();
        let all = lab.topic("t*");
        for topic in &topics {
            create_topic(route.source, topic, 2, &[]);
        }
        let writer = Writer::open(route.source, &[]);
        for (number, topic) in (0..).zip(&topics) {
            writer.send(topic, &mixed(750 + number, 60, 2));
        }
        writer.flush();
        route.once(&[&all]).assert_code(0);
        let place = |group: usize| (group % 50, i64::try_from(group % 17).unwrap());
        for group in 0..200 {
            let (topic, at) = place(group);
            commit(route.source, &lab.topic(&format!("g{group}")), &topics[topic], &[(0, at), (1, at)]);
        }
        let applied = flow(&sync(&route, &[&all], &["--apply"]).assert_code(0));
        assert_eq!(applied["groups"].as_array().unwrap().len(), 200);
        for group in (0..200).step_by(23) {
            let (topic, at) = place(group);
            assert_reads_on(&route, &lab.topic(&format!("g{group}")), &topics[topic], &[(0, at), (1, at)]);
        }
    });
}

#[test]
fn g6_groups_on_gaps_of_compaction_read_on_at_the_next_record() {
    live(|lab| {
        let topic = lab.topic("t");
        let route = with_groups(Route::shared(lab), &lab.topic("g"));
        create_topic(route.source, &topic, 1, &CLEANED_AT_ONCE);
        write_and_overwrite(lab, route.source, &topic, "lz4");
        until_cleaned(route.source, &topic);
        route.once(&[&topic]).assert_code(0);
        let left = read_all(route.source, &topic, Isolation::ReadCommitted).remove(&0).unwrap();
        let end = crate::harness::records::watermarks(route.source, &topic, 0).1;
        let is_gap = |offset: &i64| left.binary_search_by_key(offset, |record| record.offset).is_err();
        let places: Vec<i64> = (0..=end).filter(|offset| offset % 13 == 0 || *offset == end).collect();
        assert!(
            places.iter().filter(|offset| is_gap(offset)).count() > 5,
            "compaction left gaps at {places:?}"
        );
        let group = |at: i64| lab.topic(&format!("g-{at}"));
        for at in &places {
            commit(route.source, &group(*at), &topic, &[(0, *at)]);
        }
        let applied = flow(&sync(&route, &[&topic], &["--apply"]).assert_code(0));
        for at in &places {
            assert_eq!(offsets(&applied, &group(*at))[0]["exactness"], "exact", "{at}");
            assert_reads_on(&route, &group(*at), &topic, &[(0, *at)]);
        }
    });
}

#[test]
fn g11_a_group_that_may_not_be_read_or_written_says_so() {
    live(|lab| {
        let topic = lab.topic("t");
        let group = lab.topic("g");
        let (plain, secure) = (&shared_pair().source, shared_secure());
        let user = login(lab, "SCRAM-SHA-256", (LIMITED_USER, LIMITED_PASSWORD));
        let named = format!("groups = [\"{group}\"]");
        // At the source: named in full, so that it is asked for though nobody lists it.
        create_topic(secure, &topic, 1, &[]);
        allow(
            secure,
            LIMITED_USER,
            &["--operation", "Read", "--operation", "DescribeConfigs", "--topic", &topic],
        );
        produce(secure, &topic, "lz4", &mixed(790, 20, 1));
        let from = Route::between(lab, secure, plain).source_by(Listener::SaslPlaintext, &user).with(&named);
        from.once(&[&topic]).assert_code(0);
        commit(secure, &group, &topic, &[(0, 7)]);
        let told = sync(&from, &[&topic], &[]).assert_code(11);
        assert_eq!(flow(&told)["groups"][0]["blocked"]["code"], "not_authorized");
        says(&told, &[&group, "GROUP_AUTHORIZATION_FAILED", "DESCRIBE"]);
        allow(secure, LIMITED_USER, &["--operation", "Describe", "--group", &group]);
        sync(&from, &[&topic], &["--apply"]).assert_code(0);
        assert_eq!(read_on(plain, &group, &topic, 1, &[])[&0].len(), 13);
    });
}

#[test]
fn what_people_see_of_a_plan_and_of_its_application() {
    live(|lab| {
        let start = |name: &str| lab.start(name, ClusterSpec::one());
        let (source, target) = (start("source"), start("target"));
        let route = Route::between(lab, &source, &target).with("groups = [\"*\"]");
        create_topic(&source, "orders", 2, &[]);
        produce(&source, "orders", "lz4", &mixed(795, 200, 2));
        route.once(&["orders"]).assert_code(0);
        let ends: Vec<i64> =
            (0..2).map(|p| crate::harness::records::watermarks(&source, "orders", p).1).collect();
        commit(&source, "billing", "orders", &[(0, 40), (1, ends[1])]);
        commit(&source, "audit", "orders", &[(0, 12), (1, 13)]);
        commit(&source, "search", "orders", &[(0, 70), (1, 71)]);
        let run = |arguments: &[&str]| run(&route.config(&["orders"]), arguments, LIMIT);
        run(&["groups", "sync", "--group", "audit", "--apply"]).assert_code(0);
        let active = member(&target, "search", &[("client.id", "search-3")]);
        active.subscribe(&["orders"]).unwrap();
        crate::harness::wait::until("the member to be assigned", READ_LIMIT, || {
            let _ = active.poll(Duration::from_millis(50));
            (active.assignment().unwrap().count() == 2).then_some(())
        });
        produce(&source, "orders", "lz4", &mixed(796, 10, 2));
        commit(&source, "billing", "orders", &[(1, ends[1] + 3)]);
        let planned = run(&["groups", "sync"]).assert_code(10);
        assert!(planned.stdout.starts_with("FLOW"), "{}", planned.stdout);
        let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let rows: Vec<Vec<String>> = planned.stdout.lines().skip(1).map(words).collect();
        assert_eq!(rows.len(), 4, "{}", planned.stdout);
        assert_eq!(rows[0][1..], ["billing", "orders", "0", "40", "-", "40", "exact", "commit"]);
        assert_eq!(rows[1][7..], ["at_or_before", "commit"]);
        assert_eq!(rows[2][1..], ["search", "orders", "0", "70", "-", "70", "exact", "left:active"]);
        planned.assert_says(&["search-3", "nothing was changed", "(1 at or before), 2 in place, 2 left"]);
        let applied = run(&["groups", "sync", "--apply"]).assert_code(10);
        assert!(applied.stdout.contains("commit:done"), "{}", applied.stdout);
        run(&["groups", "sync", "--group", "{audit,billing}", "--all"]).assert_code(0);
        run(&["groups", "translate", "--topic", "orders", "--partition", "0", "--offset", "40"])
            .assert_code(0);
        run(&["groups", "translate", "--topic", "orders", "--partition", "1", "--offset", "500"])
            .assert_code(10);
    });
}

#[test]
fn g6_groups_move_from_and_to_older_releases() {
    live_on(&Version::ALL, |lab| {
        let pair = shared_pair();
        let old = lab.start("old", ClusterSpec::one().version(Version::V3_7));
        for (way, source, target) in [("from", &old, &pair.target), ("to", &pair.source, &old)] {
            let (topic, group) = (lab.topic(way), lab.topic(&format!("g-{way}")));
            let route = with_groups(Route::between(lab, source, target), &group);
            create_topic(source, &topic, 2, &[]);
            produce(source, &topic, "lz4", &mixed(798, 200, 2));
            route.once(&[&topic]).assert_code(0);
            let at = [(0, 17), (1, 0)];
            commit(source, &group, &topic, &at);
            sync(&route, &[&topic], &["--apply"]).assert_code(0);
            assert_reads_on(&route, &group, &topic, &at);
        }
    });
}
