//! How a drill came out: figures and promises for people, one object for programs.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::human::or_unknown;
use super::style::Style;
use super::table::{Column, Table};
use crate::drill::evidence::{Leg, Switch};
use crate::drill::oracle::{Findings, InLog, Missing, Moved};
use crate::drill::verdict::{Judged, Kept, Promise};
use crate::obs::FlowMetrics;

/// Lost records listed one by one in JSON; all of them are counted.
const MISSING_LISTED_MAX: usize = 20;

/// Says what each field holds; docs/json.md is made from here.
pub const FIELDS: &[(&str, &str)] = &[
    ("verdict", "`PASS`, `FAIL` or `INCONCLUSIVE`"),
    ("acknowledged_source", "records that the source region acknowledged"),
    ("acknowledged_target", "records that the target region acknowledged after the switch"),
    ("acknowledged_back", "records that the source acknowledged after the failback; not there without one"),
    ("arrived", "of these, those that stand in the target's log"),
    ("lost", "acknowledged records that the target does not have"),
    ("lost_unannounced", "of these, those that the replicator had not announced as missing"),
    (
        "lost_span_seconds",
        "how long before the cut the first of them was acknowledged; null where none is lost",
    ),
    ("doubled", "records more than once in a log"),
    ("reordered", "records behind a later one in a log"),
    ("unknown", "records whose sending had no answer when the region was cut"),
    ("unknown_arrived", "of these, those that arrived"),
    ("failed", "records that were refused or never sent"),
    ("aborted", "records of transactions that the application aborted"),
    ("skipped", "records that arrived and were processed nowhere"),
    ("reprocessed", "records processed more than once"),
    ("offsets_exact", "partitions in which the group went on at the very record of one of its commits"),
    ("offsets_inexact", "partitions in which it did not"),
    ("detected_after_seconds", "from the cut until the application saw that its region is gone"),
    ("moved_after_seconds", "from the cut until the copy had ended and the group's offsets were known"),
    ("recovered_after_seconds", "from the cut until the first record was processed in the target region"),
    ("missing", "the first 20 lost: partition, number, offset, when it was acknowledged, whether it was announced"),
    ("promises", "each promise: code, what is promised, `kept` (true, false, null for unknown), and why not"),
];

/// One lost record.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct MissingLine {
    partition: i32,
    number: u64,
    offset: i64,
    acknowledged_seconds: f64,
    announced: bool,
}

impl From<&Missing> for MissingLine {
    fn from(missing: &Missing) -> Self {
        let Missing { partition, number, offset, at, is_announced, .. } = *missing;
        Self { partition, number, offset, acknowledged_seconds: thousandths(at), announced: is_announced }
    }
}

#[derive(Clone, Debug, Serialize)]
struct PromiseLine {
    code: &'static str,
    text: &'static str,
    kept: Option<bool>,
    why: Option<String>,
}

/// Holds the outcome as programs read it.
#[derive(Clone, Debug, Serialize)]
pub struct DrillOutcome {
    verdict: &'static str,
    acknowledged_source: u64,
    acknowledged_target: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    acknowledged_back: Option<u64>,
    arrived: u64,
    lost: usize,
    lost_unannounced: usize,
    lost_span_seconds: Option<f64>,
    doubled: usize,
    reordered: usize,
    unknown: u64,
    unknown_arrived: u64,
    failed: u64,
    aborted: u64,
    skipped: usize,
    reprocessed: u64,
    offsets_exact: usize,
    offsets_inexact: usize,
    detected_after_seconds: Option<f64>,
    moved_after_seconds: Option<f64>,
    recovered_after_seconds: Option<f64>,
    missing: Vec<MissingLine>,
    promises: Vec<PromiseLine>,
}

static FIGURES: [Column; 2] = [Column::words("FIGURE"), Column::number("VALUE")];
static PROMISES: [Column; 2] = [Column::words("PROMISE"), Column::words("KEPT")];
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

