//! DescribeTransactions (key 65).

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::describe_transactions_response::TransactionState;
use kafka_protocol::messages::{DescribeTransactionsRequest, DescribeTransactionsResponse, TransactionalId};

use crate::sandbox::acls::Operation;
use crate::sandbox::answer::{Answer, Api, Context};
use crate::sandbox::permissions::{Need, transactional_id};

impl Api for DescribeTransactionsRequest {
    const CHANGES: bool = false;

    fn needs(&self) -> Vec<Need> {
        self.transactional_ids.iter().map(|id| transactional_id(Operation::Describe, id)).collect()
    }

    fn refusal(&self, error: ResponseError) -> DescribeTransactionsResponse {
        let states = self.transactional_ids.iter().map(|id| failed(id, error));
        DescribeTransactionsResponse::default().with_transaction_states(states.collect())
    }

    fn handle(self, cx: &mut Context<'_>) -> Answer<DescribeTransactionsResponse> {
        let states =
            self.transactional_ids.iter().map(|id| match cx.state.coordinates_transaction(cx.broker, id) {
                Err(error) if !id.is_empty() => failed(id, error),
                _ => cx.state.coordinators.transactions.describe(id),
            });
        Answer::Now(DescribeTransactionsResponse::default().with_transaction_states(states.collect()))
    }
}

fn failed(id: &TransactionalId, error: ResponseError) -> TransactionState {
    TransactionState::default().with_transactional_id(id.clone()).with_error_code(error.code())
}
