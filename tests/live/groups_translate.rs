//! G6 for applications that keep offsets themselves: `strait groups translate` against the records at both
//! ends, for every offset, in both directions.

use crate::harness::admin::create_topic;
use crate::harness::live;
use crate::harness::produce::{Writer, produce};
use crate::harness::records::{Isolation, mixed, read_all, watermarks};
use crate::harness::route::{LIMIT, Route};
use crate::harness::strait::{Finished, run};

fn translate(route: &Route<'_>, topic: &str, more: &[&str]) -> Finished {
    run(&route.config(&[topic]), &[&["groups", "translate"], more].concat(), LIMIT)
}

fn document(finished: &Finished) -> serde_json::Value {
    let document: serde_json::Value = serde_json::from_str(finished.stdout.trim()).unwrap();
    assert_eq!(document["schema"], "strait/groups-translate/v1", "{document}");
    document
}

#[test]
fn g6_every_offset_translates_both_ways_while_the_copy_runs() {
    live(|lab| {
        let topic = lab.topic("t");
        let late = "rename = \"far.{topic}\"\n[flows.NAME.limits]\ncheckpoint_interval = \"1h\"";
        let route = Route::shared(lab).with(late);
        let renamed = format!("far.{topic}");
        create_topic(route.source, &topic, 1, &[]);
        let mut running = route.start(&[&topic]);
        let writer = Writer::transactional(route.source, &lab.topic("tx"), &[]);
        let mut committed = 0;
        for round in 0..9_u64 {
            writer.begin();
            writer.send(&topic, &mixed(800 + round, 20, 1));
            if round % 3 == 1 {
                writer.abort();
            } else {
                writer.commit();
                committed += 20;
            }
        }
        route.until_arrived(&mut running, &renamed, 1, committed);
        let source = read_all(route.source, &topic, Isolation::ReadCommitted).remove(&0).unwrap();
        let target = read_all(route.target, &renamed, Isolation::ReadCommitted).remove(&0).unwrap();
        assert_eq!(source.len(), target.len());
        let file = lab.work_dir().join("offsets.json");
        let name = file.display().to_string();
        let last = source.last().unwrap().offset;
        let list: Vec<_> = (0..=last)
            .map(|offset| serde_json::json!({"topic": topic, "partition": 0, "offset": offset}))
            .collect();
        std::fs::write(&file, serde_json::json!(list).to_string()).unwrap();
        let told = document(&translate(&route, &topic, &[&name, "--format", "json"]).assert_code(0));
        for (offset, row) in (0..).zip(told["data"]["offsets"].as_array().unwrap()) {
            let at = source.partition_point(|record| record.offset < offset);
            assert_eq!(row["translated"], target[at].offset, "{row}");
            assert_eq!(
                (&row["exactness"], &row["translated_topic"]),
                (&"exact".into(), &renamed.as_str().into())
            );
        }
        let back: Vec<_> = target
            .iter()
            .map(|record| serde_json::json!({"topic": renamed, "partition": 0, "offset": record.offset}))
            .collect();
        std::fs::write(&file, serde_json::json!(back).to_string()).unwrap();
        let told =
            document(&translate(&route, &topic, &[&name, "--reverse", "--format", "json"]).assert_code(0));
        for (record, row) in source.iter().zip(told["data"]["offsets"].as_array().unwrap()) {
            assert_eq!(row["translated"], record.offset, "{row}");
        }
        running.signal("KILL");
        running.finish(LIMIT);
    });
}

#[test]
fn g11_bounds_and_unknown_offsets_have_their_exit_codes() {
    live(|lab| {
        let topic = lab.topic("t");
        let route = Route::shared(lab);
        create_topic(route.source, &topic, 2, &[]);
        produce(route.source, &topic, "lz4", &mixed(820, 100, 1));
        route.once(&[&topic]).assert_code(0);
        let one = |offset: &str, partition: &str| {
            let arguments =
                ["--topic", &topic, "--partition", partition, "--offset", offset, "--format", "json"];
            translate(&route, &topic, &arguments)
        };
        assert_eq!(watermarks(route.source, &topic, 0).1, 100);
        let row = |finished: &Finished| document(finished)["data"]["offsets"][0].clone();
        assert_eq!(row(&one("100", "0").assert_code(0))["translated"], 100, "the end is exact");
        let ahead = row(&one("101", "0").assert_code(10));
        assert_eq!((&ahead["translated"], &ahead["reason"]["code"]), (&100.into(), &"ahead_of_copy".into()));
        let missing = row(&one("0", "7").assert_code(11));
        assert_eq!(
            (&missing["translated"], &missing["reason"]["code"]),
            (&serde_json::Value::Null, &"not_copied".into())
        );
        // A map in Spark's shape comes back in that shape, alone.
        let file = lab.work_dir().join("spark.json");
        let name = file.display().to_string();
        let written = serde_json::json!({ topic.as_str(): {"0": 40, "1": 0} });
        std::fs::write(&file, written.to_string()).unwrap();
        let bare = translate(&route, &topic, &[&name, "--bare"]).assert_code(0);
        assert_eq!(serde_json::from_str::<serde_json::Value>(bare.stdout.trim()).unwrap(), written);
        std::fs::write(&file, serde_json::json!({ topic.as_str(): {"0": -1} }).to_string()).unwrap();
        let named = translate(&route, &topic, &[&name, "--bare"]).assert_code(11);
        assert_eq!(named.stdout, "", "nothing is printed where one is unknown");
        named.assert_says(&["latest"]);
    });
}
