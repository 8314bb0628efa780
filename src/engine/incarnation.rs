//! Whether the topics are still those that were copied: deleted, and made again, they keep their
//! names and nothing else.

use std::sync::Arc;
use std::time::{Duration, Instant};

use kafka_protocol::ResponseError;

use super::cell::PartitionCell;
use super::event::{Event, StopCause};
use super::partition::Phase;
use crate::config::settings::OnLoss;
use crate::kafka::error::{code_name, remedy_for};
use crate::kafka::metadata::Metadata;

/// How long a topic has to be missing at the source to count as deleted: a broker may hear late of a
/// topic that was just created.
const DELETED_AFTER: Duration = Duration::from_secs(5);

/// Compares a source topic with the one that was copied so far; returns what has to be told.
pub fn check_source(
    cell: &Arc<PartitionCell>,
    at_source: &Metadata,
    on_recreated: OnLoss,
    now: Instant,
) -> Option<Event> {
    let topic = at_source.topics.get(&cell.source.topic)?;
    let mut state = cell.lock();
    match topic.error {
        Some(ResponseError::UnknownTopicOrPartition) => {
            let since = *state.source_missing_since.get_or_insert(now);
            if now.saturating_duration_since(since) >= DELETED_AFTER {
                state.partition.stop_when_flushed(StopCause::SourceDeleted);
            }
            return None;
        }
        Some(code) => {
            state.partition.on_source_trouble(code_name(&code), remedy_for(code), now);
            return None;
        }
        None => state.source_missing_since = None,
    }
    let was_deleted = *state.partition.phase() == Phase::Stopped(StopCause::SourceDeleted);
    let (was, now) = state.source_topic_id.zip(topic.id)?;
    if was == now {
        if was_deleted {
            // It was only out of sight.
            state.partition.start_over();
        }
        return None;
    }
    let cause = StopCause::Recreated { was, now };
    match on_recreated {
        OnLoss::Stop if was_deleted => {
            state.partition.stop(cause);
            None
        }
        OnLoss::Stop => {
            state.partition.stop_when_flushed(cause);
            None
        }
        OnLoss::Skip if state.recreated_as == Some(now) => None,
        OnLoss::Skip => {
            // Checkpoints name the old topic until all that was fetched of it is acknowledged.
            state.recreated_as = Some(now);
            let position = state.partition.fetch_next();
            state.partition.note_skip(position, cause.clone());
            if was_deleted {
                state.partition.start_over();
            } else {
                state.partition.start_over_when_flushed();
            }
            Some(Event::Skipped { partition: cell.source.clone(), cause })
        }
    }
}

/// Compares a target topic with the one that was written so far.
pub fn check_target(cell: &Arc<PartitionCell>, at_target: &Metadata) {
    let mut state = cell.lock();
    let found = at_target.topics.get(&cell.target.topic).and_then(|topic| topic.id);
    if let Some((was, now)) = state.target_topic_id.zip(found).filter(|(was, now)| was != now) {
        state.partition.stop(StopCause::TargetRecreated { was, now });
    }
}
