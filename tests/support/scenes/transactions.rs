//! Transactions: who may write, who is shut out, and what readers of committed records see.

use kafka_protocol::messages::add_partitions_to_txn_request::{
    AddPartitionsToTxnTopic, AddPartitionsToTxnTransaction,
};
use kafka_protocol::messages::txn_offset_commit_request::{
    TxnOffsetCommitRequestPartition, TxnOffsetCommitRequestTopic,
};
use kafka_protocol::messages::{
    AddOffsetsToTxnRequest, AddPartitionsToTxnRequest, DescribeTransactionsRequest, EndTxnRequest, GroupId,
    InitProducerIdRequest, ListTransactionsRequest, ProducerId, TopicName, TransactionalId,
    TxnOffsetCommitRequest,
};
use kafka_protocol::protocol::StrBytes;

use super::Scene;
use super::offsets::{ask as ask_offsets, commit, fetch as fetch_offsets};
use super::producers::describe_producers;
use crate::support::build::{ANYBODY, Writer, batch, list_offsets, produce, produce_in, text};
use crate::support::player::Player;

pub const SCENES: &[Scene] = &[
    ("txn-commit-abort", commit_and_abort),
    ("txn-open", open),
    ("txn-fencing", fencing),
    ("txn-epochs", epochs),
    ("txn-refusals", refusals),
    ("txn-older-versions", older_versions),
    ("txn-newest-versions", newest_versions),
    ("txn-offsets", offsets),
    ("txn-admin", admin),
    ("txn-verify", verify),
    ("txn-timeout", timeout),
];

fn id(p: &Player) -> TransactionalId {
    TransactionalId(p.own("id"))
}

fn init(p: &Player, expected: Option<Writer>) -> InitProducerIdRequest {
    InitProducerIdRequest::default()
        .with_transactional_id(Some(id(p)))
        .with_transaction_timeout_ms(60_000)
        .with_producer_id(ProducerId(expected.map_or(-1, |writer| writer.id)))
        .with_producer_epoch(expected.map_or(-1, |writer| writer.epoch))
}

fn begin(p: &mut Player) -> Writer {
    let answer = p.ask(4, &init(p, None));
    Writer { id: answer.producer_id.0, epoch: answer.producer_epoch, sequence: 0, transactional: true }
}

fn add(p: &Player, writer: Writer, topic: &StrBytes, partitions: &[i32]) -> AddPartitionsToTxnRequest {
    let topic = AddPartitionsToTxnTopic::default()
        .with_name(TopicName(topic.clone()))
        .with_partitions(partitions.to_vec());
    AddPartitionsToTxnRequest::default()
        .with_v3_and_below_transactional_id(id(p))
        .with_v3_and_below_producer_id(ProducerId(writer.id))
        .with_v3_and_below_producer_epoch(writer.epoch)
        .with_v3_and_below_topics(vec![topic])
}

fn end(p: &Player, writer: Writer, committed: bool) -> EndTxnRequest {
    EndTxnRequest::default()
        .with_transactional_id(id(p))
        .with_producer_id(ProducerId(writer.id))
        .with_producer_epoch(writer.epoch)
        .with_committed(committed)
}

fn describe(p: &Player) -> DescribeTransactionsRequest {
    DescribeTransactionsRequest::default().with_transactional_ids(vec![id(p)])
}

/// Waits until the markers are written.
fn settle(p: &mut Player) {
    p.until(0, &describe(p), |answer| !answer.transaction_states[0].transaction_state.starts_with("Prepare"));
}

fn put(p: &mut Player, writer: Writer, topic: &StrBytes, count: i32) {
    p.ask(9, &produce_in(&p.own("id"), topic, 0, batch(writer, count)));
}

fn commit_and_abort(p: &mut Player) {
    let topic = p.topic("t", 1, &[]);
    let mut writer = begin(p);
    for committed in [true, false, true, false, false] {
        p.ask(3, &add(p, writer, &topic, &[0]));
        put(p, writer, &topic, 2);
        writer.sequence += 2;
        p.ask(3, &end(p, writer, committed));
        settle(p);
    }
    p.ask(9, &produce(&topic, 0, batch(ANYBODY, 1)));
    for offset in [0, 3, 5, 8, 12] {
        p.read(&topic, 0, offset, true);
    }
    p.read(&topic, 0, 0, false);
    p.ask(7, &list_offsets(&topic, 0, -1, true));
    describe_producers(p, &topic);
    p.ask(0, &describe(p));
}

