//! A plan as a file: what is to be done, and the state it was made from; bound to both when carried out.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::change::{Change, Counts, Side};
use super::diff::Options;
use super::snapshot::{Seen, Snapshot, TopicState};
use super::wanted::{THROTTLE_LISTS, source_name};
use crate::config::settings::{FlowSettings, Rename};
use crate::types::{ClusterAlias, ClusterId, FlowName, TopicName};

/// Names the file's shape.
pub const PLAN_SCHEMA: &str = "strait/topics-plan/v1";

/// Holds a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanFile {
    /// [`PLAN_SCHEMA`].
    pub schema: String,
    /// The version that made it.
    pub made_by: String,
    /// When it was made, RFC 3339.
    pub made_at: String,
    /// What it was allowed to hold.
    pub options: Options,
    /// `--only`.
    pub only: Vec<String>,
    /// `--exclude`.
    pub exclude: Vec<String>,
    /// How many changes it holds, as the summary counts them.
    pub changes: usize,
    /// The flows, in the order of their names.
    pub flows: Vec<FlowPlan>,
    /// CRC-64/NVME of the file as it was made, without this line: tells an edit from a plan.
    pub checksum: String,
}

/// Holds what is to be done for one flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlowPlan {
    /// The flow.
    pub flow: FlowName,
    /// Where topics come from.
    pub source: PlannedCluster,
    /// Where they are changed.
    pub target: PlannedCluster,
    /// What to do.
    pub changes: Vec<Change>,
    /// What the topics to be changed looked like.
    pub observed: Vec<Observed>,
}

/// Names a cluster as the configuration does and as itself does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedCluster {
    /// The name in the configuration.
    pub alias: ClusterAlias,
    /// The id its brokers report.
    pub cluster_id: ClusterId,
}

/// Says what both ends showed of a topic to be changed; `null` where it was missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observed {
    /// Its name at the target.
    pub topic: TopicName,
    /// The original.
    pub source: Option<ObservedTopic>,
    /// The copy.
    pub target: Option<ObservedTopic>,
}

/// Says what a topic looked like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObservedTopic {
    /// Which incarnation; `null` from brokers older than 2.8.
    pub id: Option<Uuid>,
    /// Number of partitions.
    pub partitions: usize,
    /// Replicas of the partition that has fewest.
    pub replication_factor: usize,
    /// The configs of its own.
    pub configs: BTreeMap<String, String>,
}

/// Says why a plan is not carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanFault {
    /// It is no JSON.
    #[error("it is not JSON: {0}")]
    NotJson(String),
    /// It is another document, or of another version.
    #[error("its schema is {found}, and {PLAN_SCHEMA} is needed")]
    Schema {
        /// What it says it is.
        found: String,
    },
    /// Its parts are not those of a plan.
    #[error("it is not as it was written: {0}")]
    Shape(String),
    /// It was changed after it was made.
    #[error("it was edited: its checksum is {actual}, and it says {stated}")]
    Edited {
        /// The one it says.
        stated: String,
        /// The one it has.
        actual: String,
    },
}

impl PlanFile {
    /// Makes the file of these flows' plans.
    pub fn new(
        made_at: String,
        options: Options,
        only: Vec<String>,
        exclude: Vec<String>,
        flows: Vec<FlowPlan>,
    ) -> Self {
        let changes = flows.iter().map(|flow| Counts::of(&flow.changes).total()).sum();
        let mut plan = Self {
            schema: PLAN_SCHEMA.to_owned(),
            made_by: format!("strait {}", env!("CARGO_PKG_VERSION")),
            made_at,
            options,
            only,
            exclude,
            changes,
            flows,
            checksum: String::new(),
        };
        plan.checksum = plan.sum();
        plan
    }

    fn sum(&self) -> String {
        let bare = Self { checksum: String::new(), ..self.clone() };
        let text = serde_json::to_vec(&bare).expect("a plan is plain data with text for keys");
        format!("{:016x}", crc_fast::checksum(crc_fast::CrcAlgorithm::Crc64Nvme, &text))
    }

    /// Writes it as people can read it.
    pub fn to_text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a plan is plain data with text for keys");
        text.push('\n');
        text
    }

    /// Reads it back and checks that it is what was written.
    pub fn parse(text: &str) -> Result<Self, PlanFault> {
        let value: serde_json::Value =
            serde_json::from_str(text).map_err(|error| PlanFault::NotJson(error.to_string()))?;
        let schema = value.get("schema").and_then(serde_json::Value::as_str);
        if schema != Some(PLAN_SCHEMA) {
            let found = schema.map_or_else(|| "missing".to_owned(), |schema| format!("\"{schema}\""));
            return Err(PlanFault::Schema { found });
        }
        let plan: Self =
            serde_json::from_value(value).map_err(|error| PlanFault::Shape(error.to_string()))?;
        let actual = plan.sum();
        if actual != plan.checksum {
            return Err(PlanFault::Edited { stated: plan.checksum, actual });
        }
        Ok(plan)
    }
}

impl FlowPlan {
    /// Puts changes down with what they were made from.
    pub fn new(flow: &FlowSettings, snapshot: &Snapshot, changes: Vec<Change>) -> Self {
        let mut observed: Vec<Observed> = Vec::new();
        for topic in changes.iter().filter_map(Change::topic) {
            if observed.last().is_none_or(|last| last.topic != *topic) {
                observed.push(observe(snapshot, &flow.rename, topic));
            }
        }
        let named = |alias: &ClusterAlias, id: &ClusterId| PlannedCluster {
            alias: alias.clone(),
            cluster_id: id.clone(),
        };
        Self {
            flow: flow.name.clone(),
            source: named(&flow.source, &snapshot.source.cluster_id),
            target: named(&flow.target, &snapshot.target.cluster_id),
            changes,
            observed,
        }
    }
}

