//! Whether the brokers can be reached and used: one check for each step of a connection.

use crate::kafka::error::{ConnectCause, ConnectError, Phase};
use crate::kafka::peer::PeerOrigin;
use crate::validate::facts::Reach;
use crate::validate::finding::Notes;
use crate::validate::view::ClusterView;

/// A certificate that ends sooner is told, in days.
const CERTIFICATE_DAYS_MIN: i64 = 30;
const DAY_S: i64 = 24 * 3600;

/// Says that a host name does not resolve.
pub fn dns(view: &ClusterView<'_>, notes: &mut Notes) {
    failures(view, notes, |error| error.phase == Phase::Dns);
}

/// Says that no TCP connection can be opened.
pub fn tcp(view: &ClusterView<'_>, notes: &mut Notes) {
    failures(view, notes, |error| error.phase == Phase::Tcp);
}

/// Says that the TLS handshake fails, or that one side speaks TLS and the other does not.
pub fn tls(view: &ClusterView<'_>, notes: &mut Notes) {
    failures(view, notes, is_tls);
}

/// Says that the login fails, or that one side wants one and the other does not.
pub fn sasl(view: &ClusterView<'_>, notes: &mut Notes) {
    failures(view, notes, is_sasl);
}

/// Says that a listener does not speak Kafka as needed, or that the cluster would not tell its topics.
pub fn api(view: &ClusterView<'_>, notes: &mut Notes) {
    failures(view, notes, |error| error.phase == Phase::Api && !is_tls(error) && !is_sasl(error));
    if let Some(error) = &view.facts.refused {
        let help = "look into the broker's log for why it does not answer";
        notes.found(&view.key("bootstrap_servers"), error.to_string(), help);
    }
}

fn is_tls(error: &ConnectError) -> bool {
    error.phase == Phase::Tls || matches!(error.cause, ConnectCause::ExpectsTls(_))
}

fn is_sasl(error: &ConnectError) -> bool {
    error.phase == Phase::Sasl || matches!(error.cause, ConnectCause::ExpectsSasl)
}

/// Takes a finding for each cause, with all the listeners that have it.
fn failures(view: &ClusterView<'_>, notes: &mut Notes, is_mine: impl Fn(&ConnectError) -> bool) {
    let mut causes: Vec<(usize, &ConnectError, Vec<String>)> = Vec::new();
    for (index, reach) in listeners(view) {
        let Some(error) = reach.result.as_ref().err().filter(|error| is_mine(error)) else { continue };
        let name = match &reach.peer.origin {
            PeerOrigin::Bootstrap { .. } => reach.peer.to_string(),
            PeerOrigin::Advertised { by } => format!("{} (advertised by {by})", reach.peer),
        };
        let same = |(_, known, _): &&mut (usize, &ConnectError, Vec<String>)| {
            known.cause.to_string() == error.cause.to_string()
        };
        match causes.iter_mut().find(same) {
            Some((.., names)) => names.push(name),
            None => causes.push((index, error, vec![name])),
        }
    }
    for (index, error, names) in causes {
        let message = match error.cause {
            // It is about a file here, whatever the listener.
            ConnectCause::TlsFile(_) => error.cause.to_string(),
            _ => format!("{}: {}", names.join(", "), error.cause),
        };
        let at = index.to_string();
        notes.failed(&["clusters", view.settings.alias.as_str(), "bootstrap_servers", &at], message, error);
    }
}

/// Lists the listeners with the index of the bootstrap server to point at; a broker that is advertised
/// under the address of a bootstrap server comes once.
fn listeners<'a>(view: &'a ClusterView<'_>) -> impl Iterator<Item = (usize, &'a Reach)> {
    let facts = view.facts;
    let is_bootstrap =
        |reach: &&Reach| !facts.bootstrap.iter().any(|one| one.peer.address() == reach.peer.address());
    facts
        .bootstrap
        .iter()
        .enumerate()
        .chain(facts.brokers.iter().filter(is_bootstrap).map(|reach| (0, reach)))
}

/// Says that a broker's certificate ends soon.
pub fn tls_expiry(view: &ClusterView<'_>, notes: &mut Notes) {
    if view.settings.tls.is_none() {
        return notes.skip("the connections are not encrypted");
    }
    for (index, reach) in listeners(view) {
        let Ok(listener) = &reach.result else { continue };
        let Some(ends) = listener.certificate_ends_s else {
            notes.unknown(format!("the certificate of {} could not be read", reach.peer));
            continue;
        };
        let left = ends - view.facts.now_ms / 1000;
        if left < CERTIFICATE_DAYS_MIN * DAY_S {
            let message = format!("the certificate of {} ends in {} days", reach.peer, left.max(0) / DAY_S);
            let at = index.to_string();
            let path = ["clusters", view.settings.alias.as_str(), "bootstrap_servers", &at];
            notes.found(&path, message, "renew it before it ends; no client connects after that");
        }
    }
}
