//! Keeping moves of replicas from taking the whole network: the brokers' own throttle, set and taken away.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::carry::Outcome;
use super::moves::Move;
use super::wanted::{THROTTLE_LISTS, THROTTLE_RATES};
use crate::kafka::admin::{Refusal, topic_configs};
use crate::kafka::alter::{TopicEdit, alter_broker, alter_topics, broker_configs};
use crate::kafka::cluster::Cluster;
use crate::kafka::error::KafkaError;
use crate::types::TopicName;

/// How long one request is tried.
const PATIENCE: Duration = Duration::from_secs(30);

/// Holds what was there before a throttle was set.
#[derive(Debug)]
pub struct Throttle {
    brokers: BTreeMap<i32, Vec<(String, Option<String>)>>,
    topics: Vec<TopicEdit>,
}

impl Throttle {
    /// Limits the brokers that take part to `rate` bytes per second each way, for these moves alone: the
    /// topics' lists name the replicas that count. Takes back what it has set where a broker refuses.
    pub async fn set(
        target: &Cluster,
        moves: &[Move],
        rate: u64,
    ) -> Result<Result<Self, Refusal>, KafkaError> {
        let before = match Self::before(target, moves).await? {
            Ok(before) => before,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let rates: Vec<(String, Option<String>)> =
            THROTTLE_RATES.iter().map(|key| ((*key).to_owned(), Some(rate.to_string()))).collect();
        let brokers = before.brokers.keys().map(|id| (*id, rates.clone())).collect();
        let result = write(target, &brokers, &lists(moves)).await;
        if !matches!(result, Ok(Ok(()))) {
            // What is told is why it could not be set.
            let _ = before.remove(target).await;
        }
        Ok(result?.map(|()| before))
    }

    /// Reads what is there.
    async fn before(target: &Cluster, moves: &[Move]) -> Result<Result<Self, Refusal>, KafkaError> {
        let mut brokers = BTreeMap::new();
        let ids: BTreeSet<i32> =
            moves.iter().flat_map(|one| one.from.iter().chain(&one.to)).copied().collect();
        for id in ids {
            let known =
                match target.retrying(PATIENCE, || broker_configs(target, id, &THROTTLE_RATES)).await? {
                    Ok(known) => known,
                    Err(refusal) => return Ok(Err(refusal)),
                };
            let value = |key: &str| {
                known.get(key).filter(|config| config.is_dynamic).map(|config| config.value.clone())
            };
            brokers.insert(id, THROTTLE_RATES.iter().map(|key| ((*key).to_owned(), value(key))).collect());
        }
        let names: BTreeSet<TopicName> = moves.iter().map(|one| one.partition.topic.clone()).collect();
        let names: Vec<TopicName> = names.into_iter().collect();
        let keys = Some(THROTTLE_LISTS.as_slice());
        let known = target.retrying(PATIENCE, || topic_configs(target, &names, keys)).await?;
        let mut topics = Vec::new();
        for (topic, configs) in known {
            let configs = match configs {
                Ok(configs) => configs.explicit,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let value = |key: &str| configs.get(key).cloned();
            let values = THROTTLE_LISTS.iter().map(|key| ((*key).to_owned(), value(key))).collect();
            topics.push(TopicEdit { topic, values });
        }
        Ok(Ok(Self { brokers, topics }))
    }

    /// Puts back what was there before.
    pub async fn remove(&self, target: &Cluster) -> Result<(), Outcome> {
        match write(target, &self.brokers, &self.topics).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(refusal)) => Err(Outcome::ThrottleStays(Some(refusal))),
            Err(_) => Err(Outcome::ThrottleStays(None)),
        }
    }
}

/// Returns the lists for these moves: whoever has a replica is slowed down as a sender, whoever gets one as a
/// receiver. Entries are `partition:broker`.
fn lists(moves: &[Move]) -> Vec<TopicEdit> {
    let mut by_topic: BTreeMap<&TopicName, [Vec<String>; 2]> = BTreeMap::new();
    for one in moves {
        let [leaders, followers] = by_topic.entry(&one.partition.topic).or_default();
        let entry = |id: i32| format!("{}:{id}", one.partition.partition);
        leaders.extend(one.from.iter().copied().map(entry));
        followers.extend(one.adding().map(entry));
    }
    let value = |entries: Vec<String>| (!entries.is_empty()).then(|| entries.join(","));
    by_topic
        .into_iter()
        .map(|(topic, lists)| {
            let keys = THROTTLE_LISTS.iter().map(|key| (*key).to_owned());
            TopicEdit { topic: topic.clone(), values: keys.zip(lists.map(value)).collect() }
        })
        .collect()
}

/// Writes all, also where one refuses; returns the first refusal.
async fn write(
    target: &Cluster,
    brokers: &BTreeMap<i32, Vec<(String, Option<String>)>>,
    topics: &[TopicEdit],
) -> Result<Result<(), Refusal>, KafkaError> {
    let mut result = Ok(Ok(()));
    for (id, values) in brokers {
        let one = target.retrying(PATIENCE, || alter_broker(target, *id, values)).await;
        if matches!(result, Ok(Ok(()))) {
            result = one;
        }
    }
    match target.retrying(PATIENCE, || alter_topics(target, topics)).await {
        Err(error) if result.is_ok() => result = Err(error),
        Ok(results) if matches!(result, Ok(Ok(()))) => {
            result = Ok(results.into_values().find(Result::is_err).unwrap_or(Ok(())));
        }
        _ => {}
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::TopicPartition;

    #[test]
    fn lists_name_who_sends_and_who_receives() {
        let one = |partition, from: &[i32], to: &[i32]| Move {
            partition: TopicPartition::new("t", partition),
            from: from.to_vec(),
            to: to.to_vec(),
        };
        let lists = lists(&[one(0, &[1], &[1, 2, 3]), one(1, &[2, 3], &[2])]);
        let values: Vec<Option<&str>> =
            lists.iter().flat_map(|edit| &edit.values).map(|(_, value)| value.as_deref()).collect();
        assert_eq!(values, [Some("0:1,1:2,1:3"), Some("0:2,0:3")]);
    }
}
