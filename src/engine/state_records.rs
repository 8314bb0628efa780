//! The records of a state topic, as they stand on the wire: JSON keys that name their kind, JSON values
//! with a version `v`; an offset map's chunks are bytes (see [`super::offset_map`]). Kinds, versions and
//! fields that are not known are passed over.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::ended::Ended;
use super::event::{OVERSIZE, StopCause};
use super::failback_records::{Returning, Seeded};
use super::offset_map::{ChunkId, Pair};
pub use super::past::{ChunkEnd, Partitions, Past};
use crate::types::{TargetOffset, TopicPartition};

/// Names a record of the state topic.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Key {
    /// A partition's checkpoint.
    Checkpoint {
        /// The source topic.
        topic: String,
        /// The partition.
        partition: i32,
    },
    /// A producer id this flow writes with: whoever copies from this cluster knows by it what was
    /// copied here (guarantee G7).
    Producer {
        /// The producer id.
        id: i64,
    },
    /// A chunk of a partition's offset map (guarantee G6).
    Map {
        /// The source topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// See [`ChunkId`].
        owner: i64,
        /// See [`ChunkId`].
        number: i64,
    },
    /// Why a partition stopped; deleted when it is started again.
    Stopped {
        /// The source topic.
        topic: String,
        /// The partition.
        partition: i32,
    },
    /// Records that were left out for good, under a policy that says so.
    Skipped {
        /// The source topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// The first offset left out, or the position where the topic was made anew.
        from: i64,
    },
    /// Says that the flow was ended, and by whom (guarantee G10); deleted when it may copy again.
    Ended,
    /// Where a partition was left when the flow was ended.
    EndedPartition {
        /// The source topic.
        topic: String,
        /// The partition.
        partition: i32,
    },
    /// A checkpoint that a failback wrote. An older one that comes later, from a process that was cut off, does
    /// not count beside it.
    Floor {
        /// The source topic.
        topic: String,
        /// The partition.
        partition: i32,
    },
    /// Where the two ends have a partition's records in different orders.
    Reordered {
        /// The source topic.
        topic: String,
        /// The partition.
        partition: i32,
    },
    /// A failback of this flow is under way.
    Returning,
    /// What it settled of a partition.
    Settled {
        /// The source topic.
        topic: String,
        /// The partition.
        partition: i32,
    },
    /// From which flow's end this flow was begun.
    Seeded,
    /// The same of one partition; written before the flow's own, so while that is missing the begin is not whole.
    SeededPartition {
        /// The source topic.
        topic: String,
        /// The partition.
        partition: i32,
    },
}

/// States a fact about an immutable stretch of both logs: everything at the source before
/// `source_next` stands at the target before `target_next`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Version of this format.
    pub v: u8,
    /// The next source offset to copy.
    pub source_next: i64,
    /// The target offset from which later batches may stand.
    pub target_next: i64,
    /// The incarnation of the source topic.
    pub source_topic_id: Option<Uuid>,
    /// The incarnation of the target topic.
    pub target_topic_id: Option<Uuid>,
    /// The producer id of the batches behind `target_next`.
    pub producer_id: i64,
    /// The source's last stable offset as last seen by then: what of it is missing where the source is lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_end: Option<i64>,
    /// The leader epoch of the source's last batch before `source_next`, where it is known: it tells whether
    /// the source still has what was copied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_epoch: Option<i32>,
}

impl Checkpoint {
    /// Returns the same moment in both logs.
    pub fn pair(&self) -> Pair {
        Pair { source: self.source_next, target: self.target_next }
    }

    /// Adds the producer id to those of the flow; a checkpoint that no producer wrote behind has none (-1, as
    /// batches have it that were written without idempotence).
    pub fn add_producer(&self, producers: &mut HashSet<i64>) {
        if self.producer_id >= 0 {
            producers.insert(self.producer_id);
        }
    }

    /// Says whether the other speaks of another incarnation of either topic.
    pub(super) fn is_of_other_topics(&self, other: &Self) -> bool {
        let differ = |a: Option<Uuid>, b: Option<Uuid>| a.zip(b).is_some_and(|(a, b)| a != b);
        differ(self.source_topic_id, other.source_topic_id)
            || differ(self.target_topic_id, other.target_topic_id)
    }
}

/// Says where a producer id writes, and for whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Producer {
    /// Version of this format.
    pub v: u8,
    /// The source topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// Who uses it, since the last start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Owner>,
}

/// Describes the process that owns a partition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The epoch of the producer id.
    pub epoch: i16,
    /// The machine's name, where it has one.
    pub host: Option<String>,
    /// The process.
    pub pid: u32,
    /// When it took the partition, in milliseconds since 1970.
    pub since_ms: i64,
}

