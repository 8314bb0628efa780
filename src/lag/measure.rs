//! From what was found out to rows: how far behind, and in one word how it stands.

use std::time::Duration;

use super::gather::{FlowFacts, PartitionFacts, SourceBounds};
use super::place::{Method, Unplaced};
use crate::config::settings::FlowSettings;
use crate::engine::age::OldestUncopied;
use crate::kafka::admin::TopicConfigs;
use crate::kafka::error::code_name;
use crate::provision::wanted::{LOG_APPEND_TIME, TIMESTAMP_TYPE};
use crate::types::{FlowName, TopicPartition};

/// Checkpoint intervals without progress after which a copy counts as stalled.
const STALL_INTERVALS: u32 = 3;
/// Shortest time without progress that counts as a stall.
const STALL_AFTER_MIN: Duration = Duration::from_secs(30);

/// Names how a partition stands, from good to bad.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Nothing is wrong.
    #[default]
    Ok,
    /// Above a limit.
    Warn,
    /// Something that has to be known is not.
    Unknown,
    /// Records wait and nothing is copied.
    Stall,
    /// The flow recorded that it stopped here.
    Stop,
    /// A log is not the one that was copied, or ends before what was copied.
    Rewind,
    /// Records that were not copied are gone from the source.
    Gap,
}

impl Status {
    /// Returns the word.
    pub const fn word(self) -> &'static str {
        match self {
            Status::Ok => "OK",
            Status::Warn => "WARN",
            Status::Unknown => "UNKNOWN",
            Status::Stall => "STALL",
            Status::Stop => "STOP",
            Status::Rewind => "REWIND",
            Status::Gap => "GAP",
        }
    }

    /// Says whether it is bad whatever the limits are.
    pub const fn is_bad(self) -> bool {
        matches!(self, Status::Stall | Status::Stop | Status::Rewind | Status::Gap)
    }
}

/// Names how an age was found; the words are part of the JSON document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgeMethod {
    /// Nothing waits to be copied.
    NothingWaits,
    /// The time in the oldest record that waits, as its producer wrote it.
    RecordTimestamp,
    /// The same, as the source's broker wrote it.
    LogAppendTime,
    /// A record before it: the age is no more than this.
    Bound,
}

impl AgeMethod {
    /// Returns the word for programs.
    pub const fn word(self) -> &'static str {
        match self {
            AgeMethod::NothingWaits => "nothing_waits",
            AgeMethod::RecordTimestamp => "record_timestamp",
            AgeMethod::LogAppendTime => "log_append_time",
            AgeMethod::Bound => "bound",
        }
    }
}

/// Holds one partition's lag; what is not known is `None` (guarantee G11).
#[derive(Clone, Debug, PartialEq)]
pub struct PartitionLag {
    /// The flow.
    pub flow: FlowName,
    /// The partition at the source.
    pub source: TopicPartition,
    /// The partition at the target.
    pub target: TopicPartition,
    /// How it stands.
    pub status: Status,
    /// Why, where it is not well.
    pub reason: Option<String>,
    /// Where the source log begins and ends.
    pub bounds: Option<SourceBounds>,
    /// The next source offset to copy.
    pub position: Option<i64>,
    /// How the position is known.
    pub position_method: Option<Method>,
    /// Source offsets between the position, or the log start where that is later, and the end.
    pub records: Option<i64>,
    /// The same in bytes, from the size of the batches at the position.
    pub bytes_estimated: Option<i64>,
    /// Age of the oldest record that waits.
    pub seconds: Option<f64>,
    /// How the age is known.
    pub seconds_method: Option<AgeMethod>,
    /// True where the age rests on times that producers set or that compaction may have moved on.
    pub is_approx: bool,
    /// Source offsets that were gone before they were copied: the first and the last.
    pub gap: Option<(i64, i64)>,
    /// The part of the source's retention that the lag takes up; 1 is where records are lost.
    pub retention_used: Option<f64>,
    /// The soonest in which retention can overtake the position.
    pub retention_left_seconds: Option<f64>,
    /// When the flow last wrote a checkpoint, in milliseconds since 1970.
    pub checkpoint_ms: Option<i64>,
    /// How it moves; from two samples on.
    pub trend: Option<super::trend::Trend>,
}

