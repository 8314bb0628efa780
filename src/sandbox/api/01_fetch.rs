//! Fetch (key 1): records for consumers.

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::fetch_response::{FetchableTopicResponse, PartitionData};
use kafka_protocol::messages::{FetchRequest, FetchResponse};
use kafka_protocol::protocol::StrBytes;

use crate::sandbox::answer::{Answer, Api, Context};

impl Api for FetchRequest {
    fn topics(&self) -> Vec<StrBytes> {
        self.topics.iter().map(|topic| topic.topic.0.clone()).collect()
    }

    fn refusal(&self, error: ResponseError) -> FetchResponse {
        FetchResponse::default().with_error_code(error.code())
    }

    fn handle(self, cx: &mut Context<'_>) -> Answer<FetchResponse> {
        let responses = self.topics.iter().map(|topic| {
            let partitions = topic.partitions.iter().map(|wanted| {
                let data = PartitionData::default().with_partition_index(wanted.partition);
                let name = cx.state.topic_name(&topic.topic, topic.topic_id).map(str::to_owned);
                match name.and_then(|name| {
                    let (_, partition) = cx.state.led_by(cx.broker, &name, wanted.partition)?;
                    Ok(partition.log.read(
                        wanted.fetch_offset,
                        partition.log.high_watermark(),
                        usize::try_from(wanted.partition_max_bytes).unwrap_or(0),
                        true,
                    ))
                }) {
                    Ok(slice) => data.with_records(Some(slice.bytes)),
                    Err(error) => data.with_error_code(error.code()),
                }
            });
            FetchableTopicResponse::default()
                .with_topic(topic.topic.clone())
                .with_topic_id(topic.topic_id)
                .with_partitions(partitions.collect())
        });
        Answer::Now(FetchResponse::default().with_responses(responses.collect()))
    }
}
