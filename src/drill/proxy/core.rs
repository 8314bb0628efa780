//! What all connections of a proxy share: its ports, one a broker, and how brokers are reached.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kafka_protocol::messages::ApiVersionsResponse;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

use super::addresses::Listen;
use super::gate::{Gate, Way};
use super::line::{LINES_BYTES_MAX, Pacer};
use super::login;
use super::offer::Offer;
use super::session::serve;
use super::tamper::Tamper;
use crate::config::settings::PasswordSettings;
use crate::kafka::connect::Connector;
use crate::kafka::error::ConnectError;
use crate::kafka::peer::{Peer, PeerOrigin};
use crate::kafka::transport::Transport;
use crate::types::ClusterAlias;

/// Clients' connections that a proxy holds at once; more wait to be taken.
const CONNECTIONS_MAX: usize = 1024;
/// Pause after the system refused to hand out a connection, as where it has no file descriptor left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Holds what connections share.
pub(super) struct Core {
    /// The state of the way.
    pub(super) way: watch::Sender<Way>,
    /// Room for all that is under way.
    pub(super) room: Arc<Semaphore>,
    /// Shares the bandwidth towards brokers.
    pub(super) to_broker: Mutex<Pacer>,
    /// Shares the bandwidth towards clients.
    pub(super) to_client: Mutex<Pacer>,
    /// What clients have to show.
    pub(super) login: PasswordSettings,
    /// A liar, in tests.
    pub(super) tamper: Option<Arc<dyn Tamper>>,
    connector: Connector,
    connections: Arc<Semaphore>,
    nodes: Mutex<Nodes>,
}

#[derive(Default)]
struct Nodes {
    is_closed: bool,
    by_id: BTreeMap<i32, Node>,
}

/// One broker.
struct Node {
    peer: Peer,
    port: u16,
    offer: Option<Arc<Offer>>,
    accepting: JoinHandle<()>,
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core").field("cluster", self.alias()).field("way", &*self.way.borrow()).finish()
    }
}

impl Core {
    /// Makes it without a port.
    pub(super) fn new(
        connector: Connector,
        tamper: Option<Arc<dyn Tamper>>,
    ) -> Result<Self, login::NoRandom> {
        let now = Instant::now();
        Ok(Self {
            way: watch::Sender::new(Way::default()),
            room: Arc::new(Semaphore::new(LINES_BYTES_MAX)),
            to_broker: Mutex::new(Pacer::new(now)),
            to_client: Mutex::new(Pacer::new(now)),
            login: login::make()?,
            tamper,
            connector,
            connections: Arc::new(Semaphore::new(CONNECTIONS_MAX)),
            nodes: Mutex::default(),
        })
    }

    /// Returns the cluster's name.
    pub(super) fn alias(&self) -> &ClusterAlias {
        &self.connector.settings().alias
    }

    /// Returns the gate of a connection that begins now.
    pub(super) fn gate(&self) -> Gate {
        Gate::new(&self.way)
    }

    fn nodes(&self) -> MutexGuard<'_, Nodes> {
        self.nodes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the ports of all brokers.
    pub(super) fn ports(&self) -> Vec<u16> {
        self.nodes().by_id.values().map(|node| node.port).collect()
    }

    /// Returns what a broker takes, where it was asked before.
    pub(super) fn offer(&self, node: i32) -> Option<Arc<Offer>> {
        self.nodes().by_id.get(&node)?.offer.clone()
    }

    /// Remembers what a broker takes.
    pub(super) fn learn(&self, node: i32, told: ApiVersionsResponse) -> Arc<Offer> {
        let offer = Arc::new(Offer::new(told));
        if let Some(node) = self.nodes().by_id.get_mut(&node) {
            node.offer = Some(offer.clone());
        }
        offer
    }

    /// Opens a connection to a broker, with the configuration's login.
    pub(super) async fn connect(&self, node: i32) -> Result<Transport, ConnectError> {
        let peer = self.nodes().by_id.get(&node).map(|node| node.peer.clone());
        let peer = peer.expect("whoever asks came through the broker's port");
        self.connector.transport(peer).await
    }

    fn listen(self: &Arc<Self>, node: i32) -> io::Result<(u16, JoinHandle<()>)> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        let listener = TcpListener::from_std(listener)?;
        Ok((port, tokio::spawn(accept(listener, node, self.clone()))))
    }

    /// Ends everything; returns what to wait for.
    pub(super) fn close(&self) -> Vec<JoinHandle<()>> {
        self.way.send_modify(|way| way.is_closed = true);
        let mut nodes = self.nodes();
        nodes.is_closed = true;
        std::mem::take(&mut nodes.by_id).into_values().map(|node| node.accepting).collect()
    }
}

impl Listen for Arc<Core> {
    fn port_of(&self, id: i32, host: &str, port: u16) -> io::Result<u16> {
        let mut nodes = self.nodes();
        if nodes.is_closed {
            return Err(io::ErrorKind::NotConnected.into());
        }
        let cluster = self.alias().clone();
        let origin = PeerOrigin::Advertised { by: "the cluster".to_owned() };
        let peer = Peer { cluster, node: Some(id), host: host.to_owned(), port, origin };
        if let Some(node) = nodes.by_id.get_mut(&id) {
            node.peer = peer;
            return Ok(node.port);
        }
        let (port, accepting) = self.listen(id)?;
        nodes.by_id.insert(id, Node { peer, port, offer: None, accepting });
        Ok(port)
    }
}

/// Takes one broker's clients until the proxy ends; their connections end with it.
async fn accept(listener: TcpListener, node: i32, core: Arc<Core>) {
    let mut sessions = JoinSet::new();
    let gate = core.gate();
    let next = async || {
        let permit = core.connections.clone().acquire_owned().await.map_err(io::Error::other)?;
        Ok::<_, io::Error>((listener.accept().await?.0, permit))
    };
    loop {
        tokio::select! {
            () = gate.closed() => break,
            Some(_) = sessions.join_next() => {}
            accepted = next() => match accepted {
                Ok((stream, permit)) => {
                    let core = core.clone();
                    sessions.spawn(async move {
                        serve(stream, node, core).await;
                        drop(permit);
                    });
                }
                Err(error) => {
                    tracing::debug!(cluster = %core.alias(), node, %error, "no connection taken");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    sessions.shutdown().await;
}
