//! Compares what two clusters answered in a scene.

use std::fmt::Write;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use kafka_protocol::messages::FindCoordinatorRequest;
use strait::sandbox::{Cluster, ClusterSpec};
use tokio::runtime::Runtime;

use super::build::text;
use super::player::Player;
use super::scenes::Scene;

/// What the brokers of both clusters are told.
const BROKER: [(&str, &str); 3] = [
    ("auto.create.topics.enable", "false"),
    ("log.retention.ms", "-1"),
    ("group.initial.rebalance.delay.ms", "0"),
];

/// Starts a sandbox of one broker for scenes.
pub fn sandbox(runtime: &Runtime) -> Cluster {
    let spec = BROKER.iter().fold(ClusterSpec::new(1), |spec, (name, value)| spec.broker_config(name, value));
    runtime.block_on(Cluster::start(spec)).unwrap()
}

/// Starts one where alice and bob have to log in, and alice may do everything.
pub fn guarded_sandbox(runtime: &Runtime) -> Cluster {
    let spec = BROKER.iter().fold(ClusterSpec::new(1), |spec, (name, value)| spec.broker_config(name, value));
    let spec = spec.user("alice", "alice-secret").user("bob", "bob-secret").super_user("User:alice");
    runtime.block_on(Cluster::start(spec)).unwrap()
}

/// Waits until a cluster has coordinators.
pub fn warm_up(address: SocketAddr) {
    let mut player = Player::new(address, "warm-up");
    for kind in 0..2 {
        let request = FindCoordinatorRequest::default().with_key(text("any")).with_key_type(kind);
        player.until(1, &request, |answer| answer.error_code == 0);
    }
}

/// Plays a scene and returns what was answered, up to where it could not go on.
pub fn play((name, scene): Scene, address: SocketAddr) -> String {
    let mut player = Player::new(address, name);
    let ended = catch_unwind(AssertUnwindSafe(|| scene(&mut player)));
    if let Err(cause) = ended {
        let cause = cause.downcast_ref::<String>().cloned().unwrap_or_default();
        let cause = cause.lines().next().unwrap_or("a panic without words");
        player.note(format!("the scene cannot go on: {cause}"));
    }
    player.transcript()
}

/// Returns where a scene's answers, as Apache Kafka gave them, are kept.
pub fn kept(scene: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/support/answers/{scene}.txt"))
}

/// One field in which answers differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The request.
    pub asked: String,
    /// Its place in the scene.
    pub place: usize,
    /// What Kafka answers.
    pub kafka: String,
    /// What the sandbox answers.
    pub sandbox: String,
}

/// Returns the fields in which two transcripts differ.
pub fn differences(kafka: &str, sandbox: &str) -> Vec<Difference> {
    let (theirs, ours) = (entries(kafka), entries(sandbox));
    let mut found = Vec::new();
    for place in 0..theirs.len().max(ours.len()) {
        let none = Vec::new();
        let (one, other) = (theirs.get(place).unwrap_or(&none), ours.get(place).unwrap_or(&none));
        for field in 0..one.len().max(other.len()) {
            let show = |entry: &[&str]| entry.get(field).copied().unwrap_or("(nothing)").trim().to_owned();
            if one.get(field) != other.get(field) {
                let asked = one.first().or(other.first()).copied().unwrap_or_default().to_owned();
                found.push(Difference { asked, place, kafka: show(one), sandbox: show(other) });
            }
        }
    }
    found
}

/// Splits a transcript into answers: a line that is not indented and what follows it.
fn entries(transcript: &str) -> Vec<Vec<&str>> {
    let mut entries: Vec<Vec<&str>> = Vec::new();
    for line in transcript.lines() {
        match entries.last_mut() {
            Some(last) if line.starts_with(' ') => last.push(line),
            _ => entries.push(vec![line]),
        }
    }
    entries
}

/// Writes differences as lines.
pub fn report(scene: &str, differences: &[Difference]) -> String {
    differences.iter().fold(String::new(), |mut out, difference| {
        let Difference { asked, place, kafka, sandbox } = difference;
        writeln!(out, "{scene} [{place}] {asked}\n    Kafka   {kafka}\n    sandbox {sandbox}").unwrap();
        out
    })
}
