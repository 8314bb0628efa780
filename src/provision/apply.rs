//! Carrying a plan out.

use std::collections::HashMap;
use std::time::Duration;

use kafka_protocol::ResponseError;

use super::plan::Step;
use crate::kafka::admin::{self, NewTopic, Refusal};
use crate::kafka::cluster::Cluster;
use crate::kafka::error::KafkaError;
use crate::types::TopicName;

/// How long to wait for new partitions to get their leaders.
const PATIENCE: Duration = Duration::from_secs(30);
/// Topics changed by one request: a controller answers one only when all of them are made.
const TOPICS_PER_REQUEST: usize = 50;

/// Creates and grows topics; each topic's result is its own. Returns when the new partitions have
/// leaders, or have not had any for 30 seconds.
pub async fn apply(
    target: &Cluster,
    steps: &[Step],
) -> Result<HashMap<TopicName, Result<(), Refusal>>, KafkaError> {
    let mut results = HashMap::new();
    for steps in steps.chunks(TOPICS_PER_REQUEST) {
        let mut create: Vec<NewTopic> = Vec::new();
        let mut grow: Vec<(TopicName, i32)> = Vec::new();
        for step in steps {
            match step {
                Step::Create(new) => create.push(new.clone()),
                Step::Grow { topic, to, .. } => {
                    grow.push((topic.clone(), i32::try_from(*to).unwrap_or(i32::MAX)));
                }
            }
        }
        if !create.is_empty() {
            let made = target.retrying(PATIENCE, || admin::create_topics(target, &create)).await?;
            // Made by somebody else, or by a request whose answer was lost: it is there.
            results.extend(made.into_iter().map(|(name, result)| match result {
                Err(refusal) if refusal.code == ResponseError::TopicAlreadyExists => (name, Ok(())),
                result => (name, result),
            }));
        }
        if !grow.is_empty() {
            let mut grown = target.retrying(PATIENCE, || admin::grow_partitions(target, &grow)).await?;
            forgive_grown(target, &grow, &mut grown).await?;
            results.extend(grown);
        }
    }
    let done = |step: &&Step| results.get(step.topic()).is_some_and(Result::is_ok);
    wait_for_leaders(target, &steps.iter().filter(done).collect::<Vec<_>>()).await?;
    Ok(results)
}

/// Takes it for done where a topic was refused because it has the partitions: somebody else was first, or
/// a request whose answer was lost.
async fn forgive_grown(
    target: &Cluster,
    wanted: &[(TopicName, i32)],
    results: &mut HashMap<TopicName, Result<(), Refusal>>,
) -> Result<(), KafkaError> {
    let is_refused = |result: &Result<(), Refusal>| {
        result.as_ref().is_err_and(|refusal| refusal.code == ResponseError::InvalidPartitions)
    };
    let refused: Vec<&(TopicName, i32)> =
        wanted.iter().filter(|(name, _)| results.get(name).is_some_and(is_refused)).collect();
    if refused.is_empty() {
        return Ok(());
    }
    let names: Vec<TopicName> = refused.iter().map(|(name, _)| name.clone()).collect();
    let metadata = target.retrying(PATIENCE, || target.metadata(Some(&names))).await?;
    for (name, count) in refused {
        let has = metadata.topics.get(name).map_or(0, |topic| topic.partitions.len());
        if i32::try_from(has).is_ok_and(|has| has >= *count) {
            results.insert(name.clone(), Ok(()));
        }
    }
    Ok(())
}

async fn wait_for_leaders(target: &Cluster, steps: &[&Step]) -> Result<(), KafkaError> {
    let names: Vec<TopicName> = steps.iter().map(|step| step.topic().clone()).collect();
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while !names.is_empty() && tokio::time::Instant::now() < deadline {
        let metadata = target.retrying(PATIENCE, || target.metadata(Some(&names))).await?;
        let ready = |step: &&Step| {
            let known = metadata.topics.get(step.topic()).map(|topic| &topic.partitions);
            known.is_some_and(|p| p.len() >= step.partitions() && p.values().all(|p| p.leader.is_some()))
        };
        if steps.iter().all(ready) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}
