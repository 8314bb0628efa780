//! Making few large batches of many small ones, for a target so far away that five small batches
//! for each round trip are slow.

use std::time::Duration;

use super::intake::Item;
use super::limits::{BATCHES_IN_FLIGHT_MAX, MERGE_ROUND_TRIP_MIN};

/// Size merged batches aim at, unless the target takes less.
const MERGED_BYTES_AIM: usize = 900 * 1024;
/// Most batches merged at once: bounds the work done between two requests.
const MERGED_BATCHES_MAX: usize = 256;

/// Says how many of the queued batches to merge into the next: 0 or at least 2.
///
/// Only worth it where the round trip is long, the window is all but full, and what waits is small.
pub fn batches_to_merge<'a>(
    queued: impl Iterator<Item = &'a Item>,
    in_flight: usize,
    round_trip: Duration,
    target_batch_bytes_max: usize,
) -> usize {
    if round_trip < MERGE_ROUND_TRIP_MIN || in_flight + 1 < BATCHES_IN_FLIGHT_MAX {
        return 0;
    }
    let aim = MERGED_BYTES_AIM.min(target_batch_bytes_max);
    let mut sum = 0;
    let mut count = 0;
    let mut codec = None;
    for item in queued.take(MERGED_BATCHES_MAX) {
        sum += item.size_bytes();
        let own = item.batch.header.codec().ok();
        if sum > aim || (count > 0 && own != codec) {
            break;
        }
        codec = own;
        count += 1;
    }
    if count < 2 { 0 } else { count }
}
