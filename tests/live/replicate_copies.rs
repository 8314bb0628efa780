//! Copies with `strait replicate --once` and compares source and target record by record.

use std::time::Duration;

use crate::harness::admin::{create_topic, delete_records_before, set_topic_configs, topic_exists};
use crate::harness::certificates::certificates;
use crate::harness::compare::assert_same;
use crate::harness::produce::{CODECS, Writer, produce};
use crate::harness::records::{NewRecord, Seeded, mixed, watermarks};
use crate::harness::shared::{shared_pair, shared_secure};
use crate::harness::spec::{Listener, PASSWORD, USER};
use crate::harness::strait::{Config, Finished, run, start};
use crate::harness::{Lab, live};

const LIMIT: Duration = Duration::from_secs(90);

/// Copies the test's topics from the shared source to the shared target, once.
fn copy_once(lab: &Lab, topics: &[&str]) -> Finished {
    let pair = shared_pair();
    let config = Config::new()
        .cluster("source", &pair.source, Listener::Plaintext, "")
        .cluster("target", &pair.target, Listener::Plaintext, "")
        .flow(&flow_name(lab), topics, "");
    run(&config.write(&lab.work_dir()), &["replicate", "--once"], LIMIT)
}

fn flow_name(lab: &Lab) -> String {
    lab.name.replace('.', "-")
}

#[test]
fn g4_every_codec_arrives_unchanged() {
    live(|lab| {
        let pair = shared_pair();
        let topics = CODECS.map(|codec| lab.topic(codec));
        for (topic, codec) in topics.iter().zip(CODECS) {
            create_topic(&pair.source, topic, 2, &[]);
            produce(&pair.source, topic, codec, &mixed(11, 500, 2));
        }
        copy_once(lab, &[&lab.topic("*")]).assert_code(0);
        for topic in &topics {
            assert_eq!(assert_same(&pair.source, &pair.target, topic), 500);
        }
    });
}

#[test]
fn g5_only_committed_transactions_arrive() {
    live(|lab| {
        let pair = shared_pair();
        let topic = lab.topic("t");
        create_topic(&pair.source, &topic, 1, &[]);
        let first = Writer::transactional(&pair.source, &lab.topic("a"), &[]);
        let second = Writer::transactional(&pair.source, &lab.topic("b"), &[]);
        // Interleaved in one log: the first commits what surrounds the second's aborted records.
        first.begin();
        second.begin();
        for round in 0..5 {
            first.send(&topic, &mixed(20 + round, 10, 1));
            first.flush();
            second.send(&topic, &mixed(30 + round, 10, 1));
            second.flush();
        }
        second.abort();
        first.commit();
        let idempotent = Writer::open(&pair.source, &[("enable.idempotence", "true")]);
        idempotent.send(&topic, &mixed(40, 25, 1));
        idempotent.flush();
        copy_once(lab, &[&topic]).assert_code(0);
        assert_eq!(assert_same(&pair.source, &pair.target, &topic), 75);
    });
}

#[test]
fn g4_nulls_large_values_and_many_headers_arrive_unchanged() {
    live(|lab| {
        let pair = shared_pair();
        let topic = lab.topic("t");
        create_topic(&pair.source, &topic, 1, &[]);
        let mut random = Seeded::new(50);
        let plain = NewRecord { timestamp_ms: 1_760_000_000_000, ..NewRecord::default() };
        let large = Some(random.bytes(900_000));
        let headers = (0..50).map(|index| (format!("h{index}"), Some(random.bytes(index)))).collect();
        produce(
            &pair.source,
            &topic,
            "none",
            &[
                plain.clone(),
                NewRecord { key: Some(vec![]), value: Some(vec![]), ..plain.clone() },
                NewRecord { key: Some(b"tombstone".to_vec()), ..plain.clone() },
                NewRecord { key: Some(b"large".to_vec()), value: large, ..plain.clone() },
                NewRecord { value: Some(b"headers".to_vec()), headers, ..plain },
            ],
        );
        copy_once(lab, &[&topic]).assert_code(0);
        assert_eq!(assert_same(&pair.source, &pair.target, &topic), 5);
    });
}

#[test]
fn g1_three_hundred_partitions_empty_ones_among_them_arrive() {
    live(|lab| {
        let pair = shared_pair();
        let topic = lab.topic("t");
        create_topic(&pair.source, &topic, 300, &[]);
        produce(&pair.source, &topic, "lz4", &mixed(60, 2000, 250));
        copy_once(lab, &[&topic]).assert_code(0);
        assert_eq!(assert_same(&pair.source, &pair.target, &topic), 2000);
    });
}

