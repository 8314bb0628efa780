//! How a comparison came out, as JUnit XML: a test case for each partition.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::problem::Problem;
use super::verified::{FlowVerified, PartitionVerified};
use crate::verify::finding::Kind;

/// Faults named in one case.
const NAMED_MAX: usize = 20;

/// Writes a suite for each flow, and one more for what went wrong besides.
pub fn render(flows: &[FlowVerified], problems: &[&Problem]) -> String {
    let mut report = Report::new("strait verify");
    for flow in flows {
        let mut suite = TestSuite::new(flow.flow.as_str());
        suite.set_time(flow.elapsed);
        for partition in flow.partitions.values() {
            suite.add_test_case(case(partition));
        }
        report.add_test_suite(suite);
    }
    if !problems.is_empty() {
        let mut suite = TestSuite::new("problems");
        for problem in problems {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_type(problem.code).set_message(problem.cause.clone().unwrap_or_default());
            suite.add_test_case(TestCase::new(problem.what.as_str(), status));
        }
        report.add_test_suite(suite);
    }
    report.to_string().unwrap_or_default()
}

fn case(partition: &PartitionVerified) -> TestCase {
    let name = format!("{}[{}]", partition.topic, partition.partition);
    let tally = partition.tally;
    let status = if tally.faults() > 0 {
        let counts = Kind::ALL.into_iter().filter(|kind| tally.of(*kind) > 0);
        let words: Vec<String> = counts.map(|kind| format!("{} {}", tally.of(kind), kind.name())).collect();
        let shown = |offset: Option<i64>| offset.map_or_else(|| "-".to_owned(), |offset| offset.to_string());
        let faults = partition.findings.iter().take(NAMED_MAX).map(|fault| {
            format!("{}: source {}, target {}", fault.kind.name(), shown(fault.source), shown(fault.target))
        });
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_type("verify").set_message(words.join(", "));
        status.set_description(faults.collect::<Vec<_>>().join("\n"));
        status
    } else if partition.ranges_unread > 0 {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_type("unreadable").set_message(format!("{} ranges not read", partition.ranges_unread));
        status
    } else {
        TestCaseStatus::success()
    };
    let mut case = TestCase::new(name, status);
    case.set_system_out(format!("{} records the same, {} not copied yet", tally.matched, tally.behind));
    case
}
