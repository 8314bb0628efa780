//! What both ends of a flow look like, as far as its topics go; asked in few requests.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use futures_util::future::{join_all, try_join_all};
use kafka_protocol::ResponseError;

use super::wanted::{THROTTLE_RATES, source_name, target_name};

use crate::config::settings::{FlowSettings, Pattern, internal_rule};
use crate::kafka::acls::{TopicAcl, topic_acls};
use crate::kafka::admin::{Refusal, TopicConfigs, topic_configs};
use crate::kafka::alter::broker_configs;
use crate::kafka::cluster::Cluster;
use crate::kafka::error::KafkaError;
use crate::kafka::metadata::TopicId;
use crate::kafka::placement::{PlacedTopic, Placement, placement};
use crate::kafka::reassign::{Ongoing, ongoing};
use crate::types::{ClusterId, TopicName, TopicPartition};

/// How long a look at the clusters waits for the brokers.
const PATIENCE: Duration = Duration::from_secs(30);
/// Topics whose configs one request asks for: about 100 KiB of answer.
const TOPICS_PER_REQUEST: usize = 100;
/// Brokers' configs that say what a topic gets that says nothing itself.
const DEFAULT_KEYS: [&str; 3] =
    ["default.replication.factor", "min.insync.replicas", "log.message.timestamp.type"];

/// Says which of a flow's topics a look is about, by `--only` and `--exclude`.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Patterns for source topics; empty for all.
    pub only: Vec<Pattern>,
    /// Patterns for source topics that are left out.
    pub exclude: Vec<Pattern>,
}

impl Scope {
    /// Says whether the flow copies a source topic of this name and the look is about it.
    pub fn covers(&self, flow: &FlowSettings, topic: &TopicName) -> bool {
        let name = topic.as_str();
        flow.topics.matches(name)
            && (self.only.is_empty() || self.only.iter().any(|pattern| pattern.matches(name)))
            && !self.exclude.iter().any(|pattern| pattern.matches(name))
    }
}

/// Says what one end shows of a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// There is none, as the cluster says for certain.
    Missing,
    /// The cluster does not tell.
    Hidden(ResponseError),
    /// It is there.
    There(TopicState),
}

/// Holds what matters of a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicState {
    /// Which incarnation.
    pub id: TopicId,
    /// The brokers of each partition's replicas, the preferred leader first.
    pub replicas: Vec<Vec<i32>>,
    /// Its configs, or why they cannot be read.
    pub configs: Result<TopicConfigs, Refusal>,
}

impl TopicState {
    /// Returns the number of replicas of the partition that has fewest.
    pub fn replication_factor(&self) -> usize {
        self.replicas.iter().map(Vec::len).min().unwrap_or(0)
    }
}

/// Holds what one end looks like.
#[derive(Clone, Debug)]
pub struct End {
    /// The cluster's id.
    pub cluster_id: ClusterId,
    /// The brokers that run, each with its rack.
    pub brokers: BTreeMap<i32, Option<String>>,
    /// The topics the look is about.
    pub topics: BTreeMap<TopicName, Seen>,
    /// The entries that concern topics, where they were asked for, or why they cannot be read.
    pub acls: Option<Result<Vec<TopicAcl>, Refusal>>,
}

impl End {
    /// Returns what is known of a topic; one that was not asked for is as good as hidden.
    pub fn seen(&self, topic: &TopicName) -> &Seen {
        self.topics.get(topic).unwrap_or(&Seen::Hidden(ResponseError::UnknownServerError))
    }
}

/// Holds what both ends of a flow look like.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The source: topics of the flow, by their names there.
    pub source: End,
    /// The target: their copies, and what could be copies of topics that are gone, by their names there.
    pub target: End,
    /// What the target gives a topic that says nothing itself, as far as it may be read.
    pub defaults: Defaults,
    /// Moves of replicas under way at the target, or why they cannot be listed.
    pub moving: Result<BTreeMap<TopicPartition, Ongoing>, Refusal>,
    /// Limits on replication that were set on the target's brokers while they ran, by broker; `None` where
    /// they may not be read.
    pub throttles: Option<BTreeMap<i32, BTreeMap<String, String>>>,
    /// How many replicas each broker of the target holds, all topics together.
    pub load: BTreeMap<i32, usize>,
    /// The copies of the flow's topics, whether they are there or not, by their names at the target.
    pub copies: BTreeSet<TopicName>,
    /// Names of all topics at the source, for rules that concern more than the flow's.
    pub source_names: BTreeSet<TopicName>,
    /// Names of all topics at the target.
    pub target_names: BTreeSet<TopicName>,
}

