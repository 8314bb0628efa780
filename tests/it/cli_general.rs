//! What every command has in common: help, exit codes, colour, closed pipes.

use std::process::{Command, Output};

/// Runs the binary away from this machine's own configuration.
fn strait() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_strait"));
    command.env_remove("STRAIT_CONFIG").env_remove("NO_COLOR").env("TERM", "xterm");
    command
}

fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = strait().args(arguments).output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[test]
fn help_and_version_are_data_and_succeed() {
    let (code, stdout, stderr) = run(&["--help"]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    for word in ["Examples:", "Exit codes:", "replicate", "--config", "STRAIT_CONFIG", "--flow", "--color"] {
        assert!(stdout.contains(word), "{word} is missing in\n{stdout}");
    }
    let (code, stdout, stderr) = run(&["--version"]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert_eq!(stdout, concat!("strait ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn help_fits_a_hundred_columns() {
    for arguments in
        [&["--help"][..], &["replicate", "--help"], &["completions", "--help"], &["man", "--help"]]
    {
        let (code, stdout, _) = run(arguments);
        assert_eq!(code, Some(0));
        let wide: Vec<&str> = stdout.lines().filter(|line| line.chars().count() > 100).collect();
        assert!(wide.is_empty(), "{arguments:?}: {wide:#?}");
    }
}

#[test]
fn g11_usage_errors_exit_2_on_stderr_and_name_the_word() {
    for (arguments, word) in [
        (&["bogus"][..], "bogus"),
        (&["replicate", "--bogus"], "--bogus"),
        (&["completions", "tcsh"], "tcsh"),
        (&["replicate", "--once", "--until-caught-up"], "--until-caught-up"),
        (&["replicate", "--progress-interval", "10"], "10s"),
        (&["replicate", "--progress-interval", "0s"], "longer than zero"),
        (&["replicate", "--flow", "us/eu"], "letters, digits"),
        (&["replicate", "--metrics", "nonsense"], "--metrics"),
        (&["--format", "yaml", "man"], "yaml"),
        (&[], "Usage: strait"),
    ] {
        let (code, stdout, stderr) = run(arguments);
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{arguments:?}\n{stderr}");
        assert!(stderr.contains(word), "{arguments:?}: {word} is missing in\n{stderr}");
    }
}

#[test]
fn g11_a_usage_error_is_a_json_document_where_json_was_asked_for() {
    for arguments in [&["--format", "json", "bogus"][..], &["replicate", "--format=json", "--bogus"]] {
        let (code, stdout, stderr) = run(arguments);
        assert_eq!(code, Some(2), "{stderr}");
        let document: serde_json::Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!(document["status"], "error", "{document}");
        assert_eq!(document["exit_code"], 2, "{document}");
        assert!(document["data"].is_null(), "{document}");
        assert_eq!(document["errors"][0]["code"], "usage", "{document}");
        assert!(document["errors"][0]["message"].as_str().unwrap().contains("bogus"), "{document}");
    }
}

#[test]
fn colour_is_used_only_when_asked_for_or_on_a_terminal() {
    let escapes = |command: &mut Command| command.output().unwrap().stderr.contains(&0x1b);
    assert!(!escapes(strait().arg("bogus")), "stderr is no terminal here");
    assert!(escapes(strait().args(["--color", "always", "bogus"])));
    assert!(escapes(strait().args(["--color=always", "bogus"]).env("NO_COLOR", "1")), "the option wins");
    assert!(!escapes(strait().args(["--color", "never", "bogus"])));
    assert!(!escapes(strait().arg("bogus").env("NO_COLOR", "1")));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    for arguments in [&["man"][..], &["completions", "zsh"], &["--help"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        // Gone before the program starts, so that its first write meets a closed pipe.
        drop(reader);
        let output = strait().args(arguments).stdout(writer).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), stderr.as_str()), (Some(0), ""), "{arguments:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn g11_data_that_cannot_be_written_is_a_failure() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = strait().args(["completions", "bash"]).stdout(full).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("error: cannot write to stdout"), "{stderr}");
}
