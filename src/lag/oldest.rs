//! How old the oldest record is that was not copied: read from the log at the position.

use std::collections::HashMap;

use kafka_protocol::ResponseError;

use crate::engine::age::OldestUncopied;
use crate::engine::intake::{self, IntakeRules};
use crate::engine::origin::OriginFilter;
use crate::kafka::batch::Batches;
use crate::kafka::cluster::Cluster;
use crate::kafka::error::KafkaError;
use crate::kafka::fetch::Isolation;
use crate::kafka::log_reader::LogPiece;
use crate::kafka::metadata::Metadata;
use crate::kafka::peek::{self, Place};
use crate::types::{SourceOffset, TopicPartition};

/// How often a log is looked into behind stretches that hold nothing to copy.
const LOOKS_MAX: usize = 3;
/// What decides whether records are to be copied; sizes and codecs do not.
const RULES: IntakeRules =
    IntakeRules { target_batch_bytes_max: 1 << 30, codec: None, skip_oversize: true, end: None };

/// Says what stands at a position.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found {
    /// The oldest record to copy.
    pub oldest: OldestUncopied,
    /// Bytes for each offset, in the batches that were looked at.
    pub bytes_per_offset: Option<f64>,
}

/// What was found at each position, or why nothing.
pub type FoundByPartition = HashMap<TopicPartition, Result<Found, ResponseError>>;

/// Looks at positions that are known to lie before the end, all together; one try.
pub async fn at(
    source: &Cluster,
    metadata: &Metadata,
    origin: &OriginFilter,
    places: &[Place],
) -> Result<FoundByPartition, KafkaError> {
    let mut found = FoundByPartition::new();
    let mut rest: Vec<Place> = places.to_vec();
    for _ in 0..LOOKS_MAX {
        if rest.is_empty() {
            break;
        }
        let mut pieces = peek::read(source, metadata, &rest, Isolation::ReadCommitted).await;
        origin.learn_all(pieces.values().flatten().map(|piece| &piece.records)).await?;
        let mut next = Vec::new();
        for (partition, offset) in rest {
            let piece = match pieces.remove(&partition) {
                Some(Ok(piece)) => piece,
                Some(Err(code)) => {
                    found.insert(partition, Err(code));
                    continue;
                }
                None => {
                    found.insert(partition, Err(ResponseError::LeaderNotAvailable));
                    continue;
                }
            };
            let look = look(&piece, offset, &|id| origin.is_foreign(id));
            // What the first look says of sizes stands.
            let known = found.get(&partition).and_then(|known| known.as_ref().ok());
            let bytes_per_offset = known.and_then(|known| known.bytes_per_offset).or(look.bytes_per_offset);
            if let Some(after) = look.go_on {
                next.push((partition.clone(), after));
            }
            found.insert(partition, Ok(Found { oldest: look.oldest, bytes_per_offset }));
        }
        rest = next;
    }
    Ok(found)
}

/// What one piece of a log says.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Look {
    oldest: OldestUncopied,
    bytes_per_offset: Option<f64>,
    /// Where to look on: nothing here is to be copied.
    go_on: Option<i64>,
}

fn look(piece: &LogPiece, offset: i64, is_foreign: &dyn Fn(i64) -> bool) -> Look {
    let headers: Vec<_> = Batches::new(piece.records.clone())
        .map_while(Result::ok)
        .map(|batch| (batch.header, batch.bytes.len()))
        .collect();
    let offsets: i64 = headers.iter().map(|(header, _)| header.next_offset() - header.base_offset).sum();
    let bytes: usize = headers.iter().map(|(_, bytes)| bytes).sum();
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    let bytes_per_offset = (offsets > 0).then(|| bytes as f64 / offsets as f64);
    let taken =
        intake::take(piece.records.clone(), SourceOffset(offset), piece.aborted.clone(), &RULES, is_foreign);
    let known = |at: i64| if at < 0 { OldestUncopied::Unknown } else { OldestUncopied::At(at) };
    let time = |header: &crate::kafka::batch::BatchHeader| {
        if header.is_log_append_time() { header.max_timestamp } else { header.base_timestamp }
    };
    let next = taken.next.map_or(offset, |next| next.0);
    let (oldest, go_on) = match taken.items.first() {
        Some(item) => (known(time(&item.batch.header)), None),
        None if next >= piece.last_stable_offset => (OldestUncopied::CaughtUp, None),
        // Something that cannot be copied stands here: it is not copied.
        None if taken.stop.is_some() || next <= offset => {
            let at = headers.iter().find(|(header, _)| header.next_offset() > next);
            (at.map_or(OldestUncopied::Unknown, |(header, _)| known(time(header))), None)
        }
        // Time only rises, as far as producers keep to it: what follows is no older than this.
        None => {
            let last = headers.last().map_or(-1, |(header, _)| header.max_timestamp);
            let bound = if last < 0 { OldestUncopied::Unknown } else { OldestUncopied::NotBefore(last) };
            (bound, Some(next))
        }
    };
    Look { oldest, bytes_per_offset, go_on }
}
