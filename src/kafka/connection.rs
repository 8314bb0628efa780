//! One connection to one broker: requests go out as they come, answers come back in order.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::messages::{ApiKey, ApiVersionsResponse};
use kafka_protocol::protocol::{Request, StrBytes, VersionRange};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::{RwLock, mpsc, oneshot};
use tokio::task::JoinHandle;

use super::buffers::Reservation;
use super::error::{RequestCause, RequestError};
use super::frame::{FRAME_BYTES_MAX, FrameReader, Segments, decode_response, encode_body, encode_prefix};
use super::peer::Peer;

/// Requests that may wait for the writer; more than this and the caller waits.
const SEND_QUEUE_REQUESTS_MAX: usize = 64;

/// The readable half of a transport.
pub type ReadHalf = Box<dyn AsyncRead + Send + Unpin>;
/// The writable half of a transport.
pub type WriteHalf = Box<dyn AsyncWrite + Send + Unpin>;

/// Talks to one broker; cheap to clone, closed when the last clone is dropped.
#[derive(Clone, Debug)]
pub struct Connection {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    peer: Peer,
    client_id: StrBytes,
    request_timeout: Duration,
    versions: OnceLock<HashMap<i16, VersionRange>>,
    correlation: AtomicI32,
    sender: mpsc::Sender<Outgoing>,
    shared: Arc<Shared>,
    /// Requests hold it shared; a re-authentication holds it alone, because a broker takes nothing
    /// else between SaslHandshake and the last SaslAuthenticate (KIP-368).
    gate: RwLock<()>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

/// Holds what reader and writer share.
#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Waiting>,
    broken: Option<RequestCause>,
}

#[derive(Debug)]
struct Waiting {
    correlation: i32,
    reservation: Option<Reservation>,
    reply: oneshot::Sender<Result<Bytes, RequestCause>>,
}

#[derive(Debug)]
struct Outgoing {
    segments: Segments,
    waiting: Waiting,
}

/// Stands for an answer that is on its way.
#[derive(Debug)]
pub struct PendingAnswer {
    api: ApiKey,
    version: i16,
    timeout: Duration,
    connection: Connection,
    reply: oneshot::Receiver<Result<Bytes, RequestCause>>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the connection: everything that waits, and everything that comes, gets `cause`.
    fn fail(&self, cause: RequestCause) {
        let waiting = {
            let mut state = self.lock();
            state.broken.get_or_insert(cause.clone());
            std::mem::take(&mut state.waiting)
        };
        for entry in waiting {
            // A caller that stopped waiting needs no answer.
            let _ = entry.reply.send(Err(cause.clone()));
        }
    }
}

