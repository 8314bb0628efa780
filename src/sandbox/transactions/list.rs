//! ListTransactions and DescribeTransactions.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::describe_transactions_response::{TopicData, TransactionState as Described};
use kafka_protocol::messages::list_transactions_response::TransactionState as Listed;
use kafka_protocol::messages::{
    ListTransactionsRequest, ListTransactionsResponse, ProducerId, TopicName, TransactionalId,
};
use kafka_protocol::protocol::StrBytes;

use super::entry::{Entry, TransactionState};
use super::{Millis, Transactions};

fn text(value: &str) -> StrBytes {
    StrBytes::from_string(value.to_owned())
}

impl Transactions {
    /// Lists the transactional ids that pass every filter. Whether an id matches the request's pattern
    /// is for the caller to say, whose pattern language it is.
    pub fn list(
        &self,
        now: Millis,
        request: &ListTransactionsRequest,
        matches: impl Fn(&str) -> bool,
    ) -> ListTransactionsResponse {
        let known = |name: &StrBytes| TransactionState::ALL.iter().any(|state| state.name() == name.as_str());
        let (states, unknown): (Vec<_>, Vec<_>) =
            request.state_filters.iter().cloned().partition(|name| known(name));
        let passes = |entry: &Entry| {
            let of_state = request.state_filters.is_empty()
                || states.iter().any(|name| name.as_str() == entry.state.name());
            let of_producer = request.producer_id_filters.is_empty()
                || request.producer_id_filters.contains(&ProducerId(entry.producer.id));
            let long_enough = request.duration_filter < 0
                || (entry.started >= 0 && now - entry.started > request.duration_filter);
            of_state && of_producer && long_enough
        };
        let found = self.entries.iter().filter(|(id, entry)| passes(entry) && matches(id));
        let listed = found.map(|(id, entry)| {
            Listed::default()
                .with_transactional_id(TransactionalId(text(id)))
                .with_producer_id(ProducerId(entry.producer.id))
                .with_transaction_state(text(entry.state.name()))
        });
        ListTransactionsResponse::default()
            .with_unknown_state_filters(unknown)
            .with_transaction_states(listed.collect())
    }

    /// Describes one transactional id.
    pub fn describe(&self, id: &TransactionalId) -> Described {
        let answer = Described::default().with_transactional_id(id.clone());
        if id.is_empty() {
            return answer.with_error_code(ResponseError::InvalidRequest.code());
        }
        let Some(entry) = self.entries.get(id.as_str()) else {
            return answer.with_error_code(ResponseError::TransactionalIdNotFound.code());
        };
        answer
            .with_transaction_state(text(entry.state.name()))
            .with_transaction_timeout_ms(entry.timeout_ms)
            .with_transaction_start_time_ms(entry.started)
            .with_producer_id(ProducerId(entry.producer.id))
            .with_producer_epoch(entry.producer.epoch)
            .with_topics(topics(entry))
    }
}

fn topics(entry: &Entry) -> Vec<TopicData> {
    let mut found: Vec<TopicData> = Vec::new();
    for (topic, partition) in &entry.partitions {
        match found.last_mut() {
            Some(last) if last.topic.as_str() == topic => last.partitions.push(*partition),
            _ => {
                let data = TopicData::default().with_topic(TopicName(text(topic)));
                found.push(data.with_partitions(vec![*partition]));
            }
        }
    }
    found
}
