//! Fetch requests inside a fetch session (KIP-227): only what changed is named.

use std::collections::HashMap;
use std::time::Duration;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::FetchRequest;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic, ForgottenTopic};
use uuid::Uuid;

use super::metadata::{TopicId, wire_name};
use crate::types::{PartitionIndex, SourceOffset, TopicName};

/// From this version topics are named by id (KIP-516).
pub const TOPIC_IDS_FROM: i16 = 13;

/// Says what to fetch of one partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The topic.
    pub topic: TopicName,
    /// Its incarnation; needed from version 13.
    pub topic_id: TopicId,
    /// The partition.
    pub partition: PartitionIndex,
    /// The first offset wanted.
    pub offset: SourceOffset,
    /// The leader epoch from metadata, -1 where unknown; a leader of another epoch refuses (KIP-320).
    pub leader_epoch: i32,
    /// The epoch of the last batch taken, -1 where none; a log that diverged says so (KIP-595).
    pub last_fetched_epoch: i32,
    /// Most bytes of this partition in one answer.
    pub bytes_max: i32,
}

/// Says how one fetch is to be answered.
#[derive(Clone, Copy, Debug)]
pub struct FetchLimits {
    /// Longest wait at the broker for the first byte.
    pub wait_max: Duration,
    /// Most bytes in the answer; a first batch larger than this still comes whole.
    pub bytes_max: i32,
    /// Which records may be seen.
    pub isolation: Isolation,
}

/// Says whether records of open and aborted transactions are seen; the numbers are the protocol's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// Up to the high watermark.
    ReadUncommitted = 0,
    /// Up to the last stable offset, aborted transactions named.
    ReadCommitted = 1,
}

/// Follows one fetch session on one connection.
#[derive(Debug, Default)]
pub struct FetchSession {
    id: i32,
    epoch: i32,
    asked: HashMap<(TopicName, PartitionIndex), Wanted>,
}

/// Says what an answer's top-level error means for the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionOutcome {
    /// The partitions' answers are good to read.
    Read,
    /// The broker forgot the session; the next request starts a new one.
    Restarted,
    /// The request failed as a whole.
    Failed(ResponseError),
}

impl FetchSession {
    /// Makes the next request for exactly the partitions in `wanted`.
    pub fn request(&mut self, wanted: &[Wanted], limits: FetchLimits, version: i16) -> FetchRequest {
        let incremental = self.epoch > 0;
        let changed = wanted
            .iter()
            .filter(|w| !incremental || self.asked.get(&key(w)) != Some(*w))
            .cloned()
            .collect::<Vec<_>>();
        let forgotten = if incremental { self.forget(wanted) } else { Vec::new() };
        if !incremental {
            self.asked.clear();
        }
        for partition in &changed {
            self.asked.insert(key(partition), partition.clone());
        }
        FetchRequest::default()
            .with_replica_id((-1).into())
            .with_max_wait_ms(i32::try_from(limits.wait_max.as_millis()).unwrap_or(i32::MAX))
            .with_min_bytes(1)
            .with_max_bytes(limits.bytes_max)
            // Committed records only (guarantee G5): the answer ends at the last stable offset and
            // lists the aborted transactions.
            .with_isolation_level(limits.isolation as i8)
            .with_session_id(self.id)
            .with_session_epoch(self.epoch)
            .with_topics(topics(&changed, version))
            .with_forgotten_topics_data(forgotten_topics(forgotten, version))
    }

    /// Removes what is no longer wanted and returns it: a session goes on sending what it was once
    /// told to, unless it is told to forget.
    fn forget(&mut self, wanted: &[Wanted]) -> Vec<Wanted> {
        let keep: std::collections::HashSet<_> = wanted.iter().map(key).collect();
        let gone: Vec<_> = self.asked.keys().filter(|k| !keep.contains(*k)).cloned().collect();
        gone.iter().filter_map(|k| self.asked.remove(k)).collect()
    }

    /// Takes note of an answer's session id and error.
    pub fn on_answer(&mut self, session_id: i32, error: Option<ResponseError>) -> SessionOutcome {
        use ResponseError as E;
        match error {
            // In answer to a request that names everything it would be the same the next time.
            Some(E::FetchSessionIdNotFound | E::InvalidFetchSessionEpoch | E::FetchSessionTopicIdError)
                if self.id != 0 =>
            {
                *self = Self::default();
                SessionOutcome::Restarted
            }
            Some(error) => {
                *self = Self::default();
                SessionOutcome::Failed(error)
            }
            None if session_id == 0 => {
                // The broker has no room for another session: every request names everything.
                *self = Self::default();
                SessionOutcome::Read
            }
            None => {
                self.id = session_id;
                self.epoch = if self.epoch == i32::MAX { 1 } else { self.epoch + 1 };
                SessionOutcome::Read
            }
        }
    }
}

