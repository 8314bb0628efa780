//! The change back to the source region.

use std::time::Duration;

use rdkafka::producer::{BaseProducer, Producer};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::error::DrillError;
use super::story::{LOOK_INTERVAL, PATIENCE, Scene};
use super::switch::{QUIET_FOR, SwitchError, first_processed, indices};
use super::told::Phase;
use crate::drill::application::Application;
use crate::drill::evidence::{Leg, Switch};
use crate::drill::link::resumes_at;
use crate::drill::workload::SESSION_TIMEOUT;
use crate::failback::begin::Begun;
use crate::failback::settle::Choice;
use crate::failback::survey::Survey;
use crate::failback::way::Failback;
use crate::failover::drain::Rest;
use crate::groups::plan::bound_offsets;
use crate::kafka::cluster::Cluster;
use crate::kafka::groups::classic_members;
use crate::kafka::librdkafka::client_config;

/// Longest wait until the members that were torn away count as gone.
const MEMBERS_PATIENCE: Duration = Duration::from_secs(60);
/// Events of the copy that may wait.
const EVENT_QUEUE_MAX: usize = 1024;

/// What was written at the target is copied back while the application works on; then its writers stop, the
/// rest is copied, the group is moved, and the application goes on in the source region. `None` where it does
/// not: the drill is over then.
pub(super) async fn fail_back(
    scene: &mut Scene<'_>,
    application: Application,
) -> Result<Option<Application>, DrillError> {
    let began = scene.record.begin(Phase::FailBack).await;
    // A copy that was cut off all the time may come back to life; it is fenced out.
    scene.record.look_at(None);
    if let Some(link) = scene.link.take() {
        link.crash();
    }
    let prepared = prepare(scene).await;
    let mut prepared = match prepared {
        Ok(prepared) => prepared,
        Err(error) => {
            application.tear_away().await?;
            let switch = Switch { began, ..Switch::default() };
            scene.broken_switch((Leg::Back, Phase::FailBack, began), switch, &error).await;
            return Ok(None);
        }
    };
    let reading = application.finish_writing().await?;
    let mut switch = Switch { began: scene.ledger.now(), ..Switch::default() };
    scene.record.mark("writers stopped").await;
    reading.finish().await?;
    if let Err(error) = end(scene, &mut prepared, &mut switch).await {
        scene.broken_switch((Leg::Back, Phase::FailBack, began), switch, &error).await;
        return Ok(None);
    }
    scene.record.mark("group moved back").await;
    let application = scene.application(Leg::Back);
    scene.evidence.switches.insert(Leg::Back, switch);
    first_processed(scene, Leg::Back).await;
    let words = format!("{} records were at the source alone; the group goes on there", prepared.stranded);
    scene.record.done(Phase::FailBack, began, words).await;
    Ok(Some(application))
}

/// A way back that was begun.
struct Prepared {
    failback: Failback,
    survey: Survey,
    begun: Begun,
    /// Records that the source alone has.
    stranded: u64,
}

/// Settles what the source alone has, and copies back what there is. While this runs the application writes.
async fn prepare(scene: &Scene<'_>) -> Result<Prepared, SwitchError> {
    let (source, target) = scene.doors.of_copy();
    let (source, target) = tokio::try_join!(Cluster::open(source), Cluster::open(target))?;
    if let Some(id) = &scene.work.transactional_id {
        // As an application does that is started again: what hangs of its transactions is aborted.
        let mut client = client_config(&scene.doors.of_application().0);
        client.set("transactional.id", id);
        let taken = tokio::task::spawn_blocking(move || {
            let producer: BaseProducer = client.create()?;
            producer.init_transactions(PATIENCE)
        });
        taken.await?.map_err(SwitchError::Transactions)?;
    }
    let (events, receiver) = mpsc::channel(EVENT_QUEUE_MAX);
    tokio::spawn(scene.record.clone().note_events(receiver));
    let mut failback = Failback::open(&source, &target, &scene.plan.flow, &[], events).await?;
    let mut survey = failback.survey().await?;
    let (stranded, _) = survey.open();
    failback.settle(&mut survey, Some(&Choice::Leave)).await?;
    let begun = failback.begin(&survey).await?;
    failback.drain(&survey, Rest { quiet_for: QUIET_FOR, timeout: PATIENCE }).await?;
    Ok(Prepared { failback, survey, begun, stranded })
}

/// Copies the rest back, moves the group, and lets the flow copy again.
async fn end(scene: &Scene<'_>, prepared: &mut Prepared, switch: &mut Switch) -> Result<(), SwitchError> {
    let Prepared { failback, survey, begun, .. } = prepared;
    let caught_up = failback.catch_up(survey, Rest { quiet_for: QUIET_FOR, timeout: PATIENCE }).await?;
    let source = Cluster::open(scene.plan.source.clone()).await?;
    // Members that were torn away with their region are members until their session is over.
    let waiting = scene.ledger.now();
    no_members(&source, &scene.work.group).await?;
    switch.session = scene.ledger.now().saturating_sub(waiting);
    let came_back = failback.end(begun, Some(&caught_up)).await?;
    switch.bounds = indices(bound_offsets(&came_back.looked.groups.plans));
    failback.reopen(survey).await?;
    switch.resumed = resumes_at(&source, &scene.work.group, &scene.work.topic).await?;
    switch.moved = scene.ledger.now();
    Ok(())
}

/// Waits until a group has no members.
async fn no_members(cluster: &Cluster, group: &str) -> Result<(), SwitchError> {
    let deadline = Instant::now() + SESSION_TIMEOUT + MEMBERS_PATIENCE;
    let groups = [group.to_owned()];
    loop {
        let found = classic_members(cluster, &groups).await.remove(group);
        match found {
            Some(Ok(members)) if members.is_empty() => return Ok(()),
            None => return Ok(()),
            _ if Instant::now() >= deadline => {
                return Err(SwitchError::Members(SESSION_TIMEOUT + MEMBERS_PATIENCE));
            }
            _ => tokio::time::sleep(LOOK_INTERVAL * 5).await,
        }
    }
}
