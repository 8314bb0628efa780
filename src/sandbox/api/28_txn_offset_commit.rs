//! TxnOffsetCommit (key 28).

use std::collections::BTreeSet;

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::txn_offset_commit_response::{
    TxnOffsetCommitResponsePartition, TxnOffsetCommitResponseTopic,
};
use kafka_protocol::messages::{TxnOffsetCommitRequest, TxnOffsetCommitResponse};
use kafka_protocol::protocol::StrBytes;

use crate::sandbox::acls::Operation;
use crate::sandbox::answer::{Answer, Api, Context};
use crate::sandbox::groups::offsets_partition;
use crate::sandbox::permissions::{Need, group, transactional_id};
use crate::sandbox::transactions::{Check, OFFSETS_TOPIC, Producer};

/// From this version on the group is taken into the transaction with its first offsets (KIP-890).
const ADDS_GROUP: i16 = 5;

impl Api for TxnOffsetCommitRequest {
    fn topics(&self) -> Vec<StrBytes> {
        self.topics.iter().map(|topic| topic.name.0.clone()).collect()
    }

    fn needs(&self) -> Vec<Need> {
        vec![
            group(Operation::Read, &self.group_id),
            transactional_id(Operation::Write, &self.transactional_id),
        ]
    }

    fn refusal(&self, error: ResponseError) -> TxnOffsetCommitResponse {
        let topics = self.topics.iter().map(|topic| {
            let partitions = topic.partitions.iter().map(|partition| {
                TxnOffsetCommitResponsePartition::default()
                    .with_partition_index(partition.partition_index)
                    .with_error_code(error.code())
            });
            let answer = TxnOffsetCommitResponseTopic::default().with_name(topic.name.clone());
            answer.with_partitions(partitions.collect())
        });
        TxnOffsetCommitResponse::default().with_topics(topics.collect())
    }

    fn handle(self, cx: &mut Context<'_>) -> Answer<TxnOffsetCommitResponse> {
        if let Err(error) = cx.state.coordinates_group(cx.broker, &self.group_id) {
            return Answer::Now(self.refusal(error));
        }
        let now_ms = cx.state.coordinators.millis(cx.now);
        let allowed = allowed(cx, &self);
        cx.state.settle(cx.now);
        let (topics, groups) = (&cx.state.topics, &mut cx.state.coordinators.groups);
        Answer::Now(groups.commit_in_transaction(now_ms, allowed, &self, |topic, at| topics.has(topic, at)))
    }
}

/// Asks the transaction coordinator whether the offsets belong to the producer's transaction.
fn allowed(cx: &mut Context<'_>, request: &TxnOffsetCommitRequest) -> Check {
    let producer = Producer { id: request.producer_id.0, epoch: request.producer_epoch };
    let (now_ms, id, group) =
        (cx.state.coordinators.millis(cx.now), &request.transactional_id, &request.group_id);
    let transactions = &mut cx.state.coordinators.transactions;
    let allowed = if cx.version >= ADDS_GROUP {
        let partitions = BTreeSet::from([(OFFSETS_TOPIC.to_owned(), offsets_partition(group))]);
        transactions.add_partitions(now_ms, id, producer, partitions)
    } else {
        transactions.verify_offsets(id, producer, group)
    };
    // A producer that was shut out is told so in the log's words, and older ones know no other way out
    // than to start anew.
    allowed.map_err(|error| match error {
        ResponseError::ProducerFenced => ResponseError::InvalidProducerEpoch,
        ResponseError::TransactionAbortable if cx.version < ADDS_GROUP - 1 => ResponseError::InvalidTxnState,
        other => other,
    })
}
