//! What is generated from the command line's definition is committed as generated.
//! `STRAIT_UPDATE=1 cargo test docs_fresh` writes it anew.

use assert_cmd::Command;

fn assert_fresh(path: &str, arguments: &[&str]) {
    let output = Command::cargo_bin("strait").unwrap().args(arguments).output().unwrap();
    assert!(output.status.success());
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("STRAIT_UPDATE").is_some() {
        std::fs::write(&path, &output.stdout).unwrap();
    }
    let committed = std::fs::read(&path).unwrap();
    assert!(committed == output.stdout, "{} is stale: STRAIT_UPDATE=1 cargo test docs_fresh", path.display());
}

#[test]
fn completions_are_fresh() {
    for (shell, file) in [
        ("bash", "strait.bash"),
        ("zsh", "_strait"),
        ("fish", "strait.fish"),
        ("powershell", "_strait.ps1"),
        ("elvish", "strait.elv"),
    ] {
        assert_fresh(&format!("completions/{file}"), &["completions", shell]);
    }
}

#[test]
fn the_manual_page_is_fresh() {
    assert_fresh("man/strait.1", &["man"]);
}

#[test]
fn an_unknown_shell_or_option_is_a_usage_error() {
    for arguments in [["completions", "tcl"], ["replicate", "--onec"]] {
        Command::cargo_bin("strait").unwrap().args(arguments).assert().code(2);
    }
}
