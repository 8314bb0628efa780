//! Kafka's own tools, for what rdkafka cannot ask: ACLs, reassignments, elections, log dumps.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use super::cluster::Cluster;
use super::maven::{Version, distribution};
use super::node::java;
use super::spec::Listener;
use super::{admin, wait};

/// Runs a tool's class and returns what it printed; panics where it fails.
pub fn run(version: Version, class: &str, arguments: &[&str]) -> String {
    let output = java(&distribution(version).unwrap(), 128)
        .arg(class)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{class} {arguments:?}: {}\n{text}{errors}", output.status);
    text
}

/// Allows a user operations on resources, e.g. `["--operation", "Read", "--topic", "orders"]`.
pub fn allow(cluster: &Cluster, user: &str, what: &[&str]) {
    let class = match cluster.spec.version {
        Version::V4_3 => "org.apache.kafka.tools.AclCommand",
        Version::V3_9 | Version::V3_7 => "kafka.admin.AclCommand",
    };
    let servers = cluster.bootstrap(Listener::Plaintext).join(",");
    let principal = format!("User:{user}");
    let mut arguments = vec!["--bootstrap-server", &servers, "--add", "--allow-principal", &principal];
    arguments.extend_from_slice(what);
    run(cluster.spec.version, class, &arguments);
}

/// Makes `leader` lead a partition that is replicated to all brokers, without moving data.
pub fn move_leader(cluster: &Cluster, work_dir: &Path, topic: &str, partition: i32, leader: i32) {
    let brokers = i32::from(cluster.spec.brokers);
    let others = (1..=brokers).filter(|id| *id != leader);
    let replicas: Vec<i32> = [leader].into_iter().chain(others).collect();
    let servers = cluster.bootstrap(Listener::Plaintext).join(",");
    let plan = serde_json::json!({"version": 1, "partitions":
        [{"topic": topic, "partition": partition, "replicas": replicas}]});
    let file = work_dir.join("reassignment.json");
    fs::write(&file, plan.to_string()).unwrap();
    let file = file.display().to_string();
    let reassign = "org.apache.kafka.tools.reassign.ReassignPartitionsCommand";
    let version = cluster.spec.version;
    let to = ["--bootstrap-server", servers.as_str()];
    run(version, reassign, &[&to[..], &["--execute", "--reassignment-json-file", &file]].concat());
    let elect = "org.apache.kafka.tools.LeaderElectionCommand";
    let partition_text = partition.to_string();
    let what = ["--election-type", "preferred", "--topic", topic, "--partition", &partition_text];
    run(version, elect, &[&to[..], &what].concat());
    wait::until(&format!("broker {leader} to lead {topic}[{partition}]"), wait::LONG, || {
        (admin::leader(cluster, topic, partition) == Some(leader)).then_some(())
    });
}
