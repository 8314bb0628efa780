//! ListPartitionReassignments (key 46): there never is one, for replicas here are names only.

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::{ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse};

use crate::sandbox::answer::{Answer, Api, Context};

impl Api for ListPartitionReassignmentsRequest {
    const CHANGES: bool = false;

    fn refusal(&self, error: ResponseError) -> ListPartitionReassignmentsResponse {
        ListPartitionReassignmentsResponse::default().with_error_code(error.code())
    }

    fn handle(self, _: &mut Context<'_>) -> Answer<ListPartitionReassignmentsResponse> {
        Answer::Now(ListPartitionReassignmentsResponse::default().with_error_message(None))
    }
}
