//! A plan of `topics sync` as people read it: `+ ~ -` for what is done, `!` for findings, `?` for notes.

use super::human::wrap;
use super::rights::name_user;
use super::style::Style;
use super::topics_findings::{hint, ids, message, plural};
use crate::kafka::acls::{PatternKind, TopicAcl};
use crate::provision::change::{Change, Counts, Finding};
use crate::types::TopicName;

/// Names longer than this get a line of their own.
const NAME_COLUMNS_MAX: usize = 24;
/// Partitions listed for one topic; all of them are in the JSON document.
const MOVES_LISTED_MAX: usize = 8;

/// Holds one flow's part of a plan.
#[derive(Clone, Copy, Debug)]
pub struct FlowText<'a> {
    /// The flow's name, where there are several.
    pub title: Option<&'a str>,
    /// What is to be done, changes of one topic together.
    pub changes: &'a [Change],
    /// What cannot be, or is left alone.
    pub findings: &'a [Finding],
    /// The user at the source and at the target, whom advice about rights is about.
    pub principals: [&'a str; 2],
}

/// Counts the findings that are more than notes.
pub fn count_findings<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> usize {
    findings.into_iter().filter(|finding| !finding.is_note()).count()
}

/// Writes the plan's last line.
pub fn summary(counts: Counts, findings: usize) -> String {
    let Counts { create, change, delete } = counts;
    match (counts.total(), findings) {
        (0, 0) => "No changes.".to_owned(),
        (0, _) => format!("No changes, {}.", plural(findings, "finding")),
        _ => {
            let findings = plural(findings, "finding");
            format!("Plan: {create} to create, {change} to change, {delete} to delete, {findings}.")
        }
    }
}

/// Writes a flow's changes and findings, one a topic, no line longer than `width` where words allow it.
pub fn render(flow: FlowText<'_>, style: Style, width: usize) -> String {
    let mut entries: Vec<Entry> = Vec::new();
    let mut rest = flow.changes;
    while let Some(first) = rest.first() {
        let same = rest.iter().take_while(|change| is_together(first, change)).count().max(1);
        entries.push(Entry::of(&rest[..same]));
        rest = &rest[same..];
    }
    let (notes, findings): (Vec<&Finding>, Vec<&Finding>) =
        flow.findings.iter().partition(|finding| finding.is_note());
    let told = |mark| move |finding| Entry::finding(mark, finding, flow.principals);
    entries.extend(findings.into_iter().map(told('!')));
    entries.extend(notes.into_iter().map(told('?')));
    let name_columns = entries.iter().map(|entry| columns(&entry.name)).filter(|c| *c <= NAME_COLUMNS_MAX);
    let page = Page { name_columns: name_columns.max().unwrap_or(0), width, style };
    let mut lines: Vec<String> =
        flow.title.map(|title| style.label(&format!("{title}:"))).into_iter().collect();
    entries.iter().for_each(|entry| page.write(entry, &mut lines));
    lines.join("\n")
}

fn is_together(first: &Change, other: &Change) -> bool {
    first.topic().is_some() && first.topic() == other.topic()
}

fn columns(text: &str) -> usize {
    text.chars().count()
}

/// Holds what is said of one topic.
struct Entry {
    mark: char,
    name: String,
    /// What is said, each under a key where there is one.
    details: Vec<(String, String)>,
}

impl Entry {
    fn of(changes: &[Change]) -> Self {
        let name = match &changes[0] {
            Change::Unthrottle { broker, .. } => format!("broker {broker}"),
            change => change.topic().map_or_else(|| "ACL".to_owned(), TopicName::to_string),
        };
        let mark = match &changes[0] {
            Change::Create { .. } | Change::AddAcl { .. } => '+',
            Change::Delete { .. } => '-',
            _ => '~',
        };
        let mut details: Vec<(String, String)> = Vec::new();
        let moves = changes.iter().filter(|change| matches!(change, Change::Move { .. })).count();
        let mut listed = 0;
        for change in changes {
            if matches!(change, Change::Move { .. }) {
                listed += 1;
                if listed > MOVES_LISTED_MAX {
                    continue;
                }
            }
            details.push(detail(change));
        }
        if moves > MOVES_LISTED_MAX {
            let more = moves - MOVES_LISTED_MAX;
            details.push((String::new(), format!("and the replicas of {} more", plural(more, "partition"))));
        }
        Self { mark, name, details }
    }

    fn finding(mark: char, finding: &Finding, principals: [&str; 2]) -> Self {
        let name = match finding {
            Finding::ThrottledBrokers { .. } => "brokers".to_owned(),
            finding => finding.topic().map_or_else(|| "ACLs".to_owned(), TopicName::to_string),
        };
        let mut details = vec![(String::new(), message(finding))];
        let hint = hint(finding).map(|hint| name_user(&hint, principals));
        details.extend(hint.map(|hint| (String::new(), format!("try: {hint}"))));
        Self { mark, name, details }
    }
}

