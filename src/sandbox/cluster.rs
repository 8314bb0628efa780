//! A running sandbox cluster, and what can be done to it from outside the protocol.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::task::JoinHandle;

use super::acls::Acls;
use super::brokers::{Broker, Brokers};
use super::faults::Fault;
use super::listeners::Listeners;
use super::sasl::Users;
use super::server::{Shared, keep_time};
use super::spec::{BROKERS_MAX, ClusterSpec, TopicSpec};
use super::state::State;
use super::topics::{TopicError, place};

/// Says why a cluster does not start, or why something cannot be done to it.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// There is no room for as many brokers.
    #[error("a cluster has 1 to {BROKERS_MAX} brokers, not {0}")]
    Brokers(usize),
    /// A broker gets no port.
    #[error("broker {broker} cannot listen")]
    Listen {
        /// The broker.
        broker: i32,
        /// What the system said.
        source: io::Error,
    },
    /// A topic cannot be as asked.
    #[error("topic {name}: {source}")]
    Topic {
        /// The topic.
        name: String,
        /// Why not.
        source: TopicError,
    },
    /// There is no such topic or partition.
    #[error("there is no partition {partition} of {topic}")]
    NoPartition {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
    },
    /// There is no such broker, or it holds no copy.
    #[error("broker {0} is not there, is down, or holds no copy")]
    NoBroker(i32),
}

/// A cluster of brokers in this process, on loopback ports; it ends when it is dropped.
#[derive(Debug)]
pub struct Cluster {
    shared: Arc<Shared>,
    /// Does what comes with time; ends with the cluster.
    time: JoinHandle<()>,
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.time.abort();
        self.shared.listeners.close();
    }
}

impl Cluster {
    /// Starts a cluster; when this returns, its brokers answer.
    pub async fn start(spec: ClusterSpec) -> Result<Self, ClusterError> {
        let count = i32::try_from(spec.brokers).unwrap_or(i32::MAX);
        if spec.brokers == 0 || spec.brokers > BROKERS_MAX {
            return Err(ClusterError::Brokers(spec.brokers));
        }
        let listeners = Listeners::reserve(count)?;
        let brokers = listeners.addresses().into_iter().map(|(id, address)| Broker {
            id,
            host: address.ip().to_string(),
            port: address.port(),
            is_up: true,
        });
        let brokers = Brokers::new(brokers.collect());
        let mut state = State::new(spec.cluster_id, brokers, spec.broker_configs, spec.clock);
        state.users = Users::new(&spec.users);
        if let Some(super_users) = spec.super_users {
            state.acls = Acls::with_super_users(super_users);
        }
        for topic in &spec.topics {
            create(&mut state, topic)?;
        }
        let shared = Arc::new(Shared::new(state, listeners));
        let time = tokio::spawn(keep_time(shared.clone()));
        let cluster = Self { shared, time };
        for id in 1..=count {
            cluster.shared.open(id)?;
        }
        Ok(cluster)
    }

    /// Returns the id its brokers report.
    pub fn id(&self) -> String {
        self.shared.lock().cluster_id.clone()
    }

    /// Lists its brokers' addresses, in the order of their ids.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.shared.listeners.addresses().into_iter().map(|(_, address)| address).collect()
    }

    /// Returns its addresses as clients' `bootstrap.servers` takes them.
    pub fn bootstrap(&self) -> String {
        let addresses = self.addresses();
        addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
    }

    /// Creates a topic.
    pub fn create_topic(&self, topic: &TopicSpec) -> Result<(), ClusterError> {
        self.shared.change(|state| create(state, topic))
    }

    /// Stops a broker: its connections end, its partitions move, its port refuses.
    pub fn stop_broker(&self, id: i32) -> Result<(), ClusterError> {
        self.shared.stop_broker(id)
    }

    /// Starts a broker again, on the port it had.
    pub fn start_broker(&self, id: i32) -> Result<(), ClusterError> {
        self.shared.start_broker(id)
    }

    /// Plans a fault.
    pub fn plan(&self, fault: Fault) {
        self.shared.lock().faults.plan(fault);
    }

    /// Forgets the faults that are planned; returns how many requests were hit so far.
    pub fn clear_faults(&self) -> u64 {
        let mut state = self.shared.lock();
        state.faults.clear();
        state.faults.fired()
    }

    /// Returns what the commands work on.
    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}

pub(super) fn create(state: &mut State, topic: &TopicSpec) -> Result<(), ClusterError> {
    let default = i16::try_from(state.brokers.all().len().min(3)).unwrap_or(1);
    let copies = topic.replication_factor.unwrap_or(default);
    let created = place(&state.brokers, 0, topic.partitions, copies).and_then(|placement| {
        let (name, configs) = (&topic.name, topic.configs.clone());
        state.topics.create(name, placement, configs, &state.configs, &state.brokers).map(|_| ())
    });
    created.map_err(|source| ClusterError::Topic { name: topic.name.clone(), source })
}
