//! DeleteRecords (key 21): moves a log's start.

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::delete_records_request::DeleteRecordsTopic;
use kafka_protocol::messages::delete_records_response::{
    DeleteRecordsPartitionResult, DeleteRecordsTopicResult,
};
use kafka_protocol::messages::{DeleteRecordsRequest, DeleteRecordsResponse};
use kafka_protocol::protocol::StrBytes;

use crate::sandbox::answer::{Answer, Api, Context};

/// Asks to delete everything up to the high watermark.
const HIGH_WATERMARK: i64 = -1;

impl Api for DeleteRecordsRequest {
    fn topics(&self) -> Vec<StrBytes> {
        self.topics.iter().map(|topic| topic.name.0.clone()).collect()
    }

    fn refusal(&self, error: ResponseError) -> DeleteRecordsResponse {
        each(&self.topics, |_, _, _| Err(error))
    }

    fn handle(self, cx: &mut Context<'_>) -> Answer<DeleteRecordsResponse> {
        Answer::Now(each(&self.topics, |topic, partition, offset| {
            let (settings, partition) = cx.state.led_by(cx.broker, topic, partition)?;
            if !settings.deletes {
                return Err(ResponseError::PolicyViolation);
            }
            let end = partition.log.high_watermark();
            let offset = if offset == HIGH_WATERMARK { end } else { offset };
            if !(0..=end).contains(&offset) {
                return Err(ResponseError::OffsetOutOfRange);
            }
            Ok(partition.log.delete_before(offset))
        }))
    }
}

fn each(
    topics: &[DeleteRecordsTopic],
    mut answer: impl FnMut(&str, i32, i64) -> Result<i64, ResponseError>,
) -> DeleteRecordsResponse {
    let topics = topics.iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|wanted| {
            let result = DeleteRecordsPartitionResult::default().with_partition_index(wanted.partition_index);
            match answer(&topic.name, wanted.partition_index, wanted.offset) {
                Ok(start) => result.with_low_watermark(start),
                Err(error) => result.with_low_watermark(-1).with_error_code(error.code()),
            }
        });
        DeleteRecordsTopicResult::default()
            .with_name(topic.name.clone())
            .with_partitions(partitions.collect())
    });
    DeleteRecordsResponse::default().with_topics(topics.collect())
}
