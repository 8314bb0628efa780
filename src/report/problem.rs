//! Errors in four parts: what failed, where, why, and what to try.

use std::fmt;

use serde_json::{Value, json};

use crate::kafka::error::{ConnectCause, ConnectError, KafkaError, RequestError};
use crate::kafka::peer::{Peer, PeerOrigin};

/// Holds an error for people and machines.
#[derive(Clone, Debug)]
pub struct Problem {
    code: &'static str,
    what: String,
    place: String,
    cause: String,
    hint: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "error: {}", self.what)?;
        writeln!(f, "  where: {}", self.place)?;
        writeln!(f, "  cause: {}", self.cause)?;
        write!(f, "  try:   {}", self.hint)
    }
}

impl Problem {
    /// Returns the parts for machines.
    pub fn to_json(&self) -> Value {
        json!({"code": self.code, "scope": self.place, "message": format!("{}: {}", self.what, self.cause), "hint": self.hint})
    }
}

fn place(peer: &Peer) -> String {
    match &peer.origin {
        PeerOrigin::Bootstrap { line } => {
            format!("{}, listed in the configuration at line {line}", peer.address())
        }
        PeerOrigin::Advertised { by } => format!("{peer}, as advertised by {by}"),
    }
}

impl From<&ConnectError> for Problem {
    fn from(error: &ConnectError) -> Self {
        Self {
            code: "cannot_connect",
            what: format!("cannot reach cluster \"{}\" (phase: {})", error.peer.cluster, error.phase),
            place: place(&error.peer),
            cause: error.cause.to_string(),
            hint: connect_hint(error),
        }
    }
}

impl From<&KafkaError> for Problem {
    fn from(error: &KafkaError) -> Self {
        match error {
            KafkaError::Connect(error) => error.into(),
            KafkaError::Request(error) => error.into(),
        }
    }
}

impl From<&RequestError> for Problem {
    fn from(error: &RequestError) -> Self {
        Self {
            code: "request_failed",
            what: format!("{:?} failed on cluster \"{}\" (phase: api)", error.api, error.peer.cluster),
            place: place(&error.peer),
            cause: error.cause.to_string(),
            hint: "look at the broker's log for this client (client_id) at this time".to_owned(),
        }
    }
}

fn connect_hint(error: &ConnectError) -> String {
    let cluster = &error.peer.cluster;
    match &error.cause {
        ConnectCause::UnknownHost { .. } | ConnectCause::Tcp(_) | ConnectCause::Timeout(_) => {
            match &error.peer.origin {
                PeerOrigin::Bootstrap { .. } => {
                    format!("check bootstrap_servers of \"{cluster}\", and that the broker runs and no firewall is between")
                }
                PeerOrigin::Advertised { .. } => {
                    "the brokers' advertised.listeners must name addresses that can be reached from here".to_owned()
                }
            }
        }
        ConnectCause::ExpectsTls(_) => {
            format!("set security_protocol = \"SSL\" (or \"SASL_SSL\") for cluster \"{cluster}\"")
        }
        ConnectCause::NotTls => {
            format!("set security_protocol = \"PLAINTEXT\" (or \"SASL_PLAINTEXT\") for cluster \"{cluster}\", or use the TLS port")
        }
        ConnectCause::ExpectsSasl => {
            format!("set security_protocol to \"SASL_PLAINTEXT\" or \"SASL_SSL\" for cluster \"{cluster}\", with the sasl_* keys")
        }
        ConnectCause::NoSasl => "remove the SASL_ part of security_protocol, or use the SASL port".to_owned(),
        ConnectCause::Mechanism { .. } => "set sasl_mechanism to one that is offered".to_owned(),
        ConnectCause::Login { .. } => "check sasl_username and sasl_password".to_owned(),
        ConnectCause::CertificateName { .. } => {
            "use a name from the certificate in bootstrap_servers, or give the broker a certificate for this name".to_owned()
        }
        ConnectCause::CertificateExpired(_) => "renew the broker's certificate".to_owned(),
        ConnectCause::UnknownAuthority => "name the authority's certificate with ssl_ca_file".to_owned(),
        ConnectCause::ClientCertificateRefused(_) => {
            "set ssl_certificate_file and ssl_key_file to a certificate the broker trusts".to_owned()
        }
        ConnectCause::ClusterId { .. } => "this is another cluster: correct bootstrap_servers or cluster_id".to_owned(),
        ConnectCause::TlsFile(_) => "correct the ssl_* file names".to_owned(),
        _ => "look at the broker's log at this time".to_owned(),
    }
}