fn observe(snapshot: &Snapshot, rename: &Rename, topic: &TopicName) -> Observed {
    let of = |seen: Option<&Seen>| match seen {
        Some(Seen::There(state)) => Some(ObservedTopic {
            id: state.id,
            partitions: state.replicas.len(),
            replication_factor: state.replication_factor(),
            configs: own_configs(state),
        }),
        _ => None,
    };
    let origin = source_name(rename, topic);
    Observed {
        topic: topic.clone(),
        source: of(origin.and_then(|name| snapshot.source.topics.get(&name))),
        target: of(snapshot.target.topics.get(topic)),
    }
}

/// Returns the configs of a topic's own that a plan is about: throttles come and go with moves of replicas.
fn own_configs(state: &TopicState) -> BTreeMap<String, String> {
    let mut configs = state.configs.as_ref().map(|configs| configs.explicit.clone()).unwrap_or_default();
    configs.retain(|key, _| !THROTTLE_LISTS.contains(&key.as_str()));
    configs
}

/// Holds changes that fit the clusters as they are: made from a fresh look, or from a file compared with one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    changes: Vec<Change>,
}

impl Bound {
    /// Takes the changes of a plan made just now.
    pub fn fresh(plan: FlowPlan) -> Self {
        Self { changes: plan.changes }
    }

    /// Takes the changes of a plan made earlier, if `fresh` shows that its topics are as they were and that
    /// every change is still needed; else says what is different.
    pub fn planned(
        plan: FlowPlan,
        fresh: &FlowPlan,
        snapshot: &Snapshot,
        rename: &Rename,
    ) -> Result<Self, Vec<Drift>> {
        let mut drifts = Vec::new();
        for was in &plan.observed {
            drifts.extend(Drift::between(was, &observe(snapshot, rename, &was.topic)));
        }
        let has_drifted = |topic: Option<&TopicName>| {
            topic.is_some_and(|topic| drifts.iter().any(|drift: &Drift| drift.topic == *topic))
        };
        let unneeded: Vec<Drift> = plan
            .changes
            .iter()
            .filter(|change| !has_drifted(change.topic()) && !is_in(change, &fresh.changes))
            .map(Drift::unneeded)
            .collect();
        drifts.extend(unneeded);
        drifts.dedup();
        if drifts.is_empty() { Ok(Self { changes: plan.changes }) } else { Err(drifts) }
    }

    /// Returns the changes.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }
}

/// Says whether a change would be planned now. Where a replica goes may differ: what other topics weigh has
/// changed, and the place is as good as it was.
fn is_in(change: &Change, fresh: &[Change]) -> bool {
    fresh.iter().any(|other| match (change, other) {
        (
            Change::Move { topic, partition, from, .. },
            Change::Move { topic: same, partition: index, from: now, .. },
        ) => (topic, partition, from) == (same, index, now),
        _ => change == other,
    })
}

/// Says what is not as it was when a plan was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    /// The topic at the target, what an access control entry names, or a broker.
    pub topic: TopicName,
    /// What happened.
    pub what: DriftKind,
}

/// Lists what may happen to a topic between a plan and its application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DriftKind {
    /// It was deleted.
    Gone(Side),
    /// It was created.
    Appeared(Side),
    /// It was deleted and created anew.
    Recreated(Side),
    /// Partitions were added.
    Partitions(Side, usize, usize),
    /// Replicas were added or taken away.
    Replicas(Side, usize, usize),
    /// A config was changed: its name, the value then and now.
    Config(Side, String, Option<String>, Option<String>),
    /// Neither end changed, and the change would not be planned now: the configuration differs.
    Unneeded,
}

impl Drift {
    fn unneeded(change: &Change) -> Self {
        let topic = match change {
            Change::AddAcl { acl } => TopicName::from(acl.resource.as_str()),
            Change::Unthrottle { broker, .. } => TopicName::new(format!("broker {broker}")),
            _ => change.topic().cloned().unwrap_or_else(|| TopicName::from("")),
        };
        Self { topic, what: DriftKind::Unneeded }
    }

    fn between(was: &Observed, now: &Observed) -> Vec<Self> {
        let ends = [(Side::Source, &was.source, &now.source), (Side::Target, &was.target, &now.target)];
        let kinds = ends.into_iter().flat_map(|(side, was, now)| match (was, now) {
            (None, None) => vec![],
            (Some(_), None) => vec![DriftKind::Gone(side)],
            (None, Some(_)) => vec![DriftKind::Appeared(side)],
            (Some(was), Some(now)) if was.id != now.id => vec![DriftKind::Recreated(side)],
            (Some(was), Some(now)) => changed(side, was, now),
        });
        kinds.map(|what| Self { topic: was.topic.clone(), what }).collect()
    }
}

fn changed(side: Side, was: &ObservedTopic, now: &ObservedTopic) -> Vec<DriftKind> {
    let mut found = Vec::new();
    if was.partitions != now.partitions {
        found.push(DriftKind::Partitions(side, was.partitions, now.partitions));
    }
    if was.replication_factor != now.replication_factor {
        found.push(DriftKind::Replicas(side, was.replication_factor, now.replication_factor));
    }
    let keys: std::collections::BTreeSet<&String> = was.configs.keys().chain(now.configs.keys()).collect();
    for key in keys {
        let (then, value) = (was.configs.get(key), now.configs.get(key));
        if then != value {
            found.push(DriftKind::Config(side, key.clone(), then.cloned(), value.cloned()));
        }
    }
    found
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Source => "source",
            Self::Target => "target",
        })
    }
}

#[cfg(test)]
#[path = "plan_file_tests.rs"]
mod tests;
