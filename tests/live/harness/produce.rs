//! Writers: plain, idempotent and transactional, every send checked to be acknowledged.

use std::sync::{Arc, Mutex};

use rdkafka::ClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::error::KafkaError;
use rdkafka::message::{DeliveryResult, OwnedHeaders};
use rdkafka::producer::{BaseRecord, Producer, ProducerContext, ThreadedProducer};
use rdkafka::types::RDKafkaErrorCode;

use super::cluster::Cluster;
use super::records::NewRecord;
use super::wait;

/// Kafka's codecs by their name in `compression.type`.
pub const CODECS: [&str; 5] = ["none", "gzip", "snappy", "lz4", "zstd"];

/// Collects sends that failed.
#[derive(Clone, Default)]
struct Failures(Arc<Mutex<Vec<KafkaError>>>);

impl ClientContext for Failures {}

impl ProducerContext for Failures {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if let Err((error, _)) = result {
            self.0.lock().unwrap().push(error.clone());
        }
    }
}

/// Writes records in order and sees to it that each was acknowledged.
pub struct Writer {
    producer: ThreadedProducer<Failures>,
    failures: Failures,
}

impl Writer {
    /// Opens a writer with more rdkafka properties on top of `acks=all`.
    pub fn open(cluster: &Cluster, properties: &[(&str, &str)]) -> Self {
        let mut config: ClientConfig = cluster.client_config();
        config.set("acks", "all").set("linger.ms", "5").set("message.max.bytes", "20000000");
        for (key, value) in properties {
            config.set(*key, *value);
        }
        let failures = Failures::default();
        Self { producer: config.create_with_context(failures.clone()).unwrap(), failures }
    }

    /// Opens a transactional writer.
    pub fn transactional(cluster: &Cluster, id: &str, properties: &[(&str, &str)]) -> Self {
        let mut properties = properties.to_vec();
        properties.push(("transactional.id", id));
        let writer = Self::open(cluster, &properties);
        writer.producer.init_transactions(wait::LONG).unwrap();
        writer
    }

    /// Ends what a writer of this transactional id left open.
    pub fn try_end(cluster: &Cluster, id: &str) -> Result<(), KafkaError> {
        let mut config: ClientConfig = cluster.client_config();
        let producer: ThreadedProducer<Failures> =
            config.set("transactional.id", id).create_with_context(Failures::default())?;
        producer.init_transactions(wait::LONG)
    }

    /// Hands records to rdkafka, waiting while its queue is full.
    pub fn send(&self, topic: &str, records: &[NewRecord]) {
        for record in records {
            wait::until("room in the producer's queue", wait::LONG, || self.try_send(topic, record));
        }
    }

    fn try_send(&self, topic: &str, record: &NewRecord) -> Option<()> {
        let mut to_send: BaseRecord<'_, [u8], [u8]> =
            BaseRecord::to(topic).partition(record.partition).timestamp(record.timestamp_ms);
        to_send.key = record.key.as_deref();
        to_send.payload = record.value.as_deref();
        if !record.headers.is_empty() {
            let headers = record.headers.iter().fold(OwnedHeaders::new(), |headers, (key, value)| {
                headers.insert(rdkafka::message::Header { key, value: value.as_ref() })
            });
            to_send = to_send.headers(headers);
        }
        match self.producer.send(to_send) {
            Ok(()) => Some(()),
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), _)) => None,
            Err((error, _)) => panic!("{topic}: {error}"),
        }
    }

    /// Waits until everything sent is in the log; panics where a send failed.
    pub fn flush(&self) {
        self.producer.flush(wait::LONG).unwrap();
        let failed = self.failures.0.lock().unwrap();
        assert!(failed.is_empty(), "{} sends failed, the first: {}", failed.len(), failed[0]);
    }

    /// Begins a transaction.
    pub fn begin(&self) {
        self.producer.begin_transaction().unwrap();
    }

    /// Commits the open transaction.
    pub fn commit(&self) {
        self.flush();
        self.producer.commit_transaction(wait::LONG).unwrap();
    }

    /// Aborts the open transaction after its records reached the log.
    pub fn abort(&self) {
        self.flush();
        self.producer.abort_transaction(wait::LONG).unwrap();
    }
}

/// Writes records with one codec and waits until they are acknowledged.
pub fn produce(cluster: &Cluster, topic: &str, codec: &str, records: &[NewRecord]) {
    let writer = Writer::open(cluster, &[("compression.type", codec)]);
    writer.send(topic, records);
    writer.flush();
}
