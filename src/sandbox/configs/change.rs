//! Changing settings one by one, as IncrementalAlterConfigs does (KIP-339).

use std::collections::BTreeMap;

use kafka_protocol::error::ResponseError;

use super::{ConfigError, Key, Shape, find_broker_key, find_topic_key};

/// Says what to do with a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Give it a value.
    Set,
    /// Let it fall back to what is below.
    Delete,
    /// Add words to a list.
    Append,
    /// Take words from a list.
    Subtract,
}

/// Describes one change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The setting.
    pub name: String,
    /// What to do.
    pub operation: Operation,
    /// With what.
    pub value: Option<String>,
}

/// Says why settings are not changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// A value cannot be.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// There is no value, and one is needed.
    #[error("Null value not supported for : {0}")]
    NoValue(String),
    /// One setting is named twice.
    #[error("Error due to duplicate config keys: {0}")]
    Twice(String),
    /// Only lists grow and shrink.
    #[error("Config value append or subtract is not allowed for config key: {0}")]
    NoList(String),
    /// A broker reads it only when it starts.
    #[error("Cannot update these configs dynamically: {0}")]
    Static(String),
}

impl ChangeError {
    /// Returns the protocol's word for it.
    pub fn code(&self) -> ResponseError {
        match self {
            Self::Config(_) | Self::NoList(_) => ResponseError::InvalidConfig,
            Self::NoValue(_) | Self::Twice(_) | Self::Static(_) => ResponseError::InvalidRequest,
        }
    }
}

impl Operation {
    /// Reads the protocol's number.
    pub fn from_code(code: i8) -> Option<Self> {
        match code {
            0 => Some(Self::Set),
            1 => Some(Self::Delete),
            2 => Some(Self::Append),
            3 => Some(Self::Subtract),
            _ => None,
        }
    }
}

/// Applies changes to a topic's own settings.
pub fn changed_topic(
    own: &BTreeMap<String, String>,
    changes: &[Change],
) -> Result<BTreeMap<String, String>, ChangeError> {
    let key = |name: &str| find_topic_key(name).ok_or_else(|| ConfigError::Unknown(name.to_owned()).into());
    changed(own, changes, key)
}

/// Applies changes to the settings brokers got while they ran.
pub fn changed_broker(
    own: &BTreeMap<String, String>,
    changes: &[Change],
) -> Result<BTreeMap<String, String>, ChangeError> {
    let key = |name: &str| {
        let key = find_broker_key(name);
        key.filter(|key| is_dynamic(key)).ok_or_else(|| ChangeError::Static(name.to_owned()))
    };
    changed(own, changes, key)
}

/// Says whether a broker takes a setting while it runs: those its topics fall back to, mostly.
pub fn is_dynamic(key: &Key) -> bool {
    super::TOPIC_KEYS.iter().any(|topic| topic.broker == key.name)
        || key.name == "max.incremental.fetch.session.cache.slots"
}

fn changed(
    own: &BTreeMap<String, String>,
    changes: &[Change],
    key: impl Fn(&str) -> Result<&'static Key, ChangeError>,
) -> Result<BTreeMap<String, String>, ChangeError> {
    let mut result = own.clone();
    for (index, change) in changes.iter().enumerate() {
        if changes[..index].iter().any(|earlier| earlier.name == change.name) {
            return Err(ChangeError::Twice(change.name.clone()));
        }
        let key = key(&change.name);
        // Taking back what is no setting changes nothing, and brokers let it pass.
        if change.operation == Operation::Delete && !matches!(key, Err(ChangeError::Static(_))) {
            result.remove(&change.name);
            continue;
        }
        let key = key?;
        let value = change.value.clone().ok_or_else(|| ChangeError::NoValue(change.name.clone()))?;
        let value = match change.operation {
            Operation::Append | Operation::Subtract => {
                let now = result.get(&change.name).map_or(key.default, String::as_str);
                combined(key, now, &value, change.operation)?
            }
            _ => value,
        };
        if !key.shape.takes(&value) {
            return Err(ConfigError::Value { name: change.name.clone(), value }.into());
        }
        result.insert(change.name.clone(), value);
    }
    Ok(result)
}

fn combined(key: &Key, now: &str, value: &str, operation: Operation) -> Result<String, ChangeError> {
    if !matches!(key.shape, Shape::List(_) | Shape::FreeList) {
        return Err(ChangeError::NoList(key.name.to_owned()));
    }
    let mut words: Vec<&str> = now.split(',').map(str::trim).filter(|word| !word.is_empty()).collect();
    for word in value.split(',').map(str::trim) {
        words.retain(|known| *known != word || operation == Operation::Append);
        if operation == Operation::Append && !words.contains(&word) {
            words.push(word);
        }
    }
    Ok(words.join(","))
}
