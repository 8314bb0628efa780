//! Whose rights they are that are missing: brokers say what may not be done, and not who may not do it.

use std::collections::BTreeMap;

use super::problem::{Problem, ProblemJson};
use crate::config::settings::Settings;

/// What brokers' answers about rights have in common.
const REFUSAL: &str = "AUTHORIZATION_FAILED";
/// What our own words about rights have in common.
const ADVICE: &str = "; grant ";
/// Whom advice is about, as long as it is not known.
pub const SOMEBODY: &str = "this user";

/// Knows the principals of every cluster and flow of a configuration.
#[derive(Clone, Debug, Default)]
pub struct Principals {
    clusters: BTreeMap<String, String>,
    /// At the source and at the target.
    flows: BTreeMap<String, [End; 2]>,
}

#[derive(Clone, Debug)]
struct End {
    alias: String,
    principal: String,
}

impl Principals {
    /// Takes them from the settings.
    pub fn new(settings: &Settings) -> Self {
        let end = |alias| End { alias: format!("{alias}"), principal: settings.clusters[alias].principal() };
        let clusters = settings.clusters.iter().map(|(alias, at)| (alias.to_string(), at.principal()));
        let flows = settings
            .flows
            .iter()
            .map(|(name, flow)| (name.to_string(), [end(&flow.source), end(&flow.target)]));
        Self { clusters: clusters.collect(), flows: flows.collect() }
    }

    /// Adds to a problem whose rights it is about, where it is about rights.
    pub fn complete(&self, mut problem: Problem) -> Problem {
        let hints = problem.hints.join("\n");
        let place = problem.place.as_deref().unwrap_or_default();
        let cause = problem.cause.as_deref().unwrap_or_default();
        let text = format!("{}\n{place}\n{cause}\n{hints}", problem.what);
        let Some(principal) = self.whose(&problem.scope.to_string(), &text) else { return problem };
        for hint in &mut problem.hints {
            *hint = hint.replace(SOMEBODY, principal);
        }
        if !text.replace(SOMEBODY, principal).contains(principal) {
            let before = problem.place.map(|place| format!("{place}, ")).unwrap_or_default();
            problem.place = Some(format!("{before}as {principal}"));
        }
        problem
    }

    /// Does the same to a problem as programs read it.
    pub fn complete_json(&self, mut problem: ProblemJson) -> ProblemJson {
        let text = format!("{}\n{}", problem.message, problem.hint.as_deref().unwrap_or_default());
        let Some(principal) = self.whose(&problem.scope, &text) else { return problem };
        problem.hint = problem.hint.map(|hint| hint.replace(SOMEBODY, principal));
        if !text.replace(SOMEBODY, principal).contains(principal) {
            problem.message.push_str(&format!(" (as {principal})"));
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

    /// Returns who a flow's user is at the source and at the target.
    pub fn of_ends(&self, flow: &str) -> Option<[&str; 2]> {
        let [source, target] = self.flows.get(flow)?;
        Some([&source.principal, &target.principal])
    }

    fn whose(&self, scope: &str, text: &str) -> Option<&String> {
        match scope.split_once(':')? {
            ("cluster", alias) if is_about_rights(text) => self.clusters.get(alias),
            ("flow", flow) => self.of_flow(flow.split('/').next().unwrap_or(flow), text),
            _ => None,
        }
    }

    fn of_flow(&self, flow: &str, text: &str) -> Option<&String> {
        let [source, target] = self.flows.get(flow)?;
        let names = |End { alias, .. }: &End| {
            text.contains(&format!("cluster {alias}")) || text.contains(&format!("cluster \"{alias}\""))
        };
        let is_of_source = names(source) || (text.contains("source") && !names(target));
        is_about_rights(text).then_some(if is_of_source { &source.principal } else { &target.principal })
    }
}

fn is_about_rights(text: &str) -> bool {
    [REFUSAL, ADVICE, SOMEBODY].iter().any(|word| text.contains(word))
}

/// Names the user of advice about a flow's rights; `principals` are those at the source and at the target.
pub fn name_user(text: &str, [source, target]: [&str; 2]) -> String {
    text.replace(SOMEBODY, if text.contains("at the source") { source } else { target })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::problem::Scope;

    fn principals() -> Principals {
        let end = |alias: &str| End { alias: alias.to_owned(), principal: format!("User:{alias}-strait") };
        Principals {
            clusters: BTreeMap::from([("eu".to_owned(), "User:eu-strait".to_owned())]),
            flows: BTreeMap::from([("us-eu".to_owned(), [end("us"), end("eu")])]),
        }
    }

    #[test]
    fn whose_rights_are_missing_is_said_once_and_of_the_right_cluster() {
        let refused = |scope, place: &str| {
            Problem::new("refused", scope, "it may not be read")
                .place(place)
                .cause("TOPIC_AUTHORIZATION_FAILED")
        };
        let flow = || Scope::Flow("us-eu".to_owned());
        let place = |problem: Problem| principals().complete(problem).place.unwrap_or_default();
        assert_eq!(place(refused(flow(), "cluster us")), "cluster us, as User:us-strait");
        assert_eq!(place(refused(flow(), "cluster eu")), "cluster eu, as User:eu-strait");
        assert_eq!(place(refused(Scope::Cluster("eu".into()), "eu-1:9092")), "eu-1:9092, as User:eu-strait");
        let twice = principals().complete(principals().complete(refused(flow(), "cluster us")));
        assert_eq!(place(twice), "cluster us, as User:us-strait");
        let hinted = refused(flow(), "cluster us").hint("grant this user Read on it");
        let completed = principals().complete(hinted);
        assert_eq!(completed.hints, ["grant User:us-strait Read on it"]);
        assert_eq!(completed.place.as_deref(), Some("cluster us"));
        let json = principals().complete_json(refused(flow(), "cluster eu").to_json());
        assert!(json.message.ends_with(" (as User:eu-strait)"), "{}", json.message);
        let other = Problem::new("down", flow(), "it is down").place("cluster us");
        assert_eq!(place(other), "cluster us");
    }
}