impl DrillOutcome {
    /// Puts findings, promises and times together.
    pub fn new(findings: &Findings, judged: &Judged, switches: &BTreeMap<Leg, Switch>) -> Self {
        let target = findings.target();
        let away = switches.get(&Leg::Away);
        let moved = |is: fn(&Moved) -> bool| {
            let away = findings.moved.iter().filter(|((leg, _), _)| *leg == Leg::Away);
            away.filter(|(_, moved)| is(moved)).count()
        };
        let is_exact = |moved: &Moved| matches!(moved, Moved::Exact { .. });
        let is_inexact = |moved: &Moved| !matches!(moved, Moved::Exact { .. } | Moved::NeverCommitted);
        let acknowledged = |leg| findings.acknowledged.get(&leg).copied().unwrap_or_default();
        let began = away.map_or(Duration::ZERO, |switch| switch.began);
        let since = |at: Duration| thousandths(at.saturating_sub(began));
        let in_logs = |of: fn(&InLog) -> usize| findings.logs.values().map(of).sum();
        let recovered = findings.recovered_after.get(&Leg::Away);
        Self {
            verdict: judged.verdict().word(),
            acknowledged_source: acknowledged(Leg::Home),
            acknowledged_target: acknowledged(Leg::Away),
            acknowledged_back: switches.contains_key(&Leg::Back).then(|| acknowledged(Leg::Back)),
            arrived: target.arrived,
            lost: target.lost.len(),
            lost_unannounced: target.unannounced().count(),
            lost_span_seconds: findings.lost_span.map(thousandths),
            doubled: in_logs(|log| log.doubled.len()),
            reordered: in_logs(|log| log.reordered.len()),
            unknown: findings.unknown,
            unknown_arrived: findings.unknown_arrived,
            failed: findings.failed,
            aborted: findings.aborted,
            skipped: findings.skipped.len(),
            reprocessed: findings.reprocessed,
            offsets_exact: moved(is_exact),
            offsets_inexact: moved(is_inexact),
            detected_after_seconds: away.and_then(|switch| switch.detected).map(since),
            moved_after_seconds: away.map(|switch| since(switch.moved)),
            recovered_after_seconds: recovered.copied().map(thousandths),
            missing: target.lost.iter().take(MISSING_LISTED_MAX).map(MissingLine::from).collect(),
            promises: judged.promises.iter().map(promise_line).collect(),
        }
    }

    /// Lays the figures out.
    pub fn figures(&self) -> String {
        let mut table = Table::new(&FIGURES);
        let seconds = |value: Option<f64>| or_unknown(value, |value| format!("{value:.3}s"));
        let mut row = |name: &str, value: String| table.row([name.to_owned(), value]);
        row("acknowledged-before-the-cut", self.acknowledged_source.to_string());
        row("acknowledged-after-the-switch", self.acknowledged_target.to_string());
        row("arrived", self.arrived.to_string());
        row("lost-and-announced", (self.lost - self.lost_unannounced).to_string());
        row("lost-unannounced", self.lost_unannounced.to_string());
        row("lost-span", seconds(self.lost_span_seconds));
        row("doubled", self.doubled.to_string());
        row("reordered", self.reordered.to_string());
        row("unknown-sends", self.unknown.to_string());
        row("failed-sends", self.failed.to_string());
        row("skipped", self.skipped.to_string());
        row("processed-again", self.reprocessed.to_string());
        row("offsets-exact", format!("{}/{}", self.offsets_exact, self.offsets_exact + self.offsets_inexact));
        row("detected-after", seconds(self.detected_after_seconds));
        row("offsets-in-place-after", seconds(self.moved_after_seconds));
        row("recovered-after", seconds(self.recovered_after_seconds));
        table.render()
    }

    /// Lays the promises out; why one was not kept follows below.
    pub fn promises(&self) -> String {
        let mut table = Table::new(&PROMISES);
        for promise in &self.promises {
            let word = match promise.kept {
                Some(true) => "yes",
                Some(false) => "NO",
                None => "unknown",
            };
            table.row([promise.code.to_owned(), word.to_owned()]);
        }
        let mut text = table.render();
        for promise in &self.promises {
            if let Some(why) = &promise.why {
                text.push_str(&format!(
                    "\n{}: promised is that {}; found: {why}",
                    promise.code, promise.text
                ));
            }
        }
        text
    }

    /// Says the verdict in one line.
    pub fn line(&self, style: Style) -> String {
        let word = match self.verdict {
            "PASS" => style.label(self.verdict),
            "FAIL" => style.error(self.verdict),
            _ => style.warning(self.verdict),
        };
        let kept = self.promises.iter().filter(|promise| promise.kept == Some(true)).count();
        format!("{word}: {kept} of {} promises kept", self.promises.len())
    }
}

fn promise_line(promise: &Promise) -> PromiseLine {
    let (kept, why) = match &promise.kept {
        Kept::Yes => (Some(true), None),
        Kept::No(why) => (Some(false), Some(why.clone())),
        Kept::Unknown(why) => (None, Some(why.clone())),
    };
    PromiseLine { code: promise.code, text: promise.text, kept, why }
}

fn thousandths(time: Duration) -> f64 {
    (time.as_secs_f64() * 1000.0).round() / 1000.0
}

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
