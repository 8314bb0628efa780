//! Why a flow is not failed back.

use std::path::PathBuf;

use super::reverse::NotReversible;
use crate::engine::ended::Ended;
use crate::engine::failback_records::Fate;
use crate::failover::drain::DrainError;
use crate::failover::whole::FailoverError;
use crate::kafka::error::KafkaError;
use crate::types::{FlowName, TopicName, TopicPartition};

/// Says why.
#[derive(Debug, thiserror::Error)]
pub enum FailbackError {
    /// The flow never ran.
    #[error("the flow never ran: there is no topic {topic}")]
    NeverRan {
        /// Where its state would stand.
        topic: TopicName,
    },
    /// The flow is not ended, so there is nothing to go back from.
    #[error("the flow is not ended")]
    NotEnded,
    /// Its failover was interrupted.
    #[error("its failover did not come to its end: {0}")]
    HalfEnded(Box<Ended>),
    /// There is no flow that goes the other way.
    #[error(transparent)]
    NotReversible(#[from] NotReversible),
    /// Stranded records are there, and nobody said what becomes of them.
    #[error("{records} records of {partitions} partitions were never copied")]
    Undecided {
        /// How many.
        records: u64,
        /// In how many partitions.
        partitions: usize,
    },
    /// An earlier run was told otherwise, and may have done a part of it.
    #[error("it was begun with --stranded {}", .0.word())]
    DecidedOtherwise(Fate),
    /// The flow that goes the other way was ended by an unplanned failover of its own, which comes first.
    #[error("flow \"{flow}\" was ended as well: {ended}")]
    ReverseEnded {
        /// The flow that goes the other way.
        flow: FlowName,
        /// By whom.
        ended: Box<Ended>,
    },
    /// The flow that goes the other way has not been drained, so it cannot be ended.
    #[error("the way back was not drained")]
    NotDrained,
    /// Its place in the other log cannot be told.
    #[error("{partition}: {cause}")]
    Lost {
        /// The partition.
        partition: TopicPartition,
        /// Why.
        cause: String,
    },
    /// A batch cannot be read.
    #[error("{partition} is damaged at offset {offset}: {reason}")]
    Damaged {
        /// The partition.
        partition: TopicPartition,
        /// Where.
        offset: i64,
        /// Why.
        reason: String,
    },
    /// A file cannot be written.
    #[error("{}: {error}", .path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Stranded records were to be copied and could not be.
    #[error(transparent)]
    Drain(Box<DrainError>),
    /// The flow that goes the other way could not be ended.
    #[error(transparent)]
    Failover(#[from] FailoverError),
    /// A cluster does not answer as needed.
    #[error(transparent)]
    Kafka(#[from] KafkaError),
}

impl From<DrainError> for FailbackError {
    fn from(error: DrainError) -> Self {
        Self::Drain(Box::new(error))
    }
}
