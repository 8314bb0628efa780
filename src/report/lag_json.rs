//! Lag as one JSON document.

use serde::Serialize;

use super::document::Document;
use super::problem::Problem;
use crate::exit::Exit;
use crate::lag::groups::{GroupLag, GroupPartition};
use crate::lag::measure::PartitionLag;
use crate::lag::outcome::{FlowLag, Lag, Summary, summary};

/// Names the document's shape.
pub const SCHEMA: &str = "strait/lag/v1";

/// Says what each field of a partition holds; docs/json.md is made from here.
pub const PARTITION_FIELDS: &[(&str, &str)] = &[
    ("topic", "source topic"),
    ("partition", "partition's index"),
    ("target_topic", "topic at the target"),
    ("status", "`OK`, `WARN`, `UNKNOWN`, `STALL`, `STOP`, `REWIND` or `GAP`"),
    ("reason", "why it stands so, in words"),
    ("source_start", "source log start offset"),
    ("source_end", "source end: last stable offset"),
    ("source_high_watermark", "source high watermark; above `source_end` while transactions are open"),
    ("position", "next source offset to copy"),
    (
        "position_method",
        "`checkpoint`, `matched` (the target's last record found at the source), `compared` (record by record) or \
         `counted` (at least this)",
    ),
    ("lag_records", "source offsets from the position, or the log start where that is later, to the end"),
    ("lag_bytes_estimated", "the same in bytes, from the size of the batches at the position"),
    ("lag_seconds", "age of the oldest record that waits; 0 where none does"),
    ("lag_method", "`record_timestamp`, `log_append_time`, `bound` (at most this) or `nothing_waits`"),
    ("approx", "true where producers set the time, the topic is compacted, or a figure is a bound"),
    ("gap", "first and last source offset that were gone before they were copied"),
    ("trend", "`growing`, `steady` or `shrinking`; from two samples on"),
    ("trend_records_per_second", "by how much"),
    ("retention_used", "part of the source's retention that the lag takes up: 1 is where records are lost"),
    ("retention_left_seconds", "soonest in which retention can overtake the position"),
    ("checkpoint_ms", "when the flow last wrote a checkpoint, in milliseconds since 1970"),
];

#[derive(Serialize)]
struct Data<'a> {
    partitions: usize,
    unknown: usize,
    over: usize,
    total_records: i64,
    total_bytes_estimated: i64,
    growth_records_per_second: Option<f64>,
    worst: Option<Partition<'a>>,
    unread_flows: Vec<&'a str>,
    flows: Vec<Flow<'a>>,
}

#[derive(Serialize)]
struct Flow<'a> {
    flow: &'a str,
    source: &'a str,
    target: &'a str,
    at_ms: i64,
    has_state: bool,
    total_records: i64,
    unknown: usize,
    over: usize,
    partitions: Vec<Partition<'a>>,
    groups: Vec<Group<'a>>,
}

#[derive(Serialize)]
struct Partition<'a> {
    flow: &'a str,
    topic: &'a str,
    partition: i32,
    target_topic: &'a str,
    status: &'static str,
    reason: Option<&'a str>,
    source_start: Option<i64>,
    source_end: Option<i64>,
    source_high_watermark: Option<i64>,
    position: Option<i64>,
    position_method: Option<&'static str>,
    lag_records: Option<i64>,
    lag_bytes_estimated: Option<i64>,
    lag_seconds: Option<f64>,
    lag_method: Option<&'static str>,
    approx: bool,
    gap: Option<[i64; 2]>,
    trend: Option<&'static str>,
    trend_records_per_second: Option<f64>,
    retention_used: Option<f64>,
    retention_left_seconds: Option<f64>,
    checkpoint_ms: Option<i64>,
}

