//! `strait failback` on sandbox clusters: what it tells, what it keeps from happening, what it leaves alone.

use serde_json::Value;

use crate::cli_failover::{PARTITIONS, Scene, commit, committed};
use crate::sandbox_kit::{contents, producer, read_all, write};

const FAST: [&str; 3] = ["failback", "--quiet-for", "100ms"];

fn failback(more: &[&'static str]) -> Vec<&'static str> {
    [&FAST[..], more].concat()
}

/// Copies 30 records, leaves 12 stranded, fails over, and writes 21 at the target.
fn failed_over() -> Scene {
    let scene = Scene::new();
    scene.write(0..30);
    assert_eq!(scene.run(&["replicate", "--once"]).code, Some(0));
    scene.write(30..42);
    let done = scene.json(&["failover", "--unplanned", "--yes"], 10);
    assert_eq!(done["data"]["missing"]["offsets"], 12);
    write(&producer(&scene.target, &[]), "orders", PARTITIONS, 100..121);
    scene
}

fn records(scene: &Scene) -> [usize; 2] {
    [&scene.source, &scene.target]
        .map(|cluster| read_all(cluster, "orders", PARTITIONS, &[]).values().map(Vec::len).sum())
}

fn column(document: &Value, field: &str) -> Vec<Value> {
    document["data"]["partitions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|partition| partition[field].clone())
        .collect()
}

#[test]
fn g10_a_failback_is_never_carried_out_unasked() {
    let scene = Scene::new();
    let ran = scene.run(&["failback"]);
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    ran.says(&["has to be confirmed", "--dry-run", "--yes"]);
    let wrong = scene.run(&["failback", "--yes", "--stranded", "export"]);
    assert_eq!(wrong.code, Some(2), "{}", wrong.stderr);
    wrong.says(&["--stranded export says nothing", "append, leave, or export and a folder"]);
    let document = scene.json(&["failback", "--yes"], 1);
    assert_eq!((&document["schema"], &document["data"]), (&"strait/failback/v1".into(), &Value::Null));
    assert_eq!(document["errors"][0]["code"], "never_ran");
    scene.write(0..9);
    assert_eq!(scene.run(&["replicate", "--once"]).code, Some(0));
    assert_eq!(scene.json(&["failback", "--yes"], 1)["errors"][0]["code"], "not_ended");
}

#[test]
fn g10_stranded_records_are_listed_and_nothing_is_done_until_somebody_decides() {
    let scene = failed_over();
    let before = (scene.state_records(), records(&scene));
    for arguments in [failback(&["--dry-run"]), failback(&["--yes"])] {
        let ran = scene.run(&arguments);
        assert_eq!(ran.code, Some(10), "{}", ran.stderr);
        ran.says(&[
            "12 records were never copied",
            "--stranded append",
            "--stranded leave",
            "--stranded export DIR",
        ]);
        assert!(ran.stdout.contains("10..13"), "{}", ran.stdout);
        assert_eq!((scene.state_records(), records(&scene)), before, "nothing was changed");
    }
    let document = scene.json(&failback(&["--dry-run"]), 10);
    assert_eq!(document["data"]["step"], "surveyed");
    assert_eq!(column(&document, "stranded"), [4, 4, 4]);
    assert_eq!(column(&document, "first_ms")[0], 1_760_000_000_030_i64);
    assert_eq!(column(&document, "settled"), [Value::Null, Value::Null, Value::Null]);
}

#[test]
fn g1_g6_the_whole_way_back_from_the_command_line() {
    let scene = failed_over();
    // Behind 2 new records in each partition.
    let new_from = column(&scene.json(&failback(&["--dry-run"]), 10), "new_from");
    let at: Vec<i64> = new_from.iter().map(|offset| offset.as_i64().unwrap() + 2).collect();
    commit(&scene.target, &[(0, at[0]), (1, at[1]), (2, at[2])]);
    let back = scene.json(&failback(&["--yes", "--stranded", "leave", "--fence-cmd", "touch stopped"]), 0);
    assert!(scene.folder.path().join("stopped").exists());
    assert_eq!((&back["data"]["step"], &back["data"]["reverse"]), (&"done".into(), &"us-eu-back".into()));
    assert_eq!(column(&back, "settled"), ["leave", "leave", "leave"]);
    assert_eq!(records(&scene), [63, 51]);
    let group = &back["data"]["groups"][0];
    assert_eq!((&group["group"], &group["offsets"][0]["exactness"]), (&"workers".into(), &"exact".into()));
    let source = read_all(&scene.source, "orders", PARTITIONS, &[]);
    for (partition, offset) in (0..).zip(committed(&scene.source)) {
        let left = source[&partition].iter().filter(|record| record.offset >= offset.unwrap()).count();
        assert_eq!(left, 5, "7 were new, of which 2 are read");
    }
    scene.write(42..51);
    assert_eq!(scene.run(&["replicate", "--once"]).code, Some(0));
    assert_eq!(records(&scene), [72, 60]);
    let status = scene.json(&["status"], 0);
    assert_eq!(status["data"]["flows"][0]["ended"], Value::Null);
    let verified = scene.run(&["verify"]);
    assert_eq!(verified.code, Some(0), "{}\n{}", verified.stderr, verified.stdout);
}

#[test]
fn g2_begun_only_the_flow_back_can_be_run_by_hand() {
    let scene = failed_over();
    let begun = scene.run(&failback(&["--yes", "--stranded", "append", "--begin-only"]));
    assert_eq!(begun.code, Some(0), "{}", begun.stderr);
    let config = begun.stdout.split("\n\n").find(|part| part.contains("[flows.us-eu-back]")).unwrap();
    let file = scene.folder.path().join("strait.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{text}\n{config}\n")).unwrap();
    let ran = scene.run(&["replicate", "--flow", "us-eu-back", "--until-caught-up"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(records(&scene), [63, 63]);
    assert_eq!(scene.run(&["replicate", "--flow", "us-eu", "--once"]).code, Some(1));
    write(&producer(&scene.target, &[]), "orders", PARTITIONS, 121..130);
    let back = scene.json(&failback(&["--yes", "--flow", "us-eu"]), 0);
    assert_eq!(
        (&back["data"]["reverse_is_configured"], &back["data"]["step"]),
        (&true.into(), &"done".into())
    );
    assert_eq!(records(&scene), [72, 72]);
    // Nobody runs it by mistake.
    assert_eq!(scene.run(&["replicate", "--flow", "us-eu-back", "--once"]).code, Some(1));
    assert_eq!(scene.run(&["replicate", "--flow", "us-eu", "--once"]).code, Some(0));
    assert_eq!(records(&scene), [72, 72]);
    for flow in ["us-eu", "us-eu-back"] {
        let verified = scene.run(&["verify", "--flow", flow]);
        assert_eq!(verified.code, Some(0), "{flow}: {}\n{}", verified.stderr, verified.stdout);
    }
    let sorted = |cluster| {
        let mut all: Vec<_> =
            contents(&read_all(cluster, "orders", PARTITIONS, &[])).into_values().flatten().collect();
        all.sort();
        all
    };
    assert_eq!(sorted(&scene.source), sorted(&scene.target));
}

#[test]
fn g10_an_export_says_what_it_wrote() {
    let scene = failed_over();
    let back = scene.json(&failback(&["--yes", "--stranded", "export", "kept"]), 0);
    let files = back["data"]["exported"].as_array().unwrap();
    assert_eq!(files.iter().map(|file| file["records"].as_u64().unwrap()).sum::<u64>(), 12);
    for file in files {
        let path = scene.folder.path().join(file["path"].as_str().unwrap());
        let bytes = std::fs::read(path).unwrap();
        assert_eq!(file["bytes"], bytes.len());
        assert_eq!(file["crc32c"], format!("{:08x}", strait::kafka::crc::crc32c(&bytes)));
    }
}