#[test]
fn g1_a_log_that_starts_above_zero_arrives() {
    live(|lab| {
        let pair = shared_pair();
        let topic = lab.topic("t");
        create_topic(&pair.source, &topic, 1, &[]);
        produce(&pair.source, &topic, "zstd", &mixed(70, 300, 1));
        delete_records_before(&pair.source, &topic, 0, 117);
        copy_once(lab, &[&topic]).assert_code(0);
        assert_eq!(assert_same(&pair.source, &pair.target, &topic), 183);
    });
}

#[test]
fn g4_append_times_of_the_source_are_kept() {
    live(|lab| {
        let pair = shared_pair();
        let topic = lab.topic("t");
        create_topic(&pair.source, &topic, 1, &[("message.timestamp.type", "LogAppendTime")]);
        produce(&pair.source, &topic, "snappy", &mixed(80, 200, 1));
        // The config is not carried over: the target would stamp the records anew.
        copy_once(lab, &[&topic]).assert_code(0);
        assert_eq!(assert_same(&pair.source, &pair.target, &topic), 200);
    });
}

#[test]
fn g1_batches_larger_than_the_target_allows_are_split() {
    live(|lab| {
        let pair = shared_pair();
        let topic = lab.topic("t");
        create_topic(&pair.source, &topic, 1, &[]);
        let writer = Writer::open(&pair.source, &[("linger.ms", "200"), ("batch.size", "900000")]);
        writer.send(&topic, &mixed(90, 2000, 1));
        writer.flush();
        create_topic(&pair.target, &topic, 1, &[]);
        set_topic_configs(&pair.target, &topic, &[("max.message.bytes", "20000")]);
        copy_once(lab, &[&topic]).assert_code(0);
        assert_eq!(assert_same(&pair.source, &pair.target, &topic), 2000);
    });
}

#[test]
fn g2_a_second_run_goes_on_with_nothing_twice() {
    live(|lab| {
        let pair = shared_pair();
        let topic = lab.topic("t");
        create_topic(&pair.source, &topic, 3, &[]);
        produce(&pair.source, &topic, "lz4", &mixed(100, 400, 3));
        copy_once(lab, &[&topic]).assert_code(0);
        copy_once(lab, &[&topic]).assert_code(0);
        assert_eq!(assert_same(&pair.source, &pair.target, &topic), 400);
        produce(&pair.source, &topic, "gzip", &mixed(101, 100, 3));
        copy_once(lab, &[&topic]).assert_code(0);
        assert_eq!(assert_same(&pair.source, &pair.target, &topic), 500);
        let ends: i64 = (0..3).map(|index| watermarks(&pair.target, &topic, index).1).sum();
        assert_eq!(ends, 500, "nothing but the records is in the target's log");
    });
}

#[test]
fn g2_a_killed_run_goes_on_with_nothing_lost_or_doubled() {
    live(|lab| {
        let pair = shared_pair();
        let topic = lab.topic("t");
        create_topic(&pair.source, &topic, 3, &[]);
        let path = continuous(lab, &[&topic]);
        for round in 0..3 {
            let mut running = start(&path, &["replicate"]);
            running.until("it copies", LIMIT, |run| run.stderr().contains("copying").then_some(()));
            produce(&pair.source, &topic, "lz4", &mixed(200 + round, 2000, 3));
            running.until("something arrived", LIMIT, |_| {
                let ends: i64 = (0..3).map(|index| watermarks(&pair.target, &topic, index).1).sum();
                (ends > i64::try_from(round).unwrap() * 2000).then_some(())
            });
            running.signal("KILL");
            running.finish(LIMIT);
        }
        copy_once(lab, &[&topic]).assert_code(0);
        assert_eq!(assert_same(&pair.source, &pair.target, &topic), 6000);
        let ends: i64 = (0..3).map(|index| watermarks(&pair.target, &topic, index).1).sum();
        assert_eq!(ends, 6000, "nothing but the records is in the target's log");
    });
}

#[test]
fn g11_a_terminated_run_stops_cleanly_and_says_143() {
    live(|lab| {
        let pair = shared_pair();
        let topic = lab.topic("t");
        create_topic(&pair.source, &topic, 1, &[]);
        let mut running = start(&continuous(lab, &[&topic]), &["replicate"]);
        running.until("it copies", LIMIT, |run| run.stderr().contains("copying").then_some(()));
        running.signal("TERM");
        running.finish(LIMIT).assert_code(143);
    });
}

#[test]
fn the_metrics_endpoint_tells_positions_and_readiness() {
    live(|lab| {
        let pair = shared_pair();
        let topic = lab.topic("t");
        create_topic(&pair.source, &topic, 1, &[]);
        produce(&pair.source, &topic, "lz4", &mixed(300, 100, 1));
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let address = format!("127.0.0.1:{port}");
        let mut running = start(&continuous(lab, &[&topic]), &["replicate", "--metrics", &address]);
        running.until("it is ready", LIMIT, |_| get(&address, "/readyz").filter(|a| a.contains("200 OK")));
        running.until("all is copied", LIMIT, |_| {
            let text = get(&address, "/metrics")?;
            text.lines()
                .any(|l| {
                    l.starts_with("strait_records_copied_total{") && l.contains(&topic) && l.ends_with(" 100")
                })
                .then_some(())
        });
        assert!(get(&address, "/healthz").unwrap().contains("200 OK"));
        running.signal("INT");
        running.finish(LIMIT).assert_code(130);
    });
}

