//! `strait replicate` where no Kafka is needed: what it refuses, how it waits, how it is stopped.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// Writes a configuration with one flow between two ports of this machine.
fn config(folder: &Path, source_port: u16, target_port: u16) -> PathBuf {
    let path = folder.join("strait.toml");
    let text = format!(
        "[clusters.us]\nbootstrap_servers = [\"127.0.0.1:{source_port}\"]\n\
         [clusters.eu]\nbootstrap_servers = [\"127.0.0.1:{target_port}\"]\n\
         [flows.us-eu]\nsource = \"us\"\ntarget = \"eu\"\ntopics = [\"orders\"]\ngroups = []\n"
    );
    std::fs::write(&path, text).unwrap();
    path
}

/// Returns a port on which nothing listens: one the system gave out and nobody else asks for.
fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn strait(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_strait"));
    command.arg("replicate").args(arguments).current_dir(folder);
    // Away from this machine's own configuration.
    command
        .env("HOME", folder)
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("STRAIT_CONFIG")
        .env_remove("NO_COLOR");
    command
}

fn run(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = strait(folder, arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// Returns the last line of JSON Lines, which says how the run ended.
fn ended(stdout: &str) -> Value {
    let line: Value = serde_json::from_str(stdout.lines().last().unwrap()).unwrap();
    assert_eq!(
        (line["event"].as_str(), line["schema"].as_str()),
        (Some("ended"), Some("strait/replicate/v1"))
    );
    line
}

#[test]
fn g11_a_broken_configuration_exits_2_with_place_and_caret_and_in_json() {
    let folder = tempfile::tempdir().unwrap();
    let path = config(folder.path(), 1, 2);
    let text = std::fs::read_to_string(&path).unwrap().replace("topics =", "topic =");
    std::fs::write(&path, text).unwrap();
    let (code, stdout, stderr) = run(folder.path(), &["--once"]);
    assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
    assert!(stderr.contains("strait.toml:8:1") && stderr.contains("topics"), "{stderr}");
    assert!(!stderr.contains('\x1b'), "{stderr}");
    let (code, stdout, _) = run(folder.path(), &["--once", "--format", "json"]);
    let line = ended(&stdout);
    assert_eq!((code, &line["exit_code"], &line["status"]), (Some(2), &2.into(), &"error".into()), "{line}");
    let errors = line["errors"].as_array().unwrap();
    let unknown = errors.iter().find(|error| error["code"] == "config::unknown_key").unwrap();
    assert_eq!(unknown["scope"], "config");
    assert!(unknown["message"].as_str().unwrap().contains("strait.toml:8:1"), "{unknown}");
    assert!(unknown["hint"].as_str().unwrap().contains("topics"), "{unknown}");
}

#[test]
fn g11_no_configuration_and_no_such_flow_exit_2_and_say_what_to_type() {
    let folder = tempfile::tempdir().unwrap();
    let (code, _, stderr) = run(folder.path(), &[]);
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("no configuration was found") && stderr.contains("--config FILE"), "{stderr}");
    config(folder.path(), 1, 2);
    let (code, _, stderr) = run(folder.path(), &["--flow", "us-eo"]);
    assert_eq!(code, Some(2), "{stderr}");
    for part in
        ["error: no flow is called \"us-eo\"", "where: ", "cause: its flows are us-eu", "--flow us-eu?"]
    {
        assert!(stderr.contains(part), "{part} is missing in\n{stderr}");
    }
    let (code, stdout, _) = run(folder.path(), &["--flow", "us-eo", "--format", "json"]);
    assert_eq!((code, &ended(&stdout)["errors"][0]["code"]), (Some(2), &"unknown_flow".into()));
}

#[test]
fn g11_an_unreachable_cluster_exits_1_in_four_parts_and_in_json() {
    let folder = tempfile::tempdir().unwrap();
    let (source, target) = (closed_port(), closed_port());
    config(folder.path(), source, target);
    let (code, stdout, stderr) = run(folder.path(), &["--once", "-q"]);
    assert_eq!((code, stdout.as_str()), (Some(1), ""), "{stderr}");
    for part in [
        "error: cannot reach cluster \"",
        "(phase: tcp)",
        "where: 127.0.0.1:",
        "cause: connection refused",
        "try: ",
    ] {
        assert!(stderr.contains(part), "{part} is missing in\n{stderr}");
    }
    let (code, stdout, _) = run(folder.path(), &["--once", "--format", "json"]);
    let line = ended(&stdout);
    assert_eq!((code, &line["exit_code"], &line["errors"][0]["code"]), (Some(1), &1.into(), &"tcp".into()));
    assert!(line["data"].is_null(), "{line}");
    assert!(line["errors"][0]["scope"].as_str().unwrap().starts_with("cluster:"), "{line}");
}

#[test]
fn timeout_tries_again_says_so_once_and_ends() {
    let folder = tempfile::tempdir().unwrap();
    config(folder.path(), closed_port(), closed_port());
    let (code, _, stderr) = run(folder.path(), &["--once", "--timeout", "1s"]);
    assert_eq!(code, Some(1), "{stderr}");
    let waiting = stderr.lines().filter(|line| line.contains("us-eu: trying again: cannot reach")).count();
    assert!((1..=2).contains(&waiting), "once for each cluster:\n{stderr}");
    assert!(stderr.contains("error: cannot reach cluster"), "{stderr}");
}

#[test]
fn a_stop_while_a_cluster_is_waited_for_ends_cleanly() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let folder = tempfile::tempdir().unwrap();
        config(folder.path(), closed_port(), closed_port());
        let mut child = strait(folder.path(), &["--timeout", "1h"])
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap()).lines();
        let first = stderr.next().unwrap().unwrap();
        assert!(first.contains("trying again"), "{first}");
        let sent =
            Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        // Read to its end, so that the child is never held up.
        let rest: Vec<String> = stderr.map(Result::unwrap).collect();
        assert_eq!(child.wait().unwrap().code(), Some(code), "{rest:?}");
    }
}

