//! One cluster: who its brokers are, and a control connection to each, opened when first needed.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kafka_protocol::ResponseError;
use kafka_protocol::error::ParseResponseErrorCode;
use kafka_protocol::messages::{FindCoordinatorRequest, MetadataRequest};
use kafka_protocol::protocol::{Request, StrBytes};
use tokio::time::Instant;

use super::connect::Connector;
use super::connection::Connection;
use super::credentials::Credentials;
use super::error::{ConnectCause, ConnectError, KafkaError, Phase, Remedy, RequestCause, RequestError};
use super::metadata::{self, Metadata};
use super::peer::{Peer, PeerOrigin};
use super::retry::Backoff;
use crate::config::settings::ClusterSettings;
use crate::types::{ClusterAlias, ClusterId, TopicName};

/// Which kind of coordinator to look for (FindCoordinator's key type).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CoordinatorKind {
    /// A consumer group's.
    Group = 0,
    /// A transactional id's.
    Transaction = 1,
}

/// Knows one cluster's brokers and talks to them; cheap to clone.
#[derive(Clone, Debug)]
pub struct Cluster {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    connector: Connector,
    id: ClusterId,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    controller: Option<i32>,
    brokers: BTreeMap<i32, Peer>,
    control: HashMap<i32, Connection>,
    opening: HashMap<i32, Arc<Opening>>,
    next: usize,
}

/// Lets one caller at a time open the control connection to a broker, while the others wait for what comes of it: a
/// start asks about hundreds of partitions at once, and a broker would have to shake hands with each of them.
#[derive(Debug, Default)]
struct Opening {
    /// How many tries failed so far.
    failures: AtomicU64,
    /// What the last one failed with; locked while a try is under way.
    last: tokio::sync::Mutex<Option<ConnectError>>,
}

impl Known {
    fn open_control(&self, node: i32) -> Option<Connection> {
        self.control.get(&node).filter(|connection| connection.is_open()).cloned()
    }
}

impl Cluster {
    /// Contacts the cluster through its bootstrap servers and checks its id against the pinned one.
    ///
    /// The error is the most telling of all servers' errors: one that shows a wrong set-up before
    /// one that may be the network's.
    pub async fn open(settings: Arc<ClusterSettings>) -> Result<Self, ConnectError> {
        let connector = Connector::new(settings.clone()).map_err(|error| ConnectError {
            peer: Box::new(bootstrap_peer(&settings, 0)),
            phase: Phase::Tls,
            cause: error.into(),
        })?;
        let mut failure: Option<ConnectError> = None;
        for index in 0..settings.bootstrap_servers.len() {
            match bootstrap(&connector, index).await {
                Ok((connection, answer)) => return Self::from_bootstrap(connector, &connection, answer),
                Err(error) => {
                    let telling = error.cause.remedy() == Remedy::Fatal;
                    if failure.is_none() || telling {
                        failure = Some(error);
                    }
                }
            }
        }
        Err(failure.expect("a configuration names at least one bootstrap server"))
    }

    fn from_bootstrap(
        connector: Connector,
        connection: &Connection,
        answer: Metadata,
    ) -> Result<Self, ConnectError> {
        let id = answer.cluster_id.clone().unwrap_or_else(|| ClusterId::from(""));
        if let Some(pinned) = &connector.settings().cluster_id
            && *pinned != id
        {
            return Err(ConnectError {
                peer: Box::new(connection.peer().clone()),
                phase: Phase::Api,
                cause: ConnectCause::ClusterId { pinned: pinned.to_string(), actual: id.to_string() },
            });
        }
        let cluster = Self { inner: Arc::new(Inner { connector, id, known: Mutex::new(Known::default()) }) };
        cluster.learn(&answer, connection.peer());
        Ok(cluster)
    }

    /// Returns the name in the configuration.
    pub fn alias(&self) -> &ClusterAlias {
        &self.inner.connector.settings().alias
    }

    /// Returns what is configured for the cluster.
    pub fn settings(&self) -> &ClusterSettings {
        self.inner.connector.settings()
    }

    /// Returns what logs in to the cluster, for clients with connections of their own.
    pub fn credentials(&self) -> Option<&Arc<Credentials>> {
        self.inner.connector.credentials()
    }

    /// Says that librdkafka cannot be set up for the cluster.
    pub fn refused_by_librdkafka(&self, error: rdkafka::error::KafkaError) -> ConnectError {
        let peer = Box::new(bootstrap_peer(self.settings(), 0));
        ConnectError { peer, phase: Phase::Tls, cause: ConnectCause::Librdkafka(error) }
    }

    /// Returns the longest wait for a response.
    pub fn request_timeout(&self) -> Duration {
        self.inner.connector.settings().request_timeout
    }

