//! Scratch.
use crate::faults_play::{Scenario, Side, Stage, play_all};
use kafka_protocol::messages::ApiKey;
use strait::sandbox::{Action, Fault};
#[test]
fn probe_one() {
    let s = vec![Scenario {
        name: "x".into(),
        faults: vec![(Side::Target, Stage::Copying, Fault::on(ApiKey::Produce, Action::DisconnectAfter).about("orders"))],
        retry_timeout: "5s",
    }];
    let begun = std::time::Instant::now();
    println!("{:?} {:?}", play_all(&s), begun.elapsed());
}
