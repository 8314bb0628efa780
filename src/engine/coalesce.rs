//! Making few large batches of many small ones, for a target so far away that even a full window of
//! small batches for each round trip is slow.

use std::time::Duration;

use super::intake::Item;
use super::limits::{
    DECODED_BATCH_BYTES_MAX, MERGE_BATCH_BYTES_MAX, MERGE_BATCH_BYTES_NEAR_MAX, MERGE_ROUND_TRIP_MIN,
    batches_in_flight_max,
};
use crate::kafka::batch::RawBatch;
use crate::kafka::records::{OffsetRuns, ReencodeRequest, Reencoded, reencode};

/// Size merged batches aim at, unless the target takes less.
const MERGED_BYTES_AIM: usize = 900 * 1024;
/// Most batches merged at once: bounds the work done between two requests.
const MERGED_BATCHES_MAX: usize = 256;

/// Says how many of the queued batches to merge into the next: 0 or at least 2.
///
/// Only worth it where the window is all but full and what waits is small; how small, depends on
/// whether the round trip is known to be long.
pub fn batches_to_merge<'a>(
    queued: impl Iterator<Item = &'a Item>,
    in_flight: usize,
    round_trip: Option<Duration>,
    target_batch_bytes_max: usize,
) -> usize {
    let is_near = round_trip.is_none_or(|trip| trip < MERGE_ROUND_TRIP_MIN);
    let bytes_max = if is_near { MERGE_BATCH_BYTES_NEAR_MAX } else { MERGE_BATCH_BYTES_MAX };
    if in_flight + 1 < batches_in_flight_max(round_trip) {
        return 0;
    }
    let aim = MERGED_BYTES_AIM.min(target_batch_bytes_max);
    let mut sum = 0;
    let mut count = 0;
    let mut codec = None;
    for item in queued.take(MERGED_BATCHES_MAX) {
        sum += item.size_bytes();
        if item.size_bytes() > bytes_max {
            break;
        }
        let own = item.batch.header.codec().ok();
        if sum > aim || (count > 0 && own != codec) {
            break;
        }
        codec = own;
        count += 1;
    }
    if count < 2 { 0 } else { count }
}

/// Merges batches; `None` where they are better sent as they are.
///
/// A merged batch counts its records from 0; which source offsets they had is handed on from what it was
/// made of.
pub fn merge(items: &[&Item], target_batch_bytes_max: usize) -> Option<Vec<Item>> {
    let next = items.last()?.next;
    let batches: Vec<RawBatch> = items.iter().map(|item| item.batch.clone()).collect();
    let request = ReencodeRequest {
        from_offset: i64::MIN,
        until_offset: i64::MAX,
        codec: None,
        bytes_max: target_batch_bytes_max,
        decoded_bytes_max: DECODED_BATCH_BYTES_MAX,
        skip_too_large: false,
    };
    let made = reencode(&batches, &request).ok()?.batches;
    if made.len() >= items.len() {
        return None;
    }
    let mut offsets = OffsetRuns::default();
    for (first, count) in items.iter().flat_map(|item| item.source_offsets().iter().collect::<Vec<_>>()) {
        offsets.push_run(first, count);
    }
    let mut merged: Vec<Item> = made
        .into_iter()
        .map(|made| {
            let source_offsets = offsets.take_front(i64::from(made.header.record_count));
            Item::made(Reencoded { source_offsets, ..made })
        })
        .collect();
    let last = merged.last_mut()?;
    (last.next, last.epoch) = (next, items.last()?.epoch);
    Some(merged)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::kafka::batch::BatchHeader;
    use crate::kafka::records::encode_pairs;
    use crate::types::SourceOffset;

    fn item(first: i64, records: usize, passed_through: bool) -> Item {
        let pairs: Vec<_> = (0..records).map(|i| (vec![i as u8; 100], None)).collect();
        let made = encode_pairs(&pairs, 7);
        // The checksum leaves the base offset out, so a source's batch can be had by setting it.
        let base_offset = if passed_through { first } else { 0 };
        let header = BatchHeader { base_offset, ..made.header };
        let next = SourceOffset(first + records as i64);
        let batch = RawBatch { header, bytes: made.bytes };
        let made_of = (!passed_through).then(|| Box::new(OffsetRuns::one(first, records as i64)));
        Item { batch, made_of, first: SourceOffset(first), next, epoch: -1 }
    }

    #[test]
    fn only_small_batches_for_a_target_known_to_be_far_are_merged() {
        let small: Vec<Item> = (0..10).map(|i| item(i * 30, 30, true)).collect();
        assert!(small[0].size_bytes() > MERGE_BATCH_BYTES_NEAR_MAX);
        let tiny: Vec<Item> = (0..10).map(|i| item(i * 3, 3, true)).collect();
        assert_eq!(batches_to_merge(tiny.iter(), 4, None, 1 << 20), 10, "whatever the distance");
        let far = Some(Duration::from_millis(100));
        let merged = |round_trip, in_flight| batches_to_merge(small.iter(), in_flight, round_trip, 1 << 20);
        assert_eq!(merged(far, 63), 10);
        assert_eq!(merged(far, 62), 0, "there is room to send one as it is");
        assert_eq!(merged(Some(Duration::from_millis(5)), 4), 0);
        assert_eq!(merged(None, 4), 0);
        let large: Vec<Item> = (0..4).map(|i| item(i * 2000, 2000, true)).collect();
        assert!(large[0].size_bytes() > MERGE_BATCH_BYTES_MAX);
        assert_eq!(batches_to_merge(large.iter(), 63, far, 1 << 20), 0);
    }

    #[test]
    fn g2_merging_what_was_made_anew_keeps_its_source_offsets() {
        let items = [item(1_000, 3, false), item(1_003, 2, true), item(1_005, 4, false)];
        let merged = merge(&items.iter().collect::<Vec<_>>(), 1 << 20).unwrap();
        assert_eq!(merged.len(), 1);
        assert_eq!((merged[0].first, merged[0].next), (SourceOffset(1_000), SourceOffset(1_009)));
        assert_eq!(merged[0].records(), 9);
    }

    #[test]
    fn g2_a_merge_that_splits_keeps_its_source_offsets() {
        let limit = 700;
        let known = [item(50, 2, true), item(52, 2, false), item(60, 2, true), item(62, 2, true)];
        let merged = merge(&known.iter().collect::<Vec<_>>(), limit).unwrap();
        assert!(merged.len() > 1, "the limit is meant to split");
        let offsets: Vec<i64> = merged
            .iter()
            .flat_map(|item| (0..).map_while(|i| item.source_offsets().get(i)).collect::<Vec<_>>())
            .collect();
        assert_eq!(offsets, [50, 51, 52, 53, 60, 61, 62, 63]);
        assert_eq!((merged[0].first, merged[merged.len() - 1].next), (SourceOffset(50), SourceOffset(64)));
    }
}
