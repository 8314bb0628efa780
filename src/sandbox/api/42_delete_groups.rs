//! DeleteGroups (key 42).

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::delete_groups_response::DeletableGroupResult;
use kafka_protocol::messages::{DeleteGroupsRequest, DeleteGroupsResponse, GroupId};

use crate::sandbox::acls::Operation;
use crate::sandbox::answer::{Answer, Api, Context};
use crate::sandbox::permissions::{Need, group};

impl Api for DeleteGroupsRequest {
    fn needs(&self) -> Vec<Need> {
        self.groups_names.iter().map(|id| group(Operation::Delete, id)).collect()
    }

    fn refusal(&self, error: ResponseError) -> DeleteGroupsResponse {
        let results = self.groups_names.iter().map(|id| failed(id, error));
        DeleteGroupsResponse::default().with_results(results.collect())
    }

    fn handle(self, cx: &mut Context<'_>) -> Answer<DeleteGroupsResponse> {
        let mut results = Vec::new();
        for id in &self.groups_names {
            match cx.state.coordinates_group(cx.broker, id) {
                Err(error) => results.push(failed(id, error)),
                Ok(()) => results.extend(cx.state.coordinators.groups.delete(std::slice::from_ref(id))),
            }
        }
        Answer::Now(DeleteGroupsResponse::default().with_results(results))
    }
}

fn failed(id: &GroupId, error: ResponseError) -> DeletableGroupResult {
    DeletableGroupResult::default().with_group_id(id.clone()).with_error_code(error.code())
}
