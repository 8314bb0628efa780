//! `strait validate` at real clusters: what is right passes, and each wrong set-up is named by its check.

use serde_json::Value;

use crate::harness::admin::create_topic;
use crate::harness::cluster::Cluster;
use crate::harness::maven::Version;
use crate::harness::route::LIMIT;
use crate::harness::shared::shared_pair;
use crate::harness::spec::ClusterSpec;
use crate::harness::spec::Listener;
use crate::harness::strait::{Config, Finished, run};
use crate::harness::{Lab, live, live_on};

/// Configures a flow between two clusters over plain text.
pub fn plain(lab: &Lab, source: &Cluster, target: &Cluster, topics: &[&str], more: &str) -> Config {
    Config::new()
        .cluster("source", source, Listener::Plaintext, "")
        .cluster("target", target, Listener::Plaintext, "")
        .flow(&flow(lab), topics, more)
}

/// Names the test's flow.
pub fn flow(lab: &Lab) -> String {
    lab.name.replace('.', "-")
}

/// Runs the checks and reads the document.
pub fn validate(lab: &Lab, config: &Config, arguments: &[&str]) -> (Finished, Value) {
    let arguments = [&["validate", "--format", "json"], arguments].concat();
    let finished = run(&config.write(&lab.work_dir()), &arguments, LIMIT);
    let document = serde_json::from_str(&finished.stdout)
        .unwrap_or_else(|error| panic!("{error}:\n{}\n{}", finished.stdout, finished.stderr));
    (finished, document)
}

/// Lists the findings: check, severity, message and hint in one text each.
pub fn findings(document: &Value) -> Vec<String> {
    let words = |finding: &Value| {
        let word = |key: &str| finding[key].as_str().unwrap_or_default().to_owned();
        format!("{} {} {} {}", word("check"), word("severity"), word("message"), word("hint"))
    };
    document["data"]["findings"].as_array().unwrap().iter().map(words).collect()
}

/// Asserts that a check found something that is told with all of these words.
#[track_caller]
pub fn assert_found(document: &Value, check: &str, words: &[&str]) {
    let all = findings(document);
    let mine = |text: &&String| {
        text.starts_with(&format!("{check} ")) && words.iter().all(|word| text.contains(word))
    };
    assert!(all.iter().any(|text| mine(&text)), "{check} with {words:?} is not in {all:#?}");
}

/// Lists the checks with an outcome.
pub fn with_outcome(document: &Value, outcome: &str) -> Vec<String> {
    let checks = document["data"]["checks"].as_array().unwrap();
    let mine = checks.iter().filter(|check| check["outcome"] == outcome);
    mine.map(|check| format!("{} {} {}", check["check"], check["subject"], check["reason"])).collect()
}

#[test]
fn g11_what_is_right_passes_every_check_that_applies() {
    live(|lab| {
        let pair = shared_pair();
        let topic = lab.topic("orders");
        create_topic(&pair.source, &topic, 3, &[("retention.ms", "100000000")]);
        let config = plain(lab, &pair.source, &pair.target, &[&topic], "");
        let (finished, document) = validate(lab, &config, &[]);
        assert_eq!(findings(&document), [""; 0]);
        assert_eq!(with_outcome(&document, "unknown"), [""; 0]);
        finished.assert_code(0);
    });
}

#[test]
fn an_older_kafka_is_checked_the_same() {
    live_on(&[Version::V3_7], |lab| {
        let old = lab.start("old", ClusterSpec::one().version(Version::V3_7));
        let topic = lab.topic("orders");
        create_topic(&old, &topic, 3, &[]);
        let config = plain(lab, &old, &shared_pair().target, &[&topic], "");
        let (finished, document) = validate(lab, &config, &[]);
        assert_eq!(findings(&document), [""; 0]);
        assert_eq!(with_outcome(&document, "unknown"), [""; 0]);
        finished.assert_code(0);
    });
}

#[test]
fn g11_topics_that_do_not_go_together_are_named() {
    live(|lab| {
        let pair = shared_pair();
        let (source, target) = (&pair.source, &pair.target);
        let name = |what: &str| lab.topic(what);
        let both = |what: &str, (one, two): (i32, i32), a: &[(&str, &str)], b: &[(&str, &str)]| {
            create_topic(source, &name(what), one, a);
            create_topic(target, &name(what), two, b);
        };
        both("fewer", (3, 2), &[], &[]);
        both("more", (1, 4), &[], &[]);
        both("policy", (1, 1), &[("cleanup.policy", "compact")], &[]);
        both("shorter", (1, 1), &[("retention.ms", "2000000000")], &[("retention.ms", "1000000000")]);
        both("longer", (1, 1), &[("retention.bytes", "10000000")], &[("retention.bytes", "-1")]);
        both("large", (1, 1), &[("max.message.bytes", "5000000")], &[]);
        both("stamped", (1, 1), &[], &[("message.timestamp.type", "LogAppendTime")]);
        both("young", (1, 1), &[], &[("message.timestamp.before.max.ms", "86400000")]);
        both("recompressed", (1, 1), &[], &[("compression.type", "gzip")]);
        both("stuck", (1, 1), &[], &[("min.insync.replicas", "2")]);
        create_topic(source, &name("new"), 1, &[]);
        let absent = name("absent");
        let of_flow = format!("[flows.{}.provision]\nreplication_factor = 3", flow(lab));
        let config = plain(lab, source, target, &[&lab.topic("*"), &absent], &of_flow);
        let (finished, document) = validate(lab, &config, &[]);
        let found = |check: &str, what: &str, words: &[&str]| {
            assert_found(&document, check, &[&[format!("`{}`", name(what)).as_str()], words].concat());
        };
        found("partitions-grow", "fewer", &["warning", "2 partitions", "3 at the source"]);
        found("partitions-more", "more", &["warning", "4 partitions", "1 at the source", "3 stay empty"]);
        found("cleanup-policy", "policy", &["error", "delete at the target", "cleanup.policy=compact"]);
        found("retention-shorter", "shorter", &["warning", "retention.ms", "1000000000 at the target"]);
        found("retention-longer", "longer", &["warning", "retention.bytes", "-1 at the target"]);
        found("max-message-bytes", "large", &["warning", "5000000 at the source", "on_oversize"]);
        found("timestamp-type", "stamped", &["error", "LogAppendTime", "CreateTime"]);
        found("timestamp-limits", "young", &["warning", "message.timestamp.before.max.ms", "86400000"]);
        found("compression-type", "recompressed", &["warning", "gzip", "producer"]);
        found("min-insync-replicas", "stuck", &["error", "min.insync.replicas is 2"]);
        found("topics-absent", "absent", &["error", "does not exist"]);
        found("replication-factor-differs", "more", &["warning", "replication factor 1", "is 3"]);
        found("create-topics", "new", &["error", "INVALID_REPLICATION_FACTOR"]);
        assert_found(&document, "replication-factor", &["error", "is 3", "has 1 broker"]);
        assert_eq!(with_outcome(&document, "unknown"), [""; 0]);
        finished.assert_code(10);
        let provisioned = format!("{of_flow}\nenabled = false");
        let config = plain(lab, source, target, &[&lab.topic("*")], &provisioned);
        let (finished, document) = validate(lab, &config, &[]);
        assert_found(&document, "partitions-fewer", &["error", &name("fewer"), "enabled = true"]);
        assert_found(&document, "missing-at-target", &["error", &name("new")]);
        finished.assert_code(10);
    });
}