fn detail(change: &Change) -> (String, String) {
    match change {
        Change::Create { partitions, replication_factor, configs, .. } => {
            let replicas =
                replication_factor.map_or_else(|| "default RF".to_owned(), |rf| format!("RF {rf}"));
            let mut parts = vec![plural(*partitions, "partition"), replicas];
            parts.extend(configs.iter().map(|(key, value)| format!("{key}={value}")));
            (String::new(), parts.join(", "))
        }
        Change::Grow { from, to, .. } => ("partitions".to_owned(), format!("{from} -> {to}")),
        Change::SetConfig { key, from, is_default, to, .. } => {
            let from = match (from, is_default) {
                (Some(from), true) => format!("{} (default)", shown(from)),
                (Some(from), false) => shown(from).to_owned(),
                (None, _) => "(unset)".to_owned(),
            };
            (key.clone(), format!("{from} -> {}", shown(to)))
        }
        Change::UnsetConfig { key, from, .. } => (key.clone(), format!("{} -> (default)", shown(from))),
        Change::Move { partition, from, to, .. } => {
            (format!("replicas of {partition}"), format!("{} -> {}", ids(from), ids(to)))
        }
        Change::Delete { partitions, .. } => (
            String::new(),
            format!("{} and all records; the source has it no more", plural(*partitions, "partition")),
        ),
        Change::Unthrottle { from, .. } => {
            let unset = from.iter().map(|(key, value)| format!("{key} {value} -> (default)"));
            (String::new(), unset.collect::<Vec<_>>().join(", "))
        }
        Change::AddAcl { acl } => (String::new(), entry(acl)),
    }
}

/// Writes a change on one line, with its topic.
pub fn in_short(change: &Change) -> String {
    let (key, what) = detail(change);
    let what = if key.is_empty() { what } else { format!("{key} {what}") };
    match change {
        Change::AddAcl { .. } => format!("ACL {what}"),
        Change::Unthrottle { broker, .. } => format!("broker {broker}: {what}"),
        Change::Create { topic, .. } => format!("{topic}: create"),
        Change::Delete { topic, .. } => format!("{topic}: delete"),
        _ => format!("{}: {what}", change.topic().map_or("", TopicName::as_str)),
    }
}

/// Writes an access control entry.
fn entry(acl: &TopicAcl) -> String {
    let topics = match acl.pattern {
        PatternKind::Literal => format!("topic {}", acl.resource),
        PatternKind::Prefixed => format!("topics {}* (prefix)", acl.resource),
    };
    let (permission, operation) = (acl.permission.word(), acl.operation.word());
    format!("{permission} {operation} on {topics} to {} from host {}", acl.principal, acl.host)
}

/// An empty value would look like none.
fn shown(value: &str) -> &str {
    if value.is_empty() { "\"\"" } else { value }
}

struct Page {
    name_columns: usize,
    width: usize,
    style: Style,
}

impl Page {
    fn write(&self, entry: &Entry, lines: &mut Vec<String>) {
        let mark = match entry.mark {
            '+' => self.style.added("+"),
            '-' => self.style.removed("-"),
            '~' => self.style.changed("~"),
            '!' => self.style.error("!"),
            mark => self.style.label(&mark.to_string()),
        };
        let indent = 2 + self.name_columns + 2;
        let key_columns = entry.details.iter().map(|(key, _)| columns(key)).max().unwrap_or(0);
        let mut rows: Vec<String> = Vec::new();
        for (key, value) in &entry.details {
            let lead = if key_columns == 0 { String::new() } else { format!("{key:<key_columns$}  ") };
            let room = self.width.saturating_sub(indent + columns(&lead)).max(1);
            for (index, part) in wrap(value, room).into_iter().enumerate() {
                let lead = if index == 0 { lead.clone() } else { " ".repeat(columns(&lead)) };
                rows.push(format!("{lead}{part}"));
            }
        }
        let mut rows = rows.into_iter();
        let gap = " ".repeat(indent);
        if columns(&entry.name) <= self.name_columns {
            let name = &entry.name;
            let first = rows.next().unwrap_or_default();
            lines.push(format!("{mark} {name:<width$}  {first}", width = self.name_columns));
        } else {
            lines.push(format!("{mark} {}", entry.name));
        }
        lines.extend(rows.map(|row| format!("{gap}{row}")));
    }
}

#[cfg(test)]
#[path = "topics_plan_tests.rs"]
mod tests;
