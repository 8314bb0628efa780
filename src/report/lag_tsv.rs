//! Lag as tab-separated values: no header, fixed columns, `-` for what is not known.

use super::human::UNKNOWN;
use super::lag_rows::{By, Row, Sort, rows};
use crate::lag::outcome::Lag;

/// Names the columns of a partition, in order; docs/lag.md quotes them.
pub const PARTITION_COLUMNS: &[&str] = &[
    "flow",
    "topic",
    "partition",
    "status",
    "source_start",
    "source_end",
    "source_high_watermark",
    "position",
    "lag_records",
    "lag_bytes_estimated",
    "lag_seconds",
    "approx",
    "trend_records_per_second",
    "retention_used",
    "retention_left_seconds",
];
/// Names the columns of a topic or a flow.
pub const SUM_COLUMNS: &[&str] =
    &["flow", "topic", "partitions", "unknown", "status", "lag_records", "lag_seconds", "retention_used"];
/// Names the columns of a consumer group.
pub const GROUP_COLUMNS: &[&str] =
    &["flow", "group", "state", "partitions", "status", "source_lag", "target_lag", "apart"];

/// Lists every row.
pub fn lines(lag: &Lag, by: By, sort: Sort) -> String {
    let cells: Vec<Vec<String>> = match by {
        By::Group => lag.groups().map(group).collect(),
        By::Flow | By::Topic | By::Partition => rows(lag.partitions(), by, sort)
            .iter()
            .map(|row| if row.partition.is_some() { partition(row) } else { sum(row) })
            .collect(),
    };
    let clean = |cell: &String| match cell.is_empty() {
        true => UNKNOWN.to_owned(),
        false => cell.replace(['\t', '\n', '\r'], " "),
    };
    let line = |cells: &Vec<String>| cells.iter().map(clean).collect::<Vec<_>>().join("\t") + "\n";
    cells.iter().map(line).collect()
}

fn known(value: Option<impl ToString>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn real(value: Option<f64>) -> String {
    known(value.map(|value| format!("{value:.3}")))
}

fn partition(row: &Row) -> Vec<String> {
    let Some(one) = &row.partition else { return Vec::new() };
    vec![
        row.flow.clone(),
        one.source.topic.to_string(),
        one.source.partition.to_string(),
        row.status.word().to_owned(),
        known(one.bounds.map(|bounds| bounds.first)),
        known(one.bounds.map(|bounds| bounds.end)),
        known(one.bounds.map(|bounds| bounds.high_watermark)),
        known(one.position),
        known(row.records),
        known(one.bytes_estimated),
        real(row.seconds),
        row.is_approx.to_string(),
        real(row.growth),
        real(row.retention_used),
        real(one.retention_left_seconds),
    ]
}

fn sum(row: &Row) -> Vec<String> {
    vec![
        row.flow.clone(),
        known(row.topic.as_ref()),
        row.partitions.to_string(),
        row.unknown.to_string(),
        row.status.word().to_owned(),
        known(row.records),
        real(row.seconds),
        real(row.retention_used),
    ]
}

fn group(group: &crate::lag::groups::GroupLag) -> Vec<String> {
    vec![
        group.flow.to_string(),
        group.group.clone(),
        group.state.clone(),
        group.partitions.len().to_string(),
        group.status.word().to_owned(),
        known(group.source_lag()),
        known(group.target_lag()),
        known(group.apart()),
    ]
}
