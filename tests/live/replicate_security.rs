//! Every way in, and every way to be kept out: exit code and words (G11).

use crate::harness::admin::{create_topic, topic_exists};
use crate::harness::certificates::certificates;
use crate::harness::produce::produce;
use crate::harness::records::mixed;
use crate::harness::route::{LIMIT, Route};
use crate::harness::shared::{shared_pair, shared_secure};
use crate::harness::spec::{Listener, PASSWORD, UNKNOWN_HOST, USER};
use crate::harness::strait::{Config, Finished, login, run};
use crate::harness::tools::allow;
use crate::harness::{Lab, live};

/// What a run that cannot even connect may take: nothing of size was fetched.
const IDLE_MEMORY_BYTES: u64 = 60 << 20;

/// Returns the TOML line that trusts the brokers' certificates.
pub fn trusting() -> String {
    format!("ssl_ca_file = {:?}\n", certificates().ca)
}

#[test]
fn every_secure_listener_is_copied_from() {
    live(|lab| {
        let secure = shared_secure();
        let files = certificates();
        let identity = format!(
            "{}ssl_certificate_file = {:?}\nssl_key_file = {:?}\n",
            trusting(),
            files.client_certificate,
            files.client_key
        );
        for user in [USER, "CN=strait-client"] {
            let mine = lab.topic("");
            let prefix = ["--topic", &mine, "--resource-pattern-type", "prefixed"];
            allow(secure, user, &[&["--operation", "All"], &prefix[..]].concat());
        }
        let known = (USER, PASSWORD);
        let ways = [
            ("ssl", Listener::Ssl, trusting()),
            ("mtls", Listener::Mtls, identity),
            ("plain", Listener::SaslPlaintext, login(lab, "PLAIN", known)),
            ("scram256", Listener::SaslPlaintext, login(lab, "SCRAM-SHA-256", known)),
            ("scram512", Listener::SaslSsl, trusting() + &login(lab, "SCRAM-SHA-512", known)),
        ];
        for (name, listener, more) in ways {
            let topic = lab.topic(name);
            let route = Route::between(lab, secure, &shared_pair().target).source_by(listener, &more);
            route.carries(&topic, (1, &[]), 50, |source| {
                produce(source, &topic, "zstd", &mixed(110, 50, 1));
            });
        }
    });
}

#[test]
fn g11_a_wrong_password_fails_and_says_so() {
    live(|lab| {
        let topic = lab.topic("t");
        create_topic(shared_secure(), &topic, 1, &[]);
        let target = &shared_pair().target;
        for mechanism in ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] {
            let route = Route::between(lab, shared_secure(), target)
                .source_by(Listener::SaslPlaintext, &login(lab, mechanism, (USER, "not-it")));
            let finished = route.once(&[&topic]).assert_code(1);
            let finished =
                finished.assert_says(&["\"source\"", "phase: sasl", USER, "try:", "sasl_password"]);
            assert!(!(finished.stderr + &finished.stdout).contains("not-it"), "a secret was printed");
        }
        assert!(!topic_exists(target, &topic));
    });
}

/// A listener, the protocol and further lines it is used with, and the words that must be said.
type Case<'a> = ((Listener, &'a str, &'a str), &'a [&'a str]);

/// Runs a copy whose source cannot be used, and sees to it that it ends with 1, in little memory, and
/// with an error in four parts.
fn refused(lab: &Lab, (listener, protocol, more): (Listener, &str, &str)) -> Finished {
    let config = Config::new()
        .cluster_at("source", &[shared_secure().address(listener)], protocol, more)
        .cluster("target", &shared_pair().target, Listener::Plaintext, "")
        .flow("refused", &["none"], "");
    let finished = run(&config.write(&lab.work_dir()), &["replicate", "--once"], LIMIT).assert_code(1);
    let memory = finished.peak_memory_bytes;
    assert!(memory < IDLE_MEMORY_BYTES, "{listener:?} by {protocol}: {memory} bytes\n{}", finished.stderr);
    finished.assert_says(&["error: ", "\"source\"", "  where: ", "  cause: ", "  try:   "])
}

#[test]
fn g11_a_protocol_that_is_not_the_listeners_is_explained() {
    live(|lab| {
        let plain = login(lab, "PLAIN", (USER, PASSWORD));
        let tls = trusting();
        let both = format!("{tls}{plain}");
        let cases: [Case<'_>; 9] = [
            ((Listener::Ssl, "PLAINTEXT", ""), &["phase: api", "expects TLS", "\"SSL\""]),
            ((Listener::SaslSsl, "SASL_PLAINTEXT", &plain), &["phase: api", "expects TLS", "\"SASL_SSL\""]),
            ((Listener::Plaintext, "SSL", &tls), &["phase: tls", "without TLS", "\"PLAINTEXT\""]),
            (
                (Listener::SaslPlaintext, "SASL_SSL", &both),
                &["phase: tls", "without TLS", "\"SASL_PLAINTEXT\""],
            ),
            ((Listener::Plaintext, "SASL_PLAINTEXT", &plain), &["phase: sasl", "no SASL", "without sasl_"]),
            ((Listener::Ssl, "SASL_SSL", &both), &["phase: sasl", "no SASL", "without sasl_"]),
            ((Listener::SaslPlaintext, "PLAINTEXT", ""), &["phase: api", "SASL", "sasl_mechanism"]),
            ((Listener::SaslSsl, "SSL", &tls), &["phase: api", "SASL", "sasl_mechanism"]),
            (
                (Listener::ScramOnly, "SASL_PLAINTEXT", &plain),
                &["phase: sasl", "PLAIN", "offers SCRAM-SHA-512"],
            ),
        ];
        for (case, words) in cases {
            refused(lab, case).assert_says(words);
        }
    });
}

#[test]
fn g11_a_certificate_that_cannot_be_trusted_is_explained() {
    live(|lab| {
        let tls = trusting();
        let strangers = format!("ssl_ca_file = {:?}\n", certificates().other_ca);
        let cases: [Case<'_>; 4] = [
            ((Listener::WrongName, "SSL", &tls), &["elsewhere.example", "127.0.0.1", "bootstrap_servers"]),
            ((Listener::Ssl, "SSL", &strangers), &["not trusted", "ssl_ca_file"]),
            ((Listener::Expired, "SSL", &tls), &["expired", "renew"]),
            ((Listener::Mtls, "SSL", &tls), &["certificate", "ssl_certificate_file"]),
        ];
        for (case, words) in cases {
            refused(lab, case).assert_says(&["phase: tls"]).assert_says(words);
        }
    });
}

#[test]
fn g11_a_broker_advertised_under_a_name_that_does_not_resolve_is_explained() {
    live(|lab| {
        let topic = lab.topic("t");
        create_topic(shared_secure(), &topic, 1, &[]);
        let finished = Route::between(lab, shared_secure(), &shared_pair().target)
            .source_by(Listener::Misadvertised, "")
            .impatient()
            .once(&[&topic])
            .assert_code(1);
        finished.assert_says(&[
            "\"source\"",
            "phase: dns",
            UNKNOWN_HOST,
            "advertised by",
            "advertised.listeners",
        ]);
    });
}
