//! The group coordinator: classic consumer groups and committed offsets, without clock or network.
//!
//! Every function takes the request and the time, and changes state. Join and Sync may have to wait for
//! other members: they return a [`Ticket`], and the answer is taken with [`Groups::take`] once it is
//! there. What time brings (a member that stays away, a rebalance that ends) happens in
//! [`Groups::tick`], and [`Groups::next_deadline`] says when to call it.

mod admin;
mod commit;
mod fetch;
mod group;
mod join;
mod keys;
mod leave;
mod member;
mod rebalance;
mod subscription;
mod sync;
#[cfg(test)]
mod tests;
mod timers;

use std::collections::{BTreeMap, HashMap};

use kafka_protocol::ResponseError;
use kafka_protocol::messages::{JoinGroupResponse, SyncGroupResponse};
use kafka_protocol::protocol::StrBytes;

pub use commit::{CommitEntry, PartitionKey};
use group::Group;
pub use group::GroupState;
pub use keys::{OFFSETS_PARTITIONS, java_hash, offsets_partition};
pub use rebalance::join_refused;

/// Milliseconds since the Unix epoch.
pub type Millis = i64;

/// A Join or Sync whose answer may have to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(u64);

/// The answer to a Join or a Sync.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// To JoinGroup.
    Join(JoinGroupResponse),
    /// To SyncGroup.
    Sync(SyncGroupResponse),
}

/// Who asks: what the group remembers of a client besides the request's own fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The API version of the request.
    pub version: i16,
    /// The client id of the request's header, empty where there is none.
    pub client_id: String,
    /// The client's address as DescribeGroups shows it, `/127.0.0.1`.
    pub host: String,
}

/// The broker settings that groups obey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// `group.initial.rebalance.delay.ms`: how long an empty group waits for more members.
    pub initial_rebalance_delay_ms: i64,
    /// `group.min.session.timeout.ms`.
    pub session_timeout_ms_min: i32,
    /// `group.max.session.timeout.ms`.
    pub session_timeout_ms_max: i32,
    /// `group.max.size`.
    pub members_max: usize,
    /// `offset.metadata.max.bytes`.
    pub metadata_bytes_max: usize,
}

impl Default for Settings {
    /// Kafka's defaults, but a new group does not wait for more members, as in the properties file
    /// that Kafka ships.
    fn default() -> Self {
        Self {
            initial_rebalance_delay_ms: 0,
            session_timeout_ms_min: 6_000,
            session_timeout_ms_max: 1_800_000,
            members_max: i32::MAX as usize,
            metadata_bytes_max: 4_096,
        }
    }
}

/// Answers that are ready, by the ticket of the request that waits for them.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    ready: HashMap<Ticket, Reply>,
}

impl Outbox {
    fn join(&mut self, ticket: Ticket, response: JoinGroupResponse) {
        self.ready.insert(ticket, Reply::Join(response));
    }

    fn sync(&mut self, ticket: Ticket, response: SyncGroupResponse) {
        self.ready.insert(ticket, Reply::Sync(response));
    }
}

/// All groups of a cluster.
#[derive(Debug)]
pub struct Groups {
    settings: Settings,
    groups: BTreeMap<String, Group>,
    outbox: Outbox,
    tickets: u64,
    ids: IdSource,
}

impl Groups {
    /// Makes an empty set of groups; member ids follow from the seed.
    pub fn new(settings: Settings, seed: u64) -> Self {
        Self {
            settings,
            groups: BTreeMap::new(),
            outbox: Outbox::default(),
            tickets: 0,
            ids: IdSource { seed, made: 0 },
        }
    }

    /// Takes the answer to a Join or Sync, if it is there.
    pub fn take(&mut self, ticket: Ticket) -> Option<Reply> {
        self.outbox.ready.remove(&ticket)
    }

    /// Says how many answers were made that nobody has taken yet.
    pub fn answers_ready(&self) -> usize {
        self.outbox.ready.len()
    }

    /// Says what state a group is in, for tests and progress displays.
    pub fn state(&self, group: &str) -> Option<GroupState> {
        self.groups.get(group).map(|group| group.state)
    }

    fn ticket(&mut self) -> Ticket {
        self.tickets += 1;
        Ticket(self.tickets)
    }
}

/// Makes member ids that are unique and repeatable.
#[derive(Debug)]
pub(super) struct IdSource {
    seed: u64,
    made: u64,
}

impl IdSource {
    /// Makes a member's id: its client's or instance's name and a UUID (as Kafka does).
    fn member(&mut self, name: &str) -> String {
        self.made += 1;
        let mixed = self.seed.wrapping_add(self.made).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let id =
            uuid::Builder::from_random_bytes((u128::from(mixed) << 64 | u128::from(self.made)).to_be_bytes());
        format!("{name}-{}", id.into_uuid())
    }
}

/// Makes a protocol string.
fn text(value: &str) -> StrBytes {
    StrBytes::from_string(value.to_owned())
}

/// What a check of a request says.
type Check = Result<(), ResponseError>;
