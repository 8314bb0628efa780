//! LeaveGroup (key 13).

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::{LeaveGroupRequest, LeaveGroupResponse};

use super::group_wait::caller;
use crate::sandbox::acls::Operation;
use crate::sandbox::answer::{Answer, Api, Context};
use crate::sandbox::permissions::{Need, group};

impl Api for LeaveGroupRequest {
    fn needs(&self) -> Vec<Need> {
        vec![group(Operation::Read, &self.group_id)]
    }

    fn refusal(&self, error: ResponseError) -> LeaveGroupResponse {
        LeaveGroupResponse::default().with_error_code(error.code())
    }

    fn handle(self, cx: &mut Context<'_>) -> Answer<LeaveGroupResponse> {
        if let Err(error) = cx.state.coordinates_group(cx.broker, &self.group_id) {
            return Answer::Now(self.refusal(error));
        }
        let (caller, now_ms) = (caller(cx), cx.state.coordinators.millis(cx.now));
        Answer::Now(cx.state.coordinators.groups.leave(now_ms, &caller, &self))
    }
}