impl Owner {
    /// Describes this process.
    pub fn of_this_process(epoch: i16, since_ms: i64) -> Self {
        // Where the system does not tell, the process id has to do.
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
        let host = host.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
        Self { epoch, host, pid: std::process::id(), since_ms }
    }
}

impl TargetCut {
    /// Returns what it stops a partition for.
    pub fn cause(self) -> StopCause {
        StopCause::TargetTruncated {
            expected: TargetOffset(self.expected),
            acknowledged: TargetOffset(self.found),
        }
    }
}

/// Says why a partition stopped, or why records were left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// Version of this format.
    pub v: u8,
    /// When it happened, in milliseconds since 1970.
    pub at_ms: i64,
    /// The cause's stable name.
    pub code: String,
    /// The cause in words.
    pub cause: String,
    /// What to try.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Whether records are missing or endangered.
    pub is_loss: bool,
    /// The last source offset left out, where single records are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<i64>,
    /// How far the target's log was cut back, where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut: Option<TargetCut>,
}

/// Tells that the target's log lost records. Whatever is written there next, be it a marker, fills the hole:
/// the log's end tells of it no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetCut {
    /// Where the log was known to end, at least.
    pub expected: i64,
    /// Where it was found to end.
    pub found: i64,
}

impl Trouble {
    /// Says whether it is a record that the target does not take.
    pub fn is_oversize(&self) -> bool {
        self.code == OVERSIZE
    }

    /// Describes a cause.
    pub fn of(cause: &StopCause, at_ms: i64) -> Self {
        let (code, hint, is_loss) = (cause.code().to_owned(), Some(cause.hint().to_owned()), cause.is_loss());
        Self {
            v: 1,
            at_ms,
            code,
            cause: cause.to_string(),
            hint,
            is_loss,
            to: cause.last_missing().map(|to| to.0),
            cut: match cause {
                StopCause::TargetTruncated { expected, acknowledged } => {
                    Some(TargetCut { expected: expected.0, found: acknowledged.0 })
                }
                _ => None,
            },
        }
    }
}

/// Takes in one record.
pub fn learn(known: &mut Partitions, key: &[u8], value: Option<&[u8]>, timestamp_ms: i64) {
    let Ok(key) = serde_json::from_slice(key) else { return };
    match key {
        Key::Checkpoint { topic, partition } => {
            let past = past_of(known, &topic, partition);
            past.written = read(value);
            past.checkpoint_ms = timestamp_ms;
            past.choose_checkpoint();
        }
        Key::Floor { topic, partition } => {
            let past = past_of(known, &topic, partition);
            past.floor = read(value);
            past.choose_checkpoint();
        }
        Key::Reordered { topic, partition } => past_of(known, &topic, partition).reordered = read(value),
        Key::Settled { topic, partition } => past_of(known, &topic, partition).settled = read(value),
        Key::SeededPartition { topic, partition } => past_of(known, &topic, partition).seeded = read(value),
        Key::Producer { id } => {
            let Some(Producer { topic, partition, owner, .. }) = read(value) else { return };
            let past = past_of(known, &topic, partition);
            past.producers.insert(id);
            past.owner = owner.map(|owner| (id, owner));
        }
        Key::Map { topic, partition, owner, number } => {
            past_of(known, &topic, partition).take_chunk(ChunkId { owner, number }, value);
        }
        Key::Stopped { topic, partition } => past_of(known, &topic, partition).stopped = read(value),
        Key::Skipped { topic, partition, from } => {
            let skipped = &mut past_of(known, &topic, partition).skipped;
            match read(value) {
                Some(trouble) => skipped.insert(from, trouble),
                None => skipped.remove(&from),
            };
        }
        Key::EndedPartition { topic, partition } => past_of(known, &topic, partition).ended = read(value),
        Key::Ended | Key::Returning | Key::Seeded => {}
    }
}

/// What is known of a flow as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whole {
    /// Who ended it, if somebody did.
    pub ended: Option<Ended>,
    /// How far a failback has come, if one is under way.
    pub returning: Option<Returning>,
    /// From which flow's end it was begun, if from one.
    pub seeded: Option<Seeded>,
}

impl Whole {
    /// Takes in a record that tells of the flow as a whole; any other is passed over.
    pub fn learn(&mut self, key: &[u8], value: Option<&[u8]>) {
        match serde_json::from_slice(key) {
            Ok(Key::Ended) => self.ended = read(value),
            Ok(Key::Returning) => self.returning = read(value),
            Ok(Key::Seeded) => self.seeded = read(value),
            _ => {}
        }
    }
}

fn past_of<'a>(known: &'a mut Partitions, topic: &str, partition: i32) -> &'a mut Past {
    known.entry(TopicPartition::new(topic, partition)).or_default()
}

