//! What a target topic is to look like, given the source's: the one place that says so, for topics made
//! by `replicate` and by `topics sync` alike.

use std::collections::BTreeMap;

use crate::config::settings::{ProvisionSettings, Rename};
use crate::kafka::admin::{NewTopic, TopicConfigs};
use crate::types::TopicName;

/// Configs that speak of a cluster's own brokers.
pub const THROTTLE_LISTS: [&str; 2] =
    ["leader.replication.throttled.replicas", "follower.replication.throttled.replicas"];
/// Says whether a throttle list names replicas one by one, as moves do; `*` is somebody's standing choice.
pub fn names_replicas(list: &str) -> bool {
    !list.is_empty() && list != "*"
}

/// A broker's limits on what it sends to, and fetches from, others for the replicas in those lists.
pub const THROTTLE_RATES: [&str; 2] =
    ["leader.replication.throttled.rate", "follower.replication.throttled.rate"];
/// Says who sets a record's timestamp: its producer (CreateTime) or the broker (LogAppendTime).
pub const TIMESTAMP_TYPE: &str = "message.timestamp.type";
/// What a broker calls the first.
pub const CREATE_TIME: &str = "CreateTime";
/// What a broker calls the second.
pub const LOG_APPEND_TIME: &str = "LogAppendTime";
/// Says how many replicas must have a record before it is acknowledged.
pub const MIN_INSYNC: &str = "min.insync.replicas";

/// Returns the configs that the target topic is to have of its own: the source topic's own, less those that
/// speak of its brokers, under the overrides. A copy carries the source's timestamps, so the target must not
/// stamp records anew (guarantee G4).
pub fn configs(source: &TopicConfigs, settings: &ProvisionSettings) -> BTreeMap<String, String> {
    let mut configs = source.explicit.clone();
    configs.retain(|key, _| !THROTTLE_LISTS.contains(&key.as_str()));
    if configs.get(TIMESTAMP_TYPE).is_some_and(|kind| kind == LOG_APPEND_TIME) {
        configs.insert(TIMESTAMP_TYPE.to_owned(), CREATE_TIME.to_owned());
    }
    configs.extend(settings.config_overrides.clone());
    configs
}

/// Adds to `configs` that producers set the time, where they do not say and the target's brokers would (`kind`
/// is what holds there).
pub fn keep_timestamps(configs: &mut BTreeMap<String, String>, kind: Option<&str>) {
    if kind == Some(LOG_APPEND_TIME) {
        configs.entry(TIMESTAMP_TYPE.to_owned()).or_insert_with(|| CREATE_TIME.to_owned());
    }
}

/// Describes the topic to be made for a source topic of so many partitions.
pub fn topic(
    name: &TopicName,
    partitions: usize,
    source: &TopicConfigs,
    settings: &ProvisionSettings,
) -> NewTopic {
    NewTopic {
        name: name.clone(),
        partitions: i32::try_from(partitions).unwrap_or(i32::MAX),
        replication_factor: settings.replication_factor.unwrap_or(-1),
        configs: configs(source, settings),
    }
}

/// Returns the target's name of a source topic.
pub fn target_name(rename: &Rename, source: &TopicName) -> TopicName {
    TopicName::new(rename.apply(source.as_str()))
}

/// Returns the source topic a target topic would be the copy of, where its name can be one.
pub fn source_name(rename: &Rename, target: &TopicName) -> Option<TopicName> {
    rename.source_of(target.as_str()).map(TopicName::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::settings::Affixes;

    #[test]
    fn a_name_leads_back_to_the_source() {
        let on = Affixes { prefix: "us.".to_owned(), suffix: "-copy".to_owned() };
        let rename = Rename { on, ..Rename::default() };
        let target = target_name(&rename, &"orders".into());
        assert_eq!(target.as_str(), "us.orders-copy");
        assert_eq!(source_name(&rename, &target), Some("orders".into()));
        for other in ["orders-copy", "us.orders", "us.-copy", "us.copy"] {
            assert_eq!(source_name(&rename, &other.into()), None, "{other}");
        }
        let back = rename.inverse();
        assert_eq!(target_name(&back, &target), "orders".into());
        assert_eq!(source_name(&back, &"orders".into()), Some(target));
        assert_eq!(
            (rename.to_string(), back.to_string()),
            ("us.{topic}-copy".into(), "us.{topic}-copy -> {topic}".into())
        );
    }
}
