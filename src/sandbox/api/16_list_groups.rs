//! ListGroups (key 16): the groups this broker coordinates.

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::{ListGroupsRequest, ListGroupsResponse};

use crate::sandbox::acls::ResourceType;
use crate::sandbox::answer::{Answer, Api, Context};

impl Api for ListGroupsRequest {
    const CHANGES: bool = false;

    fn refusal(&self, error: ResponseError) -> ListGroupsResponse {
        ListGroupsResponse::default().with_error_code(error.code())
    }

    fn handle(self, cx: &mut Context<'_>) -> Answer<ListGroupsResponse> {
        let mut groups = cx.state.coordinators.groups.list(&self);
        groups.retain(|group| cx.may_see(ResourceType::Group, &group.group_id));
        groups.retain(|group| cx.state.coordinates_group(cx.broker, &group.group_id).is_ok());
        Answer::Now(ListGroupsResponse::default().with_groups(groups))
    }
}