/// Holds the target brokers' defaults for topics.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Defaults {
    /// `default.replication.factor`.
    pub replication_factor: Option<usize>,
    /// `min.insync.replicas`.
    pub min_insync: Option<usize>,
    /// `log.message.timestamp.type`.
    pub timestamp_type: Option<String>,
}

/// Looks at both ends of a flow; the ACLs only where they are wanted.
pub async fn take(
    (source, target): (&Cluster, &Cluster),
    flow: &FlowSettings,
    scope: &Scope,
    with_acls: bool,
) -> Result<Snapshot, KafkaError> {
    let (at_source, at_target, source_acls, target_acls, defaults, moving) = tokio::try_join!(
        source.retrying(PATIENCE, || placement(source, None)),
        target.retrying(PATIENCE, || placement(target, None)),
        acls(source, with_acls),
        acls(target, with_acls),
        defaults(target),
        target.retrying(PATIENCE, || ongoing(target)),
    )?;
    let at = (&at_source, &at_target);
    let names = Names::of(flow, scope, at);
    let (more_source, more_target) = tokio::try_join!(
        named(source, &names.doubtful_at_source),
        named(target, &names.doubtful_at_target),
    )?;
    let known = |names: &BTreeSet<TopicName>, placed: &Placement, more: &Placement| -> Vec<TopicName> {
        let is_there = |name: &&TopicName| matches!(found(placed, more, name), Some(Ok(_)));
        names.iter().filter(is_there).cloned().collect()
    };
    let (source_there, target_there) =
        (known(&names.source, &at_source, &more_source), known(&names.copies, &at_target, &more_target));
    let (source_configs, target_configs, throttles) =
        tokio::try_join!(configs(source, &source_there), configs(target, &target_there), async {
            Ok(throttles(target, at_target.brokers.keys()).await)
        },)?;
    let (source_names, target_names) = (all_names(&at_source), all_names(&at_target));
    Ok(Snapshot {
        load: load(&at_target),
        source: end(source, at_source, &more_source, &names.source, source_configs, source_acls),
        target: end(target, at_target, &more_target, &names.target, target_configs, target_acls),
        defaults,
        moving,
        throttles,
        copies: names.copies,
        source_names,
        target_names,
    })
}

/// Holds the names a look is about.
#[derive(Debug, Default)]
struct Names {
    /// Source topics: selected, named by the configuration, or missing with what could be a copy left over.
    source: BTreeSet<TopicName>,
    /// Those of `source` that the listing does not show: hidden or missing.
    doubtful_at_source: Vec<TopicName>,
    /// The copies of selected topics.
    copies: BTreeSet<TopicName>,
    /// `copies`, and what could be copies of topics that are gone.
    target: BTreeSet<TopicName>,
    /// Those of `target` that the listing does not show.
    doubtful_at_target: Vec<TopicName>,
}

impl Names {
    fn of(flow: &FlowSettings, scope: &Scope, (source, target): (&Placement, &Placement)) -> Self {
        let is_ours = |(name, topic): &(&TopicName, &PlacedTopic)| {
            !topic.is_internal && internal_rule(name.as_str()).is_none()
        };
        let selected = source.seen().filter(is_ours).filter(|(name, _)| scope.covers(flow, name));
        let mut all: BTreeSet<TopicName> = selected.map(|(name, _)| name.clone()).collect();
        let literals = flow.topics.literals().map(TopicName::from);
        all.extend(literals.filter(|name| scope.covers(flow, name)));
        let copies: BTreeSet<TopicName> = all.iter().map(|name| target_name(&flow.rename, name)).collect();
        let mut at_target = copies.clone();
        for (name, _) in target.seen().filter(is_ours) {
            if let Some(origin) = source_name(&flow.rename, name).filter(|name| scope.covers(flow, name)) {
                at_target.insert(name.clone());
                all.insert(origin);
            }
        }
        let doubtful = |names: &BTreeSet<TopicName>, placed: &Placement| {
            names.iter().filter(|name| !matches!(placed.topics.get(*name), Some(Ok(_)))).cloned().collect()
        };
        Self {
            doubtful_at_source: doubtful(&all, source),
            doubtful_at_target: doubtful(&at_target, target),
            source: all,
            copies,
            target: at_target,
        }
    }
}

