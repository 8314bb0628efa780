//! Topics that the configuration names and that may not be seen: what is not shown must not pass for nothing.

use std::time::Duration;

use kafka_protocol::ResponseError;

use crate::config::settings::FlowSettings;
use crate::kafka::cluster::Cluster;
use crate::kafka::error::code_name;
use crate::report::problem::{Problem, Scope};
use crate::types::TopicName;

/// Asks the source for the topics that the flow names in full, and tells of those it does not show. A listing
/// leaves them out without a word.
pub(super) async fn hidden(
    source: &Cluster,
    flow: &FlowSettings,
    is_wanted: impl Fn(&TopicName) -> bool,
    patience: Duration,
) -> Vec<Problem> {
    let named: Vec<TopicName> = flow.topics.literals().map(TopicName::from).filter(is_wanted).collect();
    if named.is_empty() {
        return Vec::new();
    }
    let answer = match source.retrying(patience, || source.metadata(Some(&named))).await {
        Ok(answer) => answer,
        Err(error) => return vec![Problem::from(&error)],
    };
    let refused = ResponseError::TopicAuthorizationFailed;
    let hidden = answer.topics.into_iter().filter(|(_, topic)| topic.error.as_ref() == Some(&refused));
    let mut names: Vec<TopicName> = hidden.map(|(name, _)| name).collect();
    names.sort();
    let problem = |name: TopicName| {
        let what = format!("topic {name} of flow \"{}\" may not be seen", flow.name);
        Problem::new("topic_hidden", Scope::Flow(flow.name.to_string()), what)
            .place(format!("cluster {}", flow.source))
            .cause(code_name(&refused))
            .hint("grant this user Read on it, which includes Describe, at the source")
    };
    names.into_iter().map(problem).collect()
}
