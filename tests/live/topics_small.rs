//! `topics sync` between two clusters of one broker: what does not depend on brokers or rights.

use std::path::PathBuf;

use crate::harness::admin::{create_topic, topic_exists, wait_for_config};
use crate::harness::cluster::Cluster;
use crate::harness::shared::shared_pair;
use crate::harness::spec::Listener;
use crate::harness::strait::{Config, Finished, run};
use crate::harness::{Lab, live, route::LIMIT};

fn config(lab: &Lab, (source, target): (&Cluster, &Cluster), more: &str) -> PathBuf {
    Config::new()
        .cluster("source", source, Listener::Plaintext, "")
        .cluster("target", target, Listener::Plaintext, "")
        .flow("us-eu", &[&lab.topic("*")], more)
        .write(&lab.work_dir())
}

fn sync(config: &std::path::Path, arguments: &[&str]) -> Finished {
    run(config, &[&["topics", "sync"], arguments].concat(), LIMIT)
}

#[test]
fn three_replicas_on_one_broker_are_refused_at_plan_time() {
    live(|lab| {
        let pair = shared_pair();
        create_topic(&pair.source, &lab.topic("a"), 1, &[]);
        let ends = (&pair.source, &pair.target);
        let config = config(lab, ends, "[flows.us-eu.provision]\nreplication_factor = 3");
        let found = sync(&config, &["--apply"]).assert_code(10);
        let words = "replication factor 3 with 1 broker at the target\n";
        assert!(found.stdout.contains(words), "{}", found.stdout);
        assert!(found.stdout.contains("lower provision.replication_factor to 1 or less"), "{}", found.stdout);
        assert!(!topic_exists(&pair.target, &lab.topic("a")));
    });
}

#[test]
fn a_plan_is_not_carried_out_on_another_cluster() {
    live(|lab| {
        let pair = shared_pair();
        create_topic(&pair.source, &lab.topic("a"), 1, &[]);
        let plan = lab.work_dir().join("plan.json").display().to_string();
        let there = config(lab, (&pair.source, &pair.target), "");
        sync(&there, &["--out", &plan]).assert_code(0);
        let back = config(lab, (&pair.target, &pair.source), "");
        sync(&back, &["--apply", &plan])
            .assert_code(1)
            .assert_says(&["the plan was made for another cluster than \"source\"", "the brokers report"]);
        assert!(!topic_exists(&pair.target, &lab.topic("a")));
    });
}

#[test]
fn renamed_topics_are_made_and_kept_alike_under_their_new_names() {
    live(|lab| {
        let pair = shared_pair();
        let (name, copy) = (lab.topic("a"), format!("us.{}-copy", lab.topic("a")));
        create_topic(&pair.source, &name, 2, &[("retention.ms", "1000000")]);
        let left_over = format!("us.{}-copy", lab.topic("gone"));
        create_topic(&pair.target, &left_over, 1, &[]);
        // No copy: it lacks the ending.
        let other = format!("us.{}", lab.topic("other"));
        create_topic(&pair.target, &other, 1, &[]);
        let config = config(lab, (&pair.source, &pair.target), "rename = \"us.{topic}-copy\"");
        sync(&config, &["--allow-delete", "--apply"]).assert_code(0);
        wait_for_config(&pair.target, &copy, "retention.ms", "1000000");
        assert!(topic_exists(&pair.target, &other));
        let rerun = sync(&config, &["--allow-delete", "--detailed-exitcode"]).assert_code(0);
        assert_eq!(rerun.stdout, "No changes.\n");
        let none = sync(&config, &["--only", "nothing-like-it"]).assert_code(0);
        none.assert_says(&["us-eu: no topic is selected"]);
    });
}

#[test]
fn what_sync_makes_replicate_makes_too() {
    live(|lab| {
        let pair = shared_pair();
        let configs = [("cleanup.policy", "compact"), ("message.timestamp.type", "LogAppendTime")];
        create_topic(&pair.source, &lab.topic("a"), 2, &configs);
        let config = config(lab, (&pair.source, &pair.target), "");
        run(&config, &["replicate", "--once"], LIMIT).assert_code(0);
        let after = sync(&config, &["--prune", "--detailed-exitcode"]).assert_code(0);
        assert_eq!(after.stdout, "No changes.\n");
    });
}
