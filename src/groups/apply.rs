//! Carrying a plan out: one commit for each group.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use kafka_protocol::ResponseError;
use tokio::time::Instant;

use super::plan::{GroupPlan, Move};
use crate::kafka::cluster::Cluster;
use crate::kafka::error::{KafkaError, Remedy, code_name, remedy_for};
use crate::kafka::groups::{Commit, commit_each};
use crate::kafka::retry::Backoff;
use crate::types::TopicPartition;

/// Groups committed for at a time.
const AT_A_TIME: usize = 16;

/// Says why an offset was not committed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum NotCommitted {
    /// The group got members since it was looked at.
    #[error("the group has members at the target by now")]
    Active,
    /// The target refuses it.
    #[error("the target refuses the offset: {}", code_name(.0))]
    Refused(ResponseError),
    /// The target does not answer as needed.
    #[error("{0}")]
    Kafka(KafkaError),
}

impl NotCommitted {
    /// Returns the cause's stable name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Refused(
                ResponseError::GroupAuthorizationFailed | ResponseError::TopicAuthorizationFailed,
            ) => "not_authorized",
            Self::Refused(_) => "refused",
            Self::Kafka(_) => "kafka",
        }
    }

    fn of(code: ResponseError) -> Self {
        use ResponseError as E;
        match code {
            E::UnknownMemberId | E::IllegalGeneration | E::StaleMemberEpoch | E::RebalanceInProgress => {
                Self::Active
            }
            code => Self::Refused(code),
        }
    }
}

/// Says of each target partition of a group whether its offset was committed.
pub type Outcome = BTreeMap<TopicPartition, Result<(), NotCommitted>>;

/// Commits all that is to be changed; what may pass is tried again for as long as `patience`.
pub async fn apply(target: &Cluster, plans: &[GroupPlan], patience: Duration) -> BTreeMap<String, Outcome> {
    let changes = plans.iter().filter_map(|plan| {
        let commits: Vec<Commit> = plan.moves.iter().filter_map(Move::commit).collect();
        (!commits.is_empty()).then_some((plan.group.clone(), commits))
    });
    stream::iter(changes)
        .map(|(group, commits)| async move {
            let outcome = commit_all(target, &group, commits, patience).await;
            (group, outcome)
        })
        .buffer_unordered(AT_A_TIME)
        .collect()
        .await
}

async fn commit_all(target: &Cluster, group: &str, mut open: Vec<Commit>, patience: Duration) -> Outcome {
    let deadline = Instant::now() + patience;
    let mut backoff = Backoff::default();
    let mut outcome = Outcome::new();
    loop {
        let may_pass = match commit_each(target, group, &open).await {
            Ok(answers) => {
                let answer = |commit: &Commit| {
                    answers.get(&commit.partition).copied().unwrap_or(Err(ResponseError::UnknownServerError))
                };
                for commit in &open {
                    outcome.insert(commit.partition.clone(), answer(commit).map_err(NotCommitted::of));
                }
                open.retain(|commit| answer(commit).is_err_and(|code| remedy_for(code) != Remedy::Fatal));
                !open.is_empty()
            }
            Err(error) => {
                let failed =
                    |commit: &Commit| (commit.partition.clone(), Err(NotCommitted::Kafka(error.clone())));
                outcome.extend(open.iter().map(failed));
                error.remedy() != Remedy::Fatal
            }
        };
        let pause = backoff.next_pause();
        if !may_pass || Instant::now() + pause >= deadline {
            return outcome;
        }
        tokio::time::sleep(pause).await;
        // The coordinator may have moved; where this fails too, the attempt tells why.
        let _ = target.metadata(Some(&[])).await;
    }
}
