//! Where a flow that is ended leaves its partitions and groups: tables for people, one document for programs.

use std::time::Duration;

use serde::Serialize;

use super::groups_sync::Group;
use super::human::{duration, or_unknown};
use super::table::{Column, Table};
use crate::engine::ended::Ended;
use crate::failover::groups::Standing;
use crate::failover::plan::{Missing, Place};

/// Names the document's shape.
pub const SCHEMA: &str = "strait/failover/v1";

/// Says what each field of a partition holds; docs/json.md is made from here.
pub const PARTITION_FIELDS: &[(&str, &str)] = &[
    ("topic", "source topic"),
    ("partition", "partition's index"),
    ("target_topic", "its name at the target"),
    (
        "source_next",
        "the first source offset that is not at the target; null where the flow never began with it",
    ),
    ("exactness", "of `source_next`: `exact`, `at_least` where the source could not be asked, or `unknown`"),
    ("target_next", "the first target offset behind all that the flow wrote"),
    ("source_end", "the last known end of the source's log; null where none is known"),
    ("source_end_ms", "when that was seen, in milliseconds since 1970"),
    (
        "missing",
        "source offsets known not to be at the target: `source_next` to `source_end`, at most so many records; null \
         where unknown",
    ),
    ("stopped", "why the copy had stopped, if it had: a stable name; else null"),
];

static COLUMNS: [Column; 8] = [
    Column::words("TOPIC"),
    Column::number("PARTITION"),
    Column::number("SOURCE-NEXT"),
    Column::words("EXACTNESS"),
    Column::number("SOURCE-END"),
    Column::number("SEEN"),
    Column::number("MISSING"),
    Column::words("STATE"),
];
static GROUP_COLUMNS: [Column; 4] =
    [Column::words("GROUP"), Column::words("TOPIC"), Column::number("PARTITION"), Column::number("TARGET")];

/// Holds the whole answer.
#[derive(Clone, Debug, Serialize)]
pub struct FailoverData {
    /// The flow.
    pub flow: String,
    /// `planned` or `unplanned`.
    pub how: &'static str,
    /// True where nothing was changed.
    pub dry_run: bool,
    /// The failover record as it stands; `null` where the flow is not ended.
    pub ended: Option<Ended>,
    /// Whether the source answered.
    pub source_answered: bool,
    /// Sums over the partitions.
    pub missing: MissingJson,
    /// The partitions, by topic and index.
    pub partitions: Vec<PartitionJson>,
    /// The groups as moved from the source's offsets; empty where it did not answer.
    pub groups: Vec<Group>,
    /// What groups have committed at the target, where the source did not answer.
    pub standing: Vec<StandingJson>,
}

/// Sums up what is missing.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct MissingJson {
    offsets: u64,
    partitions: usize,
    unknown_partitions: usize,
    is_bound: bool,
}

/// Holds one partition.
#[derive(Clone, Debug, Serialize)]
pub struct PartitionJson {
    topic: String,
    partition: i32,
    target_topic: String,
    source_next: Option<i64>,
    exactness: &'static str,
    target_next: i64,
    source_end: Option<i64>,
    source_end_ms: Option<i64>,
    missing: Option<u64>,
    stopped: Option<String>,
}

/// Holds one committed offset at the target.
#[derive(Clone, Debug, Serialize)]
pub struct StandingJson {
    group: String,
    target_topic: String,
    partition: i32,
    target_offset: Option<i64>,
}

impl From<Missing> for MissingJson {
    fn from(missing: Missing) -> Self {
        let Missing { offsets, partitions, unknown, is_bound } = missing;
        Self { offsets, partitions, unknown_partitions: unknown, is_bound }
    }
}

impl From<&Place> for PartitionJson {
    fn from(place: &Place) -> Self {
        let exactness = match (place.source_next, place.is_exact) {
            (None, _) => "unknown",
            (Some(_), true) => "exact",
            (Some(_), false) => "at_least",
        };
        Self {
            topic: place.source.topic.to_string(),
            partition: place.source.partition,
            target_topic: place.target.topic.to_string(),
            source_next: place.source_next,
            exactness,
            target_next: place.target_next,
            source_end: place.source_end.map(|end| end.offset),
            source_end_ms: place.source_end.map(|end| end.at_ms),
            missing: place.missing(),
            stopped: place.stopped.as_ref().map(|trouble| trouble.code.clone()),
        }
    }
}

impl From<&Standing> for StandingJson {
    fn from(standing: &Standing) -> Self {
        Self {
            group: standing.group.clone(),
            target_topic: standing.target.topic.to_string(),
            partition: standing.target.partition,
            target_offset: standing.offset,
        }
    }
}

/// Lays the partitions out, one row each; `now_ms` tells how long ago an end was seen.
pub fn table(partitions: &[PartitionJson], now_ms: i64) -> String {
    let mut table = Table::new(&COLUMNS);
    for partition in partitions {
        let number = |number: Option<i64>| or_unknown(number, |number| number.to_string());
        let age = partition.source_end_ms.map(|at_ms| u64::try_from(now_ms - at_ms).unwrap_or(0));
        table.row([
            partition.topic.clone(),
            partition.partition.to_string(),
            number(partition.source_next),
            partition.exactness.to_owned(),
            number(partition.source_end),
            or_unknown(age, |age| duration(Duration::from_millis(age))),
            or_unknown(partition.missing, |missing| missing.to_string()),
            or_unknown(partition.stopped.as_ref(), |code| format!("stopped:{code}")),
        ]);
    }
    table.render()
}

/// Lays out what groups have committed at the target; `None` where there is nothing.
pub fn standing_table(standing: &[StandingJson]) -> Option<String> {
    let mut table = Table::new(&GROUP_COLUMNS);
    for row in standing {
        table.row([
            row.group.clone(),
            row.target_topic.clone(),
            row.partition.to_string(),
            or_unknown(row.target_offset, |offset| offset.to_string()),
        ]);
    }
    (!standing.is_empty()).then(|| table.render())
}

/// Says in one line what is missing.
pub fn missing_line(missing: Missing) -> String {
    let Missing { offsets, partitions, unknown, is_bound } = missing;
    let many =
        |count: usize| if count == 1 { "1 partition".to_owned() } else { format!("{count} partitions") };
    let known = match (offsets, is_bound) {
        (0, _) => "nothing is known to be missing at the target".to_owned(),
        (offsets, is_bound) => format!(
            "{}{offsets} source offset{} of {} not at the target",
            if is_bound { "up to " } else { "" },
            if offsets == 1 { "" } else { "s" },
            many(partitions),
        ),
    };
    match unknown {
        0 => known,
        unknown => format!("{known}; of {} it is not known", many(unknown)),
    }
}
