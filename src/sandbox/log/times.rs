//! Finding records by their timestamps, as ListOffsets does.

use super::records;
use super::{PartitionLog, Stored};

/// Holds a record found by its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timed {
    /// The record.
    pub offset: i64,
    /// Its timestamp.
    pub timestamp_ms: i64,
}

impl PartitionLog {
    /// Finds the first record that is not older than a time.
    pub fn first_not_before(&self, timestamp_ms: i64) -> Option<Timed> {
        let newer = self.batches.iter().filter(|batch| batch.header.max_timestamp >= timestamp_ms);
        newer
            .flat_map(timed)
            .find(|record| record.timestamp_ms >= timestamp_ms && record.offset >= self.start)
    }

    /// Finds the first record with the newest timestamp.
    pub fn newest(&self) -> Option<Timed> {
        let newest = self.batches.iter().map(|batch| batch.header.max_timestamp).max()?;
        self.first_not_before(newest)
    }
}

/// Lists a batch's records with their times.
fn timed(batch: &Stored) -> Vec<Timed> {
    let header = &batch.header;
    let read = || {
        let plain = records::decompressed(header, &batch.payload)?;
        let time = |delta: i64| {
            if header.is_log_append_time() {
                header.max_timestamp
            } else {
                header.base_timestamp.wrapping_add(delta)
            }
        };
        let records = records::parse(&plain, header.record_count)?;
        let records = records.iter().map(|record| Timed {
            offset: header.base_offset + record.offset_delta,
            timestamp_ms: time(record.timestamp_delta),
        });
        Some(records.collect())
    };
    // Only batches that could be read come into a log.
    read().unwrap_or_default()
}
