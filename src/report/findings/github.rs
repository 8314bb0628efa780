//! Findings as workflow commands of GitHub Actions, which shows them beside the lines they are about.

use super::hints;
use crate::report::output::Output;
use crate::validate::finding::{Finding, Severity};
use crate::validate::run::Report;

pub(super) fn print(report: &Report, output: &Output) {
    let file = report.file.display().to_string();
    for finding in report.findings() {
        output.data(&annotation(&file, finding));
    }
}

fn annotation(file: &str, finding: &Finding) -> String {
    let command = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let mut text = finding.message.clone();
    for hint in hints(finding) {
        text.push_str(&format!("\ntry: {hint}"));
    }
    let (line, column) = (finding.place.line, finding.place.column);
    let title = property(&format!("strait {}", finding.check));
    format!("::{command} file={},line={line},col={column},title={title}::{}", property(file), data(&text))
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_a_property_or_a_line_is_escaped() {
        assert_eq!(property("a:b,c%\n"), "a%3Ab%2Cc%25%0A");
        assert_eq!(data("a:b,c\r\n"), "a:b,c%0D%0A");
    }
}
