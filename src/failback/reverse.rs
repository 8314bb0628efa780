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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::config::load_text;
    use crate::config::source::SourceText;

    fn flows(text: &str) -> Vec<FlowSettings> {
        let clusters =
            "[clusters.us]\nbootstrap_servers = [\"us:1\"]\n[clusters.eu]\nbootstrap_servers = [\"eu:1\"]\n";
        let text = format!("{clusters}{text}");
        let loaded = load_text(SourceText::new("strait.toml".into(), text), &|_| None);
        let settings = loaded.unwrap_or_else(|failure| panic!("{}", failure.render(false, 100))).settings;
        settings.flows.into_values().collect()
    }

    fn flow(name: &str, ends: [&str; 2], more: &str) -> String {
        let [source, target] = ends;
        format!("[flows.{name}]\nsource = \"{source}\"\ntarget = \"{target}\"\n{more}\n")
    }

    fn turned(flows: &[FlowSettings], topics: &[&str]) -> Result<Reverse, NotReversible> {
        let forth = flows.iter().find(|flow| flow.name.as_str() == "us-eu").unwrap();
        let topics: Vec<TopicName> = topics.iter().map(|topic| (*topic).into()).collect();
        reverse(forth, flows.iter(), &topics)
    }

    #[test]
    fn a_flow_is_made_where_none_goes_the_other_way() {
        let more = "topics = [\"orders.*\", \"re:pay|ship\"]\nexclude = [\"*.tmp\"]\nrename = \"us.{topic}-copy\"\norigin = \"any\"";
        let flows = flows(&flow("us-eu", ["us", "eu"], more));
        let made = turned(&flows, &["orders.new", "pay"]).unwrap();
        assert!(!made.is_configured);
        let back = made.settings;
        assert_eq!(
            (back.name.as_str(), back.source.as_str(), back.target.as_str()),
            ("us-eu-back", "eu", "us")
        );
        assert_eq!(back.origin, Origin::Local);
        for (there, here) in
            [("us.orders.new-copy", "orders.new"), ("us.pay-copy", "pay"), ("us.ship-copy", "ship")]
        {
            assert!(back.topics.matches(there), "{there}");
            assert_eq!(back.rename.apply(there), here);
        }
        for other in ["orders.new", "us.orders.tmp-copy", "us.orders.new", "usXpay-copy"] {
            assert!(!back.topics.matches(other), "{other}");
        }
    }

    #[test]
    fn a_configured_flow_is_taken_where_it_leads_back_to_the_same_names() {
        let forth = flow("us-eu", ["us", "eu"], "topics = [\"orders\"]\ngroups = [\"workers\"]");
        let both = flows(&format!("{forth}{}", flow("eu-us", ["eu", "us"], "topics = [\"orders\"]")));
        let found = turned(&both, &["orders"]).unwrap();
        assert!(found.is_configured && found.settings.groups.matches("workers"));
        assert_eq!(found.settings.name.as_str(), "eu-us");
        let other = flows(&format!("{forth}{}", flow("eu-us", ["eu", "us"], "topics = [\"payments\"]")));
        assert!(!turned(&other, &["orders"]).unwrap().is_configured);
        let taken = flows(&format!("{forth}{}", flow("us-eu-back", ["eu", "us"], "topics = [\"payments\"]")));
        assert_eq!(turned(&taken, &["orders"]).unwrap_err(), NotReversible::NameTaken("us-eu-back".into()));
        let any = flows(&format!(
            "{forth}{}",
            flow("eu-us", ["eu", "us"], "topics = [\"orders\"]\norigin = \"any\"")
        ));
        assert_eq!(turned(&any, &["orders"]).unwrap_err(), NotReversible::Origin("eu-us".into()));
    }

    #[test]
    fn g1_what_would_not_come_back_under_its_name_is_refused() {
        // What bears the affix by itself is taken for a copy.
        let flows =
            flows(&flow("us-eu", ["us", "eu"], "topics = [\"*\"]\nrename = \"us.{topic} -> {topic}\""));
        assert!(turned(&flows, &["us.orders"]).is_ok());
        let refused = turned(&flows, &["us.orders", "orders"]).unwrap_err();
        assert!(matches!(refused, NotReversible::Rename { .. }), "{refused}");
    }
}
