//! OffsetCommit and TxnOffsetCommit, and what a transaction's end does to offsets.

use std::collections::BTreeMap;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::offset_commit_response::{
    OffsetCommitResponsePartition, OffsetCommitResponseTopic,
};
use kafka_protocol::messages::txn_offset_commit_response::{
    TxnOffsetCommitResponsePartition, TxnOffsetCommitResponseTopic,
};
use kafka_protocol::messages::{
    OffsetCommitRequest, OffsetCommitResponse, TxnOffsetCommitRequest, TxnOffsetCommitResponse,
};

use super::group::{Group, GroupState};
use super::{Caller, Check, Groups, Millis, keys};

/// From this version on a group that is not there is called so.
const GROUP_ID_NOT_FOUND: i16 = 9;

/// A topic and a partition of it.
pub type PartitionKey = (String, i32);

/// A committed offset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitEntry {
    /// The next offset to read.
    pub offset: i64,
    /// The leader epoch of the record before it, -1 where unknown.
    pub leader_epoch: i32,
    /// The client's own words.
    pub metadata: String,
    /// When it was committed.
    pub committed: Millis,
    /// The place of this commit among all of its group.
    written: u64,
}

/// The offsets of a group: committed ones, and those of transactions that are under way.
#[derive(Debug, Default)]
pub(super) struct Offsets {
    pub(super) committed: BTreeMap<PartitionKey, CommitEntry>,
    pub(super) pending: BTreeMap<i64, BTreeMap<PartitionKey, CommitEntry>>,
    writes: u64,
}

impl Offsets {
    fn next(&mut self) -> u64 {
        self.writes += 1;
        self.writes
    }

    /// Returns whether a transaction under way may still change this offset.
    pub(super) fn unstable(&self, key: &PartitionKey) -> bool {
        self.pending.values().any(|offsets| offsets.contains_key(key))
    }

    fn complete(&mut self, producer_id: i64, commit: bool) {
        let Some(pending) = self.pending.remove(&producer_id) else { return };
        for (key, entry) in pending.into_iter().filter(|_| commit) {
            // A commit outside the transaction that came later stands.
            if self.committed.get(&key).is_none_or(|standing| standing.written < entry.written) {
                self.committed.insert(key, entry);
            }
        }
    }
}

/// What a client says of one offset, whichever request it comes in.
struct Said<'a> {
    offset: i64,
    leader_epoch: i32,
    metadata: Option<&'a str>,
}

impl Groups {
    /// Commits offsets; `known` says which partitions the cluster has.
    pub fn commit(
        &mut self,
        now: Millis,
        caller: &Caller,
        request: &OffsetCommitRequest,
        known: impl Fn(&str, i32) -> bool,
    ) -> OffsetCommitResponse {
        let generation = request.generation_id_or_member_epoch;
        let instance = request.group_instance_id.as_deref();
        let group = self.open(&request.group_id, generation, caller.version >= GROUP_ID_NOT_FOUND);
        let checked = group.and_then(|group| {
            group.check_commit(&request.member_id, instance, generation, false)?;
            if let Some(member) = group.member_mut(&request.member_id) {
                member.heard(now);
            }
            Ok(())
        });
        let limit = self.settings.metadata_bytes_max;
        let mut topics = Vec::new();
        for topic in &request.topics {
            let mut partitions = Vec::new();
            for said in &topic.partitions {
                let key = (topic.name.to_string(), said.partition_index);
                let value = Said {
                    offset: said.committed_offset,
                    leader_epoch: said.committed_leader_epoch,
                    metadata: said.committed_metadata.as_deref(),
                };
                let done = writable(known(&key.0, key.1), checked, &value, limit).map(|()| {
                    if let Some(group) = self.groups.get_mut(request.group_id.as_str()) {
                        let entry = entry(&mut group.offsets, now, &value);
                        group.offsets.committed.insert(key, entry);
                    }
                });
                let answer = OffsetCommitResponsePartition::default()
                    .with_partition_index(said.partition_index)
                    .with_error_code(code(done));
                partitions.push(answer);
            }
            let topic = OffsetCommitResponseTopic::default().with_name(topic.name.clone());
            topics.push(topic.with_partitions(partitions));
        }
        self.tick(now);
        OffsetCommitResponse::default().with_topics(topics)
    }

