//! Findings as one JSON document.

use serde::Serialize;

use super::hints;
use crate::report::document::Document;
use crate::report::output::Output;
use crate::report::problem::Problem;
use crate::validate::finding::{Advice, Finding, Outcome, Subject};
use crate::validate::run::{Ran, Report};

/// Names the shape of the document.
pub const SCHEMA: &str = "strait/validate/v1";

/// The fields of `data`, for docs/json.md.
pub const FIELDS: &[(&str, &str)] = &[
    ("file", "the configuration"),
    (
        "findings",
        "list: `check`, `severity` (error, warning), `subject` (config, cluster:NAME, flow:NAME), `line`, `column`, `message`, `hint` (null where there is none)",
    ),
    (
        "checks",
        "list of every check of every subject: `check`, `subject`, `outcome` (passed, found, skipped, unknown), `reason` of a skipped or unknown one",
    ),
    ("unreached", "clusters that could not be reached"),
];

#[derive(Serialize)]
struct Data<'a> {
    file: String,
    findings: Vec<FindingJson<'a>>,
    checks: Vec<CheckJson<'a>>,
    unreached: Vec<&'a str>,
}

#[derive(Serialize)]
struct FindingJson<'a> {
    check: &'a str,
    severity: &'a str,
    subject: String,
    line: usize,
    column: usize,
    message: &'a str,
    hint: Option<String>,
}

#[derive(Serialize)]
struct CheckJson<'a> {
    check: &'a str,
    subject: String,
    outcome: &'a str,
    reason: Option<&'a str>,
}

pub(super) fn print(report: &Report, output: &Output) {
    let exit = report.exit();
    let data = Data {
        file: report.file.display().to_string(),
        findings: report.findings().map(finding).collect(),
        checks: report.ran.iter().map(check).collect(),
        unreached: report.unreached.iter().map(|alias| alias.as_str()).collect(),
    };
    let errors = unreached(report).iter().map(Problem::to_json).collect();
    Document { schema: SCHEMA, status: exit.status(), exit_code: exit.code(), data: Some(data), errors }
        .print(output);
}

fn finding(finding: &Finding) -> FindingJson<'_> {
    let hints = hints(finding);
    FindingJson {
        check: finding.check,
        severity: finding.severity.word(),
        subject: finding.subject.to_string(),
        line: finding.place.line,
        column: finding.place.column,
        message: &finding.message,
        hint: (!hints.is_empty()).then(|| hints.join("; or ")),
    }
}

fn check(ran: &Ran) -> CheckJson<'_> {
    let (outcome, reason) = match &ran.outcome {
        Outcome::Made if ran.findings.is_empty() => ("passed", None),
        Outcome::Made => ("found", None),
        Outcome::Skipped(why) => ("skipped", Some(why.as_str())),
        Outcome::Unknown(why) => ("unknown", Some(why.as_str())),
    };
    CheckJson { check: ran.check.name, subject: ran.subject.to_string(), outcome, reason }
}

/// Says of each cluster out of reach why.
fn unreached(report: &Report) -> Vec<Problem> {
    let first = |alias| {
        report.findings().find_map(|finding| match (&finding.subject, &finding.advice) {
            (Subject::Cluster(of), Advice::Connect(error)) if of == alias => Some(Problem::from(error)),
            _ => None,
        })
    };
    report.unreached.iter().filter_map(first).collect()
}
