//! Everything a sandbox cluster knows, in one place behind one lock.

use std::collections::BTreeMap;

use kafka_protocol::error::ResponseError;
use tokio::time::Instant;
use uuid::Uuid;

use super::acls::Acls;
use super::brokers::Brokers;
use super::clock::Clock;
use super::configs::{Configs, TopicSettings};
use super::coordinators::Coordinators;
use super::faults::Faults;
use super::fetch::FetchSessions;
use super::partition::Partition;
use super::sasl::Users;
use super::topics::{TopicError, Topics, place};

/// Holds a cluster's brokers, topics and settings.
#[derive(Debug)]
pub struct State {
    /// The id its brokers report.
    pub cluster_id: String,
    /// Its brokers.
    pub brokers: Brokers,
    /// Its topics.
    pub topics: Topics,
    /// Broker settings.
    pub configs: Configs,
    /// The time.
    pub clock: Clock,
    /// Who may log in.
    pub users: Users,
    /// Who may do what.
    pub acls: Acls,
    /// Its groups and transactions.
    pub coordinators: Coordinators,
    /// What is to go wrong on purpose.
    pub faults: Faults,
    /// Fetch sessions of all its brokers.
    pub fetch_sessions: FetchSessions,
}

impl State {
    /// Sets up a cluster without topics.
    pub fn new(
        cluster_id: String,
        brokers: Brokers,
        configs: BTreeMap<String, String>,
        clock: Clock,
    ) -> Self {
        let configs = Configs::new(configs);
        let coordinators = Coordinators::new(&configs, (Instant::now(), clock.now_ms()));
        Self {
            cluster_id,
            brokers,
            topics: Topics::default(),
            configs,
            clock,
            users: Users::default(),
            acls: Acls::none(),
            coordinators,
            faults: Faults::default(),
            fetch_sessions: FetchSessions::default(),
        }
    }

    /// Finds a partition of which `broker` is the leader, and the settings of its log.
    pub fn led_by(
        &mut self,
        broker: i32,
        topic: &str,
        partition: i32,
    ) -> Result<(&TopicSettings, &mut Partition), ResponseError> {
        let topic = self.topics.get_mut(topic).ok_or(ResponseError::UnknownTopicOrPartition)?;
        topic.led_by(broker, partition)
    }

    /// Returns the topic a request means: by id where it gives one, else by name.
    pub fn topic_name<'a>(&'a self, name: &'a str, id: Uuid) -> Result<&'a str, ResponseError> {
        if id.is_nil() {
            return Ok(name);
        }
        self.topics.name_of(id).ok_or(ResponseError::UnknownTopicId)
    }

    /// Returns how many partitions and copies a new topic gets, -1 standing for the brokers' default.
    pub fn counts(&self, partitions: i32, replication_factor: i16) -> (i32, i16) {
        let default = |name: &str| self.configs.broker_number(name);
        let partitions = match partitions {
            -1 => i32::try_from(default("num.partitions")).unwrap_or(1),
            given => given,
        };
        let copies = match replication_factor {
            -1 => i16::try_from(default("default.replication.factor")).unwrap_or(1),
            given => given,
        };
        (partitions, copies)
    }

    /// Creates a topic with the brokers' defaults, because a client asked about it.
    pub fn auto_create(&mut self, name: &str) -> Result<(), TopicError> {
        let (partitions, copies) = self.counts(-1, -1);
        let placement = place(&self.brokers, 0, partitions, copies)?;
        self.topics.create(name, placement, BTreeMap::new(), &self.configs, &self.brokers)?;
        Ok(())
    }

    /// Follows a broker that went down or came up: its partitions' leaders and replicas change.
    pub fn set_broker_up(&mut self, id: i32, is_up: bool) {
        if !self.brokers.set_up(id, is_up) {
            return;
        }
        self.fetch_sessions.forget_broker(id);
        for topic in self.topics.iter_mut() {
            for partition in &mut topic.partitions {
                partition.follow(&self.brokers);
            }
        }
    }
}
