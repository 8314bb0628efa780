//! G11: what a run shows while it copies, in JSON and on /metrics.

use serde_json::Value;

use crate::harness::admin::create_topic;
use crate::harness::live;
use crate::harness::ports::free_port;
use crate::harness::produce::produce;
use crate::harness::records::mixed;
use crate::harness::route::{LIMIT, Route, terminate};
use crate::harness::strait::{Running, run, start};
use crate::replicate_runs::get;

/// Returns the newest progress event.
fn progress(running: &Running) -> Option<Value> {
    let stdout = running.stdout();
    let mut lines = stdout.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.rfind(|line| line["event"] == "progress" && line["has_started"] == true)
}

#[test]
fn progress_tells_speed_lag_and_age_and_the_last_line_how_it_ended() {
    live(|lab| {
        let route = Route::shared(lab);
        let topic = lab.topic("t");
        create_topic(route.source, &topic, 2, &[]);
        let arguments = ["replicate", "--format", "json", "--progress-interval", "100ms"];
        let mut running = start(&route.config(&[&topic]), &arguments);
        let empty = running
            .until("nothing is left", LIMIT, |run| progress(run).filter(|told| told["caught_up"] == 2));
        assert_eq!((&empty["records_behind"], &empty["seconds_behind"]), (&0.into(), &0.0.into()), "{empty}");
        produce(route.source, &topic, "lz4", &mixed(400, 300, 2));
        let told = running.until("all is told", LIMIT, |run| {
            let told = progress(run)?;
            (told["records"] == 300 && told["records_per_second"].as_f64()? > 0.0).then_some(told)
        });
        assert!(told["bytes_per_second"].as_f64().unwrap() > 0.0, "{told}");
        assert!(told["seconds_left"].is_null(), "a run without an end has no time left: {told}");
        assert_eq!((&told["failing"], &told["stopped"]), (&0.into(), &0.into()), "{told}");
        let events = terminate(running).events();
        let last = events.last().unwrap();
        assert_eq!((&last["event"], &last["status"]), (&"ended".into(), &"interrupted".into()), "{last}");
        assert_eq!((&last["exit_code"], &last["data"]["records"]), (&143.into(), &300.into()), "{last}");
        let positions: Vec<_> = events.iter().filter(|event| event["event"] == "finished").collect();
        assert_eq!(positions.len(), 2, "{events:?}");
    });
}

#[test]
fn elsewhere_than_on_a_terminal_progress_is_a_line_and_the_positions_are_data() {
    live(|lab| {
        let route = Route::shared(lab);
        let topic = lab.topic("t");
        create_topic(route.source, &topic, 1, &[]);
        produce(route.source, &topic, "zstd", &mixed(410, 50, 1));
        let finished = run(&route.config(&[&topic]), &["replicate", "--once"], LIMIT).assert_code(0);
        let rows: Vec<Vec<&str>> =
            finished.stdout.lines().map(|row| row.split_whitespace().collect()).collect();
        let header = ["FLOW", "TOPIC", "PARTITION", "SOURCE-NEXT", "TARGET-NEXT", "RECORDS", "STATE"];
        assert_eq!(rows[0], header, "{}", finished.stdout);
        assert_eq!(rows[1][1..], [&topic, "0", "50", "50", "50", "finished"], "{}", finished.stdout);
        assert!(finished.stderr.contains(": copied 50 records, "), "{}", finished.stderr);
        assert!(!finished.stderr.contains(['\x1b', '\r']), "{}", finished.stderr);
        let quiet = run(&route.config(&[&topic]), &["replicate", "--once", "-q"], LIMIT).assert_code(0);
        assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""));
    });
}

#[test]
fn metrics_tell_request_times_throttling_and_the_age_of_what_is_not_copied() {
    live(|lab| {
        let route = Route::shared(lab);
        let topic = lab.topic("t");
        create_topic(route.source, &topic, 1, &[]);
        produce(route.source, &topic, "lz4", &mixed(420, 80, 1));
        let address = format!("127.0.0.1:{}", free_port());
        let mut running = start(&route.config(&[&topic]), &["replicate", "--metrics", &address]);
        let page = running.until("all is copied and known to be", LIMIT, |_| {
            let page = get(&address, "/metrics")?;
            (value(&page, "strait_lag_seconds{")? == 0.0
                && value(&page, "strait_records_copied_total{")? == 80.0)
                .then_some(page)
        });
        for name in
            ["strait_fetch_seconds_count{", "strait_fetch_seconds_sum{", "strait_produce_seconds_count{"]
        {
            assert!(value(&page, name).unwrap() > 0.0, "{name}\n{page}");
        }
        assert_eq!(value(&page, "strait_lag_records{"), Some(0.0), "{page}");
        let throttled = page.lines().filter(|line| line.starts_with("strait_throttled_seconds_total{"));
        assert_eq!(throttled.count(), 2, "one for each side:\n{page}");
        running.signal("TERM");
        running.finish(LIMIT).assert_code(143);
    });
}

/// Returns the value of the first sample whose line begins so.
fn value(page: &str, begins: &str) -> Option<f64> {
    let line = page.lines().find(|line| line.starts_with(begins))?;
    line.rsplit_once(' ')?.1.parse().ok()
}
