//! The topics of a sandbox cluster, by name and by id.

use std::collections::BTreeMap;

use kafka_protocol::error::ResponseError;
use uuid::Uuid;

use super::brokers::Brokers;
use super::configs::{Configs, TopicSettings};
use super::partition::Partition;
use super::spec::{PARTITIONS_MAX, random_uuid};

/// Characters of a topic's name.
const NAME_CHARACTERS_MAX: usize = 249;
/// Topics clients may not write to or create, because brokers keep their own state in them.
pub const INTERNAL_TOPICS: [&str; 2] = ["__consumer_offsets", "__transaction_state"];

/// Holds one topic.
#[derive(Debug)]
pub struct Topic {
    /// Its name.
    pub name: String,
    /// Its id; another one after every creation.
    pub id: Uuid,
    /// Its partitions, by number.
    pub partitions: Vec<Partition>,
    /// Its own settings, as given.
    pub configs: BTreeMap<String, String>,
    /// What its own and the brokers' settings come to.
    pub settings: TopicSettings,
}

impl Topic {
    /// Returns a partition.
    pub fn partition(&self, index: i32) -> Option<&Partition> {
        self.partitions.get(usize::try_from(index).ok()?)
    }

    /// Returns a partition to change it.
    pub fn partition_mut(&mut self, index: i32) -> Option<&mut Partition> {
        self.partitions.get_mut(usize::try_from(index).ok()?)
    }

    /// Finds a partition of which `broker` is the leader, and the settings of its log.
    pub fn led_by(
        &mut self,
        broker: i32,
        partition: i32,
    ) -> Result<(&TopicSettings, &mut Partition), ResponseError> {
        let found = usize::try_from(partition).ok().and_then(|index| self.partitions.get_mut(index));
        match found.ok_or(ResponseError::UnknownTopicOrPartition)? {
            led if led.leader == Some(broker) => Ok((&self.settings, led)),
            _ => Err(ResponseError::NotLeaderOrFollower),
        }
    }
}

/// Holds all topics.
#[derive(Debug, Default)]
pub struct Topics {
    by_name: BTreeMap<String, Topic>,
}

/// Says why a topic cannot be created or grown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TopicError {
    /// There is one of that name.
    #[error("Topic '{0}' already exists.")]
    Exists(String),
    /// The name is none.
    #[error("Topic name is invalid: '{0}'")]
    Name(String),
    /// There cannot be as many partitions.
    #[error("Number of partitions must be larger than 0, and at most {PARTITIONS_MAX}.")]
    Partitions(i32),
    /// There cannot be as many copies.
    #[error("Unable to replicate the partition {wanted} time(s): {brokers} broker(s) are registered.")]
    ReplicationFactor {
        /// How many were asked for.
        wanted: i16,
        /// How many brokers there are.
        brokers: usize,
    },
    /// Partitions were placed by hand, and not well.
    #[error("The manual partition assignment is not consistent.")]
    Assignment,
    /// A setting is unknown or has a value it cannot have.
    #[error(transparent)]
    Config(#[from] super::configs::ConfigError),
}

impl TopicError {
    /// Returns the protocol's word for it.
    pub fn code(&self) -> ResponseError {
        match self {
            Self::Exists(_) => ResponseError::TopicAlreadyExists,
            Self::Name(_) => ResponseError::InvalidTopicException,
            Self::Partitions(_) => ResponseError::InvalidPartitions,
            Self::ReplicationFactor { .. } => ResponseError::InvalidReplicationFactor,
            Self::Assignment => ResponseError::InvalidReplicaAssignment,
            Self::Config(_) => ResponseError::InvalidConfig,
        }
    }
}