impl Connection {
    /// Starts the reader and the writer of an open transport.
    pub fn start(
        peer: Peer,
        client_id: &str,
        request_timeout: Duration,
        (read, write): (ReadHalf, WriteHalf),
    ) -> Self {
        let (sender, receiver) = mpsc::channel(SEND_QUEUE_REQUESTS_MAX);
        let shared = Arc::new(Shared::default());
        let tasks = vec![
            tokio::spawn(write_requests(write, receiver, shared.clone())),
            tokio::spawn(read_answers(read, shared.clone())),
        ];
        let inner = Inner {
            peer,
            client_id: StrBytes::from_string(client_id.to_owned()),
            request_timeout,
            versions: OnceLock::new(),
            correlation: AtomicI32::new(0),
            sender,
            shared,
            gate: RwLock::new(()),
            tasks: Mutex::new(tasks),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Returns the broker.
    pub fn peer(&self) -> &Peer {
        &self.inner.peer
    }

    /// Says whether the connection can still be used.
    pub fn is_open(&self) -> bool {
        self.inner.shared.lock().broken.is_none()
    }

    /// Remembers what the broker speaks; called once, when opening.
    pub(super) fn set_opened(&self, versions: &ApiVersionsResponse) {
        let table = versions
            .api_keys
            .iter()
            .map(|v| (v.api_key, VersionRange { min: v.min_version, max: v.max_version }))
            .collect();
        // Opening happens once; a second call would change nothing that is in use.
        let _ = self.inner.versions.set(table);
    }

    /// Lets a background task end with the connection.
    pub(super) fn adopt(&self, task: JoinHandle<()>) {
        self.inner.tasks.lock().unwrap_or_else(PoisonError::into_inner).push(task);
    }

    /// Returns a handle that does not keep the connection open.
    pub(super) fn downgrade(&self) -> WeakConnection {
        WeakConnection(Arc::downgrade(&self.inner))
    }

    /// Returns the version both sides speak, the newest there is.
    pub fn version_of<R: Request>(&self) -> Result<i16, RequestCause> {
        let Some(table) = self.inner.versions.get() else { return Ok(R::VERSIONS.max) };
        let broker = table.get(&R::KEY).ok_or(RequestCause::Unsupported)?;
        let common = broker.intersect(&R::VERSIONS);
        if common.is_empty() {
            return Err(RequestCause::NoCommonVersion {
                broker_min: broker.min,
                broker_max: broker.max,
                our_min: R::VERSIONS.min,
                our_max: R::VERSIONS.max,
            });
        }
        Ok(common.max)
    }

    /// Sends a request and waits for its answer.
    pub async fn call<R: Request>(&self, request: &R) -> Result<R::Response, RequestError> {
        let version = self.version_of::<R>().map_err(|cause| self.error::<R>(cause))?;
        self.call_version(request, version).await
    }

    /// Sends a request in a given version and waits for its answer.
    pub async fn call_version<R: Request>(
        &self,
        request: &R,
        version: i16,
    ) -> Result<R::Response, RequestError> {
        let pending = self.send(request, version, None).await?;
        pending.decode::<R>().await
    }

    /// Sends a request; the answer may be waited for later. `reservation` is memory for the answer.
    pub async fn send<R: Request>(
        &self,
        request: &R,
        version: i16,
        reservation: Option<Reservation>,
    ) -> Result<PendingAnswer, RequestError> {
        let body = encode_body(request, version).map_err(|cause| self.error::<R>(cause))?;
        let mut segments = Segments::default();
        segments.push(body);
        self.send_segments::<R>(segments, version, reservation).await
    }

    /// Sends a body that is already encoded, in pieces.
    pub async fn send_segments<R: Request>(
        &self,
        body: Segments,
        version: i16,
        reservation: Option<Reservation>,
    ) -> Result<PendingAnswer, RequestError> {
        let _passage = self.inner.gate.read().await;
        self.send_ungated::<R>(body, version, reservation).await
    }

    /// Calls without passing the gate; only the login may.
    pub(super) async fn call_ungated<R: Request>(
        &self,
        request: &R,
        version: i16,
    ) -> Result<R::Response, RequestError> {
        let body = encode_body(request, version).map_err(|cause| self.error::<R>(cause))?;
        let mut segments = Segments::default();
        segments.push(body);
        self.send_ungated::<R>(segments, version, None).await?.decode::<R>().await
    }

    /// Keeps all other requests away until the guard is dropped.
    pub(super) async fn hold_gate(&self) -> tokio::sync::RwLockWriteGuard<'_, ()> {
        self.inner.gate.write().await
    }

    async fn send_ungated<R: Request>(
        &self,
        mut body: Segments,
        version: i16,
        reservation: Option<Reservation>,
    ) -> Result<PendingAnswer, RequestError> {
        let api = api_key::<R>();
        let correlation = self.inner.correlation.fetch_add(1, Ordering::Relaxed) & i32::MAX;
        let header_version = R::header_version(version);
        let length = bytes::Buf::remaining(&body);
        tracing::trace!(peer = %self.inner.peer, ?api, version, correlation, bytes = length, "request");
        let prefix = encode_prefix(api, version, header_version, correlation, &self.inner.client_id, length)
            .map_err(|cause| self.error::<R>(cause))?;
        body.push_front(prefix.freeze());
        let (reply, receiver) = oneshot::channel();
        let waiting = Waiting { correlation, reservation, reply };
        if self.inner.sender.send(Outgoing { segments: body, waiting }).await.is_err() {
            let broken = self.inner.shared.lock().broken.clone();
            return Err(self.error::<R>(broken.unwrap_or(RequestCause::Disconnected { error: None })));
        }
        Ok(PendingAnswer {
            api,
            version,
            timeout: self.inner.request_timeout,
            connection: self.clone(),
            reply: receiver,
        })
    }

    /// Ends the connection; what waits gets `cause`.
    pub fn close(&self, cause: RequestCause) {
        self.inner.shared.fail(cause);
        for task in self.inner.tasks.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            task.abort();
        }
    }

