//! `strait validate` on the command line: exit codes, and each format as CI systems read it.

use std::process::Command;

use serde_json::Value;

/// Runs it in a folder with `strait.toml` of this text.
fn validate(text: Option<&str>, arguments: &[&str]) -> (Option<i32>, String, String) {
    let dir = tempfile::tempdir().unwrap();
    // A repository of its own, so that no configuration above it is found.
    std::fs::create_dir(dir.path().join(".git")).unwrap();
    if let Some(text) = text {
        std::fs::write(dir.path().join("strait.toml"), text).unwrap();
    }
    let output = Command::new(env!("CARGO_BIN_EXE_strait"))
        .current_dir(dir.path())
        .arg("validate")
        .args(arguments)
        .env_remove("STRAIT_CONFIG")
        .env("XDG_CONFIG_HOME", dir.path())
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

const UNWISE: &str = r#"[clusters.us]
bootstrap_servers = ["us-1:9092"]
[clusters.eu]
bootstrap_servers = ["eu-1:9092"]
[clusters.ap]
bootstrap_servers = ["ap-1:9092"]
[flows.us-eu]
source = "us"
target = "eu"
topics = ["orders, 100%", "*"]
"#;

fn unwise() -> String {
    UNWISE.replace("\"orders, 100%\"", "\"re:orders, 100%\"")
}

#[test]
fn the_file_is_named_as_ci_knows_it() {
    let (code, stdout, stderr) = validate(Some(&unwise()), &["--offline"]);
    assert_eq!(code, Some(10), "{stderr}");
    let first = stdout.lines().next().unwrap();
    assert!(first.starts_with("strait.toml:10:11 error pattern-matches-nothing "), "{first}");
    assert!(
        stderr.ends_with(
            "strait.toml: 1 error, 1 warning; 51 checks made, 0 do not apply, 0 could not be made\n"
        ),
        "{stderr}"
    );
}

#[test]
fn github_annotations_are_one_line_each_and_escaped() {
    let (_, stdout, _) = validate(Some(&unwise()), &["--offline", "--format", "github"]);
    let expected = "::error file=strait.toml,line=10,col=11,title=strait pattern-matches-nothing::\
        `re:orders, 100%25` matches no name a topic can have%0Atry: topics have only letters, digits, `.`, \
        `_` and `-` in their names\n\
        ::warning file=strait.toml,line=5,col=11,title=strait unused-cluster::no flow copies from or to \
        cluster `ap`%0Atry: remove it, or add a flow\n";
    assert_eq!(stdout, expected);
}

#[test]
fn sarif_has_a_rule_for_every_check_and_a_fingerprint_that_stays() {
    let read = |text: &str| -> Value {
        let (_, stdout, _) = validate(Some(text), &["--offline", "--format", "sarif"]);
        serde_json::from_str(&stdout).unwrap()
    };
    let document = read(&unwise());
    assert_eq!(document["version"], "2.1.0");
    let run = &document["runs"][0];
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 2);
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "strait.toml");
    }
    assert_eq!(results[0]["level"], "error");
    assert_eq!(results[0]["locations"][0]["physicalLocation"]["region"]["startLine"], 10);
    let moved = read(&format!("# a comment\n{}", unwise()));
    let fingerprint = |document: &Value| document["runs"][0]["results"][0]["partialFingerprints"].clone();
    assert_eq!(fingerprint(&document), fingerprint(&moved));
}

#[test]
fn junit_has_a_case_for_every_check_and_a_failure_for_a_finding() {
    let (code, stdout, _) = validate(Some(&unwise()), &["--offline", "--format", "junit"]);
    assert_eq!(code, Some(10));
    let report = quick_junit::Report::deserialize_from_str(&stdout).unwrap();
    assert_eq!((report.tests, report.failures, report.errors), (51, 1, 0));
    let failed =
        r#"<testcase name="pattern-matches-nothing" classname="config" file="strait.toml" line="10">"#;
    assert!(stdout.contains(failed), "{stdout}");
    let (_, strict, _) = validate(Some(&unwise()), &["--offline", "--strict", "--format", "junit"]);
    assert_eq!(quick_junit::Report::deserialize_from_str(&strict).unwrap().failures, 2);
}

#[test]
fn a_file_that_is_not_sound_has_findings_too() {
    let text = "[clusters.us]\nbootstrap_server = []\n[flows.f]\nsource = 1\n";
    let (code, stdout, _) = validate(Some(text), &["--format", "json"]);
    let document: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((code, &document["status"]), (Some(10), &Value::from("bad")));
    let findings = document["data"]["findings"].as_array().unwrap();
    let found = |check: &str| findings.iter().filter(|finding| finding["check"] == check).count();
    assert_eq!((found("unknown-key"), found("missing-key"), found("wrong-type")), (1, 3, 1), "{document}");
    let unsound = document["data"]["checks"].as_array().unwrap();
    assert!(
        unsound.iter().any(|check| check["check"] == "flows-loop" && check["outcome"] == "unknown"),
        "{document}"
    );
}

#[test]
fn g11_without_a_file_nothing_was_checked() {
    for arguments in [&["--offline"][..], &["--offline", "--config", "absent.toml"]] {
        let (code, stdout, stderr) = validate(None, arguments);
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
        assert!(stderr.contains("try:"), "{stderr}");
        let (code, stdout, _) = validate(None, &[arguments, &["--format", "json"]].concat());
        let document: Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!((code, document["data"].is_null()), (Some(2), true), "{document}");
    }
}

#[test]
fn offline_reads_no_secret_and_online_needs_it() {
    let text = UNWISE.replace("\"orders, 100%\", ", "").replace(
        "[clusters.ap]\n",
        "[clusters.ap]\nsecurity_protocol = \"SASL_SSL\"\nsasl_mechanism = \"PLAIN\"\nsasl_username = \
         \"env:NOT_SET_USER\"\nsasl_password = \"file:absent\"\n",
    );
    let (code, stdout, stderr) = validate(Some(&text), &["--offline"]);
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    let (code, stdout, _) = validate(Some(&text), &[]);
    assert_eq!(code, Some(10));
    assert!(stdout.contains("error secret ") && stdout.contains("NOT_SET_USER"), "{stdout}");
}

#[test]
fn a_format_that_a_command_does_not_have_is_a_usage_error() {
    for command in ["status", "replicate", "man"] {
        let output =
            Command::new(env!("CARGO_BIN_EXE_strait")).args([command, "--format", "sarif"]).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{command}: {stderr}");
        assert!(stderr.contains("it has text, json"), "{command}: {stderr}");
    }
}
