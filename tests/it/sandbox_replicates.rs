//! G1 to G5 on sandbox clusters: `strait replicate` copies from one to the other.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use strait::sandbox::{Cluster, ClusterSpec, TopicSpec};

use crate::sandbox_kit::{contents, producer, read_all, start, write};

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
    run(folder.path(), &source, &target, "topics = [\"orders\"]\ngroups = []\n", &["--once"]);
    let (wanted, found) = (read_all(&source, "orders", 12, &[]), read_all(&target, "orders", 12, &[]));
    assert_eq!(wanted.values().map(Vec::len).sum::<usize>(), 1200);
    assert_eq!(contents(&wanted), contents(&found));
}
