//! `strait lag` where no Kafka is needed: what it refuses and how, in each format.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Returns a port on which nothing listens: one the system gave out and nobody else asks for.
fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Runs `strait lag` beside a configuration of two clusters that are not there.
fn run(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let text = format!(
        "[clusters.us]\nbootstrap_servers = [\"127.0.0.1:{}\"]\n\
         [clusters.eu]\nbootstrap_servers = [\"127.0.0.1:{}\"]\n\
         [flows.us-eu]\nsource = \"us\"\ntarget = \"eu\"\ntopics = [\"orders\"]\n",
        closed_port(),
        closed_port()
    );
    std::fs::write(folder.join("strait.toml"), text).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_strait"));
    command.arg("lag").args(arguments).current_dir(folder).env("HOME", folder);
    command.env_remove("XDG_CONFIG_HOME").env_remove("STRAIT_CONFIG").env_remove("NO_COLOR");
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn g11_usage_errors_exit_2_and_say_what_would_be_right() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, words) in [
        (&["--warning", "x"][..], "@10:20"),
        (&["-c", "20:10"], "begins behind its end"),
        (&["--over", "lag>60"], "take seconds, records"),
        (&["--wait-below", "1"], "--timeout"),
        (&["--wait-below", "0", "--timeout", "1s"], "above 0"),
        (&["--watch", "--samples", "2"], "--watch"),
        (&["--watch", "--format", "junit"], "text, json and tsv"),
        (&["--samples", "0"], "--samples"),
        (&["--textfile", "strait.txt"], ".prom"),
        (&["--topic", "re:("], "--topic"),
        (&["--by", "moon"], "partition"),
    ] {
        let (code, stdout, stderr) = run(folder.path(), arguments);
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{arguments:?}\n{stderr}");
        assert!(stderr.contains(words), "{arguments:?} does not say {words}:\n{stderr}");
    }
}

#[test]
fn g11_a_format_that_a_command_does_not_have_is_refused() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_strait"));
    let output = command.args(["status", "--format", "tsv"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("no --format tsv; it has text, json"), "{stderr}");
}

#[test]
fn g11_clusters_that_are_not_there_fail_in_every_format() {
    let folder = tempfile::tempdir().unwrap();
    let (code, stdout, stderr) = run(folder.path(), &[]);
    assert_eq!((code, stdout.trim()), (Some(1), ""));
    assert!(stderr.contains("cannot reach cluster \"eu\"") && stderr.contains("cluster \"us\""), "{stderr}");
    let (code, stdout, _) = run(folder.path(), &["--format", "json"]);
    assert_eq!(code, Some(1));
    let document: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((&document["schema"], &document["status"]), (&"strait/lag/v1".into(), &"error".into()));
    assert_eq!((&document["data"], document["errors"].as_array().unwrap().len()), (&Value::Null, 2));
    let (code, stdout, _) = run(folder.path(), &["--format", "prometheus"]);
    assert_eq!((code, stdout.contains("strait_lag_check_up{flow=\"us-eu\"} 0")), (Some(1), true), "{stdout}");
    let (code, stdout, _) = run(folder.path(), &["--format", "junit"]);
    assert_eq!((code, stdout.contains("<error message=\"cannot reach cluster")), (Some(1), true), "{stdout}");
    // With -q one line, for cron's mail.
    let (code, stdout, stderr) = run(folder.path(), &["-q"]);
    assert_eq!((code, stdout.as_str(), stderr.lines().count()), (Some(1), "", 1), "{stderr}");
}

#[test]
fn g11_a_monitoring_system_reads_stdout_and_its_own_codes() {
    let folder = tempfile::tempdir().unwrap();
    let (code, stdout, _) = run(folder.path(), &["--format", "nagios", "-w", "60"]);
    assert_eq!(code, Some(2), "a cluster that cannot be reached is critical");
    let (text, data) = stdout.trim_end().split_once(" | ").unwrap();
    assert!(text.starts_with("LAG CRITICAL - cannot read us-eu: cannot reach"), "{text}");
    assert!(text.chars().count() < 80 && data.starts_with("'lag_seconds_max'=U;60;;0 "), "{stdout}");
    for arguments in [&["--format", "nagios", "-w", "x"][..], &["--format=nagios", "--flow", "nobody"]] {
        let (code, stdout, _) = run(folder.path(), arguments);
        assert_eq!((code, stdout.starts_with("LAG UNKNOWN - ")), (Some(3), true), "{arguments:?}: {stdout}");
        assert!(stdout.trim_end().chars().count() < 80 && stdout.lines().count() == 1, "{stdout}");
    }
}