#[test]
fn g11_a_metrics_address_in_use_exits_1_before_anything_is_copied() {
    let folder = tempfile::tempdir().unwrap();
    config(folder.path(), closed_port(), closed_port());
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, _, stderr) = run(folder.path(), &["--metrics", &address]);
    assert_eq!(code, Some(1), "{stderr}");
    for part in ["error: metrics cannot be served", &address, "cause: ", "try: "] {
        assert!(stderr.contains(part), "{part} is missing in\n{stderr}");
    }
}

#[test]
fn a_reader_of_events_that_goes_away_changes_neither_the_code_nor_the_words() {
    let folder = tempfile::tempdir().unwrap();
    config(folder.path(), closed_port(), closed_port());
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = strait(folder.path(), &["--format", "json"]).stdout(writer).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.starts_with("error: cannot reach cluster"), "{stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
}

#[test]
fn colour_follows_the_option_and_no_color() {
    let folder = tempfile::tempdir().unwrap();
    config(folder.path(), closed_port(), closed_port());
    let escapes = |command: &mut Command| command.output().unwrap().stderr.contains(&0x1b);
    assert!(!escapes(&mut strait(folder.path(), &["--once"])), "stderr is no terminal here");
    assert!(escapes(&mut strait(folder.path(), &["--once", "--color", "always"])));
    assert!(
        escapes(strait(folder.path(), &["--once", "--color", "always"]).env("NO_COLOR", "1")),
        "the option wins"
    );
    assert!(!escapes(strait(folder.path(), &["--once"]).env("NO_COLOR", "1")));
}

#[test]
fn two_signals_at_once_are_one_request() {
    let folder = tempfile::tempdir().unwrap();
    config(folder.path(), closed_port(), closed_port());
    let arguments = ["--timeout", "1h", "--format", "json"];
    let mut child = strait(folder.path(), &arguments).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(stdout.next().unwrap().unwrap().contains("\"waiting\""));
    let pid = child.id().to_string();
    let sent = Command::new("sh").args(["-c", &format!("kill -TERM {pid}; kill -TERM {pid}")]).status();
    assert!(sent.unwrap().success());
    let lines: Vec<String> = stdout.map(Result::unwrap).collect();
    assert_eq!(child.wait().unwrap().code(), Some(143), "{lines:?}");
    let last = ended(lines.last().unwrap());
    assert_eq!((&last["status"], &last["exit_code"]), (&"interrupted".into(), &143.into()), "{last}");
}

#[test]
fn verbose_logs_connections_to_stderr_in_both_formats() {
    let folder = tempfile::tempdir().unwrap();
    config(folder.path(), closed_port(), closed_port());
    let (_, _, silent) = run(folder.path(), &["--once"]);
    assert!(!silent.contains("not connected"), "{silent}");
    for format in ["text", "json"] {
        let (code, stdout, stderr) = run(folder.path(), &["--once", "-v", "--format", format]);
        assert_eq!(code, Some(1), "{stderr}");
        assert!(stderr.contains(" INFO strait::kafka::connect: not connected"), "{stderr}");
        assert!(!stdout.contains("INFO"), "{stdout}");
    }
}

#[test]
fn what_is_shared_does_not_end_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    for mode in ["--once", "--until-caught-up"] {
        config(folder.path(), 1, 2);
        let (code, _, stderr) = run(folder.path(), &["--share", mode]);
        assert_eq!(code, Some(2), "{stderr}");
        assert!(stderr.contains("--share") && stderr.contains(mode), "{stderr}");

        let path = config(folder.path(), 1, 2);
        let text = std::fs::read_to_string(&path).unwrap() + "share = true\n";
        std::fs::write(&path, text).unwrap();
        let (code, stdout, _) = run(folder.path(), &[mode, "--format", "json"]);
        assert_eq!(code, Some(2), "{stdout}");
        let error = &ended(&stdout)["errors"][0];
        assert_eq!(error["code"], "share_ends");
        assert!(error["message"].as_str().unwrap().contains(mode), "{error}");
    }
}
