//! `strait completions`.

use assert_cmd::Command;

#[test]
fn every_shell_gets_a_script_that_knows_the_subcommands() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = Command::cargo_bin("strait").unwrap().args(["completions", shell]).output().unwrap();
        assert!(output.status.success(), "{shell}");
        let script = String::from_utf8(output.stdout).unwrap();
        assert!(script.contains("replicate") && script.contains("until-caught-up"), "{shell}:\n{script}");
        assert!(output.stderr.is_empty(), "{shell}");
    }
}

#[test]
fn an_unknown_shell_exits_2_and_lists_the_known_ones() {
    let output = Command::cargo_bin("strait").unwrap().args(["completions", "tcsh"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("tcsh") && stderr.contains("bash") && stderr.contains("fish"), "{stderr}");
}
