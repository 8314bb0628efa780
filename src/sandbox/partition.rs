//! One partition: who leads it, who follows, and its log.
//!
//! A sandbox keeps one log per partition. Followers are names only, always in step with it.

use std::cmp::Ordering;

use kafka_protocol::error::ResponseError;

use super::brokers::Brokers;
use super::log::PartitionLog;

/// Holds one partition.
#[derive(Debug)]
pub struct Partition {
    /// Its number within the topic.
    pub index: i32,
    /// The broker that takes its requests; `None` where all replicas are down.
    pub leader: Option<i32>,
    /// Rises with every change of leader.
    pub leader_epoch: i32,
    /// Every broker that holds a copy, the preferred leader first.
    pub replicas: Vec<i32>,
    /// The replicas in step.
    pub in_sync: Vec<i32>,
    /// Its records.
    pub log: PartitionLog,
}

impl Partition {
    /// Makes an empty partition; the first replica that is up leads it.
    pub fn new(index: i32, replicas: Vec<i32>, brokers: &Brokers) -> Self {
        let in_sync: Vec<i32> = replicas.iter().copied().filter(|id| brokers.is_up(*id)).collect();
        let mut log = PartitionLog::default();
        log.begin_epoch(0);
        Self {
            index,
            leader: in_sync.first().copied(),
            leader_epoch: 0,
            in_sync: if in_sync.is_empty() { replicas.clone() } else { in_sync },
            replicas,
            log,
        }
    }

    /// Compares the leader epoch a client knows with the partition's; -1 is not compared.
    pub fn check_epoch(&self, known: i32) -> Result<(), ResponseError> {
        match known.cmp(&self.leader_epoch) {
            Ordering::Less if known >= 0 => Err(ResponseError::FencedLeaderEpoch),
            Ordering::Greater => Err(ResponseError::UnknownLeaderEpoch),
            _ => Ok(()),
        }
    }

    /// Lists the replicas that are down.
    pub fn offline(&self, brokers: &Brokers) -> Vec<i32> {
        self.replicas.iter().copied().filter(|id| !brokers.is_up(*id)).collect()
    }

    /// Makes another replica the leader; says whether it can be.
    pub fn lead_by(&mut self, broker: Option<i32>) -> bool {
        if broker.is_some_and(|broker| !self.replicas.contains(&broker)) {
            return false;
        }
        self.leader = broker;
        self.leader_epoch += 1;
        self.log.begin_epoch(self.leader_epoch);
        true
    }

    /// Returns the replica that is up and comes after the leader in turn.
    pub fn next_leader(&self, brokers: &Brokers) -> Option<i32> {
        let at = self.leader.and_then(|leader| self.replicas.iter().position(|id| *id == leader));
        let count = self.replicas.len();
        let in_turn = (1..=count).map(|step| self.replicas[(at.unwrap_or(0) + step) % count]);
        in_turn.into_iter().find(|id| brokers.is_up(*id))
    }

    /// Loses the records from an offset on to a leader that never had them.
    pub fn truncate_unclean(&mut self, from: i64) {
        self.log.truncate(from);
        self.leader_epoch += 1;
        self.log.begin_epoch(self.leader_epoch);
    }

    /// Follows brokers that went down or came up: replicas leave and join, and a partition whose
    /// leader left gets the next one in step. The last replica in step stays in the list.
    pub fn follow(&mut self, brokers: &Brokers) {
        let up: Vec<i32> = self.replicas.iter().copied().filter(|id| brokers.is_up(*id)).collect();
        let led = self.leader.is_some_and(|leader| up.contains(&leader));
        if led {
            self.in_sync = up;
            return;
        }
        let next = up.iter().copied().find(|id| self.in_sync.contains(id));
        if next.is_some() {
            self.in_sync = up;
        } else if let Some(last) = self.leader {
            self.in_sync = vec![last];
        }
        if next != self.leader {
            self.leader = next;
            self.leader_epoch += 1;
            self.log.begin_epoch(self.leader_epoch);
        }
    }
}
