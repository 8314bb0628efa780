//! `strait init`: what it writes, where, and when it does not.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use strait::config::json_schema;

fn strait(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_strait"))
        .current_dir(folder)
        .args(arguments)
        .env_remove("STRAIT_CONFIG")
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// Lists the keys of a schema, those of its tables too.
fn keys(schema: &serde_json::Value, found: &mut Vec<String>) {
    for (name, key) in schema["properties"].as_object().into_iter().flatten() {
        match key.get("properties") {
            Some(_) => keys(key, found),
            None => found.push(name.clone()),
        }
    }
}

#[test]
fn the_template_has_every_key_and_passes_the_checks() {
    let folder = tempfile::tempdir().unwrap();
    let (code, template, stderr) = strait(folder.path(), &["init", "--template"]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    fs::write(folder.path().join("strait.toml"), &template).unwrap();
    let (code, stdout, stderr) =
        strait(folder.path(), &["validate", "--offline", "--strict", "--config", "strait.toml"]);
    assert_eq!((code, stdout.as_str()), (Some(0), ""), "{stderr}");
    let mut all = Vec::new();
    for table in ["clusters", "flows"] {
        keys(&json_schema()["properties"][table]["additionalProperties"], &mut all);
    }
    assert!(all.len() > 30, "{all:?}");
    for key in all {
        let is_there = template.lines().any(|line| {
            let line = line.strip_prefix('#').unwrap_or(line);
            line.starts_with(&format!("{key} = "))
        });
        assert!(is_there, "{key} is not in\n{template}");
    }
}

#[test]
fn a_key_of_the_template_may_be_used_as_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    let (_, template, _) = strait(folder.path(), &["init", "--template"]);
    // Those of login and encryption go together with security_protocol; all others are sound alone.
    let apart = ["sasl_", "ssl_", "security_protocol", "config_overrides"];
    let used: Vec<String> = template
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(key) if !key.starts_with(' ') && !apart.iter().any(|apart| key.starts_with(apart)) => {
                key.to_owned()
            }
            _ => line.to_owned(),
        })
        .collect();
    fs::write(folder.path().join("strait.toml"), used.join("\n")).unwrap();
    let (code, stdout, stderr) = strait(folder.path(), &["validate", "--offline", "--config", "strait.toml"]);
    assert_eq!(code, Some(0), "{stdout}{stderr}");
}

#[test]
fn g10_a_file_is_never_overwritten_unasked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.toml");
    let template = ["init", "--template", "--output", "mine.toml"];
    let (code, stdout, stderr) = strait(folder.path(), &template);
    assert_eq!((code, stdout.as_str()), (Some(0), ""), "{stderr}");
    assert!(stderr.contains("next: strait validate --config mine.toml"), "{stderr}");
    fs::write(&path, "# mine").unwrap();
    let (code, _, stderr) = strait(folder.path(), &template);
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("mine.toml") && stderr.contains("--force"), "{stderr}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "# mine");
    let (code, ..) = strait(folder.path(), &[&template[..], &["--force"]].concat());
    assert_eq!(code, Some(0));
    assert!(fs::read_to_string(&path).unwrap().contains("[flows.us-eu]"));
}

#[test]
fn what_cannot_be_done_is_said() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("broker.properties"), "broker.id=1\nlog.dirs=/tmp\n").unwrap();
    fs::write(folder.path().join("empty.properties"), "# nothing\n").unwrap();
    fs::write(
        folder.path().join("off.properties"),
        "clusters=a,b\na.bootstrap.servers=a:1\na->b.enable=true\n",
    )
    .unwrap();
    fs::write(folder.path().join("kerberos.properties"), "security.protocol=SASL_SSL\n").unwrap();
    fs::write(folder.path().join("tls.properties"), "security.protocol=SSL\n").unwrap();
    let both = ["init", "--from-cluster", "us=a:1", "--from-cluster", "eu=SSL://b:1", "--client-properties"];
    let with = |named| [&both[..], &[named]].concat();
    let clients =
        ["us=absent", "uk=tls.properties", "us=kerberos.properties", "eu=tls.properties", "us"].map(with);
    let cases: [(&[&str], &str); 14] = [
        (&clients[0], "No such file"),
        (&clients[1], "no --from-cluster is called uk"),
        (&clients[2], "GSSAPI, which this build does not speak"),
        (&clients[3], "leave it out there"),
        (&clients[4], "NAME=FILE"),
        (&["init"], "--template"),
        (&["init", "--from", "absent"], "cannot be read"),
        (&["init", "--from", "broker.properties"], "--from-cluster"),
        (&["init", "--from", "empty.properties"], "no properties"),
        (&["init", "--from", "off.properties"], "enabled = true"),
        (&["init", "--from-cluster", "us=a:1"], "twice"),
        (&["init", "--from-cluster", "us", "--from-cluster", "eu=b:1"], "NAME=HOST:PORT"),
        (&["init", "--from-cluster", "us=a", "--from-cluster", "eu=b:1"], "port is missing"),
        (&["init", "--template", "--format", "junit"], "it has text"),
    ];
    for (arguments, words) in cases {
        let (code, stdout, stderr) = strait(folder.path(), arguments);
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{arguments:?}\n{stderr}");
        assert!(stderr.contains(words), "{arguments:?}: {words:?} is not in\n{stderr}");
    }
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (one, two) = (format!("us={closed}"), "eu=kafka.invalid:9092");
    let (code, stdout, stderr) =
        strait(folder.path(), &["init", "--from-cluster", &one, "--from-cluster", two]);
    assert_eq!((code, stdout.as_str()), (Some(1), ""), "{stderr}");
    assert!(stderr.contains("\"us\"") && stderr.contains("named on the command line"), "{stderr}");
}

#[cfg(target_os = "linux")]
#[test]
fn on_a_terminal_it_asks() {
    let folder = tempfile::tempdir().unwrap();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let binary = env!("CARGO_BIN_EXE_strait");
    let run = Command::new("script")
        .args(["-qec", &format!("stty -echo; exec {binary} init --color never"), "/dev/null"])
        .current_dir(folder.path())
        .env("TERM", "xterm")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let mut child = match run {
        Ok(child) => child,
        Err(error) => {
            assert!(std::env::var_os("STRAIT_REQUIRE_LIVE").is_none(), "script cannot be run: {error}");
            let _ = writeln!(std::io::stderr(), "terminal tests NOT run: script cannot be run: {error}");
            return;
        }
    };
    let answers = format!("{closed}\nus\n{closed}\n\norders.*\n");
    child.stdin.take().unwrap().write_all(answers.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{shown}");
    for words in ["Copy from", "Copy to", "Topics", "cannot reach cluster", "connection refused"] {
        assert!(shown.contains(words), "{words:?} is not in {shown}");
    }
    assert!(!folder.path().join("strait.toml").exists());
}
