//! `strait validate` for a user with few rights: each that is missing is named with operation, resource and
//! principal, and with all of them nothing is found.

use crate::harness::admin::create_topic;
use crate::harness::live;
use crate::harness::shared::{shared_pair, shared_secure};
use crate::harness::spec::{LIMITED_PASSWORD, LIMITED_USER, Listener};
use crate::harness::strait::{Config, login};
use crate::harness::tools::allow;
use crate::validate::{assert_found, findings, flow, validate, with_outcome};

const BOB: &str = "User:bob";

#[test]
fn g11_each_right_that_is_missing_at_the_target_is_named() {
    live(|lab| {
        let (source, target) = (&shared_pair().source, shared_secure());
        let (old, new, state) = (lab.topic("old"), lab.topic("new"), format!("strait.{}", flow(lab)));
        for topic in [&old, &new] {
            create_topic(source, topic, 1, &[]);
        }
        create_topic(target, &old, 1, &[]);
        let limited = login(lab, "SCRAM-SHA-512", (LIMITED_USER, LIMITED_PASSWORD));
        let config = Config::new()
            .cluster("source", source, Listener::Plaintext, "")
            .cluster("target", target, Listener::SaslPlaintext, &limited)
            .flow(&flow(lab), &[&lab.topic("*")], "");
        let (finished, document) = validate(lab, &config, &[]);
        assert_found(&document, "rights-target", &["error", BOB, "no Write", &old, "grant Write"]);
        assert_found(&document, "rights-target", &["error", BOB, "no Read", &old]);
        assert_found(&document, "rights-group", &["error", BOB, "no Read", &format!("group `{state}`")]);
        assert_found(&document, "transactional-id", &["error", BOB, "no Write", &format!("{state}.")]);
        assert_found(&document, "create-topics", &["error", &new, "AUTHORIZATION_FAILED", "grant Create"]);
        assert_found(&document, "create-topics", &["error", &format!("`{state}`"), BOB]);
        finished.assert_code(10);
        let grant = |what: &[&str]| allow(target, LIMITED_USER, what);
        let operations = [
            "--operation",
            "Read",
            "--operation",
            "Write",
            "--operation",
            "Create",
            "--operation",
            "DescribeConfigs",
        ];
        let prefix = lab.topic("");
        let mine = ["--topic", &prefix, "--resource-pattern-type", "prefixed"];
        grant(&[&operations[..], &mine[..]].concat());
        grant(&[&operations[..], &["--topic", &state]].concat());
        grant(&["--operation", "Read", "--group", &state]);
        let ids = format!("{state}.");
        grant(&["--operation", "Write", "--transactional-id", &ids, "--resource-pattern-type", "prefixed"]);
        // The time and the brokers' configs are told with these two.
        let cluster = ["--operation", "Describe", "--operation", "DescribeConfigs", "--cluster"];
        grant(&cluster);
        let (finished, document) = validate(lab, &config, &[]);
        assert_eq!(findings(&document), [""; 0]);
        assert_eq!(with_outcome(&document, "unknown"), [""; 0]);
        finished.assert_code(0);
    });
}

#[test]
fn g11_each_right_that_is_missing_at_the_source_is_named() {
    live(|lab| {
        let (source, target) = (shared_secure(), &shared_pair().target);
        let (seen, hidden) = (lab.topic("seen"), lab.topic("hidden"));
        for topic in [&seen, &hidden] {
            create_topic(source, topic, 1, &[]);
        }
        allow(source, LIMITED_USER, &["--operation", "Describe", "--topic", &seen]);
        let limited = login(lab, "PLAIN", (LIMITED_USER, LIMITED_PASSWORD));
        let back = format!("{}-back", flow(lab));
        let config = Config::new()
            .cluster("source", source, Listener::SaslPlaintext, &limited)
            .cluster("target", target, Listener::Plaintext, "")
            .flow(&flow(lab), &[&seen, &hidden], "")
            .flow_between(&back, ("target", "source"), &[&seen], "");
        create_topic(source, &format!("strait.{back}"), 1, &[]);
        let (finished, document) = validate(lab, &config, &["--flow", &flow(lab)]);
        assert_found(&document, "rights-source", &["error", BOB, "no Read", &seen, "grant Read"]);
        assert_found(&document, "rights-source", &["error", BOB, "no DescribeConfigs", &seen]);
        assert_found(&document, "topics-absent", &["error", &hidden, "may not be seen", BOB]);
        assert_found(&document, "rights-origin", &["error", BOB, "no Read", &format!("`strait.{back}`")]);
        finished.assert_code(10);
    });
}
