//! Opening a connection: name, TCP, TLS, versions, login; each step with its own explanation, all
//! of them inside one deadline.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use kafka_protocol::ResponseError;
use kafka_protocol::error::ParseResponseErrorCode;
use kafka_protocol::messages::{ApiVersionsRequest, ApiVersionsResponse};
use kafka_protocol::protocol::StrBytes;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;

use super::connection::{Connection, ReadHalf, WriteHalf};
use super::credentials::{Credentials, Proof};
use super::error::{ConnectCause, ConnectError, Phase, RequestCause};
use super::peer::Peer;
use super::transport::{Lender, Transport};
use super::{sasl, tls};
use crate::config::settings::ClusterSettings;

/// Silence on a connection after which the kernel asks whether the other side is still there.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(30);

/// Opens connections to one cluster's brokers; the TLS files are read again when they have changed.
#[derive(Clone)]
pub struct Connector {
    settings: Arc<ClusterSettings>,
    tls: Option<Arc<tls::TlsFiles>>,
    credentials: Option<Arc<Credentials>>,
    /// Whether a connection was opened before: the set-up is right then, and who hangs up is going
    /// down, or something on the way is.
    has_opened: Arc<AtomicBool>,
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connector").field("settings", &self.settings).finish_non_exhaustive()
    }
}

type Failure = (Phase, ConnectCause);

impl Connector {
    /// Reads the TLS files and makes a connector.
    pub fn new(settings: Arc<ClusterSettings>) -> Result<Self, tls::TlsFileError> {
        let tls = match &settings.tls {
            Some(tls_settings) => Some(Arc::new(tls::TlsFiles::open(tls_settings)?)),
            None => None,
        };
        let credentials = settings.sasl.as_ref().map(|sasl| Arc::new(Credentials::new(sasl)));
        Ok(Self { settings, tls, credentials, has_opened: Arc::default() })
    }

    /// Returns the settings of the cluster.
    pub fn settings(&self) -> &ClusterSettings {
        &self.settings
    }

    /// Returns what logs in, shared by all connections of the cluster; `None` without a login.
    pub fn credentials(&self) -> Option<&Arc<Credentials>> {
        self.credentials.as_ref()
    }

    /// Opens a connection, logged in and with the broker's versions known.
    pub async fn connect(&self, peer: Peer) -> Result<Connection, ConnectError> {
        self.connect_by(peer, None).await
    }

    /// Opens a connection as [`connect`](Self::connect) does, and hands it out bare. Nobody logs in again on
    /// it: where a session has an end, the broker closes it then.
    pub async fn transport(&self, peer: Peer) -> Result<Transport, ConnectError> {
        let lender = Lender::default();
        let connection = self.connect_by(peer, Some(&lender)).await?;
        let transport = lender.take_back();
        let ended = RequestCause::Disconnected { error: None };
        connection.close(ended.clone());
        let peer = Box::new(connection.peer().clone());
        transport.ok_or(ConnectError { peer, phase: Phase::Api, cause: ended.into() })
    }

    async fn connect_by(&self, peer: Peer, lender: Option<&Lender>) -> Result<Connection, ConnectError> {
        let begun = Instant::now();
        let deadline = begun + self.settings.connect_timeout;
        // The state of all those handshakes is not to be part of every caller's.
        match Box::pin(self.open_logged_in(&peer, deadline, lender)).await {
            Ok(connection) => {
                tracing::info!(cluster = %peer.cluster, %peer, elapsed = ?begun.elapsed(), "connected");
                Ok(connection)
            }
            Err((phase, cause)) => {
                let error = ConnectError { peer: Box::new(peer), phase, cause };
                tracing::info!(%error, elapsed = ?begun.elapsed(), "not connected");
                Err(error)
            }
        }
    }

