//! G11: what `strait lag` says at the edges: nothing known, nothing there, another log, no leader.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::harness::admin::{create_topic, delete_records_before, delete_topic};
use crate::harness::live;
use crate::harness::produce::{Writer, produce};
use crate::harness::records::NewRecord;
use crate::harness::route::{LIMIT, Route, terminate};
use crate::harness::strait::run;

/// A week, in milliseconds.
const WEEK_MS: i64 = 7 * 24 * 3600 * 1000;

fn now_ms() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

/// Makes records of different content for one partition, all of this time.
fn records(from: usize, count: usize, partition: i32, timestamp_ms: i64) -> Vec<NewRecord> {
    let make = |number: usize| NewRecord {
        partition,
        key: Some(format!("key {number}").into_bytes()),
        value: Some(format!("value {number} of partition {partition}").into_bytes()),
        timestamp_ms,
        ..NewRecord::default()
    };
    (from..from + count).map(make).collect()
}

/// Runs `strait lag` and returns its document.
pub fn lag(route: &Route<'_>, topics: &[&str], more: &[&str], code: i32) -> Value {
    let mut arguments = vec!["lag", "--format", "json"];
    arguments.extend(more);
    let finished = run(&route.config(topics), &arguments, LIMIT);
    let stdout = finished.stdout.clone();
    finished.assert_code(code);
    let document: Value = serde_json::from_str(stdout.trim()).unwrap();
    assert_eq!((&document["schema"], &document["exit_code"]), (&json!("strait/lag/v1"), &json!(code)));
    document
}

/// Returns the document's row of a partition.
pub fn row<'a>(document: &'a Value, topic: &str, partition: i32) -> &'a Value {
    let rows = document["data"]["flows"][0]["partitions"].as_array().unwrap();
    rows.iter()
        .find(|row| row["topic"] == topic && row["partition"] == partition)
        .unwrap_or_else(|| panic!("no row of {topic}[{partition}]: {document}"))
}

#[test]
fn g11_a_partition_never_copied_is_unknown_and_not_far_behind() {
    live(|lab| {
        let route = Route::shared(lab);
        let topic = lab.topic("t");
        create_topic(route.source, &topic, 1, &[]);
        produce(route.source, &topic, "lz4", &records(0, 100, 0, now_ms()));
        let document = lag(&route, &[&topic], &[], 11);
        let row = row(&document, &topic, 0);
        assert_eq!((&row["status"], &row["lag_records"]), (&json!("UNKNOWN"), &Value::Null));
        assert_eq!((&row["position"], &row["source_end"]), (&Value::Null, &json!(100)));
        assert!(row["reason"].as_str().unwrap().contains("never copied"), "{row}");
    });
}

#[test]
fn g11_records_are_counted_and_aged_and_a_partition_at_its_end_is_not_behind() {
    live(|lab| {
        let route = Route::shared(lab);
        let topic = lab.topic("t");
        // Partition 2 stays empty, 1 stays at its end with a record a week old.
        create_topic(route.source, &topic, 3, &[("retention.ms", "604800000")]);
        let now = now_ms();
        produce(route.source, &topic, "lz4", &records(0, 50, 0, now));
        produce(route.source, &topic, "lz4", &records(0, 50, 1, now - WEEK_MS + 3_600_000));
        route.once(&[&topic]).assert_code(0);
        let document = lag(&route, &[&topic], &["--warning", "0"], 0);
        for partition in 0..3 {
            let row = row(&document, &topic, partition);
            assert_eq!((&row["status"], &row["lag_records"]), (&json!("OK"), &json!(0)), "{row}");
            assert_eq!((&row["lag_seconds"], &row["approx"]), (&json!(0.0), &json!(false)), "{row}");
        }
        assert_eq!(row(&document, &topic, 2)["source_end"], 0);
        // 100 seconds old, in batches of one record: the first that waits tells the age.
        produce(route.source, &topic, "none", &records(50, 1, 0, now - 100_000));
        produce(route.source, &topic, "none", &records(51, 19, 0, now));
        let document = lag(&route, &[&topic], &["--critical", "60"], 10);
        let behind = row(&document, &topic, 0);
        assert_eq!((&behind["lag_records"], &behind["status"]), (&json!(20), &json!("WARN")), "{behind}");
        let seconds = behind["lag_seconds"].as_f64().unwrap();
        assert!((100.0..160.0).contains(&seconds), "{behind}");
        assert_eq!(behind["lag_method"], "record_timestamp");
        assert!(behind["lag_bytes_estimated"].as_i64().unwrap() > 20 * 20, "{behind}");
        let used = behind["retention_used"].as_f64().unwrap();
        assert!(used > 0.0 && used < 0.01, "{behind}");
        assert_eq!(document["data"]["worst"]["partition"], 0);
        lag(&route, &[&topic], &["--over", "seconds > 60 and records > 30"], 0);
        lag(&route, &[&topic], &["--over", "seconds > 60 and records > 10"], 10);
        lag(&route, &[&topic], &["--metric", "records", "-w", "20"], 0);
        lag(&route, &[&topic], &["--metric", "records", "-w", "19"], 10);
    });
}

