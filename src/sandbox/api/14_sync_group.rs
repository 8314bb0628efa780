//! SyncGroup (key 14).

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::{SyncGroupRequest, SyncGroupResponse};

use super::group_wait::{caller, wait};
use crate::sandbox::acls::Operation;
use crate::sandbox::answer::{Answer, Api, Context};
use crate::sandbox::groups::Reply;
use crate::sandbox::permissions::{Need, group};

/// From this version on a member says which protocol it means (KIP-559).
const SAYS_PROTOCOL: i16 = 5;

impl Api for SyncGroupRequest {
    fn needs(&self) -> Vec<Need> {
        vec![group(Operation::Read, &self.group_id)]
    }

    fn refusal(&self, error: ResponseError) -> SyncGroupResponse {
        SyncGroupResponse::default().with_error_code(error.code())
    }

    fn handle(self, cx: &mut Context<'_>) -> Answer<SyncGroupResponse> {
        if cx.version >= SAYS_PROTOCOL && (self.protocol_type.is_none() || self.protocol_name.is_none()) {
            return Answer::Now(self.refusal(ResponseError::InconsistentGroupProtocol));
        }
        if let Err(error) = cx.state.coordinates_group(cx.broker, &self.group_id) {
            return Answer::Now(self.refusal(error));
        }
        let (caller, now_ms) = (caller(cx), cx.state.coordinators.millis(cx.now));
        let ticket = cx.state.coordinators.groups.sync(now_ms, &caller, &self);
        wait(cx, ticket, move |reply| match reply {
            Some(Reply::Sync(answer)) => answer,
            _ => self.refusal(ResponseError::RebalanceInProgress),
        })
    }
}
