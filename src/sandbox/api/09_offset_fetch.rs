//! OffsetFetch (key 9).

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::offset_fetch_response::{
    OffsetFetchResponseGroup, OffsetFetchResponsePartition, OffsetFetchResponseTopic,
};
use kafka_protocol::messages::{OffsetFetchRequest, OffsetFetchResponse};

use super::group_wait::caller;
use super::text;
use crate::sandbox::acls::Operation;
use crate::sandbox::answer::{Answer, Api, Context};
use crate::sandbox::permissions::{Need, group};

/// From this version on several groups are asked for at once.
const BATCHED: i16 = 8;

impl Api for OffsetFetchRequest {
    const CHANGES: bool = false;

    fn needs(&self) -> Vec<Need> {
        let one = (!self.group_id.is_empty()).then_some(&self.group_id);
        let all = one.into_iter().chain(self.groups.iter().map(|group| &group.group_id));
        all.map(|id| group(Operation::Describe, id)).collect()
    }

    fn refusal(&self, error: ResponseError) -> OffsetFetchResponse {
        let groups = self.groups.iter().map(|group| {
            let answer = OffsetFetchResponseGroup::default().with_group_id(group.group_id.clone());
            answer.with_error_code(error.code())
        });
        let topics = self.topics.iter().flatten().map(|topic| {
            let partitions = topic.partition_indexes.iter().map(|index| {
                OffsetFetchResponsePartition::default()
                    .with_partition_index(*index)
                    .with_committed_offset(-1)
                    .with_metadata(Some(text("")))
                    .with_error_code(error.code())
            });
            let answer = OffsetFetchResponseTopic::default().with_name(topic.name.clone());
            answer.with_partitions(partitions.collect())
        });
        OffsetFetchResponse::default()
            .with_error_code(error.code())
            .with_groups(groups.collect())
            .with_topics(topics.collect())
    }

    fn handle(self, cx: &mut Context<'_>) -> Answer<OffsetFetchResponse> {
        let caller = caller(cx);
        if cx.version < BATCHED {
            let coordinates = cx.state.coordinates_group(cx.broker, &self.group_id);
            return Answer::Now(match coordinates {
                Err(error) => self.refusal(error),
                Ok(()) => cx.state.coordinators.groups.fetch_offsets(&caller, &self),
            });
        }
        let mut answer = cx.state.coordinators.groups.fetch_offsets(&caller, &self);
        for group in &mut answer.groups {
            if let Err(error) = cx.state.coordinates_group(cx.broker, &group.group_id) {
                group.topics.clear();
                group.error_code = error.code();
            }
        }
        Answer::Now(answer)
    }
}
