//! What is generated is committed and equal to what would be generated now.
//! `STRAIT_UPDATE=1 cargo test --test it docs_fresh` writes it anew.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use clap_complete::Shell;
use strait::cli::definition as command;
use strait::commands::{completions, man};
use strait::exit::Exit;
use strait::obs::names::MetricName;
use strait::report::drill;
use strait::report::findings::FIELDS;
use strait::report::flow_status::PARTITION_FIELDS;
use strait::report::lag_json::PARTITION_FIELDS as LAG_FIELDS;
use strait::report::reporter::SCHEMA;
use strait::report::schema::LINES;
use strait::report::topics_outcome::FIELDS as SYNC_FIELDS;
use strait::report::verified::PARTITION_FIELDS as VERIFY_FIELDS;
use strait::report::{failback, failover};
use strait::report::{groups_sync, groups_translate};
use strait::validate::registry;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Compares a file with what it should be, or writes it where STRAIT_UPDATE is 1.
fn compare(path: &Path, wanted: &[u8]) {
    if std::env::var("STRAIT_UPDATE").is_ok_and(|value| value == "1") {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, wanted).unwrap();
        return;
    }
    let found = fs::read(path).unwrap_or_default();
    assert!(
        found == wanted,
        "{} is out of date; run STRAIT_UPDATE=1 cargo test --test it docs_fresh",
        path.strip_prefix(root()).unwrap().display()
    );
}

#[test]
fn completions_are_fresh() {
    for (shell, name) in [
        (Shell::Bash, "strait.bash"),
        (Shell::Zsh, "_strait"),
        (Shell::Fish, "strait.fish"),
        (Shell::PowerShell, "_strait.ps1"),
        (Shell::Elvish, "strait.elv"),
    ] {
        compare(&root().join("completions").join(name), &completions::script(shell, command()));
    }
}

