//! Tells how a run goes: lines drawn over themselves on a terminal, one after another elsewhere, and
//! JSON Lines for programs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::output::{Format, Output};
use super::positions::{FinalPosition, ROWS_MAX, positions_table};
use super::problem::{Problem, ProblemJson, Scope};
use super::progress::FlowProgress;
use super::rights::Principals;
use crate::engine::event::{Event, StopCause};
use crate::exit::Exit;
use crate::types::TopicPartition;

/// Names the shape of the JSON Lines.
pub const SCHEMA: &str = "strait/replicate/v1";
/// Partitions named in one line of words; all of them are counted.
const PARTITIONS_NAMED_MAX: usize = 3;

/// Tells events and progress of all flows of one run; clones share the terminal.
#[derive(Clone, Debug)]
pub struct Reporter {
    output: Output,
    bars: Arc<Mutex<BTreeMap<String, ProgressBar>>>,
    principals: Arc<OnceLock<Principals>>,
}

impl Reporter {
    /// Starts to tell on `output`.
    pub fn new(output: Output) -> Self {
        Self { output, bars: Arc::default(), principals: Arc::default() }
    }

    /// Learns who the principals of the flows are, once the configuration is read.
    pub fn learn(&self, principals: Principals) {
        // A configuration is read once.
        let _ = self.principals.set(principals);
    }

    /// Adds to a problem whose rights it is about, where it is about rights.
    pub fn complete(&self, problem: Problem) -> Problem {
        match self.principals() {
            Some(principals) => principals.complete(problem),
            None => problem,
        }
    }

    fn principals(&self) -> Option<&Principals> {
        self.principals.get().or_else(|| self.output.principals())
    }

    fn alarm(&self, flow: &str, text: String) {
        // librdkafka, which joins the group of those that share a flow, does not say what is missing.
        let text = match text.contains("Group authorization failed") {
            true => format!("{text}; grant Read on group strait.{flow}.workers"),
            false => text,
        };
        let text = match self.principals() {
            Some(principals) => principals.complete_words(flow, text),
            None => text,
        };
        self.output.alarm(&format!("{flow}: {text}"));
    }

    /// Returns where it tells.
    pub fn output(&self) -> &Output {
        &self.output
    }

    /// Tells events of a flow that came together: each on a line of its own in JSON; in words, what
    /// befell several partitions for one cause is told once.
    pub fn events(&self, flow: &str, events: &[Event]) {
        if self.output.format() == Format::Json {
            events.iter().for_each(|event| self.line(name_of(event), Some(flow), fields_of(event)));
            return;
        }
        let mut failing: BTreeMap<&str, Vec<&TopicPartition>> = BTreeMap::new();
        let mut stopped: BTreeMap<String, (&StopCause, Vec<&TopicPartition>)> = BTreeMap::new();
        let mut recovered = Vec::new();
        for event in events {
            match event {
                Event::Failing { partition, cause } => failing.entry(cause).or_default().push(partition),
                Event::Stopped { partition, cause } => {
                    stopped.entry(cause.to_string()).or_insert((cause, Vec::new())).1.push(partition);
                }
                Event::Recovered { partition } => recovered.push(partition),
                other => self.event_text(flow, other),
            }
        }
        for (cause, partitions) in failing {
            let are = if partitions.len() == 1 { "is" } else { "are" };
            self.alarm(flow, format!("{} {are} failing: {cause}", named(&partitions)));
        }
        for (cause, partitions) in stopped.into_values() {
            self.output.problem(&self.complete(stop_problem(flow, &partitions, cause)));
        }
        if !recovered.is_empty() {
            let go = if recovered.len() == 1 { "goes" } else { "go" };
            self.output.say(&format!("{flow}: {} {go} on", named(&recovered)));
        }
    }

