//! Sample configurations in `validate/`: the first line of each names what `strait validate --offline`
//! finds in it, and where; what is printed is kept beside it as a `.txt`. `STRAIT_UPDATE=1` writes it anew.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use strait::validate::registry::{self, How};

fn samples() -> Vec<PathBuf> {
    let files = fs::read_dir("tests/it/validate").unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files.filter(|path| path.extension().is_some_and(|end| end == "toml")).collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

/// Runs `strait validate --offline` in the samples' folder and returns code, stdout, stderr.
fn validate(file: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_strait"))
        .current_dir("tests/it/validate")
        .args(["validate", "--offline", "--config"])
        .arg(file.file_name().unwrap())
        .args(arguments)
        .env_remove("STRAIT_CONFIG")
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn assert_fresh(path: &Path, expected: &str) {
    if std::env::var_os("STRAIT_UPDATE").is_some() {
        fs::write(path, expected).unwrap();
    }
    let found = fs::read_to_string(path).unwrap_or_default();
    assert_eq!(found, expected, "{} is stale: STRAIT_UPDATE=1 rewrites it", path.display());
}

#[test]
fn every_sample_shows_what_its_first_line_says() {
    let mut wrong = String::new();
    let mut seen = BTreeSet::new();
    for path in samples() {
        let (code, stdout, stderr) = validate(&path, &["--format", "json"]);
        let document: Value = serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("{stdout}{stderr}"));
        let mut is_error = false;
        let found: Vec<String> = document["data"]["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|finding| {
                let check = finding["check"].as_str().unwrap();
                seen.insert(check.to_owned());
                is_error |= finding["severity"] == "error";
                assert!(finding["hint"].is_string(), "{path:?}: {check} says nothing to do");
                format!("{check} {}:{}", finding["line"], finding["column"])
            })
            .collect();
        let text = fs::read_to_string(&path).unwrap();
        let expected = text.lines().next().unwrap().trim_start_matches('#').trim();
        if found.join(", ") != expected {
            wrong += &format!("{}: {}\n{stdout}\n", path.display(), found.join(", "));
        }
        assert_eq!(code, Some(if is_error { 10 } else { 0 }), "{path:?} {stderr}");
        let (_, printed, summed) = validate(&path, &[]);
        assert_fresh(&path.with_extension("txt"), &(printed + &summed));
        let has_any = !found.is_empty();
        let (strict, ..) = validate(&path, &["--strict", "-q"]);
        assert_eq!(strict, Some(if has_any { 10 } else { 0 }), "{path:?}");
    }
    assert!(wrong.is_empty(), "{wrong}");
    let unseen: Vec<&str> =
        registry::FILE.iter().map(|check| check.name).filter(|name| !seen.contains(*name)).collect();
    assert!(unseen.is_empty(), "no sample for {unseen:?}");
}

#[test]
fn every_rule_of_the_file_has_its_check_and_every_check_its_rule() {
    let mut rules: BTreeSet<String> =
        ["unreadable", registry::LITERAL_SECRET, registry::PLAIN_ENDPOINT].map(str::to_owned).into();
    for entry in fs::read_dir("tests/it/config/invalid").unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "toml") {
            let failure = strait::config::load(&path, &|_| None).unwrap_err();
            rules.extend(
                failure.findings().map(|f| f.code.strip_prefix("config::").unwrap().replace('_', "-")),
            );
        }
    }
    rules.insert("too-deep".to_owned());
    let checks: BTreeSet<String> = registry::READING.iter().map(|check| check.name.to_owned()).collect();
    assert_eq!(rules, checks);
}

#[test]
fn names_are_kebab_case_and_come_once() {
    let mut names = BTreeSet::new();
    for check in registry::all() {
        let is_kebab = check.name.split('-').all(|word| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        });
        assert!(is_kebab, "{}", check.name);
        assert!(names.insert(check.name), "{} comes twice", check.name);
        assert!(check.explanation.ends_with('.'), "{}", check.name);
    }
    let offline = registry::all().filter(|check| check.how.is_offline()).count();
    assert_eq!(offline, registry::READING.len() + registry::FILE.len());
    assert!(registry::CLUSTER.iter().all(|check| matches!(check.how, How::Cluster(_))));
    assert!(registry::FLOW.iter().all(|check| matches!(check.how, How::Flow(_))));
}

#[test]
fn no_text_is_left_without_its_sample() {
    for entry in fs::read_dir("tests/it/validate").unwrap() {
        let path = entry.unwrap().path();
        assert!(path.with_extension("toml").exists(), "{} belongs to nothing", path.display());
    }
}
