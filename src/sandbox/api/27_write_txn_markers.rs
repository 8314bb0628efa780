//! WriteTxnMarkers (key 27): ends a transaction in a log past its coordinator, as
//! `kafka-transactions --abort` does with one that hangs.

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::write_txn_markers_request::WritableTxnMarker;
use kafka_protocol::messages::write_txn_markers_response::{
    WritableTxnMarkerPartitionResult, WritableTxnMarkerResult, WritableTxnMarkerTopicResult,
};
use kafka_protocol::messages::{WriteTxnMarkersRequest, WriteTxnMarkersResponse};
use kafka_protocol::protocol::StrBytes;

use crate::sandbox::answer::{Answer, Api, Context, code_of};
use crate::sandbox::log::Marker;

impl Api for WriteTxnMarkersRequest {
    fn topics(&self) -> Vec<StrBytes> {
        let topics = self.markers.iter().flat_map(|marker| &marker.topics);
        topics.map(|topic| topic.name.0.clone()).collect()
    }

    fn refusal(&self, error: ResponseError) -> WriteTxnMarkersResponse {
        each(&self.markers, |_, _, _| Err(error))
    }

    fn handle(self, cx: &mut Context<'_>) -> Answer<WriteTxnMarkersResponse> {
        let now_ms = cx.state.clock.now_ms();
        Answer::Now(each(&self.markers, |wanted, topic, index| {
            let (_, partition) = cx.state.led_by(cx.broker, topic, index)?;
            let marker = Marker {
                producer_id: wanted.producer_id.0,
                producer_epoch: wanted.producer_epoch,
                coordinator_epoch: wanted.coordinator_epoch,
                commit: wanted.transaction_result,
            };
            let leader_epoch = partition.leader_epoch;
            partition.log.append_marker(marker, leader_epoch, now_ms)
        }))
    }
}

fn each(
    markers: &[WritableTxnMarker],
    mut write: impl FnMut(&WritableTxnMarker, &str, i32) -> Result<i64, ResponseError>,
) -> WriteTxnMarkersResponse {
    let markers = markers.iter().map(|marker| {
        let topics = marker.topics.iter().map(|topic| {
            let partitions = topic.partition_indexes.iter().map(|index| {
                WritableTxnMarkerPartitionResult::default()
                    .with_partition_index(*index)
                    .with_error_code(code_of(&write(marker, &topic.name, *index)))
            });
            WritableTxnMarkerTopicResult::default()
                .with_name(topic.name.clone())
                .with_partitions(partitions.collect())
        });
        WritableTxnMarkerResult::default().with_producer_id(marker.producer_id).with_topics(topics.collect())
    });
    WriteTxnMarkersResponse::default().with_markers(markers.collect())
}
