//! The consumer group.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::consumer::{CommitMode, Consumer, StreamConsumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use super::{ANSWERS_PATIENCE, End, Place, SESSION_TIMEOUT, Work, number_of};
use crate::drill::ledger::Ledger;

/// How often the group commits.
const COMMIT_INTERVAL: Duration = Duration::from_millis(250);

/// Processes records and commits until told to end; `lost` turns true when the region cannot be reached.
pub(crate) async fn consume(
    work: &Work,
    place: &Place,
    ledger: &Ledger,
    lost: &watch::Sender<bool>,
    mut end: watch::Receiver<Option<End>>,
) -> Result<(), KafkaError> {
    let mut client = place.client.clone();
    client
        .set("group.id", &work.group)
        .set("enable.auto.commit", "false")
        .set("auto.offset.reset", "earliest")
        .set("session.timeout.ms", SESSION_TIMEOUT.as_millis().to_string());
    let consumer: StreamConsumer = client.create()?;
    consumer.subscribe(&[&work.topic])?;
    let mut commit = tokio::time::interval(COMMIT_INTERVAL);
    commit.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut next: BTreeMap<i32, i64> = BTreeMap::new();
    loop {
        tokio::select! {
            _ = end.changed() => break,
            _ = commit.tick() => {
                commit_up_to(work, place, ledger, (&consumer, CommitMode::Async), &next)?;
                next.clear();
            }
            message = consumer.recv() => match message {
                Ok(message) => {
                    if let Some(number) = number_of(message.payload()) {
                        ledger.processed(place.leg, message.partition(), number);
                    }
                    next.insert(message.partition(), message.offset() + 1);
                }
                // librdkafka tries again by itself; that no broker is left is for whoever runs the application.
                Err(KafkaError::MessageConsumption(RDKafkaErrorCode::AllBrokersDown)) => {
                    lost.send_replace(true);
                }
                Err(_) => {}
            },
        }
    }
    let is_torn = *end.borrow() == Some(End::TearAway);
    if !is_torn {
        for (partition, offset) in &next {
            ledger.committing(place.leg, *partition, *offset);
        }
    }
    // Closing a consumer blocks while it says good-bye, and nobody may be there to hear it.
    let closing = {
        let topic = work.topic.clone();
        tokio::task::spawn_blocking(move || {
            if !is_torn && let Ok(list) = offsets(&topic, &next) {
                // What is not committed at the end is processed again.
                let _ = consumer.commit(&list, CommitMode::Sync);
            }
            drop(consumer);
        })
    };
    if !is_torn {
        let _ = tokio::time::timeout(ANSWERS_PATIENCE, closing).await;
    }
    Ok(())
}

/// Commits what was processed. It is written down before, for nobody knows what arrives of it.
fn commit_up_to(
    work: &Work,
    place: &Place,
    ledger: &Ledger,
    (consumer, mode): (&StreamConsumer, CommitMode),
    next: &BTreeMap<i32, i64>,
) -> Result<(), KafkaError> {
    if next.is_empty() {
        return Ok(());
    }
    for (partition, offset) in next {
        ledger.committing(place.leg, *partition, *offset);
    }
    consumer.commit(&offsets(&work.topic, next)?, mode)
}

fn offsets(topic: &str, next: &BTreeMap<i32, i64>) -> Result<TopicPartitionList, KafkaError> {
    let mut list = TopicPartitionList::new();
    for (partition, offset) in next {
        list.add_partition_offset(topic, *partition, Offset::Offset(*offset))?;
    }
    Ok(list)
}
