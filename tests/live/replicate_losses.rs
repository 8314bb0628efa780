//! G1 and G11 where records cannot be had or cannot be placed: the partition stops, names the exact
//! offsets, and the run says 10; what a policy allows to be skipped is told and skipped.

use crate::harness::admin::{create_topic, delete_records_before, delete_topic, set_topic_configs};
use crate::harness::compare::first_difference;
use crate::harness::live;
use crate::harness::produce::{Writer, produce};
use crate::harness::records::{Isolation, NewRecord, Seeded, mixed, read_all, watermarks};
use crate::harness::route::{LIMIT, Route, terminate};
use crate::status_map::status_of;

#[test]
fn g1_records_that_retention_took_first_are_named_and_nothing_is_skipped() {
    live(|lab| {
        let route = Route::shared(lab);
        let (overtaken, whole) = (lab.topic("overtaken"), lab.topic("whole"));
        for topic in [&overtaken, &whole] {
            create_topic(route.source, topic, 1, &[]);
            produce(route.source, topic, "lz4", &mixed(900, 100, 1));
        }
        let every = [lab.topic("*")];
        route.once(&[&every[0]]).assert_code(0);
        for topic in [&overtaken, &whole] {
            produce(route.source, topic, "lz4", &mixed(901, 100, 1));
        }
        delete_records_before(route.source, &overtaken, 0, 150);
        let finished = route.once(&[&every[0]]).assert_code(10);
        finished.assert_says(&[
            &format!("{overtaken}[0] stopped"),
            "offsets 100 to 149",
            "on_gap",
            "retention",
        ]);
        route.assert_same(&whole, 200);
        assert_eq!(route.arrived(&overtaken), 100, "nothing is copied behind the gap");
        // As told to, it goes on behind the gap and says so.
        let skipping = Route::shared(lab).with("[flows.NAME.policy]\non_gap = \"skip\"");
        let finished = skipping.once(&[&every[0]]).assert_code(0);
        finished.assert_says(&[&format!("{overtaken}[0] goes on without"), "offsets 100 to 149"]);
        assert_eq!(route.arrived(&overtaken), 150);
    });
}

#[test]
fn g1_a_topic_deleted_and_created_again_is_not_taken_for_the_one_that_was_copied() {
    live(|lab| {
        let route = Route::shared(lab);
        let topic = lab.topic("t");
        let create = || {
            create_topic(route.source, &topic, 1, &[]);
            produce(route.source, &topic, "lz4", &mixed(910, 100, 1));
        };
        create();
        let often = Route::shared(lab).with("[flows.NAME.limits]\ndiscovery_interval = \"200ms\"");
        let mut running = often.start(&[&topic]);
        often.until_arrived(&mut running, &topic, 1, 100);
        delete_topic(route.source, &topic);
        let mut tells =
            |code: &str| running.until(code, LIMIT, |run| run.stdout().contains(code).then_some(()));
        tells("\"source_deleted\"");
        create();
        tells("\"source_recreated\"");
        running.signal("TERM");
        running.finish(LIMIT).assert_code(10);
        assert_eq!(route.arrived(&topic), 100);
        // A run that begins later knows it, too.
        let finished = route.once(&[&topic]).assert_code(10);
        finished.assert_says(&[&format!("{topic}[0] stopped"), "deleted and created again", "on_recreated"]);
        assert_eq!(route.arrived(&topic), 100);
        let skipping = Route::shared(lab).with("[flows.NAME.policy]\non_recreated = \"skip\"");
        skipping.once(&[&topic]).assert_code(0);
        let target = read_all(route.target, &topic, Isolation::ReadUncommitted);
        assert_eq!(target[&0].len(), 200, "the new topic stands behind the old one's records");
    });
}

#[test]
fn g1_a_target_topic_that_was_deleted_stops_the_copy_with_what_changed() {
    live(|lab| {
        let route = Route::shared(lab);
        let topic = lab.topic("t");
        route.carries(&topic, (1, &[]), 100, |source| produce(source, &topic, "lz4", &mixed(920, 100, 1)));
        delete_topic(route.target, &topic);
        let finished = route.once(&[&topic]).assert_code(10);
        finished.assert_says(&[&format!("{topic}[0] stopped"), "target topic was deleted and created again"]);
        assert_eq!(route.arrived(&topic), 0, "records are not copied into a topic that lost the others");
    });
}

