//! Compaction: of each key's records only the newest stays, at its own offset.

use std::collections::HashMap;

use super::records::{self, Record};
use super::{Aborted, PartitionLog, Stored};
use crate::kafka::batch::BatchHeader;
use crate::kafka::codec::Codec;

impl PartitionLog {
    /// Compacts everything up to the last stable offset.
    ///
    /// Aborted records go, markers stay, and deleted keys' last records go when they are older
    /// than `delete_retention_ms`. A batch without records stays only as the log's last, so that
    /// the log's end is kept.
    pub fn compact(&mut self, now_ms: i64, delete_retention_ms: i64) {
        let dirty_end = self.last_stable();
        let newest = self.newest_by_key(dirty_end);
        let last = self.batches.len();
        let mut kept = std::collections::VecDeque::with_capacity(last);
        for (place, batch) in std::mem::take(&mut self.batches).into_iter().enumerate() {
            if batch.header.last_offset() >= dirty_end || batch.header.is_control() {
                kept.push_back(batch);
                continue;
            }
            let aborted = self.is_aborted(&batch.header);
            let stays = |record: &Record<'_>| {
                let offset = batch.header.base_offset + record.offset_delta;
                let expired =
                    record.value.is_none() && now_ms - batch.header.max_timestamp > delete_retention_ms;
                !aborted && !expired && record.key.is_some_and(|key| newest.get(key) == Some(&offset))
            };
            kept.extend(thinned(&batch, stays, place + 1 == last));
        }
        self.batches = kept;
    }

    fn is_aborted(&self, batch: &BatchHeader) -> bool {
        let holds = |aborted: &Aborted| {
            aborted.producer_id == batch.producer_id
                && (aborted.first_offset..aborted.last_offset).contains(&batch.base_offset)
        };
        batch.is_transactional() && self.aborted.iter().any(holds)
    }

    fn newest_by_key(&self, up_to: i64) -> HashMap<Vec<u8>, i64> {
        let mut newest = HashMap::new();
        for batch in self.batches.iter().filter(|batch| !batch.header.is_control()) {
            if batch.header.last_offset() >= up_to {
                break;
            }
            if self.is_aborted(&batch.header) {
                continue;
            }
            let Some(plain) = records::decompressed(&batch.header, &batch.payload) else { continue };
            for record in records::parse(&plain, batch.header.record_count).unwrap_or_default() {
                if let Some(key) = record.key {
                    newest.insert(key.to_vec(), batch.header.base_offset + record.offset_delta);
                }
            }
        }
        newest
    }
}

/// Returns the batch with the records that stay; `None` where none does and it need not be kept.
fn thinned(batch: &Stored, stays: impl Fn(&Record<'_>) -> bool, keep_empty: bool) -> Option<Stored> {
    let header = &batch.header;
    let plain = records::decompressed(header, &batch.payload)?;
    let all = records::parse(&plain, header.record_count)?;
    let left: Vec<&Record<'_>> = all.iter().filter(|record| stays(record)).collect();
    if left.len() == all.len() {
        return Some(batch.clone());
    }
    if left.is_empty() && !keep_empty {
        return None;
    }
    let mut out = Vec::new();
    for record in &left {
        records::put_record(&mut out, record);
    }
    // Offsets and sequences stay as they were: lastOffsetDelta says where the batch ended.
    let header = BatchHeader { record_count: i32::try_from(left.len()).ok()?, ..*header };
    let codec = if out.is_empty() { Codec::None } else { header.codec().ok()? };
    let (header, payload) = records::assemble(header, &out, codec)?;
    Some(Stored { header, payload: payload.into() })
}