    fn event_text(&self, flow: &str, event: &Event) {
        let output = &self.output;
        match event {
            Event::Started { topics, partitions } => {
                output.say(&format!("{flow}: copying {partitions} partitions of {topics} topics"));
            }
            Event::TopicCreated { topic, partitions, replication_factor } => {
                let copies = match replication_factor {
                    -1 => "the brokers' default replication factor".to_owned(),
                    factor => format!("replication factor {factor}"),
                };
                output.say(&format!("{flow}: created topic {topic} with {partitions} partitions, {copies}"));
            }
            Event::PartitionsGrown { topic, from, to } => {
                output.say(&format!("{flow}: topic {topic} grew from {from} to {to} partitions"));
            }
            Event::Shared { partitions, of } => {
                output.say(&format!("{flow}: {partitions} of {of} partitions are this process's"));
            }
            // Told by `events`, several at once.
            Event::Failing { .. } | Event::Recovered { .. } | Event::Stopped { .. } => {}
            Event::Skipped { partition, cause } => {
                output.alarm(&format!("{flow}: {partition} goes on without: {cause}"));
            }
            Event::GroupsFollow { groups } => {
                output.say(&format!("{flow}: consumer {} moved along: {}", are(groups), some(groups)));
            }
            Event::GroupsHeld { groups, cause, .. } => {
                output.alarm(&format!(
                    "{flow}: consumer {} not moved: {}: {cause}",
                    are(groups),
                    some(groups)
                ));
            }
            Event::Notice(notice) => self.alarm(flow, notice.to_string()),
        }
    }

    /// Tells progress: redraws the flows' lines on a terminal, adds a line per flow elsewhere.
    pub fn progress(&self, flows: &[FlowProgress]) {
        for flow in flows {
            if self.output.format() == Format::Json {
                self.line("progress", Some(&flow.flow), object(flow));
            } else if self.output.is_animated() {
                // The last column stays free: some terminals wrap when it is written.
                let line = flow.line(self.output.width().saturating_sub(1));
                self.bar(&flow.flow).set_message(line);
            } else {
                self.output.say(&flow.line(usize::MAX));
            }
        }
    }

    fn bar(&self, flow: &str) -> ProgressBar {
        let mut bars = self.bars.lock().unwrap_or_else(PoisonError::into_inner);
        let made = || {
            let style =
                ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
            self.output.bars().add(ProgressBar::new_spinner().with_style(style))
        };
        bars.entry(flow.to_owned()).or_insert_with(made).clone()
    }

    /// Tells that a cluster cannot be reached yet and is tried again.
    pub fn waiting(&self, flow: &str, cause: &str) {
        match self.output.format() {
            Format::Json => self.line("waiting", Some(flow), object(&json!({ "cause": cause }))),
            _ => self.output.alarm(&format!("{flow}: trying again: {cause}")),
        }
    }

    /// Tells that the run is ending because somebody said so.
    pub fn stopping(&self) {
        match self.output.format() {
            Format::Json => self.line("stopping", None, Map::new()),
            _ => {
                self.output.say("stopping: finishing what is in flight; once more to stop at once");
            }
        }
    }

    /// Takes the drawn lines away, before the last words.
    pub fn clear(&self) {
        let bars = std::mem::take(&mut *self.bars.lock().unwrap_or_else(PoisonError::into_inner));
        bars.into_values().for_each(|bar| bar.finish_and_clear());
    }

    /// Tells how the run ended: the final positions as data, and in JSON a last line with the status,
    /// the exit code and every error. `summaries` says it per flow in words.
    pub fn ended(&self, exit: Exit, positions: &[FinalPosition], summaries: &[String], errors: &[Problem]) {
        self.clear();
        if self.output.format() == Format::Json {
            for position in positions {
                self.line("finished", Some(&position.flow), object(position));
            }
            let records: u64 = positions.iter().map(|position| position.records).sum();
            let bytes: u64 = positions.iter().map(|position| position.bytes).sum();
            let data = json!({ "partitions": positions.len(), "records": records, "bytes": bytes });
            self.last_line(exit, &(!positions.is_empty()).then_some(data), errors);
            return;
        }
        if !positions.is_empty() && !self.output.is_quiet() {
            self.output.data(&positions_table(positions));
            if positions.len() > ROWS_MAX {
                self.output.say("each partition's position: --format json");
            }
        }
        summaries.iter().for_each(|summary| self.output.say(summary));
    }

    /// Tells that the run could not begin; the problems are told in words too.
    pub fn refused(&self, exit: Exit, problems: &[Problem]) {
        problems.iter().for_each(|problem| self.output.problem(problem));
        self.refused_in_words(exit, problems);
    }

    /// Tells programs that the run could not begin, where people have been told.
    pub fn refused_in_words(&self, exit: Exit, problems: &[Problem]) {
        if self.output.format() == Format::Json {
            self.last_line(exit, &None, problems);
        }
    }

    fn last_line(&self, exit: Exit, data: &Option<Value>, errors: &[Problem]) {
        let errors: Vec<ProblemJson> = errors.iter().map(Problem::to_json).collect();
        let fields = json!({
            "status": exit.status(), "exit_code": exit.code(), "data": data, "errors": errors,
        });
        self.line("ended", None, object(&fields));
    }