fn open(p: &mut Player) {
    let topic = p.topic("t", 1, &[]);
    let writer = begin(p);
    p.ask(9, &produce(&topic, 0, batch(ANYBODY, 1)));
    p.ask(3, &add(p, writer, &topic, &[0]));
    put(p, writer, &topic, 2);
    p.ask(9, &produce(&topic, 0, batch(ANYBODY, 1)));
    p.read(&topic, 0, 0, true);
    p.read(&topic, 0, 1, true);
    p.read(&topic, 0, 3, true);
    p.read(&topic, 0, 0, false);
    p.ask(7, &list_offsets(&topic, 0, -1, true));
    p.ask(7, &list_offsets(&topic, 0, -1, false));
    describe_producers(p, &topic);
    // The same producer without a transaction.
    let plain = Writer { sequence: 2, transactional: false, ..writer };
    p.ask(9, &produce(&topic, 0, batch(plain, 1)));
    p.ask(3, &end(p, writer, true));
    settle(p);
    p.read(&topic, 0, 0, true);
}

fn fencing(p: &mut Player) {
    let topic = p.topic("t", 1, &[]);
    let zombie = begin(p);
    p.ask(3, &add(p, zombie, &topic, &[0]));
    put(p, zombie, &topic, 1);
    // Another takes its place: its transaction is aborted first.
    let next = begin(p);
    p.note(format!("the epoch is {} behind the zombie's", next.epoch - zombie.epoch));
    put(p, Writer { sequence: 1, ..zombie }, &topic, 1);
    p.ask(3, &add(p, zombie, &topic, &[0]));
    p.ask(3, &end(p, zombie, true));
    p.ask(3, &end(p, zombie, false));
    p.ask(4, &init(p, Some(zombie)));
    let plain = Writer { sequence: 1, transactional: false, ..zombie };
    p.ask(9, &produce(&topic, 0, batch(plain, 1)));
    p.ask(3, &add(p, next, &topic, &[0]));
    put(p, next, &topic, 1);
    p.ask(3, &end(p, next, true));
    settle(p);
    p.read(&topic, 0, 0, true);
    describe_producers(p, &topic);
}

fn epochs(p: &mut Player) {
    let first = begin(p);
    let next = p.ask(4, &init(p, Some(first)));
    p.ask(4, &init(p, Some(first)));
    let second = Writer { epoch: next.producer_epoch, ..first };
    p.ask(4, &init(p, Some(second)));
    p.ask(4, &init(p, Some(first)));
    p.ask(4, &init(p, None));
    p.ask(4, &init(p, Some(second)));
    p.ask(3, &init(p, Some(second)));
    p.ask(4, &init(p, Some(Writer { id: first.id + 1_000_000, ..first })));
    p.ask(4, &init(p, Some(Writer { epoch: 99, ..first })));
    for version in 0..=2 {
        p.ask(version, &init(p, None));
    }
    p.ask(5, &init(p, None));
}

fn refusals(p: &mut Player) {
    let topic = p.topic("t", 1, &[]);
    let writer = begin(p);
    // Nothing was begun.
    p.ask(3, &end(p, writer, true));
    p.ask(3, &end(p, writer, false));
    put(p, writer, &topic, 1);
    p.ask(11, &produce_in(&p.own("id"), &topic, 0, batch(writer, 1)));
    p.ask(3, &add(p, writer, &topic, &[0, 1]));
    p.ask(3, &add(p, writer, &p.own("none"), &[0]));
    p.ask(3, &add(p, Writer { id: writer.id + 1_000_000, ..writer }, &topic, &[0]));
    p.ask(3, &add(p, Writer { epoch: 9, ..writer }, &topic, &[0]));
    p.ask(
        3,
        &add(p, writer, &topic, &[0]).with_v3_and_below_transactional_id(TransactionalId(p.own("other"))),
    );
    p.ask(3, &add(p, writer, &topic, &[0]).with_v3_and_below_transactional_id(TransactionalId(text(""))));
    p.ask(3, &end(p, writer, true).with_transactional_id(TransactionalId(p.own("other"))));
    p.ask(3, &end(p, writer, true).with_transactional_id(TransactionalId(text(""))));
    p.ask(3, &end(p, Writer { id: writer.id + 1_000_000, ..writer }, true));
    p.ask(3, &end(p, Writer { epoch: 9, ..writer }, true));
    for timeout_ms in [0, -1, 900_001] {
        p.ask(4, &init(p, None).with_transaction_timeout_ms(timeout_ms));
    }
    p.ask(4, &init(p, None).with_transactional_id(Some(TransactionalId(text("")))));
    // Without the transactional id, and in another partition than was added.
    p.ask(3, &add(p, writer, &topic, &[0]));
    p.provoke(9, &produce(&topic, 0, batch(writer, 1)));
    put(p, writer, &topic, 1);
    p.ask(3, &end(p, writer, true));
    settle(p);
    // Once more the same, and the opposite.
    p.ask(3, &end(p, writer, true));
    p.ask(3, &end(p, writer, false));
    put(p, Writer { sequence: 1, ..writer }, &topic, 1);
}

