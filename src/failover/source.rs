//! What the source still says, where it answers in time: the exact positions, and where its logs end now.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::plan::AtSource;
use crate::config::settings::{FlowSettings, Origin};
use crate::engine::mapping::{Both, Wanted, log_ends, maps};
use crate::engine::origin::OriginFilter;
use crate::engine::state_read::StateReader;
use crate::kafka::cluster::Cluster;
use crate::kafka::error::KafkaError;
use crate::kafka::fetch::Isolation;
use crate::kafka::offsets::{self, OffsetSpec};
use crate::types::{TopicPartition, distinct};

/// Asks the source about partitions; those it does not tell of are left out.
pub async fn ask(
    (source, target): (&Cluster, &Cluster),
    flow: &FlowSettings,
    state: &mut StateReader,
    partitions: &[TopicPartition],
    patience: Duration,
) -> Result<HashMap<TopicPartition, AtSource>, KafkaError> {
    let topics = distinct(partitions.iter().map(|partition| &partition.topic));
    let metadata = source.retrying(patience, || source.metadata(Some(&topics))).await?;
    let asked: Vec<_> = partitions.iter().map(|partition| (partition.clone(), OffsetSpec::Latest)).collect();
    if asked.is_empty() {
        return Ok(HashMap::new());
    }
    let list = || offsets::list(source, &metadata, &asked, Isolation::ReadCommitted);
    let ends = source.retrying(patience, list).await?;
    let at_ms = now_ms();
    let origin = OriginFilter::new(source.clone(), flow.origin == Origin::Local);
    let both = Both { source, target, flow, origin: &origin, patience };
    let logs = log_ends(&both, partitions).await?;
    state.catch_up().await?;
    let told = partitions.iter().filter_map(|partition| {
        let end = offsets::answer(&ends, partition).ok()?;
        // Up to the end of both logs.
        Some((partition.clone(), Wanted { source: end, target: i64::MAX }))
    });
    let wanted: BTreeMap<_, _> = told.collect();
    let maps = maps(&both, &logs, state.state(), &wanted).await;
    let answer = |(partition, wanted): (TopicPartition, Wanted)| {
        // Of a topic that was made anew the end says nothing about what was copied.
        let mapped = maps.get(&partition)?.as_ref().ok()?;
        let is_whole = |to: i64| logs.target_end(&both.target_of(&partition)).is_some_and(|end| end <= to);
        let next = Some(mapped.map.to()).filter(|to| is_whole(to.target)).map(|to| to.source);
        Some((partition, AtSource { next, end: wanted.source, at_ms }))
    };
    Ok(wanted.into_iter().filter_map(answer).collect())
}

/// Returns the time in milliseconds since 1970.
pub fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
}
