//! The groups of a flow that is ended: moved from the source's offsets, or told as they stand.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::super::groups::sync::note;
use super::super::hidden::hidden;
use crate::config::settings::{FlowSettings, Origin};
use crate::engine::mapping::Both;
use crate::engine::origin::OriginFilter;
use crate::engine::state_read::StateReader;
use crate::exit::Exit;
use crate::failover::groups::{Standing, standing};
use crate::failover::plan::Place;
use crate::groups::apply::apply;
use crate::groups::gather::{Selection, gather};
use crate::groups::plan::{Move, plan};
use crate::kafka::cluster::Cluster;
use crate::kafka::error::KafkaError;
use crate::report::groups_sync::Group;
use crate::report::problem::Problem;

/// What became of the groups, or would.
#[derive(Default)]
pub(super) struct Moved {
    pub(super) groups: Vec<Group>,
    pub(super) standing: Vec<Standing>,
    pub(super) problems: Vec<(Exit, Problem)>,
}

/// Moves the flow's groups from what they committed at the source, or says what that would be.
pub(super) async fn from_source(
    (source, target): (&Cluster, &Cluster),
    flow: &FlowSettings,
    state: &mut StateReader,
    (is_to_apply, patience): (bool, Duration),
) -> Result<Moved, KafkaError> {
    let mut moved = Moved::default();
    if flow.groups.is_empty() {
        return Ok(moved);
    }
    let origin = OriginFilter::new(source.clone(), flow.origin == Origin::Local);
    let both = Both { source, target, flow, origin: &origin, patience };
    let gathered = gather(&both, Selection { flow: &flow.groups, only: None }, state).await?;
    moved.problems.extend(gathered.failures.iter().map(|error| (Exit::Inconclusive, error.into())));
    let hidden = hidden(source, flow, |_| true, patience).await;
    moved.problems.extend(hidden.into_iter().map(|problem| (Exit::Inconclusive, problem)));
    let plans = plan(&gathered.found, false);
    let outcomes = if is_to_apply { apply(target, &plans, patience).await } else { BTreeMap::new() };
    for plan in &plans {
        let of_group = outcomes.get(&plan.group);
        note(&mut moved.problems, flow, plan, of_group);
        let outcome = |planned: &Move| {
            let outcome = of_group?.get(&planned.target)?;
            planned.is_change().then(|| outcome.clone())
        };
        moved.groups.push(Group::of(plan, outcome));
    }
    Ok(moved)
}

/// Tells what the groups have committed at the target.
pub(super) async fn as_they_stand(
    target: &Cluster,
    flow: &FlowSettings,
    places: &[Place],
    patience: Duration,
) -> Moved {
    let topics: BTreeSet<_> = places.iter().map(|place| place.target.topic.clone()).collect();
    let (standing, failures) = standing(target, &flow.groups, &topics, patience).await;
    let problems = failures.iter().map(|error| (Exit::Inconclusive, error.into())).collect();
    Moved { groups: Vec::new(), standing, problems }
}
