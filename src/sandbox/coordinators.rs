//! Which broker coordinates what, and what the coordinators' time brings.

use std::collections::BTreeMap;
use std::time::Duration;

use kafka_protocol::error::ResponseError;
use tokio::time::Instant;

use super::brokers::Brokers;
use super::cluster::Cluster;
use super::configs::Configs;
use super::groups::{self, Groups, offsets_partition};
use super::log::Marker;
use super::state::State;
use super::transactions::{self, Markers, OFFSETS_TOPIC, Transactions};

/// The first producer id a cluster gives out.
const FIRST_PRODUCER_ID: i64 = 1_000;

/// What is coordinated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Consumer groups.
    Group,
    /// Transactional ids.
    Transaction,
}

/// How far a coordinator is, where it has to be found and to load first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Loading {
    /// Somebody asked who it is.
    Found,
    /// It answered once that it loads.
    Loaded,
}

/// Holds the group and the transaction coordinator of a cluster.
#[derive(Debug)]
pub struct Coordinators {
    /// Consumer groups.
    pub groups: Groups,
    /// Transactional ids.
    pub transactions: Transactions,
    /// By how many brokers coordinators have been moved on.
    moved: BTreeMap<Kind, usize>,
    /// Where a coordinator has to be found before it answers, and is loading at first: how far each is.
    loading: Option<BTreeMap<(Kind, i32), Loading>>,
    /// When the cluster was made, on the clock of waits and on that of logs.
    born: (Instant, i64),
}

impl Coordinators {
    /// Makes coordinators that know nobody, with the brokers' settings.
    pub fn new(configs: &Configs, born: (Instant, i64)) -> Self {
        let int = |name: &str| i32::try_from(configs.broker_number(name)).unwrap_or(i32::MAX);
        let groups = groups::Settings {
            initial_rebalance_delay_ms: configs.broker_number("group.initial.rebalance.delay.ms"),
            session_timeout_ms_min: int("group.min.session.timeout.ms"),
            session_timeout_ms_max: int("group.max.session.timeout.ms"),
            ..groups::Settings::default()
        };
        let transactions = transactions::Settings {
            timeout_ms_max: int("transaction.max.timeout.ms"),
            id_expiration_ms: configs.broker_number("transactional.id.expiration.ms"),
            ..transactions::Settings::default()
        };
        Self {
            groups: Groups::new(groups, u64::try_from(born.1).unwrap_or(0)),
            transactions: Transactions::new(transactions, FIRST_PRODUCER_ID),
            moved: BTreeMap::new(),
            loading: None,
            born,
        }
    }

    /// Lets every coordinator answer `NOT_COORDINATOR` until somebody asked for it, and
    /// `COORDINATOR_LOAD_IN_PROGRESS` to the first request after that.
    fn have_to_be_found(&mut self) {
        self.loading = Some(BTreeMap::new());
    }

    /// Moves all coordinators of a kind to the next broker.
    pub fn move_on(&mut self, kind: Kind) {
        *self.moved.entry(kind).or_default() += 1;
        if let Some(loading) = &mut self.loading {
            loading.retain(|(of, _), _| *of != kind);
        }
    }

    /// Returns the broker that coordinates a key, and notes that somebody asked.
    pub fn find(&mut self, kind: Kind, key: &str, brokers: &Brokers) -> Option<i32> {
        if let Some(loading) = &mut self.loading {
            loading.entry((kind, offsets_partition(key))).or_insert(Loading::Found);
        }
        self.place(kind, key, brokers)
    }

    fn place(&self, kind: Kind, key: &str, brokers: &Brokers) -> Option<i32> {
        let partition = usize::try_from(offsets_partition(key)).unwrap_or(0);
        let first = partition + self.moved.get(&kind).copied().unwrap_or(0);
        let all = brokers.all();
        let turn = (0..all.len()).map(|step| &all[(first + step) % all.len()]);
        turn.filter(|broker| broker.is_up).map(|broker| broker.id).next()
    }

