//! Every way in, and every way to be kept out: exit code and words (G11).

use crate::harness::admin::{create_topic, topic_exists};
use crate::harness::certificates::certificates;
use crate::harness::produce::produce;
use crate::harness::records::mixed;
use crate::harness::route::Route;
use crate::harness::shared::{shared_pair, shared_secure};
use crate::harness::spec::{Listener, PASSWORD, USER};
use crate::harness::tools::allow;
use crate::harness::{Lab, live};

/// Returns the TOML lines of a login; the password goes into a file, so that nothing warns.
fn login(lab: &Lab, mechanism: &str, password: &str) -> String {
    let file = lab.work_dir().join("password");
    std::fs::write(&file, password).unwrap();
    format!(
        "sasl_mechanism = {mechanism:?}\nsasl_username = {USER:?}\nsasl_password = \"file:{}\"\n",
        file.display()
    )
}

/// Returns the TOML line that trusts the brokers' certificates.
fn trusting() -> String {
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
            allow(secure, user, &["--operation", "All", "--topic", "*", "--cluster"]);
        }
        let ways = [
            ("ssl", Listener::Ssl, trusting()),
            ("mtls", Listener::Mtls, identity),
            ("plain", Listener::SaslPlaintext, login(lab, "PLAIN", PASSWORD)),
            ("scram256", Listener::SaslPlaintext, login(lab, "SCRAM-SHA-256", PASSWORD)),
            ("scram512", Listener::SaslSsl, trusting() + &login(lab, "SCRAM-SHA-512", PASSWORD)),
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
        let route = Route::between(lab, shared_secure(), target)
            .source_by(Listener::SaslPlaintext, &login(lab, "SCRAM-SHA-512", "not-it"));
        let finished = route.once(&[&topic]).assert_code(1);
        assert!(finished.stderr.contains("source"), "{}", finished.stderr);
        assert!(finished.stderr.to_lowercase().contains("password"), "{}", finished.stderr);
        assert!(!finished.stderr.contains("not-it"), "a secret was printed");
        assert!(!topic_exists(target, &topic));
    });
}
