//! What a failback found and did: a table for people, one document for programs, and the flow that goes the other
//! way as the configuration would have it.

use serde::Serialize;

use super::groups_sync::Group;
use super::human::or_unknown;
use super::table::{Column, Table};
use crate::config::settings::{FlowSettings, Rename};
use crate::engine::ended::Ended;
use crate::failback::export::Exported;
use crate::failback::reopen::Reopened;
use crate::failback::survey::{LeftOut, Survey, Surveyed};

/// Names the document's shape.
pub const SCHEMA: &str = "strait/failback/v1";

/// Says what each field of a partition holds; docs/json.md is made from here.
pub const PARTITION_FIELDS: &[(&str, &str)] = &[
    ("topic", "source topic"),
    ("partition", "partition's index"),
    ("target_topic", "its name at the target"),
    ("source_next", "the first source offset that the flow had not copied"),
    ("source_end", "the source's end, for readers of committed records"),
    ("stranded", "records from `source_next` on that were never copied"),
    ("first_offset", "the first of them; null where there is none, or an earlier run settled them"),
    ("last_offset", "the last of them; null likewise"),
    ("first_ms", "the time of the first, in milliseconds since 1970; null likewise"),
    ("last_ms", "the newest time, in milliseconds since 1970; null likewise"),
    ("missing_from", "the first offset that was never copied and is gone at the source; null where none is"),
    ("missing_to", "the last such offset; null likewise"),
    (
        "settled",
        "what became of the stranded records: `append`, `leave`, `export` or `none`; null while open",
    ),
    (
        "new_from",
        "the target offset from which on what was written there is copied back; null where the flow never began with it",
    ),
    ("reopened_at", "the source offset that the flow goes on at; null where that was not moved, or not yet"),
    ("written_to", "whether records came to the source meanwhile, which the flow copies on"),
];

static COLUMNS: [Column; 8] = [
    Column::words("TOPIC"),
    Column::number("PARTITION"),
    Column::number("SOURCE-NEXT"),
    Column::number("STRANDED"),
    Column::words("OFFSETS"),
    Column::words("WRITTEN"),
    Column::number("NEW-FROM"),
    Column::words("STATE"),
];

/// Holds the whole answer.
#[derive(Clone, Debug, Serialize)]
pub struct FailbackData {
    /// The flow.
    pub flow: String,
    /// The flow that goes the other way.
    pub reverse: String,
    /// Whether the configuration has it.
    pub reverse_is_configured: bool,
    /// `[flows.<reverse>]` as the configuration would have it; `null` where it has it.
    pub reverse_config: Option<String>,
    /// True where nothing was changed.
    pub dry_run: bool,
    /// `surveyed`, `begun` or `done`.
    pub step: &'static str,
    /// The failover that is gone back from.
    pub ended: Ended,
    /// The partitions, by topic and index.
    pub partitions: Vec<PartitionJson>,
    /// Topics that are left out.
    pub left_out: Vec<LeftOutJson>,
    /// The files that were written.
    pub exported: Vec<Exported>,
    /// The groups as moved back.
    pub groups: Vec<Group>,
}

/// Holds one partition.
#[derive(Clone, Debug, Serialize)]
pub struct PartitionJson {
    topic: String,
    partition: i32,
    target_topic: String,
    source_next: i64,
    source_end: i64,
    stranded: u64,
    first_offset: Option<i64>,
    last_offset: Option<i64>,
    first_ms: Option<i64>,
    last_ms: Option<i64>,
    missing_from: Option<i64>,
    missing_to: Option<i64>,
    settled: Option<&'static str>,
    new_from: Option<i64>,
    reopened_at: Option<i64>,
    written_to: bool,
}

/// Holds one topic that is left out.
#[derive(Clone, Debug, Serialize)]
pub struct LeftOutJson {
    topic: String,
    code: &'static str,
    cause: String,
}

impl PartitionJson {
    /// Returns how many records are stranded.
    pub fn stranded(&self) -> u64 {
        self.stranded
    }
}

impl From<&LeftOut> for LeftOutJson {
    fn from(left: &LeftOut) -> Self {
        Self { topic: left.topic.to_string(), code: left.code, cause: left.cause.clone() }
    }
}

/// Puts together what is known of each partition.
pub fn partitions(survey: &Survey, reopened: &[Reopened]) -> Vec<PartitionJson> {
    let of = |one: &Surveyed| {
        let reopened = reopened.iter().find(|reopened| reopened.source == one.source);
        PartitionJson {
            topic: one.source.topic.to_string(),
            partition: one.source.partition,
            target_topic: one.target.topic.to_string(),
            source_next: one.source_next,
            source_end: one.source_end,
            stranded: one.stranded.records,
            first_offset: one.stranded.first,
            last_offset: one.stranded.last,
            first_ms: one.stranded.first_ms,
            last_ms: one.stranded.last_ms,
            missing_from: one.missing.map(|(from, _)| from),
            missing_to: one.missing.map(|(_, to)| to),
            settled: one.settled.as_ref().map(|settled| settled.fate.word()),
            new_from: one.new_from(),
            reopened_at: reopened.map(|reopened| reopened.source_next),
            written_to: reopened.is_some_and(|reopened| reopened.is_written_to),
        }
    };
    survey.partitions.iter().map(of).collect()
}

/// Lays the partitions out, one row each.
pub fn table(partitions: &[PartitionJson]) -> String {
    let mut table = Table::new(&COLUMNS);
    for partition in partitions {
        let span = partition.first_offset.zip(partition.last_offset);
        let times = partition.first_ms.zip(partition.last_ms);
        table.row([
            partition.topic.clone(),
            partition.partition.to_string(),
            partition.source_next.to_string(),
            partition.stranded.to_string(),
            or_unknown(span, |(first, last)| format!("{first}..{last}")),
            or_unknown(times, |(first, last)| format!("{} to {}", time(first), time(last))),
            or_unknown(partition.new_from, |offset| offset.to_string()),
            state(partition),
        ]);
    }
    table.render()
}

fn time(ms: i64) -> String {
    let at = std::time::UNIX_EPOCH + std::time::Duration::from_millis(u64::try_from(ms).unwrap_or_default());
    humantime::format_rfc3339_seconds(at).to_string()
}

fn state(partition: &PartitionJson) -> String {
    let missing = partition.missing_from.zip(partition.missing_to);
    let mut words: Vec<String> = partition.settled.iter().map(|word| (*word).to_owned()).collect();
    words.extend(missing.map(|(from, to)| format!("missing:{from}..{to}")));
    if partition.written_to {
        words.push("written_to".to_owned());
    }
    if words.is_empty() { "-".to_owned() } else { words.join(",") }
}

/// Writes a flow as the configuration would have it.
pub fn config(flow: &FlowSettings) -> String {
    let (include, exclude) = flow.topics.texts();
    let text = |text: &str| toml::Value::from(text).to_string();
    let list = |texts: &[String]| toml::Value::from(texts.to_vec()).to_string();
    let mut lines = vec![
        format!("[flows.{}]", flow.name),
        format!("source = {}", text(flow.source.as_str())),
        format!("target = {}", text(flow.target.as_str())),
        format!("topics = {}", list(&include)),
    ];
    if !exclude.is_empty() {
        lines.push(format!("exclude = {}", list(&exclude)));
    }
    if flow.rename != Rename::default() {
        lines.push(format!("rename = {}", text(&flow.rename.to_string())));
    }
    let groups: Vec<String> = flow.groups.texts().map(str::to_owned).collect();
    if !groups.is_empty() {
        lines.push(format!("groups = {}", list(&groups)));
    }
    lines.join("\n")
}
