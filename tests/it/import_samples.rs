//! Properties files in the style found in the wild, in `import_samples/`: what `strait init --from` makes of
//! each is kept beside it as a `.toml` and passes `strait validate --offline`. `STRAIT_UPDATE=1` writes it
//! anew.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const FOLDER: &str = "tests/it/import_samples";

fn samples() -> Vec<PathBuf> {
    let files = fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|end| end == "properties")).collect();
    files.sort();
    assert!(files.len() >= 12);
    files
}

fn strait(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_strait"))
        .current_dir(FOLDER)
        .args(arguments)
        .env_remove("STRAIT_CONFIG")
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn name(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

#[test]
fn every_sample_becomes_a_file_that_passes_the_checks() {
    for path in samples() {
        let (code, made, stderr) = strait(&["init", "--from", name(&path)]);
        assert_eq!((code, stderr.as_str()), (Some(0), ""), "{path:?}");
        let kept = path.with_extension("toml");
        if std::env::var_os("STRAIT_UPDATE").is_some() {
            fs::write(&kept, &made).unwrap();
        }
        assert_eq!(
            fs::read_to_string(&kept).unwrap_or_default(),
            made,
            "{kept:?}: STRAIT_UPDATE=1 rewrites it"
        );
        let (code, stdout, stderr) = strait(&["validate", "--offline", "--config", name(&kept)]);
        assert_eq!(code, Some(0), "{kept:?}\n{stdout}{stderr}");
        let wide: Vec<&str> =
            made.lines().filter(|line| line.starts_with('#') && line.chars().count() > 104).collect();
        assert!(wide.is_empty(), "{kept:?}: {wide:#?}");
    }
}

#[test]
fn every_key_has_a_line_or_a_remark() {
    // Keys that became something, whatever it is called now.
    let taken = [
        "clusters",
        "bootstrap.servers",
        "enabled",
        "topics",
        "topics.exclude",
        "topics.blacklist",
        "groups",
        "replication.factor",
        "replication.policy.class",
        "replication.policy.separator",
        "security.protocol",
        "sasl.mechanism",
        "sasl.jaas.config",
        "ssl.truststore.location",
        "ssl.truststore.type",
        "ssl.keystore.location",
        "ssl.keystore.type",
        "client.id",
        "request.timeout.ms",
        "refresh.topics.interval.seconds",
        "sync.group.offsets.enabled",
        "auto.offset.reset",
        "compression.type",
        "advertised.listeners",
        "listeners",
        "listener.security.protocol.map",
        "controller.listener.names",
        "sasl.enabled.mechanisms",
        "default.replication.factor",
    ];
    for path in samples() {
        let made = fs::read_to_string(path.with_extension("toml")).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        for (number, line) in
            text.lines().enumerate().filter(|(_, line)| line.contains('=') && !line.starts_with(['#', ' ']))
        {
            let key = line.split(['=', ' ']).next().unwrap();
            let is_told = made.contains(&format!("line {}: {key}:", number + 1))
                || made.contains(&format!("line {}, `{key}`", number + 1));
            assert!(
                is_told || taken.iter().any(|taken| key.ends_with(taken)),
                "{path:?}: nothing is said of {key}\n{made}"
            );
        }
    }
}

#[test]
fn no_secret_is_taken_over() {
    for path in samples() {
        let made = fs::read_to_string(path.with_extension("toml")).unwrap();
        for secret in ["s3cr", "changeit"] {
            assert!(!made.contains(secret), "{path:?}");
        }
    }
}

#[test]
fn nothing_is_left_without_its_sample() {
    for entry in fs::read_dir(FOLDER).unwrap() {
        let path = entry.unwrap().path();
        assert!(path.with_extension("properties").exists(), "{} belongs to nothing", path.display());
    }
}
