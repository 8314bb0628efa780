//! G2 and G11: runs that end, are stopped, are killed, and begin again; what they say and serve.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::harness::admin::create_topic;
use crate::harness::live;
use crate::harness::ports::free_port;
use crate::harness::produce::produce;
use crate::harness::records::mixed;
use crate::harness::route::{LIMIT, Route, terminate};
use crate::harness::strait::start;
use crate::status_map::status_of;

#[test]
fn g2_a_second_run_goes_on_with_nothing_twice() {
    live(|lab| {
        let route = Route::shared(lab);
        let topic = lab.topic("t");
        create_topic(route.source, &topic, 3, &[]);
        produce(route.source, &topic, "lz4", &mixed(100, 400, 3));
        route.once(&[&topic]).assert_code(0);
        route.once(&[&topic]).assert_code(0);
        route.assert_same(&topic, 400);
        produce(route.source, &topic, "gzip", &mixed(101, 100, 3));
        route.once(&[&topic]).assert_code(0);
        route.assert_same(&topic, 500);
    });
}

#[test]
fn g2_a_killed_run_goes_on_with_nothing_lost_or_doubled() {
    live(|lab| {
        let route = Route::shared(lab);
        let topic = lab.topic("t");
        create_topic(route.source, &topic, 3, &[]);
        for round in 0..3 {
            let mut running = route.start(&[&topic]);
            produce(route.source, &topic, "lz4", &mixed(200 + round, 2000, 3));
            let before = i64::try_from(round).unwrap() * 2000;
            route.until_arrived(&mut running, &topic, 3, before + 1);
            running.signal("KILL");
            running.finish(LIMIT);
        }
        route.once(&[&topic]).assert_code(0);
        route.assert_same(&topic, 6000);
    });
}

#[test]
fn g2_stopped_and_started_again_while_records_come_copies_nothing_twice() {
    live(|lab| {
        let route = Route::shared(lab);
        let topic = lab.topic("t");
        create_topic(route.source, &topic, 2, &[]);
        for round in 1..=3 {
            produce(route.source, &topic, "zstd", &mixed(210 + round, 300, 2));
            let mut running = route.start(&[&topic]);
            route.until_arrived(&mut running, &topic, 2, i64::try_from(round).unwrap() * 300);
            terminate(running);
        }
        route.assert_same(&topic, 900);
    });
}

#[test]
fn the_metrics_endpoint_tells_positions_and_readiness() {
    live(|lab| {
        let route = Route::shared(lab);
        let topic = lab.topic("t");
        create_topic(route.source, &topic, 1, &[]);
        produce(route.source, &topic, "lz4", &mixed(300, 100, 1));
        let address = format!("127.0.0.1:{}", free_port());
        let mut running = start(&route.config(&[&topic]), &["replicate", "--metrics", &address]);
        running.until("it is ready", LIMIT, |_| get(&address, "/readyz").filter(|a| a.contains("200 OK")));
        running.until("all is copied", LIMIT, |_| {
            let counted = |line: &str| {
                line.starts_with("strait_records_copied_total{")
                    && line.contains(&topic)
                    && line.ends_with(" 100")
            };
            get(&address, "/metrics")?.lines().any(counted).then_some(())
        });
        assert!(get(&address, "/healthz").unwrap().contains("200 OK"));
        running.signal("INT");
        running.finish(LIMIT).assert_code(130);
    });
}

/// Asks a local HTTP server; `None` while nobody answers.
pub fn get(address: &str, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

#[test]
fn g2_a_run_that_lost_every_partition_to_another_ends_and_says_who_to_look_for() {
    live(|lab| {
        let route = Route::shared(lab);
        let topic = lab.topic("t");
        create_topic(route.source, &topic, 2, &[]);
        produce(route.source, &topic, "lz4", &mixed(230, 200, 2));
        let mut first = start(&route.config(&[&topic]), &["replicate"]);
        route.until_arrived(&mut first, &topic, 2, 200);
        let mut second = route.start(&[&topic]);
        // Its next batches tell it.
        produce(route.source, &topic, "lz4", &mixed(231, 200, 2));
        let finished = first.finish(LIMIT).assert_code(1);
        finished.assert_says(&["took this partition over", "look for another strait", "strait status"]);
        route.until_arrived(&mut second, &topic, 2, 400);
        let owner = second.pid();
        terminate(second);
        route.assert_same(&topic, 400);
        let state = status_of(&route.config(&[&topic]));
        for partition in state["partitions"].as_array().unwrap() {
            assert_eq!(partition["owner"]["pid"], owner, "{partition}");
            assert_eq!(
                partition["stopped"],
                serde_json::Value::Null,
                "it is not stopped, it has another owner"
            );
        }
    });
}
