//! The producer without transactions: idempotent, acknowledged by all in-sync replicas.

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::future_producer::OwnedDeliveryResult;
use rdkafka::producer::{FutureProducer, FutureRecord, Producer, PurgeConfig};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior};

use super::{ANSWERS_PATIENCE, End, Place, TICK, Work, record};
use crate::drill::evidence::{Fate, Sent};
use crate::drill::ledger::Ledger;

/// Sends numbered records at the wanted rate until told to end; returns when each record's fate is known.
pub(crate) async fn produce(
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
                    let (partition, number) = ledger.next(place.leg, work.partitions);
                    let sent = move |fate| Sent { leg: place.leg, partition, number, fate };
                    let (key, value) = record(work, partition, number);
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
pub(super) fn fate<C>(answer: Result<OwnedDeliveryResult, C>, ledger: &Ledger) -> Fate {
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

#[cfg(test)]
mod tests {
    use rdkafka::message::{OwnedMessage, Timestamp};

    use super::*;

    fn refused(code: RDKafkaErrorCode) -> Result<OwnedDeliveryResult, ()> {
        let message =
            OwnedMessage::new(None, None, "orders".to_owned(), Timestamp::NotAvailable, 0, -1, None);
        Ok(Err((KafkaError::MessageProduction(code), message)))
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
