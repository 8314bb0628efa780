//! Findings as JUnit XML: a suite for each subject, a case for each check.

use quick_junit::{NonSuccessKind, Report as Junit, TestCase, TestCaseStatus, TestSuite};

use super::hints;
use crate::report::output::Output;
use crate::validate::finding::{Finding, Outcome, Severity, Subject};
use crate::validate::run::{Ran, Report};

pub(super) fn print(report: &Report, output: &Output) {
    match xml(report) {
        Ok(xml) => output.data(&xml),
        Err(error) => output.alarm(&format!("the JUnit report cannot be written: {error}")),
    }
}

fn xml(report: &Report) -> Result<String, quick_junit::SerializeError> {
    let mut junit = Junit::new("strait validate");
    let mut suites: Vec<(&Subject, TestSuite)> = Vec::new();
    for ran in &report.ran {
        let is_new = suites.last().is_none_or(|(subject, _)| **subject != ran.subject);
        if is_new {
            suites.push((&ran.subject, TestSuite::new(ran.subject.to_string())));
        }
        if let Some((_, suite)) = suites.last_mut() {
            suite.add_test_case(case(report, ran));
        }
    }
    junit.add_test_suites(suites.into_iter().map(|(_, suite)| suite));
    junit.to_string()
}

fn case(report: &Report, ran: &Ran) -> TestCase {
    let mut case = TestCase::new(ran.check.name, status(report, ran));
    case.set_classname(ran.subject.to_string());
    let warnings: Vec<String> = ran
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Warning)
        .map(|finding| words(report, finding))
        .collect();
    if !warnings.is_empty() {
        case.set_system_out(warnings.join("\n"));
    }
    if let Some(finding) = ran.findings.first() {
        case.extra.insert("file".into(), report.file.display().to_string().into());
        case.extra.insert("line".into(), finding.place.line.to_string().into());
    }
    case
}

/// A finding is a failure; what could not be looked at is an error, an unreachable cluster included.
fn status(report: &Report, ran: &Ran) -> TestCaseStatus {
    let errors: Vec<&Finding> =
        ran.findings.iter().filter(|finding| finding.severity == Severity::Error).collect();
    if let Some(first) = errors.first() {
        let is_unreached =
            matches!(&ran.subject, Subject::Cluster(alias) if report.unreached.contains(alias));
        let kind = if is_unreached { NonSuccessKind::Error } else { NonSuccessKind::Failure };
        let mut status = TestCaseStatus::non_success(kind);
        let description: Vec<String> = errors.iter().map(|finding| words(report, finding)).collect();
        status
            .set_message(first.message.clone())
            .set_type(ran.check.name)
            .set_description(description.join("\n"));
        return status;
    }
    match &ran.outcome {
        Outcome::Made => TestCaseStatus::success(),
        Outcome::Skipped(why) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(why.clone());
            status
        }
        Outcome::Unknown(why) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_message(why.clone()).set_type("unknown");
            status
        }
    }
}

fn words(report: &Report, finding: &Finding) -> String {
    let Finding { place, severity, message, .. } = finding;
    let mut text =
        format!("{}:{}:{} {} {message}", report.file.display(), place.line, place.column, severity.word());
    for hint in hints(finding) {
        text.push_str(&format!("\n  try: {hint}"));
    }
    text
}
