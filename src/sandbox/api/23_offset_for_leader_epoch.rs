//! OffsetForLeaderEpoch (key 23): where a leader's records end, so that a client finds out whether
//! its own end still is part of the log (KIP-320).

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::offset_for_leader_epoch_request::{
    OffsetForLeaderPartition, OffsetForLeaderTopic,
};
use kafka_protocol::messages::offset_for_leader_epoch_response::{
    EpochEndOffset, OffsetForLeaderTopicResult,
};
use kafka_protocol::messages::{OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse};
use kafka_protocol::protocol::StrBytes;

use crate::sandbox::answer::{Answer, Api, Context};

impl Api for OffsetForLeaderEpochRequest {
    const CHANGES: bool = false;

    fn topics(&self) -> Vec<StrBytes> {
        self.topics.iter().map(|topic| topic.topic.0.clone()).collect()
    }

    fn refusal(&self, error: ResponseError) -> OffsetForLeaderEpochResponse {
        each(&self.topics, |_, _| Err(error))
    }

    fn handle(self, cx: &mut Context<'_>) -> Answer<OffsetForLeaderEpochResponse> {
        Answer::Now(each(&self.topics, |topic, wanted| {
            let found = cx.state.topics.get(topic).and_then(|found| found.partition(wanted.partition));
            let partition = found.ok_or(ResponseError::UnknownTopicOrPartition)?;
            partition.check_epoch(wanted.current_leader_epoch)?;
            if partition.leader != Some(cx.broker) {
                return Err(ResponseError::NotLeaderOrFollower);
            }
            Ok(partition.log.epochs().end_of(wanted.leader_epoch, partition.log.end()))
        }))
    }
}

fn each(
    topics: &[OffsetForLeaderTopic],
    mut answer: impl FnMut(&str, &OffsetForLeaderPartition) -> Result<(i32, i64), ResponseError>,
) -> OffsetForLeaderEpochResponse {
    let topics = topics.iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|wanted| {
            let end = EpochEndOffset::default().with_partition(wanted.partition);
            match answer(&topic.topic, wanted) {
                Ok((epoch, offset)) => end.with_leader_epoch(epoch).with_end_offset(offset),
                Err(error) => end.with_error_code(error.code()).with_leader_epoch(-1).with_end_offset(-1),
            }
        });
        OffsetForLeaderTopicResult::default()
            .with_topic(topic.topic.clone())
            .with_partitions(partitions.collect())
    });
    OffsetForLeaderEpochResponse::default().with_topics(topics.collect())
}
