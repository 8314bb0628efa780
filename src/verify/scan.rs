//! Comparing partitions: reads both ends of each piece and hands them to [`super::differ`].

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::StreamExt;
use futures_util::future::try_join;

use super::differ::{Differ, Need};
use super::finding::{Finding, Tally};
use super::plan::{Facts, Piece};
use super::read::{Log, ReadError};
use super::side::is_same;
use crate::engine::committed::Committed;
use crate::engine::limits::DECODED_BATCH_BYTES_MAX;
use crate::engine::offset_map::Pair;
use crate::engine::origin::OriginFilter;
use crate::kafka::batch::RawBatch;
use crate::kafka::cluster::Cluster;
use crate::kafka::fetch::Isolation;
use crate::kafka::metadata::Metadata;
use crate::kafka::records::{Identity, identities};

/// Bytes read around a place where a log is to be cut.
const CUT_BYTES: i32 = 64 * 1024;
/// Cuts looked at side by side.
const CUTS_AT_ONCE: usize = 8;

/// Holds both clusters and what is known of their topics.
#[derive(Debug)]
pub struct Ends {
    /// The source cluster.
    pub source: Cluster,
    /// The target cluster.
    pub target: Cluster,
    /// The source's topics.
    pub at_source: Arc<Metadata>,
    /// The target's topics.
    pub at_target: Arc<Metadata>,
    /// Tells copied records from the source's own.
    pub origin: OriginFilter,
}

/// Counts how far a comparison is, for whoever shows it.
#[derive(Debug, Default)]
pub struct Progress {
    /// Source offsets passed.
    pub offsets: AtomicU64,
    /// Bytes read at both ends.
    pub bytes: AtomicU64,
}

impl Ends {
    fn log_at_source(&self, facts: &Facts) -> Log {
        let metadata = self.at_source.clone();
        Log::new(self.source.clone(), facts.source.clone(), Isolation::ReadCommitted, metadata)
    }

    fn log_at_target(&self, facts: &Facts) -> Log {
        let metadata = self.at_target.clone();
        Log::new(self.target.clone(), facts.target.clone(), Isolation::ReadUncommitted, metadata)
    }

    /// Keeps the cuts at which both logs hold the same record: where the map is wrong, cutting by it would
    /// tear records from their copies.
    ///
    /// With `behind`, a cut inside a batch that is the same bytes at both ends moves to the batch's begin,
    /// if that lies behind it: no batch is taken apart then.
    pub async fn sound_cuts(
        &self,
        facts: &Facts,
        cuts: Vec<Pair>,
        behind: Option<Pair>,
    ) -> Result<Vec<Pair>, ReadError> {
        let looked_at = cuts.into_iter().map(|cut| async move {
            let source = self.log_at_source(facts);
            let target = self.log_at_target(facts);
            let (s, t) = try_join(
                source.read(cut.source, facts.source_end, CUT_BYTES),
                target.read(cut.target, facts.target_end, CUT_BYTES),
            )
            .await?;
            self.learn(&s.batches).await?;
            let is_own = |batch: &&RawBatch| !self.origin.is_foreign(batch.header.producer_id);
            if let Some(behind) = behind
                && let Some(begin) = same_batch(cut, s.batches.iter().find(is_own), t.batches.first())
                && begin.source > behind.source
                && begin.target > behind.target
            {
                return Ok(Some(begin));
            }
            let s = first_from(s.batches.iter().filter(is_own), cut.source);
            let t = first_from(t.batches.iter(), cut.target);
            let is_sound = matches!((s, t), (Some(s), Some(t)) if t.offset == cut.target
                && s.content == t.content && (facts.is_restamped || s.timestamp == t.timestamp));
            Ok(is_sound.then_some(cut))
        });
        let found: Vec<Result<Option<Pair>, ReadError>> =
            futures_util::stream::iter(looked_at).buffered(CUTS_AT_ONCE).collect().await;
        let mut sound: Vec<Pair> =
            found.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect();
        // Of two cuts that moved to one batch, one is left.
        let mut last = None;
        sound.retain(|cut| {
            let rises = last.is_none_or(|last: Pair| cut.source > last.source && cut.target > last.target);
            last = if rises { Some(*cut) } else { last };
            rises
        });
        Ok(sound)
    }

