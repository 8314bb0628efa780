//! InitProducerId (key 22).

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::{InitProducerIdRequest, InitProducerIdResponse, ProducerId};

use crate::sandbox::acls::Operation;
use crate::sandbox::answer::{Answer, Api, Context};
use crate::sandbox::permissions::{Need, cluster, transactional_id};
use crate::sandbox::transactions::{NO_EPOCH, NO_PRODUCER_ID};

impl Api for InitProducerIdRequest {
    fn needs(&self) -> Vec<Need> {
        match &self.transactional_id {
            Some(id) => vec![transactional_id(Operation::Write, id)],
            None => cluster(Operation::IdempotentWrite),
        }
    }

    fn refusal(&self, error: ResponseError) -> InitProducerIdResponse {
        InitProducerIdResponse::default()
            .with_error_code(error.code())
            .with_producer_id(ProducerId(NO_PRODUCER_ID))
            .with_producer_epoch(NO_EPOCH)
    }

    fn handle(self, cx: &mut Context<'_>) -> Answer<InitProducerIdResponse> {
        // Any broker gives out ids to producers without a transactional id.
        if let Some(id) = self.transactional_id.as_ref().filter(|id| !id.is_empty())
            && let Err(error) = cx.state.coordinates_transaction(cx.broker, id)
        {
            return Answer::Now(self.refusal(error));
        }
        let now_ms = cx.state.coordinators.millis(cx.now);
        let answer = cx.state.coordinators.transactions.init(now_ms, cx.version, &self);
        cx.state.settle(cx.now);
        Answer::Now(answer)
    }
}
