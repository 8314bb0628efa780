//! What a sandbox cluster is to be: its brokers, topics and settings.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::clock::Clock;

/// Brokers of one cluster; each takes a listening socket.
pub const BROKERS_MAX: usize = 64;
/// Partitions of one topic.
pub const PARTITIONS_MAX: i32 = 10_000;

/// Describes a cluster before it starts.
#[derive(Clone, Debug)]
pub struct ClusterSpec {
    /// The id its brokers report; a random one by default.
    pub cluster_id: String,
    /// How many brokers, with ids from 1.
    pub brokers: usize,
    /// Topics that are there from the start.
    pub topics: Vec<TopicSpec>,
    /// Broker settings that differ from Kafka's defaults, as `server.properties` names them.
    pub broker_configs: BTreeMap<String, String>,
    /// Where the time in its logs comes from.
    pub clock: Clock,
    /// Names and passwords; where there are any, every connection has to log in (PLAIN or SCRAM).
    pub users: BTreeMap<String, String>,
    /// Who may do everything, as `User:name`; where this is set, others need an access rule.
    pub super_users: Option<Vec<String>>,
}

/// Describes a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicSpec {
    /// Its name.
    pub name: String,
    /// How many partitions.
    pub partitions: i32,
    /// Copies of each partition; `None` takes the brokers' default, at most one per broker.
    pub replication_factor: Option<i16>,
    /// Its own settings.
    pub configs: BTreeMap<String, String>,
}

impl Default for ClusterSpec {
    fn default() -> Self {
        Self {
            cluster_id: random_id(),
            brokers: 1,
            topics: Vec::new(),
            // As in the properties file that Kafka ships: a new group does not wait for more members.
            broker_configs: BTreeMap::from([("group.initial.rebalance.delay.ms".into(), "0".into())]),
            clock: Clock::real(),
            users: BTreeMap::new(),
            super_users: None,
        }
    }
}

impl ClusterSpec {
    /// Describes a cluster of some brokers and no topics.
    pub fn new(brokers: usize) -> Self {
        Self { brokers, ..Self::default() }
    }

    /// Adds a topic.
    #[must_use]
    pub fn topic(mut self, topic: TopicSpec) -> Self {
        self.topics.push(topic);
        self
    }

    /// Sets a broker setting.
    #[must_use]
    pub fn broker_config(mut self, name: &str, value: &str) -> Self {
        self.broker_configs.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Adds somebody who may log in; from then on everybody has to.
    #[must_use]
    pub fn user(mut self, name: &str, password: &str) -> Self {
        self.users.insert(name.to_owned(), password.to_owned());
        self
    }

    /// Lets rules decide who may do what, and somebody do everything, as `User:name`.
    #[must_use]
    pub fn super_user(mut self, principal: &str) -> Self {
        self.super_users.get_or_insert_default().push(principal.to_owned());
        self
    }

    /// Sets the clock.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }
}

impl TopicSpec {
    /// Describes a topic of some partitions, with the brokers' defaults.
    pub fn new(name: &str, partitions: i32) -> Self {
        Self { name: name.to_owned(), partitions, replication_factor: None, configs: BTreeMap::new() }
    }

    /// Sets one of the topic's own settings.
    #[must_use]
    pub fn config(mut self, name: &str, value: &str) -> Self {
        self.configs.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Sets how many copies each partition has.
    #[must_use]
    pub fn replication_factor(mut self, copies: i16) -> Self {
        self.replication_factor = Some(copies);
        self
    }
}

/// Makes an id as Kafka writes them: 16 random bytes in URL-safe base64, never starting with a dash.
pub fn random_id() -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut bits = random_uuid().as_u128();
    let mut text = [0; 22];
    // 22 digits hold 132 bits: the last digit's low four bits are padding.
    for (place, digit) in text.iter_mut().enumerate() {
        let taken = if place < 21 { bits >> 122 } else { (bits >> 122) & 0x30 };
        *digit = DIGITS[usize::try_from(taken & 0x3f).unwrap_or(0)];
        bits <<= 6;
    }
    if text[0] == b'-' {
        text[0] = b'_';
    }
    text.iter().map(|digit| char::from(*digit)).collect()
}

/// Makes a random id of 16 bytes that is not one of Kafka's reserved ones.
pub fn random_uuid() -> Uuid {
    let half = || u128::from(std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), 0_u8));
    loop {
        let id = half() << 64 | half();
        if id > 1 {
            return Uuid::from_u128(id);
        }
    }
}
