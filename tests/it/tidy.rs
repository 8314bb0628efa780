//! The house rules that no compiler checks.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

/// Direct dependencies of the binary.
const DIRECT_DEPENDENCIES_MAX: usize = 46;
/// Packages in Cargo.lock, those for tests and other platforms included.
const LOCKED_PACKAGES_MAX: usize = 310;
/// What to do where a ceiling is reached.
const RAISE: &str = "is above the ceiling: do without the new one, or raise the number in tests/it/tidy.rs \
     in a commit that says what it is needed for and what was looked at instead";
/// Lines of a source file; 100 to 250 are wanted.
const FILE_LINES_MAX: usize = 450;
/// Files that may be longer, each with the reason.
const LONG_FILES: [(&str, &str); 0] = [];

/// What does the work; `report` may name all of it.
const WORKERS: &[&str] = &[
    "kafka",
    "config",
    "provision",
    "engine",
    "groups",
    "failover",
    "failback",
    "lag",
    "verify",
    "validate",
    "drill",
    "obs",
];
/// What `commands` may name.
const ABOVE_REPORT: &[&str] = &[
    "kafka",
    "config",
    "provision",
    "engine",
    "groups",
    "failover",
    "failback",
    "lag",
    "verify",
    "validate",
    "drill",
    "sandbox",
    "obs",
    "report",
];
/// The layers and, for each, those to its left that it may name; itself, `types` and `exit` always.
const LAYERS: &[(&str, &[&str])] = &[
    ("types", &[]),
    ("exit", &[]),
    ("kafka", &[]),
    ("sandbox", &["kafka"]),
    ("config", &["kafka"]),
    ("provision", &["kafka"]),
    ("engine", &["kafka", "provision"]),
    ("groups", &["kafka", "config", "engine"]),
    ("lag", &["kafka", "config", "provision", "engine", "groups"]),
    ("failover", &["kafka", "config", "engine", "groups"]),
    ("failback", &["kafka", "config", "engine", "groups", "failover"]),
    ("verify", &["kafka", "engine"]),
    ("validate", &["kafka", "config", "provision"]),
    ("sandbox", &["kafka"]),
    ("drill", &["kafka", "config", "engine", "groups", "failover", "failback"]),
    ("obs", &[]),
    ("report", WORKERS),
    ("commands", ABOVE_REPORT),
    ("cli", &["commands", "report"]),
];
/// All that the sandbox may name of `kafka`: how batches are laid out, checked and compressed, and how
/// messages are decoded without believing what they claim. It is spoken to over TCP by the client it tests, and shares no connection, request or error with it.
const SANDBOX_MAY_NAME: [&str; 4] = ["kafka::batch", "kafka::codec", "kafka::crc", "kafka::guarded"];
/// Layers that may name the settings, which are plain data, though `config` stands elsewhere.
const MAY_NAME_SETTINGS: [&str; 4] = ["kafka", "provision", "engine", "verify"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Reads the files under a folder whose names end in `ending`, in the order of their names.
fn files(folder: &str, ending: &str) -> Vec<(String, String)> {
    let mut folders = vec![root().join(folder)];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root()).unwrap().display().to_string();
            if path.is_dir() {
                folders.push(path);
            } else if name.ends_with(ending) {
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "nothing under {folder} ends in {ending}");
    found
}

/// Returns the code of a line, without its comment.
fn code(line: &str) -> &str {
    line.split("//").next().unwrap_or_default()
}

/// Lists the lines of code that break a rule, each with its place.
fn offences(sources: &[(String, String)], breaks: impl Fn(&str, &str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for (name, text) in sources {
        let lines = text.lines().enumerate().filter(|(_, line)| breaks(name, code(line)));
        found.extend(lines.map(|(number, line)| format!("{name}:{}: {}", number + 1, line.trim())));
    }
    found
}

/// Returns `kafka` for `src/kafka/tls.rs` and `cli` for `src/cli.rs`.
fn layer(name: &str) -> &str {
    let below = name.trim_start_matches("src/");
    below.split_once('/').map_or(below.trim_end_matches(".rs"), |(layer, _)| layer)
}

/// Returns the layers a line of `own`'s code names and may not.
fn forbidden<'a>(own: &str, line: &'a str) -> Vec<&'a str> {
    let Some((_, allowed)) = LAYERS.iter().find(|(layer, _)| *layer == own) else { return Vec::new() };
    let named = line.split("crate::").skip(1).filter(|path| {
        let settings = path.starts_with("config::settings") && MAY_NAME_SETTINGS.contains(&own);
        !settings
    });
    named
        .map(|path| path.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap())
        .filter(|named| LAYERS.iter().any(|(layer, _)| layer == named))
        .filter(|named| *named != own && !["types", "exit"].contains(named) && !allowed.contains(named))
        .collect()
}

