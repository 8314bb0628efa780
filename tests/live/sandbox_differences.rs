//! The sandbox is held against the real thing: every scene is played to both, and their answers are
//! compared field by field. With `STRAIT_UPDATE=1` Kafka's answers are written down, for the test that
//! compares without a Kafka.

use std::net::SocketAddr;

use crate::harness::shared::shared_pair;
use crate::harness::spec::{ClusterSpec, Listener};
use crate::harness::{live, runtime};
use crate::support::compare::{differences, guarded_sandbox, kept, play, report, sandbox, warm_up};
use crate::support::known;
use crate::support::player::Player;
use crate::support::scenes::{self, Scene};

fn compare(scenes: Vec<Scene>, kafka: SocketAddr, ours: SocketAddr) {
    let update = std::env::var("STRAIT_UPDATE").is_ok_and(|value| value == "1");
    let mut wrong = String::new();
    for scene in scenes {
        let real = play(scene, kafka);
        if update {
            std::fs::write(kept(scene.0), &real).unwrap();
        }
        let mut found = differences(&real, &play(scene, ours));
        found.retain(|difference| !known::is_known(scene.0, difference));
        wrong += &report(scene.0, &found);
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn the_sandbox_answers_as_kafka_does() {
    live(|lab| {
        let cluster = lab.start("kafka", ClusterSpec::one());
        let kafka: SocketAddr = cluster.address(Listener::Plaintext).parse().unwrap();
        let sandbox = sandbox(runtime());
        let ours = sandbox.addresses()[0];
        warm_up(kafka);
        warm_up(ours);
        compare(scenes::all(), kafka, ours);
    });
}

#[test]
fn the_sandbox_serves_no_version_that_kafka_does_not() {
    live(|_| {
        let kafka: SocketAddr = shared_pair().source.address(Listener::Plaintext).parse().unwrap();
        let sandbox = sandbox(runtime());
        let theirs = Player::new(kafka, "versions").served();
        for own in Player::new(sandbox.addresses()[0], "versions").served() {
            let theirs = theirs.iter().find(|api| api.api_key == own.api_key);
            let newest = theirs.map_or(-1, |api| api.max_version);
            assert!(own.max_version <= newest, "{own:?}: Kafka's newest is {newest}");
        }
    });
}

#[test]
fn a_guarded_sandbox_answers_as_kafka_does() {
    live(|lab| {
        let spec = ClusterSpec::one().listeners(&[Listener::SaslPlaintext]).authorizer();
        let cluster = lab.start("kafka", spec.set("super.users", "User:ANONYMOUS;User:alice"));
        warm_up(cluster.address(Listener::Plaintext).parse().unwrap());
        let kafka: SocketAddr = cluster.address(Listener::SaslPlaintext).parse().unwrap();
        let sandbox = guarded_sandbox(runtime());
        compare(scenes::secure(), kafka, sandbox.addresses()[0]);
    });
}
