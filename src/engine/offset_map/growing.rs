//! The end of a map, where it grows: held by the partition's owner, written with every checkpoint.
//!
//! Only the newest runs are in memory. What fills a chunk is closed, and forgotten once it stands in the
//! state topic; the last chunk stays open and is written again as it grows.

use super::super::tail::Matched;
use super::chunk::join;
use super::{Chunk, OffsetMap, Pair};

/// Runs in a closed chunk.
pub const CHUNK_RUNS: usize = 1024;
/// Most runs a partition keeps in memory: more wait until these are kept at the target (guarantee G8).
pub const PIECES_MAX: usize = 64 * CHUNK_RUNS;

/// With as many, progress is kept before its time.
pub const PIECES_KEPT_EARLY: usize = 4 * CHUNK_RUNS;

/// Names a chunk of a partition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChunkId {
    /// The target offset behind the marker that made its writer the owner. No other owner has the same, so
    /// one that was fenced out can spoil no chunk but its own.
    pub owner: i64,
    /// Counts the owner's chunks.
    pub number: i64,
}

/// Follows what is copied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Growing {
    id: ChunkId,
    begins_anew: bool,
    map: OffsetMap,
}

impl Growing {
    /// Begins where nothing was copied before, or nothing that still counts; `owner` is the target offset
    /// behind the owner's marker.
    pub fn anew(owner: i64, from: Pair) -> Self {
        Self { id: ChunkId { owner, number: 0 }, begins_anew: true, map: OffsetMap::new(from) }
    }

    /// Holds a whole map, in the place of all that was kept before.
    pub fn whole(owner: i64, map: OffsetMap) -> Self {
        Self { id: ChunkId { owner, number: 0 }, begins_anew: true, map }
    }

    /// Goes on behind a checkpoint, as the owner that begins at the target offset `owner`. A short `last`
    /// chunk of the owner before is taken over, so that starts do not leave many short ones; returned is
    /// also whether it was, and is to be deleted.
    pub fn behind(owner: i64, last: Option<(ChunkId, Chunk)>, checkpoint: Pair) -> (Self, bool) {
        let id = match &last {
            // Where nothing keeps two owners apart, they may begin at one offset.
            Some((id, _)) if id.owner >= owner => ChunkId { owner: id.owner, number: id.number + 1 },
            _ => ChunkId { owner, number: 0 },
        };
        let is_short = |chunk: &Chunk| {
            let Pair { source, target } = chunk.map.from;
            chunk.map.runs.len() <= CHUNK_RUNS / 2
                && source <= checkpoint.source
                && target <= checkpoint.target
        };
        let open = last.map(|(_, chunk)| chunk).filter(is_short);
        let is_taken_over = open.is_some();
        let Chunk { begins_anew, map } = open.unwrap_or_default();
        let behind = Chunk { begins_anew: false, map: OffsetMap::new(checkpoint) };
        let map = if is_taken_over { join(map, behind.map) } else { behind.map };
        (Self { id, begins_anew, map }, is_taken_over)
    }

    /// Takes in what was found of the records copied behind the checkpoint.
    pub fn take_tail(&mut self, tail: &Matched) {
        self.map.take_tail(tail);
    }

    /// Takes note of copied records: runs of source offsets, that stand at the target from `target` on.
    pub fn append(&mut self, runs: impl IntoIterator<Item = (i64, i64)>, mut target: i64) {
        for (source, count) in runs {
            self.map.append(source, target, count);
            target += count;
        }
    }

    /// Takes note that all before `to` is copied, and nothing behind it.
    pub fn reach(&mut self, to: Pair) {
        self.map.reach(to);
    }

    /// Returns how many runs are in memory.
    pub fn pieces(&self) -> usize {
        self.map.runs.len()
    }

    /// Returns the map as far as it is in memory.
    pub fn map(&self) -> &OffsetMap {
        &self.map
    }

    /// Returns all that is to be written: closed chunks, and the open one last.
    pub fn chunks(&self) -> Vec<(ChunkId, Chunk)> {
        let runs = &self.map.runs;
        let mut chunks = Vec::with_capacity(runs.len() / CHUNK_RUNS + 1);
        let mut from = self.map.from;
        let mut id = self.id;
        let mut rest = runs.as_slice();
        while rest.len() > CHUNK_RUNS {
            let (closed, behind) = rest.split_at(CHUNK_RUNS);
            let to =
                behind.first().map_or(self.map.to, |next| Pair { source: next.source, target: next.target });
            let map = OffsetMap { from, to, runs: closed.to_vec(), ..OffsetMap::default() };
            chunks.push((id, Chunk { begins_anew: self.begins_anew && id == self.id, map }));
            (from, rest, id.number) = (to, behind, id.number + 1);
        }
        let map = OffsetMap { from, to: self.map.to, runs: rest.to_vec(), ..OffsetMap::default() };
        chunks.push((id, Chunk { begins_anew: self.begins_anew && id == self.id, map }));
        chunks
    }

    /// Forgets the closed chunks: they stand in the state topic, and `open` is the one behind them. Where
    /// the partition began anew meanwhile, nothing is forgotten.
    pub fn written(&mut self, open: ChunkId) {
        let Ok(closed) = usize::try_from(open.number - self.id.number) else { return };
        if open.owner != self.id.owner || closed == 0 {
            return;
        }
        self.map.runs.drain(..(closed * CHUNK_RUNS).min(self.map.runs.len()));
        if let Some(first) = self.map.runs.first() {
            self.map.from = Pair { source: first.source, target: first.target };
        }
        self.map.runs.shrink_to(2 * CHUNK_RUNS);
        self.id = open;
        self.begins_anew = false;
    }
}
