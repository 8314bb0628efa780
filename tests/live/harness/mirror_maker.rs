//! MirrorMaker 2 in dedicated mode, with the JVM options of its own start script.

use std::path::Path;
use std::process::Command;

use super::maven::{Version, distribution};
use super::node::java_as;
use super::spec::Jvm;

/// What `connect-mirror-maker.sh` gives its JVM.
const HEAP_MIB: u32 = 2048;
const JVM: [&str; 4] = [
    "-Xms256m",
    "-XX:MaxGCPauseMillis=20",
    "-XX:InitiatingHeapOccupancyPercent=35",
    "-XX:+ExplicitGCInvokesConcurrent",
];

/// Returns what it cannot do without: two clusters, the topics, and replication factors of one broker.
pub fn properties(source: &str, target: &str, topics: &str) -> String {
    let mut text = format!(
        "clusters = source, target\n\
         source.bootstrap.servers = {source}\n\
         target.bootstrap.servers = {target}\n\
         source->target.enabled = true\n\
         source->target.topics = {topics}\n\
         target->source.enabled = false\n\
         target->source.emit.heartbeats.enabled = false\n"
    );
    for topics in ["", "offset.storage.", "config.storage.", "status.storage.", "offset-syncs.topic."] {
        text += &format!("{topics}replication.factor = 1\n");
    }
    text += "heartbeats.topic.replication.factor = 1\ncheckpoints.topic.replication.factor = 1\n";
    text
}

/// Returns the command that runs it with a file of properties.
pub fn mirror_maker(properties: &Path) -> Command {
    let distribution = distribution(Version::V4_3).unwrap();
    let mut command = java_as(Jvm::Server, &distribution, HEAP_MIB);
    command.args(JVM).arg("org.apache.kafka.connect.mirror.MirrorMaker").arg(properties);
    command
}