/// Returns the producer id that a record of some flow's state topic tells of.
pub fn producer_told(key: &[u8], value: Option<&[u8]>) -> Option<i64> {
    match serde_json::from_slice(key) {
        Ok(Key::Producer { id }) => value.map(|_| id),
        _ => None,
    }
}

fn read<T: for<'a> Deserialize<'a>>(value: Option<&[u8]>) -> Option<T> {
    value.and_then(|value| serde_json::from_slice(value).ok())
}

/// Writes a key or a value.
pub fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("plain structs of numbers and strings are always JSON")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::HashMap;

    use super::*;
    use crate::engine::offset_map::Chunk;

    #[test]
    fn the_format_on_the_wire_is_the_one_documented() {
        let topic = || "orders".to_owned();
        let key = Key::Checkpoint { topic: topic(), partition: 3 };
        assert_eq!(json(&key), br#"{"kind":"checkpoint","topic":"orders","partition":3}"#);
        assert_eq!(json(&Key::Producer { id: 4007 }), br#"{"kind":"producer","id":4007}"#);
        let key = Key::Map { topic: topic(), partition: 3, owner: 12, number: 0 };
        assert_eq!(json(&key), br#"{"kind":"map","topic":"orders","partition":3,"owner":12,"number":0}"#);
        let key = Key::Skipped { topic: topic(), partition: 3, from: 7 };
        assert_eq!(json(&key), br#"{"kind":"skipped","topic":"orders","partition":3,"from":7}"#);
    }

    #[test]
    fn g2_every_producer_id_of_a_partition_is_remembered() {
        let mut known = HashMap::new();
        for id in [7, 8] {
            // As the first version wrote it, without an owner.
            let value = br#"{"v":1,"topic":"orders","partition":3}"#;
            learn(&mut known, &json(&Key::Producer { id }), Some(value), 0);
        }
        learn(&mut known, br#"{"kind":"of a later version"}"#, Some(b"{}"), 0);
        let past = &known[&TopicPartition::new("orders", 3)];
        assert_eq!(past.producers, HashSet::from([7, 8]));
        assert_eq!((past.checkpoint.clone(), past.owner.clone()), (None, None));
    }

    fn checkpoint(source_next: i64, source_topic_id: u128) -> Checkpoint {
        Checkpoint {
            v: 1,
            source_next,
            target_next: source_next,
            source_topic_id: Some(Uuid::from_u128(source_topic_id)),
            target_topic_id: None,
            producer_id: -1,
            source_end: None,
            source_epoch: None,
        }
    }

    #[test]
    fn g1_a_late_checkpoint_of_a_process_that_was_cut_off_takes_nothing_back() {
        let mut known = HashMap::new();
        let name = || ("orders".to_owned(), 3);
        let mut take = |is_floor: bool, source_next, id| {
            let (topic, partition) = name();
            let key = match is_floor {
                true => Key::Floor { topic, partition },
                false => Key::Checkpoint { topic, partition },
            };
            learn(&mut known, &json(&key), Some(&json(&checkpoint(source_next, id))), 0);
            let past = &known[&TopicPartition::new("orders", 3)];
            past.checkpoint.as_ref().map(|checkpoint| checkpoint.source_next)
        };
        assert_eq!(
            [take(false, 10, 1), take(true, 30, 1), take(false, 12, 1)],
            [Some(10), Some(30), Some(30)]
        );
        assert_eq!([take(false, 40, 1), take(true, 35, 1)], [Some(40), Some(40)]);
        // Made anew, the topic begins again.
        assert_eq!(take(false, 2, 2), Some(2));
        let mut producers = HashSet::new();
        checkpoint(1, 1).add_producer(&mut producers);
        assert!(producers.is_empty(), "batches without a producer id are nobody's");
    }

    #[test]
    fn g8_chunks_in_front_of_both_logs_are_to_go_and_the_newest_stays() {
        let mut past = Past::default();
        for number in 0..3 {
            let mut chunk = Chunk::default();
            chunk.map.append(number * 10, number * 10, 10);
            past.take_chunk(ChunkId { owner: 0, number }, Some(&chunk.encode()));
        }
        let gone = |past: &Past, source, target| {
            past.chunks_before(Pair { source, target }).iter().map(|id| id.number).collect::<Vec<_>>()
        };
        assert_eq!(gone(&past, 10, 9), Vec::<i64>::new());
        assert_eq!(gone(&past, 19, 10), [0]);
        assert_eq!(gone(&past, 99, 99), [0, 1]);
        past.take_chunk(ChunkId { owner: 0, number: 2 }, None);
        assert_eq!(past.open_chunk(), None);
    }
}
