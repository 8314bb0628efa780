//! SASL sessions that end after 1.5 seconds (`connections.max.reauth.ms`, KIP-368) or with their tokens: a
//! copy logs in again on the connections it has, and loses, doubles and reports nothing.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::harness::certificates::certificates;
use crate::harness::identity::{CLIENT_SECRET, IdentityProvider};
use crate::harness::route::Route;
use crate::harness::shared::{shared_pair, shared_secure};
use crate::harness::spec::{Listener, PASSWORD, USER};
use crate::harness::strait::login;
use crate::harness::tools::allow;
use crate::harness::traffic::copied_under_traffic;
use crate::harness::{Lab, live};

/// Long enough for the broker to end three sessions that were not renewed.
const SESSIONS: Duration = Duration::from_secs(5);

/// What a token lives here, in seconds.
const TOKEN_SECONDS: u64 = 6;
/// Tokens a run gets through, the first among them.
const TOKENS: usize = 4;

/// Returns the local ports of this machine's open connections to a port.
fn connections_to(port: u16) -> BTreeSet<u16> {
    const ESTABLISHED: &str = "01";
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let port_of = |address: &str| u16::from_str_radix(address.rsplit_once(':').unwrap().1, 16).unwrap();
    let fields = table.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>());
    fields.filter(|it| it[3] == ESTABLISHED && port_of(it[2]) == port).map(|it| port_of(it[1])).collect()
}

/// Copies under traffic for several sessions on the same connections.
fn outlives_its_sessions(
    lab: &Lab,
    route: &Route<'_>,
    listener: Listener,
    are_over: impl Fn(Instant) -> bool,
) {
    let mine = [&["--operation", "All", "--topic", &lab.name], &["--resource-pattern-type", "prefixed"][..]];
    allow(shared_secure(), USER, &mine.concat());
    let state = format!("strait.{}", route.flow());
    allow(shared_secure(), USER, &["--operation", "All", "--topic", &state, "--group", &state]);
    let address = shared_secure().address(listener);
    let port = address.rsplit_once(':').unwrap().1.parse().unwrap();
    let finished = copied_under_traffic(route, &lab.topic("t"), |traffic| {
        let before = connections_to(port);
        let begin = Instant::now();
        while !are_over(begin) {
            traffic.flows_on();
        }
        let kept = connections_to(port);
        let kept: Vec<_> = before.intersection(&kept).collect();
        assert!(!kept.is_empty(), "none of {before:?} outlived its session");
    });
    assert!(!finished.stdout.contains("partition_failing"), "{}", finished.stdout);
}

fn tls_login(lab: &Lab) -> String {
    format!("ssl_ca_file = {:?}\n{}", certificates().ca, login(lab, "SCRAM-SHA-256", (USER, PASSWORD)))
}

#[test]
fn sessions_that_end_at_the_source_are_renewed() {
    live(|lab| {
        let route = Route::between(lab, shared_secure(), &shared_pair().target)
            .source_by(Listener::SaslSsl, &tls_login(lab));
        outlives_its_sessions(lab, &route, Listener::SaslSsl, |begin| begin.elapsed() > SESSIONS);
    });
}

#[test]
fn g2_sessions_that_end_at_the_target_are_renewed_and_nothing_comes_twice() {
    live(|lab| {
        let route = Route::between(lab, &shared_pair().source, shared_secure())
            .target_by(Listener::SaslSsl, &tls_login(lab));
        outlives_its_sessions(lab, &route, Listener::SaslSsl, |begin| begin.elapsed() > SESSIONS);
    });
}

#[test]
fn g2_tokens_that_expire_during_a_run_are_renewed_by_one_request_for_all_connections() {
    live(|lab| {
        let secure = shared_secure();
        let provider = IdentityProvider::start(USER, TOKEN_SECONDS);
        let login = provider.login(lab, CLIENT_SECRET);
        let route = Route::between(lab, secure, &shared_pair().target).source_by(Listener::Oauth, &login);
        outlives_its_sessions(lab, &route, Listener::Oauth, |_| provider.granted() >= TOKENS);
        assert!(provider.granted() <= TOKENS + 3, "{} tokens for one cluster", provider.granted());
    });
}

#[test]
fn g9_a_token_endpoint_that_is_down_for_longer_than_a_token_lives_is_waited_for() {
    live(|lab| {
        let provider = IdentityProvider::start(USER, TOKEN_SECONDS);
        let login = provider.login(lab, CLIENT_SECRET);
        let route = Route::between(lab, shared_secure(), &shared_pair().target)
            .source_by(Listener::Oauth, &login)
            .impatient();
        let mine = ["--operation", "All", "--topic", &lab.name, "--resource-pattern-type", "prefixed"];
        allow(shared_secure(), USER, &mine);
        let finished = copied_under_traffic(&route, &lab.topic("t"), |traffic| {
            provider.fail_with(503);
            traffic.tells("partition_failing");
            provider.fail_with(0);
            traffic.tells("partition_recovered");
        });
        assert!(!finished.stdout.contains("partition_stopped"), "{}", finished.stdout);
    });
}
