//! `strait verify` on brokers: a right copy is found right, a wrong one wrong at exactly the wrong records.

use serde_json::Value;

use crate::harness::admin::{create_topic, delete_records_before};
use crate::harness::live;
use crate::harness::produce::{Writer, produce};
use crate::harness::records::mixed;
use crate::harness::route::{LIMIT, Route, terminate};
use crate::harness::strait::run;

/// Runs `strait verify` and returns the one flow of its document.
fn verify(route: &Route<'_>, topics: &[&str], more: &[&str], code: i32) -> Value {
    let arguments = [&["verify", "--format", "json"], more].concat();
    let finished = run(&route.config(topics), &arguments, LIMIT).assert_code(code);
    let document: Value = serde_json::from_str(finished.stdout.trim()).unwrap();
    assert_eq!(document["schema"], "strait/verify/v1");
    assert_eq!(document["exit_code"], code);
    document["data"]["flows"][0].clone()
}

/// Adds one figure of all partitions up.
fn sum(flow: &Value, name: &str) -> u64 {
    let partitions = flow["partitions"].as_array().unwrap();
    partitions.iter().map(|partition| partition[name].as_u64().unwrap()).sum()
}

const FAULTS: [&str; 7] = ["missing", "doubled", "extra", "changed", "reordered", "mistranslated", "damaged"];

fn faults(flow: &Value) -> Vec<(&'static str, u64)> {
    FAULTS.into_iter().map(|name| (name, sum(flow, name))).filter(|(_, count)| *count > 0).collect()
}

#[test]
fn g11_a_right_copy_is_found_right_whatever_was_written() {
    live(|lab| {
        let route = Route::shared(lab);
        let (plain, stamped, tx) = (lab.topic("plain"), lab.topic("stamped"), lab.topic("tx"));
        create_topic(route.source, &plain, 3, &[]);
        create_topic(route.source, &stamped, 1, &[("message.timestamp.type", "LogAppendTime")]);
        create_topic(route.source, &tx, 2, &[]);
        for codec in ["none", "lz4", "zstd"] {
            produce(route.source, &plain, codec, &mixed(700, 400, 3));
            produce(route.source, &stamped, codec, &mixed(701, 100, 1));
        }
        let writer = Writer::transactional(route.source, &lab.topic("id"), &[]);
        for round in 0..9_u64 {
            writer.begin();
            writer.send(&tx, &mixed(710 + round, 40, 2));
            if round % 3 == 1 { writer.abort() } else { writer.commit() }
        }
        let topics = [plain.as_str(), stamped.as_str(), tx.as_str()];
        route.once(&topics).assert_code(0);
        run(&route.config(&topics), &["verify"], LIMIT)
            .assert_code(0)
            .assert_says(&["no fault", "1.74k records"]);
        let flow = verify(&route, &topics, &["--complete"], 0);
        assert_eq!((sum(&flow, "same"), faults(&flow)), (1_200 + 300 + 240, Vec::new()), "{flow}");
        assert!(sum(&flow, "same_bytes") >= 1_200, "most batches pass through and are not decoded: {flow}");
        assert_eq!(
            (sum(&flow, "behind"), sum(&flow, "foreign"), sum(&flow, "unmapped")),
            (0, 0, 0),
            "{flow}"
        );

        // More at the source, a tail that retention took there, and a stranger's record at the target.
        produce(route.source, &plain, "lz4", &mixed(702, 90, 3));
        delete_records_before(route.source, &plain, 0, 50);
        produce(route.target, &plain, "lz4", &mixed(703, 1, 1));
        let flow = verify(&route, &topics, &[], 0);
        assert_eq!((sum(&flow, "behind"), sum(&flow, "foreign")), (90, 1), "{flow}");
        assert_eq!(sum(&flow, "same"), 1_740 - 50, "{flow}");
        let flow = verify(&route, &topics, &["--complete", "--topic", "*plain"], 10);
        assert_eq!(faults(&flow), [("missing", 90)], "{flow}");
    });
}

