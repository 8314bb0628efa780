//! Carrying bound plans out, flow by flow, under Ctrl-C.

use tokio::sync::watch;

use super::super::signals;
use super::looking::{FlowLook, Look};
use super::telling::Told;
use crate::exit::Exit;
use crate::provision::carry::{Manner, carry_out};
use crate::provision::plan_file::Bound;

/// Carries out what was found or planned, one flow after the other; says how the run ends.
pub async fn apply(look: &Look, bound: Vec<Bound>, throttle: Option<u64>, told: &mut Told) -> Exit {
    if bound.iter().all(|bound| bound.changes().is_empty()) {
        return if look.has_findings() { Exit::Bad } else { Exit::Done };
    }
    let (stop_sender, stop) = watch::channel(false);
    let output = told.output().clone();
    let stopping = move || output.say("stopping: taking moves of replicas back; once more to stop at once");
    let signal = tokio::spawn(signals::wait_telling(stop_sender, stopping, || {}));
    let mut is_whole = true;
    for (flow, bound) in look.flows.iter().zip(&bound) {
        is_whole &= apply_one(flow, bound, throttle, &stop, told).await;
    }
    told.applied();
    let is_stopped = *stop.borrow();
    match () {
        // The request to stop is seen here before the task that made it has ended.
        () if is_stopped => signal.await.unwrap_or(Exit::Failed),
        () if !is_whole => Exit::Failed,
        () if look.has_findings() => Exit::Bad,
        () => Exit::Done,
    }
}

async fn apply_one(
    flow: &FlowLook,
    bound: &Bound,
    throttle: Option<u64>,
    stop: &watch::Receiver<bool>,
    told: &mut Told,
) -> bool {
    let bar = told.moves_bar();
    let manner = Manner { throttle, stop: stop.clone(), tell: &|progress| bar.tell(progress) };
    let results = carry_out(&flow.target, bound, &manner).await;
    bar.clear();
    let is_whole = results.iter().all(|(_, outcome)| outcome.is_done());
    told.results(flow, &results);
    is_whole
}