/// Returns the time without progress behind which a flow counts as stalled.
pub fn stall_after(flow: &FlowSettings) -> Duration {
    (flow.limits.checkpoint_interval * STALL_INTERVALS).max(STALL_AFTER_MIN)
}

/// Makes the rows of a flow.
pub fn measure(flow: &FlowSettings, facts: &FlowFacts) -> Vec<PartitionLag> {
    facts.partitions.iter().map(|one| partition(flow, facts, one)).collect()
}

fn partition(flow: &FlowSettings, facts: &FlowFacts, one: &PartitionFacts) -> PartitionLag {
    let position = one.position.as_ref().ok();
    let bounds = one.bounds.as_ref().ok().copied();
    let mut row = PartitionLag {
        flow: flow.name.clone(),
        source: one.source.clone(),
        target: one.target.clone(),
        status: Status::Ok,
        reason: None,
        bounds,
        position: position.map(|position| position.offset),
        position_method: position.map(|position| position.method),
        records: None,
        bytes_estimated: None,
        seconds: None,
        seconds_method: None,
        is_approx: false,
        gap: None,
        retention_used: None,
        retention_left_seconds: None,
        checkpoint_ms: one.past.as_ref().filter(|past| past.checkpoint.is_some()).map(|p| p.checkpoint_ms),
        trend: None,
    };
    let configs = facts.configs.get(&one.source.topic);
    if let (Some(position), Some(bounds)) = (position, bounds)
        && position.offset <= bounds.high_watermark
    {
        let from = position.offset.max(bounds.first);
        row.gap = (position.offset < bounds.first).then_some((position.offset, bounds.first - 1));
        row.records = Some((bounds.end - from).max(0));
        row.waiting(one, configs, facts.now_ms);
        row.is_approx |= position.method == Method::Counted;
    }
    (row.status, row.reason) = status(flow, facts.now_ms, one, &row);
    row
}

impl PartitionLag {
    /// Fills in what the record at the position says.
    fn waiting(&mut self, one: &PartitionFacts, configs: Option<&TopicConfigs>, now_ms: i64) {
        let effective = |name: &str| configs.and_then(|configs| configs.effective.get(name));
        let found = match &one.oldest {
            // Nothing stands between position and end, so nothing was asked.
            None if self.records == Some(0) => None,
            None | Some(Err(_)) => return,
            Some(Ok(found)) => Some(found),
        };
        let oldest = found.map_or(OldestUncopied::CaughtUp, |found| found.oldest);
        if oldest == OldestUncopied::CaughtUp {
            // Markers, aborted transactions and what came from the target: nothing of it is copied.
            self.records = Some(0);
        }
        self.seconds = oldest.seconds(now_ms);
        let is_broker_time = effective(TIMESTAMP_TYPE).is_some_and(|kind| kind == LOG_APPEND_TIME);
        self.seconds_method = match oldest {
            OldestUncopied::CaughtUp => Some(AgeMethod::NothingWaits),
            OldestUncopied::At(_) if is_broker_time => Some(AgeMethod::LogAppendTime),
            OldestUncopied::At(_) => Some(AgeMethod::RecordTimestamp),
            OldestUncopied::NotBefore(_) => Some(AgeMethod::Bound),
            OldestUncopied::Unknown => None,
        };
        let policy = effective("cleanup.policy");
        let is_compacted = policy.is_none_or(|policy| policy.contains("compact"));
        self.is_approx = match self.seconds_method {
            None | Some(AgeMethod::NothingWaits) => false,
            Some(AgeMethod::LogAppendTime) => is_compacted,
            Some(AgeMethod::RecordTimestamp | AgeMethod::Bound) => true,
        };
        let bytes_per_offset = found.and_then(|found| found.bytes_per_offset);
        self.bytes_estimated = match self.records {
            Some(0) => Some(0),
            Some(records) => bytes_per_offset.map(|bytes| scaled(bytes, records)),
            None => None,
        };
        if policy.is_some_and(|policy| policy.contains("delete")) {
            self.retention(configs);
        }
    }