    /// Returns the certificate (DER) a listener shows that [`connect`](Self::connect) accepts; `None` without
    /// TLS, and where the listener cannot be reached any more.
    pub async fn certificate(&self, peer: &Peer) -> Option<Vec<u8>> {
        let connector = TlsConnector::from(self.tls.as_ref()?.config());
        let shake_hands = async {
            let stream = dial(&resolve(peer).await.ok()?).await.ok()?;
            let stream =
                connector.connect(ServerName::try_from(peer.host.clone()).ok()?, stream).await.ok()?;
            Some(stream.get_ref().1.peer_certificates()?.first()?.to_vec())
        };
        tokio::time::timeout(self.settings.connect_timeout, shake_hands).await.ok()?
    }

    /// Obtains what the login shows, and opens with it. Where it was obtained earlier and is refused, it may
    /// be no longer valid, and a fresh one decides.
    async fn open_logged_in(
        &self,
        peer: &Peer,
        deadline: Instant,
        lender: Option<&Lender>,
    ) -> Result<Connection, Failure> {
        let Some(credentials) = &self.credentials else {
            return self.open(peer, deadline, lender, None).await;
        };
        let proof = || async { Ok(credentials.proof(&peer.host).await?) };
        let first = self.within(deadline, Phase::Sasl, proof()).await?;
        let is_cached = first.is_cached;
        match self.open(peer, deadline, lender, Some((credentials, first))).await {
            Err((_, ConnectCause::Login { .. })) if is_cached => {
                credentials.forget().await;
                let second = self.within(deadline, Phase::Sasl, proof()).await?;
                self.open(peer, deadline, lender, Some((credentials, second))).await
            }
            outcome => outcome,
        }
    }

    async fn open(
        &self,
        peer: &Peer,
        deadline: Instant,
        lender: Option<&Lender>,
        login: Option<(&Arc<Credentials>, Proof)>,
    ) -> Result<Connection, Failure> {
        let addresses = self.within(deadline, Phase::Dns, resolve(peer)).await?;
        let stream = self.within(deadline, Phase::Tcp, dial(&addresses)).await?;
        let halves = self.within(deadline, Phase::Tls, self.encrypt(peer, stream)).await?;
        let halves = match lender {
            Some(lender) => lender.lend(halves),
            None => halves,
        };
        let connection =
            Connection::start(peer.clone(), &self.settings.client_id, self.settings.request_timeout, halves);
        let versions = self.within(deadline, Phase::Api, self.learn_versions(&connection)).await?;
        if let Some(lender) = lender {
            lender.keep_versions(versions);
        }
        if let Some((credentials, proof)) = login {
            let login = sasl::login(&connection, credentials, proof);
            if let Some(lifetime) = self.within(deadline, Phase::Sasl, login).await? {
                sasl::keep_logged_in(&connection, credentials.clone(), lifetime);
            }
        }
        self.has_opened.store(true, Ordering::Relaxed);
        Ok(connection)
    }

    /// Runs one step inside the deadline; a step that hangs is named by its phase.
    async fn within<T>(
        &self,
        deadline: Instant,
        phase: Phase,
        step: impl Future<Output = Result<T, ConnectCause>>,
    ) -> Result<T, Failure> {
        match tokio::time::timeout_at(deadline, step).await {
            Ok(Ok(value)) => Ok(value),
            // A client certificate is refused after the handshake, so it shows in a later phase.
            Ok(Err(cause @ ConnectCause::ClientCertificateRefused(_))) => Err((Phase::Tls, cause)),
            Ok(Err(cause)) => Err((phase, cause)),
            Err(_) => Err((phase, ConnectCause::Timeout(self.settings.connect_timeout))),
        }
    }

    async fn encrypt(&self, peer: &Peer, stream: TcpStream) -> Result<(ReadHalf, WriteHalf), ConnectCause> {
        let Some(files) = &self.tls else {
            let (read, write) = stream.into_split();
            return Ok((Box::new(read), Box::new(write)));
        };
        let name = ServerName::try_from(peer.host.clone())
            .map_err(|_| ConnectCause::Tls(format!("{} is not a name TLS can check", peer.host)))?;
        let connector = TlsConnector::from(files.config());
        let stream = connector.connect(name, stream).await.map_err(|error| self.explain_tls(error, peer))?;
        let (read, write) = tokio::io::split(stream);
        Ok((Box::new(read), Box::new(write)))
    }

