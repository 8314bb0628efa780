//! Whose rights they are that are missing: brokers say what may not be done, and not who may not do it.

use std::collections::BTreeMap;

use super::problem::{Problem, Scope};
use crate::config::settings::Settings;

/// What brokers' answers about rights have in common.
const REFUSAL: &str = "AUTHORIZATION_FAILED";
/// What our own words about rights have in common.
const ADVICE: &str = "; grant ";

/// Knows the principals of every cluster and flow of a configuration.
#[derive(Clone, Debug, Default)]
pub struct Principals {
    clusters: BTreeMap<String, String>,
    /// At the source and at the target.
    flows: BTreeMap<String, [String; 2]>,
}

impl Principals {
    /// Takes them from the settings.
    pub fn new(settings: &Settings) -> Self {
        let principal = |alias| settings.clusters[alias].principal();
        let clusters = settings.clusters.iter().map(|(alias, at)| (alias.to_string(), at.principal()));
        let flows = settings
            .flows
            .iter()
            .map(|(name, flow)| (name.to_string(), [principal(&flow.source), principal(&flow.target)]));
        Self { clusters: clusters.collect(), flows: flows.collect() }
    }

    /// Adds to a problem whose rights it is about, where it is about rights.
    pub fn complete(&self, mut problem: Problem) -> Problem {
        let text = problem.cause.clone().unwrap_or_default();
        let principal = match &problem.scope {
            Scope::Cluster(alias) if text.contains(REFUSAL) => self.clusters.get(alias),
            Scope::Flow(flow) | Scope::Partition { flow, .. } => self.of_flow(flow, &text),
            _ => None,
        };
        if let (Some(principal), Some(place)) = (principal, &mut problem.place) {
            place.push_str(&format!(", as {principal}"));
        }
        problem
    }

    /// Adds the same to words about a flow.
    pub fn complete_words(&self, flow: &str, text: String) -> String {
        match self.of_flow(flow, &text) {
            Some(principal) => format!("{text} (as {principal})"),
            None => text,
        }
    }

    fn of_flow(&self, flow: &str, text: &str) -> Option<&String> {
        let [source, target] = self.flows.get(flow)?;
        let is_about_rights = text.contains(REFUSAL) || text.contains(ADVICE);
        is_about_rights.then_some(if text.contains("source") { source } else { target })
    }
}
