//! DescribeGroups (key 15).

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::describe_groups_response::DescribedGroup;
use kafka_protocol::messages::{DescribeGroupsRequest, DescribeGroupsResponse, GroupId};

use super::group_wait::caller;
use crate::sandbox::acls::{Operation, ResourceType};
use crate::sandbox::answer::{Answer, Api, Context};
use crate::sandbox::permissions::{Need, group};

impl Api for DescribeGroupsRequest {
    const CHANGES: bool = false;

    fn needs(&self) -> Vec<Need> {
        self.groups.iter().map(|id| group(Operation::Describe, id)).collect()
    }

    fn refusal(&self, error: ResponseError) -> DescribeGroupsResponse {
        let groups = self.groups.iter().map(|id| failed(id, error));
        DescribeGroupsResponse::default().with_groups(groups.collect())
    }

    fn handle(self, cx: &mut Context<'_>) -> Answer<DescribeGroupsResponse> {
        let caller = caller(cx);
        let mut groups = Vec::new();
        for id in &self.groups {
            match cx.state.coordinates_group(cx.broker, id) {
                Err(error) => groups.push(failed(id, error)),
                Ok(()) => {
                    let one = std::slice::from_ref(id);
                    let mut described = cx.state.coordinators.groups.describe(&caller, one);
                    for group in described.iter_mut().filter(|_| self.include_authorized_operations) {
                        group.authorized_operations = cx.operations(ResourceType::Group, &group.group_id);
                    }
                    groups.append(&mut described);
                }
            }
        }
        Answer::Now(DescribeGroupsResponse::default().with_groups(groups))
    }
}

fn failed(id: &GroupId, error: ResponseError) -> DescribedGroup {
    DescribedGroup::default().with_group_id(id.clone()).with_error_code(error.code())
}
