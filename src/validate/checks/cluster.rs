//! One cluster: which it is, what its brokers are, and what its clock says.

use super::rights::grant;
use crate::kafka::error::code_name;
use crate::validate::finding::Notes;
use crate::validate::view::ClusterView;

/// A clock may differ by this much, in milliseconds.
const CLOCK_DIFFERENCE_MS_MAX: i64 = 5_000;

/// Says that the cluster is not the one that is pinned.
pub fn cluster_id(view: &ClusterView<'_>, notes: &mut Notes) {
    let Some(pinned) = &view.settings.cluster_id else {
        return notes.skip("cluster_id is not set");
    };
    let Some(told) = &view.facts.told else { return unreached(view, notes) };
    if *pinned != told.id {
        let message = format!("the cluster's id is {}, and cluster_id pins {pinned}", told.id);
        let help = format!(
            "if this is the cluster you mean, set cluster_id = \"{}\"; otherwise mend bootstrap_servers",
            told.id
        );
        notes.found(&view.key("cluster_id"), message, help);
    }
}

/// Says that brokers are too old.
pub fn broker_version(view: &ClusterView<'_>, notes: &mut Notes) {
    if view.facts.told.is_none() {
        return unreached(view, notes);
    }
    for reach in &view.facts.brokers {
        let Ok(listener) = &reach.result else { continue };
        if !listener.lacks.is_empty() {
            let message = format!("{} does not offer {}", reach.peer, listener.lacks.join(", "));
            notes.found(&view.key("bootstrap_servers"), message, "Strait needs Kafka 2.1 or newer");
        }
    }
}

/// Says that brokers do not tell one incarnation of a topic from the next.
pub fn topic_ids(view: &ClusterView<'_>, notes: &mut Notes) {
    if view.facts.told.is_none() {
        return unreached(view, notes);
    }
    let old =
        view.facts.brokers.iter().find(|reach| reach.result.as_ref().is_ok_and(|one| !one.has_topic_ids));
    if let Some(reach) = old {
        let message = format!(
            "{} tells no topic ids: a topic made anew cannot be told from the one before",
            reach.peer
        );
        notes.found(&view.key("bootstrap_servers"), message, "upgrade the brokers to Kafka 2.8 or newer");
    }
}

/// Says that the cluster's clock and the one here differ.
pub fn clock(view: &ClusterView<'_>, notes: &mut Notes) {
    let Some(told) = &view.facts.told else { return unreached(view, notes) };
    let ahead = match &told.clock_ahead_ms {
        Ok(Ok(Some(ahead))) => *ahead,
        Ok(Ok(None)) => return notes.skip("the cluster does not tell its time (KRaft, Kafka 3.3)"),
        Ok(Err(code)) => {
            let grant = grant(view, "Describe", "the cluster");
            return notes
                .unknown(format!("the cluster does not tell its time ({}); {grant}", code_name(code)));
        }
        Err(error) => return notes.unknown(error.to_string()),
    };
    let difference = ahead.abs() - told.clock_error_ms;
    if difference > CLOCK_DIFFERENCE_MS_MAX {
        let way = if ahead > 0 { "ahead of" } else { "behind" };
        let message = format!(
            "the clock of cluster `{}` is {} s {way} the one here: ages and retention will be off",
            view.settings.alias,
            ahead.abs() / 1000
        );
        notes.found(
            &view.key("bootstrap_servers"),
            message,
            "synchronise the clocks (NTP) of the brokers and of this machine",
        );
    }
}

/// Takes note that nothing is known of a cluster.
pub(super) fn unreached(view: &ClusterView<'_>, notes: &mut Notes) {
    notes.unknown(format!("cluster \"{}\" cannot be reached", view.settings.alias));
}
