//! Consumer groups where the source does not answer: they stay where `replicate` moved them last.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::config::patterns::GroupSelector;
use crate::kafka::cluster::Cluster;
use crate::kafka::error::KafkaError;
use crate::kafka::groups::{self, GroupListing, Offsets, patiently};
use crate::types::{TopicName, TopicPartition};

/// One committed offset at the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The group.
    pub group: String,
    /// The partition at the target.
    pub target: TopicPartition,
    /// What is committed; `None` where the target does not tell.
    pub offset: Option<i64>,
}

/// Lists what the selected groups have committed at the target for these topics, by group and partition;
/// with the failures of brokers and groups that could not be asked.
pub async fn standing(
    target: &Cluster,
    selected: &GroupSelector,
    topics: &BTreeSet<TopicName>,
    patience: Duration,
) -> (Vec<Standing>, Vec<KafkaError>) {
    if selected.is_empty() {
        return (Vec::new(), Vec::new());
    }
    let listed = groups::list(target).await;
    let mut failures = listed.failures;
    let is_meant = |group: &&GroupListing| group.commits_offsets() && selected.matches(&group.group);
    let mut ids: BTreeSet<String> =
        listed.listed.iter().filter(is_meant).map(|group| group.group.clone()).collect();
    ids.extend(selected.literals().map(str::to_owned));
    let ids: Vec<String> = ids.into_iter().collect();
    let ask = async |ids: &[String]| groups::committed(target, ids, false).await;
    let mut standing = Vec::new();
    for (group, offsets) in patiently(target, &ids, patience, ask).await {
        match offsets {
            Ok(offsets) => standing.extend(rows(&group, offsets, topics)),
            Err(error) => failures.push(error),
        }
    }
    (standing, failures)
}

fn rows(group: &str, offsets: Offsets, topics: &BTreeSet<TopicName>) -> Vec<Standing> {
    let ours = offsets.into_iter().filter(|(partition, _)| topics.contains(&partition.topic));
    ours.map(|(target, committed)| Standing {
        group: group.to_owned(),
        target,
        offset: committed.ok().map(|committed| committed.offset),
    })
    .collect()
}
