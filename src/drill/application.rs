//! The application of a drill as a whole, in one region.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::error::KafkaError;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::ledger::Ledger;
use super::workload::{End, Place, Work, consume, produce, produce_in_transactions};

/// Says why the application does not work.
#[derive(Debug, thiserror::Error)]
pub enum ApplicationError {
    /// A client could not be made, or failed for good.
    #[error("the application's client failed")]
    Client(#[from] KafkaError),
    /// It ended by a defect.
    #[error("the application ended by a defect of Strait")]
    Defect(#[from] tokio::task::JoinError),
}

/// A producer and a consumer group at work.
#[derive(Debug)]
pub struct Application {
    writing: watch::Sender<Option<End>>,
    reading: watch::Sender<Option<End>>,
    producer: JoinHandle<Result<(), KafkaError>>,
    consumer: JoinHandle<Result<(), KafkaError>>,
    lost: watch::Receiver<bool>,
}

impl Application {
    /// Starts both.
    pub fn start(work: &Arc<Work>, place: &Place, ledger: &Arc<Ledger>) -> Self {
        let (writing, stop_writing) = watch::channel(None);
        let (reading, stop_reading) = watch::channel(None);
        let (tell_lost, lost) = watch::channel(false);
        let (at, of, book) = (place.clone(), work.clone(), ledger.clone());
        let producer = match of.transactional_id.clone() {
            None => tokio::spawn(async move { produce(&of, &at, &book, stop_writing).await }),
            Some(id) => tokio::task::spawn_blocking(move || {
                produce_in_transactions(&of, &id, &at, &book, &stop_writing)
            }),
        };
        let (at, of, book) = (place.clone(), work.clone(), ledger.clone());
        let consumer = tokio::spawn(async move { consume(&of, &at, &book, &tell_lost, stop_reading).await });
        Self { writing, reading, producer, consumer, lost }
    }

    /// Waits until no broker can be reached; says whether that was seen within `patience`.
    pub async fn lost(&mut self, patience: Duration) -> bool {
        let seen = tokio::time::timeout(patience, self.lost.wait_for(|lost| *lost)).await;
        matches!(seen, Ok(Ok(_)))
    }

    /// Says whether one of them has ended, which it does by itself only where its client fails for good.
    pub fn is_over(&self) -> bool {
        self.producer.is_finished() || self.consumer.is_finished()
    }

    /// Tears it away from its region.
    pub async fn tear_away(self) -> Result<(), ApplicationError> {
        // What has ended by itself needs no telling.
        let _ = self.writing.send(Some(End::TearAway));
        let _ = self.reading.send(Some(End::TearAway));
        self.producer.await??;
        Ok(self.consumer.await??)
    }

    /// Ends the producer, and returns the group at work on the rest.
    pub async fn finish_writing(self) -> Result<Reading, ApplicationError> {
        let _ = self.writing.send(Some(End::Finish));
        self.producer.await??;
        Ok(Reading { reading: self.reading, consumer: self.consumer })
    }
}

/// A consumer group without a producer.
#[derive(Debug)]
pub struct Reading {
    reading: watch::Sender<Option<End>>,
    consumer: JoinHandle<Result<(), KafkaError>>,
}

impl Reading {
    /// Ends it.
    pub async fn finish(self) -> Result<(), ApplicationError> {
        let _ = self.reading.send(Some(End::Finish));
        Ok(self.consumer.await??)
    }
}
