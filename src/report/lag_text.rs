//! Lag for people: one line that sums up, the worst rows, and how many rows are left out.

use super::human::{bytes, count, duration, or_unknown, seconds};
use super::lag_rows::{By, Row, Sort, rows};
use super::problem::Problem;
use super::rights::Principals;
use super::table::{Column, Table};
use crate::lag::groups::GroupLag;
use crate::lag::measure::{PartitionLag, Status};
use crate::lag::outcome::{FlowLag, Lag, summary};
use crate::types::FlowName;

static PARTITION_COLUMNS: [Column; 11] = [
    Column::words("FLOW"),
    Column::words("TOPIC"),
    Column::number("PART"),
    Column::number("SRC-START"),
    Column::number("SRC-END"),
    Column::number("TARGET-POS"),
    Column::number("LAG"),
    Column::number("BEHIND"),
    Column::words("TREND"),
    Column::number("RETENTION"),
    Column::words("STATUS"),
];
static TOPIC_COLUMNS: [Column; 9] = [
    Column::words("FLOW"),
    Column::words("TOPIC"),
    Column::number("PARTS"),
    Column::number("UNKNOWN"),
    Column::number("LAG"),
    Column::number("BEHIND"),
    Column::words("TREND"),
    Column::number("RETENTION"),
    Column::words("STATUS"),
];
static GROUP_COLUMNS: [Column; 8] = [
    Column::words("FLOW"),
    Column::words("GROUP"),
    Column::words("STATE"),
    Column::number("PARTS"),
    Column::number("SOURCE-LAG"),
    Column::number("TARGET-LAG"),
    Column::number("APART"),
    Column::words("STATUS"),
];

/// Says which rows to show.
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    /// What has a row.
    pub by: By,
    /// What comes first.
    pub sort: Sort,
    /// Most rows.
    pub rows_max: usize,
}

/// Lays a whole look out.
pub fn page(lag: &Lag, shown: Shown) -> String {
    let mut lines: Vec<String> = lag.flows.iter().map(|flow| summary_line(flow, shown.by)).collect();
    let (table, left_out) = match shown.by {
        By::Group => groups_table(lag, shown),
        By::Flow | By::Topic | By::Partition => partitions_table(lag, shown),
    };
    lines.extend(table);
    lines.extend(left_out);
    lines.join("\n")
}

/// Says in one line how a flow is, as `us-eu: 51240 records, worst 1m34s on orders[7]; 0 of 48 unknown`.
pub fn summary_line(flow: &FlowLag, by: By) -> String {
    let sum = summary(&flow.partitions);
    let mut text = format!("{}: {} records", flow.flow, sum.records);
    if sum.bytes_estimated > 0 {
        #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
        let size = bytes(sum.bytes_estimated as f64).replace(' ', "");
        text.push_str(&format!(" (~{size})"));
    }
    match sum.worst.filter(|worst| worst.records.is_some_and(|records| records > 0)) {
        Some(worst) => {
            let behind = behind(worst.seconds, worst.is_approx);
            text.push_str(&format!(", worst {behind} on {}", worst.source));
        }
        None if sum.unknown == 0 && sum.over == 0 => text.push_str(", nothing waits"),
        None => {}
    }
    if let Some(growth) = sum.growth {
        text.push_str(&match growth {
            growth if growth >= 0.5 => format!(", growing {}/s", count(growth)),
            growth if growth <= -0.5 => format!(", shrinking {}/s", count(-growth)),
            _ => ", steady".to_owned(),
        });
    }
    if let Some(left) = soonest(flow) {
        text.push_str(&format!(", retention in {}", seconds(left)));
    }
    text.push_str(&format!("; {} of {} unknown", sum.unknown, sum.partitions));
    if sum.over > 0 {
        text.push_str(&format!(", {} not well", sum.over));
    }
    if by == By::Group && !flow.groups.is_empty() {
        let unknown = flow.groups.iter().filter(|group| group.status == Status::Unknown).count();
        text.push_str(&format!("; {} groups, {unknown} unknown", flow.groups.len()));
    }
    text
}

/// Says in one line which flows are not well, and what kept others from being read.
pub fn one_line(lag: &Lag, problems: &[Problem]) -> String {
    let is_unwell = |flow: &&FlowLag| {
        let sum = summary(&flow.partitions);
        sum.unknown + sum.over > 0 || flow.groups.iter().any(|group| group.status != Status::Ok)
    };
    let flows = lag.flows.iter().filter(is_unwell).map(|flow| {
        let is_known = flow.groups.iter().all(|group| group.status == Status::Ok);
        summary_line(flow, if is_known { By::Partition } else { By::Group })
    });
    let told: Vec<String> = flows.chain(problems.iter().map(Problem::in_short)).collect();
    format!("strait lag: {}", told.join(" | ")).replace('\n', " ")
}

/// Returns the soonest time in which retention overtakes a partition that has used half of it.
fn soonest(flow: &FlowLag) -> Option<f64> {
    let near = |row: &&PartitionLag| row.retention_used.is_some_and(|used| used >= 0.5);
    flow.partitions.iter().filter(near).filter_map(|row| row.retention_left_seconds).reduce(f64::min)
}

