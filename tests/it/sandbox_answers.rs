//! The sandbox answers as Apache Kafka answered when its answers were last written down (by
//! `STRAIT_UPDATE=1 cargo test --test live sandbox_differences`).

use std::net::SocketAddr;

use crate::sandbox_kit::runtime;
use crate::support::compare::{differences, guarded_sandbox, kept, play, report, sandbox, warm_up};
use crate::support::known;
use crate::support::scenes::{self, Scene};

fn compare(scenes: Vec<Scene>, address: SocketAddr) {
    let wanted = std::env::var("STRAIT_SCENE").unwrap_or_default();
    let mut wrong = String::new();
    for scene in scenes.into_iter().filter(|(name, _)| name.contains(&wanted)) {
        let real = std::fs::read_to_string(kept(scene.0)).unwrap();
        let mut found = differences(&real, &play(scene, address));
        found.retain(|difference| !known::is_known(scene.0, difference));
        wrong += &report(scene.0, &found);
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn the_sandbox_answers_as_kafka_did() {
    let sandbox = sandbox(runtime());
    let address = sandbox.addresses()[0];
    warm_up(address);
    compare(scenes::all(), address);
}

#[test]
fn a_guarded_sandbox_answers_as_kafka_did() {
    let sandbox = guarded_sandbox(runtime());
    compare(scenes::secure(), sandbox.addresses()[0]);
}
