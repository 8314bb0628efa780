use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::config::settings::PasswordMechanism;
use crate::report::style::Style;

fn error(origin: PeerOrigin, phase: Phase, cause: ConnectCause) -> ConnectError {
    let peer = Peer { cluster: "eu".into(), node: None, host: "eu-2".into(), port: 9092, origin };
    ConnectError { peer: Box::new(peer), phase, cause }
}

fn hint_for(cause: ConnectCause) -> String {
    Problem::from(&error(PeerOrigin::Bootstrap { line: 3 }, Phase::Api, cause)).hints.join("|")
}

#[test]
fn a_tls_listener_under_plaintext_is_explained_in_four_parts() {
    let cause = ConnectCause::ExpectsTls("the broker closed the connection before its first reply");
    let text = Problem::from(&error(PeerOrigin::Bootstrap { line: 14 }, Phase::Api, cause))
        .render(Style::new(false));
    assert_eq!(
        text,
        "error: cannot reach cluster \"eu\" (phase: api)\n  \
         where: eu-2:9092, listed in the configuration at line 14\n  \
         cause: the broker closed the connection before its first reply, as a listener that expects TLS does\n  \
         try:   set security_protocol = \"SSL\" (or \"SASL_SSL\") for cluster \"eu\""
    );
}

#[test]
fn an_unreachable_advertised_listener_names_the_broker_that_advertised_it() {
    let refused = Arc::new(io::Error::from(io::ErrorKind::ConnectionRefused));
    let origin = PeerOrigin::Advertised { by: "eu-1:9092".into() };
    let problem = Problem::from(&error(origin, Phase::Tcp, ConnectCause::Tcp(refused)));
    assert_eq!(problem.place.as_deref(), Some("eu-2:9092, advertised by eu-1:9092"));
    assert_eq!(
        problem.hints.first().map(String::as_str),
        Some(
            "eu-1:9092 answered and advertised eu-2:9092: its advertised.listeners must name an address that can be reached from here"
        )
    );
}

#[test]
fn a_listener_reached_but_refusing_is_not_blamed_on_advertised_listeners() {
    let origin = PeerOrigin::Advertised { by: "eu-1:9092".into() };
    let problem = Problem::from(&error(origin, Phase::Tls, ConnectCause::UnknownAuthority));
    assert_eq!(problem.hints.len(), 1);
    assert!(problem.hints.iter().all(|hint| !hint.contains("advertised.listeners")), "{:?}", problem.hints);
}

#[test]
fn every_hint_names_the_setting_to_change() {
    let mechanism = ConnectCause::Mechanism { wanted: "PLAIN", offered: vec!["SCRAM-SHA-512".into()] };
    let login = |mechanism| ConnectCause::Login { username: "app".into(), mechanism, message: "no".into() };
    let plain = SaslMechanism::Password(PasswordMechanism::Plain);
    let name = ConnectCause::CertificateName { expected: "eu-2".into(), presented: vec!["kafka.eu".into()] };
    let pin = ConnectCause::ClusterId { pinned: "A".into(), actual: "B".into() };
    for (cause, word) in [
        (ConnectCause::NotTls, "security_protocol = \"PLAINTEXT\""),
        (ConnectCause::ExpectsSasl, "sasl_mechanism"),
        (ConnectCause::NoSasl, "security_protocol = \"PLAINTEXT\""),
        (mechanism, "SCRAM-SHA-512"),
        (login(plain), "sasl_password"),
        (login(SaslMechanism::OauthBearer), "audience"),
        (login(SaslMechanism::AwsMskIam), "kafka-cluster:Connect"),
        (name, "kafka.eu"),
        (ConnectCause::UnknownAuthority, "ssl_ca_file"),
        (ConnectCause::Timeout(Duration::from_secs(5)), "connect_timeout"),
        (pin, "cluster_id = \"B\""),
        (ConnectCause::Request(RequestCause::TlsRecord), "security_protocol = \"SSL\""),
    ] {
        let shown = cause.to_string();
        let hint = hint_for(cause);
        assert!(hint.contains(word), "{shown}: {hint}");
    }
}

#[test]
fn a_broker_that_went_away_is_not_blamed_on_what_it_advertised() {
    let refused = || ConnectCause::Tcp(Arc::new(io::Error::from(io::ErrorKind::ConnectionRefused)));
    let by_itself = PeerOrigin::Advertised { by: "eu-2:9092".into() };
    let hints = Problem::from(&error(by_itself, Phase::Tcp, refused())).hints;
    assert!(!hints.iter().any(|hint| hint.contains("advertised.listeners")), "{hints:?}");
}
