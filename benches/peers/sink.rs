//! A fast rdkafka producer whose sends are all checked to be acknowledged.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::error::KafkaError;
use rdkafka::message::{DeliveryResult, ToBytes};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, ProducerContext};
use rdkafka::types::RDKafkaErrorCode;

/// Deliveries are looked at once in so many sends.
const SENDS_PER_POLL: u32 = 256;
const FLUSH_LIMIT: Duration = Duration::from_secs(120);

/// Counts what was not delivered.
#[derive(Clone, Default)]
struct Undelivered(Arc<AtomicU64>);

impl ClientContext for Undelivered {}

impl ProducerContext for Undelivered {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if result.is_err() {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Holds the producer.
pub struct Sink {
    producer: BaseProducer<Undelivered>,
    undelivered: Undelivered,
    sends: Cell<u32>,
}

impl Sink {
    /// Opens an idempotent producer; `config` has its servers, codec, batch size and linger.
    pub fn open(mut config: ClientConfig) -> Self {
        config
            .set("acks", "all")
            .set("enable.idempotence", "true")
            .set("batch.num.messages", "1000000")
            .set("queue.buffering.max.messages", "1000000")
            .set("queue.buffering.max.kbytes", "131072");
        let undelivered = Undelivered::default();
        let producer = config.create_with_context(undelivered.clone()).unwrap();
        Self { producer, undelivered, sends: Cell::new(0) }
    }

    /// Hands a record to the producer, waiting while its queue is full.
    pub fn send<K: ToBytes + ?Sized, P: ToBytes + ?Sized>(&self, record: BaseRecord<'_, K, P>) {
        self.sends.set(self.sends.get().wrapping_add(1));
        if self.sends.get().is_multiple_of(SENDS_PER_POLL) {
            self.producer.poll(Duration::ZERO);
        }
        let mut waiting = record;
        loop {
            match self.producer.send(waiting) {
                Ok(()) => return,
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), again)) => {
                    self.producer.poll(Duration::from_millis(5));
                    waiting = again;
                }
                Err((error, _)) => panic!("cannot send: {error}"),
            }
        }
    }

    /// Hears of deliveries.
    pub fn poll(&self) {
        self.producer.poll(Duration::ZERO);
    }

    /// Waits until everything sent is acknowledged; panics where something was not.
    pub fn flush(&self) {
        self.producer.flush(FLUSH_LIMIT).unwrap();
        assert_eq!(self.undelivered.0.load(Ordering::Relaxed), 0, "records were not delivered");
    }
}
