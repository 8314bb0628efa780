//! The application of a drill: a producer of numbered records, and a consumer group that commits as it
//! processes. Both are librdkafka, as in most applications, and know nothing of Strait.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use rdkafka::ClientConfig;
use rdkafka::consumer::{CommitMode, Consumer, StreamConsumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message;
use rdkafka::producer::future_producer::OwnedDeliveryResult;
use rdkafka::producer::{FutureProducer, FutureRecord, Producer, PurgeConfig};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior};

use super::evidence::{Fate, Region, Sent};
use super::ledger::Ledger;

/// How often records are handed to the producer.
const TICK: Duration = Duration::from_millis(10);
/// How often the group commits.
const COMMIT_INTERVAL: Duration = Duration::from_millis(250);
/// How long answers are waited for when the producer ends.
const ANSWERS_PATIENCE: Duration = Duration::from_secs(10);
/// What a record's key begins with.
const KEY_PREFIX: &str = "order-";

/// Says what the application does, wherever it runs.
#[derive(Clone, Debug)]
pub struct Work {
    /// The topic.
    pub topic: String,
    /// Its partitions.
    pub partitions: i32,
    /// The consumer group.
    pub group: String,
    /// Records sent per second.
    pub rate: u32,
    /// Bytes of each record's value.
    pub size: usize,
}

/// Says where the application runs.
#[derive(Clone, Debug)]
pub struct Place {
    /// The region.
    pub region: Region,
    /// How its brokers are reached.
    pub client: ClientConfig,
}

/// Says how a part of the application ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It finishes what it began.
    Finish,
    /// It is torn away: what has no answer by now gets none.
    TearAway,
}

/// Sends numbered records at the wanted rate until told to end; returns when each record's fate is known.
pub async fn produce(
    work: &Work,
    place: &Place,
    ledger: &Ledger,
    mut end: watch::Receiver<Option<End>>,
) -> Result<(), KafkaError> {
    let mut client = place.client.clone();
    client.set("enable.idempotence", "true").set("linger.ms", "5").set("compression.type", "lz4");
    // An application waits long: whether a record is lost is not for its client to say.
    client.set("message.timeout.ms", "120000");
    let producer: FutureProducer = client.create()?;
    let mut answers = FuturesUnordered::new();
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (began, mut handed) = (Instant::now(), 0.0);
    loop {
        tokio::select! {
            _ = end.changed() => break,
            _ = tick.tick() => {
                let due = began.elapsed().as_secs_f64() * f64::from(work.rate);
                while handed < due {
                    handed += 1.0;
                    let (partition, number) = ledger.next(work.partitions);
                    let sent = move |fate| Sent { region: place.region, partition, number, fate };
                    let (key, value) = record(partition, number, work.size);
                    let to_send =
                        FutureRecord::to(&work.topic).partition(partition).key(&key).payload(&value);
                    match producer.send_result(to_send) {
                        Ok(answer) => answers.push(async move { sent(fate(answer.await, ledger)) }),
                        Err(_) => ledger.sent(sent(Fate::Failed)),
                    }
                }
            }
            Some(sent) = answers.next(), if !answers.is_empty() => ledger.sent(sent),
        }
    }
    if *end.borrow() == Some(End::TearAway) {
        producer.purge(PurgeConfig::default().queue().inflight());
    }
    let deadline = Instant::now() + ANSWERS_PATIENCE;
    while let Ok(Some(sent)) = tokio::time::timeout_at(deadline, answers.next()).await {
        ledger.sent(sent);
    }
    // What has no answer still is unknown; dropping the producer answers nothing more.
    if !answers.is_empty() {
        producer.purge(PurgeConfig::default().queue().inflight());
        while let Some(sent) = answers.next().await {
            ledger.sent(sent);
        }
    }
    Ok(())
}

/// Says what an answer means for a record. Only what the brokers refuse for good has failed: whatever else
/// went wrong, they may have written it before.
fn fate<C>(answer: Result<OwnedDeliveryResult, C>, ledger: &Ledger) -> Fate {
    match answer {
        Ok(Ok(delivery)) => Fate::Acknowledged { offset: delivery.offset, at: ledger.now() },
        Ok(Err((error, _))) => match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::MessageSizeTooLarge | RDKafkaErrorCode::TopicAuthorizationFailed) => {
                Fate::Failed
            }
            _ => Fate::Unknown,
        },
        Err(_) => Fate::Unknown,
    }
}

fn record(partition: i32, number: u64, size: usize) -> (String, String) {
    let mut value = format!("{{\"partition\":{partition},\"number\":{number}}}");
    while value.len() < size {
        value.push(' ');
    }
    (format!("{KEY_PREFIX}{partition}-{number}"), value)
}

pub(super) fn number_of(key: Option<&[u8]>) -> Option<u64> {
    let key = std::str::from_utf8(key?).ok()?.strip_prefix(KEY_PREFIX)?;
    key.split_once('-')?.1.parse().ok()
}

/// Processes records and commits until told to end; `lost` turns true when the region cannot be reached.
pub async fn consume(
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
        .set("session.timeout.ms", "6000");
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
                    if let Some(number) = number_of(message.key()) {
                        ledger.processed(place.region, message.partition(), number);
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
    // Closing a consumer blocks while it says good-bye, and nobody may be there to hear it.
    let closing = {
        let (work, place) = (work.clone(), place.clone());
        let last = Ledger::new();
        tokio::task::spawn_blocking(move || {
            if !is_torn {
                // What is not committed at the end is processed again; the drill is over by then.
                let _ = commit_up_to(&work, &place, &last, (&consumer, CommitMode::Sync), &next);
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
    let mut list = TopicPartitionList::new();
    for (partition, offset) in next {
        if place.region == Region::Source {
            ledger.committing(*partition, *offset);
        }
        list.add_partition_offset(&work.topic, *partition, Offset::Offset(*offset))?;
    }
    consumer.commit(&list, mode)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use rdkafka::message::{OwnedMessage, Timestamp};

    use super::*;

    fn refused(code: RDKafkaErrorCode) -> Result<OwnedDeliveryResult, ()> {
        let message =
            OwnedMessage::new(None, None, "orders".to_owned(), Timestamp::NotAvailable, 0, -1, None);
        Ok(Err((KafkaError::MessageProduction(code), message)))
    }

    #[test]
    fn a_record_tells_its_number_and_has_its_size() {
        let (key, value) = record(3, 4711, 200);
        assert_eq!((number_of(Some(key.as_bytes())), value.len()), (Some(4711), 200));
        assert_eq!(number_of(Some(b"yesterday")), None);
        assert_eq!(number_of(None), None);
    }

    #[test]
    fn a_send_has_failed_only_where_brokers_refuse_it_for_good() {
        let ledger = Ledger::new();
        assert_eq!(fate(refused(RDKafkaErrorCode::MessageSizeTooLarge), &ledger), Fate::Failed);
        for code in [
            RDKafkaErrorCode::MessageTimedOut,
            RDKafkaErrorCode::PurgeInflight,
            RDKafkaErrorCode::PurgeQueue,
            RDKafkaErrorCode::NotEnoughReplicasAfterAppend,
        ] {
            assert_eq!(fate(refused(code), &ledger), Fate::Unknown, "{code:?}: it may have been sent before");
        }
        assert_eq!(fate(Err(()), &ledger), Fate::Unknown, "a client that went away");
    }
}
