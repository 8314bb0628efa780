//! What is to be done, or was done, for consumer groups: a row for each offset, and the whole for programs.

use serde::Serialize;

use super::table::{Column, Table};
use crate::groups::apply::NotCommitted;
use crate::groups::plan::{GroupPlan, Move, Step};

/// Names the document's shape.
pub const SCHEMA: &str = "strait/groups-sync/v1";

/// Says what each field of an offset holds; docs/json.md is made from here.
pub const OFFSET_FIELDS: &[(&str, &str)] = &[
    ("topic", "source topic"),
    ("partition", "partition's index"),
    ("target_topic", "its name at the target"),
    ("source_offset", "what the group committed at the source; null where it cannot be read"),
    ("target_now", "what the group had committed at the target; null for nothing"),
    ("target_offset", "the translated offset; null where there is none"),
    (
        "exactness",
        "`exact`: going on there reads nothing twice and leaves nothing out; `at_or_before`: it leaves nothing out; \
         `unknown`",
    ),
    (
        "action",
        "`commit`, `rewind` (commit further back, with `--allow-rewind`), `none` (in place already), `left`",
    ),
    ("applied", "with `--apply`, whether it was committed; else null"),
    ("reason", "why it is only a bound, left, or not committed: code and cause; else null"),
    (
        "removed",
        "where retention took records the group had not read: `side` and `log_start`, the first offset left there; \
         else null",
    ),
];

static COLUMNS: [Column; 9] = [
    Column::words("FLOW"),
    Column::words("GROUP"),
    Column::words("TOPIC"),
    Column::number("PARTITION"),
    Column::number("SOURCE"),
    Column::number("TARGET-NOW"),
    Column::number("TARGET"),
    Column::words("EXACTNESS"),
    Column::words("CHANGE"),
];

/// Holds the groups of one flow.
#[derive(Clone, Debug, Serialize)]
pub struct FlowGroups {
    /// The flow.
    pub flow: String,
    /// True where the plan was carried out.
    pub applied: bool,
    /// Selected groups that committed nothing for the flow's topics.
    pub groups_without_offsets: usize,
    /// The groups, by name.
    pub groups: Vec<Group>,
}

/// Holds one group.
#[derive(Clone, Debug, Serialize)]
pub struct Group {
    /// The group.
    pub group: String,
    /// Why nothing of it can be moved; `null` where it can.
    pub blocked: Option<Reason>,
    /// Its offsets, by topic and partition.
    pub offsets: Vec<Offset>,
}

/// Holds one committed offset.
#[derive(Clone, Debug, Serialize)]
pub struct Offset {
    topic: String,
    partition: i32,
    target_topic: String,
    source_offset: Option<i64>,
    target_now: Option<i64>,
    target_offset: Option<i64>,
    exactness: &'static str,
    action: &'static str,
    applied: Option<bool>,
    reason: Option<Reason>,
    removed: Option<Removed>,
}

/// Says why.
#[derive(Clone, Debug, Serialize)]
pub struct Reason {
    /// A stable name.
    pub code: &'static str,
    /// In words.
    pub cause: String,
}

/// Says where retention took records that the group had not read.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Removed {
    side: &'static str,
    log_start: i64,
}

impl Group {
    /// Describes a plan; `outcome` says of a move whether it was carried out.
    pub fn of(plan: &GroupPlan, outcome: impl Fn(&Move) -> Option<Result<(), NotCommitted>>) -> Self {
        let blocked = plan.blocked.as_ref().map(|why| Reason { code: why.code(), cause: why.to_string() });
        let offsets = plan.moves.iter().map(|planned| Offset::of(planned, outcome(planned))).collect();
        Self { group: plan.group.clone(), blocked, offsets }
    }
}

impl Offset {
    fn of(planned: &Move, outcome: Option<Result<(), NotCommitted>>) -> Self {
        let left = match &planned.step {
            Step::Left(left) => Some(Reason { code: left.code(), cause: left.to_string() }),
            _ => None,
        };
        let failed = outcome.as_ref().and_then(|outcome| outcome.as_ref().err());
        let failed = failed.map(|why| Reason { code: why.code(), cause: why.to_string() });
        let bound = planned.bound().map(|bound| Reason { code: bound.code(), cause: bound.to_string() });
        let exactness = match (&planned.translated, &bound) {
            (None, _) => "unknown",
            (Some(_), None) => "exact",
            (Some(_), Some(_)) => "at_or_before",
        };
        let removed = planned.translated.as_ref().and_then(|translated| {
            let at_target = translated.is_raised_from.map(|_| ("target", translated.offset));
            let at_source = translated.is_before_log.map(|first| ("source", first));
            at_target.or(at_source).map(|(side, log_start)| Removed { side, log_start })
        });
        Self {
            topic: planned.source.topic.to_string(),
            partition: planned.source.partition,
            target_topic: planned.target.topic.to_string(),
            source_offset: planned.committed,
            target_now: planned.at_target,
            target_offset: planned.translated.as_ref().map(|translated| translated.offset),
            exactness,
            action: action(&planned.step),
            applied: outcome.as_ref().map(Result::is_ok),
            reason: failed.or(left).or(bound),
            removed,
        }
    }

