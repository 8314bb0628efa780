//! A rehearsal as JUnit XML: a case for each promise, limits included. A broken promise is a failure; what nothing
//! could tell is an error, as is a drill that could not be played.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, SerializeError, TestCase, TestCaseStatus, TestSuite};

use super::promises::PromiseLine;
use super::rehearsal::Rehearsal;
use super::text::verdict_line;
use crate::drill::play::plan::Plan;
use crate::drill::play::told::Done;
use crate::report::problem::Problem;
use crate::report::style::Style;

/// Writes the document of a drill that was played.
pub fn document(rehearsal: &Rehearsal) -> Result<String, SerializeError> {
    let mut suite = suite(rehearsal.scenario);
    for (name, value) in [
        ("seed", rehearsal.seed.as_str()),
        ("flow", &rehearsal.of_flow),
        ("id", &rehearsal.id),
        ("verdict", rehearsal.verdict),
        ("started", &rehearsal.started_at),
    ] {
        suite.add_property((name, value));
    }
    let mut whole = 0.0_f64;
    for phase in &rehearsal.phases {
        suite.add_property((format!("phase.{}.seconds", phase.phase), format!("{:.3}", phase.took_seconds)));
        whole = whole.max(phase.began_seconds + phase.took_seconds);
    }
    for promise in &rehearsal.promises {
        suite.add_test_case(case(rehearsal, promise));
    }
    suite.set_time(Duration::try_from_secs_f64(whole).unwrap_or_default());
    suite.set_system_out(verdict_line(rehearsal, Style::new(false)));
    finish(suite)
}

/// Writes the document of a drill that could not be played, with the phases it had.
pub fn not_played(plan: &Plan, phases: &[Done], problem: &Problem) -> Result<String, SerializeError> {
    let scenario = plan.scenario.name();
    let mut suite = suite(scenario);
    suite.add_property(("seed", format!("{:x}", plan.seed).as_str()));
    suite.add_property(("flow", plan.of_flow.as_str()));
    suite.add_property(("id", plan.id.to_string().as_str()));
    for done in phases {
        let name = format!("phase.{}.seconds", done.phase.word());
        suite.add_property((name, format!("{:.3}", done.took.as_secs_f64())));
    }
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_type(problem.code).set_message(problem.in_short());
    status.set_description(problem.render(Style::new(false)));
    let mut case = TestCase::new("setup", status);
    case.set_classname(scenario);
    suite.add_test_case(case);
    finish(suite)
}

fn suite(scenario: &str) -> TestSuite {
    let mut suite = TestSuite::new(format!("failover-test.{scenario}"));
    suite.add_property(("strait_version", env!("CARGO_PKG_VERSION")));
    let (_, librdkafka) = rdkafka::util::get_rdkafka_version();
    suite.add_property(("librdkafka_version", librdkafka.as_str()));
    suite
}

fn finish(suite: TestSuite) -> Result<String, SerializeError> {
    let mut report = Report::new("strait failover-test");
    report.set_time(suite.time.unwrap_or_default());
    report.add_test_suite(suite);
    report.to_string()
}

fn case(rehearsal: &Rehearsal, promise: &PromiseLine) -> TestCase {
    let why = promise.why.clone().unwrap_or_default();
    let unkept = |kind: NonSuccessKind, word: &str| {
        let mut status = TestCaseStatus::non_success(kind);
        status.set_type(word).set_message(why.clone());
        status.set_description(format!("promised is that {}; found: {why}", promise.text));
        status
    };
    let status = match promise.kept {
        Some(true) => TestCaseStatus::success(),
        Some(false) => unkept(NonSuccessKind::Failure, "broken"),
        None => unkept(NonSuccessKind::Error, "unknown"),
    };
    let mut case = TestCase::new(promise.code, status);
    case.set_classname(rehearsal.scenario);
    case
}
