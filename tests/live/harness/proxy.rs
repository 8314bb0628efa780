//! A TCP proxy on loopback that delays, holds, cuts and goes on; it never limits bandwidth.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use super::runtime;

const CHUNK_BYTES: usize = 128 * 1024;
/// What may be on its way in one direction: 64 MiB, enough for 100 ms at several Gbit/s.
const CHUNKS_MAX: usize = 512;

/// Says in which direction bytes travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From client to broker.
    ToBroker,
    /// From broker to client.
    ToClient,
}

struct Shared {
    delay_to_broker_micros: AtomicU64,
    delay_to_client_micros: AtomicU64,
    bytes_to_broker: AtomicU64,
    bytes_to_client: AtomicU64,
    open: watch::Sender<bool>,
    requests_flow: watch::Sender<bool>,
    answers_flow: watch::Sender<bool>,
}

impl Shared {
    fn delay(&self, direction: Direction) -> &AtomicU64 {
        match direction {
            Direction::ToBroker => &self.delay_to_broker_micros,
            Direction::ToClient => &self.delay_to_client_micros,
        }
    }

    fn bytes(&self, direction: Direction) -> &AtomicU64 {
        match direction {
            Direction::ToBroker => &self.bytes_to_broker,
            Direction::ToClient => &self.bytes_to_client,
        }
    }

    fn flow(&self, direction: Direction) -> &watch::Sender<bool> {
        match direction {
            Direction::ToBroker => &self.requests_flow,
            Direction::ToClient => &self.answers_flow,
        }
    }
}

/// Forwards connections to one broker until dropped.
pub struct Proxy {
    /// The port clients connect to.
    pub port: u16,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    /// Listens on `port` and forwards to `upstream`, both on 127.0.0.1.
    pub fn start(port: u16, upstream: u16) -> Self {
        let shared = Arc::new(Shared {
            delay_to_broker_micros: AtomicU64::new(0),
            delay_to_client_micros: AtomicU64::new(0),
            bytes_to_broker: AtomicU64::new(0),
            bytes_to_client: AtomicU64::new(0),
            open: watch::Sender::new(true),
            requests_flow: watch::Sender::new(true),
            answers_flow: watch::Sender::new(true),
        });
        let listener = runtime().block_on(TcpListener::bind(("127.0.0.1", port))).unwrap();
        let accepting = runtime().spawn(accept(listener, upstream, shared.clone()));
        Self { port, shared, accepting }
    }

    /// Delays everything that arrives from now on, in one direction.
    pub fn set_delay(&self, direction: Direction, delay: Duration) {
        let micros = u64::try_from(delay.as_micros()).expect("a delay of seconds");
        self.shared.delay(direction).store(micros, Ordering::Relaxed);
    }

    /// Splits a round trip's delay between the two directions.
    pub fn set_round_trip(&self, round_trip: Duration) {
        self.set_delay(Direction::ToBroker, round_trip / 2);
        self.set_delay(Direction::ToClient, round_trip / 2);
    }

    /// Ends every connection and ends new ones as they come.
    pub fn cut(&self) {
        self.shared.open.send_replace(false);
    }

    /// Lets nothing through any more: connections stay open and nothing comes, as behind a firewall
    /// that drops. What is sent meanwhile arrives when the proxy resumes, however late.
    pub fn hold(&self) {
        self.shared.requests_flow.send_replace(false);
        self.hold_answers();
    }

    /// Lets requests through and no answers.
    pub fn hold_answers(&self) {
        self.shared.answers_flow.send_replace(false);
    }

    /// Forwards again, what was held first.
    pub fn resume(&self) {
        self.shared.open.send_replace(true);
        self.shared.requests_flow.send_replace(true);
        self.shared.answers_flow.send_replace(true);
    }

    /// Returns how many bytes were forwarded, both directions together.
    pub fn forwarded_bytes(&self) -> u64 {
        self.requested_bytes() + self.shared.bytes_to_client.load(Ordering::Relaxed)
    }

    /// Returns how many bytes of requests were forwarded.
    pub fn requested_bytes(&self) -> u64 {
        self.shared.bytes_to_broker.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut();
    }
}

async fn accept(listener: TcpListener, upstream: u16, shared: Arc<Shared>) {
    while let Ok((client, _)) = listener.accept().await {
        if *shared.open.borrow() {
            tokio::spawn(forward(client, upstream, shared.clone()));
        }
    }
}

async fn forward(client: TcpStream, upstream: u16, shared: Arc<Shared>) {
    let mut flowing = shared.requests_flow.subscribe();
    if flowing.wait_for(|flowing| *flowing).await.is_err() {
        return;
    }
    let Ok(broker) = TcpStream::connect(("127.0.0.1", upstream)).await else { return };
    if client.set_nodelay(true).is_err() || broker.set_nodelay(true).is_err() {
        return;
    }
    let (client_read, client_write) = client.into_split();
    let (broker_read, broker_write) = broker.into_split();
    let mut open = shared.open.subscribe();
    tokio::select! {
        () = pump(client_read, broker_write, Direction::ToBroker, &shared) => {}
        () = pump(broker_read, client_write, Direction::ToClient, &shared) => {}
        _ = open.wait_for(|open| !open) => {}
    }
}

/// Moves bytes one way: one half stamps what it reads, the other writes it when its time has come.
async fn pump(mut read: OwnedReadHalf, mut write: OwnedWriteHalf, direction: Direction, shared: &Shared) {
    let (queue, mut due) = mpsc::channel::<(Instant, Vec<u8>)>(CHUNKS_MAX);
    let reading = async move {
        loop {
            let mut chunk = Vec::with_capacity(CHUNK_BYTES);
            match read.read_buf(&mut chunk).await {
                Ok(count) if count > 0 => {}
                _ => return,
            }
            let delay = Duration::from_micros(shared.delay(direction).load(Ordering::Relaxed));
            if queue.send((Instant::now() + delay, chunk)).await.is_err() {
                return;
            }
        }
    };
    let mut flowing = shared.flow(direction).subscribe();
    let writing = async move {
        while let Some((at, chunk)) = due.recv().await {
            sleep_until(at).await;
            if flowing.wait_for(|flowing| *flowing).await.is_err() {
                return;
            }
            if write.write_all(&chunk).await.is_err() {
                return;
            }
            shared.bytes(direction).fetch_add(chunk.len() as u64, Ordering::Relaxed);
        }
    };
    tokio::join!(reading, writing);
}
