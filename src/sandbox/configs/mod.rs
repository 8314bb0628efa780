//! Broker and topic settings: defaults, overrides and where each value comes from.

mod broker_keys;
mod change;
mod key;
mod settings;
mod topic_keys;

use std::collections::BTreeMap;

pub use self::broker_keys::{all as broker_keys, find as find_broker_key};
pub use self::change::{Change, ChangeError, Operation, changed_broker, changed_topic, is_dynamic};
pub use self::key::{Key, Shape};
pub use self::settings::TopicSettings;
pub use self::topic_keys::{TOPIC_KEYS, find as find_topic_key};

/// Says where a value comes from; the numbers are the protocol's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i8)]
pub enum Source {
    /// The topic's own.
    Topic = 1,
    /// Set on one broker while it ran.
    DynamicBroker = 2,
    /// Set on all brokers while they ran.
    DynamicDefaultBroker = 3,
    /// Set before the broker started.
    StaticBroker = 4,
    /// Nobody set it.
    Default = 5,
}

impl Source {
    /// Returns the protocol's number.
    pub fn code(self) -> i8 {
        self as i8
    }
}

/// Says why a setting is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// There is none of that name.
    #[error("Unknown topic config name: {0}")]
    Unknown(String),
    /// It cannot have that value.
    #[error("Invalid value {value} for configuration {name}")]
    Value {
        /// The setting.
        name: String,
        /// The value.
        value: String,
    },
    /// It cannot be null.
    #[error("Null value not supported for topic configs: {0}")]
    Null(String),
}

/// Holds the settings of a cluster's brokers.
#[derive(Clone, Debug, Default)]
pub struct Configs {
    /// Set before the brokers started.
    given: BTreeMap<String, String>,
    /// Set while they ran: for all brokers (`None`) or for one.
    dynamic: BTreeMap<Option<i32>, BTreeMap<String, String>>,
}

impl Configs {
    /// Takes the settings brokers start with.
    pub fn new(given: BTreeMap<String, String>) -> Self {
        Self { given, dynamic: BTreeMap::new() }
    }

    /// Returns the settings set while the brokers ran, for all (`None`) or for one.
    pub fn dynamic(&self, broker: Option<i32>) -> Option<&BTreeMap<String, String>> {
        self.dynamic.get(&broker)
    }

    /// Replaces the settings set while the brokers ran, for all (`None`) or for one.
    pub fn set_dynamic(&mut self, broker: Option<i32>, settings: BTreeMap<String, String>) {
        self.dynamic.insert(broker, settings);
    }

    /// Lists a broker setting's values, the one in force first, and where each comes from.
    pub fn broker_values(&self, broker: Option<i32>, name: &str) -> Vec<(Source, &str)> {
        let own = broker.and_then(|id| self.dynamic.get(&Some(id)));
        let all = self.dynamic.get(&None);
        let layers = [
            (Source::DynamicBroker, own.and_then(|set| set.get(name))),
            (Source::DynamicDefaultBroker, all.and_then(|set| set.get(name))),
            (Source::StaticBroker, self.given.get(name)),
        ];
        let set = layers.into_iter().filter_map(|(source, value)| Some((source, value?.as_str())));
        set.chain(find_broker_key(name).map(|key| (Source::Default, key.default))).collect()
    }

    /// Returns a broker setting's value; empty where it has none.
    pub fn broker_value(&self, name: &str) -> &str {
        self.broker_values(None, name).first().map_or("", |(_, value)| value)
    }

    /// Returns a broker setting that is a number.
    pub fn broker_number(&self, name: &str) -> i64 {
        self.broker_value(name).trim().parse().unwrap_or(0)
    }

    /// Lists a topic setting's values, the one in force first, and where each comes from.
    pub fn topic_values<'a>(
        &'a self,
        own: &'a BTreeMap<String, String>,
        key: &'static Key,
    ) -> Vec<(Source, &'a str)> {
        let own = own.get(key.name).map(|value| (Source::Topic, value.as_str()));
        let mut brokers =
            if key.broker.is_empty() { Vec::new() } else { self.broker_values(None, key.broker) };
        brokers.retain(|(source, _)| *source != Source::Default);
        own.into_iter().chain(brokers).chain(Some((Source::Default, key.default))).collect()
    }

    /// Checks a topic's own settings and says what they come to.
    pub fn topic_settings(&self, own: &BTreeMap<String, String>) -> Result<TopicSettings, ConfigError> {
        for (name, value) in own {
            check_topic_value(name, value)?;
        }
        let in_force = |name: &str| {
            let key = find_topic_key(name);
            key.and_then(|key| self.topic_values(own, key).first().map(|(_, value)| *value)).unwrap_or("")
        };
        Ok(TopicSettings::read(in_force))
    }
}

/// Checks one setting of a topic.
pub fn check_topic_value(name: &str, value: &str) -> Result<(), ConfigError> {
    let key = find_topic_key(name).ok_or_else(|| ConfigError::Unknown(name.to_owned()))?;
    if key.shape.takes(value) {
        Ok(())
    } else {
        Err(ConfigError::Value { name: name.to_owned(), value: value.to_owned() })
    }
}