    /// Compares one piece.
    pub async fn compare(
        &self,
        facts: &Facts,
        piece: &Piece,
        progress: &Progress,
    ) -> Result<(Tally, Vec<Finding>), ReadError> {
        let mut source = self.log_at_source(facts).stream(piece.source.clone());
        let mut target = self.log_at_target(facts).stream(piece.target.clone());
        let mut differ = Differ::new(facts.terms(piece));
        let (mut at, mut bytes) = (piece.source.start, 0);
        loop {
            match differ.advance() {
                Need::Source => match source.recv().await.transpose()? {
                    Some(found) => {
                        self.learn(&found.batches).await?;
                        let next = found.next.unwrap_or(at).min(piece.source.end);
                        progress.offsets.fetch_add((next - at).max(0).unsigned_abs(), Ordering::Relaxed);
                        at = at.max(next);
                        let is_own = |batch: &RawBatch| !self.origin.is_foreign(batch.header.producer_id);
                        found.batches.into_iter().filter(is_own).for_each(|batch| differ.push_source(batch));
                    }
                    None => {
                        progress
                            .offsets
                            .fetch_add((piece.source.end - at).max(0).unsigned_abs(), Ordering::Relaxed);
                        differ.end_source();
                    }
                },
                Need::Target => match target.recv().await.transpose()? {
                    Some(found) => push_target(&mut differ, facts, piece, found),
                    None => differ.end_target(),
                },
                Need::Nothing => return Ok(differ.finish()),
            }
            let tally = differ.tally();
            let read = tally.source_bytes + tally.target_bytes;
            progress.bytes.fetch_add(read - bytes, Ordering::Relaxed);
            bytes = read;
        }
    }

    async fn learn(&self, batches: &[RawBatch]) -> Result<(), ReadError> {
        for batch in batches {
            self.origin.learn(&batch.bytes).await?;
        }
        Ok(())
    }
}

fn push_target(differ: &mut Differ, facts: &Facts, piece: &Piece, found: Committed) {
    for batch in found.batches {
        let header = &batch.header;
        let is_ours = facts.producers.as_ref().is_none_or(|ours| ours.contains(&header.producer_id));
        if is_ours {
            differ.push_target(batch);
        } else if piece.target.contains(&header.base_offset) {
            differ.pass_foreign(u64::try_from(header.record_count).unwrap_or(0));
        }
    }
}

/// Finds the begin of the batch that holds a cut, where both ends have it as the same bytes.
fn same_batch(cut: Pair, source: Option<&RawBatch>, target: Option<&RawBatch>) -> Option<Pair> {
    let (source, target) = (source?, target?);
    let begin = Pair { source: source.header.base_offset, target: target.header.base_offset };
    let is_inside = (begin.source..=source.header.last_offset()).contains(&cut.source);
    let is_same_record = cut.source - begin.source == cut.target - begin.target;
    let is_sound = is_inside && is_same_record && is_same(source, target);
    (is_sound && source.verify_crc().is_ok() && target.verify_crc().is_ok()).then_some(begin)
}

/// Decodes as little as is needed for the first record at or behind an offset.
fn first_from<'a>(batches: impl Iterator<Item = &'a RawBatch>, offset: i64) -> Option<Identity> {
    let mut behind = batches.filter(|batch| batch.header.last_offset() >= offset);
    behind.find_map(|batch| {
        identities(batch, DECODED_BATCH_BYTES_MAX).ok()?.into_iter().find(|record| record.offset >= offset)
    })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::kafka::batch::{BatchHeader, HEADER_BYTES};
    use crate::kafka::crc::crc32c;

    /// A batch of ten records at an offset; its records are only bytes here.
    fn batch(base_offset: i64, payload: &[u8]) -> RawBatch {
        let header = BatchHeader {
            base_offset,
            magic: 2,
            last_offset_delta: 9,
            record_count: 10,
            ..BatchHeader::parse(&[0; HEADER_BYTES])
        };
        let whole = [&header.to_bytes()[..], payload].concat();
        let header = BatchHeader { crc: crc32c(&whole[21..]), ..header };
        RawBatch { header, bytes: Bytes::from([&header.to_bytes()[..], payload].concat()) }
    }

    #[test]
    fn a_cut_moves_to_the_begin_of_a_batch_that_both_have() {
        let cut = Pair { source: 104, target: 54 };
        let (source, target) = (batch(100, b"same"), batch(50, b"same"));
        let begin = Pair { source: 100, target: 50 };
        assert_eq!(same_batch(cut, Some(&source), Some(&target)), Some(begin));
        assert_eq!(same_batch(begin, Some(&source), Some(&target)), Some(begin));
        let others = [batch(51, b"same"), batch(50, b"else"), {
            let sound = batch(50, b"same");
            RawBatch { header: BatchHeader { crc: 1, ..sound.header }, ..sound }
        }];
        for other in others {
            assert_eq!(same_batch(cut, Some(&source), Some(&other)), None);
        }
        let outside = Pair { source: 110, target: 60 };
        assert_eq!(same_batch(outside, Some(&source), Some(&target)), None);
        assert_eq!(same_batch(cut, None, Some(&target)), None);
    }
}
