//! A rehearsal as people read it, in 80 columns: a line for each phase while it runs, tables at the end, the verdict
//! last.

use super::missing::LISTED_MAX;
use super::outcome::painted;
use super::rehearsal::Rehearsal;
use super::{missing, plain, promises};
use crate::drill::play::told::Done;
use crate::report::human::{or_unknown, wrap};
use crate::report::style::Style;
use crate::report::table::{Column, Table};

/// Columns of a line.
const WIDTH: usize = 80;
/// Columns before a phase's words.
const PHASE_INDENT: usize = 20;
/// Columns before the meaning of an allowed anomaly.
const ALLOWED_INDENT: usize = 26;

static FIGURES: [Column; 3] = [Column::words("FIGURE"), Column::number("VALUE"), Column::number("LIMIT")];
static CHANGES: [Column; 6] = [
    Column::words("CHANGE"),
    Column::number("DETECT"),
    Column::number("SESSION"),
    Column::number("MOVE"),
    Column::number("FIRST-RECORD"),
    Column::number("TOTAL"),
];
static OFFSETS: [Column; 6] = [
    Column::words("CHANGE"),
    Column::number("PARTITION"),
    Column::number("GOES-ON-AT"),
    Column::words("OFFSET"),
    Column::number("RECORDS"),
    Column::number("COMMITS-BEHIND"),
];

/// Says how a phase came out, once it is over.
pub fn phase_line(done: &Done, style: Style) -> String {
    let seconds = format!("{:.1}s", done.took.as_secs_f64());
    let words = plain(&done.words);
    let words = if done.is_good { words } else { format!("{} {words}", style.error("broke off:")) };
    let lines = wrap(&words, WIDTH - PHASE_INDENT).join(&format!("\n{}", " ".repeat(PHASE_INDENT)));
    format!(" {:<9}{seconds:>7}   {lines}", done.phase.word()).trim_end().to_owned()
}

/// Writes all of it, the verdict in the last line.
pub fn render(rehearsal: &Rehearsal, style: Style) -> String {
    let mut parts = vec![figures(rehearsal)];
    if !rehearsal.rto.is_empty() {
        parts.push(changes(rehearsal));
    }
    parts.push(promises::table(&rehearsal.promises));
    if !rehearsal.offsets.is_empty() {
        parts.push(offsets(rehearsal));
    }
    if !rehearsal.missing.is_empty() {
        parts.push(lost(rehearsal));
    }
    parts.push(allowed(rehearsal));
    parts.push(verdict_line(rehearsal, style));
    parts.join("\n\n")
}

/// Says the verdict: what was lost, RPO, RTO and what was processed again, each with its limit, and the seed. Where
/// that is longer than a line, it goes on below.
pub fn verdict_line(rehearsal: &Rehearsal, style: Style) -> String {
    let ceilings = &rehearsal.ceilings;
    let limit = |limit: Option<String>| limit.map_or_else(String::new, |limit| format!(" (limit {limit})"));
    let count = |value: Option<u64>| or_unknown(value, |value| value.to_string());
    let figures = &rehearsal.figures;
    let how = match (figures.lost, figures.lost_unannounced) {
        (None | Some(0), _) | (_, None) => String::new(),
        (_, Some(0)) => ", announced".to_owned(),
        (_, Some(unannounced)) => format!(", {unannounced} unannounced"),
    };
    let total = rehearsal.failover().and_then(|change| change.total_seconds);
    let parts = [
        format!("lost {}{how}{}", count(figures.lost), limit(ceilings.lost_max.map(|max| max.to_string()))),
        format!(
            "RPO {} records / {}{}",
            count(rehearsal.rpo.records),
            tenths(rehearsal.rpo.seconds),
            limit(ceilings.rpo_max_seconds.map(ceiling))
        ),
        format!("RTO {}{}", tenths(total), limit(ceilings.rto_max_seconds.map(ceiling))),
        format!(
            "processed again {}{}",
            figures.reprocessed,
            limit(ceilings.reprocessed_max.map(|max| max.to_string()))
        ),
        format!("seed {}", rehearsal.seed),
    ];
    let indent = " ".repeat(rehearsal.verdict.len() + 2);
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        match lines.last_mut() {
            Some(line) if indent.len() + line.len() + 3 + part.len() <= WIDTH => {
                line.push_str(" | ");
                line.push_str(&part);
            }
            _ => lines.push(part),
        }
    }
    format!("{}  {}", painted(rehearsal.verdict, style), lines.join(&format!("\n{indent}")))
}

/// Writes seconds to a tenth.
fn tenths(seconds: Option<f64>) -> String {
    or_unknown(seconds, |seconds| format!("{seconds:.1}s"))
}

/// Writes a limit as it was given: `5s`, `0.5s`.
pub(super) fn ceiling(seconds: f64) -> String {
    format!("{seconds}s")
}

