//! OAUTHBEARER: tokens from an identity provider, tokens from a file, tokens for librdkafka, and what is
//! said where there are none or a broker does not take them (G11).

use crate::harness::admin::{create_topic, topic_exists};
use crate::harness::certificates::certificates;
use crate::harness::identity::{self, CLIENT_SECRET, IdentityProvider};
use crate::harness::produce::produce;
use crate::harness::records::mixed;
use crate::harness::route::{Route, terminate};
use crate::harness::shared::{shared_pair, shared_secure};
use crate::harness::spec::{Listener, USER};
use crate::harness::strait::start;
use crate::harness::tools::allow;
use crate::harness::{Lab, live};

/// What a token lives where it need not be renewed.
const HOUR_SECONDS: u64 = 3600;

/// Allows the user everything on the test's topics and on what the flow keeps.
fn allow_all(lab: &Lab, route: &Route<'_>) {
    let state = format!("strait.{}", route.flow());
    let prefixed = ["--resource-pattern-type", "prefixed"];
    let mine = ["--operation", "All", "--topic", &lab.name, "--topic", &state, "--group", &state];
    allow(shared_secure(), USER, &[&mine[..], &prefixed].concat());
}

#[test]
fn a_token_of_the_token_endpoint_opens_the_source_and_one_of_a_file_the_target() {
    live(|lab| {
        let provider = IdentityProvider::start(USER, HOUR_SECONDS);
        let route = Route::between(lab, shared_secure(), &shared_pair().target)
            .source_by(Listener::Oauth, &provider.login(lab, CLIENT_SECRET));
        allow_all(lab, &route);
        let topic = lab.topic("asked");
        route.carries(&topic, (2, &[]), 60, |source| produce(source, &topic, "lz4", &mixed(140, 60, 2)));
        assert_eq!(provider.granted(), 1, "one token is enough for all connections");

        let file = lab.work_dir().join("token");
        std::fs::write(&file, identity::token(USER, HOUR_SECONDS)).unwrap();
        let login = format!(
            "ssl_ca_file = {:?}\nsasl_mechanism = \"OAUTHBEARER\"\nsasl_oauthbearer_token = \"file:{}\"\n",
            certificates().ca,
            file.display()
        );
        let route =
            Route::between(lab, &shared_pair().source, shared_secure()).target_by(Listener::Oauth, &login);
        let topic = lab.topic("given");
        route.carries(&topic, (2, &[]), 60, |source| produce(source, &topic, "lz4", &mixed(141, 60, 2)));
    });
}

#[test]
fn processes_that_share_join_their_group_with_a_token() {
    live(|lab| {
        let provider = IdentityProvider::start(USER, HOUR_SECONDS);
        let route = Route::between(lab, &shared_pair().source, shared_secure())
            .target_by(Listener::Oauth, &provider.login(lab, CLIENT_SECRET));
        allow_all(lab, &route);
        let topic = lab.topic("t");
        create_topic(route.source, &topic, 3, &[]);
        produce(route.source, &topic, "lz4", &mixed(142, 90, 3));
        let mut running = start(&route.config(&[&topic]), &["replicate", "--share", "--format", "json"]);
        route.until_arrived(&mut running, &topic, 3, 90);
        terminate(running);
        route.assert_same(&topic, 90);
        assert_eq!(provider.granted(), 1, "librdkafka has the token of our own connections");
    });
}

#[test]
fn g11_a_token_that_cannot_be_had_or_is_refused_is_explained() {
    live(|lab| {
        let topic = lab.topic("t");
        create_topic(shared_secure(), &topic, 1, &[]);
        let target = &shared_pair().target;
        let provider = IdentityProvider::start(USER, HOUR_SECONDS);
        let refused = |login: &str, words: &[&str]| {
            let route = Route::between(lab, shared_secure(), target).source_by(Listener::Oauth, login);
            let finished = route.impatient().once(&[&topic]).assert_code(1);
            let common = ["\"source\"", "phase: sasl", "  cause: ", "  try:   "];
            let finished = finished.assert_says(&common).assert_says(words);
            let said = finished.stderr + &finished.stdout;
            assert!(!said.contains("not-the-secret") && !said.contains(CLIENT_SECRET), "{said}");
        };
        let login = provider.login(lab, "not-the-secret");
        let words = ["https://localhost:", "401", "invalid_client", "does not match", "client_secret"];
        refused(&login, &words);
        let login = provider.login(lab, CLIENT_SECRET);
        let untrusting = login.replace(
            &format!("ssl_ca_file = {:?}", certificates().ca),
            &format!("ssl_ca_file = {:?}", certificates().other_ca),
        );
        refused(&untrusting, &["https://localhost:", "not trusted here", "ssl_ca_file"]);
        provider.fail_with(503);
        refused(&login, &["503", "temporarily_unavailable"]);
        provider.fail_with(0);
        provider.misaddress();
        refused(&login, &[USER, "invalid_token", "expected"]);
        let gone = provider.login(lab, CLIENT_SECRET);
        drop(provider);
        refused(&gone, &["https://localhost:", "connection refused", "firewall"]);
        assert!(!topic_exists(target, &topic));
    });
}
