//! What a flow's state topic says of each of its partitions, put together from its records.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::ended::EndedPartition;
use super::failback_records::{Reordered, Seeded, Settled};
use super::offset_map::{Chunk, ChunkError, ChunkId, Pair};
use super::state_records::{Checkpoint, Owner, Trouble};
use crate::types::TopicPartition;

/// Holds what the state topic says of one partition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// The newest checkpoint, or the floor where that is further.
    pub checkpoint: Option<Checkpoint>,
    /// The newest checkpoint, whatever the floor says.
    pub written: Option<Checkpoint>,
    /// The checkpoint that a failback wrote last.
    pub floor: Option<Checkpoint>,
    /// When it was written, in milliseconds since 1970.
    pub checkpoint_ms: i64,
    /// Every producer id the flow wrote the partition with.
    pub producers: HashSet<i64>,
    /// The newest owner, with its producer id.
    pub owner: Option<(i64, Owner)>,
    /// The offset map's chunks.
    pub chunks: BTreeMap<ChunkId, ChunkEnd>,
    /// The newest chunk's bytes.
    pub last_chunk: Option<(ChunkId, Vec<u8>)>,
    /// Why it stopped, if it did.
    pub stopped: Option<Trouble>,
    /// What was left out, by the first offset.
    pub skipped: BTreeMap<i64, Trouble>,
    /// Where it was left when the flow was ended.
    pub ended: Option<EndedPartition>,
    /// Where the two ends have its records in different orders.
    pub reordered: Option<Reordered>,
    /// What a failback settled of it.
    pub settled: Option<Settled>,
    /// From which flow's end it was begun.
    pub seeded: Option<Seeded>,
}

/// Says what is to be known of a chunk that is not in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkEnd {
    /// Where it ends, and how many runs it has; or why it cannot be read.
    pub end: Result<(Pair, usize), ChunkError>,
}

impl Past {
    /// Says whether a process may have written the partition for this flow.
    pub fn was_owned(&self) -> bool {
        self.checkpoint.is_some() || !self.producers.is_empty() || !self.chunks.is_empty()
    }

    /// A checkpoint and a floor are both facts; the one that is further counts, unless the topic was made anew.
    pub(super) fn choose_checkpoint(&mut self) {
        let written = self.written.clone().map(|written| self.not_before_the_owner(written));
        self.checkpoint = match (written, &self.floor) {
            (Some(written), Some(floor)) => {
                let is_further =
                    floor.source_next > written.source_next && !floor.is_of_other_topics(&written);
                Some(if is_further { floor.clone() } else { written })
            }
            (written, floor) => written.or_else(|| floor.clone()),
        };
    }

    /// Corrects a checkpoint that an owner wrote after it was fenced out, by the end of the newest owner's map,
    /// which is written with each of its checkpoints. Such an owner may have moved on at the source where the
    /// newer one had copied records and compaction took them since: not all before its position stands at the
    /// target before where it stopped.
    fn not_before_the_owner(&self, written: Checkpoint) -> Checkpoint {
        let newest = self.last_chunk.as_ref().and_then(|(id, _)| self.chunks.get(id)?.end.ok());
        match newest {
            Some((Pair { source, target }, _)) if target > written.target_next => {
                Checkpoint { source_next: source, target_next: target, source_epoch: None, ..written }
            }
            _ => written,
        }
    }

    /// Lists the source offsets of single records that were left out: they were too large for the target.
    pub fn records_left_out(&self) -> BTreeSet<i64> {
        self.skipped.iter().filter(|(_, cause)| cause.is_oversize()).map(|(offset, _)| *offset).collect()
    }

    /// Returns the newest chunk, where it can be read.
    pub fn open_chunk(&self) -> Option<(ChunkId, Chunk)> {
        let (id, bytes) = self.last_chunk.as_ref()?;
        Some((*id, Chunk::decode(bytes).ok()?))
    }

    /// Takes in a chunk as it stands in the topic; `None` where it was deleted.
    pub fn take_chunk(&mut self, id: ChunkId, bytes: Option<&[u8]>) {
        let Some(bytes) = bytes else {
            self.chunks.remove(&id);
            self.last_chunk = self.last_chunk.take().filter(|(last, _)| *last != id);
            self.choose_checkpoint();
            return;
        };
        let end = Chunk::decode(bytes).map(|chunk| (chunk.map.to(), chunk.map.runs().len()));
        self.chunks.insert(id, ChunkEnd { end });
        if self.last_chunk.as_ref().is_none_or(|(last, _)| *last <= id) {
            self.last_chunk = Some((id, bytes.to_vec()));
        }
        self.choose_checkpoint();
    }

    /// Lists the chunks that lie before both logs' starts: nobody can ask for their offsets any more.
    pub fn chunks_before(&self, starts: Pair) -> Vec<ChunkId> {
        let is_before = |end: &ChunkEnd| {
            end.end.is_ok_and(|(to, _)| to.source <= starts.source && to.target <= starts.target)
        };
        let newest = self.chunks.keys().next_back();
        let old = self.chunks.iter().filter(|(id, end)| Some(*id) != newest && is_before(end));
        old.map(|(id, _)| *id).collect()
    }
}

/// What is known of a flow's partitions.
pub type Partitions = HashMap<TopicPartition, Past>;
