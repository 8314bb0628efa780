//! The transaction coordinator: producer ids, epochs and who may end what, without clock or network.
//!
//! Ending a transaction decides which markers have to be written. They wait in a queue until
//! [`Transactions::due`] hands them out: whoever takes them writes them to the logs, and from then on
//! the transaction is over. In between the coordinator answers `CONCURRENT_TRANSACTIONS`, as Kafka does.

mod add;
mod end;
mod entry;
mod init;
mod list;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use kafka_protocol::ResponseError;

use entry::Entry;
pub use entry::TransactionState;

/// Milliseconds since the Unix epoch.
pub type Millis = i64;
/// A topic and a partition of it.
pub type PartitionKey = (String, i32);
/// What a check of a request says.
pub type Check = Result<(), ResponseError>;

/// The topic whose markers end the offsets that were committed in a transaction.
pub const OFFSETS_TOPIC: &str = "__consumer_offsets";
/// The topic in which brokers keep transactional ids.
pub const STATE_TOPIC: &str = "__transaction_state";
/// The epoch of a producer that has none.
pub const NO_EPOCH: i16 = -1;
/// The producer id of nobody.
pub const NO_PRODUCER_ID: i64 = -1;

/// Names a producer as requests do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Producer {
    /// Its id.
    pub id: i64,
    /// Its epoch; a newer one shuts out the older.
    pub epoch: i16,
}

/// The broker settings that transactions obey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// `transaction.max.timeout.ms`.
    pub timeout_ms_max: i32,
    /// `transactional.id.expiration.ms`: how long an id that is not used is remembered.
    pub id_expiration_ms: i64,
    /// How long markers take to be written, 0 for at once.
    pub marker_delay_ms: i64,
}

impl Default for Settings {
    /// Kafka's defaults, with markers that are written at once.
    fn default() -> Self {
        Self { timeout_ms_max: 900_000, id_expiration_ms: 7 * 24 * 3_600_000, marker_delay_ms: 0 }
    }
}

/// Markers to write: the end of one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Markers {
    /// Whose transaction ends.
    pub transactional_id: String,
    /// The producer the markers name.
    pub producer: Producer,
    /// Whether its records count.
    pub commit: bool,
    /// Where it wrote, partitions of [`OFFSETS_TOPIC`] included.
    pub partitions: BTreeSet<PartitionKey>,
}

impl Markers {
    /// Returns the partitions of the offsets topic among them.
    pub fn offsets_partitions(&self) -> Vec<i32> {
        let offsets = self.partitions.iter().filter(|(topic, _)| topic == OFFSETS_TOPIC);
        offsets.map(|(_, partition)| *partition).collect()
    }
}

/// All transactional ids of a cluster, and its producer ids.
#[derive(Debug)]
pub struct Transactions {
    settings: Settings,
    entries: BTreeMap<String, Entry>,
    next_producer_id: i64,
    waiting: Vec<(Millis, Markers)>,
}

impl Transactions {
    /// Makes a coordinator that knows nobody yet.
    pub fn new(settings: Settings, first_producer_id: i64) -> Self {
        Self { settings, entries: BTreeMap::new(), next_producer_id: first_producer_id, waiting: Vec::new() }
    }

    /// Says whether any transactional id is known: a broker keeps them in a topic, which is there then.
    pub fn knows_anybody(&self) -> bool {
        !self.entries.is_empty()
    }

    /// Gives out a producer id that nobody has.
    pub fn producer_id(&mut self) -> i64 {
        let id = self.next_producer_id;
        self.next_producer_id += 1;
        id
    }

    /// Lets markers take a while to be written from now on.
    pub fn delay_markers(&mut self, delay_ms: i64) {
        self.settings.marker_delay_ms = delay_ms;
    }

    /// Hands out the markers that are to be written now, and takes them for written.
    pub fn due(&mut self, now: Millis) -> Vec<Markers> {
        let waiting = std::mem::take(&mut self.waiting);
        let (due, waiting): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|(at, _)| *at <= now);
        self.waiting = waiting;
        for (_, markers) in &due {
            if let Some(entry) = self.entries.get_mut(&markers.transactional_id) {
                entry.complete(now);
            }
        }
        due.into_iter().map(|(_, markers)| markers).collect()
    }

    /// Does what is due: transactions that take too long are aborted, ids nobody uses forgotten.
    pub fn tick(&mut self, now: Millis) {
        let late: Vec<String> =
            self.entries.iter().filter(|(_, e)| e.is_late(now)).map(|(id, _)| id.clone()).collect();
        for id in late {
            self.fence(now, &id);
        }
        let expiration_ms = self.settings.id_expiration_ms;
        self.entries.retain(|_, entry| entry.expires(expiration_ms).is_none_or(|at| at > now));
    }

    /// Returns when something is due.
    pub fn next_deadline(&self) -> Option<Millis> {
        let entries = self.entries.values();
        let timers =
            entries.filter_map(|e| e.deadline().or_else(|| e.expires(self.settings.id_expiration_ms)));
        timers.chain(self.waiting.iter().map(|(at, _)| *at)).min()
    }

    /// Says what state a transactional id is in.
    pub fn state(&self, transactional_id: &str) -> Option<TransactionState> {
        self.entries.get(transactional_id).map(|entry| entry.state)
    }
}
