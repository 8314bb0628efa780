//! Looking at the clusters of every flow asked for, and at what their topics need.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use futures_util::future::join_all;

use super::super::replicate::flow::open;
use super::super::{Context, flows};
use super::sync::Refused;
use crate::config::settings::{FlowSettings, Settings};
use crate::exit::Exit;
use crate::kafka::cluster::Cluster;
use crate::provision::change::{Change, Finding};
use crate::provision::diff::{Difference, Options, Rules, diff};
use crate::provision::plan_file::FlowPlan;
use crate::provision::snapshot::{self, Scope, Snapshot};
use crate::report::problem::{self, Problem};
use crate::report::topics_plan::count_findings;
use crate::types::{ClusterId, FlowName, TopicName};

/// Says what is looked for.
pub struct Asked {
    /// What a plan may hold.
    pub options: Options,
    /// Which topics it is about.
    pub scope: Scope,
}

/// Holds what was found.
pub struct Look {
    /// What a plan may hold.
    pub options: Options,
    /// The flows, in the order of their names.
    pub flows: Vec<FlowLook>,
}

/// Holds what was found of one flow.
pub struct FlowLook {
    /// The flow.
    pub settings: FlowSettings,
    /// The cluster to be changed.
    pub target: Cluster,
    /// What both ends look like.
    pub snapshot: Snapshot,
    /// What is to be done.
    pub plan: FlowPlan,
    /// What cannot be done, or is left alone.
    pub findings: Vec<Finding>,
}

impl Look {
    /// Says whether anything is to be done.
    pub fn has_changes(&self) -> bool {
        self.flows.iter().any(|flow| !flow.plan.changes.is_empty())
    }

    /// Says whether anything cannot be.
    pub fn has_findings(&self) -> bool {
        self.count_findings() > 0
    }

    /// Counts what cannot be.
    pub fn count_findings(&self) -> usize {
        count_findings(self.flows.iter().flat_map(|flow| &flow.findings))
    }
}

/// Leaves out flows whose topics are not Strait's to make.
pub fn provisioned(flows: Vec<FlowSettings>, context: &Context) -> Result<Vec<FlowSettings>, Box<Refused>> {
    let (ours, others): (Vec<_>, Vec<_>) = flows.into_iter().partition(|flow| flow.provision.enabled);
    for flow in &others {
        let text = format!("{}: left out, provision.enabled is false", flow.name);
        context.output.warn(&text);
    }
    if ours.is_empty() {
        let problem =
            Problem::new("not_provisioned", problem::Scope::Config, "no flow's topics may be changed")
                .cause("provision.enabled is false for each")
                .hint("set provision.enabled = true for the flow");
        return Err(Refused::one(Exit::Usage, problem));
    }
    Ok(ours)
}

/// Looks at both ends of every flow and compares them.
pub async fn look(
    settings: &Settings,
    flows: Vec<FlowSettings>,
    asked: Asked,
    context: &Context,
) -> Result<Look, Box<Refused>> {
    let others: Vec<FlowSettings> = settings.flows.values().cloned().collect();
    let looks = flows.into_iter().map(|flow| look_at(settings, flow, &asked, &others, context));
    let mut found = Vec::new();
    let mut problems = Vec::new();
    let mut exit = Exit::Failed;
    for look in join_all(looks).await {
        match look {
            Ok(look) => found.push(look),
            Err(refused) => {
                exit = refused.exit;
                problems.extend(refused.problems);
            }
        }
    }
    if !problems.is_empty() {
        // A part of a plan would look like the whole.
        return Err(Box::new(Refused { exit, drawing: None, problems }));
    }
    let mut look = Look { options: asked.options, flows: found };
    hear_one_flow_a_topic(&mut look);
    Ok(look)
}

async fn look_at(
    settings: &Settings,
    flow: FlowSettings,
    asked: &Asked,
    others: &[FlowSettings],
    context: &Context,
) -> Result<FlowLook, Box<Refused>> {
    let deadline = context.timeout.map(|timeout| Instant::now() + timeout);
    let cluster = |alias| Arc::new(settings.clusters[alias].clone());
    let opened = tokio::try_join!(
        open(cluster(&flow.source), deadline, |_| {}),
        open(cluster(&flow.target), deadline, |_| {}),
    );
    let (source, target) = opened.map_err(|error| Refused::one(Exit::Failed, Problem::from(&error)))?;
    if source.id() == target.id() {
        return Err(Refused::one(Exit::Usage, flows::one_cluster(&flow, source.id())));
    }
    let snapshot = snapshot::take((&source, &target), &flow, &asked.scope, asked.options.acls)
        .await
        .map_err(|error| Refused::one(Exit::Failed, Problem::from(&error)))?;
    if snapshot.source.topics.is_empty() {
        context.output.warn(&format!("{}: no topic is selected", flow.name));
    }
    let Difference { changes, findings } =
        diff(&snapshot, Rules { flow: &flow, others, options: &asked.options });
    let plan = FlowPlan::new(&flow, &snapshot, changes);
    Ok(FlowLook { settings: flow, target, snapshot, plan, findings })
}

/// Where two flows copy to one topic, the first is heard: else each run would undo the other's changes.
fn hear_one_flow_a_topic(look: &mut Look) {
    let mut heard: BTreeMap<(ClusterId, TopicName), FlowName> = BTreeMap::new();
    let mut brokers: BTreeSet<(ClusterId, i32)> = BTreeSet::new();
    for flow in &mut look.flows {
        let cluster = flow.snapshot.target.cluster_id.clone();
        flow.plan.changes.retain(|change| match change {
            Change::Unthrottle { broker, .. } => brokers.insert((cluster.clone(), *broker)),
            _ => true,
        });
        let claimed = |topic: &TopicName| heard.get(&(cluster.clone(), topic.clone()));
        let (kept, dropped): (Vec<Change>, Vec<Change>) = flow
            .plan
            .changes
            .drain(..)
            .partition(|change| change.topic().is_none_or(|t| claimed(t).is_none()));
        flow.plan.changes = kept;
        flow.plan.observed.retain(|observed| claimed(&observed.topic).is_none());
        let mut told: Vec<Finding> = Vec::new();
        for topic in dropped.iter().filter_map(Change::topic) {
            let Some(heard) = claimed(topic) else { continue };
            let finding = Finding::TwoFlows { topic: topic.clone(), heard: heard.clone() };
            if !told.contains(&finding) {
                told.push(finding);
            }
        }
        flow.findings.extend(told);
        for topic in &flow.snapshot.copies {
            heard.entry((cluster.clone(), topic.clone())).or_insert_with(|| flow.settings.name.clone());
        }
    }
}
