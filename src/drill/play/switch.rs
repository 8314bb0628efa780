//! The change from the source region to the target: unplanned, with what has arrived, or planned, with all.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::sync::mpsc;

use super::error::DrillError;
use super::story::{PATIENCE, Scene};
use super::told::Phase;
use crate::drill::application::Application;
use crate::drill::evidence::{Announced, Leg, Switch};
use crate::drill::link::resumes_at;
use crate::engine::supervisor::FlowError;
use crate::failover::drain::{CaughtUp, Drain, DrainError, Rest};
use crate::failover::ending::{Ending, Leave};
use crate::failover::whole::{self, FailedOver, FailoverError};
use crate::groups::plan::bound_offsets;
use crate::kafka::cluster::Cluster;
use crate::kafka::error::ConnectError;
use crate::types::TopicPartition;

/// How long an unplanned failover waits for a source that may be gone, as `strait failover` does.
const SOURCE_PATIENCE: Duration = Duration::from_secs(5);
/// How long a source has to be at rest before a planned switch; only the drill's own application writes it.
pub(super) const QUIET_FOR: Duration = Duration::from_secs(1);
/// Events of the copy that may wait.
const EVENT_QUEUE_MAX: usize = 1024;

/// Says why a change of region did not come to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum SwitchError {
    #[error("a cluster cannot be reached")]
    Connect(#[from] ConnectError),
    #[error("the rest cannot be copied")]
    Drain(#[from] DrainError),
    #[error("the flow cannot be ended")]
    Failover(#[from] FailoverError),
    #[error("the flow's state cannot be read")]
    State(#[from] crate::kafka::error::KafkaError),
    #[error("no group offsets are to be had")]
    Offsets(#[from] crate::drill::link::LinkError),
    #[error("the application's transactional id cannot be taken over")]
    Transactions(#[source] rdkafka::error::KafkaError),
    #[error("the way back is not open")]
    Failback(#[from] crate::failback::error::FailbackError),
    #[error("members of the group were still there after {0:?}")]
    Members(Duration),
    #[error("a part ended by a defect of Strait")]
    Defect(#[from] tokio::task::JoinError),
}

/// The source region is lost; the flow is ended with what has arrived, and the application goes on in the
/// target region. `None` where it does not: the drill is over then.
pub(super) async fn unplanned(
    scene: &mut Scene<'_>,
    mut application: Application,
) -> Result<Option<Application>, DrillError> {
    let began = scene.record.begin(Phase::Fault).await;
    match scene.hooks {
        Some(hooks) => hooks.strike().await?,
        None => scene.doors.cut_source(),
    }
    // The copy goes on, and takes the last end it saw for the end: how far behind it is nobody knows from here.
    scene.record.look_at(None);
    scene.record.mark("source region lost").await;
    scene.record.done(Phase::Fault, began, "nobody reaches the source region").await;
    let mut switch = Switch { began: scene.ledger.now(), ..Switch::default() };
    let detecting = scene.record.begin(Phase::Detect).await;
    switch.detected = application.lost(PATIENCE).await.then(|| scene.ledger.now());
    let words = match switch.detected {
        Some(_) => "the application sees no broker any more",
        None => "the application did not see it",
    };
    scene.record.done(Phase::Detect, detecting, words).await;
    // The old application hangs on for as long as its clients do; the new one does not wait for it.
    let torn = tokio::spawn(application.tear_away());
    let switching = scene.record.begin(Phase::Switch).await;
    let went = match fail_over(scene).await {
        Ok(failed_over) => {
            note_places(scene, &failed_over);
            // Where the source does not answer the group stands where the copy moved it last, which may be where the
            // copy ended then.
            let groups = &failed_over.looked.groups;
            let moved_last = || scene.link.as_ref().map(|link| link.view().meters.bound_offsets());
            switch.bounds = indices(match groups.source_answered {
                true => bound_offsets(&groups.plans),
                false => moved_last().unwrap_or_default(),
            });
            go_on(scene, switch, switching).await
        }
        Err(error) => {
            scene.broken_switch((Leg::Away, Phase::Switch, switching), switch, &error).await;
            Ok(None)
        }
    };
    torn.await??;
    went
}

async fn fail_over(scene: &Scene<'_>) -> Result<FailedOver, SwitchError> {
    let (source, target) = scene.doors.of_copy();
    let target = Cluster::open(target).await?;
    let source = tokio::time::timeout(SOURCE_PATIENCE, Cluster::open(source)).await;
    let source = source.ok().and_then(Result::ok);
    let asked = source.as_ref().map(|source| (source, SOURCE_PATIENCE));
    Ok(whole::fail_over(&target, &scene.plan.flow, asked).await?)
}

/// Notes what was announced as missing.
fn note_places(scene: &mut Scene<'_>, failed_over: &FailedOver) {
    for place in &failed_over.looked.places {
        if let Some(from) = place.source_next {
            let announced = Announced { from, is_exact: place.is_exact };
            scene.evidence.announced.insert(place.source.partition, announced);
        }
    }
}

/// The group is in its place: the application goes on in the target region.
async fn go_on(
    scene: &mut Scene<'_>,
    mut switch: Switch,
    switching: Duration,
) -> Result<Option<Application>, DrillError> {
    let target = Cluster::open(scene.plan.target.clone()).await?;
    switch.resumed = resumes_at(&target, &scene.work.group, &scene.work.topic).await?;
    switch.moved = scene.ledger.now();
    scene.record.mark("group moved").await;
    let application = scene.application(Leg::Away);
    scene.evidence.switches.insert(Leg::Away, switch);
    first_processed(scene, Leg::Away).await;
    let words = format!("the group goes on in the target region, {} partitions", scene.plan.load.partitions);
    scene.record.done(Phase::Switch, switching, words).await;
    Ok(Some(application))
}

/// Waits for the first record processed in a leg; where there is none the verdict tells.
pub(super) async fn first_processed(scene: &Scene<'_>, leg: Leg) {
    let is_going_on = || scene.ledger.counts(leg).processed > 0;
    if super::story::until("the first record processed", is_going_on).await.is_ok() {
        scene.record.mark("first record processed").await;
    }
}

/// The writers stop, the rest is copied, the flow is ended, and the application goes on in the target region.
pub(super) async fn planned(
    scene: &mut Scene<'_>,
    application: Application,
) -> Result<Option<Application>, DrillError> {
    let switching = scene.record.begin(Phase::Switch).await;
    let reading = application.finish_writing().await?;
    let mut switch = Switch { began: scene.ledger.now(), ..Switch::default() };
    scene.record.mark("writers stopped").await;
    // The group stops where it is: what it has not processed it goes on with over there.
    reading.finish().await?;
    match end_planned(scene).await {
        Ok(ended) => {
            switch.bounds = indices(bound_offsets(&ended.looked.groups.plans));
            go_on(scene, switch, switching).await
        }
        Err(error) => {
            scene.broken_switch((Leg::Away, Phase::Switch, switching), switch, &error).await;
            Ok(None)
        }
    }
}

async fn end_planned(scene: &mut Scene<'_>) -> Result<FailedOver, SwitchError> {
    let caught_up = drained(scene).await?;
    let (source, target) = scene.doors.of_copy();
    let (source, target) = tokio::try_join!(Cluster::open(source), Cluster::open(target))?;
    let mut ending = Ending::new(&target, &scene.plan.flow);
    if !ending.read().await? {
        let topic = ending.state_topic().clone();
        return Err(FailoverError::NeverRan { topic }.into());
    }
    let asked = Some((&source, PATIENCE));
    let leave = Leave::Planned(&caught_up);
    Ok(whole::end(&mut ending, &target, &scene.plan.flow, asked, leave).await?)
}

/// Names partitions of the drill's one topic by their index.
pub(super) fn indices(partitions: BTreeSet<TopicPartition>) -> BTreeSet<i32> {
    partitions.into_iter().map(|partition| partition.partition).collect()
}

/// Ends the running copy, and copies what is left.
async fn drained(scene: &mut Scene<'_>) -> Result<CaughtUp, SwitchError> {
    scene.record.look_at(None);
    if let Some(link) = scene.link.take() {
        // What it could not tell any more the drain finds out.
        let _ = link.end().await;
    }
    let (source, target) = scene.doors.of_copy();
    let (source, target) = tokio::try_join!(Cluster::open(source), Cluster::open(target))?;
    let (events, receiver) = mpsc::channel(EVENT_QUEUE_MAX);
    let noting = tokio::spawn(scene.record.clone().note_events(receiver));
    let drain = Drain { source: &source, target: &target, flow: &scene.plan.flow, events };
    let topic = scene.plan.id.topic();
    let expected: Vec<TopicPartition> = (0..scene.plan.load.partitions)
        .map(|partition| TopicPartition { topic: topic.clone(), partition })
        .collect();
    let caught_up = drain.catch_up(&expected, Rest { quiet_for: QUIET_FOR, timeout: PATIENCE }).await;
    drop(drain);
    noting.await?;
    Ok(caught_up?)
}

/// Copies what is left at the end of the drill; says what kept it from that.
pub(super) async fn copy_rest(scene: &mut Scene<'_>) -> Result<CaughtUp, String> {
    drained(scene).await.map_err(|error| match &error {
        SwitchError::Drain(DrainError::Flow(FlowError::Ended(ended))) => ended.to_string(),
        _ => super::error::in_words(&error),
    })
}
