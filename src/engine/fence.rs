//! Becoming the only writer of a target partition: the next epoch of its transactional id, and a marker
//! in its log behind which the broker refuses every earlier epoch.
//!
//! The transactional id is only this lock. Records are produced without a transaction, so readers of
//! any isolation level see them at once.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use kafka_protocol::ResponseError;
use tokio::time::Instant;

use crate::kafka::batch::Batches;
use crate::kafka::cluster::Cluster;
use crate::kafka::error::KafkaError;
use crate::kafka::fetch::Isolation;
use crate::kafka::log_reader;
use crate::kafka::metadata::Metadata;
use crate::kafka::producer_ids::{self, ProducerIdentity};
use crate::types::{TargetOffset, TopicName, TopicPartition};

/// First and longest pause between two looks for a marker.
const LOOK_PAUSES: [Duration; 2] = [Duration::from_millis(2), Duration::from_millis(50)];

/// The topic in which a cluster's coordinators keep transactional ids.
const TRANSACTION_STATE: &str = "__transaction_state";

/// Holds the right to write one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fence {
    /// The producer to write with.
    pub producer: ProducerIdentity,
    /// Where our marker stands; `None` where nobody ever owned the partition.
    pub marker: Option<TargetOffset>,
    /// False where the broker does not keep others out.
    pub is_exclusive: bool,
}

/// Says what to take a fence for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The transactional id.
    pub id: &'a str,
    /// The target partition.
    pub partition: &'a TopicPartition,
    /// An end of the partition's log seen before.
    pub end: TargetOffset,
    /// True where the flow's state speaks of the partition.
    pub was_owned: bool,
}

/// Takes the fence: afterwards nothing of an earlier owner can be written any more, and what it wrote
/// stands before the marker.
///
/// The marker is left out only where nobody can have owned the partition: epoch 0, and no state. Epoch 0
/// alone does not say so, for a transactional id that expired begins again at 0.
pub async fn take(
    target: &Cluster,
    at_target: &Metadata,
    wanted: Wanted<'_>,
    patience: Duration,
) -> Result<Fence, KafkaError> {
    let Wanted { id, partition, end, was_owned } = wanted;
    let init = || producer_ids::init_transactional(target, id);
    let (producer, coordinator) = match target.retrying(patience, init).await {
        Ok(owned) => owned,
        Err(error) if has_no_fence(target, &error, was_owned).await? => {
            let producer = target.retrying(patience, || producer_ids::init(target)).await?;
            return Ok(Fence { producer, marker: None, is_exclusive: false });
        }
        Err(error) => return Err(error),
    };
    if producer.epoch == 0 && !was_owned {
        return Ok(Fence { producer, marker: None, is_exclusive: true });
    }
    let at_hand = Mutex::new(Some(coordinator));
    let mark = || async {
        // After a failure the coordinator may be another one.
        let known = at_hand.lock().unwrap_or_else(PoisonError::into_inner).take();
        let connection = match known {
            Some(connection) => connection,
            None => producer_ids::coordinator(target, id).await?,
        };
        producer_ids::add_partition(&connection, id, producer, partition).await?;
        producer_ids::abort(&connection, id, producer).await
    };
    target.retrying(patience, mark).await?;
    let marker = find_marker(target, at_target, partition, end, producer, patience).await?;
    Ok(Fence { producer, marker: Some(marker), is_exclusive: true })
}

/// Says whether the target does not let us have a transactional id: no right to one, or no topic to
/// keep it in, as where there are too few brokers for it.
///
/// A target that has that topic has coordinators, and is only without one for now: an owner before us may
/// have been let in by it, and would not be kept out.
async fn has_no_fence(target: &Cluster, error: &KafkaError, was_owned: bool) -> Result<bool, KafkaError> {
    match error.code() {
        Some(ResponseError::TransactionalIdAuthorizationFailed) => Ok(true),
        Some(ResponseError::CoordinatorNotAvailable) => {
            let name = TopicName::new(TRANSACTION_STATE);
            let found = target.metadata(Some(std::slice::from_ref(&name))).await?;
            let code = found.topics.get(&name).map(|topic| topic.error);
            Ok(never_had_a_coordinator(code.flatten(), code.is_some(), was_owned))
        }
        _ => Ok(false),
    }
}

/// Judges by what the target says of the topic its coordinators keep their state in: whether that is told
/// at all, and with which error.
fn never_had_a_coordinator(error: Option<ResponseError>, is_told: bool, was_owned: bool) -> bool {
    match error {
        Some(ResponseError::UnknownTopicOrPartition) => true,
        // We may not see it; where nobody of ours was there before, there is nobody to keep out.
        Some(ResponseError::TopicAuthorizationFailed) => !was_owned,
        _ => !is_told && !was_owned,
    }
}

/// Reads the partition until our marker is seen: the answer to EndTxn only promises it.
async fn find_marker(
    target: &Cluster,
    at_target: &Metadata,
    partition: &TopicPartition,
    from: TargetOffset,
    producer: ProducerIdentity,
    patience: Duration,
) -> Result<TargetOffset, KafkaError> {
    let deadline = Instant::now() + patience;
    let [mut pause, longest] = LOOK_PAUSES;
    let mut next = from.0;
    loop {
        // Nothing tells how far the log reaches; the marker itself does.
        let read = || log_reader::read(target, at_target, partition, (next, 0), Isolation::ReadUncommitted);
        let piece = target.retrying(patience, read).await?;
        // A fault in a batch is found when the tail is compared; the marker may still be behind it.
        for batch in Batches::new(piece.records.clone()).map_while(Result::ok) {
            let header = batch.header;
            let is_ours = header.producer_id == producer.id && header.producer_epoch == producer.epoch;
            if header.is_control() && is_ours {
                return Ok(TargetOffset(header.base_offset));
            }
            next = header.next_offset();
        }
        if Instant::now() >= deadline {
            let connection = target.any().await?;
            let code = ResponseError::RequestTimedOut;
            let message = Some(format!("no marker of producer {} came into {partition}", producer.id));
            let cause = crate::kafka::error::RequestCause::Code { code, message };
            return Err(crate::kafka::cluster::request_error::<kafka_protocol::messages::EndTxnRequest>(
                &connection,
                cause,
            )
            .into());
        }
        if piece.records.is_empty() {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(longest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g2_only_a_target_that_never_had_a_coordinator_is_written_without_a_fence() {
        use ResponseError as E;
        for was_owned in [false, true] {
            assert!(never_had_a_coordinator(Some(E::UnknownTopicOrPartition), true, was_owned));
            assert!(!never_had_a_coordinator(None, true, was_owned), "the topic is there");
            assert!(!never_had_a_coordinator(Some(E::LeaderNotAvailable), true, was_owned));
            // Hidden from us, or not told of: then it depends on whether there is anybody to keep out.
            assert_eq!(
                never_had_a_coordinator(Some(E::TopicAuthorizationFailed), true, was_owned),
                !was_owned
            );
            assert_eq!(never_had_a_coordinator(None, false, was_owned), !was_owned);
        }
    }
}
