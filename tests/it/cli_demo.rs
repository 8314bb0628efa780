//! `strait demo`: the whole story with small figures, as people, programs and Ctrl-C meet it.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use strait::report::drill::{figures, outcome};

const SMALL: [&str; 6] = ["--rate", "200", "--partitions", "3", "--duration", "2s"];

fn demo(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_strait"));
    command.arg("demo").args(arguments).env_remove("STRAIT_CONFIG").env("TERM", "xterm");
    command
}

fn small(arguments: &[&str]) -> Output {
    demo(&SMALL).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
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

impl Running {
    fn start(command: &mut Command) -> Self {
        Self(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
    }

    /// Reads stderr until a line holds `words`; returns all of it.
    fn until(&mut self, words: &str) -> String {
        let mut lines = BufReader::new(self.0.stderr.as_mut().unwrap());
        let mut seen = String::new();
        while !seen.contains(words) {
            let read = lines.read_line(&mut seen).unwrap();
            assert!(read > 0, "it ended without {words:?}: {seen}");
        }
        seen
    }

    fn interrupt(&self) {
        let signal = Command::new("kill").args(["-INT", &self.0.id().to_string()]).status().unwrap();
        assert!(signal.success());
    }

    fn code(&mut self) -> Option<i32> {
        self.0.wait().unwrap().code()
    }
}

#[test]
fn the_story_is_told_in_80_columns_and_passes() {
    let run = small(&[]);
    let (stdout, stderr) = (text(&run.stdout), text(&run.stderr));
    assert_eq!(run.status.code(), Some(0), "{stderr}\n{stdout}");
    assert!(stdout.ends_with("PASS: 10 of 10 promises kept\n"), "{stdout}");
    for line in stdout.lines().chain(stderr.lines()) {
        assert!(line.chars().count() <= 80, "{} columns: {line}", line.chars().count());
        assert!(!line.contains('\x1b'), "without a terminal nothing is drawn: {line:?}");
    }
    let steps = ["are up", "created orders in eu: 3 partitions, 3 replicas", "cut off", "works in eu again"];
    let places: Vec<Option<usize>> = steps.iter().map(|step| stderr.find(step)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?} in {stderr}");
    for header in ["LAG", "MISSING-FROM", "FIGURE", "PROMISE"] {
        assert!(stdout.contains(header), "{stdout}");
    }
}

#[test]
fn programs_get_one_document_whose_records_add_up() {
    let run = small(&["--format", "json"]);
    let document: Value = serde_json::from_slice(&run.stdout).unwrap();
    assert_eq!(text(&run.stderr), "");
    assert_eq!((run.status.code(), &document["schema"]), (Some(0), &Value::from("strait/demo/v1")));
    assert_eq!((&document["status"], &document["exit_code"]), (&Value::from("ok"), &Value::from(0)));
    let data = document["data"].as_object().unwrap();
    let count = |field: &str| data[field].as_u64().unwrap();
    assert_eq!(data["verdict"], "PASS");
    let (before, after) = (count("acknowledged_source"), count("acknowledged_target"));
    assert!(before >= 200 && after >= 100, "{before} and {after} records of 400 and 200");
    assert_eq!(before + after, count("arrived") + count("lost"));
    assert!(count("lost") > 0, "the cut comes while the copy is behind");
    assert_eq!((count("lost_unannounced"), count("doubled"), count("skipped")), (0, 0, 0));
    assert_eq!((count("offsets_exact"), count("offsets_inexact")), (3, 0));
    let told: BTreeSet<&str> = data.keys().map(String::as_str).collect();
    let documented: BTreeSet<&str> = outcome::FIELDS
        .iter()
        .chain(figures::FIELDS)
        .map(|(name, _)| *name)
        .chain(["topic", "group", "partitions"])
        .collect();
    assert_eq!(told, documented);
}

#[test]
fn ctrl_c_ends_it_cleanly() {
    let mut running = Running::start(&mut demo(&["--duration", "10m"]));
    running.until("An application writes");
    running.interrupt();
    let mut rest = String::new();
    running.0.stderr.as_mut().unwrap().read_to_string(&mut rest).unwrap();
    assert_eq!(running.code(), Some(130), "{rest}");
    assert!(rest.ends_with("The demo was interrupted; its clusters are gone.\n"), "{rest}");
}

#[test]
fn what_is_kept_can_be_tried_until_ctrl_c() {
    let mut running = Running::start(demo(&SMALL).arg("--keep"));
    let seen = running.until("kcat");
    let file = seen.lines().find_map(|line| line.trim().strip_prefix("export STRAIT_CONFIG=")).unwrap();
    let file = PathBuf::from(file);
    let status = Command::new(env!("CARGO_BIN_EXE_strait"))
        .args(["status", "--format", "json"])
        .env("STRAIT_CONFIG", &file)
        .output()
        .unwrap();
    assert_eq!(status.status.code(), Some(0), "{}", text(&status.stderr));
    assert!(text(&status.stdout).contains("\"us-eu\""), "{}", text(&status.stdout));
    running.interrupt();
    assert_eq!(running.code(), Some(0), "the verdict's code");
    assert!(!file.exists(), "{} is left behind", file.display());
}

#[test]
fn figures_that_make_no_sense_are_usage_errors() {
    for wrong in [["--rate", "0"], ["--partitions", "0"], ["--duration", "0s"], ["--rate", "99999999"]] {
        let run = demo(&wrong).output().unwrap();
        assert_eq!(run.status.code(), Some(2), "{wrong:?}");
    }
}
