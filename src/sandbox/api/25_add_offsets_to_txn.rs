//! AddOffsetsToTxn (key 25).

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::{AddOffsetsToTxnRequest, AddOffsetsToTxnResponse};

use crate::sandbox::acls::Operation;
use crate::sandbox::answer::{Answer, Api, Context, code_of};
use crate::sandbox::permissions::{Need, group, transactional_id};

impl Api for AddOffsetsToTxnRequest {
    fn needs(&self) -> Vec<Need> {
        vec![
            group(Operation::Read, &self.group_id),
            transactional_id(Operation::Write, &self.transactional_id),
        ]
    }

    fn refusal(&self, error: ResponseError) -> AddOffsetsToTxnResponse {
        AddOffsetsToTxnResponse::default().with_error_code(error.code())
    }

    fn handle(self, cx: &mut Context<'_>) -> Answer<AddOffsetsToTxnResponse> {
        let (now_ms, version) = (cx.state.coordinators.millis(cx.now), cx.version);
        let done = cx
            .state
            .coordinates_transaction(cx.broker, &self.transactional_id)
            .and_then(|()| cx.state.coordinators.transactions.add_offsets(now_ms, version, &self));
        cx.state.settle(cx.now);
        Answer::Now(AddOffsetsToTxnResponse::default().with_error_code(code_of(&done)))
    }
}
