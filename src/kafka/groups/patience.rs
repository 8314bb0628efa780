//! Asking about many groups, and again about those whose trouble may pass.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::Instant;

use super::coordinators::coordinators;
use crate::kafka::cluster::Cluster;
use crate::kafka::connection::Connection;
use crate::kafka::error::{KafkaError, Remedy};
use crate::kafka::retry::Backoff;

/// What was found of each group, or why nothing.
pub type ByGroup<T> = BTreeMap<String, Result<T, KafkaError>>;

/// Repeats `ask` for as long as `patience`, each time for the groups whose failure may pass; returns the
/// last answer for each.
pub async fn patiently<T>(
    cluster: &Cluster,
    groups: &[String],
    patience: Duration,
    ask: impl AsyncFn(&[String]) -> ByGroup<T>,
) -> ByGroup<T> {
    let deadline = Instant::now() + patience;
    let mut backoff = Backoff::default();
    let mut answers = ByGroup::new();
    let mut open = groups.to_vec();
    while !open.is_empty() {
        answers.extend(ask(&open).await);
        let may_pass = |group: &String| match answers.get(group) {
            Some(Err(error)) => error.remedy() != Remedy::Fatal,
            _ => false,
        };
        open.retain(may_pass);
        let pause = backoff.next_pause();
        if open.is_empty() || Instant::now() + pause >= deadline {
            break;
        }
        tokio::time::sleep(pause).await;
        // Brokers may have come or gone; where this fails too, the attempt tells why.
        let _ = cluster.metadata(Some(&[])).await;
    }
    answers
}

/// Puts one question to each coordinator, about all of its groups; one try.
pub(super) async fn of_coordinators<T>(
    cluster: &Cluster,
    groups: &[String],
    ask: impl AsyncFn(&Connection, &[String]) -> Result<ByGroup<T>, KafkaError>,
) -> ByGroup<T> {
    let all = |groups: &[String], error: &KafkaError| -> ByGroup<T> {
        groups.iter().map(|group| (group.clone(), Err(error.clone()))).collect()
    };
    let found = match coordinators(cluster, groups).await {
        Ok(found) => found,
        Err(error) => return all(groups, &error),
    };
    let mut answers = ByGroup::new();
    let mut by_node: BTreeMap<i32, Vec<String>> = BTreeMap::new();
    for (group, node) in found {
        match node {
            Ok(node) => by_node.entry(node).or_default().push(group),
            Err(error) => {
                answers.insert(group, Err(error));
            }
        }
    }
    let ask = &ask;
    let asked = by_node.into_iter().map(|(node, groups)| async move {
        let answer = match cluster.control(node).await {
            Ok(connection) => ask(&connection, &groups).await,
            Err(error) => Err(error.into()),
        };
        answer.unwrap_or_else(|error| all(&groups, &error))
    });
    join_all(asked).await.into_iter().for_each(|found| answers.extend(found));
    answers
}
