//! Heartbeat (key 12).

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::{HeartbeatRequest, HeartbeatResponse};

use crate::sandbox::acls::Operation;
use crate::sandbox::answer::{Answer, Api, Context, code_of};
use crate::sandbox::permissions::{Need, group};

impl Api for HeartbeatRequest {
    fn needs(&self) -> Vec<Need> {
        vec![group(Operation::Read, &self.group_id)]
    }

    fn refusal(&self, error: ResponseError) -> HeartbeatResponse {
        HeartbeatResponse::default().with_error_code(error.code())
    }

    fn handle(self, cx: &mut Context<'_>) -> Answer<HeartbeatResponse> {
        let now_ms = cx.state.coordinators.millis(cx.now);
        let heard = cx
            .state
            .coordinates_group(cx.broker, &self.group_id)
            .and_then(|()| cx.state.coordinators.groups.heartbeat(now_ms, &self));
        Answer::Now(HeartbeatResponse::default().with_error_code(code_of(&heard)))
    }
}
