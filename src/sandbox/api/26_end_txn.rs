//! EndTxn (key 26): the end is decided here, and its markers are written.

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::{EndTxnRequest, EndTxnResponse, ProducerId};

use crate::sandbox::acls::Operation;
use crate::sandbox::answer::{Answer, Api, Context};
use crate::sandbox::permissions::{Need, transactional_id};
use crate::sandbox::transactions::{NO_EPOCH, NO_PRODUCER_ID};

impl Api for EndTxnRequest {
    fn needs(&self) -> Vec<Need> {
        vec![transactional_id(Operation::Write, &self.transactional_id)]
    }

    fn refusal(&self, error: ResponseError) -> EndTxnResponse {
        EndTxnResponse::default()
            .with_error_code(error.code())
            .with_producer_id(ProducerId(NO_PRODUCER_ID))
            .with_producer_epoch(NO_EPOCH)
    }

    fn handle(self, cx: &mut Context<'_>) -> Answer<EndTxnResponse> {
        if let Err(error) = cx.state.coordinates_transaction(cx.broker, &self.transactional_id) {
            return Answer::Now(self.refusal(error));
        }
        let now_ms = cx.state.coordinators.millis(cx.now);
        let answer = cx.state.coordinators.transactions.end(now_ms, cx.version, &self);
        cx.state.settle(cx.now);
        Answer::Now(answer)
    }
}
