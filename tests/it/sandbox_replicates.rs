//! G1 to G5 on sandbox clusters: `strait replicate` copies from one to the other.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::ApiKey;
use rdkafka::producer::Producer;
use strait::sandbox::{Action, Cluster, ClusterSpec, Fault, TopicSpec};

use crate::sandbox_kit::{LONG, contents, producer, read_all, start, write};

fn run(folder: &Path, source: &Cluster, target: &Cluster, flow: &str, arguments: &[&str]) -> String {
    let mut text = String::new();
    for (alias, cluster) in [("us", source), ("eu", target)] {
        let servers: Vec<String> = cluster.addresses().iter().map(ToString::to_string).collect();
        writeln!(text, "[clusters.{alias}]\nbootstrap_servers = {servers:?}\n").unwrap();
    }
    writeln!(text, "[flows.us-eu]\nsource = \"us\"\ntarget = \"eu\"\n{flow}").unwrap();
    std::fs::write(folder.join("strait.toml"), text).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_strait"))
        .arg("replicate")
        .args(arguments)
        .current_dir(folder)
        .env("HOME", folder)
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("STRAIT_CONFIG")
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{words}\n{}", String::from_utf8_lossy(&output.stdout));
    words
}

#[test]
fn g4_every_record_of_a_topic_arrives_unchanged() {
    let source = start(ClusterSpec::new(3).topic(TopicSpec::new("orders", 12)));
    let target = start(ClusterSpec::new(3));
    for (round, codec) in (0..).zip(["none", "gzip", "snappy", "lz4", "zstd"]) {
        let writer = producer(&source, &[("compression.type", codec)]);
        write(&writer, "orders", 12, round * 240..(round + 1) * 240);
    }
    let folder = tempfile::tempdir().unwrap();
    let said = run(folder.path(), &source, &target, "topics = [\"orders\"]\ngroups = []\n", &["--once"]);
    assert!(said.contains("created topic orders with 12 partitions"), "{said}");
    let (wanted, found) = (read_all(&source, "orders", 12, &[]), read_all(&target, "orders", 12, &[]));
    assert_eq!(wanted.values().map(Vec::len).sum::<usize>(), 1200);
    assert_eq!(contents(&wanted), contents(&found));
}

#[test]
fn g5_only_committed_transactions_arrive() {
    let source = start(ClusterSpec::new(3).topic(TopicSpec::new("orders", 2)));
    let target = start(ClusterSpec::new(3));
    let writers = ["a", "b"].map(|id| {
        let writer = producer(&source, &[("transactional.id", id), ("compression.type", "lz4")]);
        writer.init_transactions(LONG).unwrap();
        writer
    });
    for round in 0..6 {
        for writer in &writers {
            writer.begin_transaction().unwrap();
        }
        for (index, writer) in (0..).zip(&writers) {
            write(writer, "orders", 2, (round * 2 + index) * 10..(round * 2 + index + 1) * 10);
        }
        for (index, writer) in (0..).zip(&writers) {
            if (round + index) % 3 == 0 {
                writer.abort_transaction(LONG).unwrap();
            } else {
                writer.commit_transaction(LONG).unwrap();
            }
        }
    }
    let all = read_all(&source, "orders", 2, &[("isolation.level", "read_uncommitted")]);
    assert_eq!(all.values().map(Vec::len).sum::<usize>(), 120);
    let wanted = read_all(&source, "orders", 2, &[("isolation.level", "read_committed")]);
    assert_eq!(wanted.values().map(Vec::len).sum::<usize>(), 80);
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &source, &target, "topics = [\"orders\"]\ngroups = []\n", &["--once"]);
    let found = read_all(&target, "orders", 2, &[("isolation.level", "read_uncommitted")]);
    assert_eq!(contents(&wanted), contents(&found));
}

#[test]
fn g2_whatever_a_broker_answers_each_record_arrives_once() {
    let retried = [
        (ApiKey::Produce, Action::DisconnectAfter),
        (ApiKey::Produce, Action::DisconnectBefore),
        (ApiKey::Produce, Action::CutAnswer),
        (ApiKey::Produce, Action::Refuse(ResponseError::NotLeaderOrFollower)),
        (ApiKey::Produce, Action::RefuseAfter(ResponseError::RequestTimedOut)),
        (ApiKey::Produce, Action::MoveLeaders),
        (ApiKey::Fetch, Action::CorruptRecords),
        (ApiKey::Fetch, Action::CutAnswer),
        (ApiKey::Fetch, Action::MoveLeaders),
        (ApiKey::Fetch, Action::Refuse(ResponseError::FetchSessionIdNotFound)),
        (ApiKey::Fetch, Action::Refuse(ResponseError::UnknownLeaderEpoch)),
    ];
    let source = start(ClusterSpec::new(3).topic(TopicSpec::new("orders", 3)));
    write(&producer(&source, &[("compression.type", "lz4")]), "orders", 3, 0..600);
    let wanted = contents(&read_all(&source, "orders", 3, &[]));
    for (api, action) in retried {
        let target = start(ClusterSpec::new(3));
        let faulty = if api == ApiKey::Produce { &target } else { &source };
        let before = faulty.clear_faults();
        faulty.plan(Fault::on(api, action).about("orders"));
        let folder = tempfile::tempdir().unwrap();
        run(folder.path(), &source, &target, "topics = [\"orders\"]\ngroups = []\n", &["--once"]);
        assert_eq!(faulty.clear_faults(), before + 1, "{action:?} struck nothing");
        let found = contents(&read_all(&target, "orders", 3, &[]));
        assert_eq!(wanted, found, "after {action:?}");
    }
}
