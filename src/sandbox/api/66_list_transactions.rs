//! ListTransactions (key 66): the transactional ids this broker coordinates.

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::{ListTransactionsRequest, ListTransactionsResponse};
use regex::Regex;

use crate::sandbox::acls::ResourceType;
use crate::sandbox::answer::{Answer, Api, Context};

impl Api for ListTransactionsRequest {
    const CHANGES: bool = false;

    fn refusal(&self, error: ResponseError) -> ListTransactionsResponse {
        ListTransactionsResponse::default().with_error_code(error.code())
    }

    fn handle(self, cx: &mut Context<'_>) -> Answer<ListTransactionsResponse> {
        let pattern = self.transactional_id_pattern.as_deref().filter(|pattern| !pattern.is_empty());
        let Ok(pattern) = pattern.map(|pattern| Regex::new(&format!("^(?:{pattern})$"))).transpose() else {
            return Answer::Now(self.refusal(ResponseError::InvalidRegularExpression));
        };
        let matches = |id: &str| pattern.as_ref().is_none_or(|pattern| pattern.is_match(id));
        let now_ms = cx.state.coordinators.millis(cx.now);
        let mut answer = cx.state.coordinators.transactions.list(now_ms, &self, matches);
        answer
            .transaction_states
            .retain(|found| cx.may_see(ResourceType::TransactionalId, &found.transactional_id));
        answer
            .transaction_states
            .retain(|found| cx.state.coordinates_transaction(cx.broker, &found.transactional_id).is_ok());
        Answer::Now(answer)
    }
}