/// Asks for topics by name: a listing leaves out what may not be seen, and an answer by name says which it is.
async fn named(cluster: &Cluster, names: &[TopicName]) -> Result<Placement, KafkaError> {
    if names.is_empty() {
        return Ok(Placement::default());
    }
    cluster.retrying(PATIENCE, || placement(cluster, Some(names))).await
}

fn found<'a>(
    placed: &'a Placement,
    more: &'a Placement,
    name: &TopicName,
) -> Option<&'a Result<PlacedTopic, ResponseError>> {
    more.topics.get(name).or_else(|| placed.topics.get(name))
}

async fn acls(
    cluster: &Cluster,
    is_wanted: bool,
) -> Result<Option<Result<Vec<TopicAcl>, Refusal>>, KafkaError> {
    if !is_wanted {
        return Ok(None);
    }
    cluster.retrying(PATIENCE, || topic_acls(cluster)).await.map(Some)
}

async fn defaults(cluster: &Cluster) -> Result<Defaults, KafkaError> {
    let ask = || async {
        let Some(broker) = placement(cluster, Some(&[])).await?.brokers.into_keys().next() else {
            return Ok(HashMap::new());
        };
        // Where they may not be read they are unknown, which is said where it matters.
        Ok(broker_configs(cluster, broker, &DEFAULT_KEYS).await?.unwrap_or_default())
    };
    let known = cluster.retrying(PATIENCE, ask).await?;
    let number = |key: &str| known.get(key).and_then(|config| config.value.parse().ok());
    Ok(Defaults {
        replication_factor: number(DEFAULT_KEYS[0]),
        min_insync: number(DEFAULT_KEYS[1]),
        timestamp_type: known.get(DEFAULT_KEYS[2]).map(|config| config.value.clone()),
    })
}

/// Reads the brokers' limits on replication; one try, for a broker that does not answer is told of elsewhere.
async fn throttles(
    cluster: &Cluster,
    brokers: impl Iterator<Item = &i32>,
) -> Option<BTreeMap<i32, BTreeMap<String, String>>> {
    let asked = brokers.map(|id| async move { (*id, broker_configs(cluster, *id, &THROTTLE_RATES).await) });
    let mut found = BTreeMap::new();
    for (id, answer) in join_all(asked).await {
        let set = answer.ok()?.ok()?.into_iter().filter(|(_, config)| config.is_dynamic);
        let set: BTreeMap<String, String> = set.map(|(key, config)| (key, config.value)).collect();
        if !set.is_empty() {
            found.insert(id, set);
        }
    }
    Some(found)
}

type Configs = HashMap<TopicName, Result<TopicConfigs, Refusal>>;

async fn configs(cluster: &Cluster, topics: &[TopicName]) -> Result<Configs, KafkaError> {
    let parts = topics
        .chunks(TOPICS_PER_REQUEST)
        .map(|topics| cluster.retrying(PATIENCE, move || topic_configs(cluster, topics, None)));
    Ok(try_join_all(parts).await?.into_iter().flatten().collect())
}

fn load(placed: &Placement) -> BTreeMap<i32, usize> {
    let mut load: BTreeMap<i32, usize> = placed.brokers.keys().map(|id| (*id, 0)).collect();
    for id in placed.seen().flat_map(|(_, topic)| topic.replicas.iter().flatten()) {
        *load.entry(*id).or_default() += 1;
    }
    load
}

fn all_names(placed: &Placement) -> BTreeSet<TopicName> {
    placed.seen().map(|(name, _)| name.clone()).collect()
}

fn end(
    cluster: &Cluster,
    placed: Placement,
    more: &Placement,
    names: &BTreeSet<TopicName>,
    mut configs: Configs,
    acls: Option<Result<Vec<TopicAcl>, Refusal>>,
) -> End {
    let untold = || Err(Refusal { code: ResponseError::UnknownServerError, message: None });
    let seen = |name: &TopicName| match found(&placed, more, name) {
        Some(Ok(topic)) => Seen::There(TopicState {
            id: topic.id,
            replicas: topic.replicas.clone(),
            configs: configs.remove(name).unwrap_or_else(untold),
        }),
        Some(Err(ResponseError::UnknownTopicOrPartition)) => Seen::Missing,
        Some(Err(code)) => Seen::Hidden(*code),
        None => Seen::Hidden(ResponseError::UnknownServerError),
    };
    let topics: BTreeMap<TopicName, Seen> = {
        let mut seen = seen;
        names.iter().map(|name| (name.clone(), seen(name))).collect()
    };
    End { cluster_id: cluster.id().clone(), brokers: placed.brokers, topics, acls }
}
