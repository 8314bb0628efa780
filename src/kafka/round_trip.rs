//! How far away a broker is: the shortest of several small questions on a connection that carries no
//! data. Answers to large requests tell how busy a broker is, not how far, and the first ones of a cold
//! broker tell nothing at all.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use kafka_protocol::messages::ApiVersionsRequest;

use super::cluster::Cluster;
use super::connection::Connection;
use super::error::RequestError;

/// Questions before the shortest of their answers counts.
const SAMPLES_MIN: u32 = 6;
/// A way this long is believed sooner: no broker is so busy twice in a row.
const LONG: Duration = Duration::from_millis(40);
/// Questions before that.
const SAMPLES_MIN_LONG: u32 = 2;
/// The version of the question: the first, which every broker speaks and in which clients need no name.
const VERSION: i16 = 0;
/// Pause after the first question; it doubles with each that is answered.
const PAUSE_FIRST: Duration = Duration::from_millis(10);
/// Pause between later ones, and after one without an answer.
const PAUSE: Duration = Duration::from_secs(30);

/// Holds the shortest way to a broker and back that was seen.
#[derive(Debug)]
pub struct RoundTrip {
    shortest_us: AtomicU64,
    samples: AtomicU32,
}

impl Default for RoundTrip {
    fn default() -> Self {
        Self { shortest_us: AtomicU64::new(u64::MAX), samples: AtomicU32::new(0) }
    }
}

impl RoundTrip {
    /// Returns the round trip once it is known.
    pub fn get(&self) -> Option<Duration> {
        let samples = self.samples.load(Ordering::Relaxed);
        let shortest = Duration::from_micros(self.shortest_us.load(Ordering::Relaxed));
        let is_known = samples >= SAMPLES_MIN || (samples >= SAMPLES_MIN_LONG && shortest >= LONG);
        is_known.then_some(shortest)
    }

    fn note(&self, elapsed: Duration) {
        let us = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
        self.shortest_us.fetch_min(us, Ordering::Relaxed);
        self.samples.fetch_add(1, Ordering::Relaxed);
    }
}

/// Watches a broker's distance for as long as this is held.
#[derive(Debug)]
pub struct Watch {
    round_trip: Arc<RoundTrip>,
    task: tokio::task::JoinHandle<()>,
}

impl Watch {
    /// Begins to watch a broker.
    pub fn start(cluster: Cluster, node: i32) -> Self {
        let round_trip = Arc::new(RoundTrip::default());
        let task = tokio::spawn(ask(cluster, node, round_trip.clone()));
        Self { round_trip, task }
    }

    /// Returns the round trip once it is known.
    pub fn round_trip(&self) -> Option<Duration> {
        self.round_trip.get()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Asks what a broker answers at once, at any age and with any rights; what it says does not matter.
async fn question(connection: &Connection) -> Result<(), RequestError> {
    connection.send(&ApiVersionsRequest::default(), VERSION, None).await?.arrived().await
}

async fn ask(cluster: Cluster, node: i32, round_trip: Arc<RoundTrip>) {
    let mut pause = PAUSE_FIRST;
    loop {
        // Who uses the connection for more finds out what is wrong with it.
        let is_answered = match cluster.control(node).await {
            Ok(connection) => {
                let asked = Instant::now();
                let is_answered = question(&connection).await.is_ok();
                if is_answered {
                    round_trip.note(asked.elapsed());
                }
                is_answered
            }
            Err(_) => false,
        };
        tokio::time::sleep(if is_answered { pause } else { PAUSE }).await;
        pause = PAUSE.min(pause * 2);
    }
}
