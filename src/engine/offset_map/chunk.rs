//! A stretch of an offset map as it stands in the state topic.
//!
//! Bytes: version (1), flags (1: nothing before it counts), then varints: source and target offset of its
//! begin, how far its end lies behind each, the number of runs, and for each run its distance from the end
//! of the one before (or from the begin) at the source and at the target, and its length.

use super::{OffsetMap, Pair, Run};

const VERSION: u8 = 1;
const BEGINS_ANEW: u8 = 1;
/// Bytes a 64-bit varint takes at most.
const VARINT_BYTES_MAX: u32 = 10;

/// Holds a stretch of a partition's map.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chunk {
    /// What was known before is of another incarnation of the source topic.
    pub begins_anew: bool,
    /// What is known of the stretch.
    pub map: OffsetMap,
}

/// Says why bytes are no chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChunkError {
    /// Another version of Strait wrote it.
    #[error("it has format version {0}, and this strait reads version 1")]
    Version(u8),
    /// It ends too early.
    #[error("it is cut off")]
    Cut,
    /// Offsets in it exceed what an offset can be, or do not rise.
    #[error("its offsets are out of range")]
    Range,
}

impl Chunk {
    /// Returns the bytes.
    pub fn encode(&self) -> Vec<u8> {
        let OffsetMap { from, to, runs, .. } = &self.map;
        let mut bytes = Vec::with_capacity(32 + runs.len() * 4);
        bytes.extend([VERSION, if self.begins_anew { BEGINS_ANEW } else { 0 }]);
        let head = [from.source, from.target, to.source - from.source, to.target - from.target];
        head.into_iter().for_each(|number| put(&mut bytes, number));
        put(&mut bytes, i64::try_from(runs.len()).unwrap_or(i64::MAX));
        let mut end = *from;
        for run in runs {
            put(&mut bytes, run.source - end.source);
            put(&mut bytes, run.target - end.target);
            put(&mut bytes, run.count);
            end = run.end();
        }
        bytes
    }

    /// Reads the bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, ChunkError> {
        let (&[version, flags], mut rest) = bytes.split_first_chunk().ok_or(ChunkError::Cut)?;
        if version != VERSION {
            return Err(ChunkError::Version(version));
        }
        let mut next = || take(&mut rest);
        let from = Pair { source: next()?, target: next()? };
        let to = Pair { source: sum(from.source, next()?)?, target: sum(from.target, next()?)? };
        let count = next()?;
        let mut runs = Vec::new();
        let mut end = from;
        for _ in 0..count {
            let run =
                Run { source: sum(end.source, next()?)?, target: sum(end.target, next()?)?, count: next()? };
            end = Pair { source: sum(run.source, run.count)?, target: sum(run.target, run.count)? };
            runs.push(run);
        }
        if end.source > to.source || end.target > to.target {
            return Err(ChunkError::Range);
        }
        Ok(Self {
            begins_anew: flags & BEGINS_ANEW != 0,
            map: OffsetMap { from, to, runs, ..OffsetMap::default() },
        })
    }
}

/// Puts the chunks of a partition together, in the order they were begun.
///
/// A later chunk is the newer owner's: it stands over what an earlier one says of the same offsets, which
/// an owner that was fenced out may have written afterwards. Between chunks that do not meet, track is lost.
pub fn assemble(chunks: impl IntoIterator<Item = Chunk>) -> Option<OffsetMap> {
    let mut whole: Option<OffsetMap> = None;
    for Chunk { begins_anew, map } in chunks {
        let before = whole.take().filter(|whole| !begins_anew && whole.from.source <= map.from.source);
        whole = Some(match before {
            Some(before) => join(before, map),
            None => map,
        });
    }
    whole
}

/// Puts `map` behind what `before` says of the offsets in front of it.
pub(super) fn join(mut before: OffsetMap, map: OffsetMap) -> OffsetMap {
    // Both begins are facts: all before the one offset stands before the other, and nothing behind it. So
    // where `before` goes beyond either of them, it knows every copy in front. An owner that was fenced out
    // and had nothing to copy may have moved on at the source alone.
    let is_known = before.to.source >= map.from.source || before.to.target >= map.from.target;
    before.truncate(map.from);
    if !is_known {
        before.lose_track();
    }
    before.reach(map.from);
    for run in map.runs {
        if run.count == 0 {
            before.reach(Pair { source: run.source, target: run.target });
            before.lose_track_at(Pair { source: run.source, target: run.target });
        }
        before.append(run.source, run.target, run.count);
    }
    before.reach(map.to);
    before
}

fn put(bytes: &mut Vec<u8>, number: i64) {
    // Offsets and distances are never negative.
    let mut rest = u64::try_from(number).unwrap_or(0);
    loop {
        let low = u8::try_from(rest & 0x7f).unwrap_or(0);
        rest >>= 7;
        bytes.push(if rest == 0 { low } else { low | 0x80 });
        if rest == 0 {
            return;
        }
    }
}

fn take(rest: &mut &[u8]) -> Result<i64, ChunkError> {
    let mut number = 0_u64;
    for index in 0..VARINT_BYTES_MAX {
        let (&byte, behind) = rest.split_first().ok_or(ChunkError::Cut)?;
        *rest = behind;
        number |= u64::from(byte & 0x7f).checked_shl(7 * index).ok_or(ChunkError::Range)?;
        if byte & 0x80 == 0 {
            return i64::try_from(number).map_err(|_| ChunkError::Range);
        }
    }
    Err(ChunkError::Range)
}

fn sum(a: i64, b: i64) -> Result<i64, ChunkError> {
    a.checked_add(b).ok_or(ChunkError::Range)
}
