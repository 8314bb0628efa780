//! What of a partition's two logs is compared, and in which pieces.

use std::collections::HashSet;
use std::ops::{Range, RangeInclusive};
use std::sync::Arc;

use super::terms::Terms;
use crate::engine::offset_map::{OffsetMap, Pair, Translation};
use crate::types::{SourceOffset, TargetOffset, TopicPartition};

/// Source offsets in one range. Ranges begin at its multiples, so that a later run finds the same ones.
pub const RANGE_OFFSETS: i64 = 250_000;
/// Source offsets in one range of a sample.
pub const SAMPLE_OFFSETS: i64 = 10_000;

/// Holds what is known of a partition before it is compared.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The partition at the source.
    pub source: TopicPartition,
    /// The partition at the target.
    pub target: TopicPartition,
    /// From where on the source is to be compared: its log start offset, or later.
    pub source_first: i64,
    /// The source's last stable offset, asked for after `target_end`.
    pub source_end: i64,
    /// The target's log start offset.
    pub target_first: i64,
    /// The target's high watermark.
    pub target_end: i64,
    /// The producer ids the flow writes with; `None` where no state says so, and all records count.
    pub producers: Option<HashSet<i64>>,
    /// The offset map, where one is kept.
    pub map: Option<Arc<OffsetMap>>,
    /// The target writes its own time into records.
    pub is_restamped: bool,
    /// The source's cleanup.policy says compact.
    pub source_compacts: bool,
    /// The target's does.
    pub target_compacts: bool,
    /// Source offsets that were left out under a policy.
    pub left_out: Vec<RangeInclusive<i64>>,
}

/// Chooses ranges at random, and the same ones for the same seed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// The share of ranges, from 0 to 1.
    pub share: f64,
    /// Decides which.
    pub seed: u64,
}

/// Names a stretch of both logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Source offsets.
    pub source: Range<i64>,
    /// Target offsets.
    pub target: Range<i64>,
    /// It reaches to the end of what is copied.
    pub is_open: bool,
}

impl Facts {
    /// Finds where both logs can be held against each other from: the same moment in both.
    pub fn begin(&self) -> Pair {
        let Some(map) = &self.map else {
            return Pair { source: self.source_first, target: self.target_first };
        };
        let from = self.source_first.max(map.from().source).min(map.to().source);
        let first = match map.to_target(SourceOffset(from)) {
            Translation::Exact(target) => Pair { source: from, target: target.0 },
            Translation::AtOrBefore(_) | Translation::Unknown(_) => self.next_known(|run| run.source > from),
        };
        if first.target >= self.target_first {
            return first;
        }
        match map.to_source(TargetOffset(self.target_first)) {
            Translation::Exact(source) => Pair { source: source.0, target: self.target_first },
            Translation::AtOrBefore(_) | Translation::Unknown(_) => {
                self.next_known(|run| run.target > self.target_first)
            }
        }
    }

    /// Finds the next place that the map is sure of.
    fn next_known(&self, is_behind: impl Fn(Pair) -> bool) -> Pair {
        let Some(map) = &self.map else { return Pair::default() };
        let runs = map.runs().iter().filter(|run| run.count > 0);
        let begins = runs.map(|run| Pair { source: run.source, target: run.target });
        begins.chain([map.to()]).find(|pair| is_behind(*pair)).unwrap_or(map.to())
    }

    /// Says whether the logs can be cut: where compaction works a record may be explained by any later one.
    pub fn can_be_cut(&self) -> bool {
        self.map.is_some() && !self.source_compacts && !self.target_compacts
    }

    /// Lists places to cut at, every `every` source offsets, as far as the map is sure of them.
    pub fn cuts(&self, begin: Pair, every: i64) -> Vec<Pair> {
        let Some(map) = self.map.as_ref().filter(|_| self.can_be_cut()) else { return Vec::new() };
        let mut cuts = Vec::new();
        let mut source = (begin.source / every + 1) * every;
        while source < map.to().source {
            if let Translation::Exact(target) = map.to_target(SourceOffset(source))
                && target.0 > begin.target
                && target.0 < self.target_end
            {
                cuts.push(Pair { source, target: target.0 });
            }
            source += every;
        }
        cuts
    }

    /// Lists the pieces between cuts.
    pub fn pieces(&self, begin: Pair, cuts: &[Pair]) -> Vec<Piece> {
        let end =
            Pair { source: self.source_end.max(begin.source), target: self.target_end.max(begin.target) };
        let begins = std::iter::once(begin).chain(cuts.iter().copied());
        let ends = cuts.iter().copied().map(|cut| (cut, false)).chain([(end, true)]);
        begins
            .zip(ends)
            .map(|(from, (to, is_open))| Piece {
                source: from.source..to.source,
                target: from.target..to.target,
                is_open,
            })
            .collect()
    }

    /// Returns the terms under which a piece is compared.
    pub fn terms(&self, piece: &Piece) -> Terms {
        Terms {
            source: piece.source.clone(),
            target: piece.target.clone(),
            is_open: piece.is_open,
            is_restamped: self.is_restamped,
            source_compacts: self.source_compacts,
            target_compacts: self.target_compacts,
            left_out: self.left_out.clone(),
            map: self.map.clone(),
        }
    }
}

impl Sample {
    /// Says whether a piece is one of the sample.
    pub fn takes(self, partition: &TopicPartition, piece: &Piece) -> bool {
        let place = format!("{partition}:{}:{}", self.seed, piece.source.start);
        let hash = crc_fast::checksum(crc_fast::CrcAlgorithm::Crc64Nvme, place.as_bytes());
        #[expect(clippy::cast_precision_loss, reason = "a share needs no more than 53 bits")]
        let at = (hash >> 11) as f64 / (1_u64 << 53) as f64;
        at < self.share
    }
}