/// Asks a local HTTP server; `None` while nobody answers.
fn get(address: &str, path: &str) -> Option<String> {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(address).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

#[test]
fn g11_an_unreachable_source_and_an_unknown_flow_have_their_codes() {
    live(|lab| {
        let pair = shared_pair();
        let config = Config::new()
            .cluster_at("source", &["127.0.0.1:1".to_owned()], "PLAINTEXT", "")
            .cluster("target", &pair.target, Listener::Plaintext, "")
            .flow(&flow_name(lab), &["t"], "");
        let path = config.write(&lab.work_dir());
        let failed = run(&path, &["replicate", "--once"], LIMIT).assert_code(1);
        assert!(failed.stderr.contains("phase: tcp") && failed.stderr.contains("connection refused"));
        let unknown = run(&path, &["replicate", "--flow", "nowhere"], LIMIT).assert_code(2);
        assert!(unknown.stderr.contains("no flow is called \"nowhere\""));
    });
}

/// Writes the configuration of [`copy_once`] for a run that is started by hand.
fn continuous(lab: &Lab, topics: &[&str]) -> std::path::PathBuf {
    let pair = shared_pair();
    Config::new()
        .cluster("source", &pair.source, Listener::Plaintext, "")
        .cluster("target", &pair.target, Listener::Plaintext, "")
        .flow(&flow_name(lab), topics, "")
        .write(&lab.work_dir())
}

#[test]
fn every_secure_listener_is_copied_from() {
    live(|lab| {
        let secure = shared_secure();
        let target = &shared_pair().target;
        let files = certificates();
        let ca = format!("ssl_ca_file = {:?}\n", files.ca);
        let identity = format!(
            "{ca}ssl_certificate_file = {:?}\nssl_key_file = {:?}\n",
            files.client_certificate, files.client_key
        );
        std::fs::write(lab.work_dir().join("password"), PASSWORD).unwrap();
        let login = |mechanism: &str| {
            format!(
                "sasl_mechanism = {mechanism:?}\nsasl_username = {USER:?}\nsasl_password = \"file:{}\"\n",
                lab.work_dir().join("password").display()
            )
        };
        crate::harness::tools::allow(secure, USER, &["--operation", "All", "--topic", "*", "--cluster"]);
        let client = "CN=strait-client";
        crate::harness::tools::allow(secure, client, &["--operation", "All", "--topic", "*", "--cluster"]);
        let ways = [
            ("ssl", Listener::Ssl, ca.clone()),
            ("mtls", Listener::Mtls, identity),
            ("plain", Listener::SaslPlaintext, login("PLAIN")),
            ("scram256", Listener::SaslPlaintext, login("SCRAM-SHA-256")),
            ("scram512", Listener::SaslSsl, format!("{ca}{}", login("SCRAM-SHA-512"))),
        ];
        for (name, listener, more) in ways {
            let topic = lab.topic(name);
            create_topic(secure, &topic, 1, &[]);
            produce(secure, &topic, "zstd", &mixed(110, 50, 1));
            let config = Config::new()
                .cluster("source", secure, listener, &more)
                .cluster("target", target, Listener::Plaintext, "")
                .flow(name, &[&topic], "");
            run(&config.write(&lab.work_dir()), &["replicate", "--once"], LIMIT).assert_code(0);
            assert_eq!(assert_same(secure, target, &topic), 50, "{name}");
        }
    });
}

#[test]
fn g11_a_wrong_password_fails_and_says_so() {
    live(|lab| {
        let topic = lab.topic("t");
        std::fs::write(lab.work_dir().join("password"), "not-it").unwrap();
        let more = format!(
            "sasl_mechanism = \"SCRAM-SHA-512\"\nsasl_username = {USER:?}\nsasl_password = \"file:{}\"\n",
            lab.work_dir().join("password").display()
        );
        let target = &shared_pair().target;
        let config = Config::new()
            .cluster("source", shared_secure(), Listener::SaslPlaintext, &more)
            .cluster("target", target, Listener::Plaintext, "")
            .flow("f", &[&topic], "");
        let path = config.write(&lab.work_dir());
        let finished = run(&path, &["replicate", "--once"], LIMIT).assert_code(1);
        assert!(finished.stderr.contains("source"), "{}", finished.stderr);
        assert!(finished.stderr.to_lowercase().contains("password"), "{}", finished.stderr);
        assert!(!finished.stderr.contains("not-it"), "a secret was printed");
        assert!(!topic_exists(target, &topic));
    });
}
