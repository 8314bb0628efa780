//! `strait validate` where a cluster cannot be used: the check, the cause and what to try are named, and
//! both clusters' troubles are told in one run.

use crate::harness::admin::{create_topic, topic_exists};
use crate::harness::certificates::certificates;
use crate::harness::shared::{shared_pair, shared_secure};
use crate::harness::spec::{ClusterSpec, Listener, PASSWORD, UNKNOWN_HOST, USER};
use crate::harness::strait::{Config, login};
use crate::harness::{Lab, live};
use crate::replicate_security::trusting;
use crate::validate::{assert_found, findings, flow, validate, with_outcome};

/// A listener, the protocol and further lines it is used with, the check, and the words that must be said.
type Case<'a> = ((Listener, &'a str, &'a str), &'a str, &'a [&'a str]);

/// Looks at a source that cannot be used: exit 1, and the finding of the check.
fn refused(lab: &Lab, ((listener, protocol, more), check, words): Case<'_>) {
    let config = Config::new()
        .cluster_at("source", &[shared_secure().address(listener)], protocol, more)
        .cluster("target", &shared_pair().target, Listener::Plaintext, "")
        .flow(&flow(lab), &["none"], "");
    let (finished, document) = validate(lab, &config, &[]);
    assert_found(&document, check, words);
    assert_eq!(document["data"]["unreached"], serde_json::json!(["source"]), "{listener:?} by {protocol}");
    assert_eq!(document["errors"][0]["scope"], "cluster:source", "{document}");
    // What cannot be known of the source and the flow is not said to be right.
    assert!(with_outcome(&document, "unknown").len() > 20, "{document}");
    let finished = finished.assert_code(1);
    assert!(!(finished.stdout + &finished.stderr).contains(PASSWORD), "a secret was printed");
}

#[test]
fn g11_each_wrong_protocol_certificate_and_login_has_its_check() {
    live(|lab| {
        let plain = login(lab, "PLAIN", (USER, PASSWORD));
        let wrong = login(lab, "SCRAM-SHA-256", (USER, "not-it"));
        let tls = trusting();
        let strangers = format!("ssl_ca_file = {:?}\n", certificates().other_ca);
        let both = format!("{tls}{plain}");
        let cases: [Case<'_>; 12] = [
            ((Listener::Ssl, "PLAINTEXT", ""), "tls", &["expects TLS", "\"SSL\""]),
            ((Listener::SaslSsl, "SASL_PLAINTEXT", &plain), "tls", &["expects TLS", "\"SASL_SSL\""]),
            ((Listener::Plaintext, "SSL", &tls), "tls", &["without TLS", "\"PLAINTEXT\""]),
            ((Listener::SaslPlaintext, "SASL_SSL", &both), "tls", &["without TLS", "\"SASL_PLAINTEXT\""]),
            ((Listener::Plaintext, "SASL_PLAINTEXT", &plain), "sasl", &["no SASL", "without sasl_"]),
            ((Listener::SaslPlaintext, "PLAINTEXT", ""), "sasl", &["SASL login", "sasl_mechanism"]),
            ((Listener::ScramOnly, "SASL_PLAINTEXT", &plain), "sasl", &["PLAIN", "offers SCRAM-SHA-512"]),
            (
                (Listener::SaslPlaintext, "SASL_PLAINTEXT", &wrong),
                "sasl",
                &["refused", USER, "sasl_password"],
            ),
            ((Listener::WrongName, "SSL", &tls), "tls", &["elsewhere.example", "127.0.0.1"]),
            ((Listener::Ssl, "SSL", &strangers), "tls", &["not trusted", "ssl_ca_file"]),
            ((Listener::Expired, "SSL", &tls), "tls", &["expired", "renew"]),
            ((Listener::Mtls, "SSL", &tls), "tls", &["certificate", "ssl_certificate_file"]),
        ];
        for case in cases {
            refused(lab, case);
        }
    });
}

#[test]
fn g11_a_broker_advertised_under_a_name_that_does_not_resolve_is_a_finding() {
    live(|lab| {
        let config = Config::new()
            .cluster("source", shared_secure(), Listener::Misadvertised, "")
            .cluster("target", &shared_pair().target, Listener::Plaintext, "")
            .flow(&flow(lab), &["none"], "");
        let (_, document) = validate(lab, &config, &[]);
        assert_found(&document, "dns", &[UNKNOWN_HOST, "advertised by", "advertised.listeners"]);
    });
}

