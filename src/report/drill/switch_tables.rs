//! How far partitions are behind, and where a group goes on after a change of region.

use std::collections::BTreeMap;

use crate::obs::FlowMetrics;
use crate::report::human::or_unknown;
use crate::report::table::{Column, Table};

static SWITCH: [Column; 4] = [
    Column::words("TOPIC"),
    Column::number("PARTITION"),
    Column::number("MISSING-FROM"),
    Column::number("GOES-ON-AT"),
];
static LAG: [Column; 6] = [
    Column::words("TOPIC"),
    Column::number("PARTITION"),
    Column::number("SOURCE-END"),
    Column::number("COPIED-TO"),
    Column::number("TARGET-NEXT"),
    Column::number("LAG"),
];

/// Lays out how far each partition of a flow is behind; `ends` are the source's ends as its brokers have them.
pub fn lag_table(flow: &FlowMetrics, ends: &BTreeMap<i32, i64>) -> String {
    let mut table = Table::new(&LAG);
    let offset = |value: Option<i64>| or_unknown(value, |value| value.to_string());
    for partition in &flow.partitions {
        let (end, copied) = (ends.get(&partition.partition).copied(), partition.source_position);
        table.row([
            partition.topic.clone(),
            partition.partition.to_string(),
            offset(end),
            offset(copied),
            offset(partition.target_position),
            offset(end.zip(copied).map(|(end, copied)| end - copied)),
        ]);
    }
    table.render()
}

/// Lays out, for each partition, from which source offset on records are missing at the target, and at which
/// target offset the group goes on.
pub fn switch_table(
    topic: &str,
    missing_from: &BTreeMap<i32, i64>,
    goes_on_at: &BTreeMap<i32, i64>,
) -> String {
    let mut table = Table::new(&SWITCH);
    for (partition, from) in missing_from {
        let at = or_unknown(goes_on_at.get(partition), ToString::to_string);
        table.row([topic.to_owned(), partition.to_string(), from.to_string(), at]);
    }
    table.render()
}
