//! Counting what stands at the target behind a checkpoint: all that can be told without the source.

use std::time::Duration;

use super::plan::Behind;
use crate::engine::state_records::Past;
use crate::kafka::batch::Batches;
use crate::kafka::cluster::Cluster;
use crate::kafka::error::KafkaError;
use crate::kafka::fetch::Isolation;
use crate::kafka::log_reader;
use crate::kafka::metadata::Metadata;
use crate::types::TopicPartition;

/// Counts the flow's own records from the checkpoint to `end`, all that stands in front of which can be read;
/// where there is no checkpoint nothing was written (guarantee G2: it comes before the first batch).
pub async fn count(
    target: &Cluster,
    at_target: &Metadata,
    partition: &TopicPartition,
    past: &Past,
    (first, end): (i64, i64),
    patience: Duration,
) -> Result<Behind, KafkaError> {
    let mut behind = Behind { records: 0, end };
    let Some(checkpoint) = &past.checkpoint else { return Ok(behind) };
    let mut producers = past.producers.clone();
    checkpoint.add_producer(&mut producers);
    let ours = |id: i64| producers.contains(&id);
    let mut next = checkpoint.target_next.max(first);
    while next < end {
        let read = || log_reader::read(target, at_target, partition, (next, end), Isolation::ReadUncommitted);
        let piece = target.retrying(patience, read).await?;
        let before = next;
        // What is damaged is behind the last header that can be read, and is not counted.
        for batch in Batches::new(piece.records).map_while(Result::ok) {
            let header = batch.header;
            if header.base_offset >= end {
                return Ok(behind);
            }
            let is_new = header.base_offset >= next;
            if is_new && ours(header.producer_id) && !header.is_control() {
                behind.records += i64::from(header.record_count);
            }
            next = next.max(header.next_offset());
        }
        if next == before {
            break;
        }
    }
    Ok(behind)
}
