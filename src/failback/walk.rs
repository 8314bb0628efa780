//! Reading the records of a stretch of a log that a flow would copy: no markers, nothing aborted, nothing that
//! another flow copied there.

use std::time::Duration;

use super::error::FailbackError;
use crate::engine::intake::{self, IntakeRules, Item};
use crate::engine::origin::OriginFilter;
use crate::kafka::cluster::Cluster;
use crate::kafka::fetch::Isolation;
use crate::kafka::log_reader;
use crate::kafka::metadata::Metadata;
use crate::types::{SourceOffset, TopicPartition};

/// A stretch of fewer offsets than this is asked for with a small answer: mostly it is one marker.
const SMALL_OFFSETS: i64 = 16;
/// Bytes of a small and of a large answer.
const ANSWER_BYTES: [i32; 2] = [64 * 1024, 4 * 1024 * 1024];

/// The logs of one cluster.
#[derive(Clone, Copy, Debug)]
pub struct Logs<'a> {
    /// The cluster.
    pub cluster: &'a Cluster,
    /// Its topics.
    pub metadata: &'a Metadata,
    /// Tells copied records from the cluster's own.
    pub origin: &'a OriginFilter,
    /// How long each question is repeated.
    pub patience: Duration,
}

/// Tells of records that were found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// How many.
    pub records: u64,
    /// The first offset.
    pub first: Option<i64>,
    /// The last offset.
    pub last: Option<i64>,
    /// The time of the first, in milliseconds since 1970.
    pub first_ms: Option<i64>,
    /// The newest time, in milliseconds since 1970.
    pub last_ms: Option<i64>,
}

impl Found {
    /// Counts a batch.
    pub fn add(&mut self, item: &Item) {
        let header = &item.batch.header;
        let offsets = item.source_offsets();
        self.records += offsets.count().unsigned_abs();
        self.first = self.first.or(offsets.get(0));
        self.last = offsets.get(offsets.count() - 1).or(self.last);
        let time = |at: i64| (at >= 0).then_some(at);
        self.first_ms = self.first_ms.or(time(header.base_timestamp));
        self.last_ms = self.last_ms.max(time(header.max_timestamp));
    }
}

/// Shows each batch between `from` and `until`, which committed records reach; `each` returns whether to go on.
pub async fn walk(
    logs: &Logs<'_>,
    partition: &TopicPartition,
    (from, until): (i64, i64),
    mut each: impl FnMut(Item) -> Result<bool, FailbackError>,
) -> Result<(), FailbackError> {
    let Logs { cluster, metadata, origin, patience } = *logs;
    let rules = IntakeRules { end: Some(SourceOffset(until)), ..IntakeRules::ALL };
    let mut at = from;
    while at < until {
        let [small, large] = ANSWER_BYTES;
        let bytes = if until - at < SMALL_OFFSETS { small } else { large };
        let read = || {
            let span = (at, until);
            log_reader::read_up_to(cluster, metadata, partition, span, Isolation::ReadCommitted, bytes)
        };
        let piece = cluster.retrying(patience, read).await?;
        origin.learn(&piece.records).await?;
        let is_foreign = |id| origin.is_foreign(id);
        let taken = intake::take(piece.records, SourceOffset(at), piece.aborted, &rules, &is_foreign);
        for item in taken.items {
            if !each(item)? {
                return Ok(());
            }
        }
        if let Some(cause) = taken.stop {
            let (partition, reason) = (partition.clone(), cause.to_string());
            return Err(FailbackError::Damaged { partition, offset: at, reason });
        }
        match taken.next {
            Some(next) if next.0 > at => at = next.0,
            // Behind the last record left by the cleaner there is nothing more.
            _ => break,
        }
    }
    Ok(())
}

/// Counts the records of a stretch.
pub async fn count(
    logs: &Logs<'_>,
    partition: &TopicPartition,
    span: (i64, i64),
) -> Result<Found, FailbackError> {
    let mut found = Found::default();
    walk(logs, partition, span, |item| {
        found.add(&item);
        Ok(true)
    })
    .await?;
    Ok(found)
}

/// Returns the offset of the first record in any of these stretches.
pub async fn first(
    logs: &Logs<'_>,
    partition: &TopicPartition,
    spans: &[(i64, i64)],
) -> Result<Option<i64>, FailbackError> {
    let mut found = Found::default();
    for span in spans {
        walk(logs, partition, *span, |item| {
            found.add(&item);
            Ok(false)
        })
        .await?;
        if found.first.is_some() {
            break;
        }
    }
    Ok(found.first)
}
