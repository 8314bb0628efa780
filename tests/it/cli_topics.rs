//! `strait topics sync` before any cluster answers: usage, plans from files, the document of a failure.

use std::path::Path;
use std::process::Command;

const CONFIG: &str = "[clusters.us]\nbootstrap_servers = [\"127.0.0.1:1\"]\n\
    [clusters.eu]\nbootstrap_servers = [\"127.0.0.1:1\"]\n\
    [flows.us-eu]\nsource = \"us\"\ntarget = \"eu\"\ntopics = [\"a\"]\n";

/// Runs it in a folder with a configuration; returns exit code, stdout and stderr.
fn sync(dir: &Path, config: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
    std::fs::write(dir.join("strait.toml"), config).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_strait"))
        .args(["topics", "sync"])
        .args(arguments)
        .current_dir(dir)
        .env_remove("STRAIT_CONFIG")
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn options_that_contradict_each_other_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    for (arguments, words) in [
        (&["--apply", "--out", "p"][..], "--out"),
        (&["--apply", "--detailed-exitcode"], "--detailed-exitcode"),
        (&["--acl-writes"], "--acls"),
        (&["--throttle", "1MB/s"], "--apply"),
        (&["--apply", "--throttle", "1MB"], "a rate ends in \"/s\""),
        (&["--only", "["], "unclosed character class"),
    ] {
        let (code, _, stderr) = sync(dir.path(), CONFIG, arguments);
        assert_eq!(code, Some(2), "{arguments:?}\n{stderr}");
        assert!(stderr.contains(words), "{arguments:?}\n{stderr}");
    }
}

#[test]
fn an_option_that_a_plan_already_answers_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    for option in [&["--prune"][..], &["--allow-delete"], &["--flow", "us-eu"], &["--only", "x"]] {
        let (code, _, stderr) = sync(dir.path(), CONFIG, &[&["--apply", "plan.json"], option].concat());
        assert_eq!(code, Some(2), "{stderr}");
        let what = format!("error: {} does not go with a plan\n  where: plan.json\n", option[0]);
        assert!(stderr.starts_with(&what), "{stderr}");
    }
}

#[test]
fn what_is_no_plan_is_refused_before_any_connection() {
    let dir = tempfile::tempdir().unwrap();
    for (text, words) in [
        (None, "No such file"),
        (Some("{"), "it is not JSON"),
        (Some("{\"schema\":\"strait/topics-plan/v9\"}"), "its schema is \"strait/topics-plan/v9\""),
        (Some("{\"schema\":\"strait/topics-plan/v1\"}"), "missing field"),
    ] {
        if let Some(text) = text {
            std::fs::write(dir.path().join("plan.json"), text).unwrap();
        }
        let (code, stdout, stderr) = sync(dir.path(), CONFIG, &["--apply", "plan.json", "--format", "json"]);
        assert_eq!(code, Some(2), "{stderr}");
        assert!(stderr.contains(words) && stderr.contains("where: plan.json"), "{stderr}");
        let document: serde_json::Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!(document["schema"], "strait/topics-sync/v1", "{document}");
        assert_eq!((&document["exit_code"], &document["data"]), (&2.into(), &serde_json::Value::Null));
    }
}

#[test]
fn g11_errors_never_look_like_changes() {
    let dir = tempfile::tempdir().unwrap();
    let (code, _, stderr) = sync(dir.path(), CONFIG, &["--detailed-exitcode"]);
    assert_eq!(code, Some(1), "nobody listens\n{stderr}");
    assert!(stderr.contains("cannot reach cluster"), "{stderr}");
    let (code, ..) = sync(dir.path(), "nonsense", &["--detailed-exitcode"]);
    assert_eq!(code, Some(1));
    let (code, ..) = sync(dir.path(), "nonsense", &[]);
    assert_eq!(code, Some(2));
}

#[test]
fn flows_whose_topics_are_not_to_be_made_are_left_out() {
    let dir = tempfile::tempdir().unwrap();
    let config = format!("{CONFIG}[flows.us-eu.provision]\nenabled = false\n");
    let (code, _, stderr) = sync(dir.path(), &config, &[]);
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("us-eu: left out, provision.enabled is false"), "{stderr}");
    assert!(stderr.contains("no flow's topics may be changed"), "{stderr}");
}
