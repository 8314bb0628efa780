//! The producer with transactions, some of which it aborts.

use std::time::Duration;

use rdkafka::error::{KafkaError, RDKafkaError};
use rdkafka::producer::future_producer::DeliveryFuture;
use rdkafka::producer::{FutureProducer, FutureRecord, Producer, PurgeConfig};
use rdkafka::util::Timeout;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::Instant;

use super::produce::fate;
use super::{ANSWERS_PATIENCE, End, Place, TICK, Work, record};
use crate::drill::evidence::{Fate, Sent};
use crate::drill::ledger::Ledger;

/// How long a transaction gathers records.
const TRANSACTION_SPAN: Duration = Duration::from_millis(50);
/// One of so many transactions is aborted.
const ABORT_EVERY: u64 = 7;
/// Which of them: an early one, so that a short drill has some too.
const ABORTED: u64 = 2;
/// How long one step of a transaction waits before it is seen whether the application is to end.
const STEP: Timeout = Timeout::After(Duration::from_secs(1));

/// Holds a record on its way.
struct Sending {
    partition: i32,
    number: u64,
    answer: DeliveryFuture,
}

/// How a transaction came out.
enum Outcome {
    Committed,
    Aborted,
    /// Nobody knows; the producer cannot be used any more.
    Unknown,
}

/// Sends numbered records in transactions until told to end; returns when each record's fate is known. It
/// blocks, for librdkafka's transactions do.
#[expect(clippy::disallowed_methods, reason = "librdkafka's transactions block, so this thread is its own")]
pub(crate) fn produce_in_transactions(
    work: &Work,
    id: &str,
    place: &Place,
    ledger: &Ledger,
    end: &watch::Receiver<Option<End>>,
) -> Result<(), KafkaError> {
    let mut client = place.client.clone();
    client.set("transactional.id", id).set("linger.ms", "5").set("compression.type", "lz4");
    client.set("transaction.timeout.ms", "30000");
    let mut pace = Pace { began: Instant::now(), handed: 0.0, transactions: 0 };
    // A transaction that nobody knows the end of hangs until the next producer of its id begins.
    let mut hangs_since = None;
    loop {
        let is_hopeless = hangs_since.is_none_or(|since: Instant| since.elapsed() > ANSWERS_PATIENCE);
        match *end.borrow() {
            Some(End::TearAway) => return Ok(()),
            Some(End::Finish) if is_hopeless => return Ok(()),
            _ => {}
        }
        let producer: FutureProducer = client.create()?;
        if patiently(end, || producer.init_transactions(STEP)).is_err() {
            // It is made anew, unless the region is gone for good; whoever runs the application knows that.
            std::thread::sleep(TICK);
            continue;
        }
        hangs_since = None;
        while end.borrow().is_none() {
            if transact(&producer, &mut pace, work, place, ledger, end)? {
                continue;
            }
            producer.purge(PurgeConfig::default().queue().inflight());
            hangs_since = Some(Instant::now());
            break;
        }
    }
}

/// What the wanted rate is measured by.
struct Pace {
    began: Instant,
    handed: f64,
    transactions: u64,
}

/// Sends the records of one transaction and brings it to its end; false where nobody knows which.
#[expect(clippy::disallowed_methods, reason = "librdkafka's transactions block, so this thread is its own")]
fn transact(
    producer: &FutureProducer,
    pace: &mut Pace,
    work: &Work,
    place: &Place,
    ledger: &Ledger,
    end: &watch::Receiver<Option<End>>,
) -> Result<bool, KafkaError> {
    pace.transactions += 1;
    producer.begin_transaction()?;
    let mut sending = Vec::new();
    let until = Instant::now() + TRANSACTION_SPAN;
    while Instant::now() < until {
        let due = pace.began.elapsed().as_secs_f64() * f64::from(work.rate);
        while pace.handed < due {
            pace.handed += 1.0;
            let (partition, number) = ledger.next(place.leg, work.partitions);
            let (key, value) = record(work, partition, number);
            let to_send = FutureRecord::to(&work.topic).partition(partition).key(&key).payload(&value);
            match producer.send_result(to_send) {
                Ok(answer) => sending.push(Sending { partition, number, answer }),
                Err(_) => ledger.sent(Sent { leg: place.leg, partition, number, fate: Fate::Failed }),
            }
        }
        std::thread::sleep(TICK);
    }
    let outcome = finish(producer, end, pace.transactions % ABORT_EVERY == ABORTED);
    write_down(sending, &outcome, place, ledger);
    Ok(!matches!(outcome, Outcome::Unknown))
}

/// Brings a transaction to its end.
fn finish(producer: &FutureProducer, end: &watch::Receiver<Option<End>>, is_to_abort: bool) -> Outcome {
    let abort = || match patiently(end, || producer.abort_transaction(STEP)) {
        Ok(()) => Outcome::Aborted,
        Err(_) => Outcome::Unknown,
    };
    if is_to_abort {
        return abort();
    }
    match patiently(end, || producer.commit_transaction(STEP)) {
        Ok(()) => Outcome::Committed,
        Err(KafkaError::Transaction(error)) if error.txn_requires_abort() => abort(),
        Err(_) => Outcome::Unknown,
    }
}

/// Repeats a step as long as librdkafka says that it may be repeated, the application is not torn away, and
/// there is hope.
fn patiently(
    end: &watch::Receiver<Option<End>>,
    step: impl Fn() -> Result<(), KafkaError>,
) -> Result<(), KafkaError> {
    let deadline = Instant::now() + ANSWERS_PATIENCE;
    loop {
        let error = match step() {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        let may_repeat =
            matches!(&error, KafkaError::Transaction(error) if RDKafkaError::is_retriable(error));
        let is_torn = *end.borrow() == Some(End::TearAway);
        if !may_repeat || is_torn || Instant::now() >= deadline {
            return Err(error);
        }
    }
}

/// Writes the records of a transaction down, once its outcome is known.
fn write_down(sending: Vec<Sending>, outcome: &Outcome, place: &Place, ledger: &Ledger) {
    for Sending { partition, number, answer } in sending {
        let fate = match outcome {
            Outcome::Committed => Handle::current().block_on(async { fate(answer.await, ledger) }),
            Outcome::Aborted => Fate::Aborted,
            Outcome::Unknown => Fate::Unknown,
        };
        ledger.sent(Sent { leg: place.leg, partition, number, fate });
    }
}
