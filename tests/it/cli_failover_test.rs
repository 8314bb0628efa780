//! `strait failover-test` as people, programs and Ctrl-C meet it, on clusters in memory.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use strait::report::drill::rehearsal::FIELDS;

const SMALL: [&str; 7] = ["--sandbox", "--rate", "200", "--partitions", "2", "--duration", "1s"];

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_strait"));
    command.arg("failover-test").args(arguments).env_remove("STRAIT_CONFIG").env("TERM", "xterm");
    // Where a list of lost records may be left.
    command.current_dir(env!("CARGO_TARGET_TMPDIR"));
    command
}

fn run(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn read(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap()
}

/// Ends the process if the test does not.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Most have ended by now.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn g11_a_drill_is_told_in_80_columns_and_its_files_say_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let (junit, html, artifacts) = (file("drill.xml"), file("drill.html"), file("artifacts"));
    let name = |path: &Path| path.to_str().unwrap().to_owned();
    let files = [
        "--junit",
        &name(&junit),
        "--html",
        &name(&html),
        "--artifacts",
        &name(&artifacts),
        "--seed",
        "7f3a",
    ];
    let done = run(&[&SMALL[..], &files, &["--max-rto", "1m", "--max-lost", "100000"]].concat());
    let (stdout, stderr) = (text(&done.stdout), text(&done.stderr));
    assert_eq!(done.status.code(), Some(0), "{stderr}\n{stdout}");
    let verdict = stdout.lines().rev().find(|line| line.starts_with("PASS")).unwrap();
    assert!(stdout.contains("7f3a") && verdict.contains("lost "), "{stdout}");
    for line in stdout.lines().chain(stderr.lines()) {
        assert!(line.chars().count() <= 80, "{} columns: {line}", line.chars().count());
        assert!(!line.contains('\x1b'), "without a terminal nothing is drawn: {line:?}");
    }
    for phase in
        ["prepare", "produce", "fault", "detect", "switch", "away", "heal", "fail-back", "back", "verify"]
    {
        assert!(stderr.contains(&format!(" {phase} ")), "{phase}: {stderr}");
    }
    let junit = read(&junit);
    assert!(junit.contains("failover-test.region-loss") && junit.contains("no_silent_loss"), "{junit}");
    assert!(junit.contains("failures=\"0\"") && junit.contains("errors=\"0\""), "{junit}");
    let html = read(&html);
    assert!(
        html.contains("PASS") && html.contains("<svg") && html.contains("--seed 7f3a"),
        "the page is whole"
    );
    let missing = read(&artifacts.join("missing.jsonl"));
    for line in missing.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["announced"], true, "{line}");
    }
}

#[test]
fn g11_a_limit_that_is_exceeded_fails_the_drill_and_programs_get_one_document() {
    let done = run(&[&SMALL[..], &["--one-way", "--max-rto", "1ms", "--format", "json"]].concat());
    assert_eq!(done.status.code(), Some(10), "{}", text(&done.stderr));
    let lines: Vec<&str> = text(&done.stdout).lines().collect();
    assert_eq!(lines.len(), 1);
    let document: Value = serde_json::from_str(lines[0]).unwrap();
    assert_eq!(document["schema"], "strait/failover-test/v1");
    assert_eq!((document["status"].as_str(), document["exit_code"].as_i64()), (Some("bad"), Some(10)));
    let data = document["data"].as_object().unwrap();
    let told: Vec<&str> = FIELDS.iter().map(|(name, _)| *name).collect();
    for field in data.keys() {
        assert!(told.contains(&field.as_str()), "{field} is not in docs/json.md");
    }
    assert_eq!(data["verdict"], "FAIL");
    let promises = data["promises"].as_array().unwrap();
    let broken: Vec<_> = promises.iter().filter(|promise| promise["kept"] == false).collect();
    assert_eq!(broken.len(), 1, "{broken:?}");
    assert_eq!(broken[0]["code"], "max_rto");
}

#[test]
fn g10_a_dry_run_makes_nothing_and_says_what_would_be() {
    let done = run(&[&SMALL[..], &["--dry-run", "--scenario", "link-flap", "--seed", "1"]].concat());
    assert_eq!(done.status.code(), Some(0));
    let stdout = text(&done.stdout);
    assert!(stdout.starts_with("Scenario link-flap of flow us-eu: us to eu\n"), "{stdout}");
    assert_eq!(stdout.matches("link cut").count(), 3, "{stdout}");
    assert_eq!(stdout.matches("link mended").count(), 3, "{stdout}");
    assert!(stdout.contains("topics strait-drill-") && stdout.contains("groups strait-drill-"), "{stdout}");
    assert!(text(&done.stderr).contains("Nothing was made"));
}

#[test]
fn what_cannot_be_rehearsed_is_a_usage_error() {
    for (arguments, words) in [
        (&["--scenario", "broker-restart"][..], "--fault-cmd and --heal-cmd"),
        (&["--sandbox", "--fault-cmd", "true"], "--heal-cmd"),
        (&["--sandbox", "--seed", "xyz"], "hexadecimal"),
        (&["--sandbox", "--scenario", "earthquake"], "region-loss"),
    ] {
        let done = run(arguments);
        assert_eq!(done.status.code(), Some(2), "{arguments:?}: {}", text(&done.stderr));
        assert!(text(&done.stderr).contains(words), "{arguments:?}: {}", text(&done.stderr));
    }
}

#[test]
fn a_fault_that_cannot_be_made_is_no_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let junit = folder.path().join("drill.xml");
    let hooks = ["--fault-cmd", "exit 3", "--heal-cmd", "true", "--junit", junit.to_str().unwrap()];
    let done = run(&[&SMALL[..], &hooks].concat());
    assert_eq!(done.status.code(), Some(1), "{}", text(&done.stderr));
    assert!(text(&done.stderr).contains("exit 3: it ended with exit status: 3"), "{}", text(&done.stderr));
    assert!(read(&junit).contains("<error"), "a drill that was not played is an error");
}

#[test]
fn ctrl_c_ends_a_drill_cleanly() {
    let mut running = Running(
        command(&["--sandbox", "--duration", "5m", "--rate", "100"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap(),
    );
    let mut lines = BufReader::new(running.0.stderr.take().unwrap());
    let mut seen = String::new();
    while !seen.contains(" prepare ") {
        assert!(lines.read_line(&mut seen).unwrap() > 0, "it ended: {seen}");
    }
    let sent = Command::new("kill").args(["-INT", &running.0.id().to_string()]).status().unwrap();
    assert!(sent.success());
    while !seen.contains("was interrupted") {
        assert!(lines.read_line(&mut seen).unwrap() > 0, "it ended: {seen}");
    }
    assert_eq!(running.0.wait().unwrap().code(), Some(130));
}
