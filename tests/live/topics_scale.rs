//! `topics sync` with 500 topics, of which 30 differ.

use std::io::Write;
use std::time::Instant;

use crate::harness::admin::{create_topics, set_topic_configs};
use crate::harness::live;
use crate::harness::route::LIMIT;
use crate::harness::shared::shared_pair;
use crate::harness::spec::Listener;
use crate::harness::strait::{Config, run};

const TOPICS: usize = 500;

#[test]
fn thirty_changes_are_found_among_five_hundred_topics() {
    live(|lab| {
        let pair = shared_pair();
        let names: Vec<String> = (0..TOPICS).map(|index| lab.topic(&format!("{index:03}"))).collect();
        create_topics(&pair.source, &names, 1, &[("retention.ms", "604800000")]);
        let config = Config::new()
            .cluster("source", &pair.source, Listener::Plaintext, "")
            .cluster("target", &pair.target, Listener::Plaintext, "")
            .flow("us-eu", &[&lab.topic("*")], "")
            .write(&lab.work_dir());
        let made = run(&config, &["topics", "sync", "--apply"], LIMIT).assert_code(0);
        assert!(made.stdout.ends_with("Applied: 500 created, 0 changed, 0 deleted, 0 failed.\n"));
        for name in &names[100..130] {
            set_topic_configs(&pair.target, name, &[("retention.ms", "1")]);
        }
        let begun = Instant::now();
        let planned = run(&config, &["topics", "sync", "--format", "json"], LIMIT).assert_code(0);
        // Past the capture, for whoever measures; a test of time would fail on a busy machine.
        let _ = writeln!(std::io::stderr(), "planned in {:?}", begun.elapsed());
        let document: serde_json::Value = serde_json::from_str(&planned.stdout).unwrap();
        let data = &document["data"];
        let expected = serde_json::json!({"create": 0, "change": 30, "delete": 0, "findings": 0});
        assert_eq!(data["summary"], expected);
        let changes = data["flows"][0]["changes"].as_array().unwrap();
        let topics: Vec<&str> = changes.iter().map(|one| one["topic"].as_str().unwrap()).collect();
        assert_eq!(topics, names[100..130]);
    });
}
