//! AddPartitionsToTxn (key 24): from producers, and in batches from brokers that verify.

use std::collections::BTreeSet;

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::add_partitions_to_txn_request::{
    AddPartitionsToTxnTopic, AddPartitionsToTxnTransaction,
};
use kafka_protocol::messages::add_partitions_to_txn_response::{
    AddPartitionsToTxnPartitionResult, AddPartitionsToTxnResult, AddPartitionsToTxnTopicResult,
};
use kafka_protocol::messages::{AddPartitionsToTxnRequest, AddPartitionsToTxnResponse};
use kafka_protocol::protocol::StrBytes;

use crate::sandbox::acls::Operation;
use crate::sandbox::answer::{Answer, Api, Context, code_of};
use crate::sandbox::permissions::{Need, cluster, transactional_id};
use crate::sandbox::transactions::{PartitionKey, Producer};

/// From this version on a request holds several transactions.
const BATCHED: i16 = 4;
/// From this version on a producer that was shut out is told so by that name.
const SAYS_FENCED: i16 = 2;

impl Api for AddPartitionsToTxnRequest {
    fn topics(&self) -> Vec<StrBytes> {
        let batched = self.transactions.iter().flat_map(|transaction| &transaction.topics);
        batched.chain(&self.v3_and_below_topics).map(|topic| topic.name.0.clone()).collect()
    }

    fn needs(&self) -> Vec<Need> {
        let batched = self.transactions.iter().map(|transaction| &transaction.transactional_id);
        // Batches come from brokers; a single transaction from whoever writes it.
        if batched.len() > 0 {
            return cluster(Operation::ClusterAction);
        }
        vec![transactional_id(Operation::Write, &self.v3_and_below_transactional_id)]
    }

    fn refusal(&self, error: ResponseError) -> AddPartitionsToTxnResponse {
        let by_transaction = self.transactions.iter().map(|transaction| {
            let result = AddPartitionsToTxnResult::default()
                .with_transactional_id(transaction.transactional_id.clone());
            result.with_topic_results(results(&transaction.topics, |_| error.code()))
        });
        AddPartitionsToTxnResponse::default()
            .with_error_code(error.code())
            .with_results_by_transaction(by_transaction.collect())
            .with_results_by_topic_v3_and_below(results(&self.v3_and_below_topics, |_| error.code()))
    }

    fn handle(self, cx: &mut Context<'_>) -> Answer<AddPartitionsToTxnResponse> {
        let answer = AddPartitionsToTxnResponse::default();
        if cx.version >= BATCHED {
            let done = self.transactions.iter().map(|transaction| {
                AddPartitionsToTxnResult::default()
                    .with_transactional_id(transaction.transactional_id.clone())
                    .with_topic_results(add(cx, transaction))
            });
            let done = done.collect();
            cx.state.settle(cx.now);
            return Answer::Now(answer.with_results_by_transaction(done));
        }
        let transaction = AddPartitionsToTxnTransaction::default()
            .with_transactional_id(self.v3_and_below_transactional_id)
            .with_producer_id(self.v3_and_below_producer_id)
            .with_producer_epoch(self.v3_and_below_producer_epoch)
            .with_topics(self.v3_and_below_topics);
        let done = add(cx, &transaction);
        cx.state.settle(cx.now);
        Answer::Now(answer.with_results_by_topic_v3_and_below(done))
    }
}

fn add(
    cx: &mut Context<'_>,
    transaction: &AddPartitionsToTxnTransaction,
) -> Vec<AddPartitionsToTxnTopicResult> {
    let id = &transaction.transactional_id;
    if let Err(error) = cx.state.coordinates_transaction(cx.broker, id) {
        return results(&transaction.topics, |_| error.code());
    }
    let wanted = partitions(&transaction.topics);
    let missing = |key: &PartitionKey| !cx.state.has_partition(&key.0, key.1);
    if wanted.iter().any(missing) {
        let (unknown, other) = (ResponseError::UnknownTopicOrPartition, ResponseError::OperationNotAttempted);
        return results(&transaction.topics, |key| if missing(key) { unknown } else { other }.code());
    }
    let producer = Producer { id: transaction.producer_id.0, epoch: transaction.producer_epoch };
    let now_ms = cx.state.coordinators.millis(cx.now);
    let transactions = &mut cx.state.coordinators.transactions;
    if transaction.verify_only {
        return results(&transaction.topics, |key| code_of(&transactions.verify(id, producer, key)));
    }
    let done = transactions.add_partitions(now_ms, id, producer, wanted).map_err(|error| match error {
        ResponseError::ProducerFenced if cx.version < SAYS_FENCED => ResponseError::InvalidProducerEpoch,
        other => other,
    });
    results(&transaction.topics, |_| code_of(&done))
}

fn partitions(topics: &[AddPartitionsToTxnTopic]) -> BTreeSet<PartitionKey> {
    let all = topics
        .iter()
        .flat_map(|topic| topic.partitions.iter().map(|partition| (topic.name.to_string(), *partition)));
    all.collect()
}

fn results(
    topics: &[AddPartitionsToTxnTopic],
    mut code: impl FnMut(&PartitionKey) -> i16,
) -> Vec<AddPartitionsToTxnTopicResult> {
    let mut out = Vec::new();
    for topic in topics {
        let by_partition = topic.partitions.iter().map(|partition| {
            AddPartitionsToTxnPartitionResult::default()
                .with_partition_index(*partition)
                .with_partition_error_code(code(&(topic.name.to_string(), *partition)))
        });
        let result = AddPartitionsToTxnTopicResult::default().with_name(topic.name.clone());
        out.push(result.with_results_by_partition(by_partition.collect()));
    }
    out
}
