//! OffsetFetch and OffsetDelete.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::offset_delete_response::{
    OffsetDeleteResponsePartition, OffsetDeleteResponseTopic,
};
use kafka_protocol::messages::offset_fetch_response::{
    OffsetFetchResponseGroup, OffsetFetchResponsePartition, OffsetFetchResponsePartitions,
    OffsetFetchResponseTopic, OffsetFetchResponseTopics,
};
use kafka_protocol::messages::{
    GroupId, OffsetDeleteRequest, OffsetDeleteResponse, OffsetFetchRequest, OffsetFetchResponse, TopicName,
};

use super::group::{Group, GroupState};
use super::{Caller, CommitEntry, Groups, PartitionKey, text};

/// From this version on several groups are asked for at once.
const BATCHED: i16 = 8;
/// From this version on the answer has one error for the whole group, not one for each partition.
const GROUP_ERROR: i16 = 2;

impl Groups {
    /// Answers with committed offsets, -1 where there is none.
    pub fn fetch_offsets(&self, caller: &Caller, request: &OffsetFetchRequest) -> OffsetFetchResponse {
        if caller.version >= BATCHED {
            let groups = request.groups.iter().map(|asked| {
                let wanted = asked.topics.as_ref().map(|topics| {
                    topics.iter().map(|topic| (topic.name.as_str(), &topic.partition_indexes[..])).collect()
                });
                self.fetch_group(&asked.group_id, wanted, request.require_stable)
            });
            return OffsetFetchResponse::default().with_groups(groups.collect());
        }
        let wanted = request.topics.as_ref().map(|topics| {
            topics.iter().map(|topic| (topic.name.as_str(), &topic.partition_indexes[..])).collect()
        });
        single(self.fetch_group(&request.group_id, wanted, request.require_stable), caller.version)
    }

    fn fetch_group(
        &self,
        id: &GroupId,
        wanted: Option<Vec<(&str, &[i32])>>,
        stable: bool,
    ) -> OffsetFetchResponseGroup {
        let group = self.groups.get(id.as_str());
        let wanted = match wanted {
            Some(wanted) => wanted
                .into_iter()
                .map(|(topic, partitions)| (topic.to_owned(), partitions.to_vec()))
                .collect(),
            None => group.map(committed_partitions).unwrap_or_default(),
        };
        let topics = wanted.into_iter().map(|(topic, partitions)| {
            let found = partitions.iter().map(|partition| {
                let key: PartitionKey = (topic.clone(), *partition);
                let unstable = stable && group.is_some_and(|group| group.offsets.unstable(&key));
                describe(*partition, unstable, group.and_then(|group| group.offsets.committed.get(&key)))
            });
            let name = TopicName(text(&topic));
            OffsetFetchResponseTopics::default().with_name(name).with_partitions(found.collect())
        });
        OffsetFetchResponseGroup::default().with_group_id(id.clone()).with_topics(topics.collect())
    }

    /// Deletes committed offsets of topics the group does not read; `known` says what the cluster has.
    pub fn delete_offsets(
        &mut self,
        request: &OffsetDeleteRequest,
        known: impl Fn(&str, i32) -> bool,
    ) -> OffsetDeleteResponse {
        let refused = |error: ResponseError| OffsetDeleteResponse::default().with_error_code(error.code());
        if request.group_id.is_empty() {
            return refused(ResponseError::InvalidGroupId);
        }
        let Some(group) = self.groups.get_mut(request.group_id.as_str()) else {
            return refused(ResponseError::GroupIdNotFound);
        };
        if group.state != GroupState::Empty && !group.is_of_consumers() {
            return refused(ResponseError::NonEmptyGroup);
        }
        let mut topics = Vec::new();
        for topic in &request.topics {
            let subscribed = group.subscribes(&topic.name);
            let mut partitions = Vec::new();
            for partition in topic.partitions.iter().map(|partition| partition.partition_index) {
                let error = match () {
                    () if !known(&topic.name, partition) => ResponseError::UnknownTopicOrPartition.code(),
                    () if subscribed => ResponseError::GroupSubscribedToTopic.code(),
                    () => {
                        group.offsets.committed.remove(&(topic.name.to_string(), partition));
                        0
                    }
                };
                let answer = OffsetDeleteResponsePartition::default().with_partition_index(partition);
                partitions.push(answer.with_error_code(error));
            }
            let answer = OffsetDeleteResponseTopic::default().with_name(topic.name.clone());
            topics.push(answer.with_partitions(partitions));
        }
        OffsetDeleteResponse::default().with_topics(topics)
    }

    /// Returns a group's committed offsets.
    pub fn committed(&self, group: &str) -> Vec<(PartitionKey, CommitEntry)> {
        let group = self.groups.get(group);
        let all = group.into_iter().flat_map(|group| &group.offsets.committed);
        all.map(|(key, entry)| (key.clone(), entry.clone())).collect()
    }
}

fn committed_partitions(group: &Group) -> Vec<(String, Vec<i32>)> {
    let mut found: Vec<(String, Vec<i32>)> = Vec::new();
    for (topic, partition) in group.offsets.committed.keys() {
        match found.last_mut() {
            Some((last, partitions)) if last == topic => partitions.push(*partition),
            _ => found.push((topic.clone(), vec![*partition])),
        }
    }
    found
}

fn describe(partition: i32, unstable: bool, entry: Option<&CommitEntry>) -> OffsetFetchResponsePartitions {
    let none = OffsetFetchResponsePartitions::default()
        .with_partition_index(partition)
        .with_committed_offset(-1)
        .with_committed_leader_epoch(-1)
        .with_metadata(Some(text("")));
    match entry {
        _ if unstable => none.with_error_code(ResponseError::UnstableOffsetCommit.code()),
        None => none,
        Some(entry) => none
            .with_committed_offset(entry.offset)
            .with_committed_leader_epoch(entry.leader_epoch)
            .with_metadata(Some(text(&entry.metadata))),
    }
}

/// Says the same in the words of the versions for one group.
fn single(group: OffsetFetchResponseGroup, version: i16) -> OffsetFetchResponse {
    let topics = group.topics.into_iter().map(|topic| {
        let partitions = topic.partitions.into_iter().map(|p| {
            OffsetFetchResponsePartition::default()
                .with_partition_index(p.partition_index)
                .with_committed_offset(p.committed_offset)
                .with_committed_leader_epoch(if version >= 5 { p.committed_leader_epoch } else { -1 })
                .with_metadata(p.metadata)
                .with_error_code(p.error_code)
        });
        OffsetFetchResponseTopic::default().with_name(topic.name).with_partitions(partitions.collect())
    });
    let answer = OffsetFetchResponse::default().with_topics(topics.collect());
    if version >= GROUP_ERROR { answer.with_error_code(group.error_code) } else { answer }
}
