//! Who we talk to, and how we came to know of them.

use std::fmt;

use crate::types::ClusterAlias;

/// Names one broker's listener.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Peer {
    /// The cluster it belongs to.
    pub cluster: ClusterAlias,
    /// The broker's id; `None` for a bootstrap address.
    pub node: Option<i32>,
    /// Host name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// How we came to know of it.
    pub origin: PeerOrigin,
}

/// Says where an address came from, so that an error can name the place to mend it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PeerOrigin {
    /// From `bootstrap_servers`, at this line of the configuration.
    Bootstrap {
        /// Line, from 1.
        line: usize,
    },
    /// From a broker's Metadata or FindCoordinator response (its `advertised.listeners`).
    Advertised {
        /// The `host:port` that named it.
        by: String,
    },
}

impl Peer {
    /// Returns `host:port`, with brackets where the host is an IPv6 address.
    pub fn address(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.node {
            Some(node) => write!(f, "broker {node} at {}", self.address()),
            None => f.write_str(&self.address()),
        }
    }
}
