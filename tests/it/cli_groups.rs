//! `strait groups`: what it refuses before any connection, and in which words.

use std::process::{Command, Output, Stdio};

struct Ran {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

fn run(config: &str, arguments: &[&str]) -> Ran {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("strait.toml");
    std::fs::write(&path, config).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_strait"));
    command.env("NO_COLOR", "1").env_remove("STRAIT_CONFIG").stdin(Stdio::null()).current_dir(dir.path());
    let output = command.arg("--config").arg(&path).args(arguments).output().unwrap();
    let Output { status, stdout, stderr } = output;
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
}

/// Two clusters where nothing listens, and flows of these names between them.
fn config(flows: &[(&str, &str)]) -> String {
    let mut text = "[clusters.us]\nbootstrap_servers = [\"127.0.0.1:1\"]\n\
                    [clusters.eu]\nbootstrap_servers = [\"127.0.0.1:2\"]\n"
        .to_owned();
    for (name, more) in flows {
        text += &format!("[flows.{name}]\nsource = \"us\"\ntarget = \"eu\"\ntopics = [\"{name}\"]\n{more}\n");
    }
    text
}

#[test]
fn g11_a_flow_without_groups_is_a_mistake_that_names_the_key() {
    let ran = run(&config(&[("orders", "")]), &["groups", "sync"]);
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    for word in ["no flow carries consumer groups", "orders", "groups = [\"*\"]", "strait.toml"] {
        assert!(ran.stderr.contains(word), "{word} is not in\n{}", ran.stderr);
    }
    let ran = run(&config(&[("orders", "")]), &["groups", "sync", "--format", "json"]);
    let document: serde_json::Value = serde_json::from_str(ran.stdout.trim()).unwrap();
    assert_eq!(document["schema"], "strait/groups-sync/v1");
    assert_eq!((&document["exit_code"], &document["data"]), (&2.into(), &serde_json::Value::Null));
    assert_eq!(document["errors"][0]["code"], "no_groups");
}

#[test]
fn g11_clusters_that_cannot_be_reached_end_with_1_and_no_data() {
    for arguments in [
        &["groups", "sync", "--format", "json"][..],
        &[
            "groups",
            "translate",
            "--topic",
            "orders",
            "--partition",
            "0",
            "--offset",
            "7",
            "--format",
            "json",
        ],
    ] {
        let ran = run(&config(&[("orders", "groups = [\"*\"]")]), arguments);
        assert_eq!(ran.code, Some(1), "{}", ran.stderr);
        let document: serde_json::Value = serde_json::from_str(ran.stdout.trim()).unwrap();
        assert_eq!((&document["status"], &document["data"]), (&"error".into(), &serde_json::Value::Null));
        assert_eq!(document["errors"][0]["code"], "tcp", "{document}");
    }
}

#[test]
fn a_pattern_that_cannot_be_read_is_refused() {
    let ran = run(&config(&[("orders", "groups = [\"*\"]")]), &["groups", "sync", "--group", "re:("]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("--group"), "{}", ran.stderr);
}

#[test]
fn an_offset_is_named_whole_or_in_a_file() {
    let one = config(&[("orders", "")]);
    for arguments in [
        &["groups", "translate"][..],
        &["groups", "translate", "--offset", "7"],
        &["groups", "translate", "--topic", "orders", "--partition", "0"],
        &["groups", "translate", "--topic", "orders", "--partition", "0", "--offset", "-1"],
        &["groups", "translate", "x.json", "--topic", "orders", "--partition", "0", "--offset", "1"],
    ] {
        assert_eq!(run(&one, arguments).code, Some(2), "{arguments:?}");
    }
    let ran = run(&one, &["groups", "translate", "missing.json"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("missing.json"), "{}", ran.stderr);
    let ran = run(&one, &["groups", "translate", "-"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("stdin") && ran.stderr.contains("not JSON"), "{}", ran.stderr);
}

#[test]
fn offsets_belong_to_one_flow() {
    let two = config(&[("orders", ""), ("payments", "")]);
    let ran = run(&two, &["groups", "translate", "--topic", "orders", "--partition", "0", "--offset", "1"]);
    assert_eq!(ran.code, Some(2));
    for word in ["one flow", "orders, payments", "--flow"] {
        assert!(ran.stderr.contains(word), "{word} is not in\n{}", ran.stderr);
    }
}