fn figures(rehearsal: &Rehearsal) -> String {
    let mut table = Table::new(&FIGURES);
    let (figures, ceilings) = (&rehearsal.figures, &rehearsal.ceilings);
    let count = |value: Option<u64>| or_unknown(value, |value| value.to_string());
    let seconds = |value: Option<f64>| or_unknown(value, |value| format!("{value:.3}s"));
    let mut row = |name: &str, value: String, limit: Option<String>| {
        table.row([name.to_owned(), value, or_unknown(limit, |l| l)])
    };
    row("acknowledged-home", figures.acknowledged_source.to_string(), None);
    row("acknowledged-away", count(figures.acknowledged_target), None);
    row("acknowledged-back", count(figures.acknowledged_back), None);
    row("arrived", count(figures.arrived), None);
    row("lost", count(figures.lost), ceilings.lost_max.map(|max| max.to_string()));
    row("lost-unannounced", count(figures.lost_unannounced), Some("0".to_owned()));
    row("rpo", seconds(rehearsal.rpo.seconds), ceilings.rpo_max_seconds.map(ceiling));
    let total = rehearsal.failover().and_then(|change| change.total_seconds);
    row("rto", seconds(total), ceilings.rto_max_seconds.map(ceiling));
    row("doubled", count(figures.doubled), Some("0".to_owned()));
    row("reordered", count(figures.reordered), Some("0".to_owned()));
    row("skipped", count(figures.skipped), Some("0".to_owned()));
    let again = ceilings.reprocessed_max.map(|max| max.to_string());
    row("processed-again", figures.reprocessed.to_string(), again);
    row("unknown-sends", figures.unknown.to_string(), None);
    row("unknown-sends-arrived", figures.unknown_arrived.to_string(), None);
    row("failed-sends", figures.failed.to_string(), None);
    if rehearsal.load.transactional {
        row("aborted-sends", figures.aborted.to_string(), None);
    }
    if rehearsal.load.compacted {
        row("superseded", count(figures.superseded), None);
    }
    row("offsets-exact", figures.exactly(), None);
    table.render()
}

fn changes(rehearsal: &Rehearsal) -> String {
    let mut table = Table::new(&CHANGES);
    let seconds = |value: Option<f64>| or_unknown(value, |value| format!("{value:.3}s"));
    for change in &rehearsal.rto {
        let [detect, session, moved, first] = change.parts().map(|(_, value)| seconds(value));
        table.row([change.leg.to_owned(), detect, session, moved, first, seconds(change.total_seconds)]);
    }
    table.render()
}

fn offsets(rehearsal: &Rehearsal) -> String {
    let mut table = Table::new(&OFFSETS);
    for line in &rehearsal.offsets {
        table.row([
            line.leg.to_owned(),
            line.partition.to_string(),
            or_unknown(line.goes_on_at, |offset| offset.to_string()),
            line.found.replace('_', "-"),
            or_unknown(line.records, |records| records.to_string()),
            or_unknown(line.commits_behind, |commits| commits.to_string()),
        ]);
    }
    table.render()
}

fn lost(rehearsal: &Rehearsal) -> String {
    let lost = rehearsal.figures.lost.unwrap_or_default();
    let more = match lost > LISTED_MAX as u64 {
        true => format!("The target does not have {lost} acknowledged records, {LISTED_MAX} of them:\n"),
        false => "The target does not have these acknowledged records:\n".to_owned(),
    };
    more + &missing::table(&rehearsal.missing)
}

fn allowed(rehearsal: &Rehearsal) -> String {
    let mut text = "Allowed here, and how often it was found; a loss not announced never is:".to_owned();
    for allowed in &rehearsal.allowed {
        let count = or_unknown(allowed.count, |count| count.to_string());
        let lines =
            wrap(allowed.text, WIDTH - ALLOWED_INDENT).join(&format!("\n{}", " ".repeat(ALLOWED_INDENT)));
        text.push_str(&format!("\n  {:<15} {count:>6}  {lines}", allowed.code));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::drill::play::told::Phase;

    #[test]
    fn a_phase_is_one_line_and_its_words_never_steer_the_terminal() {
        let mut done = Done {
            phase: Phase::Produce,
            began: Duration::ZERO,
            took: Duration::from_secs(60),
            words: "30000 sent, 29998 acknowledged".to_owned(),
            is_good: true,
        };
        let style = Style::new(false);
        assert_eq!(phase_line(&done, style), " produce    60.0s   30000 sent, 29998 acknowledged");
        done.phase = Phase::FailBack;
        done.is_good = false;
        done.words = format!("\x1b[31m{}", "the way back is not open ".repeat(5));
        let text = phase_line(&done, style);
        assert!(text.starts_with(" fail-back  60.0s   broke off:"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        assert!(!text.contains('\x1b'), "{text:?}");
    }
}
