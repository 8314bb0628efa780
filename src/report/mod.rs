//! What people and machines get to see: data on stdout, words on stderr.

mod problem;

use std::io::Write;
use std::sync::Arc;

use comfy_table::Table;
use serde_json::json;

pub use problem::Problem;

use crate::cli::Format;
use crate::engine::cell::PartitionCell;
use crate::engine::event::Event;
use crate::engine::partition::Phase;

/// Schema of the JSON Lines of `replicate`.
const SCHEMA: &str = "strait/replicate/v1";

/// Prints; a stream that was closed is passed over in silence.
#[derive(Clone, Debug)]
pub struct Printer {
    format: Format,
    quiet: bool,
}

impl Printer {
    /// Makes a printer.
    pub fn new(format: Format, quiet: bool) -> Self {
        Self { format, quiet }
    }

    fn out(&self, line: &str) {
        let _ = writeln!(std::io::stdout().lock(), "{line}");
    }

    fn words(&self, line: &str) {
        let _ = writeln!(std::io::stderr().lock(), "{line}");
    }

    /// Prints an error that is already worded.
    pub fn error_text(&self, text: &str) {
        self.words(text);
    }

    /// Prints a warning.
    pub fn warn(&self, text: &str) {
        if !self.quiet {
            self.words(&format!("warning: {text}"));
        }
    }

    /// Prints an error in its four parts, and as JSON where that is asked for.
    pub fn problem(&self, flow: &str, problem: &Problem) {
        self.words(&problem.to_string());
        if self.format == Format::Json {
            self.out(
                &json!({"schema": SCHEMA, "event": "error", "flow": flow, "error": problem.to_json()})
                    .to_string(),
            );
        }
    }

    /// Prints what happened in a flow.
    pub fn event(&self, flow: &str, event: &Event) {
        let (name, words, mut data) = describe(event);
        if self.format == Format::Json {
            data["schema"] = SCHEMA.into();
            data["event"] = name.into();
            data["flow"] = flow.into();
            self.out(&data.to_string());
        } else if !self.quiet || matches!(event, Event::Stopped { .. } | Event::Skipped { .. }) {
            self.words(&format!("{flow}: {words}"));
        }
    }

    /// Prints the final positions.
    pub fn positions(&self, flow: &str, cells: &[Arc<PartitionCell>]) {
        let mut table = Table::new();
        table.load_style(comfy_table::presets::NOTHING);
        table.set_header(["TOPIC", "PARTITION", "SOURCE-NEXT", "TARGET-NEXT", "RECORDS", "STATE"]);
        for cell in cells {
            let state = cell.lock();
            let copy = &state.partition;
            let word = state_word(copy.phase());
            if self.format == Format::Json {
                let line = json!({
                    "schema": SCHEMA, "event": "finished", "flow": flow,
                    "topic": cell.source.topic.as_str(), "partition": cell.source.partition,
                    "source_next": copy.copied().0, "target_next": copy.target_next().0,
                    "records": copy.totals().records, "bytes": copy.totals().bytes,
                    "passed_through": copy.totals().passed_through, "reencoded": copy.totals().reencoded,
                    "state": word,
                });
                self.out(&line.to_string());
            } else {
                table.add_row([
                    cell.source.topic.to_string(),
                    cell.source.partition.to_string(),
                    copy.copied().to_string(),
                    copy.target_next().to_string(),
                    copy.totals().records.to_string(),
                    word.to_owned(),
                ]);
            }
        }
        if self.format == Format::Text && !self.quiet {
            self.out(&table.trim_fmt());
        }
    }
}

fn state_word(phase: &Phase) -> &'static str {
    match phase {
        Phase::Starting => "starting",
        Phase::Copying => "copying",
        Phase::Finished => "finished",
        Phase::Stopped(_) => "stopped",
    }
}

fn describe(event: &Event) -> (&'static str, String, serde_json::Value) {
    match event {
        Event::Started { topics, partitions } => (
            "started",
            format!("copying {partitions} partitions of {topics} topics"),
            json!({"topics": topics, "partitions": partitions}),
        ),
        Event::Progress { records, bytes, behind, in_trouble } => (
            "progress",
            format!(
                "{records} records copied, {} behind, {in_trouble} partitions in trouble",
                behind.map_or("-".to_owned(), |n| n.to_string())
            ),
            json!({"records": records, "bytes": bytes, "behind_offsets": behind, "in_trouble": in_trouble}),
        ),
        Event::TopicCreated { topic, partitions, replication_factor } => (
            "topic_created",
            format!("created topic {topic} with {partitions} partitions"),
            json!({"topic": topic.as_str(), "partitions": partitions, "replication_factor": replication_factor}),
        ),
        Event::PartitionsGrown { topic, from, to } => (
            "partitions_grown",
            format!("topic {topic} grew from {from} to {to} partitions"),
            json!({"topic": topic.as_str(), "from": from, "to": to}),
        ),
        Event::Failing { partition, cause } => (
            "partition_failing",
            format!("{partition} is failing: {cause}"),
            json!({"partition": partition.to_string(), "cause": cause}),
        ),
        Event::Recovered { partition } => (
            "partition_recovered",
            format!("{partition} goes on"),
            json!({"partition": partition.to_string()}),
        ),
        Event::Stopped { partition, cause } => (
            "partition_stopped",
            format!("{partition} stopped: {cause}\n  try:   {}", cause.hint()),
            json!({"partition": partition.to_string(), "code": cause.code(), "cause": cause.to_string(), "hint": cause.hint()}),
        ),
        Event::Skipped { partition, cause } => (
            "partition_skipped",
            format!("{partition} goes on without: {cause}"),
            json!({"partition": partition.to_string(), "code": cause.code(), "cause": cause.to_string()}),
        ),
        Event::Notice(notice) => ("notice", notice.to_string(), json!({"text": notice.to_string()})),
    }
}
