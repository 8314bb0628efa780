//! Finding out what there is to compare: topics, bounds of logs, the flow's state.

use std::collections::{BTreeMap, HashMap};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::try_join;
use kafka_protocol::ResponseError;

use super::plan::Facts;
use super::scan::Ends;
use crate::config::settings::{FlowSettings, Origin};
use crate::engine::origin::OriginFilter;
use crate::engine::state_read::{self, FlowState};
use crate::engine::state_records::Past;
use crate::engine::state_topic::NAME_PREFIX;
use crate::kafka::admin::{self, Refusal, TopicConfigs};
use crate::kafka::cluster::Cluster;
use crate::kafka::error::{KafkaError, code_name};
use crate::kafka::fetch::Isolation;
use crate::kafka::metadata::Metadata;
use crate::kafka::offsets::{self, OffsetAnswers, OffsetSpec};
use crate::types::{TopicName, TopicPartition};

/// How long a cluster may take for one question.
const PATIENCE: Duration = Duration::from_secs(30);

/// Says which records of a flow are compared.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    /// The flow.
    pub flow: &'a FlowSettings,
    /// Takes a source topic.
    pub is_wanted: &'a (dyn Fn(&TopicName) -> bool + Sync),
    /// Only records not older than this, in milliseconds since 1970.
    pub since_ms: Option<i64>,
}

/// Holds what there is to compare.
#[derive(Debug)]
pub struct Gathered {
    /// Both clusters.
    pub ends: Ends,
    /// The partitions that can be compared.
    pub facts: Vec<Facts>,
    /// Those that cannot, and why.
    pub unreadable: Vec<(TopicPartition, String)>,
    /// Whether the flow kept any state: without it all records at the target count as its copies.
    pub has_state: bool,
}

/// Asks both clusters.
pub async fn gather(source: Cluster, target: Cluster, wanted: Wanted<'_>) -> Result<Gathered, KafkaError> {
    let Wanted { flow, .. } = wanted;
    let at_source = source.retrying(PATIENCE, || source.metadata(None)).await?;
    let pairs = pairs(&at_source, wanted);
    let topics = |of: fn(&(TopicPartition, TopicPartition)) -> &TopicPartition| {
        crate::types::distinct(pairs.iter().map(|pair| &of(pair).topic))
    };
    let (source_topics, target_topics) = (topics(|pair| &pair.0), topics(|pair| &pair.1));
    let state_topic = TopicName::new(format!("{NAME_PREFIX}{}", flow.name));
    let state = state_read::read(&target, &state_topic).await?;
    let at_target = target.retrying(PATIENCE, || target.metadata(Some(&target_topics))).await?;
    let (source_configs, target_configs) =
        try_join(configs(&source, &source_topics), configs(&target, &target_topics)).await?;
    let bounds = bounds(&source, &target, (&at_source, &at_target), &pairs, wanted.since_ms).await?;
    let mut gathered = Gathered {
        ends: Ends {
            origin: OriginFilter::new(source.clone(), flow.origin == Origin::Local),
            source,
            target,
            at_source: Arc::new(at_source),
            at_target: Arc::new(at_target),
        },
        facts: Vec::new(),
        unreadable: Vec::new(),
        has_state: state.is_some(),
    };
    for pair in pairs {
        let name = pair.0.clone();
        let refused = ResponseError::TopicAuthorizationFailed;
        let at_target = gathered.ends.at_target.topics.get(&pair.1.topic);
        if at_target.is_some_and(|topic| topic.error.as_ref() == Some(&refused)) {
            gathered.unreadable.push((name, format!("the target does not show it: {}", code_name(&refused))));
            continue;
        }
        let configs = (source_configs.get(&pair.0.topic), target_configs.get(&pair.1.topic));
        match facts(pair, &bounds, configs, state.as_ref()) {
            Ok(facts) => gathered.facts.push(facts),
            Err(why) => gathered.unreadable.push((name, why)),
        }
    }
    Ok(gathered)
}

/// Lists the flow's partitions at the source, each with its counterpart.
fn pairs(at_source: &Metadata, wanted: Wanted<'_>) -> Vec<(TopicPartition, TopicPartition)> {
    let flow = wanted.flow;
    let mut pairs = BTreeMap::new();
    for (name, topic) in &at_source.topics {
        let is_flows = !topic.is_internal && flow.topics.matches(name.as_str());
        if !is_flows || !(wanted.is_wanted)(name) {
            continue;
        }
        let there = TopicName::new(flow.rename.apply(name.as_str()));
        for partition in topic.partitions.keys() {
            let at_target = TopicPartition::new(there.clone(), *partition);
            pairs.insert(TopicPartition::new(name.clone(), *partition), at_target);
        }
    }
    pairs.into_iter().collect()
}

