//! A way to a cluster that can be cut, made longer and made narrower: a proxy that speaks Kafka, so that its
//! clients find the proxy wherever brokers are named.
//!
//! Each broker has a port of its own on loopback, opened when the broker is first named. [`core`] holds
//! them, [`session`] is one client's connection: the client logs in at the proxy ([`login`]), which opens a
//! connection with the configuration's login for it; then [`relay`] passes frames on, unread but for those
//! that name brokers ([`addresses`]) or say what the broker takes ([`offer`]). A direction is a [`line`] whose
//! end is a [`gate`].

mod addresses;
mod core;
mod gate;
mod head;
mod intake;
mod line;
mod login;
mod offer;
mod relay;
mod session;
mod tamper;

use std::fmt;
use std::io;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

pub use self::gate::Cut;
pub use self::login::NoRandom;
pub use self::tamper::Tamper;

use self::addresses::{HOST, Listen};
use self::core::Core;
use crate::config::settings::{BootstrapServer, ClusterSettings, SaslSettings};
use crate::kafka::cluster::Cluster;
use crate::kafka::connect::Connector;
use crate::kafka::error::{ConnectError, KafkaError};
use crate::kafka::tls::TlsFileError;

/// How long ending waits for what was told to end.
const CLOSE_PATIENCE: Duration = Duration::from_secs(10);

/// Says why there is no way to a cluster.
#[derive(Debug, thiserror::Error)]
pub enum ProxyError {
    /// The cluster cannot be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The cluster does not say who its brokers are.
    #[error("the cluster's brokers are not known")]
    Brokers(#[from] KafkaError),
    /// The cluster names no broker.
    #[error("the cluster names no broker")]
    NoBroker,
    /// The TLS files cannot be used any more.
    #[error(transparent)]
    TlsFile(#[from] TlsFileError),
    /// No port could be opened on loopback.
    #[error("no port could be opened on {HOST}")]
    Listen(#[from] io::Error),
    /// No password could be made.
    #[error(transparent)]
    NoRandom(#[from] NoRandom),
}

/// Stands between clients and one cluster, until it is closed or dropped.
pub struct Proxy {
    core: Arc<Core>,
    settings: Arc<ClusterSettings>,
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy").field("core", &self.core).finish_non_exhaustive()
    }
}

impl Proxy {
    /// Opens a way to the cluster that `upstream` describes, with one port for each of its brokers.
    pub async fn open(
        upstream: Arc<ClusterSettings>,
        tamper: Option<Arc<dyn Tamper>>,
    ) -> Result<Self, ProxyError> {
        let cluster = Cluster::open(upstream.clone()).await?;
        let known = cluster.metadata(Some(&[])).await?;
        let core = Arc::new(Core::new(Connector::new(upstream.clone())?, tamper)?);
        for (node, (host, port)) in &known.brokers {
            core.port_of(*node, host, *port)?;
        }
        let line = upstream.bootstrap_servers.first().map_or(0, |server| server.line);
        let server = |port| BootstrapServer { host: HOST.to_owned(), port, line };
        let bootstrap_servers: Vec<_> = core.ports().into_iter().map(server).collect();
        if bootstrap_servers.is_empty() {
            return Err(ProxyError::NoBroker);
        }
        let settings = ClusterSettings {
            bootstrap_servers,
            cluster_id: Some(cluster.id().clone()),
            tls: None,
            sasl: Some(SaslSettings::Password(core.login.clone())),
            ..ClusterSettings::clone(&upstream)
        };
        Ok(Self { core, settings: Arc::new(settings) })
    }

    /// Returns how the cluster is reached through the proxy, by Strait and by others.
    pub fn settings(&self) -> Arc<ClusterSettings> {
        self.settings.clone()
    }

    /// Cuts the way, for everything that has not passed yet.
    pub fn cut(&self, how: Cut) {
        self.core.way.send_modify(|way| way.cut(how));
    }

    /// Opens the way again; its length and width stay as they were set.
    pub fn heal(&self) {
        self.core.way.send_modify(|way| way.cut = None);
    }

    /// Makes the way so long, for everything that enters from now on.
    pub fn delay(&self, round_trip: Duration) {
        self.core.way.send_modify(|way| way.one_way = round_trip / 2);
    }

    /// Makes the way so wide in each direction, for all connections together; `None` for no limit.
    pub fn bandwidth(&self, bytes_per_second: Option<u64>) {
        for pacer in [&self.core.to_broker, &self.core.to_client] {
            pacer.lock().unwrap_or_else(PoisonError::into_inner).reset(Instant::now());
        }
        self.core.way.send_modify(|way| way.bytes_per_second = bytes_per_second);
    }

    /// Ends every connection and closes every port.
    pub async fn close(self) {
        let deadline = Instant::now() + CLOSE_PATIENCE;
        for mut accepting in self.core.close() {
            if tokio::time::timeout_at(deadline, &mut accepting).await.is_err() {
                accepting.abort();
            }
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        for accepting in self.core.close() {
            accepting.abort();
        }
    }
}