    fn retention(&mut self, configs: Option<&TopicConfigs>) {
        let limit = |name: &str| configs.and_then(|configs| configs.number(name)).filter(|limit| *limit > 0);
        let seconds = limit("retention.ms").map(|ms| real(ms) / 1000.0);
        let by_time = seconds.zip(self.seconds).map(|(limit, age)| age / limit);
        let by_bytes = limit("retention.bytes").zip(self.bytes_estimated).map(|(l, b)| real(b) / real(l));
        self.retention_used = match (by_time, by_bytes) {
            (Some(time), Some(bytes)) => Some(time.max(bytes)),
            (one, other) => one.or(other),
        };
        let is_waiting = self.records.is_some_and(|records| records > 0);
        self.retention_left_seconds =
            seconds.zip(self.seconds).filter(|_| is_waiting).map(|(limit, age)| (limit - age).max(0.0));
    }
}

/// Says in one word how a partition stands, the worst first.
fn status(
    flow: &FlowSettings,
    now_ms: i64,
    one: &PartitionFacts,
    row: &PartitionLag,
) -> (Status, Option<String>) {
    let told = |status: Status, reason: String| (status, Some(reason));
    if let Err(unplaced) = &one.position
        && unplaced.is_other_log()
    {
        return told(Status::Rewind, unplaced.to_string());
    }
    if let (Some(position), Some(bounds)) = (row.position, row.bounds)
        && position > bounds.high_watermark
    {
        let end = bounds.high_watermark;
        let reason = format!("the source's log was cut back: it ends at {end}, {position} was reached");
        return told(Status::Rewind, reason);
    }
    if let Some((from, to)) = row.gap {
        return told(Status::Gap, format!("source offsets {from} to {to} were gone before they were copied"));
    }
    if let Some(stopped) = one.past.as_ref().and_then(|past| past.stopped.as_ref()) {
        return told(Status::Stop, format!("it is stopped ({}): {}", stopped.code, stopped.cause));
    }
    let unplaced: Option<&Unplaced> = one.bounds.as_ref().err().or(one.position.as_ref().err());
    if let Some(unplaced) = unplaced {
        return told(Status::Unknown, unplaced.to_string());
    }
    if let Some(Err(code)) = &one.oldest {
        return told(
            Status::Unknown,
            format!("the record at the position cannot be read: {}", code_name(code)),
        );
    }
    let after = stall_after(flow);
    let quiet_ms = row.checkpoint_ms.map_or(0, |ms| now_ms.saturating_sub(ms));
    let is_quiet = i64::try_from(after.as_millis()).is_ok_and(|after| quiet_ms > after);
    let waits = row.records.is_some_and(|records| records > 0)
        && row.seconds.is_none_or(|seconds| seconds > after.as_secs_f64());
    if waits && is_quiet && row.position_method == Some(Method::Checkpoint) {
        let quiet = Duration::from_secs(u64::try_from(quiet_ms / 1000).unwrap_or(0));
        let reason =
            format!("nothing was copied for {}, though records wait", humantime::format_duration(quiet));
        return told(Status::Stall, reason);
    }
    (Status::Ok, None)
}

#[expect(clippy::cast_precision_loss, reason = "offsets and bytes of any log fit 52 bits")]
fn real(value: i64) -> f64 {
    value as f64
}

#[expect(clippy::cast_possible_truncation, reason = "an estimate far below 2^63")]
fn scaled(bytes_per_offset: f64, offsets: i64) -> i64 {
    (bytes_per_offset * real(offsets)).round() as i64
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Makes a row of which nothing is known but its name.
    pub(crate) fn row(partition: i32) -> PartitionLag {
        PartitionLag {
            flow: "us-eu".into(),
            source: TopicPartition::new("orders", partition),
            target: TopicPartition::new("orders", partition),
            status: Status::Ok,
            reason: None,
            bounds: None,
            position: None,
            position_method: None,
            records: None,
            bytes_estimated: None,
            seconds: None,
            seconds_method: None,
            is_approx: false,
            gap: None,
            retention_used: None,
            retention_left_seconds: None,
            checkpoint_ms: None,
            trend: None,
        }
    }
}