#[test]
fn g11_what_retention_took_first_is_a_gap() {
    live(|lab| {
        let route = Route::shared(lab);
        let topic = lab.topic("t");
        create_topic(route.source, &topic, 1, &[]);
        produce(route.source, &topic, "lz4", &records(0, 100, 0, now_ms()));
        route.once(&[&topic]).assert_code(0);
        // A log start that only follows the position is none.
        delete_records_before(route.source, &topic, 0, 100);
        assert_eq!(row(&lag(&route, &[&topic], &[], 0), &topic, 0)["gap"], Value::Null);
        produce(route.source, &topic, "lz4", &records(100, 100, 0, now_ms()));
        delete_records_before(route.source, &topic, 0, 150);
        let document = lag(&route, &[&topic], &[], 10);
        let row = row(&document, &topic, 0);
        assert_eq!((&row["status"], &row["gap"]), (&json!("GAP"), &json!([100, 149])), "{row}");
        assert_eq!((&row["lag_records"], &row["position"]), (&json!(50), &json!(100)), "{row}");
    });
}

#[test]
fn g11_a_topic_made_anew_is_not_measured_against_the_old_one() {
    live(|lab| {
        let route = Route::shared(lab);
        let topic = lab.topic("t");
        let create = || {
            create_topic(route.source, &topic, 1, &[]);
            produce(route.source, &topic, "lz4", &records(0, 30, 0, now_ms()));
        };
        create();
        route.once(&[&topic]).assert_code(0);
        delete_topic(route.source, &topic);
        create();
        let document = lag(&route, &[&topic], &[], 10);
        let row = row(&document, &topic, 0);
        assert_eq!((&row["status"], &row["lag_records"]), (&json!("REWIND"), &Value::Null), "{row}");
        assert!(row["reason"].as_str().unwrap().contains("made anew"), "{row}");
    });
}

#[test]
fn g11_an_open_transaction_shows_and_what_it_holds_back_is_no_lag() {
    live(|lab| {
        let route = Route::shared(lab);
        let topic = lab.topic("t");
        create_topic(route.source, &topic, 1, &[]);
        produce(route.source, &topic, "lz4", &records(0, 10, 0, now_ms()));
        route.once(&[&topic]).assert_code(0);
        let writer = Writer::transactional(route.source, &lab.topic("tx"), &[]);
        writer.begin();
        writer.send(&topic, &records(10, 5, 0, now_ms()));
        writer.flush();
        let document = lag(&route, &[&topic], &[], 0);
        let open = row(&document, &topic, 0);
        assert_eq!((&open["source_end"], &open["source_high_watermark"]), (&json!(10), &json!(15)));
        assert_eq!((&open["lag_records"], &open["lag_seconds"]), (&json!(0), &json!(0.0)));
        // Aborted records and their marker are never copied, so nothing waits.
        writer.abort();
        let document = lag(&route, &[&topic], &[], 0);
        let aborted = row(&document, &topic, 0);
        assert_eq!((&aborted["source_end"], &aborted["position"]), (&json!(16), &json!(10)));
        assert_eq!((&aborted["lag_records"], &aborted["lag_method"]), (&json!(0), &json!("nothing_waits")));
        // Committed ones are: with the marker they take five offsets.
        writer.begin();
        writer.send(&topic, &records(10, 4, 0, now_ms()));
        writer.commit();
        let document = lag(&route, &[&topic], &[], 0);
        assert_eq!(row(&document, &topic, 0)["lag_records"], 11);
    });
}

