//! A flow's end as a whole: the steps of [`super::ending`] in their order, and its groups. Nothing is asked of
//! anybody and nothing is told; who calls it has agreed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::ending::{Ending, Fenced, Leave, NotFenced, PATIENCE, Stands};
use super::groups::{Standing, standing};
use super::plan::Place;
use crate::config::settings::{FlowSettings, Origin};
use crate::engine::ended::Ended;
use crate::engine::mapping::Both;
use crate::engine::origin::OriginFilter;
use crate::engine::state_read::StateReader;
use crate::groups::apply::{Outcome, apply};
use crate::groups::gather::{Selection, gather};
use crate::groups::plan::{GroupPlan, plan};
use crate::kafka::cluster::Cluster;
use crate::kafka::error::KafkaError;
use crate::types::{TopicName, TopicPartition};

/// Says why a flow is not ended.
#[derive(Debug, thiserror::Error)]
pub enum FailoverError {
    /// It never ran.
    #[error("the flow never ran: there is no topic {topic}")]
    NeverRan {
        /// Where its state would stand.
        topic: TopicName,
    },
    /// Partitions could not be taken over; replicators are refused by then.
    #[error("{} partitions cannot be taken over", .0.len())]
    NotFenced(NotFenced),
    /// A cluster does not answer as needed.
    #[error(transparent)]
    Kafka(#[from] KafkaError),
}

/// What became of the groups of a flow, or would.
#[derive(Debug, Default)]
pub struct GroupsMoved {
    /// What was planned for each; empty where the source did not answer.
    pub plans: Vec<GroupPlan>,
    /// What was committed, by group.
    pub outcomes: BTreeMap<String, Outcome>,
    /// Where they stand at the target, where the source did not answer.
    pub standing: Vec<Standing>,
    /// Brokers and groups that could not be asked.
    pub failures: Vec<KafkaError>,
    /// Whether the source answered.
    pub source_answered: bool,
}

/// Where partitions and groups of a flow stand.
#[derive(Debug, Default)]
pub struct Looked {
    /// The partitions, by name.
    pub places: Vec<Place>,
    /// Topics that the target has no more, or does not show.
    pub gone: Vec<TopicName>,
    /// What kept a source that was to be asked from telling.
    pub refused: Option<KafkaError>,
    /// The groups.
    pub groups: GroupsMoved,
}

/// Holds a flow's end.
#[derive(Debug)]
pub struct FailedOver {
    /// The record of it.
    pub ended: Ended,
    /// Where its partitions were left, and its groups.
    pub looked: Looked,
    /// The target partitions where nothing keeps another owner out.
    pub unfenced: Vec<TopicPartition>,
}

/// Where a flow's source is, and how long it is waited for.
pub type Source<'a> = Option<(&'a Cluster, Duration)>;

/// Ends a flow with what has arrived. Interrupted, the same call goes on where it stopped.
pub async fn fail_over(
    target: &Cluster,
    flow: &FlowSettings,
    source: Source<'_>,
) -> Result<FailedOver, FailoverError> {
    let mut ending = Ending::new(target, flow);
    if !ending.read().await? {
        return Err(FailoverError::NeverRan { topic: ending.state_topic().clone() });
    }
    end(&mut ending, target, flow, source, Leave::Unplanned).await
}

/// Ends a flow whose state was read; every step may have been taken by an earlier run, whose record then stands.
pub async fn end(
    ending: &mut Ending<'_>,
    target: &Cluster,
    flow: &FlowSettings,
    source: Source<'_>,
    leave: Leave<'_>,
) -> Result<FailedOver, FailoverError> {
    let ended = ending.mark(leave, source.map(|(source, _)| source)).await?;
    let (fenced, not_fenced) = ending.fence().await?;
    if !not_fenced.is_empty() {
        return Err(FailoverError::NotFenced(not_fenced));
    }
    let looked = look(ending, target, flow, source, Some(&fenced)).await?;
    ending.record(&fenced, &looked.places).await?;
    let ended = ending.finish(ended).await?;
    Ok(FailedOver { ended, looked, unfenced: fenced.open_ones().cloned().collect() })
}

/// Finds out where partitions and groups stand; behind the fences the groups are moved.
pub async fn look(
    ending: &mut Ending<'_>,
    target: &Cluster,
    flow: &FlowSettings,
    source: Source<'_>,
    fenced: Option<&Fenced>,
) -> Result<Looked, KafkaError> {
    let Stands { places, gone, refused } = ending.look(fenced, source).await?;
    let mut moved = None;
    if let Some((source, patience)) = source {
        let from = from_source((source, target), flow, ending.reader(), (fenced.is_some(), patience));
        // A source that dies meanwhile leaves the groups where they are.
        moved = tokio::time::timeout(patience * 2, from).await.ok().and_then(Result::ok);
    }
    let groups = match moved {
        Some(moved) => moved,
        None => as_they_stand(target, flow, &places).await,
    };
    Ok(Looked { places, gone, refused, groups })
}

/// Moves the groups of a flow that is not ended.
pub async fn move_groups(
    ending: &mut Ending<'_>,
    clusters: (&Cluster, &Cluster),
    flow: &FlowSettings,
    patience: Duration,
) -> Result<GroupsMoved, KafkaError> {
    from_source(clusters, flow, ending.reader(), (true, patience)).await
}

/// Moves the flow's groups from what they committed at the source, or says what that would be.
async fn from_source(
    (source, target): (&Cluster, &Cluster),
    flow: &FlowSettings,
    state: &mut StateReader,
    (is_to_apply, patience): (bool, Duration),
) -> Result<GroupsMoved, KafkaError> {
    if flow.groups.is_empty() {
        return Ok(GroupsMoved { source_answered: true, ..GroupsMoved::default() });
    }
    let origin = OriginFilter::new(source.clone(), flow.origin == Origin::Local);
    let both = Both { source, target, flow, origin: &origin, patience };
    let gathered = gather(&both, Selection { flow: &flow.groups, only: None }, state).await?;
    let plans = plan(&gathered.found, false);
    let outcomes = if is_to_apply { apply(target, &plans, patience).await } else { BTreeMap::new() };
    Ok(GroupsMoved {
        plans,
        outcomes,
        standing: Vec::new(),
        failures: gathered.failures,
        source_answered: true,
    })
}

/// Tells what the groups have committed at the target.
async fn as_they_stand(target: &Cluster, flow: &FlowSettings, places: &[Place]) -> GroupsMoved {
    let topics: BTreeSet<_> = places.iter().map(|place| place.target.topic.clone()).collect();
    let (standing, failures) = standing(target, &flow.groups, &topics, PATIENCE).await;
    GroupsMoved { standing, failures, ..GroupsMoved::default() }
}