/// A topic's configs, or why they cannot be read.
type Configured = Result<TopicConfigs, Refusal>;
type Configs = HashMap<TopicName, Configured>;

async fn configs(cluster: &Cluster, topics: &[TopicName]) -> Result<Configs, KafkaError> {
    const KEYS: [&str; 2] = ["cleanup.policy", "message.timestamp.type"];
    if topics.is_empty() {
        return Ok(Configs::new());
    }
    cluster.retrying(PATIENCE, || admin::topic_configs(cluster, topics, Some(&KEYS))).await
}

/// Holds each bound of all partitions' logs.
struct Bounds {
    source_first: OffsetAnswers,
    since: Option<OffsetAnswers>,
    source_end: OffsetAnswers,
    target_first: OffsetAnswers,
    target_end: OffsetAnswers,
}

async fn bounds(
    source: &Cluster,
    target: &Cluster,
    (at_source, at_target): (&Metadata, &Metadata),
    pairs: &[(TopicPartition, TopicPartition)],
    since_ms: Option<i64>,
) -> Result<Bounds, KafkaError> {
    let of_source = async |spec| {
        let asked: Vec<_> = pairs.iter().map(|pair| (pair.0.clone(), spec)).collect();
        let list = || offsets::list(source, at_source, &asked, Isolation::ReadCommitted);
        source.retrying(PATIENCE, list).await
    };
    let of_target = async |spec| {
        let asked: Vec<_> = pairs.iter().map(|pair| (pair.1.clone(), spec)).collect();
        let list = || offsets::list(target, at_target, &asked, Isolation::ReadUncommitted);
        target.retrying(PATIENCE, list).await
    };
    // The target's end first: all that stands before it is at the source by the time that is asked.
    let target_end = of_target(OffsetSpec::Latest).await?;
    let since = async {
        match since_ms {
            Some(ms) => of_source(OffsetSpec::TimestampMs(ms)).await.map(Some),
            None => Ok(None),
        }
    };
    let (source_end, (target_first, (source_first, since))) = try_join(
        of_source(OffsetSpec::Latest),
        try_join(of_target(OffsetSpec::Earliest), try_join(of_source(OffsetSpec::Earliest), since)),
    )
    .await?;
    Ok(Bounds { source_first, since, source_end, target_first, target_end })
}

fn facts(
    (source, target): (TopicPartition, TopicPartition),
    bounds: &Bounds,
    (at_source, at_target): (Option<&Configured>, Option<&Configured>),
    state: Option<&FlowState>,
) -> Result<Facts, String> {
    let bound = |answers: &OffsetAnswers, partition: &TopicPartition, at: &str| {
        offsets::answer(answers, partition)
            .map_err(|code| format!("its bounds at the {at}: {}", code_name(&code)))
    };
    let source_end = bound(&bounds.source_end, &source, "source")?;
    let log_start = bound(&bounds.source_first, &source, "source")?;
    let source_first = match &bounds.since {
        // No record is that young: nothing is to be compared but the end.
        Some(since) => match bound(since, &source, "source")? {
            -1 => source_end,
            first => first.max(log_start),
        },
        None => log_start,
    };
    let past = state.and_then(|state| state.partitions.get(&source));
    let map = match state.map(|state| state.map(&source)) {
        Some(Err(fault)) => return Err(format!("its offset map: {fault}")),
        Some(Ok(map)) => map.map(Arc::new),
        None => None,
    };
    let has = |configs: Option<&Configured>, key: &str, word: &str, end: &str| match configs {
        Some(Ok(configs)) => Ok(configs.effective.get(key).is_some_and(|value| value.contains(word))),
        Some(Err(refusal)) => Err(format!("its configs at the {end}: {refusal}")),
        None => Err(format!("its configs at the {end} were not told")),
    };
    Ok(Facts {
        source_first,
        source_end,
        target_first: bound(&bounds.target_first, &target, "target")?,
        target_end: bound(&bounds.target_end, &target, "target")?,
        producers: state.map(|_| past.map(|past| past.producers.clone()).unwrap_or_default()),
        map,
        is_restamped: has(at_target, "message.timestamp.type", "LogAppendTime", "target")?,
        source_compacts: has(at_source, "cleanup.policy", "compact", "source")?,
        target_compacts: has(at_target, "cleanup.policy", "compact", "target")?,
        left_out: past.map(left_out).unwrap_or_default(),
        source,
        target,
    })
}

/// Lists the source offsets that a policy left out for good.
fn left_out(past: &Past) -> Vec<RangeInclusive<i64>> {
    past.skipped.iter().map(|(from, trouble)| *from..=trouble.to.unwrap_or(*from)).collect()
}
