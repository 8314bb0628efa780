//! What a drill makes at the clusters, and takes away again: its topic, its state topics, its groups.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::drill::names::DrillId;
use crate::kafka::admin::{self, NewTopic, Refusal};
use crate::kafka::cluster::Cluster;
use crate::kafka::error::KafkaError;
use crate::kafka::groups;
use crate::types::TopicName;

/// How long each step of setting up or clearing away is repeated.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a topic may take until all its partitions have leaders.
const LEADERS_PATIENCE: Duration = Duration::from_secs(30);
/// How often that is looked at.
const LOOK_PAUSE: Duration = Duration::from_millis(100);
/// Replicas of the drill's topic at the source, where there are as many brokers.
const REPLICAS_MAX: usize = 3;

/// Says why the stage could not be set or cleared.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// A cluster does not answer, or refuses.
    #[error(transparent)]
    Kafka(#[from] KafkaError),
    /// The topic was not made.
    #[error("topic {topic} was not created: {refusal}")]
    Refused {
        /// The topic.
        topic: TopicName,
        /// The broker's words.
        refusal: Refusal,
    },
    /// Its partitions have no leaders.
    #[error("partitions of {0} had no leader within {LEADERS_PATIENCE:?}")]
    NoLeaders(TopicName),
}

/// Lists the configs of the drill's topic.
pub fn topic_configs(is_compacted: bool, replicas: i16) -> BTreeMap<String, String> {
    let mut configs = BTreeMap::new();
    let mut set = |name: &str, value: &str| drop(configs.insert(name.to_owned(), value.to_owned()));
    if replicas >= 3 {
        set("min.insync.replicas", "2");
    }
    if is_compacted {
        // As eager as it gets, so that the cleaner runs while the drill does.
        set("cleanup.policy", "compact");
        set("min.cleanable.dirty.ratio", "0.01");
        set("segment.ms", "1000");
        set("delete.retention.ms", "100");
    }
    configs
}

/// Returns how many replicas the drill's topic has at the source.
pub fn replicas(source: &Cluster) -> i16 {
    i16::try_from(source.nodes().len().clamp(1, REPLICAS_MAX)).unwrap_or(1)
}

/// Makes the drill's topic at the source, and waits until it can be written.
pub async fn set(
    source: &Cluster,
    id: &DrillId,
    partitions: i32,
    is_compacted: bool,
) -> Result<(), StageError> {
    let replication_factor = replicas(source);
    let configs = topic_configs(is_compacted, replication_factor);
    let name = id.topic();
    let topic = [NewTopic { name: name.clone(), partitions, replication_factor, configs }];
    // Not repeated: a topic of this name that is there already is not the drill's.
    let mut answers = admin::create_topics(source, &topic).await?;
    if let Some(Err(refusal)) = answers.remove(&name) {
        return Err(StageError::Refused { topic: name, refusal });
    }
    let deadline = tokio::time::Instant::now() + LEADERS_PATIENCE;
    loop {
        let metadata =
            source.retrying(PATIENCE, || source.metadata(Some(std::slice::from_ref(&name)))).await?;
        let led = metadata.topics.get(&name).map_or(0, |topic| {
            topic.partitions.values().filter(|partition| partition.leader.is_some()).count()
        });
        if i32::try_from(led).is_ok_and(|led| led == partitions) {
            return Ok(());
        }
        if tokio::time::Instant::now() >= deadline {
            return Err(StageError::NoLeaders(name));
        }
        tokio::time::sleep(LOOK_PAUSE).await;
    }
}

/// Lists the drills that left something behind at a cluster and are over.
pub async fn left_behind(
    cluster: &Cluster,
    is_over: impl Fn(&DrillId) -> bool,
) -> Result<BTreeSet<DrillId>, StageError> {
    let metadata = cluster.retrying(PATIENCE, || cluster.metadata(None)).await?;
    let mut names: Vec<String> = metadata.topics.keys().map(ToString::to_string).collect();
    // Groups of brokers that do not answer are found another time.
    names.extend(groups::list(cluster).await.listed.into_iter().map(|group| group.group));
    let ids = names.iter().filter_map(|name| DrillId::of_name(name));
    Ok(ids.filter(is_over).collect())
}

/// Takes away what a drill made at a cluster; what is not there is no failure. Says what could not be.
pub async fn clear(cluster: &Cluster, id: &DrillId) -> Vec<(String, String)> {
    let mut left = Vec::new();
    let topics = id.topics();
    let delete = || admin::delete_topics(cluster, &topics);
    match cluster.retrying(PATIENCE, delete).await {
        Ok(answers) => left.extend(answers.into_iter().filter_map(|(topic, answer)| {
            let refusal = answer.err()?;
            Some((format!("topic {topic}"), refusal.to_string()))
        })),
        Err(error) => left.extend(topics.iter().map(|topic| (format!("topic {topic}"), error.to_string()))),
    }
    let mut open = id.groups().to_vec();
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        // A member that was torn away is one until its session is over, and keeps its group from going.
        let refused: Vec<_> = groups::delete(cluster, &open)
            .await
            .into_iter()
            .filter_map(|(group, answer)| Some((group, answer.err()?)))
            .collect();
        if refused.is_empty() {
            return left;
        }
        if tokio::time::Instant::now() >= deadline {
            let named = |(group, error): (String, KafkaError)| (format!("group {group}"), error.to_string());
            left.extend(refused.into_iter().map(named));
            return left;
        }
        open = refused.into_iter().map(|(group, _)| group).collect();
        tokio::time::sleep(LOOK_PAUSE * 5).await;
    }
}