    /// Checks that a broker coordinates a key and is ready to.
    pub fn check(
        &mut self,
        kind: Kind,
        key: &str,
        broker: i32,
        brokers: &Brokers,
    ) -> Result<(), ResponseError> {
        if self.place(kind, key, brokers) != Some(broker) {
            return Err(ResponseError::NotCoordinator);
        }
        let Some(loading) = &mut self.loading else { return Ok(()) };
        match loading.get_mut(&(kind, offsets_partition(key))) {
            None => Err(ResponseError::NotCoordinator),
            Some(Loading::Loaded) => Ok(()),
            Some(stage) => {
                *stage = Loading::Loaded;
                Err(ResponseError::CoordinatorLoadInProgress)
            }
        }
    }

    /// Returns the time that sessions and transactions run on: that of waits, as the logs write it.
    pub fn millis(&self, now: Instant) -> i64 {
        let (since, began_ms) = self.born;
        let passed = now.saturating_duration_since(since).as_millis();
        began_ms.saturating_add(i64::try_from(passed).unwrap_or(i64::MAX))
    }

    /// Returns when something is due.
    pub fn next_deadline(&self) -> Option<Instant> {
        let due = [self.groups.next_deadline(), self.transactions.next_deadline()];
        let due_ms = due.into_iter().flatten().min()?;
        let (since, began_ms) = self.born;
        let wait_ms = u64::try_from(due_ms.saturating_sub(began_ms)).unwrap_or(0);
        Some(since + Duration::from_millis(wait_ms))
    }
}

/// What can be done to coordinators from outside the protocol.
impl Cluster {
    /// Lets every coordinator answer `NOT_COORDINATOR` until somebody asked for it, and
    /// `COORDINATOR_LOAD_IN_PROGRESS` to the first request after that, as brokers do that just started.
    pub fn unload_coordinators(&self) {
        self.shared().change(|state| state.coordinators.have_to_be_found());
    }

    /// Moves all coordinators of a kind to the next broker.
    pub fn move_coordinators(&self, kind: Kind) {
        self.shared().change(|state| state.coordinators.move_on(kind));
    }

    /// Lets the markers of transactions take a while to be written; until then the next one is told
    /// `CONCURRENT_TRANSACTIONS`.
    pub fn delay_markers(&self, by: Duration) {
        let delay_ms = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.shared().change(|state| state.coordinators.transactions.delay_markers(delay_ms));
    }
}

impl State {
    /// Checks that a broker coordinates a group.
    pub fn coordinates_group(&mut self, broker: i32, group: &str) -> Result<(), ResponseError> {
        self.coordinators.check(Kind::Group, group, broker, &self.brokers)
    }

    /// Checks that a broker coordinates a transactional id.
    pub fn coordinates_transaction(&mut self, broker: i32, id: &str) -> Result<(), ResponseError> {
        self.coordinators.check(Kind::Transaction, id, broker, &self.brokers)
    }

    /// Says whether the cluster has a partition.
    pub fn has_partition(&self, topic: &str, partition: i32) -> bool {
        self.topics.has(topic, partition)
    }

    /// Does what the coordinators have to do by now, and writes the markers that are due.
    pub fn settle(&mut self, now: Instant) {
        let now_ms = self.coordinators.millis(now);
        self.coordinators.groups.tick(now_ms);
        self.coordinators.transactions.tick(now_ms);
        for markers in self.coordinators.transactions.due(now_ms) {
            self.write(&markers);
        }
    }

    fn write(&mut self, markers: &Markers) {
        let now_ms = self.clock.now_ms();
        let marker = Marker {
            producer_id: markers.producer.id,
            producer_epoch: markers.producer.epoch,
            coordinator_epoch: 0,
            commit: markers.commit,
        };
        for (topic, partition) in markers.partitions.iter().filter(|(topic, _)| topic != OFFSETS_TOPIC) {
            let found = self.topics.get_mut(topic).and_then(|topic| topic.partition_mut(*partition));
            let Some(partition) = found else { continue };
            let leader_epoch = partition.leader_epoch;
            if let Err(error) = partition.log.append_marker(marker, leader_epoch, now_ms) {
                tracing::debug!(%topic, ?marker, %error, "a marker has nothing to end");
            }
        }
        let offsets = markers.offsets_partitions();
        self.coordinators.groups.complete_transaction(markers.producer.id, markers.commit, &offsets);
    }
}
