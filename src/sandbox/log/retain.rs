//! What makes a log shorter: deleting records, retention, and losing its end.

use super::PartitionLog;
use crate::sandbox::configs::TopicSettings;

impl PartitionLog {
    /// Deletes records before an offset, as DeleteRecords does; returns the new start.
    ///
    /// The batch that holds the offset stays whole, as in a broker.
    pub fn delete_before(&mut self, offset: i64) -> i64 {
        self.start = self.start.max(offset.min(self.high_watermark()));
        let gone = self.place_of(self.start);
        self.batches.drain(..gone);
        self.epochs.start_at(self.start);
        self.aborted.retain(|aborted| aborted.last_offset >= self.start);
        self.start
    }

    /// Deletes what is too old or too much by the topic's settings; returns the new start.
    ///
    /// A broker goes by segments, a sandbox by batches.
    pub fn apply_retention(&mut self, settings: &TopicSettings, now_ms: i64) -> i64 {
        if !settings.deletes {
            return self.start;
        }
        let mut excess = settings.retention_bytes.map_or(0, |kept| self.size_bytes().saturating_sub(kept));
        let mut start = self.start;
        for batch in &self.batches {
            let expired =
                settings.retention_ms.is_some_and(|kept| now_ms - batch.header.max_timestamp > kept);
            let size = u64::try_from(batch.size_bytes()).unwrap_or(u64::MAX);
            if !(expired || excess >= size) || batch.header.last_offset() >= self.high_watermark() {
                break;
            }
            excess = excess.saturating_sub(size);
            start = batch.header.next_offset();
        }
        self.delete_before(start)
    }

    /// Loses everything from an offset on, as when a replica that lacked it becomes the leader;
    /// a batch that holds the offset goes, too.
    pub fn truncate(&mut self, offset: i64) {
        let kept = self.place_of(offset);
        self.batches.truncate(kept);
        self.end = self.batches.back().map_or(self.start, |batch| batch.header.next_offset()).max(self.start);
        self.epochs.cut_from(self.end);
        self.aborted.retain(|aborted| aborted.last_offset < self.end);
        // Producers are known from what is left.
        self.producers.clear();
        for batch in &self.batches {
            if batch.header.producer_id < 0 {
                continue;
            }
            if batch.header.is_control() {
                let header = &batch.header;
                self.producers.note_marker(
                    header.producer_id,
                    header.producer_epoch,
                    0,
                    header.max_timestamp,
                );
            } else {
                self.producers.note(&batch.header);
            }
        }
    }
}
