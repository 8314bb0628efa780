//! The brokers' ports: taken once, listened on while a broker is up.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinHandle;

use super::cluster::ClusterError;
use super::server::{Shared, accept};

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 256;

/// How often a broker that starts again tries for its port, and how long it waits in between.
const PORT_TRIES: u32 = 2_000;
const PORT_PAUSE: Duration = Duration::from_millis(1);

/// Holds the ports of a cluster's brokers.
#[derive(Debug)]
pub struct Listeners {
    brokers: Mutex<BTreeMap<i32, Listening>>,
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

impl Listeners {
    /// Takes a free loopback port for each broker.
    pub fn reserve(count: i32) -> Result<Self, ClusterError> {
        let mut brokers = BTreeMap::new();
        for id in 1..=count {
            let listening = free_port().map_err(|source| ClusterError::Listen { broker: id, source })?;
            brokers.insert(id, listening);
        }
        Ok(Self { brokers: Mutex::new(brokers) })
    }

    /// Lists the brokers' addresses, in the order of their ids.
    pub fn addresses(&self) -> Vec<(i32, SocketAddr)> {
        self.lock().iter().map(|(id, broker)| (*id, broker.address)).collect()
    }

    /// Gives up all ports and ends all connections; no broker can be started again.
    pub fn close(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<i32, Listening>> {
        self.brokers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    /// Lets a broker listen, if it does not.
    pub fn open(self: &Arc<Self>, id: i32) -> Result<(), ClusterError> {
        let mut brokers = self.listeners.lock();
        let broker = brokers.get_mut(&id).ok_or(ClusterError::NoBroker(id))?;
        if broker.task.is_none() {
            let address = broker.address;
            let listener = match listen(address) {
                // It was stopped a moment ago, and its old task has not ended yet.
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => None,
                listener => Some(listener.map_err(|source| ClusterError::Listen { broker: id, source })?),
            };
            let shared = self.clone();
            broker.task = Some(tokio::spawn(async move {
                let listener = match listener {
                    Some(listener) => Some(listener),
                    None => listen_again(address).await,
                };
                match listener {
                    Some(listener) => accept(listener, id, shared).await,
                    None => tracing::warn!(broker = id, "a sandbox broker did not get its port back"),
                }
            }));
        }
        Ok(())
    }

    /// Stops a broker: its connections end, its partitions move, its port refuses.
    pub fn stop_broker(&self, id: i32) -> Result<(), ClusterError> {
        {
            let mut brokers = self.listeners.lock();
            let broker = brokers.get_mut(&id).ok_or(ClusterError::NoBroker(id))?;
            if let Some(task) = broker.task.take() {
                task.abort();
            }
        }
        self.change(|state| state.set_broker_up(id, false));
        Ok(())
    }

    /// Starts a broker again, on the port it had.
    pub fn start_broker(self: &Arc<Self>, id: i32) -> Result<(), ClusterError> {
        self.open(id)?;
        self.change(|state| state.set_broker_up(id, true));
        Ok(())
    }

    /// Starts a broker again after a while, unless the cluster has ended by then.
    pub fn start_broker_after(self: &Arc<Self>, id: i32, after: Duration) {
        let shared = Arc::downgrade(self);
        tokio::spawn(async move {
            tokio::time::sleep(after).await;
            if let Some(Err(error)) = shared.upgrade().map(|shared| shared.start_broker(id)) {
                tracing::warn!(broker = id, %error, "a sandbox broker did not come back");
            }
        });
    }
}

/// Waits for the port of a broker that is just ending; it is nobody else's.
async fn listen_again(address: SocketAddr) -> Option<TcpListener> {
    for _ in 0..PORT_TRIES {
        if let Ok(listener) = listen(address) {
            return Some(listener);
        }
        tokio::time::sleep(PORT_PAUSE).await;
    }
    None
}

/// Takes a free loopback port and keeps it.
fn free_port() -> io::Result<Listening> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    Ok(Listening { address: socket.local_addr()?, _placeholder: socket, task: None })
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}
