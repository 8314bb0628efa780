//! How a rehearsal is told: text, JSON, JUnit and the page, for drills that are made up.

use std::collections::BTreeSet;

use regex::Regex;
use serde_json::Value;
use strait::report::drill::rehearsal::{self, Rehearsal};
use strait::report::drill::{figures, junit, missing, page, recovery, text};
use strait::report::problem::{Problem, Scope};
use strait::report::style::Style;

use super::drill_report_world::{about, failed, hostile, inconclusive, passed};

const HOSTILE: &str = "<script src=\"http://evil/\">alert('1')</script>&amp;\" onload=\"x]]>\x1b[31m</title>";

/// Returns the three pages, each with the name of its verdict.
fn pages() -> [(&'static str, String); 3] {
    [("pass", passed()), ("fail", failed()), ("inconclusive", inconclusive())]
        .map(|(name, (plan, played))| (name, page::render(&plan, &played, &about()).unwrap()))
}

/// Checks that tags are closed in their order, attributes are quoted, and nothing stands for itself that must not.
fn assert_well_formed(page: &str) {
    let tag = Regex::new(r#"^<(/?)([a-zA-Z0-9]+)((?:\s+[a-zA-Z0-9:-]+="[^"<]*")*)\s*(/?)>"#).unwrap();
    let entity = Regex::new(r"^&(amp|lt|gt|quot|#x?[0-9a-fA-F]+);").unwrap();
    let mut rest = page.strip_prefix("<!DOCTYPE html>").unwrap();
    let mut open: Vec<String> = Vec::new();
    while let Some(at) = rest.find(['<', '&']) {
        rest = &rest[at..];
        let shown: String = rest.chars().take(80).collect();
        if rest.starts_with('&') {
            assert!(entity.is_match(rest), "a bare & at {shown}");
            rest = &rest[1..];
            continue;
        }
        let found = tag.captures(rest).unwrap_or_else(|| panic!("no tag at {shown}"));
        let name = found[2].to_owned();
        if &found[1] == "/" {
            assert_eq!(open.pop().as_deref(), Some(name.as_str()), "closed at {shown}");
        } else if found[4].is_empty() {
            open.push(name);
        }
        rest = &rest[found[0].len()..];
    }
    assert_eq!(open, [""; 0], "never closed");
    assert!(!page.chars().any(|c| c.is_control() && c != '\n'), "control characters");
}

/// Returns a page's text, a line for each row, heading or paragraph.
fn words_of(page: &str) -> String {
    let body = page.split_once("<body>").unwrap().1;
    let drawing = Regex::new(r"(?s)<(rect|line|path)\b[^>]*/>|<line[^>]*>.*?</line>").unwrap();
    let body = drawing.replace_all(body, "");
    let body = Regex::new(r"</t[hd]>").unwrap().replace_all(&body, " | ");
    let body = Regex::new(r"<[^>]*>").unwrap().replace_all(&body, " ");
    let body = body.replace("&#x27;", "'").replace("&#x2f;", "/");
    let lines = body.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_page_is_well_formed_and_needs_nothing_else() {
    for (name, page) in pages() {
        assert_well_formed(&page);
        let without = page.replacen("xmlns=\"http://www.w3.org/2000/svg\"", "", 1);
        for outside in
            ["http:", "https:", "//", "src=", "href=", "url(", "@import", "<script", "<link", "<iframe"]
        {
            assert!(!without.contains(outside), "{name} has {outside}");
        }
        for needed in ["lang=\"en\"", "charset=\"utf-8\"", "width=device-width", "prefers-color-scheme: dark"]
        {
            assert!(page.contains(needed), "{name} lacks {needed}");
        }
        for needed in ["@media print", "role=\"img\"", "<desc id=", "<title id=", "<title>"] {
            assert!(page.contains(needed), "{name} lacks {needed}");
        }
    }
}

#[test]
fn the_page_says_what_came_of_the_drill() {
    for (name, page) in pages() {
        // To be looked at.
        let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
        std::fs::write(folder.join(format!("drill_page_{name}.html")), &page).unwrap();
        insta::assert_snapshot!(format!("drill_page_{name}"), words_of(&page));
    }
}

#[test]
fn what_others_wrote_stays_text_in_every_report() {
    let (plan, played, about) = hostile(HOSTILE);
    let page = page::render(&plan, &played, &about).unwrap();
    assert_well_formed(&page);
    assert!(!page.contains("<script") && page.contains("&lt;script"), "{page}");
    let rehearsal = Rehearsal::new(&plan, &played, &about);
    let style = Style::new(false);
    let told = text::render(&rehearsal, style);
    assert!(!told.contains('\x1b'), "{told}");
    let xml = junit::document(&rehearsal).unwrap();
    assert!(!xml.contains("<script") && !xml.contains('\x1b'), "{xml}");
}

#[test]
fn text_ends_with_the_verdict_in_80_columns() {
    for (name, (plan, played)) in [("pass", passed()), ("fail", failed()), ("inconclusive", inconclusive())] {
        let rehearsal = Rehearsal::new(&plan, &played, &about());
        let style = Style::new(false);
        let phases: Vec<String> = played.phases.iter().map(|done| text::phase_line(done, style)).collect();
        let told = format!("{}\n{}", phases.join("\n"), text::render(&rehearsal, style));
        assert!(told.ends_with(&text::verdict_line(&rehearsal, style)), "{told}");
        for line in told.lines() {
            assert!(line.chars().count() <= 80, "{} columns: {line}", line.chars().count());
        }
        insta::assert_snapshot!(format!("drill_text_{name}"), told);
    }
}

fn names(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn documented(fields: &[(&'static str, &str)]) -> BTreeSet<&'static str> {
    fields.iter().map(|(name, _)| *name).collect()
}

#[test]
fn programs_find_every_documented_field_and_no_other() {
    let (plan, played) = failed();
    let data = serde_json::to_value(Rehearsal::new(&plan, &played, &about())).unwrap();
    assert_eq!(names(&data), documented(rehearsal::FIELDS));
    assert_eq!(names(&data["figures"]), documented(figures::FIELDS));
    assert_eq!(names(&data["rto"][0]), documented(recovery::FIELDS));
    assert_eq!(names(&data["offsets"][0]), documented(rehearsal::OFFSET_FIELDS));
    assert_eq!(names(&data["missing"][0]), documented(missing::FIELDS));
    assert_eq!(data["missing"].as_array().unwrap().len(), missing::LISTED_MAX);
    assert_eq!(
        (&data["missing"][0]["number"], &data["missing"][0]["announced"]),
        (&300.into(), &false.into())
    );
    assert_eq!((&data["seed"], &data["started_at"]), (&"7f3a".into(), &"2026-02-03T04:05:06Z".into()));
    assert_eq!(data["rto"][1]["total_seconds"], Value::Null, "a failback that broke off has no time");
    let found: Vec<&Value> = data["offsets"].as_array().unwrap().iter().map(|line| &line["found"]).collect();
    assert_eq!(found[..4], ["late", "exact", "exact", "nowhere"]);
}

#[test]
fn g11_what_is_not_known_is_null_in_json_and_no_figure_in_words() {
    let (plan, played) = inconclusive();
    let rehearsal = Rehearsal::new(&plan, &played, &about());
    let data = serde_json::to_value(&rehearsal).unwrap();
    for figure in ["arrived", "lost", "lost_unannounced", "doubled", "skipped", "acknowledged_target"] {
        assert_eq!(data["figures"][figure], Value::Null, "{figure}");
    }
    assert_eq!(data["rpo"], serde_json::json!({"records": null, "seconds": null}));
    let line = text::verdict_line(&rehearsal, Style::new(false));
    assert!(line.starts_with("INCONCLUSIVE  lost - | RPO - records / - | RTO - |"), "{line}");
    let (plan, played) = passed();
    let passed = serde_json::to_value(Rehearsal::new(&plan, &played, &about())).unwrap();
    assert_eq!(passed["rpo"]["records"], 60);
    assert_eq!(passed["figures"]["lost_unannounced"], 0);
}

#[test]
fn junit_has_a_case_for_each_promise() {
    let xml = |(plan, played): (_, _)| junit::document(&Rehearsal::new(&plan, &played, &about())).unwrap();
    let passed_xml = xml(passed());
    let promises = passed().1.judged.promises.len();
    assert!(
        passed_xml.contains(&format!("tests=\"{promises}\" skipped=\"0\" failures=\"0\" errors=\"0\"")),
        "{passed_xml}"
    );
    assert!(passed_xml.contains("<testsuite name=\"failover-test.region-loss\""), "{passed_xml}");
    for case in ["no_silent_loss", "max_rpo", "max_rto", "max_duplicates", "failed_back"] {
        let case = format!("<testcase name=\"{case}\" classname=\"region-loss\"");
        assert!(passed_xml.contains(&case), "{case} in {passed_xml}");
    }
    for property in ["seed\" value=\"7f3a", "flow\" value=\"us-eu", "phase.switch.seconds\" value=\"3.000"] {
        assert!(passed_xml.contains(property), "{property} in {passed_xml}");
    }
    let failed_xml = xml(failed());
    assert!(failed_xml.contains("type=\"broken\""), "{failed_xml}");
    assert!(failed_xml.contains("number 300 of partition 1"), "{failed_xml}");
    let unknown = xml(inconclusive());
    assert!(
        unknown.contains("<error message=\"no record arrived at the target\" type=\"unknown\""),
        "{unknown}"
    );
    let problem = Problem::new("unreachable", Scope::Cluster("eu".into()), "cannot reach cluster \"eu\"")
        .cause("refused");
    let (plan, played) = passed();
    let broken = junit::not_played(&plan, &played.phases[..1], &problem).unwrap();
    assert!(broken.contains("tests=\"1\" skipped=\"0\" failures=\"0\" errors=\"1\""), "{broken}");
    assert!(broken.contains("<testcase name=\"setup\" classname=\"region-loss\""), "{broken}");
}