#[test]
fn g11_troubles_of_both_clusters_are_told_in_one_run() {
    live(|lab| {
        let nowhere = ["kafka.invalid:9092".to_owned()];
        let config = Config::new()
            .cluster_at("source", &nowhere, "PLAINTEXT", "")
            .cluster_at("target", &[shared_secure().address(Listener::Ssl)], "PLAINTEXT", "")
            .flow(&flow(lab), &["none"], "");
        let (finished, document) = validate(lab, &config, &[]);
        assert_found(&document, "dns", &["kafka.invalid:9092", "does not resolve", "bootstrap_servers"]);
        assert_found(&document, "tls", &["expects TLS"]);
        finished.assert_code(1);
    });
}

#[test]
fn a_server_of_several_that_is_down_is_a_finding_and_the_rest_is_checked() {
    live(|lab| {
        let pair = shared_pair();
        let topic = lab.topic("t");
        create_topic(&pair.source, &topic, 1, &[]);
        let servers = [pair.source.address(Listener::Plaintext), "127.0.0.1:1".to_owned()];
        let config = Config::new()
            .cluster_at("source", &servers, "PLAINTEXT", "")
            .cluster("target", &pair.target, Listener::Plaintext, "")
            .flow(&flow(lab), &[&topic], "");
        let (finished, document) = validate(lab, &config, &[]);
        assert_eq!(findings(&document).len(), 1, "{document}");
        assert_found(&document, "tcp", &["127.0.0.1:1", "connection refused"]);
        assert_eq!(with_outcome(&document, "unknown"), [""; 0]);
        finished.assert_code(10);
    });
}

#[test]
fn the_clusters_themselves_are_looked_at() {
    live(|lab| {
        let spec = ClusterSpec::one().set("auto.create.topics.enable", "true");
        let open = lab.start("open", spec);
        let config = Config::new()
            .cluster("source", &open, Listener::Plaintext, "cluster_id = \"AAAAAAAAAAAAAAAAAAAAAA\"")
            .cluster("target", &open, Listener::Plaintext, "")
            .flow(&flow(lab), &["*"], "");
        let (finished, document) = validate(lab, &config, &[]);
        assert_found(&document, "cluster-id", &["error", "pins AAAAAAAAAAAAAAAAAAAAAA", "set cluster_id = "]);
        assert_found(&document, "one-cluster", &["error", "`source` and `target` are one"]);
        assert_found(&document, "one-cluster-by-address", &["error", "share the address"]);
        assert_found(&document, "auto-create-target", &["error", "broker 1", "false"]);
        assert_found(&document, "auto-create-source", &["warning", "broker 1", "false"]);
        assert_found(&document, "nothing-selected", &["error"]);
        finished.assert_code(10);
        assert!(!topic_exists(&open, &format!("strait.{}", flow(lab))));
    });
}

#[test]
fn the_certificates_of_a_cluster_are_read() {
    live(|lab| {
        let topic = lab.topic("t");
        create_topic(shared_secure(), &topic, 1, &[]);
        let config = Config::new()
            .cluster("source", shared_secure(), Listener::Ssl, &trusting())
            .cluster("target", &shared_pair().target, Listener::Plaintext, "")
            .flow(&flow(lab), &[&topic], "");
        let (finished, document) = validate(lab, &config, &[]);
        let passed = with_outcome(&document, "passed");
        assert!(
            passed.iter().any(|check| check.starts_with("\"tls-expiry\" \"cluster:source\"")),
            "{passed:#?}"
        );
        finished.assert_code(0);
    });
}

#[test]
fn g11_a_certificate_that_expires_in_ten_days_is_a_warning_with_its_day() {
    live(|lab| {
        let topic = lab.topic("t");
        create_topic(shared_secure(), &topic, 1, &[]);
        let config = Config::new()
            .cluster("source", shared_secure(), Listener::Expiring, &trusting())
            .cluster("target", &shared_pair().target, Listener::Plaintext, "")
            .flow(&flow(lab), &[&topic], "");
        let (finished, document) = validate(lab, &config, &[]);
        assert_eq!(findings(&document).len(), 1, "{document}");
        let address = shared_secure().address(Listener::Expiring);
        assert_found(&document, "tls-expiry", &["warning", &address, "ends in 9 days", "renew"]);
        finished.assert_code(0);
        let (strict, _) = validate(lab, &config, &["--strict"]);
        strict.assert_code(10);
    });
}
