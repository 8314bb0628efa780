//! Waiting until all replicas have a batch, as `acks=all` asks for.

use kafka_protocol::error::ResponseError;

use super::state::State;

/// Holds a batch whose replicas are waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Awaited {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// The leader epoch in which it was appended.
    pub leader_epoch: i32,
    /// The offset behind it.
    pub next_offset: i64,
    /// Where its part of the answer stands: topic and partition, counted from 0.
    pub place: (usize, usize),
}

impl Awaited {
    /// Says whether all replicas have it; an error means that it may be lost.
    pub fn is_replicated(&self, state: &State) -> Result<bool, ResponseError> {
        let found = state.topics.get(&self.topic).and_then(|topic| topic.partition(self.partition));
        match found {
            None => Err(ResponseError::UnknownTopicOrPartition),
            Some(partition) if partition.leader_epoch != self.leader_epoch => {
                Err(ResponseError::NotLeaderOrFollower)
            }
            Some(partition) => Ok(partition.log.high_watermark() >= self.next_offset),
        }
    }
}