    fn line(&self, event: &str, flow: Option<&str>, fields: Map<String, Value>) {
        self.output.json_line(&Line { schema: SCHEMA, event, flow, fields });
    }
}

#[derive(Serialize)]
struct Line<'a> {
    schema: &'static str,
    event: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    flow: Option<&'a str>,
    #[serde(flatten)]
    fields: Map<String, Value>,
}

/// Names partitions, the first few of many: `orders[0]`, or `300 partitions (orders[0], ...)`.
fn named(partitions: &[&TopicPartition]) -> String {
    let shown: Vec<String> = partitions.iter().take(PARTITIONS_NAMED_MAX).map(ToString::to_string).collect();
    let more = if partitions.len() > shown.len() { ", ..." } else { "" };
    match partitions {
        [one] => one.to_string(),
        all => format!("{} partitions ({}{more})", all.len(), shown.join(", ")),
    }
}

/// Describes partitions that stopped for good, for one cause.
pub fn stop_problem(flow: &str, partitions: &[&TopicPartition], cause: &StopCause) -> Problem {
    let scope = match partitions {
        [one] => Scope::Partition { flow: flow.to_owned(), partition: one.to_string() },
        _ => Scope::Flow(flow.to_owned()),
    };
    Problem::new(cause.code(), scope, format!("{} stopped", named(partitions)))
        .place(format!("flow {flow}"))
        .cause(cause.to_string())
        .hint(cause.hint())
}

/// Most consumer groups named in a line.
const GROUPS_NAMED_MAX: usize = 5;

fn are(groups: &[String]) -> String {
    match groups.len() {
        1 => "group is".to_owned(),
        count => format!("groups are ({count})"),
    }
}

fn some(groups: &[String]) -> String {
    let mut named = groups.iter().take(GROUPS_NAMED_MAX).cloned().collect::<Vec<_>>().join(", ");
    if groups.len() > GROUPS_NAMED_MAX {
        named.push_str(&format!(" and {} more", groups.len() - GROUPS_NAMED_MAX));
    }
    named
}

fn name_of(event: &Event) -> &'static str {
    match event {
        Event::Started { .. } => "started",
        Event::TopicCreated { .. } => "topic_created",
        Event::PartitionsGrown { .. } => "partitions_grown",
        Event::Shared { .. } => "shared",
        Event::Failing { .. } => "partition_failing",
        Event::Recovered { .. } => "partition_recovered",
        Event::Stopped { .. } => "partition_stopped",
        Event::Skipped { .. } => "partition_skipped",
        Event::GroupsFollow { .. } => "groups_follow",
        Event::GroupsHeld { .. } => "groups_held",
        Event::Notice(_) => "notice",
    }
}

fn fields_of(event: &Event) -> Map<String, Value> {
    let at = |partition: &TopicPartition| {
        object(&json!({ "topic": partition.topic.as_str(), "partition": partition.partition }))
    };
    let with = |partition: &TopicPartition, more: Value| {
        let mut fields = at(partition);
        fields.extend(object(&more));
        fields
    };
    let stop =
        |cause: &StopCause| json!({ "code": cause.code(), "cause": cause.to_string(), "hint": cause.hint() });
    match event {
        Event::Started { topics, partitions } => {
            object(&json!({ "topics": topics, "partitions": partitions }))
        }
        Event::TopicCreated { topic, partitions, replication_factor } => object(&json!({
            "topic": topic.as_str(),
            "partitions": partitions,
            "replication_factor": (*replication_factor >= 0).then_some(replication_factor),
        })),
        Event::PartitionsGrown { topic, from, to } => {
            object(&json!({ "topic": topic.as_str(), "from": from, "to": to }))
        }
        Event::Shared { partitions, of } => object(&json!({ "partitions": partitions, "of": of })),
        Event::Failing { partition, cause } => with(partition, json!({ "cause": cause })),
        Event::Recovered { partition } => at(partition),
        Event::Stopped { partition, cause } | Event::Skipped { partition, cause } => {
            with(partition, stop(cause))
        }
        Event::GroupsFollow { groups } => object(&json!({ "groups": groups })),
        Event::GroupsHeld { groups, code, cause } => {
            object(&json!({ "groups": groups, "code": code, "cause": cause }))
        }
        Event::Notice(notice) => object(&json!({ "text": notice.to_string() })),
    }
}

/// Takes the fields of a value that is a JSON object; everything handed in here is one.
fn object<T: Serialize>(value: &T) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) | Err(_) => Map::new(),
    }
}

#[cfg(test)]
#[path = "reporter_tests.rs"]
mod tests;