#[derive(Serialize)]
struct Group<'a> {
    group: &'a str,
    state: &'a str,
    status: &'static str,
    reason: Option<&'a str>,
    source_lag_records: Option<i64>,
    target_lag_records: Option<i64>,
    apart_records: Option<i64>,
    partitions: Vec<GroupPlace<'a>>,
}

#[derive(Serialize)]
struct GroupPlace<'a> {
    topic: &'a str,
    partition: i32,
    source_offset: Option<i64>,
    source_lag_records: Option<i64>,
    target_offset: Option<i64>,
    target_lag_records: Option<i64>,
    apart_records: Option<i64>,
    apart_exact: Option<bool>,
}

/// Makes the document's one line.
pub fn document(lag: &Lag, exit: Exit, problems: &[Problem]) -> Document<impl Serialize> {
    let Summary { partitions, unknown, over, records, bytes_estimated, growth, worst } =
        summary(lag.partitions());
    let data = Data {
        partitions,
        unknown,
        over,
        total_records: records,
        total_bytes_estimated: bytes_estimated,
        growth_records_per_second: growth,
        worst: worst.map(partition),
        unread_flows: lag.unread.iter().map(|flow| flow.as_str()).collect(),
        flows: lag.flows.iter().map(flow).collect(),
    };
    Document {
        schema: SCHEMA,
        status: exit.status(),
        exit_code: exit.code(),
        data: (!lag.flows.is_empty()).then_some(data),
        errors: problems.iter().map(Problem::to_json).collect(),
    }
}

fn flow(flow: &FlowLag) -> Flow<'_> {
    let sum = summary(&flow.partitions);
    Flow {
        flow: flow.flow.as_str(),
        source: flow.source.as_str(),
        target: flow.target.as_str(),
        at_ms: flow.at_ms,
        has_state: flow.has_state,
        total_records: sum.records,
        unknown: sum.unknown,
        over: sum.over,
        partitions: flow.partitions.iter().map(partition).collect(),
        groups: flow.groups.iter().map(group).collect(),
    }
}

fn partition(row: &PartitionLag) -> Partition<'_> {
    Partition {
        flow: row.flow.as_str(),
        topic: row.source.topic.as_str(),
        partition: row.source.partition,
        target_topic: row.target.topic.as_str(),
        status: row.status.word(),
        reason: row.reason.as_deref(),
        source_start: row.bounds.map(|bounds| bounds.first),
        source_end: row.bounds.map(|bounds| bounds.end),
        source_high_watermark: row.bounds.map(|bounds| bounds.high_watermark),
        position: row.position,
        position_method: row.position_method.map(|method| method.word()),
        lag_records: row.records,
        lag_bytes_estimated: row.bytes_estimated,
        lag_seconds: row.seconds,
        lag_method: row.seconds_method.map(|method| method.word()),
        approx: row.is_approx,
        gap: row.gap.map(|(from, to)| [from, to]),
        trend: row.trend.map(|trend| trend.direction.word()),
        trend_records_per_second: row.trend.map(|trend| trend.records_per_second),
        retention_used: row.retention_used,
        retention_left_seconds: row.retention_left_seconds,
        checkpoint_ms: row.checkpoint_ms,
    }
}

fn group(group: &GroupLag) -> Group<'_> {
    Group {
        group: &group.group,
        state: &group.state,
        status: group.status.word(),
        reason: group.reason.as_deref(),
        source_lag_records: group.source_lag(),
        target_lag_records: group.target_lag(),
        apart_records: group.apart(),
        partitions: group.partitions.iter().map(place).collect(),
    }
}

fn place(one: &GroupPartition) -> GroupPlace<'_> {
    GroupPlace {
        topic: one.source.topic.as_str(),
        partition: one.source.partition,
        source_offset: one.source_offset,
        source_lag_records: one.source_lag,
        target_offset: one.target_offset,
        target_lag_records: one.target_lag,
        apart_records: one.apart,
        apart_exact: one.apart.map(|_| one.is_apart_exact),
    }
}
