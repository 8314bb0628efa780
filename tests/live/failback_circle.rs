//! The full circle between real brokers: fail over, write at the target, fail back, write at the source.

use std::collections::BTreeMap;
use std::io::Write as _;

use serde_json::Value;

use crate::groups_sync::{commit, with_groups};
use crate::harness::admin::create_topic;
use crate::harness::live;
use crate::harness::produce::produce;
use crate::harness::records::{Isolation, Record, mixed, read_all};
use crate::harness::route::{LIMIT, Route};
use crate::harness::strait::run;

const PARTITIONS: i32 = 2;

/// Time, key, value and headers of a record.
type Content = (Option<i64>, Option<Vec<u8>>, Option<Vec<u8>>, String);

fn content_of(record: &Record) -> Content {
    let Record { key, value, headers, timestamp_ms, .. } = record;
    (*timestamp_ms, key.clone(), value.clone(), format!("{headers:?}"))
}

#[test]
fn g1_g2_g7_a_full_circle_leaves_every_record_at_both_ends_once() {
    live(|lab| {
        let (topic, group) = (lab.topic("t"), lab.topic("g"));
        let route = with_groups(Route::shared(lab), &group);
        create_topic(route.source, &topic, PARTITIONS, &[]);
        // Copied, stranded, new at the target, and new at the source again.
        let parts = [(300, 920), (60, 921), (200, 922), (80, 923)].map(|(count, seed)| mixed(seed, count, 2));
        let count = |part: usize, partition: i32| {
            parts[part].iter().filter(|record| record.partition == partition).count()
        };
        let config = route.config(&[&topic]);
        let json = |arguments: &[&str], code: i32| -> Value {
            let finished =
                run(&config, &[arguments, &["--format", "json"]].concat(), LIMIT).assert_code(code);
            serde_json::from_str(finished.stdout.trim()).unwrap()
        };
        let flow = route.flow();
        produce(route.source, &topic, "lz4", &parts[0]);
        route.once(&[&topic]).assert_code(0);
        produce(route.source, &topic, "lz4", &parts[1]);
        json(&["failover", "--unplanned", "--yes"], 10);
        produce(route.target, &topic, "zstd", &parts[2]);

        let listed = json(&["failback", "--dry-run"], 10);
        let stranded: u64 = listed["data"]["partitions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|p| p["stranded"].as_u64().unwrap())
            .sum();
        assert_eq!(stranded, 60);
        let begun = json(&["failback", "--yes", "--stranded", "append", "--begin-only"], 0);
        let reverse = begun["data"]["reverse"].as_str().unwrap().to_owned();
        let mut file = std::fs::OpenOptions::new().append(true).open(&config).unwrap();
        writeln!(file, "\n{}", begun["data"]["reverse_config"].as_str().unwrap()).unwrap();
        run(&config, &["replicate", "--flow", &reverse, "--until-caught-up"], LIMIT).assert_code(0);
        // Behind all of the target's own and the appended records.
        let last = read_all(route.target, &topic, Isolation::ReadCommitted);
        let read_to = |partition: i32| last[&partition].last().unwrap().offset + 1;
        commit(route.target, &group, &topic, &[(0, read_to(0)), (1, read_to(1))]);
        let back = json(&["failback", "--flow", &flow, "--yes", "--quiet-for", "500ms"], 0);
        let offsets = back["data"]["groups"][0]["offsets"].as_array().unwrap().clone();
        assert!(offsets.iter().all(|offset| offset["exactness"] == "exact"), "{offsets:?}");
        produce(route.source, &topic, "gzip", &parts[3]);
        run(&config, &["replicate", "--flow", &flow, "--once"], LIMIT).assert_code(0);

        let (source, target) = (
            read_all(route.source, &topic, Isolation::ReadUncommitted),
            read_all(route.target, &topic, Isolation::ReadUncommitted),
        );
        let content = |all: &BTreeMap<i32, Vec<Record>>, partition| -> Vec<Content> {
            all[&partition].iter().map(content_of).collect()
        };
        for partition in 0..PARTITIONS {
            let [copied, stranded, new, last] = [0, 1, 2, 3].map(|part| count(part, partition));
            let at_source = content(&source, partition);
            assert_eq!(at_source.len(), copied + stranded + new + last);
            let (head, rest) = at_source.split_at(copied);
            let (appended, rest) = rest.split_at(stranded);
            let (new, last) = rest.split_at(new);
            let wanted = [head, new, appended, last].concat();
            assert_eq!(content(&target, partition), wanted, "partition {partition}");
        }
        for flow in [&flow, &reverse] {
            run(&config, &["verify", "--flow", flow], LIMIT).assert_code(0);
        }
    });
}
