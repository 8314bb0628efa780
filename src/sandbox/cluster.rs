//! A running sandbox cluster, and what can be done to it from outside the protocol.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinHandle;

use super::brokers::{Broker, Brokers};
use super::server::{Shared, accept, keep_time};
use super::spec::{BROKERS_MAX, ClusterSpec, TopicSpec};
use super::state::State;
use super::topics::{TopicError, place};

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 256;

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
    brokers: Mutex<BTreeMap<i32, Listening>>,
    /// Does what comes with time; ends with the cluster.
    time: JoinHandle<()>,
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.time.abort();
    }
}

/// Holds one broker's port and, while it is up, its task.
#[derive(Debug)]
struct Listening {
    address: SocketAddr,
    /// Bound but not listening: keeps the port while the broker is down.
    _placeholder: TcpSocket,
    task: Option<JoinHandle<()>>,
}

impl Drop for Listening {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }
}

impl Cluster {
    /// Starts a cluster; when this returns, its brokers answer.
    pub async fn start(spec: ClusterSpec) -> Result<Self, ClusterError> {
        let count = i32::try_from(spec.brokers).unwrap_or(i32::MAX);
        if spec.brokers == 0 || spec.brokers > BROKERS_MAX {
            return Err(ClusterError::Brokers(spec.brokers));
        }
        let mut sockets = Vec::new();
        for id in 1..=count {
            let reserved = reserve().map_err(|source| ClusterError::Listen { broker: id, source })?;
            sockets.push((id, reserved));
        }
        let brokers = sockets.iter().map(|(id, (address, _))| Broker {
            id: *id,
            host: address.ip().to_string(),
            port: address.port(),
            is_up: true,
        });
        let brokers = Brokers::new(brokers.collect());
        let mut state = State::new(spec.cluster_id, brokers, spec.broker_configs, spec.clock);
        for topic in &spec.topics {
            create(&mut state, topic)?;
        }
        let shared = Arc::new(Shared::new(state));
        let mut listening = BTreeMap::new();
        for (id, (address, placeholder)) in sockets {
            let listener = listen(address).map_err(|source| ClusterError::Listen { broker: id, source })?;
            let task = Some(tokio::spawn(accept(listener, id, shared.clone())));
            listening.insert(id, Listening { address, _placeholder: placeholder, task });
        }
        let time = tokio::spawn(keep_time(shared.clone()));
        Ok(Self { shared, brokers: Mutex::new(listening), time })
    }

    /// Returns the id its brokers report.
    pub fn id(&self) -> String {
        self.shared.lock().cluster_id.clone()
    }

    /// Lists its brokers' addresses, in the order of their ids.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        let brokers = self.brokers.lock().unwrap_or_else(PoisonError::into_inner);
        brokers.values().map(|broker| broker.address).collect()
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
        let mut brokers = self.brokers.lock().unwrap_or_else(PoisonError::into_inner);
        let broker = brokers.get_mut(&id).ok_or(ClusterError::NoBroker(id))?;
        if let Some(task) = broker.task.take() {
            task.abort();
        }
        self.shared.change(|state| state.set_broker_up(id, false));
        Ok(())
    }

    /// Starts a broker again, on the port it had.
    pub fn start_broker(&self, id: i32) -> Result<(), ClusterError> {
        let mut brokers = self.brokers.lock().unwrap_or_else(PoisonError::into_inner);
        let broker = brokers.get_mut(&id).ok_or(ClusterError::NoBroker(id))?;
        if broker.task.is_none() {
            let listener =
                listen(broker.address).map_err(|source| ClusterError::Listen { broker: id, source })?;
            broker.task = Some(tokio::spawn(accept(listener, id, self.shared.clone())));
        }
        self.shared.change(|state| state.set_broker_up(id, true));
        Ok(())
    }

    /// Returns what the commands work on.
    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}

fn create(state: &mut State, topic: &TopicSpec) -> Result<(), ClusterError> {
    let default = i16::try_from(state.brokers.all().len().min(3)).unwrap_or(1);
    let copies = topic.replication_factor.unwrap_or(default);
    let created = place(&state.brokers, 0, topic.partitions, copies).and_then(|placement| {
        let (name, configs) = (&topic.name, topic.configs.clone());
        state.topics.create(name, placement, configs, &state.configs, &state.brokers).map(|_| ())
    });
    created.map_err(|source| ClusterError::Topic { name: topic.name.clone(), source })
}

/// Takes a free loopback port and keeps it.
fn reserve() -> io::Result<(SocketAddr, TcpSocket)> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    Ok((socket.local_addr()?, socket))
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}
