//! ListOffsets (key 2): a log's ends, and records by their time.

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::list_offsets_response::{
    ListOffsetsPartitionResponse, ListOffsetsTopicResponse,
};
use kafka_protocol::messages::{ListOffsetsRequest, ListOffsetsResponse};
use kafka_protocol::protocol::StrBytes;

use crate::sandbox::answer::{Answer, Api, Context};
use crate::sandbox::log::{PartitionLog, Timed};

/// Asks for the end.
const LATEST: i64 = -1;
/// Asks for the start.
const EARLIEST: i64 = -2;
/// Asks for the record with the newest time (KIP-734).
const MAX_TIMESTAMP: i64 = -3;
/// Asks for the start of what is on the broker's disk (KIP-405); the same as the start here.
const EARLIEST_LOCAL: i64 = -4;
/// Asks for the end of what is in remote storage (KIP-1005); nothing is.
const LATEST_TIERED: i64 = -5;

/// From this version an answer names the leader epoch of its offset.
const EPOCHS_FROM: i16 = 4;

/// Returns the first version in which a broker knows what a time stands for.
fn first_version(timestamp: i64) -> i16 {
    match timestamp {
        LATEST | EARLIEST | 0.. => 0,
        MAX_TIMESTAMP => 7,
        EARLIEST_LOCAL => 8,
        LATEST_TIERED => 9,
        _ => i16::MAX,
    }
}

impl Api for ListOffsetsRequest {
    const CHANGES: bool = false;

    fn topics(&self) -> Vec<StrBytes> {
        self.topics.iter().map(|topic| topic.name.0.clone()).collect()
    }

    fn refusal(&self, error: ResponseError) -> ListOffsetsResponse {
        each(&self.topics, |_, _| Err(error))
    }

    fn handle(self, cx: &mut Context<'_>) -> Answer<ListOffsetsResponse> {
        let committed_only = self.isolation_level == 1;
        let version = cx.version;
        Answer::Now(each(&self.topics, |topic, wanted| {
            // The topic is looked for first: what is missing is unknown in every epoch.
            let found = cx.state.topics.get(topic).and_then(|found| found.partition(wanted.partition_index));
            let partition = found.ok_or(ResponseError::UnknownTopicOrPartition)?;
            partition.check_epoch(wanted.current_leader_epoch)?;
            if partition.leader != Some(cx.broker) {
                return Err(ResponseError::NotLeaderOrFollower);
            }
            if version < first_version(wanted.timestamp) {
                return Err(ResponseError::UnsupportedVersion);
            }
            let log = &partition.log;
            let end = if committed_only { log.last_stable() } else { log.high_watermark() };
            let (offset, timestamp, epoch) = look_up(log, wanted.timestamp, end);
            let epoch = match epoch {
                _ if version < EPOCHS_FROM => -1,
                Epoch::Leader => partition.leader_epoch,
                epoch => epoch.of(log, offset),
            };
            Ok(response(wanted).with_offset(offset).with_timestamp(timestamp).with_leader_epoch(epoch))
        }))
    }
}

/// Says which leader epoch goes with an answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Epoch {
    /// The leader's.
    Leader,
    /// That of the record at the offset.
    Record,
    /// None.
    Unknown,
}

impl Epoch {
    fn of(self, log: &PartitionLog, offset: i64) -> i32 {
        if self == Self::Record { log.epochs().at(offset) } else { -1 }
    }
}

fn look_up(log: &PartitionLog, timestamp: i64, end: i64) -> (i64, i64, Epoch) {
    let record = |found: Option<Timed>| {
        let found = found.filter(|found| found.offset < end);
        found.map_or((-1, -1, Epoch::Unknown), |found| (found.offset, found.timestamp_ms, Epoch::Record))
    };
    match timestamp {
        LATEST => (end, -1, Epoch::Leader),
        EARLIEST | EARLIEST_LOCAL => (log.start(), -1, Epoch::Record),
        MAX_TIMESTAMP => record(log.newest()),
        LATEST_TIERED => (-1, -1, Epoch::Unknown),
        time => record(log.first_not_before(time)),
    }
}

fn response(wanted: &ListOffsetsPartition) -> ListOffsetsPartitionResponse {
    ListOffsetsPartitionResponse::default().with_partition_index(wanted.partition_index)
}

fn each(
    topics: &[ListOffsetsTopic],
    mut answer: impl FnMut(&str, &ListOffsetsPartition) -> Result<ListOffsetsPartitionResponse, ResponseError>,
) -> ListOffsetsResponse {
    let topics = topics.iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|wanted| {
            answer(&topic.name, wanted).unwrap_or_else(|error| {
                response(wanted).with_error_code(error.code()).with_offset(-1).with_timestamp(-1)
            })
        });
        ListOffsetsTopicResponse::default()
            .with_name(topic.name.clone())
            .with_partitions(partitions.collect())
    });
    ListOffsetsResponse::default().with_topics(topics.collect())
}
