//! G6: what `strait status` says of a flow, and its offset map against the records at both ends, read by
//! another client and compared by their content.

use std::path::Path;

use strait::engine::offset_map::{OffsetMap, Pair, Translation};
use strait::types::{SourceOffset, TargetOffset};

use crate::harness::admin::{create_topic, delete_records_before, delete_topic};
use crate::harness::live;
use crate::harness::produce::{Writer, produce};
use crate::harness::records::{Isolation, Record, mixed, read_all};
use crate::harness::route::{LIMIT, Route};
use crate::harness::strait::run;

/// Returns the state as `strait status` prints it.
fn status(route: &Route<'_>, topic: &str) -> serde_json::Value {
    status_of(&route.config(&[topic]))
}

/// Does the same for the first flow of a configuration.
pub fn status_of(config: &Path) -> serde_json::Value {
    let arguments = ["status", "--map", "--format", "json"];
    let finished = run(config, &arguments, LIMIT).assert_code(0);
    let document: serde_json::Value = serde_json::from_str(finished.stdout.trim()).unwrap();
    assert_eq!((&document["schema"], &document["status"]), (&"strait/status/v1".into(), &"ok".into()));
    document["data"]["flows"][0].clone()
}

/// Puts a partition's map together from the runs that were printed.
pub fn map(partition: &serde_json::Value) -> OffsetMap {
    let map = &partition["map"];
    let number = |name: &str| map[name].as_i64().unwrap();
    let mut built = OffsetMap::new(Pair { source: number("source_first"), target: number("target_first") });
    for run in map["list"].as_array().unwrap() {
        let [source, target, count] = [0, 1, 2].map(|index| run[index].as_i64().unwrap());
        if count == 0 {
            built.lose_track_at(Pair { source, target });
        }
        built.append(source, target, count);
    }
    built.reach(Pair { source: number("source_next"), target: number("target_next") });
    built
}

/// Looks up every offset of both logs where nothing is unclear: it is that of the first record at or behind it, of that content.
fn assert_every_offset(map: &OffsetMap, source: &[Record], target: &[Record]) {
    assert_eq!(source.len(), target.len());
    let to = map.to();
    for offset in 0..=to.source {
        let at = source.partition_point(|record| record.offset < offset);
        let right = target.get(at).map_or(to.target, |record| record.offset);
        assert_eq!(
            map.to_target(SourceOffset(offset)),
            Translation::Exact(TargetOffset(right)),
            "source offset {offset}"
        );
        if let (Some(one), Some(other)) = (source.get(at), target.get(at)) {
            assert_eq!((&one.key, &one.value), (&other.key, &other.value));
        }
    }
    for offset in map.from().target..=to.target {
        let at = target.partition_point(|record| record.offset < offset);
        let right = source.get(at).map_or(to.source, |record| record.offset);
        assert_eq!(
            map.to_source(TargetOffset(offset)),
            Translation::Exact(SourceOffset(right)),
            "target offset {offset}"
        );
    }
}

/// Compares the whole map of a topic with what another client reads at both ends.
pub fn assert_map(route: &Route<'_>, topic: &str) -> serde_json::Value {
    let mut state = status(route, topic);
    state["partitions"].as_array_mut().unwrap().retain(|partition| partition["topic"] == topic);
    let source = read_all(route.source, topic, Isolation::ReadCommitted);
    let target = read_all(route.target, topic, Isolation::ReadCommitted);
    assert_eq!(state["partitions"].as_array().unwrap().len(), source.len(), "each partition has its state");
    for partition in state["partitions"].as_array().unwrap() {
        let index = i32::try_from(partition["partition"].as_i64().unwrap()).unwrap();
        assert_every_offset(&map(partition), &source[&index], &target[&index]);
    }
    state
}

#[test]
fn g6_every_offset_of_a_gap_free_topic_translates_also_after_a_kill() {
    live(|lab| {
        let route = Route::shared(lab);
        let topic = lab.topic("t");
        create_topic(route.source, &topic, 2, &[]);
        produce(route.source, &topic, "lz4", &mixed(600, 900, 2));
        route.once(&[&topic]).assert_code(0);
        let state = assert_map(&route, &topic);
        for partition in state["partitions"].as_array().unwrap() {
            assert_eq!(partition["map"]["runs"], 1, "{partition}");
            assert_eq!(partition["source_next"], partition["map"]["source_next"], "{partition}");
            assert_eq!(partition["stopped"], serde_json::Value::Null);
            assert!(partition["owner"]["pid"].as_u64().is_some_and(|pid| pid > 0), "{partition}");
        }
        let mut running = route.start(&[&topic]);
        produce(route.source, &topic, "zstd", &mixed(601, 900, 2));
        route.until_arrived(&mut running, &topic, 2, 901);
        running.signal("KILL");
        running.finish(LIMIT);
        route.once(&[&topic]).assert_code(0);
        route.assert_same(&topic, 1800);
        assert_map(&route, &topic);
    });
}