/// Lists in words what is not well, the worst first; at most `most`, and how many more.
pub fn reasons(lag: &Lag, most: usize, principals: Option<&Principals>) -> Vec<String> {
    let whose = |flow: &FlowName, reason: &String| match principals {
        Some(principals) => principals.complete_words(flow.as_str(), reason.clone()),
        None => reason.clone(),
    };
    let mut told: Vec<(Status, String)> = Vec::new();
    for row in lag.partitions() {
        if let Some(reason) = &row.reason {
            let reason = whose(&row.flow, reason);
            told.push((row.status, format!("{} {}: {reason}", row.flow, row.source)));
        }
        let held = row.bounds.map_or(0, |bounds| bounds.high_watermark - bounds.end);
        if held > 0 {
            let text = format!("{} {}: open transactions hold back {held} offsets", row.flow, row.source);
            told.push((Status::Ok, text));
        }
    }
    for group in lag.groups() {
        if let Some(reason) = &group.reason {
            let reason = whose(&group.flow, reason);
            told.push((group.status, format!("{} group {}: {reason}", group.flow, group.group)));
        }
    }
    told.sort_by_key(|(status, _)| std::cmp::Reverse(*status));
    let more = told.len().saturating_sub(most);
    let word = |status: Status| if status == Status::Ok { "note" } else { status.word() };
    let mut lines: Vec<String> =
        told.into_iter().take(most).map(|(status, text)| format!("{} {text}", word(status))).collect();
    if more > 0 {
        lines.push(format!("... {more} more (--all, or --format json)"));
    }
    lines
}

fn partitions_table(lag: &Lag, shown: Shown) -> (Option<String>, Option<String>) {
    let rows = rows(lag.partitions(), shown.by, shown.sort);
    if rows.is_empty() {
        return (None, None);
    }
    let is_partition = shown.by == By::Partition;
    let mut table = Table::new(if is_partition { &PARTITION_COLUMNS } else { &TOPIC_COLUMNS });
    for row in rows.iter().take(shown.rows_max) {
        table.row(match &row.partition {
            Some(one) => partition_cells(row, one),
            None => sum_cells(row),
        });
    }
    let what = match shown.by {
        By::Flow => "flows",
        By::Topic => "topics",
        By::Partition | By::Group => "partitions",
    };
    (Some(table.render()), left_out(rows.len(), shown, what))
}

/// Says how many rows are left out.
fn left_out(rows: usize, shown: Shown, what: &str) -> Option<String> {
    let hidden = rows.saturating_sub(shown.rows_max);
    let than = if shown.sort == Sort::Name { "" } else { " with less lag" };
    (hidden > 0).then(|| format!("... {hidden} {what}{than} hidden (--all)"))
}

fn partition_cells(row: &Row, one: &PartitionLag) -> Vec<String> {
    let offset = |value: Option<i64>| or_unknown(value, |offset| offset.to_string());
    let mut cells = vec![
        row.flow.clone(),
        one.source.topic.to_string(),
        one.source.partition.to_string(),
        offset(one.bounds.map(|bounds| bounds.first)),
        offset(one.bounds.map(|bounds| bounds.end)),
        offset(one.position),
    ];
    cells.extend(end_cells(row));
    cells
}

fn sum_cells(row: &Row) -> Vec<String> {
    let mut cells = vec![
        row.flow.clone(),
        row.topic.clone().unwrap_or_else(|| "*".to_owned()),
        row.partitions.to_string(),
        row.unknown.to_string(),
    ];
    cells.extend(end_cells(row));
    cells
}

fn end_cells(row: &Row) -> [String; 5] {
    [
        or_unknown(row.records, |records| records.to_string()),
        behind(row.seconds, row.is_approx),
        row.trend.unwrap_or(super::human::UNKNOWN).to_owned(),
        or_unknown(row.retention_used, percent),
        row.status.word().to_owned(),
    ]
}

/// Writes an age; `~` stands before one that rests on what producers set or compaction may have changed.
fn behind(value: Option<f64>, is_approx: bool) -> String {
    let Some(value) = value else { return super::human::UNKNOWN.to_owned() };
    let text = std::time::Duration::try_from_secs_f64(value).map_or_else(|_| seconds(value), duration);
    if is_approx { format!("~{text}") } else { text }
}

fn percent(part: f64) -> String {
    format!("{:.1}%", part * 100.0)
}

fn groups_table(lag: &Lag, shown: Shown) -> (Option<String>, Option<String>) {
    let mut groups: Vec<&GroupLag> = lag.groups().collect();
    let name = |a: &&GroupLag, b: &&GroupLag| (&a.flow, &a.group).cmp(&(&b.flow, &b.group));
    match shown.sort {
        Sort::Name => groups.sort_by(name),
        _ => groups.sort_by(|a, b| {
            let most = b.source_lag().cmp(&a.source_lag());
            b.status.cmp(&a.status).then(most).then_with(|| name(a, b))
        }),
    }
    if groups.is_empty() {
        return (None, None);
    }
    let mut table = Table::new(&GROUP_COLUMNS);
    let number = |value: Option<i64>| or_unknown(value, |value| value.to_string());
    for group in groups.iter().take(shown.rows_max) {
        table.row([
            group.flow.to_string(),
            group.group.clone(),
            group.state.clone(),
            group.partitions.len().to_string(),
            number(group.source_lag()),
            number(group.target_lag()),
            number(group.apart()),
            group.status.word().to_owned(),
        ]);
    }
    (Some(table.render()), left_out(groups.len(), shown, "groups"))
}
