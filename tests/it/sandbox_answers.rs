//! The sandbox answers as Apache Kafka answered when its answers were last written down (by
//! `STRAIT_UPDATE=1 cargo test --test live sandbox_differences`).

use std::collections::BTreeSet;
use std::net::SocketAddr;

use crate::sandbox_kit::runtime;
use crate::support::compare::{differences, guarded_sandbox, kept, play, report, sandbox, warm_up};
use crate::support::known;
use crate::support::scenes::{self, Scene};

/// Plays scenes and returns which of the known differences were met.
fn compare(scenes: Vec<Scene>, address: SocketAddr) -> BTreeSet<usize> {
    let wanted = std::env::var("STRAIT_SCENE").unwrap_or_default();
    let (mut wrong, mut seen) = (String::new(), BTreeSet::new());
    for scene in scenes.into_iter().filter(|(name, _)| name.contains(&wanted)) {
        let real = std::fs::read_to_string(kept(scene.0)).unwrap();
        let mut found = differences(&real, &play(scene, address));
        let used = known::KNOWN.iter().enumerate();
        let used = used.filter(|(_, known)| found.iter().any(|difference| known.is(scene.0, difference)));
        seen.extend(used.map(|(number, _)| number));
        found.retain(|difference| !known::is_known(scene.0, difference));
        wrong += &report(scene.0, &found);
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    seen
}

#[test]
fn the_sandbox_answers_as_kafka_did() {
    let sandbox = sandbox(runtime());
    let address = sandbox.addresses()[0];
    warm_up(address);
    let seen = compare(scenes::all(), address);
    let all = (0..known::KNOWN.len()).collect();
    assert!(
        seen == all || std::env::var("STRAIT_SCENE").is_ok(),
        "differences that are none any more: {seen:?}"
    );
}

#[test]
fn a_guarded_sandbox_answers_as_kafka_did() {
    let sandbox = guarded_sandbox(runtime());
    compare(scenes::secure(), sandbox.addresses()[0]);
}

#[test]
fn the_differences_that_are_meant_to_be_are_documented() {
    let page = std::fs::read_to_string("docs/sandbox.md").unwrap();
    assert!(page.contains(&known::as_text()), "docs/sandbox.md has to hold:\n{}", known::as_text());
}
