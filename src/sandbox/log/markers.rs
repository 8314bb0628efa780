//! Transaction markers: the control batches that commit or abort a producer's records.

use kafka_protocol::error::ResponseError;

use super::records::{self, Record};
use super::{Aborted, PartitionLog};
use crate::kafka::batch::BatchHeader;
use crate::kafka::codec::Codec;

/// The version of a control record's key and of the marker in its value.
const VERSION: [u8; 2] = [0, 0];
const TRANSACTIONAL_CONTROL: i16 = 1 << 4 | 1 << 5;

/// Describes a marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marker {
    /// Whose transaction ends.
    pub producer_id: i64,
    /// The epoch the producer has from here on.
    pub producer_epoch: i16,
    /// The epoch of the coordinator that writes it.
    pub coordinator_epoch: i32,
    /// Whether the records count.
    pub commit: bool,
}

impl PartitionLog {
    /// Appends a marker; returns its offset.
    pub fn append_marker(
        &mut self,
        marker: Marker,
        leader_epoch: i32,
        now_ms: i64,
    ) -> Result<i64, ResponseError> {
        let Marker { producer_id, producer_epoch, coordinator_epoch, commit } = marker;
        self.producers.judge_marker(producer_id, producer_epoch, coordinator_epoch)?;
        let header = BatchHeader {
            base_offset: self.end,
            length: 0,
            leader_epoch,
            magic: 2,
            crc: 0,
            attributes: TRANSACTIONAL_CONTROL,
            last_offset_delta: 0,
            base_timestamp: now_ms,
            max_timestamp: now_ms,
            producer_id,
            producer_epoch,
            base_sequence: -1,
            record_count: 1,
        };
        let (header, payload) =
            records::assemble(header, &marker_record(commit, coordinator_epoch), Codec::None)
                .ok_or(ResponseError::UnknownServerError)?;
        let offset = header.base_offset;
        let began = self.producers.note_marker(producer_id, producer_epoch, coordinator_epoch, now_ms);
        self.push(header, payload.into());
        if let Some(first_offset) = began.filter(|_| !commit) {
            self.aborted.push(Aborted { producer_id, first_offset, last_offset: offset });
        }
        Ok(offset)
    }
}

fn marker_record(commit: bool, coordinator_epoch: i32) -> Vec<u8> {
    let key = [VERSION, [0, u8::from(commit)]].concat();
    let value = [&VERSION[..], &coordinator_epoch.to_be_bytes()].concat();
    let mut tail = Vec::new();
    for field in [&key, &value] {
        records::put_varint(&mut tail, i64::try_from(field.len()).unwrap_or(0));
        tail.extend_from_slice(field);
    }
    records::put_varint(&mut tail, 0);
    let mut out = Vec::new();
    let record =
        Record { offset_delta: 0, timestamp_delta: 0, key: Some(&key), value: Some(&value), tail: &tail };
    records::put_record(&mut out, &record);
    out
}
