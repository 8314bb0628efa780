//! Lag as JUnit XML: a suite for each flow, a case for each partition. Over a limit or in trouble is a
//! failure; what cannot be told is an error.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::problem::Problem;
use crate::lag::limits::{Level, Limits};
use crate::lag::measure::PartitionLag;
use crate::lag::outcome::Lag;

/// Writes the document; the error is one of writing XML.
pub fn document(
    lag: &Lag,
    limits: &Limits,
    problems: &[Problem],
) -> Result<String, quick_junit::SerializeError> {
    let mut report = Report::new("strait lag");
    for flow in &lag.flows {
        let mut suite = TestSuite::new(format!("lag.{}", flow.flow));
        suite.add_property(("source", flow.source.as_str()));
        suite.add_property(("target", flow.target.as_str()));
        for row in &flow.partitions {
            suite.add_test_case(case(row, limits));
        }
        report.add_test_suite(suite);
    }
    if !problems.is_empty() || !lag.unread.is_empty() {
        let mut suite = TestSuite::new("lag.clusters");
        for problem in problems {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_type(problem.code).set_message(problem.in_short());
            suite.add_test_case(TestCase::new(problem.scope.to_string(), status));
        }
        report.add_test_suite(suite);
    }
    report.to_string()
}

fn case(row: &PartitionLag, limits: &Limits) -> TestCase {
    let kind = match limits.level(row) {
        Level::Ok => None,
        Level::Unknown => Some(NonSuccessKind::Error),
        Level::Warning | Level::Critical => Some(NonSuccessKind::Failure),
    };
    let behind = format!(
        "{} records, {} seconds behind",
        row.records.map_or_else(|| "unknown".to_owned(), |records| records.to_string()),
        row.seconds.map_or_else(|| "unknown".to_owned(), |seconds| format!("{seconds:.1}")),
    );
    let status = match kind {
        None => TestCaseStatus::success(),
        Some(kind) => {
            let mut status = TestCaseStatus::non_success(kind);
            let message = match &row.reason {
                Some(reason) => format!("{behind}: {reason}"),
                None => behind.clone(),
            };
            status.set_type(row.status.word()).set_message(message);
            status
        }
    };
    let mut case = TestCase::new(row.source.to_string(), status);
    case.set_classname(row.flow.as_str()).set_system_out(behind);
    case
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::lag::measure::Status;
    use crate::lag::measure::tests::row;
    use crate::lag::outcome::tests::lag;

    #[test]
    fn over_a_limit_is_a_failure_and_the_unknown_an_error() {
        let limits = Limits { critical: "60".parse().ok(), ..Limits::default() };
        let behind =
            |partition, seconds| PartitionLag { seconds: Some(seconds), records: Some(5), ..row(partition) };
        let unknown = PartitionLag { status: Status::Unknown, reason: Some("no <leader>".into()), ..row(2) };
        let mut rows = vec![behind(0, 1.0), behind(1, 61.0), unknown];
        limits.mark(&mut rows);
        let text = document(&lag(rows), &limits, &[]).unwrap();
        assert!(text.contains("tests=\"3\" skipped=\"0\" failures=\"1\" errors=\"1\""), "{text}");
        assert!(
            text.contains("<failure message=\"5 records, 61.0 seconds behind\" type=\"WARN\"/>"),
            "{text}"
        );
        assert!(text.contains("no &lt;leader&gt;"), "{text}");
    }
}