#[test]
fn g11_a_kill_between_checkpoints_leaves_lag_exact() {
    live(|lab| {
        let slow = "[flows.NAME.limits]\ncheckpoint_interval = \"1h\"";
        let route = Route::shared(lab).with(slow);
        let (plain, thinned) = (lab.topic("plain"), lab.topic("transactions"));
        for topic in [&plain, &thinned] {
            create_topic(route.source, topic, 1, &[]);
        }
        let topics = [lab.topic("*")];
        let mut running = route.start(&[&topics[0]]);
        produce(route.source, &plain, "lz4", &records(0, 500, 0, now_ms()));
        let writer = Writer::transactional(route.source, &lab.topic("tx"), &[]);
        for round in 0..20 {
            writer.begin();
            writer.send(&thinned, &records(round * 10, 10, 0, now_ms()));
            if round % 4 == 3 { writer.abort() } else { writer.commit() }
        }
        route.until_arrived(&mut running, &plain, 1, 500);
        route.until_arrived(&mut running, &thinned, 1, 150);
        running.signal("KILL");
        running.finish(LIMIT);
        produce(route.source, &plain, "lz4", &records(500, 7, 0, now_ms()));
        let document = lag(&route, &[&topics[0]], &[], 0);
        let one = row(&document, &plain, 0);
        assert_eq!((&one["lag_records"], &one["position"]), (&json!(7), &json!(500)), "{one}");
        assert_eq!(one["position_method"], "matched");
        // The last ten committed records are the target's last, whatever markers and aborted records lie
        // between: only an aborted transaction stands behind them.
        let other = row(&document, &thinned, 0);
        assert_eq!((&other["lag_records"], &other["lag_method"]), (&json!(0), &json!("nothing_waits")));
        assert_eq!((&other["position"], &other["source_end"]), (&json!(208), &json!(220)), "{other}");
        route.once(&[&topics[0]]).assert_code(0);
        let document = lag(&route, &[&topics[0]], &[], 0);
        assert_eq!(row(&document, &plain, 0)["position_method"], "checkpoint");
    });
}

#[test]
fn g11_lag_is_never_negative_while_writers_and_copy_run() {
    live(|lab| {
        let route = Route::shared(lab);
        let topic = lab.topic("t");
        create_topic(route.source, &topic, 4, &[]);
        route.once(&[&topic]).assert_code(0);
        let running = route.start(&[&topic]);
        let writer = Writer::open(route.source, &[("compression.type", "lz4")]);
        let mut seen = 0;
        for round in 0..12 {
            for partition in 0..4 {
                writer.send(&topic, &records(round * 5_000, 5_000, partition, now_ms()));
            }
            let document = lag(&route, &[&topic], &[], 0);
            for partition in 0..4 {
                let row = row(&document, &topic, partition);
                let number = |name: &str| row[name].as_i64().unwrap();
                let behind = number("lag_records");
                assert!(behind >= 0 && number("position") <= number("source_end"), "{row}");
                assert!(row["lag_seconds"].as_f64().unwrap() >= 0.0, "{row}");
                seen = seen.max(number("position"));
            }
        }
        assert!(seen > 0, "something was copied meanwhile");
        writer.flush();
        terminate(running);
    });
}