    /// Commits offsets as part of a transaction: they count when it is committed. Whether the producer
    /// may is for the transaction coordinator to say, in `allowed`.
    pub fn commit_in_transaction(
        &mut self,
        now: Millis,
        allowed: Check,
        request: &TxnOffsetCommitRequest,
        known: impl Fn(&str, i32) -> bool,
    ) -> TxnOffsetCommitResponse {
        let instance = request.group_instance_id.as_deref();
        let checked = allowed.and_then(|()| {
            if request.group_id.is_empty() {
                return Err(ResponseError::InvalidGroupId);
            }
            let group = self.open(&request.group_id, request.generation_id, false)?;
            group.check_commit(&request.member_id, instance, request.generation_id, true)
        });
        let limit = self.settings.metadata_bytes_max;
        let mut topics = Vec::new();
        for topic in &request.topics {
            let mut partitions = Vec::new();
            for said in &topic.partitions {
                let key = (topic.name.to_string(), said.partition_index);
                let value = Said {
                    offset: said.committed_offset,
                    leader_epoch: said.committed_leader_epoch,
                    metadata: said.committed_metadata.as_deref(),
                };
                let done = writable(known(&key.0, key.1), checked, &value, limit).map(|()| {
                    if let Some(group) = self.groups.get_mut(request.group_id.as_str()) {
                        let entry = entry(&mut group.offsets, now, &value);
                        group.offsets.pending.entry(request.producer_id.0).or_default().insert(key, entry);
                    }
                });
                let answer = TxnOffsetCommitResponsePartition::default()
                    .with_partition_index(said.partition_index)
                    .with_error_code(code(done));
                partitions.push(answer);
            }
            let topic = TxnOffsetCommitResponseTopic::default().with_name(topic.name.clone());
            topics.push(topic.with_partitions(partitions));
        }
        TxnOffsetCommitResponse::default().with_topics(topics)
    }

    /// Ends a producer's transaction in those partitions of `__consumer_offsets` that got its marker.
    pub fn complete_transaction(&mut self, producer_id: i64, commit: bool, offsets_partitions: &[i32]) {
        for (id, group) in &mut self.groups {
            if offsets_partitions.contains(&keys::offsets_partition(id)) {
                group.offsets.complete(producer_id, commit);
            }
        }
    }

    /// Forgets the offsets of a topic that was deleted.
    pub fn topic_deleted(&mut self, topic: &str) {
        for group in self.groups.values_mut() {
            group.offsets.committed.retain(|(name, _), _| name != topic);
            for pending in group.offsets.pending.values_mut() {
                pending.retain(|(name, _), _| name != topic);
            }
        }
    }

    /// Returns the group, made where a client without membership commits.
    fn open(&mut self, id: &str, generation: i32, says_not_found: bool) -> Result<&mut Group, ResponseError> {
        if generation >= 0 && !self.groups.contains_key(id) {
            let missing = ResponseError::GroupIdNotFound;
            return Err(if says_not_found { missing } else { ResponseError::IllegalGeneration });
        }
        Ok(self.groups.entry(id.to_owned()).or_insert_with(|| Group::new(id)))
    }
}

impl Group {
    fn check_commit(
        &self,
        member: &str,
        instance: Option<&str>,
        generation: i32,
        transactional: bool,
    ) -> Check {
        if generation < 0 && self.state == GroupState::Empty {
            return Ok(());
        }
        if generation >= 0 || !member.is_empty() || instance.is_some() {
            self.check_member(member, instance)?;
            if generation != self.generation {
                return Err(ResponseError::IllegalGeneration);
            }
        } else if !transactional && self.state != GroupState::Empty {
            // Older producers do not say who they are.
            return Err(ResponseError::UnknownMemberId);
        }
        if !transactional && self.state == GroupState::CompletingRebalance {
            return Err(ResponseError::RebalanceInProgress);
        }
        Ok(())
    }
}

fn writable(known: bool, checked: Check, said: &Said<'_>, metadata_bytes_max: usize) -> Check {
    if !known {
        return Err(ResponseError::UnknownTopicOrPartition);
    }
    checked?;
    if said.metadata.is_some_and(|metadata| metadata.len() > metadata_bytes_max) {
        return Err(ResponseError::OffsetMetadataTooLarge);
    }
    Ok(())
}

fn entry(offsets: &mut Offsets, now: Millis, said: &Said<'_>) -> CommitEntry {
    CommitEntry {
        offset: said.offset,
        leader_epoch: said.leader_epoch,
        metadata: said.metadata.unwrap_or_default().to_owned(),
        committed: now,
        written: offsets.next(),
    }
}

fn code(done: Check) -> i16 {
    done.err().map_or(0, |error| error.code())
}
