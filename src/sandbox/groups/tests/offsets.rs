//! Offsets committed, fetched and deleted.

use kafka_protocol::messages::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_protocol::messages::offset_delete_request::{
    OffsetDeleteRequestPartition, OffsetDeleteRequestTopic,
};
use kafka_protocol::messages::offset_fetch_request::{OffsetFetchRequestGroup, OffsetFetchRequestTopics};
use kafka_protocol::messages::txn_offset_commit_request::{
    TxnOffsetCommitRequestPartition, TxnOffsetCommitRequestTopic,
};
use kafka_protocol::messages::{
    OffsetCommitRequest, OffsetDeleteRequest, OffsetFetchRequest, ProducerId, TopicName,
    TxnOffsetCommitRequest,
};

use super::*;

fn known(topic: &str, partition: i32) -> bool {
    (topic == "t" || topic == "u") && partition < 2
}

fn topic() -> TopicName {
    TopicName(text("t"))
}

impl Play {
    /// Commits an offset of t-0 and returns the error.
    fn commit(&mut self, version: i16, member: &str, generation: i32, offset: i64) -> i16 {
        self.commit_at("t", 0, version, member, generation, offset)
    }

    fn commit_at(
        &mut self,
        name: &str,
        at: i32,
        version: i16,
        member: &str,
        generation: i32,
        offset: i64,
    ) -> i16 {
        let partition = OffsetCommitRequestPartition::default()
            .with_partition_index(at)
            .with_committed_offset(offset)
            .with_committed_metadata(Some(text("note")));
        let topic = OffsetCommitRequestTopic::default()
            .with_name(TopicName(text(name)))
            .with_partitions(vec![partition]);
        let request = OffsetCommitRequest::default()
            .with_group_id(id("g"))
            .with_member_id(text(member))
            .with_generation_id_or_member_epoch(generation)
            .with_topics(vec![topic]);
        let answer = self.groups.commit(self.now, &caller(version), &request, known);
        answer.topics[0].partitions[0].error_code
    }

    fn commit_in_transaction(&mut self, producer: i64, offset: i64) -> i16 {
        let partition =
            TxnOffsetCommitRequestPartition::default().with_partition_index(0).with_committed_offset(offset);
        let topic =
            TxnOffsetCommitRequestTopic::default().with_name(topic()).with_partitions(vec![partition]);
        let request = TxnOffsetCommitRequest::default()
            .with_group_id(id("g"))
            .with_producer_id(ProducerId(producer))
            .with_generation_id(-1)
            .with_topics(vec![topic]);
        let answer = self.groups.commit_in_transaction(self.now, Ok(()), &request, known);
        answer.topics[0].partitions[0].error_code
    }

    /// Returns the offset of t-0 and the error.
    fn fetched(&self, stable: bool) -> (i64, i16) {
        let topics =
            OffsetFetchRequestTopics::default().with_name(topic()).with_partition_indexes(vec![0, 1]);
        let group = OffsetFetchRequestGroup::default().with_group_id(id("g")).with_topics(Some(vec![topics]));
        let request = OffsetFetchRequest::default().with_groups(vec![group]).with_require_stable(stable);
        let answer = self.groups.fetch_offsets(&caller(9), &request);
        let partition = &answer.groups[0].topics[0].partitions[0];
        (partition.committed_offset, partition.error_code)
    }
}

#[test]
fn whoever_is_not_of_the_group_commits_only_while_it_is_empty() {
    let mut play = Play::new();
    assert_eq!(play.commit(8, "", 5, 1), ResponseError::IllegalGeneration.code());
    assert_eq!(play.commit(9, "", 5, 1), ResponseError::GroupIdNotFound.code());
    assert_eq!(play.groups.state("g"), None);
    assert_eq!(play.commit(9, "", -1, 7), 0);
    assert_eq!(play.fetched(false), (7, 0));
    let (member, ticket) = play.enter();
    assert_eq!(play.commit(9, "", -1, 8), ResponseError::UnknownMemberId.code());
    assert!(play.joined(ticket).is_some());
    assert_eq!(play.commit(9, &member, 1, 8), ResponseError::RebalanceInProgress.code());
    play.sync(&member, 1, &[]);
    assert_eq!(play.commit(9, &member, 0, 8), ResponseError::IllegalGeneration.code());
    assert_eq!(play.commit(9, &member, 1, 8), 0);
    assert_eq!(play.fetched(true), (8, 0));
}

