//! The flow that goes the other way: one that is configured, or one made from the flow that was ended; pure.

use std::collections::BTreeMap;

use crate::config::settings::{FlowSettings, Origin, ProvisionSettings, StartAt};
use crate::types::{FlowName, TopicName};

/// What the name of a flow that is made ends in.
pub const NAME_SUFFIX: &str = "-back";

/// Holds the flow that goes the other way.
#[derive(Clone, Debug)]
pub struct Reverse {
    /// Its settings.
    pub settings: FlowSettings,
    /// Whether the configuration has it.
    pub is_configured: bool,
}

/// Says why there is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotReversible {
    /// The name that it would have is another flow's.
    #[error("its name would be \"{0}\", and the configuration has another flow of that name")]
    NameTaken(FlowName),
    /// A topic's name at the target does not lead back to its name at the source.
    #[error(
        "topic {target} at the target cannot be copied back to {source_topic}: `rename` cannot be turned round for it"
    )]
    Rename {
        /// The name at the source.
        source_topic: TopicName,
        /// The name at the target.
        target: TopicName,
    },
    /// Records that were copied would come back.
    #[error("flow \"{0}\" has origin = \"any\": it would copy back what was copied to the target")]
    Origin(FlowName),
}

/// Returns the flow that copies `topics`, by their names at the source, back to these names: a configured one
/// with the ends swapped that does so, else one made from `flow`.
pub fn reverse<'a>(
    flow: &FlowSettings,
    mut configured: impl Iterator<Item = &'a FlowSettings> + Clone,
    topics: &[TopicName],
) -> Result<Reverse, NotReversible> {
    let is_opposite = |other: &FlowSettings| other.source == flow.target && other.target == flow.source;
    let fits = |other: &&FlowSettings| is_opposite(other) && not_led_back(flow, other, topics).is_none();
    let made = made(flow);
    // The one of that name first: it is what an earlier failback told to be configured.
    let named = configured.clone().find(|other| other.name == made.name);
    if let Some(found) = named.filter(fits).or_else(|| configured.find(fits)) {
        if found.origin == Origin::Any {
            return Err(NotReversible::Origin(found.name.clone()));
        }
        let mut settings = found.clone();
        if settings.groups.is_empty() {
            settings.groups = flow.groups.clone();
        }
        return Ok(Reverse { settings, is_configured: true });
    }
    if named.is_some() {
        return Err(NotReversible::NameTaken(made.name));
    }
    match not_led_back(flow, &made, topics) {
        Some((source_topic, target)) => Err(NotReversible::Rename { source_topic, target }),
        None => Ok(Reverse { settings: made, is_configured: false }),
    }
}

/// Makes the opposite of a flow.
fn made(flow: &FlowSettings) -> FlowSettings {
    FlowSettings {
        name: FlowName::new(format!("{}{NAME_SUFFIX}", flow.name)),
        source: flow.target.clone(),
        target: flow.source.clone(),
        topics: flow.topics.renamed(&flow.rename),
        rename: flow.rename.inverse(),
        origin: Origin::Local,
        start: StartAt::Earliest,
        provision: ProvisionSettings {
            replication_factor: None,
            config_overrides: BTreeMap::new(),
            ..flow.provision.clone()
        },
        ..flow.clone()
    }
}

/// Returns the first topic that the other flow does not copy back to its name.
fn not_led_back(
    flow: &FlowSettings,
    back: &FlowSettings,
    topics: &[TopicName],
) -> Option<(TopicName, TopicName)> {
    let pairs = topics.iter().map(|topic| (topic, TopicName::new(flow.rename.apply(topic.as_str()))));
    let is_led_back = |topic: &TopicName, target: &TopicName| {
        back.topics.matches(target.as_str()) && back.rename.apply(target.as_str()) == topic.as_str()
    };
    pairs.into_iter().find(|(topic, target)| !is_led_back(topic, target)).map(|(t, there)| (t.clone(), there))
}
