//! OffsetDelete (key 47).

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::{OffsetDeleteRequest, OffsetDeleteResponse};
use kafka_protocol::protocol::StrBytes;

use crate::sandbox::acls::Operation;
use crate::sandbox::answer::{Answer, Api, Context};
use crate::sandbox::permissions::{Need, group};

impl Api for OffsetDeleteRequest {
    fn topics(&self) -> Vec<StrBytes> {
        self.topics.iter().map(|topic| topic.name.0.clone()).collect()
    }

    fn needs(&self) -> Vec<Need> {
        vec![group(Operation::Delete, &self.group_id)]
    }

    fn refusal(&self, error: ResponseError) -> OffsetDeleteResponse {
        OffsetDeleteResponse::default().with_error_code(error.code())
    }

    fn handle(self, cx: &mut Context<'_>) -> Answer<OffsetDeleteResponse> {
        if let Err(error) = cx.state.coordinates_group(cx.broker, &self.group_id) {
            return Answer::Now(self.refusal(error));
        }
        let (topics, groups) = (&cx.state.topics, &mut cx.state.coordinators.groups);
        Answer::Now(groups.delete_offsets(&self, |topic, at| topics.has(topic, at)))
    }
}
