//! JoinGroup (key 11).

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::{JoinGroupRequest, JoinGroupResponse};

use super::group_wait::{caller, wait};
use super::text;
use crate::sandbox::acls::Operation;
use crate::sandbox::answer::{Answer, Api, Context};
use crate::sandbox::groups::{Reply, join_refused};
use crate::sandbox::permissions::{Need, group};

impl Api for JoinGroupRequest {
    fn needs(&self) -> Vec<Need> {
        vec![group(Operation::Read, &self.group_id)]
    }

    fn refusal(&self, error: ResponseError) -> JoinGroupResponse {
        JoinGroupResponse::default()
            .with_error_code(error.code())
            .with_generation_id(-1)
            .with_protocol_name(Some(text("")))
            .with_member_id(self.member_id.clone())
    }

    fn handle(self, cx: &mut Context<'_>) -> Answer<JoinGroupResponse> {
        if let Err(error) = cx.state.coordinates_group(cx.broker, &self.group_id) {
            return Answer::Now(join_refused(error, &self.member_id, cx.version));
        }
        let version = cx.version;
        let (caller, now_ms) = (caller(cx), cx.state.coordinators.millis(cx.now));
        let ticket = cx.state.coordinators.groups.join(now_ms, &caller, &self);
        wait(cx, ticket, move |reply| match reply {
            Some(Reply::Join(answer)) => answer,
            _ => join_refused(ResponseError::RebalanceInProgress, &self.member_id, version),
        })
    }
}
