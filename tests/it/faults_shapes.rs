//! What can befall a request but an error code: connections that end before or after it was handled, half
//! answers, late ones, brokers that go, and leaders and coordinators that move. All of it passes: nothing
//! is lost, and nothing is doubled.

use std::time::Duration;

use kafka_protocol::messages::ApiKey;
use strait::sandbox::{Action, CoordinatorKind as Kind, Fault};

use crate::faults_play::{Played, Scenario, Side, Stage, play_all};
use crate::faults_run::Came;
use crate::faults_world::TOPIC;

/// The flow's own topic at the target.
const STATE: &str = "strait.f";

/// A kind of request, the topic it is about where that matters, and when it is sent.
pub type Asked = (Side, ApiKey, Option<&'static str>, &'static [Stage]);

/// All requests that a flow sends in its life.
pub const ASKED: &[Asked] = &[
    (Side::Source, ApiKey::Metadata, None, &[Stage::Start, Stage::Takeover]),
    (Side::Source, ApiKey::Metadata, Some(TOPIC), &[Stage::Start, Stage::Takeover]),
    (Side::Source, ApiKey::DescribeConfigs, None, &[Stage::Start]),
    (Side::Source, ApiKey::ListOffsets, Some(TOPIC), &[Stage::Start, Stage::Takeover]),
    (Side::Source, ApiKey::Fetch, Some(TOPIC), &[Stage::Start, Stage::Copying, Stage::Takeover]),
    (Side::Target, ApiKey::Metadata, Some(TOPIC), &[Stage::Start, Stage::Takeover]),
    (Side::Target, ApiKey::CreateTopics, None, &[Stage::Start]),
    (Side::Target, ApiKey::DescribeConfigs, None, &[Stage::Start, Stage::Takeover]),
    (Side::Target, ApiKey::ListOffsets, Some(TOPIC), &[Stage::Start, Stage::Takeover]),
    (Side::Target, ApiKey::Fetch, Some(STATE), &[Stage::Takeover]),
    (Side::Target, ApiKey::Fetch, Some(TOPIC), &[Stage::Takeover]),
    (Side::Target, ApiKey::FindCoordinator, None, &[Stage::Start, Stage::Copying, Stage::Takeover]),
    (Side::Target, ApiKey::InitProducerId, None, &[Stage::Start, Stage::Takeover]),
    (Side::Target, ApiKey::AddPartitionsToTxn, None, &[Stage::Takeover]),
    (Side::Target, ApiKey::EndTxn, None, &[Stage::Takeover]),
    (Side::Target, ApiKey::Produce, Some(TOPIC), &[Stage::Start, Stage::Copying, Stage::Takeover]),
    (Side::Target, ApiKey::Produce, Some(STATE), &[Stage::Start, Stage::Copying, Stage::Takeover]),
    (Side::Target, ApiKey::OffsetCommit, None, &[Stage::Start, Stage::Copying, Stage::Takeover]),
];

/// What befalls them.
pub const BEFALLS: &[Action] = &[
    Action::DisconnectBefore,
    Action::DisconnectAfter,
    Action::DelayAnswer(Duration::from_millis(30)),
    Action::MoveLeaders,
    Action::MoveCoordinators(Kind::Transaction),
    Action::MoveCoordinators(Kind::Group),
    Action::StopBroker(Some(Duration::from_millis(40))),
];

/// Says whether an action can make a difference to a request: what moves has to be what it is about.
fn matters(action: Action, api: ApiKey, topic: Option<&str>) -> bool {
    use ApiKey::{AddPartitionsToTxn, EndTxn, FindCoordinator, InitProducerId, OffsetCommit};
    match action {
        Action::MoveLeaders => topic.is_some(),
        Action::MoveCoordinators(Kind::Transaction) => {
            matches!(api, FindCoordinator | InitProducerId | AddPartitionsToTxn | EndTxn)
        }
        Action::MoveCoordinators(Kind::Group) => matches!(api, FindCoordinator | OffsetCommit),
        _ => true,
    }
}

fn scenarios(hits: u32, befalls: &[Action]) -> Vec<Scenario> {
    let mut scenarios = Vec::new();
    for (side, api, topic, stages) in ASKED {
        for action in befalls {
            for stage in *stages {
                if !matters(*action, *api, *topic) {
                    continue;
                }
                // The application writes while the flow copies, and would meet a broker that is down.
                if *side == Side::Source
                    && *stage == Stage::Copying
                    && matches!(action, Action::StopBroker(_))
                {
                    continue;
                }
                let fault = Fault::on(*api, *action).times(hits);
                let fault = topic.map_or(fault.clone(), |topic| fault.about(topic));
                scenarios.push(Scenario {
                    name: format!(
                        "{api:?} about {topic:?} at the {side:?}, {stage:?}: {hits} times {action:?}"
                    ),
                    faults: vec![(*side, *stage, fault)],
                    retry_timeout: "40s",
                });
            }
        }
    }
    scenarios
}

fn all_pass(scenarios: &[Scenario]) {
    let mut broken = Vec::new();
    for (scenario, played) in scenarios.iter().zip(play_all(scenarios)) {
        match played {
            Ok(played) if played.came != Came::Through => {
                broken.push(format!("{}: came {:?}", scenario.name, played.came));
            }
            Ok(played) if played.hits == 0 => broken.push(format!("{}: nothing was hit", scenario.name)),
            Ok(_) => {}
            Err(why) => broken.push(why),
        }
    }
    assert!(broken.is_empty(), "{} of {}:\n{}", broken.len(), scenarios.len(), broken.join("\n"));
}

#[test]
fn g2_g3_whatever_befalls_one_request_nothing_is_lost_and_nothing_doubled() {
    all_pass(&scenarios(1, BEFALLS));
}

fn damage(stage: Stage, times: u32, retry_timeout: &'static str) -> Scenario {
    let fault = Fault::on(ApiKey::Fetch, Action::CorruptRecords).about(TOPIC).times(times);
    Scenario {
        name: format!("{stage:?}: {times} answers to Fetch from the source with a wrong bit"),
        faults: vec![(Side::Source, stage, fault)],
        retry_timeout,
    }
}

#[test]
fn g4_damage_on_the_way_from_the_source_is_not_copied_and_what_was_damaged_is_fetched_again() {
    // The target refuses a damaged batch that passes through; a marker, and a batch that is looked into, is
    // found out here.
    let stages = [Stage::Start, Stage::Copying, Stage::Takeover];
    all_pass(&stages.map(|stage| damage(stage, 1, "40s")));
    all_pass(&stages.map(|stage| damage(stage, 2, "40s")));
}

#[test]
fn g9_damage_that_stays_stops_the_partition_and_is_named() {
    for played in play_all(&[damage(Stage::Takeover, u32::MAX, "3s")]) {
        let Played { came, words, .. } = played.unwrap();
        let Came::ToStop(causes) = came else { panic!("{came:?}: {words}") };
        // What is read to compare it is asked for again and again, and so is what the target refuses.
        assert!(causes.iter().all(|cause| ["damaged", "gave_up"].contains(cause)), "{words}");
    }
}

#[test]
fn g2_g3_nor_where_the_answers_to_what_is_asked_again_are_lost_too() {
    all_pass(&scenarios(3, &[Action::DisconnectAfter, Action::CutAnswer]));
}