#[test]
fn g6_every_offset_of_a_topic_with_aborted_transactions_translates() {
    live(|lab| {
        let route = Route::shared(lab);
        let topic = lab.topic("t");
        create_topic(route.source, &topic, 2, &[]);
        let writer = Writer::transactional(route.source, &lab.topic("tx"), &[]);
        for round in 0..12_u64 {
            writer.begin();
            writer.send(&topic, &mixed(610 + round, 40, 2));
            if round % 3 == 1 {
                writer.abort();
            } else {
                writer.commit();
            }
            if round == 5 {
                route.once(&[&topic]).assert_code(0);
            }
        }
        route.once(&[&topic]).assert_code(0);
        route.assert_same(&topic, 320);
        let state = assert_map(&route, &topic);
        let runs = state["partitions"][0]["map"]["runs"].as_u64().unwrap();
        assert!(runs >= 8, "a run for each committed transaction: {runs}");
    });
}

#[test]
fn g11_status_of_a_flow_that_never_ran_says_so() {
    live(|lab| {
        let route = Route::shared(lab);
        let topic = lab.topic("t");
        let state = status(&route, &topic);
        assert_eq!(state["has_state"], false, "{state}");
        assert_eq!(state["partitions"], serde_json::json!([]));
    });
}

#[test]
fn g11_status_names_what_stopped_and_what_was_left_out() {
    live(|lab| {
        let route = Route::shared(lab);
        let topic = lab.topic("t");
        create_topic(route.source, &topic, 1, &[]);
        produce(route.source, &topic, "lz4", &mixed(620, 100, 1));
        route.once(&[&topic]).assert_code(0);
        produce(route.source, &topic, "lz4", &mixed(621, 100, 1));
        delete_records_before(route.source, &topic, 0, 150);
        route.once(&[&topic]).assert_code(10);
        let told = run(&route.config(&[&topic]), &["status", "--format", "json"], LIMIT).assert_code(10);
        let document: serde_json::Value = serde_json::from_str(told.stdout.trim()).unwrap();
        let partition = &document["data"]["flows"][0]["partitions"][0];
        assert_eq!((&partition["stopped"]["code"], &document["status"]), (&"gap".into(), &"bad".into()));
        assert_eq!(partition["source_next"], 100);
        let told = run(&route.config(&[&topic]), &["status"], LIMIT).assert_code(10);
        assert!(told.stdout.contains("stopped:gap"), "{}", told.stdout);
        told.assert_says(&["offsets 100 to 149", "where:", "on_gap"]);
        let skipping = Route::shared(lab).with("[flows.NAME.policy]\non_gap = \"skip\"");
        skipping.once(&[&topic]).assert_code(0);
        for recreated in [false, true] {
            let state = status(&route, &topic);
            let partition = &state["partitions"][0];
            assert_eq!(partition["stopped"], serde_json::Value::Null, "{partition}");
            let skipped = &partition["skipped"];
            assert_eq!((&skipped[0]["from"], &skipped[0]["to"]), (&100.into(), &149.into()), "{partition}");
            let codes: Vec<_> = skipped.as_array().unwrap().iter().map(|skip| &skip["code"]).collect();
            if recreated {
                assert_eq!(codes, ["gap", "source_recreated"]);
                assert_eq!(
                    (&partition["map"]["runs"], &partition["map"]["source_first"]),
                    (&1.into(), &0.into())
                );
            } else {
                assert_eq!(codes, ["gap"]);
                delete_topic(route.source, &topic);
                create_topic(route.source, &topic, 1, &[]);
                produce(route.source, &topic, "lz4", &mixed(622, 60, 1));
                let anew = Route::shared(lab).with("[flows.NAME.policy]\non_recreated = \"skip\"");
                anew.once(&[&topic]).assert_code(0).assert_says(&["deleted and created again"]);
            }
        }
    });
}

#[test]
fn g11_a_stop_is_recorded_at_once_and_survives_a_kill() {
    live(|lab| {
        let route = Route::shared(lab).with("[flows.NAME.limits]\ncheckpoint_interval = \"1h\"");
        let topic = lab.topic("t");
        create_topic(route.source, &topic, 1, &[]);
        produce(route.source, &topic, "lz4", &mixed(640, 100, 1));
        route.once(&[&topic]).assert_code(0);
        produce(route.source, &topic, "lz4", &mixed(641, 100, 1));
        delete_records_before(route.source, &topic, 0, 150);
        let mut running = route.start(&[&topic]);
        let state = || run(&route.config(&[&topic]), &["status"], LIMIT).stdout;
        running.until("the stop is recorded", LIMIT, |_| state().contains("stopped:gap").then_some(()));
        running.signal("KILL");
        running.finish(LIMIT);
        assert!(state().contains("stopped:gap"), "{}", state());
    });
}
