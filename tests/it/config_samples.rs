//! Sample configurations: each file in `config/valid` loads, each in `config/invalid` breaks the rule it
//! is named for, and what is shown then is kept beside it as a `.txt`. `STRAIT_UPDATE=1` rewrites
//! what is generated.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use strait::config::settings::SaslSettings;
use strait::config::source::SourceText;
use strait::config::{ConfigFailure, ConfigWarning, Loaded, json_schema, load, load_text, reference};

fn samples(kind: &str) -> Vec<PathBuf> {
    let dir = Path::new("tests/it/config").join(kind);
    let files = std::fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files.filter(|path| path.extension().is_some_and(|end| end == "toml")).collect();
    files.sort();
    assert!(!files.is_empty(), "no samples in {}", dir.display());
    files
}

fn env(name: &str) -> Option<String> {
    (name == "STRAIT_TEST_PASSWORD").then(|| "from the environment".to_owned())
}

fn load_sample(path: &Path) -> Result<Loaded, ConfigFailure> {
    load(path, &env)
}

fn is_update() -> bool {
    std::env::var_os("STRAIT_UPDATE").is_some()
}

/// Compares a committed file with what it should be, or writes it.
fn assert_fresh(path: &Path, expected: &str) {
    if is_update() {
        std::fs::write(path, expected).unwrap();
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(found, expected, "{} is stale: STRAIT_UPDATE=1 rewrites it", path.display());
}

#[test]
fn every_valid_sample_loads() {
    for path in samples("valid") {
        let loaded = load_sample(&path);
        let failure = loaded.as_ref().err().map(|failure| failure.render(false, 100));
        assert_eq!(failure, None, "{}", path.display());
    }
}

#[test]
fn every_invalid_sample_says_what_is_wrong_and_where() {
    let mut wrong = String::new();
    for path in samples("invalid") {
        let Err(failure) = load_sample(&path) else {
            wrong += &format!("{} loads\n", path.display());
            continue;
        };
        assert_fresh(&path.with_extension("txt"), &failure.render(false, 100));
        // The first line of a sample names the rule and the places that break it.
        let text = std::fs::read_to_string(&path).unwrap();
        let expected = text.lines().next().unwrap().strip_prefix("# ").unwrap();
        let found: Vec<_> = failure
            .findings()
            .map(|f| format!("{} {}:{}", f.code.strip_prefix("config::").unwrap(), f.line, f.column))
            .collect();
        if found.join(", ") != expected {
            wrong += &format!("{}: {expected}\n{}\n", path.display(), failure);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn no_text_is_left_without_its_sample() {
    for entry in std::fs::read_dir("tests/it/config/invalid").unwrap() {
        let path = entry.unwrap().path();
        assert!(path.with_extension("toml").exists(), "{} belongs to nothing", path.display());
    }
}

#[test]
fn the_schema_is_fresh() {
    let text = serde_json::to_string_pretty(json_schema()).unwrap() + "\n";
    assert_fresh(Path::new("strait.schema.json"), &text);
}

#[test]
fn the_reference_page_is_fresh() {
    assert_fresh(Path::new("docs/config.md"), &reference::page());
}

#[test]
fn defaults_are_what_the_page_says() {
    let loaded = load_sample(Path::new("tests/it/config/valid/minimal.toml")).unwrap();
    insta::assert_debug_snapshot!(loaded);
}

#[test]
fn every_key_arrives() {
    let loaded = load_sample(Path::new("tests/it/config/valid/every_key.toml")).unwrap();
    insta::assert_debug_snapshot!(loaded);
}

#[test]
fn secrets_come_from_where_they_are_said_to_be_and_never_show() {
    let loaded = load_sample(Path::new("tests/it/config/valid/secrets.toml")).unwrap();
    let secret = |alias: &str| match loaded.settings.clusters[alias].sasl.as_ref().unwrap() {
        SaslSettings::Password(login) => login.password.expose(),
        other => panic!("{other:?}"),
    };
    assert_eq!(secret("by-env"), "from the environment");
    assert_eq!(secret("by-file"), "from a file ");
    assert_eq!(secret("typed"), "hunter2");
    let shown = format!("{loaded:?}");
    assert!(!shown.contains("hunter2") && !shown.contains("from a file"), "{shown}");
    let file = PathBuf::from("tests/it/config/valid/secrets.toml");
    let key = "clusters.typed.sasl_password".to_owned();
    assert_eq!(loaded.warnings, [ConfigWarning::LiteralSecret { file, line: 20, column: 17, key }]);
}

#[test]
fn logins_without_a_password_arrive_and_never_show() {
    let loaded = load_sample(Path::new("tests/it/config/valid/tokens.toml")).unwrap();
    let logins: Vec<_> = loaded.settings.clusters.values().map(|cluster| &cluster.sasl).collect();
    insta::assert_debug_snapshot!((logins, &loaded.warnings));
    let shown = format!("{loaded:?}");
    assert!(!shown.contains("from a file") && !shown.contains("from the environment"), "{shown}");
}

#[test]
fn an_aws_identity_is_found_where_awss_tools_find_it() {
    let text = "[clusters.a]\nbootstrap_servers = ['b-1.x.c2.kafka.eu-west-1.amazonaws.com:9098']\n\
                security_protocol = 'SASL_SSL'\nsasl_mechanism = 'AWS_MSK_IAM'\n\
                [clusters.b]\nbootstrap_servers = ['b:9092']\n\
                [flows.f]\nsource = 'a'\ntarget = 'b'\ntopics = ['t']\n";
    let identity = |variables: &[(&str, &str)]| {
        let env =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, v)| (*v).to_owned());
        let loaded = load_text(SourceText::new("aws.toml".into(), text.to_owned()), &env).unwrap();
        match &loaded.settings.clusters["a"].sasl {
            Some(SaslSettings::AwsMskIam(iam)) => format!("{}: {:?}", iam.region, iam.identity),
            other => panic!("{other:?}"),
        }
    };
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join(".aws")).unwrap();
    std::fs::write(home.path().join(".aws/credentials"), "").unwrap();
    let home = home.path().to_str().unwrap();
    let keys = [("AWS_ACCESS_KEY_ID", "AKID"), ("AWS_SECRET_ACCESS_KEY", "word")];
    let role = [("AWS_ROLE_ARN", "arn:aws:iam::1:role/r"), ("AWS_WEB_IDENTITY_TOKEN_FILE", "/var/token")];
    let ecs = [("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/1")];
    let with_home = [("HOME", home)];
    // Each is found before those behind it.
    let mut all: Vec<(&str, &str)> = [&keys[..], &role, &with_home, &ecs].concat();
    let mut found = Vec::new();
    for taken in [2, 2, 1, 1] {
        found.push(identity(&all).replace(home, "~"));
        all.drain(..taken);
    }
    found.push(identity(&all));
    found.push(identity(&[("HOME", "/nowhere"), ("AWS_PROFILE", "work")]));
    insta::assert_snapshot!(found.join("\n"));
}

#[test]
fn every_login_in_the_security_page_is_taken() {
    let page = std::fs::read_to_string("docs/security.md").unwrap();
    let samples: Vec<_> =
        page.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(samples.len() >= 8, "{} samples", samples.len());
    for sample in samples {
        let name = sample.trim_start_matches("[clusters.").split(']').next().unwrap();
        let flow = format!("[flows.f]\nsource = {name:?}\ntarget = 'b'\ntopics = ['t']\n");
        let other = "[clusters.b]\nbootstrap_servers = ['b:9092']\n";
        let text = sample.replace("file:/run/secrets/", "env:") + other + &flow;
        let any = |_: &str| Some("a-secret".to_owned());
        let loaded = load_text(SourceText::new("page.toml".into(), text), &any);
        let loaded = loaded.unwrap_or_else(|failure| panic!("{sample}\n{failure}"));
        assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let failure = load_sample(Path::new("tests/it/config/absent.toml")).unwrap_err();
    let finding = failure.findings().next().unwrap();
    assert_eq!(finding.code, "config::unreadable");
    assert!(failure.render(false, 100).contains("tests/it/config/absent.toml"));
}

#[test]
fn colors_only_when_asked_for() {
    let failure = load_sample(Path::new("tests/it/config/invalid/no_flows.toml")).unwrap_err();
    assert!(failure.render(true, 80).contains("\u{1b}["));
    assert!(!failure.render(false, 80).contains('\u{1b}'));
}

#[test]
fn deep_nesting_is_an_error_and_no_stack_overflow() {
    let deep = 300_000;
    for text in [
        format!("{} = 1", vec!["a"; deep].join(".")),
        format!("{} = 1", vec!["\"a\""; deep].join(" . ")),
        format!("[{}]", vec!["a"; deep].join(".")),
        format!("a = {}", "[".repeat(deep)),
        format!("a = {}", "{a=".repeat(deep)),
        format!("a = {}1{}", "[\n".repeat(deep), "]\n".repeat(deep)),
    ] {
        load_text(SourceText::new("deep.toml".into(), text), &env).unwrap_err().render(false, 80);
    }
}

/// Loads, and draws what is wrong: nothing of it may panic.
fn exercise(text: String) {
    if let Err(failure) = load_text(SourceText::new("any.toml".into(), text), &env) {
        assert!(failure.findings().count() > 0, "failed without an error");
        failure.render(true, 60);
        failure.render(false, 60);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_load_panic(text in "(?s).{0,200}") {
        exercise(text);
    }

    #[test]
    fn no_edit_of_a_sound_file_makes_load_panic(
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..12, "[\\[\\]{}.=\"'\n#a0é本]{0,3}"), 1..6)
    ) {
        let text = std::fs::read_to_string("tests/it/config/valid/every_key.toml").unwrap();
        let mut characters: Vec<char> = text.chars().collect();
        for (at, removed, added) in edits {
            let start = at.index(characters.len() + 1);
            let end = (start + removed).min(characters.len());
            characters.splice(start..end, added.chars());
        }
        exercise(characters.into_iter().collect());
    }

    #[test]
    fn no_value_makes_load_panic(value in "\\PC{0,24}", key in prop::sample::select(vec![
        "bandwidth", "memory", "retry_timeout", "discovery_interval",
    ])) {
        let quoted = toml::Value::String(value.clone());
        exercise(format!(
            "[clusters.a]\nbootstrap_servers = [{quoted}]\n[flows.f]\nsource = {quoted}\ntarget = 'a'\n\
             topics = [{quoted}]\nrename = {quoted}\nstart = {quoted}\n[flows.f.limits]\n{key} = {quoted}\n"
        ));
    }
}
