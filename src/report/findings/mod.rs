//! Prints what `strait validate` found: for people, programs and CI systems.

mod github;
mod json;
mod junit;
mod sarif;

use super::output::{Format, Output};
use super::problem::Problem;
use crate::exit::Exit;
use crate::validate::finding::{Advice, Finding, Outcome, Severity};
use crate::validate::run::Report;

pub use json::{FIELDS, SCHEMA};

/// Checks that are named in one line.
const NAMED_MAX: usize = 4;

/// Prints the findings to stdout in its format, and the sum to stderr.
pub fn print(report: &Report, output: &Output) {
    match output.format() {
        Format::Text | Format::Tsv | Format::Prometheus | Format::Nagios => text(report, output),
        Format::Json => json::print(report, output),
        Format::Junit => junit::print(report, output),
        Format::Github => github::print(report, output),
        Format::Sarif => sarif::print(report, output),
    }
    for (why, checks) in unknown(report) {
        let names =
            if checks.len() > NAMED_MAX { format!("{} checks", checks.len()) } else { checks.join(", ") };
        output.alarm(&format!("not known: {names}: {why}"));
    }
    output.say(&sum(report));
}

fn text(report: &Report, output: &Output) {
    let style = output.stdout_style();
    for finding in report.findings() {
        let severity = match finding.severity {
            Severity::Error => style.error(finding.severity.word()),
            Severity::Warning => style.warning(finding.severity.word()),
        };
        let Finding { place, check, message, .. } = finding;
        let mut lines =
            format!("{}:{}:{} {severity} {check} {message}", report.file.display(), place.line, place.column);
        for hint in hints(finding) {
            lines.push_str(&format!("\n  {} {hint}", style.label("try:")));
        }
        output.data(&lines);
    }
}

/// Lists what to do about a finding, the best first.
fn hints(finding: &Finding) -> Vec<String> {
    match &finding.advice {
        Advice::None => Vec::new(),
        Advice::Text(text) => vec![text.clone()],
        Advice::Connect(error) => Problem::from(error).hints,
    }
}

/// Gathers the checks that could not be made by the reason.
fn unknown(report: &Report) -> Vec<(String, Vec<String>)> {
    let mut gathered: Vec<(String, Vec<String>)> = Vec::new();
    for (ran, why) in report.unknown() {
        let name = format!("{} ({})", ran.check.name, ran.subject);
        match gathered.iter_mut().find(|(known, _)| known == why) {
            Some((_, names)) => names.push(name),
            None => gathered.push((why.to_owned(), vec![name])),
        }
    }
    gathered
}

fn sum(report: &Report) -> String {
    let count = |is: fn(&Outcome) -> bool| report.ran.iter().filter(|ran| is(&ran.outcome)).count();
    let made = count(|outcome| matches!(outcome, Outcome::Made));
    let skipped = count(|outcome| matches!(outcome, Outcome::Skipped(_)));
    let unknown = count(|outcome| matches!(outcome, Outcome::Unknown(_)));
    let [errors, warnings] = [Severity::Error, Severity::Warning].map(|severity| {
        let count = report.count(severity);
        format!("{count} {}{}", severity.word(), if count == 1 { "" } else { "s" })
    });
    let verdict = match report.exit() {
        Exit::Done if report.findings().next().is_none() => "nothing found".to_owned(),
        _ => format!("{errors}, {warnings}"),
    };
    let file = report.file.display();
    format!("{file}: {verdict}; {made} checks made, {skipped} do not apply, {unknown} could not be made")
}
