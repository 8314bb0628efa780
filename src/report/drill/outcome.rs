//! How `strait demo` came out: figures and promises for people, one object for programs.

use std::collections::BTreeMap;

use serde::Serialize;

use super::figures::Figures;
use super::missing::{self, MissingLine};
use super::promises::{self, PromiseLine};
use super::recovery::{Recovery, moved_after};
use super::thousandths;
use crate::drill::evidence::{Leg, Switch};
use crate::drill::oracle::Findings;
use crate::drill::verdict::Judged;
use crate::report::human::or_unknown;
use crate::report::style::Style;
use crate::report::table::{Column, Table};

/// Says what each field holds besides [`super::figures::FIELDS`]; docs/json.md is made from here.
pub const FIELDS: &[(&str, &str)] = &[
    ("verdict", "`PASS`, `FAIL` or `INCONCLUSIVE`"),
    (
        "lost_span_seconds",
        "how long before the cut the first lost record was acknowledged; null where none is lost",
    ),
    ("detected_after_seconds", "from the cut until the application saw that its region is gone"),
    ("moved_after_seconds", "from the cut until the copy had ended and the group's offsets were known"),
    ("recovered_after_seconds", "from the cut until the first record was processed in the target region"),
    ("missing", "the first 20 lost, as in `strait failover-test`"),
    ("promises", "each promise: code, what is promised, `kept` (true, false, null for unknown), and why not"),
];

static FIGURES: [Column; 2] = [Column::words("FIGURE"), Column::number("VALUE")];

/// Holds the outcome as programs read it.
#[derive(Clone, Debug, Serialize)]
pub struct DrillOutcome {
    verdict: &'static str,
    #[serde(flatten)]
    figures: Figures,
    lost_span_seconds: Option<f64>,
    detected_after_seconds: Option<f64>,
    moved_after_seconds: Option<f64>,
    recovered_after_seconds: Option<f64>,
    missing: Vec<MissingLine>,
    promises: Vec<PromiseLine>,
}

impl DrillOutcome {
    /// Puts findings, promises and times together.
    pub fn new(findings: &Findings, judged: &Judged, switches: &BTreeMap<Leg, Switch>) -> Self {
        let away = switches.get(&Leg::Away);
        let recovered = findings.recovered_after.get(&Leg::Away).copied();
        let recovery = away.map(|switch| Recovery::new(Leg::Away, switch, recovered));
        Self {
            verdict: judged.verdict().word(),
            figures: Figures::new(findings, switches),
            lost_span_seconds: findings.lost_span.map(thousandths),
            detected_after_seconds: recovery.and_then(|recovery| recovery.detect_seconds),
            moved_after_seconds: away.and_then(moved_after).map(thousandths),
            recovered_after_seconds: recovered.map(thousandths),
            missing: missing::first(findings, None),
            promises: PromiseLine::of(judged),
        }
    }

    /// Lays the figures out.
    pub fn figures(&self) -> String {
        let mut table = Table::new(&FIGURES);
        let figures = &self.figures;
        let count = |value: Option<u64>| or_unknown(value, |value| value.to_string());
        let seconds = |value: Option<f64>| or_unknown(value, |value| format!("{value:.3}s"));
        let mut row = |name: &str, value: String| table.row([name.to_owned(), value]);
        row("acknowledged-before-the-cut", figures.acknowledged_source.to_string());
        row("acknowledged-after-the-switch", count(figures.acknowledged_target));
        row("arrived", count(figures.arrived));
        row("lost-and-announced", count(figures.lost_announced()));
        row("lost-unannounced", count(figures.lost_unannounced));
        row("lost-span", seconds(self.lost_span_seconds));
        row("doubled", count(figures.doubled));
        row("reordered", count(figures.reordered));
        row("unknown-sends", figures.unknown.to_string());
        row("failed-sends", figures.failed.to_string());
        row("skipped", count(figures.skipped));
        row("processed-again", figures.reprocessed.to_string());
        row("offsets-exact", figures.exactly());
        row("detected-after", seconds(self.detected_after_seconds));
        row("offsets-in-place-after", seconds(self.moved_after_seconds));
        row("recovered-after", seconds(self.recovered_after_seconds));
        table.render()
    }

    /// Lays the promises out; why one was not kept follows below.
    pub fn promises(&self) -> String {
        promises::table(&self.promises)
    }

    /// Says the verdict in one line.
    pub fn line(&self, style: Style) -> String {
        let word = painted(self.verdict, style);
        let kept = self.promises.iter().filter(|promise| promise.kept == Some(true)).count();
        format!("{word}: {kept} of {} promises kept", self.promises.len())
    }
}

/// Paints a verdict's word.
pub(super) fn painted(verdict: &str, style: Style) -> String {
    match verdict {
        "PASS" => style.label(verdict),
        "FAIL" => style.error(verdict),
        _ => style.warning(verdict),
    }
}