fn older_versions(p: &mut Player) {
    let topic = p.topic("t", 1, &[]);
    let zombie = begin(p);
    let mut writer = begin(p);
    for version in 0..=3 {
        p.ask(version, &add(p, zombie, &topic, &[0]));
        p.ask(version, &end(p, zombie, true));
        p.ask(version, &add(p, writer, &topic, &[0]));
        put(p, writer, &topic, 1);
        writer.sequence += 1;
        p.ask(version, &end(p, writer, version % 2 == 0));
        settle(p);
    }
    p.read(&topic, 0, 0, true);
}

fn newest_versions(p: &mut Player) {
    let topic = p.topic("t", 2, &[]);
    let first = begin(p);
    let put = |p: &mut Player, writer: Writer, partition: i32| {
        p.ask(12, &produce_in(&p.own("id"), &topic, partition, batch(writer, 1)));
    };
    // Written to without having been added.
    put(p, first, 0);
    let ended = p.ask(5, &end(p, first, true));
    settle(p);
    p.ask(5, &end(p, first, true));
    p.ask(5, &end(p, first, false));
    let second = Writer { epoch: ended.producer_epoch, ..first };
    put(p, first, 0);
    put(p, second, 0);
    put(p, second, 1);
    p.ask(5, &end(p, first, true));
    let ended = p.ask(5, &end(p, second, false));
    settle(p);
    let third = Writer { epoch: ended.producer_epoch, ..first };
    // Aborted without having begun.
    let ended = p.ask(5, &end(p, third, false));
    settle(p);
    p.ask(5, &end(p, Writer { epoch: ended.producer_epoch, ..first }, true));
    p.ask(0, &describe(p));
    p.ask(5, &init(p, None));
    p.read(&topic, 0, 0, true);
    p.read(&topic, 1, 0, true);
    describe_producers(p, &topic);
}

fn offsets(p: &mut Player) {
    let topic = p.topic("t", 1, &[]);
    let writer = begin(p);
    let group = GroupId(p.own("group"));
    let add_group = |p: &Player, writer: Writer| {
        AddOffsetsToTxnRequest::default()
            .with_transactional_id(id(p))
            .with_producer_id(ProducerId(writer.id))
            .with_producer_epoch(writer.epoch)
            .with_group_id(group.clone())
    };
    let put = |p: &Player, writer: Writer, offset: i64| {
        let partition = TxnOffsetCommitRequestPartition::default()
            .with_partition_index(0)
            .with_committed_offset(offset)
            .with_committed_leader_epoch(-1)
            .with_committed_metadata(Some(text("in a transaction")));
        let topic = TxnOffsetCommitRequestTopic::default()
            .with_name(TopicName(topic.clone()))
            .with_partitions(vec![partition]);
        TxnOffsetCommitRequest::default()
            .with_transactional_id(id(p))
            .with_group_id(group.clone())
            .with_producer_id(ProducerId(writer.id))
            .with_producer_epoch(writer.epoch)
            .with_generation_id(-1)
            .with_topics(vec![topic])
    };
    let read = |p: &mut Player, stable: bool| {
        let request = fetch_offsets(p, &topic, &[0]).with_require_stable(stable);
        ask_offsets(p, 8, request);
    };
    p.ask(3, &put(p, writer, 1));
    for (version, committed) in [(0, false), (2, true), (3, true), (4, false)] {
        p.ask(version.min(3), &add_group(p, writer));
        p.ask(version, &put(p, writer, i64::from(version) + 10));
        read(p, false);
        read(p, true);
        p.ask(3, &end(p, writer, committed));
        settle(p);
        p.until(8, &stable_of(p, &topic), |answer| answer.groups[0].topics[0].partitions[0].error_code == 0);
        read(p, true);
    }
    // The group's members, its generation, and a zombie.
    p.ask(3, &add_group(p, writer));
    p.ask(3, &put(p, writer, 1).with_generation_id(4));
    p.ask(3, &put(p, writer, 1).with_generation_id(4).with_member_id(text("somebody")));
    let mut unknown = put(p, writer, 1);
    unknown.topics[0].partitions[0].partition_index = 5;
    p.ask(3, &unknown);
    p.ask(3, &put(p, Writer { epoch: writer.epoch + 1, ..writer }, 1));
    p.ask(8, &commit(p, &topic, 0, 77));
    p.ask(3, &put(p, writer, 5));
    p.ask(8, &commit(p, &topic, 0, 78));
    p.ask(3, &end(p, writer, true));
    settle(p);
    p.until(8, &stable_of(p, &topic), |answer| answer.groups[0].topics[0].partitions[0].error_code == 0);
    read(p, true);
    let next = begin(p);
    p.ask(3, &add_group(p, writer));
    p.ask(3, &put(p, writer, 1));
    p.ask(1, &add_group(p, writer));
    p.ask(3, &add_group(p, next).with_group_id(GroupId(text(""))));
}

