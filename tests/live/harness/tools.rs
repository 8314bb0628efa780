//! Kafka's own tools, for what rdkafka cannot ask: ACLs, reassignments, elections, log dumps.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use super::cluster::Cluster;
use super::maven::{Version, distribution};
use super::node::java;
use super::records::partitions;
use super::spec::Listener;
use super::{admin, wait};

/// Runs a tool's class and returns what it printed; panics where it fails.
pub fn run(version: Version, class: &str, arguments: &[&str]) -> String {
    try_run(version, class, arguments).unwrap_or_else(|why| panic!("{why}"))
}

/// The same, but says why it failed.
fn try_run(version: Version, class: &str, arguments: &[&str]) -> Result<String, String> {
    let output = java(&distribution(version).unwrap(), 128)
        .arg(class)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    let status = output.status;
    if status.success() { Ok(text) } else { Err(format!("{class} {arguments:?}: {status}\n{text}{errors}")) }
}

/// Allows a user operations on resources, e.g. `["--operation", "Read", "--topic", "orders"]`.
pub fn allow(cluster: &Cluster, user: &str, what: &[&str]) {
    let principal = format!("User:{user}");
    add_acl(cluster, &[&["--allow-principal", &principal], what].concat());
}

/// Takes back what `allow` allowed, word for word.
pub fn disallow(cluster: &Cluster, user: &str, what: &[&str]) {
    let principal = format!("User:{user}");
    change_acls(cluster, &["--remove", "--force"], &[&["--allow-principal", &principal], what].concat());
}

/// Adds an entry, e.g. `["--deny-principal", "User:bob", "--operation", "Read", "--topic", "orders"]`.
pub fn add_acl(cluster: &Cluster, what: &[&str]) {
    change_acls(cluster, &["--add"], what);
}

fn change_acls(cluster: &Cluster, how: &[&str], what: &[&str]) {
    let class = match cluster.spec.version {
        Version::V4_3 => "org.apache.kafka.tools.AclCommand",
        Version::V3_9 | Version::V3_7 => "kafka.admin.AclCommand",
    };
    let servers = cluster.bootstrap(Listener::Plaintext).join(",");
    run(cluster.spec.version, class, &[&["--bootstrap-server", &servers], how, what].concat());
}

/// Lists a principal's entries in the words of Kafka's tool.
pub fn list_acls(cluster: &Cluster, principal: &str) -> String {
    let servers = cluster.bootstrap(Listener::Plaintext).join(",");
    let arguments = ["--bootstrap-server", &servers, "--list", "--principal", principal];
    run(cluster.spec.version, "org.apache.kafka.tools.AclCommand", &arguments)
}

/// Lists what was set on a broker while it ran, in the words of Kafka's tool.
pub fn broker_config(cluster: &Cluster, broker: i32) -> String {
    let servers = cluster.bootstrap(Listener::Plaintext).join(",");
    let id = broker.to_string();
    let what = ["--describe", "--entity-type", "brokers", "--entity-name", &id];
    let arguments = [&["--bootstrap-server", servers.as_str()], what.as_slice()].concat();
    run(cluster.spec.version, "kafka.admin.ConfigCommand", &arguments)
}

/// Takes back the moves of a topic's replicas that are under way, and leaves their throttles.
pub fn cancel_moves(cluster: &Cluster, work_dir: &Path, topic: &str) {
    let moves: Vec<_> = partitions(cluster, topic)
        .into_iter()
        .map(|partition| serde_json::json!({"topic": topic, "partition": partition, "replicas": [1]}))
        .collect();
    let file = work_dir.join("cancel.json");
    fs::write(&file, serde_json::json!({"version": 1, "partitions": moves}).to_string()).unwrap();
    let servers = cluster.bootstrap(Listener::Plaintext).join(",");
    let file = file.display().to_string();
    let what = ["--bootstrap-server", &servers, "--cancel", "--preserve-throttles"];
    let what = [&what[..], &["--reassignment-json-file", &file]].concat();
    run(cluster.spec.version, "org.apache.kafka.tools.reassign.ReassignPartitionsCommand", &what);
}

/// Makes the next broker lead each of a topic's partitions, which are replicated to all brokers; no
/// data moves.
pub fn move_leaders(cluster: &Cluster, work_dir: &Path, topic: &str) {
    let brokers = i32::from(cluster.spec.brokers);
    let plan: Vec<(i32, i32)> = partitions(cluster, topic)
        .into_iter()
        .map(|partition| {
            // A broker that was started a moment ago may not have its partitions back yet.
            let known = || admin::leader(cluster, topic, partition);
            let leader = wait::until(&format!("{topic}[{partition}] to be led"), wait::LONG, known);
            (partition, leader % brokers + 1)
        })
        .collect();
    let replicas = |leader: i32| -> Vec<i32> {
        [leader].into_iter().chain((1..=brokers).filter(|id| *id != leader)).collect()
    };
    let moves: Vec<_> = plan
        .iter()
        .map(|(partition, leader)| {
            serde_json::json!({"topic": topic, "partition": partition, "replicas": replicas(*leader)})
        })
        .collect();
    // Both tools read this file; each ignores what it does not know.
    let file = work_dir.join("moves.json");
    fs::write(&file, serde_json::json!({"version": 1, "partitions": moves}).to_string()).unwrap();
    let servers = cluster.bootstrap(Listener::Plaintext).join(",");
    let (file, version) = (file.display().to_string(), cluster.spec.version);
    // A broker that was started a moment ago may not be known to the controller yet.
    let tool = |class: &str, what: &[&str]| {
        let arguments = [&["--bootstrap-server", &servers], what].concat();
        wait::until(class, wait::LONG, || try_run(version, class, &arguments).ok());
    };
    let reassign = "org.apache.kafka.tools.reassign.ReassignPartitionsCommand";
    tool(reassign, &["--execute", "--reassignment-json-file", &file]);
    let elect = "org.apache.kafka.tools.LeaderElectionCommand";
    tool(elect, &["--election-type", "preferred", "--path-to-json-file", &file]);
    for (partition, leader) in plan {
        wait::until(&format!("broker {leader} to lead {topic}[{partition}]"), wait::LONG, || {
            (admin::leader(cluster, topic, partition) == Some(leader)).then_some(())
        });
    }
}
