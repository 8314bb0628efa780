//! What may be typed for a sandbox: clusters' names, topics, broker settings.

use std::str::FromStr;

use crate::sandbox::TopicSpec;
use crate::sandbox::spec::PARTITIONS_MAX;
use crate::sandbox::topics::is_name;

/// Clusters' names, with commas between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names(pub Vec<String>);

/// A topic that is wished for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicWish {
    /// Where; `None` is the first cluster.
    pub cluster: Option<String>,
    /// What.
    pub topic: TopicSpec,
}

/// A broker setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerConfig {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// Says why a text is none of these.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WishError {
    /// A cluster's name becomes a key in strait.toml.
    #[error("a cluster's name has only letters, digits, _ and -, and {0:?} is none")]
    Cluster(String),
    /// Two clusters would have one name.
    #[error("{0:?} is named twice")]
    Twice(String),
    /// Brokers would not take the topic's name.
    #[error("{0:?} cannot be a topic's name: up to 249 letters, digits, ., _ and -")]
    Topic(String),
    /// There cannot be as many partitions.
    #[error("a topic has 1 to {PARTITIONS_MAX} partitions, not {0:?}")]
    Partitions(String),
    /// There is no name, or no value.
    #[error("a setting is NAME=VALUE")]
    NoSetting,
    /// Brokers know no such setting.
    #[error("the sandbox's brokers know no setting {0:?}")]
    Setting(String),
    /// Brokers would not take the value.
    #[error("{name} cannot be {value:?}")]
    Value {
        /// The setting.
        name: String,
        /// The value.
        value: String,
    },
}

impl FromStr for Names {
    type Err = WishError;

    fn from_str(text: &str) -> Result<Self, WishError> {
        let mut names: Vec<String> = Vec::new();
        for name in text.split(',').map(str::trim) {
            let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
            if name.is_empty() || !name.chars().all(fits) {
                return Err(WishError::Cluster(name.to_owned()));
            }
            if names.iter().any(|known| known == name) {
                return Err(WishError::Twice(name.to_owned()));
            }
            names.push(name.to_owned());
        }
        Ok(Self(names))
    }
}

impl FromStr for TopicWish {
    type Err = WishError;

    fn from_str(text: &str) -> Result<Self, WishError> {
        let (cluster, rest) = match text.split_once('/') {
            Some((cluster, rest)) => (Some(cluster.to_owned()), rest),
            None => (None, text),
        };
        let (name, partitions) = match rest.split_once(':') {
            Some((name, partitions)) => {
                let count = partitions.parse().ok().filter(|count| (1..=PARTITIONS_MAX).contains(count));
                (name, count.ok_or_else(|| WishError::Partitions(partitions.to_owned()))?)
            }
            None => (rest, 1),
        };
        if !is_name(name) {
            return Err(WishError::Topic(name.to_owned()));
        }
        Ok(Self { cluster, topic: TopicSpec::new(name, partitions) })
    }
}

impl FromStr for BrokerConfig {
    type Err = WishError;

    fn from_str(text: &str) -> Result<Self, WishError> {
        let (name, value) = text.split_once('=').ok_or(WishError::NoSetting)?;
        let (name, value) = (name.trim().to_owned(), value.trim().to_owned());
        let key = crate::sandbox::configs::find_broker_key(&name);
        let key = key.ok_or_else(|| WishError::Setting(name.clone()))?;
        if key.shape.takes(&value) { Ok(Self { name, value }) } else { Err(WishError::Value { name, value }) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn topics_are_read_with_and_without_cluster_and_count() {
        let read = |text: &str| {
            let wish: TopicWish = text.parse().unwrap();
            (wish.cluster, wish.topic.name, wish.topic.partitions)
        };
        assert_eq!(read("orders"), (None, "orders".to_owned(), 1));
        assert_eq!(read("eu/a.b_c-d:12"), (Some("eu".to_owned()), "a.b_c-d".to_owned(), 12));
        assert_eq!("orders:0".parse::<TopicWish>(), Err(WishError::Partitions("0".to_owned())));
        assert_eq!("a b".parse::<TopicWish>(), Err(WishError::Topic("a b".to_owned())));
    }

    #[test]
    fn names_are_distinct_and_fit_for_a_key() {
        assert_eq!("us, eu".parse(), Ok(Names(vec!["us".to_owned(), "eu".to_owned()])));
        assert_eq!("us,us".parse::<Names>(), Err(WishError::Twice("us".to_owned())));
        assert_eq!("us,".parse::<Names>(), Err(WishError::Cluster(String::new())));
    }

    #[test]
    fn a_setting_is_known_and_its_value_possible() {
        let setting = BrokerConfig { name: "message.max.bytes".to_owned(), value: "9".to_owned() };
        assert_eq!("message.max.bytes=9".parse(), Ok(setting));
        assert_eq!("x=1".parse::<BrokerConfig>(), Err(WishError::Setting("x".to_owned())));
        assert!("message.max.bytes=many".parse::<BrokerConfig>().is_err());
        assert_eq!("x".parse::<BrokerConfig>(), Err(WishError::NoSetting));
    }
}
