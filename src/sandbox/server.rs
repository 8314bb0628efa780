//! The network side of a sandbox broker: connections, frames, and answers in order.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::ApiKey;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::answer::Client;
use super::dispatch::{Call, Read, Reply, read, with_length};
use super::handling::answer;
use super::listeners::Listeners;
use super::sasl::Login;
use super::state::State;

/// The largest request, in bytes (`socket.request.max.bytes`).
const REQUEST_BYTES_MAX: usize = 100 << 20;

/// Holds a cluster's state, and tells those who wait that it changed.
#[derive(Debug)]
pub struct Shared {
    state: Mutex<State>,
    changes: watch::Sender<u64>,
    connections: AtomicU64,
    /// The brokers' ports.
    pub listeners: Listeners,
}

impl Shared {
    /// Wraps a cluster's state.
    pub fn new(state: State, listeners: Listeners) -> Self {
        Self {
            state: Mutex::new(state),
            changes: watch::Sender::new(0),
            connections: AtomicU64::new(0),
            listeners,
        }
    }

    /// Looks at the state; never held across a wait.
    pub fn lock(&self) -> MutexGuard<'_, State> {
        // A handler that panicked left what it had done so far, as a crashed broker would.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and tells those who wait.
    pub fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let changed = change(&mut self.lock());
        self.announce();
        changed
    }

    /// Tells of changes from now on.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Lets those who wait look again.
    pub fn announce(&self) {
        self.changes.send_modify(|count| *count += 1);
    }
}

/// Accepts connections for one broker until it is dropped; they end with it.
pub async fn accept(listener: TcpListener, broker: i32, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // A connection that ended before it was taken is the client's affair.
                let Ok((stream, peer)) = accepted else { continue };
                connections.spawn(serve(stream, peer, broker, shared.clone()));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Does what the coordinators have to do when its time comes: sessions end, transactions are aborted.
pub async fn keep_time(shared: Arc<Shared>) {
    let mut seen = shared.changes.subscribe();
    loop {
        seen.mark_unchanged();
        let deadline = shared.lock().coordinators.next_deadline();
        let wait = async {
            match deadline {
                Some(deadline) => tokio::time::sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = wait => shared.change(|state| state.settle(tokio::time::Instant::now())),
            // The sender lives as long as the cluster.
            _ = seen.changed() => {}
        }
    }
}

async fn serve(mut stream: TcpStream, peer: SocketAddr, broker: i32, shared: Arc<Shared>) {
    // Answers are small and awaited; a failure here costs only time.
    let _ = stream.set_nodelay(true);
    let mut client = Client {
        connection: shared.connections.fetch_add(1, Ordering::Relaxed),
        client_id: None,
        host: peer.ip().to_string(),
        principal: "User:ANONYMOUS".to_owned(),
        login: Login::default(),
        is_known: false,
        is_refused: false,
    };
    let mut received = BytesMut::new();
    while let Some(frame) = next_frame(&mut stream, &mut received).await {
        let reply = match read(frame) {
            Ok(Read::Versions(told)) => Reply::Frame(told),
            Ok(Read::Call(call)) if !may_ask(&call, &client, &shared) => {
                tracing::debug!(broker, %peer, api = ?call.api, "a request before the login");
                return;
            }
            Ok(Read::Call(call)) => answer(call, broker, &mut client, &shared).await,
            Err(error) => {
                tracing::debug!(broker, %peer, %error, "closing the connection");
                return;
            }
        };
        match reply {
            Reply::Frame(frame) => {
                if stream.write_all(&with_length(&frame)).await.is_err() || client.is_refused {
                    return;
                }
            }
            Reply::Cut(frame) => {
                // The client is told of more than it gets, and the connection ends either way.
                let framed = with_length(&frame);
                let _ = stream.write_all(&framed[..framed.len() / 2]).await;
                return;
            }
            Reply::Silent => {}
            Reply::Close | Reply::Later(_) => return,
        }
    }
}

/// Says whether a client may ask this: where logins are needed, only what leads to one before it.
fn may_ask(call: &Call, client: &Client, shared: &Shared) -> bool {
    let logs_in = [ApiKey::ApiVersions, ApiKey::SaslHandshake, ApiKey::SaslAuthenticate];
    client.is_known || logs_in.contains(&call.api) || !shared.lock().users.are_needed()
}

/// Reads the next request; `None` when the client is gone or sends what is no frame.
async fn next_frame(stream: &mut TcpStream, received: &mut BytesMut) -> Option<Bytes> {
    loop {
        if let Some(length) = received.first_chunk::<4>() {
            let length = usize::try_from(i32::from_be_bytes(*length)).ok()?;
            if length > REQUEST_BYTES_MAX {
                return None;
            }
            if received.len() >= 4 + length {
                let frame = received.split_to(4 + length).freeze();
                return Some(frame.slice(4..));
            }
        }
        if stream.read_buf(received).await.ok()? == 0 {
            return None;
        }
    }
}