    fn error<R: Request>(&self, cause: RequestCause) -> RequestError {
        RequestError { peer: Box::new(self.inner.peer.clone()), api: api_key::<R>(), cause }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        for task in self.tasks.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            task.abort();
        }
    }
}

/// Refers to a connection without keeping it open.
#[derive(Clone, Debug)]
pub(super) struct WeakConnection(std::sync::Weak<Inner>);

impl WeakConnection {
    pub(super) fn upgrade(&self) -> Option<Connection> {
        self.0.upgrade().map(|inner| Connection { inner })
    }
}

impl PendingAnswer {
    /// Allows the answer more time than the connection's request timeout, for requests that wait
    /// at the broker.
    pub fn with_extra_time(mut self, extra: Duration) -> Self {
        self.timeout += extra;
        self
    }

    /// Waits for the answer and decodes it. A connection that does not answer in time is closed:
    /// answers come in order, so everything behind would be late as well.
    pub async fn decode<R: Request>(mut self) -> Result<R::Response, RequestError> {
        let frame = self.frame().await?;
        decode_response::<R>(frame, self.version).map_err(|cause| self.error(cause))
    }

    /// Waits for the answer and does not look into it.
    pub async fn arrived(mut self) -> Result<(), RequestError> {
        self.frame().await.map(drop)
    }

    async fn frame(&mut self) -> Result<Bytes, RequestError> {
        match tokio::time::timeout(self.timeout, &mut self.reply).await {
            Ok(Ok(Ok(frame))) => Ok(frame),
            Ok(Ok(Err(cause))) => Err(self.error(cause)),
            Ok(Err(_)) => Err(self.error(RequestCause::Disconnected { error: None })),
            Err(_) => {
                let cause = RequestCause::Timeout(self.timeout);
                self.connection.close(cause.clone());
                Err(self.error(cause))
            }
        }
    }

    fn error(&self, cause: RequestCause) -> RequestError {
        RequestError { peer: Box::new(self.connection.inner.peer.clone()), api: self.api, cause }
    }
}

fn api_key<R: Request>() -> ApiKey {
    ApiKey::try_from(R::KEY).expect("every request type of the codec has a known key")
}

async fn write_requests(mut write: WriteHalf, mut receiver: mpsc::Receiver<Outgoing>, shared: Arc<Shared>) {
    while let Some(Outgoing { mut segments, waiting }) = receiver.recv().await {
        {
            let mut state = shared.lock();
            if let Some(cause) = state.broken.clone() {
                drop(state);
                let _ = waiting.reply.send(Err(cause));
                continue;
            }
            state.waiting.push_back(waiting);
        }
        if let Err(error) = write_one(&mut write, &mut segments).await {
            shared.fail(RequestCause::Disconnected { error: Some(Arc::new(error)) });
        }
    }
}

async fn write_one(write: &mut WriteHalf, segments: &mut Segments) -> std::io::Result<()> {
    write.write_all_buf(segments).await?;
    write.flush().await
}

async fn read_answers(read: ReadHalf, shared: Arc<Shared>) {
    let mut reader = FrameReader::new(read);
    loop {
        if let Err(cause) = read_answer(&mut reader, &shared).await {
            shared.fail(cause);
            return;
        }
    }
}

async fn read_answer(reader: &mut FrameReader<ReadHalf>, shared: &Shared) -> Result<(), RequestCause> {
    let start = reader.start(FRAME_BYTES_MAX).await?;
    let waiting = shared.lock().waiting.pop_front();
    let Some(Waiting { correlation, reservation, reply }) = waiting else {
        return Err(RequestCause::Malformed("an answer without a request".into()));
    };
    if correlation != start.correlation {
        let cause = RequestCause::Correlation { expected: correlation, found: start.correlation };
        let _ = reply.send(Err(cause.clone()));
        return Err(cause);
    }
    match reader.finish(start, reservation).await {
        Ok(frame) => {
            let _ = reply.send(Ok(frame));
            Ok(())
        }
        Err(cause) => {
            let _ = reply.send(Err(cause.clone()));
            Err(cause)
        }
    }
}
