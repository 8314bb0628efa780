//! The size of what the target takes changes between a kill and the next start: what was copied before stays
//! copied, and what was left out stays left out.

use std::time::Duration;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::ApiKey;
use strait::engine::supervisor::RunMode;
use strait::sandbox::{Action, Fault};

use crate::faults_run::{GROUP, Limits, Run};
use crate::faults_world::{Content, PARTITIONS, World};

/// A batch of two usual records is larger, and so is one record.
const LESS_THAN_A_RECORD: usize = 1_000;
/// Takes batches of two usual records, and not the large one.
const LESS_THAN_LARGE: usize = 4_000;
/// The value of the large record, in bytes.
const LARGE: usize = 9_000;
/// What a topic takes by default, nearly.
const USUAL: usize = 1 << 20;

fn limits() -> Limits {
    Limits::of("30s")
}

/// Copies all there is, and is killed with no progress kept but its first.
fn copy_and_kill(world: &World, limits: Limits) {
    let run = Run::start(world, RunMode::Continuous, limits.keeping_late(), || ());
    run.until_copied(world).unwrap();
    run.kill();
}

fn copy_to_the_end(world: &World, limits: Limits) {
    let ended = Run::start(world, RunMode::Once, limits, || ()).until_end().unwrap();
    assert!(ended.is_whole(), "{ended:?}");
}

/// Asserts that what stands at the target is what the source has, but the large records.
fn assert_whole(world: &World, is_large_there: bool) {
    for partition in 0..PARTITIONS {
        let wanted = world.committed(partition).into_iter().map(|(_, content)| content);
        let is_large = |content: &Content| content.2.as_ref().is_some_and(|value| value.len() == LARGE);
        let wanted: Vec<Content> = wanted.filter(|content| is_large_there || !is_large(content)).collect();
        let found: Vec<Content> = world.arrived(partition).into_iter().map(|(_, content)| content).collect();
        assert_eq!(found.len(), wanted.len(), "partition {partition}");
        assert!(found == wanted, "partition {partition} is not in order");
    }
}

#[test]
fn g2_a_limit_that_is_lowered_after_a_kill_has_nothing_copied_again() {
    let mut world = World::new();
    world.write();
    // Made with its usual limit by a first run.
    copy_to_the_end(&world, limits());
    world.write();
    copy_and_kill(&world, limits());
    world.limit_target(LESS_THAN_A_RECORD);
    copy_to_the_end(&world, limits());
    assert_whole(&world, true);
    world.limit_target(USUAL);
    world.write();
    copy_to_the_end(&world, limits());
    assert_whole(&world, true);
}

#[test]
fn g2_a_limit_that_is_raised_after_a_kill_has_nothing_copied_again_that_stood_behind_what_was_left_out() {
    let mut world = World::new();
    world.write();
    copy_to_the_end(&world, limits());
    world.limit_target(LESS_THAN_LARGE);
    world.write();
    world.write_sized(0, LARGE);
    world.write();
    copy_and_kill(&world, limits().leaving_out());
    world.limit_target(USUAL);
    copy_to_the_end(&world, limits().leaving_out());
    assert_whole(&world, false);
}

#[test]
fn g1_what_stands_behind_records_that_are_left_out_does_not_wait_for_the_next_checkpoint() {
    let mut world = World::new();
    world.write();
    copy_to_the_end(&world, limits());
    world.limit_target(LESS_THAN_LARGE);
    for _ in 0..20 {
        world.write_sized(1, LARGE);
        world.write_plain();
    }
    let run = Run::start(
        &world,
        RunMode::Once,
        limits().leaving_out().keeping_every(Duration::from_secs(60)),
        || (),
    );
    assert!(run.until_end().unwrap().is_whole());
    assert_whole(&world, false);
}

#[test]
fn g11_what_waits_for_a_record_that_cannot_be_written_is_told() {
    let mut world = World::new();
    world.write();
    copy_to_the_end(&world, limits());
    world.limit_target(LESS_THAN_LARGE);
    world.write_sized(1, LARGE);
    world.write_plain();
    let run = Run::start(&world, RunMode::Continuous, limits().leaving_out().keeping_late(), || {
        // The start writes what it found first; what it leaves out comes later.
        let refused = Action::Refuse(ResponseError::TopicAuthorizationFailed);
        world.target.plan(Fault::on(ApiKey::Produce, refused).about(GROUP).after(1).times(u32::MAX));
    });
    run.until_failing("TOPIC_AUTHORIZATION_FAILED").unwrap();
    world.clear_faults();
    run.until_copied(&world).unwrap();
    assert!(run.stop().unwrap().is_whole());
    assert_whole(&world, false);
}