    /// Returns the cluster's own id.
    pub fn id(&self) -> &ClusterId {
        &self.inner.id
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.inner.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn learn(&self, answer: &Metadata, by: &Peer) {
        let mut known = self.known();
        known.controller = answer.controller;
        known.brokers = answer
            .brokers
            .iter()
            .map(|(node, (host, port))| {
                let origin = PeerOrigin::Advertised { by: by.address() };
                let peer = Peer {
                    cluster: self.alias().clone(),
                    node: Some(*node),
                    host: host.clone(),
                    port: *port,
                    origin,
                };
                (*node, peer)
            })
            .collect();
        let Known { control, opening, brokers, .. } = &mut *known;
        control.retain(|node, connection| brokers.contains_key(node) && connection.is_open());
        opening.retain(|node, _| brokers.contains_key(node));
    }

    /// Returns the brokers as they are advertised.
    pub fn brokers(&self) -> Vec<Peer> {
        self.known().brokers.values().cloned().collect()
    }

    /// Returns what opens connections to this cluster.
    pub fn connector(&self) -> &Connector {
        &self.inner.connector
    }

    /// Lists the ids of the brokers, as the last answer told them.
    pub fn nodes(&self) -> Vec<i32> {
        self.known().brokers.keys().copied().collect()
    }

    /// Opens a fresh connection to a broker, for data.
    pub async fn connect(&self, node: i32) -> Result<Connection, ConnectError> {
        let peer = self.known().brokers.get(&node).cloned();
        let peer = match peer {
            Some(peer) => peer,
            // The broker left between two answers: metadata will say who leads now.
            None => {
                let gone = bootstrap_peer(self.inner.connector.settings(), 0);
                return Err(ConnectError {
                    peer: Box::new(Peer { node: Some(node), ..gone }),
                    phase: Phase::Api,
                    cause: RequestCause::Code { code: ResponseError::BrokerNotAvailable, message: None }
                        .into(),
                });
            }
        };
        self.inner.connector.connect(peer).await
    }

    /// Returns the control connection to a broker, opening it where there is none. Those who ask while it is being
    /// opened share what comes of it.
    pub async fn control(&self, node: i32) -> Result<Connection, ConnectError> {
        let opening = {
            let mut known = self.known();
            if let Some(connection) = known.open_control(node) {
                return Ok(connection);
            }
            known.opening.entry(node).or_default().clone()
        };
        let failures = opening.failures.load(Ordering::Relaxed);
        let mut last = opening.last.lock().await;
        if let Some(connection) = self.known().open_control(node) {
            return Ok(connection);
        }
        // Somebody tried while this one waited, and each in turn would only wait as long again.
        if let Some(error) = last.as_ref().filter(|_| opening.failures.load(Ordering::Relaxed) != failures) {
            return Err(error.clone());
        }
        match self.connect(node).await {
            Ok(connection) => {
                self.known().control.insert(node, connection.clone());
                Ok(connection)
            }
            Err(error) => {
                *last = Some(error.clone());
                opening.failures.fetch_add(1, Ordering::Relaxed);
                Err(error)
            }
        }
    }

    /// Returns a control connection to any broker: one that is open, else each broker in turn, else
    /// the bootstrap servers.
    pub async fn any(&self) -> Result<Connection, ConnectError> {
        let (open, nodes) = {
            let mut known = self.known();
            let open = known.control.values().find(|c| c.is_open()).cloned();
            let mut nodes: Vec<i32> = known.brokers.keys().copied().collect();
            if !nodes.is_empty() {
                let turn = known.next % nodes.len();
                nodes.rotate_left(turn);
                known.next = known.next.wrapping_add(1);
            }
            (open, nodes)
        };
        if let Some(connection) = open {
            return Ok(connection);
        }
        let mut failure = None;
        for node in nodes {
            match self.control(node).await {
                Ok(connection) => return Ok(connection),
                Err(error) => failure = Some(error),
            }
        }
        for index in 0..self.inner.connector.settings().bootstrap_servers.len() {
            match bootstrap(&self.inner.connector, index).await {
                Ok((connection, answer)) => {
                    self.learn(&answer, connection.peer());
                    return Ok(connection);
                }
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        Err(failure.expect("a configuration names at least one bootstrap server"))
    }

    /// Asks for metadata of the named topics, or of all topics with `None`; one try.
    pub async fn metadata(&self, topics: Option<&[TopicName]>) -> Result<Metadata, KafkaError> {
        let connection = self.any().await?;
        let answer = connection.call(&metadata::request(topics)).await?;
        // From version 13 on an answer can be refused as a whole; it must not pass for one without topics.
        if let Some(code) = answer.error_code.err() {
            let cause = RequestCause::Code { code, message: None };
            return Err(request_error::<MetadataRequest>(&connection, cause).into());
        }
        let answer = Metadata::from(answer);
        self.learn(&answer, connection.peer());
        Ok(answer)
    }

    /// Returns a connection to the broker that takes administrative requests.
    pub async fn controller(&self) -> Result<Connection, ConnectError> {
        let controller = self.known().controller;
        match controller {
            Some(node) => self.control(node).await,
            None => self.any().await,
        }
    }

    /// Sends a request to the broker that takes administrative requests; one try.
    pub async fn call_controller<R: Request>(&self, request: &R) -> Result<R::Response, KafkaError> {
        Ok(self.controller().await?.call(request).await?)
    }

    /// Sends a request to a given broker; one try.
    pub async fn call_node<R: Request>(&self, node: i32, request: &R) -> Result<R::Response, KafkaError> {
        Ok(self.control(node).await?.call(request).await?)
    }

    /// Finds the coordinator of a group or transactional id; one try.
    pub async fn coordinator(&self, kind: CoordinatorKind, key: &str) -> Result<i32, KafkaError> {
        let connection = self.any().await?;
        let version = connection
            .version_of::<FindCoordinatorRequest>()
            .map_err(|cause| request_error::<FindCoordinatorRequest>(&connection, cause))?;
        let key = StrBytes::from_string(key.to_owned());
        let request = FindCoordinatorRequest::default().with_key_type(kind as i8);
        // From version 4 one request asks for several keys (KIP-699).
        let request =
            if version >= 4 { request.with_coordinator_keys(vec![key]) } else { request.with_key(key) };
        let answer = connection.call_version(&request, version).await?;
        let (node, code, message) = match answer.coordinators.into_iter().next() {
            Some(found) => (found.node_id.0, found.error_code, found.error_message),
            None => (answer.node_id.0, answer.error_code, answer.error_message),
        };
        match code.err() {
            None => Ok(node),
            Some(code) => {
                let message = message.map(|m| m.to_string()).filter(|m| !m.is_empty());
                let cause = RequestCause::Code { code, message };
                Err(request_error::<FindCoordinatorRequest>(&connection, cause).into())
            }
        }
    }

    /// Repeats `attempt` with growing pauses while what failed may pass, until `patience` is used
    /// up; returns the last failure then.
    pub async fn retrying<T, F>(
        &self,
        patience: Duration,
        mut attempt: impl FnMut() -> F,
    ) -> Result<T, KafkaError>
    where
        F: Future<Output = Result<T, KafkaError>>,
    {
        let deadline = Instant::now() + patience;
        let mut backoff = Backoff::waited_for();
        loop {
            let error = match attempt().await {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            let pause = backoff.next_pause();
            if error.remedy() == Remedy::Fatal || Instant::now() + pause >= deadline {
                return Err(error);
            }
            tracing::debug!(cluster = %self.alias(), %error, "retrying");
            if error.remedy() == Remedy::Refresh {
                // Who leads may have changed; if this fails as well, the attempt tells why.
                let _ = self.metadata(Some(&[])).await;
            }
            tokio::time::sleep(pause).await;
        }
    }
}

/// Makes the error of a request from its cause.
pub fn request_error<R: Request>(connection: &Connection, cause: RequestCause) -> RequestError {
    RequestError {
        peer: Box::new(connection.peer().clone()),
        api: kafka_protocol::messages::ApiKey::try_from(R::KEY)
            .expect("every request type of the codec has a known key"),
        cause,
    }
}

/// Names the listener of one of a cluster's bootstrap servers.
pub fn bootstrap_peer(settings: &ClusterSettings, index: usize) -> Peer {
    let server = &settings.bootstrap_servers[index];
    Peer {
        cluster: settings.alias.clone(),
        node: None,
        host: server.host.clone(),
        port: server.port,
        origin: PeerOrigin::Bootstrap { line: server.line },
    }
}

async fn bootstrap(connector: &Connector, index: usize) -> Result<(Connection, Metadata), ConnectError> {
    let settings = connector.settings();
    let connection = connector.connect(bootstrap_peer(settings, index)).await?;
    let answer = connection.call::<MetadataRequest>(&metadata::request(Some(&[]))).await;
    match answer {
        Ok(answer) => Ok((connection, answer.into())),
        Err(error) => {
            // A listener with SASL answers ApiVersions and closes on anything else.
            let cause = match error.cause {
                RequestCause::Disconnected { .. } if settings.sasl.is_none() => ConnectCause::ExpectsSasl,
                cause => cause.into(),
            };
            Err(ConnectError { peer: error.peer, phase: Phase::Api, cause })
        }
    }
}