#[test]
fn manual_pages_are_fresh() {
    let pages = man::pages(command()).unwrap();
    for page in &pages {
        compare(&root().join("man").join(&page.file_name), &page.text);
    }
    let mut wanted: Vec<&str> = pages.iter().map(|page| page.file_name.as_str()).collect();
    wanted.sort_unstable();
    let mut found: Vec<String> = fs::read_dir(root().join("man"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    found.sort_unstable();
    assert_eq!(found, wanted, "a page without a subcommand is left over");
}

#[test]
fn manual_pages_have_the_sections_operators_look_for() {
    for page in man::pages(command()).unwrap() {
        let text = String::from_utf8(page.text).unwrap();
        for section in ["NAME", "SYNOPSIS", "OPTIONS", "EXIT STATUS", "FILES", "ENVIRONMENT", "EXAMPLES"] {
            let heading = text.lines().any(|line| line.replace('"', "") == format!(".SH {section}"));
            assert!(heading, "{} has no {section}:\n{text}", page.file_name);
        }
        assert!(text.contains("\nstrait"), "{} has no example:\n{text}", page.file_name);
    }
}

#[test]
fn cli_page_is_fresh() {
    compare(&root().join("docs/cli.md"), cli_page().as_bytes());
}

#[test]
fn metrics_page_is_fresh() {
    compare(&root().join("docs/metrics.md"), metrics_page().as_bytes());
}

#[test]
fn json_page_is_fresh() {
    compare(&root().join("docs/json.md"), json_page().as_bytes());
}

#[test]
fn checks_page_is_fresh() {
    compare(&root().join("docs/checks.md"), registry::page().as_bytes());
}

fn json_page() -> String {
    let mut page = format!(
        "# JSON Lines of `strait replicate`\n\n\
         Generated from the program's own list. With `--format json` stdout carries one JSON object a \
         line. Each has `schema` (`{SCHEMA}`), `event`, and `flow` where it is about one flow. New events \
         and new fields may come within a version of the schema; none goes or changes its meaning. What \
         is not known is `null`, never 0.\n\n\
         A command line that cannot be read, having no run to tell of, prints one document with `schema` \
         `strait/usage/v1` and the fields of `ended`.\n"
    );
    for line in LINES {
        let flow = if line.has_flow { ", with `flow`" } else { "" };
        writeln!(page, "\n## {}\n\n{}{flow}.\n", line.event, line.meaning).unwrap();
        for (name, holds) in line.fields {
            writeln!(page, "- `{name}`: {holds}").unwrap();
        }
    }
    page.push_str(
        "\n# The document of `strait status`\n\n\
         One JSON object: `schema` (`strait/status/v1`), `status`, `exit_code`, `errors` as above, and \
         `data`, `null` where nothing could be read: `flows`, each with `flow`, `state_topic`, `has_state` \
         (false where it never ran), `ended` (null, or the failover that ended \
         it: `how`, `begun_ms`, `done_ms`, `host`, `pid` and the ids of both clusters) and `partitions`. Each partition has:\n\n",
    );
    fields(&mut page, PARTITION_FIELDS);
    page.push_str(
        "\n# The document of `strait failover`\n\n\
         One JSON object: `schema` (`strait/failover/v1`), `status`, `exit_code`, `errors` as above, and `data`, \
         `null` where the flow was not ended: `flow`, `how` (`planned` or `unplanned`), `dry_run`, `ended` (the \
         record of who ended the flow, as `strait status` shows it; null where nobody did), `source_answered`, \
         `missing` (`offsets`, `partitions`, `unknown_partitions`, and `is_bound` where it may be fewer), \
         `partitions`, `groups` (as in `strait groups sync`) and `standing` (what groups have committed at the \
         target, where the source did not answer: `group`, `target_topic`, `partition`, `target_offset`). Each \
         partition has:\n\n",
    );
    for (name, holds) in failover::PARTITION_FIELDS {
        writeln!(page, "- `{name}`: {holds}").unwrap();
    }
    page.push_str(
        "\n# The document of `strait failback`\n\n\
         One JSON object: `schema` (`strait/failback/v1`), `status`, `exit_code`, `errors` as above, and `data`, \
         `null` where the flow cannot be failed back: `flow`, `reverse` (the flow that goes the other way), \
         `reverse_is_configured`, `reverse_config` (its part of the configuration, null where that has it), \
         `dry_run`, `step` (`surveyed`, `begun` with `--begin-only`, or `done`), `ended` (the failover that is gone \
         back from), `left_out` (topics that do not go back: `topic`, `code`, `cause`), `exported` (the files that \
         were written: `path`, `topic`, `partition`, `records`, `bytes`, `crc32c`), `groups` (as in `strait groups \
         sync`, moved back) and `partitions`. Each partition has:\n\n",
    );
    fields(&mut page, failback::PARTITION_FIELDS);
    documents(&mut page);
    page
}

/// Describes the documents of the commands that end by themselves.
fn documents(page: &mut String) {
    page.push_str(
        "\n# The document of `strait validate`\n\n\
         One JSON object: `schema` (`strait/validate/v1`), `status`, `exit_code`, `errors` (why a cluster could \
         not be reached) as above, and `data`, `null` where there is no configuration to read:\n\n",
    );
    fields(page, FIELDS);
    page.push_str(
        "\n# The document of `strait groups sync`\n\n\
         One JSON object: `schema` (`strait/groups-sync/v1`), `status`, `exit_code`, `errors` as above, and \
         `data`, `null` where nothing could be read: `flows`, each with `flow`, `applied` (true with `--apply`), \
         `groups_without_offsets` (selected groups that committed nothing for the flow's topics) and `groups`. \
         Each group has `group`, `blocked` (why nothing of it can be moved: code and cause; else null) and \
         `offsets`. Each offset has:\n\n",
    );
    fields(page, groups_sync::OFFSET_FIELDS);
    page.push_str(
        "\n# The document of `strait groups translate`\n\n\
         One JSON object: `schema` (`strait/groups-translate/v1`), `status`, `exit_code`, `errors` as above, and \
         `data`: `flow`, `direction` (`source_to_target` or `target_to_source`), `translated` (the translations \
         in the shape of the question, null where one is unknown) and `offsets`. Each offset has:\n\n",
    );
    fields(page, groups_translate::OFFSET_FIELDS);
    page.push_str(
        "\n# The document of `strait topics sync`\n\n\
         One JSON object: `schema` (`strait/topics-sync/v1`), `status`, `exit_code`, `errors` as above (each change \
         that failed among them), and `data`, `null` where nothing could be looked at:\n\n",
    );
    fields(page, SYNC_FIELDS);
    page.push_str(
        "\n# The document of `strait verify`\n\n\
         One JSON object: `schema` (`strait/verify/v1`), `status`, `exit_code`, `errors` as above, and `data`, \
         `null` where nothing could be read: `flows`, each with `flow`, `sample` (the share of ranges compared, \
         null for all), `elapsed_ms`, `read_bytes` and `partitions`. Each partition has:\n\n",
    );
    fields(page, VERIFY_FIELDS);
    page.push_str(
        "\n# The document of `strait lag`\n\n\
         One JSON object (with `--watch` one a look): `schema` (`strait/lag/v1`), `status`, `exit_code`, \
         `errors` as above, and `data`, `null` where no flow could be read: `partitions`, `unknown` and \
         `over` (how many), `total_records`, `total_bytes_estimated`, `growth_records_per_second`, `worst` (a \
         partition), `unread_flows`, and `flows`, each with `flow`, `source`, `target`, `at_ms`, `has_state`, \
         its own sums, `groups` and `partitions`. A group has `group`, `state`, `status`, `reason`, \
         `source_lag_records`, `target_lag_records`, `apart_records` (source offsets by which its place at \
         the target is behind its place at the source) and the same for each of its `partitions`, with \
         `source_offset`, `target_offset` and `apart_exact`. Each partition of a flow has:\n\n",
    );
    fields(page, LAG_FIELDS);
    page.push_str(
        "\n# The document of `strait demo`\n\n\
         One JSON object: `schema` (`strait/demo/v1`), `status`, `exit_code`, `errors` as above, and `data`, \
         `null` where the demo could not run or was interrupted: `topic`, `group`, `partitions`, and:\n\n",
    );
    fields(page, drill::outcome::FIELDS);
    fields(page, drill::figures::FIELDS);
    rehearsal(page);
}

/// Describes the document of a rehearsal.
fn rehearsal(page: &mut String) {
    page.push_str(
        "\n# The document of `strait failover-test`\n\n\
         One JSON object: `schema` (`strait/failover-test/v1`), `status`, `exit_code`, `errors` as above, and `data`, \
         `null` where the drill could not be played or was interrupted:\n\n",
    );
    fields(page, drill::rehearsal::FIELDS);
    for (name, of) in [
        ("`figures`, in records unless it says otherwise", drill::figures::FIELDS),
        ("Each change of region in `rto`", drill::recovery::FIELDS),
        ("Each of `offsets`", drill::rehearsal::OFFSET_FIELDS),
        ("Each of `missing`, and each line of `missing.jsonl`", drill::missing::FIELDS),
    ] {
        writeln!(page, "\n{name}:\n").unwrap();
        fields(page, of);
    }
}

fn fields(page: &mut String, fields: &[(&str, &str)]) {
    for (name, holds) in fields {
        writeln!(page, "- `{name}`: {holds}").unwrap();
    }
}

fn cli_page() -> String {
    let mut definition = command().term_width(100);
    definition.build();
    let mut page = String::from("# The command line\n\nGenerated from the program's own definition.\n");
    page.push_str("\n## Exit codes\n\n| code | meaning |\n| --- | --- |\n");
    for exit in Exit::ALL {
        writeln!(page, "| {} | {} |", exit.code(), exit.meaning()).unwrap();
    }
    sections(&mut page, "strait", &definition);
    page
}

/// Writes a command's section, and after it those of its subcommands.
fn sections(page: &mut String, name: &str, command: &clap::Command) {
    section(page, name, command.clone());
    for subcommand in command.get_subcommands().filter(|found| found.get_name() != "help") {
        sections(page, &format!("{name} {}", subcommand.get_name()), subcommand);
    }
}

fn section(page: &mut String, name: &str, mut command: clap::Command) {
    let help = command.render_long_help().to_string();
    let help: Vec<&str> = help.lines().map(str::trim_end).collect();
    writeln!(page, "\n## {name}\n\n```text\n{}\n```", help.join("\n").trim_end()).unwrap();
}

fn metrics_page() -> String {
    let mut page = String::from(
        "# Metrics\n\n\
         Generated from the program's own list. `strait replicate --metrics ADDRESS` serves them on \
         `/metrics` in the OpenMetrics text format.\n\n\
         A value that is not known has no sample: it is never 0 and never NaN. Counters begin at 0 \
         when the process starts.\n\n\
         `/healthz` answers 200 while the process lives. `/readyz` answers 200 when start-up is \
         finished and no partition is failing or stopped, otherwise 503 with the reasons, one a line.\n\n\
         | name | type | labels | meaning |\n| --- | --- | --- | --- |\n",
    );
    for metric in MetricName::ALL {
        let labels = metric.labels().join(", ");
        writeln!(page, "| `{}` | {} | {labels} | {} |", metric.name(), metric.kind().word(), metric.help())
            .unwrap();
    }
    page
}