    fn explain_tls(&self, error: io::Error, peer: &Peer) -> ConnectCause {
        match tls::explain(&error, &peer.host) {
            ConnectCause::NotTls if self.has_opened.load(Ordering::Relaxed) => {
                RequestCause::Disconnected { error: Some(Arc::new(error)) }.into()
            }
            cause => cause,
        }
    }

    /// Asks what the broker speaks; also the first thing that shows a wrong security protocol.
    async fn learn_versions(&self, connection: &Connection) -> Result<ApiVersionsResponse, ConnectCause> {
        let answer = match ask_versions(connection, 3).await {
            // Brokers before 2.4 answer an unknown version with this code, in version 0 (KIP-511).
            Ok(answer) if answer.error_code.err() == Some(ResponseError::UnsupportedVersion) => {
                ask_versions(connection, 0).await.map_err(|cause| self.explain_first(connection, cause))?
            }
            Ok(answer) => answer,
            Err(RequestCause::Malformed(_)) => {
                ask_versions(connection, 0).await.map_err(|cause| self.explain_first(connection, cause))?
            }
            Err(cause) => return Err(self.explain_first(connection, cause)),
        };
        if let Some(code) = answer.error_code.err() {
            return Err(RequestCause::Code { code, message: None }.into());
        }
        connection.set_opened(&answer);
        Ok(answer)
    }

    /// Says what it means that the very first request got no answer.
    fn explain_first(&self, connection: &Connection, cause: RequestCause) -> ConnectCause {
        if let RequestCause::Disconnected { error: Some(error) } = &cause
            && let Some(refusal) = tls::late_refusal(error, &connection.peer().host)
        {
            return refusal;
        }
        match cause {
            RequestCause::TlsRecord if self.tls.is_none() => {
                ConnectCause::ExpectsTls("the broker answered with a TLS record")
            }
            RequestCause::Disconnected { .. }
                if self.tls.is_none() && !self.has_opened.load(Ordering::Relaxed) =>
            {
                ConnectCause::ExpectsTls("the broker closed the connection before its first reply")
            }
            RequestCause::HttpAnswer => ConnectCause::Http,
            other => other.into(),
        }
    }
}

async fn ask_versions(connection: &Connection, version: i16) -> Result<ApiVersionsResponse, RequestCause> {
    let request = ApiVersionsRequest::default()
        .with_client_software_name(StrBytes::from_static_str("strait"))
        .with_client_software_version(StrBytes::from_static_str(env!("CARGO_PKG_VERSION")));
    connection.call_ungated(&request, version).await.map_err(|error| error.cause)
}

async fn resolve(peer: &Peer) -> Result<Vec<SocketAddr>, ConnectCause> {
    let unknown =
        |error: io::Error| ConnectCause::UnknownHost { host: peer.host.clone(), error: Arc::new(error) };
    let found: Vec<SocketAddr> =
        tokio::net::lookup_host((peer.host.as_str(), peer.port)).await.map_err(unknown)?.collect();
    if found.is_empty() {
        return Err(unknown(io::Error::other("no address")));
    }
    Ok(found)
}

/// Tries each address of the name; the last failure is the one told.
async fn dial(addresses: &[SocketAddr]) -> Result<TcpStream, ConnectCause> {
    let mut failure = io::Error::other("no address");
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                // Buffer sizes are left to the kernel, whose autotuning knows the path.
                stream.set_nodelay(true).map_err(|e| ConnectCause::Tcp(Arc::new(e)))?;
                let keepalive = socket2::TcpKeepalive::new().with_time(KEEPALIVE_IDLE);
                socket2::SockRef::from(&stream)
                    .set_tcp_keepalive(&keepalive)
                    .map_err(|e| ConnectCause::Tcp(Arc::new(e)))?;
                return Ok(stream);
            }
            Err(error) => failure = error,
        }
    }
    Err(ConnectCause::Tcp(Arc::new(failure)))
}
