//! Medians, and the tables they are printed in.

use std::time::Duration;

use comfy_table::{CellAlignment, Table, presets};

use crate::copy::Took;
use crate::fill::Filled;
use crate::options::Tool;

/// Holds the medians of one tool's copies of one topic.
#[derive(Clone, Copy)]
pub struct Row {
    /// What copied.
    pub tool: Tool,
    /// The medians, each of its own.
    pub took: Took,
}

impl Row {
    /// Takes the medians.
    pub fn new(tool: Tool, all: &[Took]) -> Self {
        let duration = |field: fn(&Took) -> Duration| median(all.iter().map(field).collect());
        let took = Took {
            start_up: duration(|took| took.start_up),
            copying: duration(|took| took.copying),
            wall: duration(|took| took.wall),
            cpu_start_up: duration(|took| took.cpu_start_up),
            cpu: duration(|took| took.cpu),
            peak_bytes: median(all.iter().map(|took| took.peak_bytes).collect()),
        };
        Self { tool, took }
    }
}

/// Returns the middle one; of an even number the upper of the two.
pub fn median<T: Ord + Copy>(mut all: Vec<T>) -> T {
    all.sort_unstable();
    all[all.len() / 2]
}

/// Starts a table that reads as Markdown.
pub fn markdown(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_header(header);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// Shows what each tool took for one topic; ratios are the tool's figure over Strait's.
pub fn copies(filled: &Filled, rows: &[Row]) -> String {
    let mut table = markdown(&[
        filled.workload.topic(),
        "wall s",
        "start-up s",
        "copying s",
        "MB/s",
        "CPU s",
        "of it start-up",
        "CPU s/GB",
        "peak MB",
        "wall ratio",
        "CPU ratio",
    ]);
    let strait = rows.iter().find(|row| row.tool == Tool::Strait);
    for row in rows {
        let took = row.took;
        let ratio = |field: fn(&Took) -> Duration| {
            strait.map_or_else(
                || "-".to_owned(),
                |s| format!("{:.1}", seconds(field(&took)) / seconds(field(&s.took))),
            )
        };
        table.add_row([
            row.tool.title().to_owned(),
            format!("{:.2}", seconds(took.wall)),
            format!("{:.2}", seconds(took.start_up)),
            format!("{:.2}", seconds(took.copying)),
            format!("{:.0}", filled.gigabytes() * 1e3 / seconds(took.copying)),
            format!("{:.2}", seconds(took.cpu)),
            format!("{:.2}", seconds(took.cpu_start_up)),
            format!("{:.2}", seconds(took.cpu) / filled.gigabytes()),
            format!("{:.0}", took.peak_bytes as f64 / 1e6),
            ratio(|took| took.wall),
            ratio(|took| took.cpu),
        ]);
    }
    table.to_string()
}

/// Returns seconds, never quite zero, to divide by.
pub fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64().max(0.001)
}
