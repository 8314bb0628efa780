//! The sandbox is held against the real thing: every scene is played to both, and their answers are
//! compared field by field.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use strait::sandbox::{Cluster as Sandbox, ClusterSpec as SandboxSpec};

use crate::harness::spec::{ClusterSpec, Listener};
use crate::harness::{live, runtime};
use crate::support::player::Player;
use crate::support::scenes::{self, Scene};

/// What the brokers of both are told.
const BROKER: [(&str, &str); 3] = [
    ("auto.create.topics.enable", "false"),
    ("log.retention.ms", "-1"),
    ("group.initial.rebalance.delay.ms", "0"),
];

fn sandbox() -> Sandbox {
    let spec = BROKER.iter().fold(SandboxSpec::new(1), |spec, (name, value)| spec.broker_config(name, value));
    runtime().block_on(Sandbox::start(spec)).unwrap()
}

fn play((name, scene): Scene, address: SocketAddr) -> String {
    let mut player = Player::new(address, name);
    scene(&mut player);
    player.transcript()
}

/// Returns the lines in which two transcripts differ, each with the request it answers.
fn differences(real: &str, ours: &str) -> Vec<String> {
    let (real, ours): (Vec<&str>, Vec<&str>) = (real.lines().collect(), ours.lines().collect());
    let mut asked = "";
    let mut found = Vec::new();
    for place in 0..real.len().max(ours.len()) {
        let (theirs, own) = (real.get(place).copied(), ours.get(place).copied());
        if let Some(line) = theirs.filter(|line| !line.starts_with(' ')) {
            asked = line;
        }
        if theirs != own {
            let show = |line: Option<&str>| line.unwrap_or("(nothing)").trim().to_owned();
            found.push(format!("line {}, {asked}: Kafka {}, sandbox {}", place + 1, show(theirs), show(own)));
        }
    }
    found
}

#[test]
fn the_sandbox_answers_as_kafka_does() {
    live(|lab| {
        let kafka = lab.start("kafka", ClusterSpec::one());
        let kafka: SocketAddr = kafka.address(Listener::Plaintext).parse().unwrap();
        let sandbox = sandbox();
        let wanted = std::env::var("STRAIT_SCENE").unwrap_or_default();
        let mut wrong = BTreeMap::new();
        for scene in scenes::all().into_iter().filter(|(name, _)| name.contains(&wanted)) {
            let real = play(scene, kafka);
            let ours = play(scene, sandbox.addresses()[0]);
            let dir = lab.log_dir();
            std::fs::write(dir.join(format!("{}.kafka.txt", scene.0)), &real).unwrap();
            std::fs::write(dir.join(format!("{}.sandbox.txt", scene.0)), &ours).unwrap();
            let found = differences(&real, &ours);
            if !found.is_empty() {
                wrong.insert(scene.0, found);
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    });
}