#[test]
fn dependencies_stay_few() {
    let table =
        |name: &str| -> toml::Table { fs::read_to_string(root().join(name)).unwrap().parse().unwrap() };
    let direct = table("Cargo.toml")["dependencies"].as_table().unwrap().len();
    assert!(direct <= DIRECT_DEPENDENCIES_MAX, "{direct} direct dependencies {RAISE}");
    let locked = table("Cargo.lock")["package"].as_array().unwrap().len();
    assert!(locked <= LOCKED_PACKAGES_MAX, "{locked} packages in Cargo.lock {RAISE}");
}

#[test]
fn source_files_stay_short() {
    let sources = files("src", ".rs");
    let length = |name: &str| sources.iter().find(|(n, _)| n == name).map_or(0, |(_, t)| t.lines().count());
    let long: Vec<String> = sources
        .iter()
        .map(|(name, _)| name.as_str())
        .filter(|name| length(name) > FILE_LINES_MAX)
        .filter(|name| !LONG_FILES.iter().any(|(excepted, _)| excepted == name))
        .map(|name| format!("{name}: {} lines", length(name)))
        .collect();
    assert!(long.is_empty(), "split by subject: {long:#?}");
    for (name, reason) in LONG_FILES {
        assert!(length(name) > FILE_LINES_MAX, "{name} needs no exception any more ({reason})");
    }
}

#[test]
fn every_source_file_says_what_it_is_for() {
    let silent: Vec<String> = files("src", ".rs")
        .into_iter()
        .filter(|(name, text)| !name.ends_with("tests.rs") && !text.starts_with("//! "))
        .map(|(name, _)| name)
        .collect();
    assert!(silent.is_empty(), "the first line says what the file is for: {silent:#?}");
}

#[test]
fn a_layer_names_only_what_stands_to_its_left() {
    let sources = files("src", ".rs");
    let layers: BTreeSet<&str> = sources.iter().map(|(name, _)| layer(name)).collect();
    let unknown: Vec<&&str> = layers
        .iter()
        .filter(|layer| !["lib", "main"].contains(layer) && !LAYERS.iter().any(|(known, _)| known == *layer))
        .collect();
    assert!(unknown.is_empty(), "give these a place in LAYERS: {unknown:?}");
    let wrong = offences(&sources, |name, line| !forbidden(layer(name), line).is_empty());
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_sandbox_shares_only_the_codec_with_the_client_it_tests() {
    let wrong = offences(&files("src/sandbox", ".rs"), |_, line| {
        line.split("crate::").skip(1).any(|path| {
            path.starts_with("kafka") && !SANDBOX_MAY_NAME.iter().any(|allowed| path.starts_with(allowed))
        })
    });
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_layer_rule_finds_what_it_is_for() {
    assert_eq!(forbidden("engine", "use crate::report::Output;"), ["report"]);
    assert_eq!(forbidden("kafka", "x: crate::config::load::Loaded,"), ["config"]);
    assert_eq!(forbidden("kafka", "use crate::config::settings::ClusterSettings;"), [""; 0]);
    assert_eq!(forbidden("report", "use crate::engine::event::Event;"), [""; 0]);
}

#[test]
fn only_report_prints() {
    let sources = files("src", ".rs");
    let printing = ["print!(", "println!(", "io::stdout", "io::stderr", " stdout()", " stderr()"];
    let wrong = offences(&sources, |name, line| {
        layer(name) != "report" && printing.iter().any(|word| line.contains(word))
    });
    assert!(wrong.is_empty(), "print through report::output: {wrong:#?}");
}

#[test]
fn nothing_is_left_over_from_work() {
    let mut sources = files("src", ".rs");
    sources.extend(files("tests", ".rs").into_iter().filter(|(name, _)| !name.ends_with("tidy.rs")));
    let marks = ["TODO", "FIXME", "XXX", "HACK"];
    let left: Vec<String> = sources
        .iter()
        .flat_map(|(name, text)| text.lines().map(move |line| (name, line)))
        .filter(|(_, line)| marks.iter().any(|mark| line.contains(mark)) || line.contains("dbg!("))
        .map(|(name, line)| format!("{name}: {}", line.trim()))
        .collect();
    assert!(left.is_empty(), "{left:#?}");
}

#[test]
fn source_and_target_are_written_out() {
    let wrong = offences(&files("src", ".rs"), |_, line| {
        let words = line.split(|c: char| !c.is_ascii_alphanumeric());
        words.into_iter().any(|word| word == "src" || word == "dst")
    });
    assert!(wrong.is_empty(), "source and target, never src and dst: {wrong:#?}");
}

#[test]
fn documents_hold_no_paths_of_a_machine() {
    let mut texts = files("docs", ".md");
    texts.extend(files("man", ".1"));
    for name in ["README.md", "ARCHITECTURE.md", "CHANGELOG.md"] {
        texts.push((name.to_owned(), fs::read_to_string(root().join(name)).unwrap()));
    }
    for (name, text) in texts {
        for place in ["/home/", "/Users/", "/work/", "/root/", "C:\\"] {
            assert!(!text.contains(place), "{name} names {place}");
        }
    }
}