fn key(wanted: &Wanted) -> (TopicName, PartitionIndex) {
    (wanted.topic.clone(), wanted.partition)
}

fn topics(partitions: &[Wanted], version: i16) -> Vec<FetchTopic> {
    let mut topics: Vec<FetchTopic> = Vec::new();
    let mut index: HashMap<&TopicName, usize> = HashMap::new();
    for wanted in partitions {
        let at = *index.entry(&wanted.topic).or_insert_with(|| {
            let topic = FetchTopic::default();
            topics.push(if version >= TOPIC_IDS_FROM {
                topic.with_topic_id(wanted.topic_id.unwrap_or(Uuid::nil()))
            } else {
                topic.with_topic(wire_name(&wanted.topic))
            });
            topics.len() - 1
        });
        topics[at].partitions.push(
            FetchPartition::default()
                .with_partition(wanted.partition)
                .with_current_leader_epoch(wanted.leader_epoch)
                .with_fetch_offset(wanted.offset.0)
                .with_last_fetched_epoch(wanted.last_fetched_epoch)
                .with_log_start_offset(-1)
                .with_partition_max_bytes(wanted.bytes_max),
        );
    }
    topics
}

fn forgotten_topics(partitions: Vec<Wanted>, version: i16) -> Vec<ForgottenTopic> {
    partitions
        .into_iter()
        .map(|wanted| {
            let topic = ForgottenTopic::default().with_partitions(vec![wanted.partition]);
            if version >= TOPIC_IDS_FROM {
                topic.with_topic_id(wanted.topic_id.unwrap_or(Uuid::nil()))
            } else {
                topic.with_topic(wire_name(&wanted.topic))
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: FetchLimits = FetchLimits {
        wait_max: Duration::from_millis(500),
        bytes_max: 1 << 20,
        isolation: Isolation::ReadCommitted,
    };

    fn wanted(partition: i32, offset: i64) -> Wanted {
        Wanted {
            topic: "orders".into(),
            topic_id: Some(Uuid::from_u128(7)),
            partition,
            offset: SourceOffset(offset),
            leader_epoch: 3,
            last_fetched_epoch: -1,
            bytes_max: 1000,
        }
    }

    fn named(request: &FetchRequest) -> Vec<(i32, i64)> {
        request.topics.iter().flat_map(|t| &t.partitions).map(|p| (p.partition, p.fetch_offset)).collect()
    }

    #[test]
    fn an_incremental_request_names_what_changed_and_what_to_forget() {
        let mut session = FetchSession::default();
        let first = session.request(&[wanted(0, 10), wanted(1, 20)], LIMITS, 13);
        assert_eq!((first.session_id, first.session_epoch), (0, 0));
        assert_eq!(named(&first), [(0, 10), (1, 20)]);
        assert_eq!(session.on_answer(77, None), SessionOutcome::Read);

        let second = session.request(&[wanted(0, 15), wanted(2, 1)], LIMITS, 13);
        assert_eq!((second.session_id, second.session_epoch), (77, 1));
        assert_eq!(named(&second), [(0, 15), (2, 1)]);
        assert_eq!(second.forgotten_topics_data[0].partitions, [1]);
        assert_eq!(second.forgotten_topics_data[0].topic_id, Uuid::from_u128(7));
        assert_eq!(session.on_answer(77, None), SessionOutcome::Read);

        let third = session.request(&[wanted(0, 15), wanted(2, 1)], LIMITS, 12);
        assert!(third.topics.is_empty() && third.forgotten_topics_data.is_empty());
        assert_eq!(third.session_epoch, 2);
    }

    #[test]
    fn a_forgotten_session_starts_again_in_full() {
        let mut session = FetchSession::default();
        session.request(&[wanted(0, 10)], LIMITS, 12);
        session.on_answer(5, None);
        let outcome = session.on_answer(0, Some(ResponseError::FetchSessionIdNotFound));
        assert_eq!(outcome, SessionOutcome::Restarted);
        let again = session.request(&[wanted(0, 10)], LIMITS, 12);
        assert_eq!((again.session_id, again.session_epoch), (0, 0));
        assert_eq!(named(&again), [(0, 10)]);
        assert_eq!(again.topics[0].topic.0.as_str(), "orders");
        let outcome = session.on_answer(0, Some(ResponseError::FetchSessionIdNotFound));
        assert_eq!(outcome, SessionOutcome::Failed(ResponseError::FetchSessionIdNotFound));
    }

    #[test]
    fn a_broker_without_sessions_is_told_everything_each_time() {
        let mut session = FetchSession::default();
        for _ in 0..3 {
            let request = session.request(&[wanted(0, 10)], LIMITS, 12);
            assert_eq!(named(&request), [(0, 10)]);
            session.on_answer(0, None);
        }
    }
}