impl Topics {
    /// Lists all topics in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &Topic> {
        self.by_name.values()
    }

    /// Lists all topics to change them.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Topic> {
        self.by_name.values_mut()
    }

    /// Returns a topic.
    pub fn get(&self, name: &str) -> Option<&Topic> {
        self.by_name.get(name)
    }

    /// Says whether there is a partition.
    pub fn has(&self, name: &str, partition: i32) -> bool {
        self.get(name).is_some_and(|topic| topic.partition(partition).is_some())
    }

    /// Returns a topic to change it.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Topic> {
        self.by_name.get_mut(name)
    }

    /// Returns the name of the topic with an id.
    pub fn name_of(&self, id: Uuid) -> Option<&str> {
        self.by_name.values().find(|topic| topic.id == id).map(|topic| topic.name.as_str())
    }

    /// Creates a topic whose partitions' replicas have been chosen.
    pub fn create(
        &mut self,
        name: &str,
        placement: Vec<Vec<i32>>,
        configs: BTreeMap<String, String>,
        defaults: &Configs,
        brokers: &Brokers,
    ) -> Result<&Topic, TopicError> {
        self.check_new(name)?;
        let settings = defaults.topic_settings(&configs)?;
        let partitions = (0..).zip(placement);
        let partitions =
            partitions.map(|(index, replicas)| Partition::new(index, replicas, brokers)).collect();
        let topic = Topic { name: name.to_owned(), id: random_uuid(), partitions, configs, settings };
        Ok(self.by_name.entry(name.to_owned()).or_insert(topic))
    }

    /// Checks the name of a topic to be.
    pub fn check_new(&self, name: &str) -> Result<(), TopicError> {
        if !is_name(name) {
            return Err(TopicError::Name(name.to_owned()));
        }
        // A broker makes these itself, a sandbox does without; either way nobody else makes them.
        if self.by_name.contains_key(name) || INTERNAL_TOPICS.contains(&name) {
            return Err(TopicError::Exists(name.to_owned()));
        }
        Ok(())
    }

    /// Deletes a topic.
    pub fn delete(&mut self, name: &str) -> Option<Topic> {
        self.by_name.remove(name)
    }
}

/// Says whether brokers take a name for a topic's.
pub fn is_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    !name.is_empty()
        && name != "."
        && name != ".."
        && name.len() <= NAME_CHARACTERS_MAX
        && name.chars().all(allowed)
}

/// Chooses brokers for partitions in turn, so that leaders are spread evenly.
pub fn place(
    brokers: &Brokers,
    first_partition: i32,
    partitions: i32,
    replication_factor: i16,
) -> Result<Vec<Vec<i32>>, TopicError> {
    let ids: Vec<i32> = brokers.all().iter().map(|broker| broker.id).collect();
    let copies = usize::try_from(replication_factor).unwrap_or(0);
    if copies == 0 || copies > ids.len() {
        return Err(TopicError::ReplicationFactor { wanted: replication_factor, brokers: ids.len() });
    }
    if partitions <= 0 || first_partition.saturating_add(partitions) > PARTITIONS_MAX {
        return Err(TopicError::Partitions(partitions));
    }
    let first = usize::try_from(first_partition).unwrap_or(0);
    let count = usize::try_from(partitions).unwrap_or(0);
    let replicas = |index: usize| (0..copies).map(|copy| ids[(index + copy) % ids.len()]).collect();
    Ok((first..first + count).map(replicas).collect())
}

/// Checks replicas chosen by hand, one list for each partition.
pub fn check_placement(brokers: &Brokers, placement: &[Vec<i32>]) -> Result<(), TopicError> {
    let copies = placement.first().map_or(0, Vec::len);
    for replicas in placement {
        let distinct: std::collections::BTreeSet<i32> = replicas.iter().copied().collect();
        let known = replicas.iter().all(|id| brokers.get(*id).is_some());
        if replicas.is_empty() || replicas.len() != copies || distinct.len() != copies || !known {
            return Err(TopicError::Assignment);
        }
    }
    if placement.is_empty() { Err(TopicError::Assignment) } else { Ok(()) }
}