#[test]
fn a_partition_that_is_not_there_and_too_long_a_note_are_refused_alone() {
    let mut play = Play::new();
    assert_eq!(play.commit_at("t", 2, 9, "", -1, 1), ResponseError::UnknownTopicOrPartition.code());
    play.groups.settings.metadata_bytes_max = 3;
    assert_eq!(play.commit(9, "", -1, 1), ResponseError::OffsetMetadataTooLarge.code());
    assert_eq!(play.fetched(false), (-1, 0));
}

#[test]
fn offsets_of_a_transaction_count_when_it_is_committed() {
    let mut play = Play::new();
    assert_eq!(play.commit(9, "", -1, 1), 0);
    assert_eq!(play.commit_in_transaction(40, 5), 0);
    assert_eq!(play.fetched(false), (1, 0));
    assert_eq!(play.fetched(true), (-1, ResponseError::UnstableOffsetCommit.code()));
    let own = [offsets_partition("g")];
    play.groups.complete_transaction(40, true, &[own[0] + 1]);
    assert_eq!(play.fetched(false), (1, 0), "the marker went elsewhere");
    play.groups.complete_transaction(40, true, &own);
    assert_eq!(play.fetched(true), (5, 0));
    assert_eq!(play.commit_in_transaction(40, 9), 0);
    play.groups.complete_transaction(40, false, &own);
    assert_eq!(play.fetched(true), (5, 0));
}

#[test]
fn a_plain_commit_behind_a_transactions_stands() {
    let mut play = Play::new();
    assert_eq!(play.commit_in_transaction(40, 5), 0);
    assert_eq!(play.commit(9, "", -1, 6), 0);
    play.groups.complete_transaction(40, true, &[offsets_partition("g")]);
    assert_eq!(play.fetched(true), (6, 0));
}

#[test]
fn offsets_are_deleted_unless_somebody_reads_the_topic() {
    let (mut play, member) = Play::stable();
    assert_eq!(play.commit(9, &member, 1, 3), 0);
    assert_eq!(play.commit_at("u", 1, 9, &member, 1, 4), 0);
    let delete = |name: &str, at: i32| {
        let partition = OffsetDeleteRequestPartition::default().with_partition_index(at);
        let topic = OffsetDeleteRequestTopic::default()
            .with_name(TopicName(text(name)))
            .with_partitions(vec![partition]);
        OffsetDeleteRequest::default().with_group_id(id("g")).with_topics(vec![topic])
    };
    let answer = play.groups.delete_offsets(&delete("t", 0), known);
    assert_eq!(answer.topics[0].partitions[0].error_code, ResponseError::GroupSubscribedToTopic.code());
    let answer = play.groups.delete_offsets(&delete("u", 1), known);
    assert_eq!((answer.error_code, answer.topics[0].partitions[0].error_code), (0, 0));
    assert_eq!(play.groups.committed("g").len(), 1);
    let elsewhere = delete("t", 0).with_group_id(id("h"));
    let answer = play.groups.delete_offsets(&elsewhere, known);
    assert_eq!(answer.error_code, ResponseError::GroupIdNotFound.code());
}

#[test]
fn a_group_is_listed_described_and_deleted_by_its_state() {
    let (mut play, member) = Play::stable();
    let listed = |play: &Play, state: &str| {
        let request =
            kafka_protocol::messages::ListGroupsRequest::default().with_states_filter(vec![text(state)]);
        play.groups.list(&request).len()
    };
    assert_eq!((listed(&play, "stable"), listed(&play, "Empty")), (1, 0));
    let described = play.groups.describe(&caller(6), &[id("g"), id("h")]);
    assert_eq!(&*described[0].group_state, "Stable");
    assert_eq!(&described[0].members[0].member_assignment[..], b"all");
    assert_eq!(described[1].error_code, ResponseError::GroupIdNotFound.code());
    assert_eq!(play.groups.describe(&caller(5), &[id("h")])[0].error_code, 0);
    let code = |play: &mut Play, name: &str| play.groups.delete(&[id(name)])[0].error_code;
    assert_eq!(code(&mut play, "g"), ResponseError::NonEmptyGroup.code());
    assert_eq!(code(&mut play, "h"), ResponseError::GroupIdNotFound.code());
    play.pass(10_000);
    assert_eq!(play.heartbeat(&member, 1), Err(ResponseError::UnknownMemberId));
    assert_eq!(code(&mut play, "g"), 0);
    assert_eq!(play.groups.state("g"), None);
}

#[test]
fn keys_go_to_the_partitions_java_sends_them_to() {
    assert_eq!(java_hash("my-group"), -1_906_497_762);
    assert_eq!(java_hash("payments"), 1_382_682_413);
}
