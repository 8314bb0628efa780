//! Produce requests, encoded by hand so that the records are sent from where they were received.

use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::messages::ProduceRequest;
use uuid::Uuid;

use super::connection::{Connection, PendingAnswer};
use super::error::RequestError;
use super::frame::Segments;
use super::metadata::TopicId;
use crate::types::{PartitionIndex, TopicName};

/// From this version on the request is flexible (compact lengths, tagged fields).
const FLEXIBLE_FROM: i16 = 9;
/// From this version topics are named by id (KIP-516).
pub const TOPIC_IDS_FROM: i16 = 13;
/// Acknowledged by all in-sync replicas.
const ACKS_ALL: i16 = -1;

/// Holds one batch on its way to one partition: a header of our own and the records as received.
#[derive(Clone, Debug)]
pub struct ProduceEntry {
    /// The target topic.
    pub topic: TopicName,
    /// Its incarnation; needed from version 13.
    pub topic_id: TopicId,
    /// The partition.
    pub partition: PartitionIndex,
    /// The rewritten batch header.
    pub header: Bytes,
    /// Everything after the header, not copied.
    pub payload: Bytes,
}

/// Sends the entries, at most one for each partition, acknowledged by all in-sync replicas.
///
/// The transactional id is null: data is idempotent and not transactional.
pub async fn send(
    connection: &Connection,
    entries: &mut [ProduceEntry],
    timeout_ms: i32,
) -> Result<PendingAnswer, RequestError> {
    let version = connection
        .version_of::<ProduceRequest>()
        .map_err(|cause| super::cluster::request_error::<ProduceRequest>(connection, cause))?;
    // Topic ids are all or nothing; a topic whose id is unknown keeps the request at names.
    let with_ids = entries.iter().all(|entry| entry.topic_id.is_some());
    let version = if with_ids { version } else { version.min(TOPIC_IDS_FROM - 1) };
    let body = encode(entries, timeout_ms, version);
    connection.send_segments::<ProduceRequest>(body, version, None).await
}

/// Encodes the request's body; entries of one topic are brought together first.
pub fn encode(entries: &mut [ProduceEntry], timeout_ms: i32, version: i16) -> Segments {
    entries.sort_by(|a, b| (&a.topic, a.partition).cmp(&(&b.topic, b.partition)));
    let topics: Vec<&[ProduceEntry]> = entries.chunk_by(|a, b| a.topic == b.topic).collect();
    let mut out = Encoder::new(version);
    out.null_string();
    out.scratch.put_i16(ACKS_ALL);
    out.scratch.put_i32(timeout_ms);
    out.array_length(topics.len());
    for topic in topics {
        out.topic(&topic[0]);
        out.array_length(topic.len());
        for entry in topic {
            out.scratch.put_i32(entry.partition);
            out.records(&entry.header, &entry.payload);
            out.no_tags();
        }
        out.no_tags();
    }
    out.no_tags();
    out.finish()
}

struct Encoder {
    version: i16,
    scratch: BytesMut,
    segments: Segments,
}

impl Encoder {
    fn new(version: i16) -> Self {
        Self { version, scratch: BytesMut::with_capacity(1024), segments: Segments::default() }
    }

    fn is_flexible(&self) -> bool {
        self.version >= FLEXIBLE_FROM
    }

    fn null_string(&mut self) {
        if self.is_flexible() { self.scratch.put_u8(0) } else { self.scratch.put_i16(-1) }
    }

    fn array_length(&mut self, length: usize) {
        if self.is_flexible() { self.varint(length + 1) } else { self.scratch.put_u32(wire_length(length)) }
    }

    fn topic(&mut self, entry: &ProduceEntry) {
        let name = entry.topic.as_str().as_bytes();
        if self.version >= TOPIC_IDS_FROM {
            self.scratch.put_slice(entry.topic_id.unwrap_or(Uuid::nil()).as_bytes());
        } else if self.is_flexible() {
            self.varint(name.len() + 1);
            self.scratch.put_slice(name);
        } else {
            self.scratch.put_u16(u16::try_from(name.len()).expect("Kafka's topic names end at 249 bytes"));
            self.scratch.put_slice(name);
        }
    }

    fn records(&mut self, header: &Bytes, payload: &Bytes) {
        let length = header.len() + payload.len();
        if self.is_flexible() {
            self.varint(length + 1)
        } else {
            self.scratch.put_u32(wire_length(length))
        }
        self.scratch.put_slice(header);
        self.segments.push(self.scratch.split().freeze());
        self.segments.push(payload.clone());
    }

    fn no_tags(&mut self) {
        if self.is_flexible() {
            self.scratch.put_u8(0);
        }
    }

    fn varint(&mut self, value: usize) {
        let mut rest = value;
        while rest >= 0x80 {
            self.scratch.put_u8((rest & 0x7f) as u8 | 0x80);
            rest >>= 7;
        }
        self.scratch.put_u8(rest as u8);
    }

    fn finish(mut self) -> Segments {
        self.segments.push(self.scratch.split().freeze());
        self.segments
    }
}

fn wire_length(length: usize) -> u32 {
    u32::try_from(length).expect("a request stays below the frame limit, far under 4 GiB")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use bytes::Buf;
    use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
    use kafka_protocol::protocol::{Encodable, Message};

    fn entry(topic: &str, partition: i32, payload: &'static [u8]) -> ProduceEntry {
        ProduceEntry {
            topic: topic.into(),
            topic_id: Some(Uuid::from_u128(topic.len() as u128)),
            partition,
            header: Bytes::from_static(b"header"),
            payload: Bytes::from_static(payload),
        }
    }

    #[test]
    fn every_version_is_what_the_codec_encodes() {
        let long: &'static [u8] = &[5; 300];
        let mut entries = vec![entry("orders", 4, b"abc"), entry("a", 0, b""), entry("orders", 1, long)];
        for version in ProduceRequest::VERSIONS.min..=ProduceRequest::VERSIONS.max {
            let mut ours = encode(&mut entries, 30_000, version);
            let data = |index: i32, payload: &[u8]| {
                let records = Bytes::from([b"header", payload].concat());
                PartitionProduceData::default().with_index(index).with_records(Some(records))
            };
            let topic = |name: &'static str, partitions| {
                let topic = TopicProduceData::default().with_partition_data(partitions);
                if version >= TOPIC_IDS_FROM {
                    topic.with_topic_id(Uuid::from_u128(name.len() as u128))
                } else {
                    topic.with_name(super::super::metadata::wire_name(&name.into()))
                }
            };
            let theirs =
                ProduceRequest::default().with_acks(-1).with_timeout_ms(30_000).with_topic_data(vec![
                    topic("a", vec![data(0, b"")]),
                    topic("orders", vec![data(1, long), data(4, b"abc")]),
                ]);
            let mut expected = BytesMut::new();
            theirs.encode(&mut expected, version).unwrap();
            assert_eq!(ours.copy_to_bytes(ours.remaining()), expected.freeze(), "version {version}");
        }
    }
}