    /// Says whether it needs nothing and nothing is to be said about it.
    fn is_quiet(&self) -> bool {
        self.action == "none"
    }
}

fn action(step: &Step) -> &'static str {
    match step {
        Step::Commit => "commit",
        Step::Rewind => "rewind",
        Step::InPlace => "none",
        Step::Left(_) => "left",
    }
}

/// Lays the groups out, one row an offset; those in place only where `all` are wanted. `None` where no row
/// is left.
pub fn table(flows: &[FlowGroups], all: bool) -> Option<String> {
    let mut table = Table::new(&COLUMNS);
    let mut is_empty = true;
    for flow in flows {
        for group in &flow.groups {
            if group.offsets.is_empty() {
                is_empty = false;
                let change = format!("left:{}", group.blocked.as_ref().map_or("unknown", |why| why.code));
                let mut cells = vec![flow.flow.clone(), group.group.clone()];
                cells.resize(COLUMNS.len() - 1, String::new());
                table.row(cells.into_iter().chain([change]));
            }
            for offset in group.offsets.iter().filter(|offset| all || !offset.is_quiet()) {
                is_empty = false;
                let number =
                    |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
                table.row([
                    flow.flow.clone(),
                    group.group.clone(),
                    offset.topic.clone(),
                    offset.partition.to_string(),
                    number(offset.source_offset),
                    number(offset.target_now),
                    number(offset.target_offset),
                    offset.exactness.to_owned(),
                    change(group, offset),
                ]);
            }
        }
    }
    (!is_empty).then(|| table.render())
}

fn change(group: &Group, offset: &Offset) -> String {
    let code = offset.reason.as_ref().map_or("", |reason| reason.code);
    match (offset.action, offset.applied) {
        ("left", _) if code == "blocked" => {
            format!("left:{}", group.blocked.as_ref().map_or("blocked", |why| why.code))
        }
        ("left", _) => format!("left:{code}"),
        (_, Some(false)) => format!("failed:{code}"),
        (action, Some(true)) => format!("{action}:done"),
        (action, None) => action.to_owned(),
    }
}

/// Counts what a plan comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Groups with offsets of the flows' topics.
    pub groups: usize,
    /// Offsets to be committed, or committed.
    pub changes: usize,
    /// Of these, those that are bounds.
    pub bounds: usize,
    /// Offsets in place.
    pub in_place: usize,
    /// Offsets that stay as they are though they are not in place.
    pub left: usize,
    /// Offsets that were refused.
    pub failed: usize,
}

impl Counts {
    /// Counts.
    pub fn of(flows: &[FlowGroups]) -> Self {
        let mut counts = Self::default();
        for group in flows.iter().flat_map(|flow| &flow.groups) {
            counts.groups += 1;
            for offset in &group.offsets {
                match (offset.action, offset.applied) {
                    ("none", _) => counts.in_place += 1,
                    ("left", _) => counts.left += 1,
                    (_, Some(false)) => counts.failed += 1,
                    _ => {
                        counts.changes += 1;
                        counts.bounds += usize::from(offset.exactness != "exact");
                    }
                }
            }
        }
        counts
    }

    /// Says it in one line.
    pub fn line(&self, applied: bool) -> String {
        let Self { groups, changes, bounds, in_place, left, failed } = self;
        let mut line = format!(
            "{groups} group{}: {changes} offset{} {}",
            if *groups == 1 { "" } else { "s" },
            if *changes == 1 { "" } else { "s" },
            if applied { "committed" } else { "to commit" },
        );
        if *bounds > 0 {
            line.push_str(&format!(" ({bounds} at or before)"));
        }
        line.push_str(&format!(", {in_place} in place"));
        for (count, word) in [(left, "left"), (failed, "failed")] {
            if *count > 0 {
                line.push_str(&format!(", {count} {word}"));
            }
        }
        line
    }
}