#[test]
fn g1_a_record_too_large_for_the_target_is_named_and_nothing_is_skipped() {
    live(|lab| {
        let route = Route::shared(lab);
        let topic = lab.topic("t");
        create_topic(route.source, &topic, 1, &[]);
        create_topic(route.target, &topic, 1, &[]);
        set_topic_configs(route.target, &topic, &[("max.message.bytes", "20000")]);
        let mut random = Seeded::new(930);
        let large = NewRecord { value: Some(random.bytes(50_000)), ..mixed(931, 1, 1).remove(0) };
        let mut records = mixed(932, 100, 1);
        records[60] = large;
        produce(route.source, &topic, "none", &records);
        let finished = route.once(&[&topic]).assert_code(10);
        let stopped = format!("{topic}[0] stopped");
        finished.assert_says(&[&stopped, "source offset 60", "max.message.bytes is 20000", "on_oversize"]);
        assert_eq!(route.arrived(&topic), 60, "what stands before it is copied, nothing behind it");
        let skipping = Route::shared(lab).with("[flows.NAME.policy]\non_oversize = \"skip\"");
        let finished = skipping.once(&[&topic]).assert_code(0);
        finished.assert_says(&[&format!("{topic}[0] goes on without"), "source offset 60"]);
        let mut source = read_all(route.source, &topic, Isolation::ReadCommitted);
        source.get_mut(&0).unwrap().remove(60);
        let target = read_all(route.target, &topic, Isolation::ReadUncommitted);
        assert_eq!(first_difference(&topic, &source, &target), None);
    });
}

/// Writes one committed transaction and an aborted one: what is read last are markers.
fn write_transactions(route: &Route<'_>, topic: &str, seed: u64) {
    let writer = Writer::transactional(route.source, topic, &[]);
    for round in 0..2 {
        writer.begin();
        writer.send(topic, &mixed(seed + round, 20, 1));
        if round == 0 { writer.commit() } else { writer.abort() }
    }
}

#[test]
fn g1_a_trim_to_what_was_copied_is_no_gap_though_markers_stand_there() {
    live(|lab| {
        let route = Route::shared(lab);
        let topic = lab.topic("t");
        create_topic(route.source, &topic, 1, &[]);
        for round in 0..2 {
            write_transactions(&route, &topic, 930 + 10 * round);
            // Told to stop at the end it keeps a position behind the markers.
            if round == 0 {
                route.once(&[&topic]).assert_code(0);
            } else {
                let mut running = route.start(&[&topic]);
                route.until_arrived(&mut running, &topic, 1, 40);
                let end = watermarks(route.source, &topic, 0).1;
                running.until("the position is behind the markers", LIMIT, |_| {
                    let state = status_of(&route.config(&[&topic]));
                    (state["partitions"][0]["source_next"] == end).then_some(())
                });
                terminate(running);
            }
            let end = watermarks(route.source, &topic, 0).1;
            delete_records_before(route.source, &topic, 0, end);
            route.once(&[&topic]).assert_code(0);
        }
        assert_eq!(route.arrived(&topic), 40);
    });
}

/// What docs/guarantees.md says cannot be told: whether an offset that is gone held a record.
#[test]
fn g1_markers_trimmed_while_a_killed_run_is_down_are_reported_rather_than_passed_over() {
    live(|lab| {
        let route = Route::shared(lab).with("[flows.NAME.limits]\ncheckpoint_interval = \"1h\"");
        let topic = lab.topic("t");
        create_topic(route.source, &topic, 1, &[]);
        let mut running = route.start(&[&topic]);
        write_transactions(&route, &topic, 950);
        route.until_arrived(&mut running, &topic, 1, 20);
        running.signal("KILL");
        running.finish(LIMIT);
        // 20 records, their marker, 20 that were aborted, their marker.
        delete_records_before(route.source, &topic, 0, 42);
        route.once(&[&topic]).assert_code(10).assert_says(&["offsets 20 to 41", "on_gap"]);
        let skipping = Route::shared(lab).with("[flows.NAME.policy]\non_gap = \"skip\"");
        skipping.once(&[&topic]).assert_code(0);
        assert_eq!(route.arrived(&topic), 20, "nothing was missing");
    });
}
