//! Looking at flows: clusters are opened once, and asked again with every look.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;

use crate::commands::replicate::flow::open;
use crate::config::patterns::Pattern;
use crate::config::settings::{FlowSettings, Settings};
use crate::kafka::cluster::Cluster;
use crate::kafka::error::ConnectError;
use crate::lag::gather::{Asked, gather};
use crate::lag::limits::Limits;
use crate::lag::measure::{PartitionLag, measure};
use crate::lag::outcome::{FlowLag, Lag};
use crate::lag::{groups, trend};
use crate::report::problem::{Problem, Scope};
use crate::types::ClusterAlias;

/// Holds what is looked at, and how it is judged.
#[derive(Debug)]
pub(super) struct Looker {
    pub(super) settings: Settings,
    pub(super) flows: Vec<FlowSettings>,
    pub(super) topics: Vec<Pattern>,
    pub(super) groups: Vec<Pattern>,
    pub(super) limits: Limits,
    pub(super) timeout: Option<Duration>,
    clusters: BTreeMap<ClusterAlias, Cluster>,
    first: Option<(Instant, Vec<PartitionLag>)>,
}

/// Holds what one look showed, and what could not be read.
#[derive(Debug, Default)]
pub(super) struct Look {
    pub(super) lag: Lag,
    pub(super) problems: Vec<Problem>,
}

impl Looker {
    pub(super) fn new(
        (settings, flows): (Settings, Vec<FlowSettings>),
        (topics, groups): (Vec<Pattern>, Vec<Pattern>),
        limits: Limits,
        timeout: Option<Duration>,
    ) -> Self {
        Self { settings, flows, topics, groups, limits, timeout, clusters: BTreeMap::new(), first: None }
    }

    /// Looks once. From the second look on there is a trend: against the first look, or the one before
    /// where `is_rolling`.
    pub(super) async fn look(&mut self, is_rolling: bool) -> Look {
        let failures = self.open_clusters().await;
        let mut look = Look { problems: failures.values().map(Problem::from).collect(), ..Look::default() };
        let read = join_all(self.flows.iter().map(|flow| self.read(flow))).await;
        let now = Instant::now();
        for (flow, read) in self.flows.iter().zip(read) {
            match read {
                Some(Ok((lag, problems))) => {
                    look.lag.is_partial |= !problems.is_empty();
                    look.lag.flows.push(lag);
                    look.problems.extend(problems);
                }
                Some(Err(problem)) => {
                    look.lag.unread.push(flow.name.clone());
                    look.problems.push(*problem);
                }
                None => look.lag.unread.push(flow.name.clone()),
            }
        }
        if let Some((then, before)) = &self.first {
            for flow in &mut look.lag.flows {
                trend::compare(before, &mut flow.partitions, now.saturating_duration_since(*then));
            }
        }
        if is_rolling || self.first.is_none() {
            self.first = Some((now, look.lag.partitions().cloned().collect()));
        }
        for flow in &mut look.lag.flows {
            self.limits.mark(&mut flow.partitions);
        }
        look
    }

    /// Opens the clusters that are not open yet.
    async fn open_clusters(&mut self) -> BTreeMap<ClusterAlias, ConnectError> {
        let deadline = self.timeout.map(|timeout| Instant::now() + timeout);
        let named: BTreeSet<&ClusterAlias> =
            self.flows.iter().flat_map(|flow| [&flow.source, &flow.target]).collect();
        let closed = named.into_iter().filter(|alias| !self.clusters.contains_key(*alias));
        let opened = join_all(closed.map(|alias| async {
            let settings = Arc::new(self.settings.clusters[alias].clone());
            (alias.clone(), open(settings, deadline, |_| {}).await)
        }))
        .await;
        let mut failures = BTreeMap::new();
        for (alias, opened) in opened {
            match opened {
                Ok(cluster) => {
                    self.clusters.insert(alias, cluster);
                }
                Err(error) => {
                    failures.insert(alias, error);
                }
            }
        }
        failures
    }

    /// Reads one flow; `None` where one of its clusters is not open.
    async fn read(&self, flow: &FlowSettings) -> Option<Result<(FlowLag, Vec<Problem>), Box<Problem>>> {
        let (source, target) = (self.clusters.get(&flow.source)?, self.clusters.get(&flow.target)?);
        let scope = || Scope::Flow(flow.name.to_string());
        if source.id() == target.id() {
            let what = format!("source and target of flow \"{}\" are one cluster", flow.name);
            let problem = Problem::new("one_cluster", scope(), what)
                .place(format!("clusters {} and {}", flow.source, flow.target))
                .cause(format!("both report the id {}", source.id()))
                .hint("correct bootstrap_servers of one of them");
            return Some(Err(Box::new(problem)));
        }
        let is_wanted = |patterns: &[Pattern], name: &str| {
            patterns.is_empty() || patterns.iter().any(|pattern| pattern.matches(name))
        };
        let asked = Asked { flow, source, target, patience: self.timeout.unwrap_or(Duration::ZERO) };
        let is_topic = |name: &str| is_wanted(&self.topics, name);
        let is_group = |name: &str| is_wanted(&self.groups, name);
        let facts = match gather(asked, &is_topic, &is_group).await {
            Ok(facts) => facts,
            Err(error) => return Some(Err(Box::new(Problem::from(&error)))),
        };
        let mut problems: Vec<Problem> = facts.groups.failures.iter().map(Problem::from).collect();
        problems.extend(facts.missing.iter().map(|topic| {
            let what = format!("topic {topic} of flow \"{}\" cannot be seen", flow.name);
            Problem::new("topic_unavailable", scope(), what)
                .place(format!("cluster {}", flow.source))
                .cause("it does not exist at the source, or may not be seen (Describe)")
                .hint("create it, take it out of topics, or grant this user Read on it, which includes Describe")
        }));
        let lag = FlowLag {
            flow: flow.name.clone(),
            source: flow.source.clone(),
            target: flow.target.clone(),
            at_ms: facts.now_ms,
            has_state: facts.state.is_some(),
            partitions: measure(flow, &facts),
            groups: groups::measure(flow, &facts),
        };
        Some(Ok((lag, problems)))
    }
}