#[test]
fn g11_each_kind_of_fault_is_found_at_its_record() {
    live(|lab| {
        let route = Route::shared(lab);
        let topic = lab.topic("t");
        create_topic(route.source, &topic, 1, &[]);
        create_topic(route.target, &topic, 1, &[]);
        let mut records = mixed(720, 400, 1);
        records.iter_mut().zip(0..).for_each(|(record, at)| record.key = Some(format!("k{at}").into_bytes()));
        produce(route.source, &topic, "lz4", &records);
        // A copy made by somebody else: without state of the flow every record at the target counts.
        let mut copy = records.clone();
        copy[300].value = Some(b"changed".to_vec());
        copy.swap(200, 201);
        copy.insert(101, copy[100].clone());
        copy.remove(50);
        produce(route.target, &topic, "zstd", &copy);
        let flow = verify(&route, &[&topic], &[], 10);
        assert_eq!(
            faults(&flow),
            [("missing", 1), ("doubled", 1), ("changed", 1), ("reordered", 1)],
            "{flow}"
        );
        let found = |kind: &str| {
            let listed = flow["partitions"][0]["faults"].as_array().unwrap();
            let fault = listed.iter().find(|fault| fault["kind"] == kind).unwrap();
            (fault["source"].as_i64(), fault["target"].as_i64())
        };
        assert_eq!(found("missing"), (Some(50), None));
        assert_eq!(found("doubled"), (Some(100), Some(100)));
        assert_eq!(found("changed"), (Some(300), Some(300)));
        let shown = run(&route.config(&[&topic]), &["verify"], LIMIT).assert_code(10);
        shown.assert_says(&["FAULTS", "missing", "doubled", "changed", "reordered"]);
        let junit = run(&route.config(&[&topic]), &["verify", "--format", "junit"], LIMIT).assert_code(10);
        for words in
            ["<testsuites ", "failures=\"1\"", "1 missing, 1 doubled", "missing: source 50, target -"]
        {
            assert!(junit.stdout.contains(words), "{words}: {}", junit.stdout);
        }
    });
}

#[test]
fn g11_a_copy_that_goes_on_meanwhile_is_not_found_wrong() {
    live(|lab| {
        let route = Route::shared(lab);
        let topic = lab.topic("t");
        create_topic(route.source, &topic, 4, &[]);
        let running = route.start(&[&topic]);
        std::thread::scope(|scope| {
            let writing = scope.spawn(|| {
                for round in 0..30_u64 {
                    produce(route.source, &topic, "lz4", &mixed(740 + round, 200, 4));
                }
            });
            while !writing.is_finished() {
                let flow = verify(&route, &[&topic], &[], 0);
                assert_eq!(faults(&flow), [], "{flow}");
            }
        });
        terminate(running);
        route.once(&[&topic]).assert_code(0);
        let flow = verify(&route, &[&topic], &["--complete"], 0);
        assert_eq!(sum(&flow, "same"), 6_000, "{flow}");
    });
}

#[test]
fn an_interrupted_comparison_goes_on_from_its_file_and_a_sample_is_less() {
    live(|lab| {
        let route = Route::shared(lab);
        let topic = lab.topic("t");
        create_topic(route.source, &topic, 1, &[]);
        // Small records: more than one range of a partition in little data.
        let mut records = mixed(760, 1, 1);
        records[0].value = Some(b"v".to_vec());
        let records: Vec<_> = std::iter::repeat_n(records.remove(0), 270_000)
            .zip(0..)
            .map(|(mut record, at)| {
                record.key = Some(format!("{at}").into_bytes());
                record
            })
            .collect();
        produce(route.source, &topic, "lz4", &records);
        route.once(&[&topic]).assert_code(0);
        let file = lab.work_dir().join("verify.json");
        let resume = ["--resume", file.to_str().unwrap()];
        let flow = verify(&route, &[&topic], &resume, 0);
        assert_eq!((sum(&flow, "same"), sum(&flow, "ranges")), (270_000, 2), "{flow}");
        let kept: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        assert_eq!(kept["ranges"].as_array().unwrap().len(), 1, "the open range is read again");
        let again = verify(&route, &[&topic], &resume, 0);
        assert_eq!(sum(&again, "same"), 270_000, "{again}");
        assert!(again["read_bytes"].as_u64() == flow["read_bytes"].as_u64(), "what is kept is added up");

        let sample = verify(&route, &[&topic], &["--sample", "30", "--seed", "7"], 0);
        let compared = sum(&sample, "same");
        assert!((10_000..200_000).contains(&compared), "{sample}");
        assert_eq!(sum(&verify(&route, &[&topic], &["--sample", "30", "--seed", "7"], 0), "same"), compared);

        std::fs::write(&file, "{}").unwrap();
        let arguments = [&["verify"][..], &resume].concat();
        let refused = run(&route.config(&[&topic]), &arguments, LIMIT).assert_code(2);
        refused.assert_says(&["not a verification's progress"]);
    });
}
