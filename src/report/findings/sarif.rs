//! Findings as SARIF 2.1.0 (OASIS), the part of it that code scanning takes.

use serde_json::{Value, json};

use super::hints;
use crate::kafka::crc::crc32c;
use crate::report::output::Output;
use crate::validate::finding::Finding;
use crate::validate::registry;
use crate::validate::run::Report;

pub(super) fn print(report: &Report, output: &Output) {
    output.json_line(&document(report));
}

fn document(report: &Report) -> Value {
    let rules: Vec<Value> = registry::all()
        .map(|check| {
            json!({
                "id": check.name,
                "shortDescription": {"text": check.explanation},
                "defaultConfiguration": {"level": check.severity.word()},
            })
        })
        .collect();
    let notifications: Vec<Value> = report
        .unknown()
        .map(|(ran, why)| {
            let text = format!("{} ({}) could not be checked: {why}", ran.check.name, ran.subject);
            json!({"level": "warning", "message": {"text": text}})
        })
        .collect();
    let exit = report.exit();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "strait", "version": env!("CARGO_PKG_VERSION"), "rules": rules}},
            "invocations": [{
                "executionSuccessful": report.unreached.is_empty(),
                "exitCode": exit.code(),
                "toolExecutionNotifications": notifications,
            }],
            "results": report.findings().map(|finding| result(report, finding)).collect::<Vec<_>>(),
        }],
    })
}

fn result(report: &Report, finding: &Finding) -> Value {
    let mut text = finding.message.clone();
    for hint in hints(finding) {
        text.push_str(&format!("\ntry: {hint}"));
    }
    // A finding stays the same one when lines are added above it.
    let identity = format!("{}\n{}\n{}", finding.check, finding.subject, finding.message);
    json!({
        "ruleId": finding.check,
        "ruleIndex": registry::all().position(|check| check.name == finding.check),
        "level": finding.severity.word(),
        "message": {"text": text},
        "locations": [{"physicalLocation": {
            "artifactLocation": {"uri": uri(report)},
            "region": {"startLine": finding.place.line, "startColumn": finding.place.column},
        }}],
        "partialFingerprints": {"straitFinding/v1": format!("{:08x}", crc32c(identity.as_bytes()))},
    })
}

/// Returns the file as a relative URI: its path, with what a URI cannot hold escaped.
fn uri(report: &Report) -> String {
    let path = report.file.display().to_string().replace('\\', "/");
    let mut uri = String::new();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/._-~".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}