fn stable_of(p: &Player, topic: &StrBytes) -> kafka_protocol::messages::OffsetFetchRequest {
    let mut request = fetch_offsets(p, topic, &[0]).with_require_stable(true);
    request.group_id = GroupId::default();
    request.topics = Some(vec![]);
    request
}

fn admin(p: &mut Player) {
    let topic = p.topic("t", 3, &[]);
    let list = |p: &mut Player, states: &[&str], duration_ms: i64| {
        let request = ListTransactionsRequest::default()
            .with_state_filters(states.iter().map(|state| text(state)).collect())
            .with_duration_filter(duration_ms);
        let mut answer = p.quietly(1, &request);
        let own = id(p);
        answer.transaction_states.retain(|state| state.transactional_id == own);
        p.note(format!("{states:?} {duration_ms}: {answer:?}"));
    };
    p.ask(0, &describe(p));
    let writer = begin(p);
    p.ask(0, &describe(p));
    list(p, &[], -1);
    p.ask(3, &add(p, writer, &topic, &[2, 0]));
    p.ask_sorted(0, &describe(p), |answer| answer.transaction_states[0].topics[0].partitions.sort_unstable());
    list(p, &["Ongoing"], -1);
    list(p, &["Empty", "Odd"], -1);
    list(p, &[], 3_600_000);
    p.ask(3, &end(p, writer, false));
    settle(p);
    p.ask(0, &describe(p));
    list(p, &["CompleteAbort"], -1);
    let request = DescribeTransactionsRequest::default();
    p.ask(0, &request.with_transactional_ids(vec![TransactionalId(text(""))]));
}

/// A transaction that takes too long is aborted, and its producer shut out.
fn timeout(p: &mut Player) {
    let topic = p.topic("t", 1, &[]);
    let answer = p.ask(4, &init(p, None).with_transaction_timeout_ms(1_000));
    let late =
        Writer { id: answer.producer_id.0, epoch: answer.producer_epoch, sequence: 0, transactional: true };
    p.ask(3, &add(p, late, &topic, &[0]));
    put(p, late, &topic, 1);
    p.until(0, &describe(p), |answer| &*answer.transaction_states[0].transaction_state == "CompleteAbort");
    p.ask(0, &describe(p));
    p.ask(3, &end(p, late, true));
    p.ask(3, &end(p, late, false));
    put(p, Writer { sequence: 1, ..late }, &topic, 1);
    p.ask(3, &add(p, late, &topic, &[0]));
    p.ask(4, &init(p, Some(late)));
    p.ask(4, &init(p, None));
    p.read(&topic, 0, 0, true);
    describe_producers(p, &topic);
}

fn verify(p: &mut Player) {
    let topic = p.topic("t", 2, &[]);
    let writer = begin(p);
    let asked = |p: &Player, writer: Writer, partitions: &[i32], verify_only: bool| {
        let one = AddPartitionsToTxnTopic::default()
            .with_name(TopicName(topic.clone()))
            .with_partitions(partitions.to_vec());
        let transaction = AddPartitionsToTxnTransaction::default()
            .with_transactional_id(id(p))
            .with_producer_id(ProducerId(writer.id))
            .with_producer_epoch(writer.epoch)
            .with_verify_only(verify_only)
            .with_topics(vec![one]);
        AddPartitionsToTxnRequest::default().with_transactions(vec![transaction])
    };
    p.ask(4, &asked(p, writer, &[0], true));
    p.ask(4, &asked(p, writer, &[0], false));
    p.ask(5, &asked(p, writer, &[0, 1], true));
    p.ask(4, &asked(p, Writer { epoch: 9, ..writer }, &[0], true));
    p.ask(4, &asked(p, Writer { id: writer.id + 1_000_000, ..writer }, &[0], true));
    p.ask(3, &end(p, writer, true));
    settle(p);
    p.ask(4, &asked(p, writer, &[0], true));
}
