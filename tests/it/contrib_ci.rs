//! The examples for CI are sound, keep their reports when a drill fails, and name options that exist.

use std::path::PathBuf;

use regex::Regex;
use strait::cli::definition;

const EXAMPLES: [&str; 2] = ["github-actions-drill.yml", "gitlab-drill.yml"];

fn read(name: &str) -> String {
    std::fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("contrib/ci").join(name)).unwrap()
}

/// Returns the lines that are YAML of their own, each with its indent: no comments, nothing of a block of text.
fn structure(text: &str) -> Vec<(usize, &str)> {
    let mut block: Option<usize> = None;
    let mut lines = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let indent = line.len() - line.trim_start().len();
        if block.is_some_and(|begun| indent > begun) {
            continue;
        }
        block = None;
        if line.trim_start().starts_with('#') {
            continue;
        }
        let is_block = [": |", ": >-", "- >-", "- |"].iter().any(|opening| line.ends_with(opening));
        block = is_block.then_some(indent);
        lines.push((indent, line.trim()));
    }
    lines
}

#[test]
fn the_examples_are_laid_out_as_yaml_is() {
    let entry = Regex::new(r#"^(- )?("[^"]*"|[A-Za-z_.-]+):( .+)?$"#).unwrap();
    for name in EXAMPLES {
        let text = read(name);
        assert!(!text.contains('\t') && text.ends_with('\n'), "{name}");
        let lines = structure(&text);
        assert_eq!(lines[0].0, 0, "{name}");
        for (number, (indent, line)) in lines.iter().enumerate() {
            assert_eq!(indent % 2, 0, "{name}: {line}");
            assert!(line.starts_with("- ") || entry.is_match(line), "{name}: {line}");
            assert_eq!(line.matches('"').count() % 2, 0, "{name}: {line}");
            let Some((next, _)) = lines.get(number + 1) else { continue };
            let opens = line.ends_with(':') || (line.starts_with("- ") && line.contains(": "));
            assert!(next <= indent || (opens && *next == indent + 2), "{name}: what follows {line}");
        }
    }
}

#[test]
fn reports_are_kept_also_of_a_drill_that_failed() {
    assert!(read("github-actions-drill.yml").contains("if: always()"));
    assert!(read("gitlab-drill.yml").contains("when: always"));
    assert!(read("gitlab-drill.yml").contains("junit: drill.xml"));
    for name in EXAMPLES {
        let text = read(name);
        for report in ["--junit drill.xml", "--html drill.html", "--artifacts drill", "drill/"] {
            assert!(text.contains(report), "{name} lacks {report}");
        }
    }
}

#[test]
fn the_examples_name_options_that_exist() {
    let mut known: Vec<String> =
        ["--sandbox", "--scenario", "--junit", "--html", "--artifacts"].map(String::from).into();
    // Where the program has the command, its own options are what counts.
    if let Some(drill) = definition().find_subcommand("failover-test") {
        let options = drill.get_arguments().filter_map(|argument| argument.get_long());
        known = options.map(|option| format!("--{option}")).collect();
    }
    let option = Regex::new(r"--[a-z][a-z-]*").unwrap();
    for name in EXAMPLES {
        let text = read(name).replace("\\\n", " ");
        let (_, call) = text.split_once("strait failover-test").unwrap();
        let call: String =
            call.lines().take_while(|line| !line.trim().is_empty() && !line.ends_with(':')).collect();
        let named: Vec<&str> = option.find_iter(&call).map(|found| found.as_str()).collect();
        assert!(named.len() >= 5, "{name}: {named:?}");
        let unknown: Vec<&&str> =
            named.iter().filter(|named| !known.iter().any(|known| known == **named)).collect();
        assert!(unknown.is_empty(), "{name} names {unknown:?}");
    }
}
