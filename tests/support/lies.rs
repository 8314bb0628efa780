//! Liars between client and broker, for the drill's proxy: each tells one lie that a drill has to find. They keep
//! to their lie: whoever asks again, or sends again, meets it again.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use kafka_protocol::messages::{
    ApiKey, FetchResponse, InitProducerIdResponse, MetadataResponse, OffsetCommitRequest, ProduceRequest,
    RequestHeader, ResponseHeader,
};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion};
use strait::drill::proxy::Tamper;
use strait::kafka::batch::{BatchHeader, Batches, HEADER_BYTES, RawBatch};
use strait::kafka::codec::{compress, decompress};
use strait::kafka::crc::crc32c;
use uuid::Uuid;

/// Most bytes a batch decompresses to.
const DECODED_BYTES_MAX: usize = 64 << 20;

/// Reads, changes and writes an answer.
fn answer<R: Encodable + Decodable + HeaderVersion>(
    version: i16,
    frame: BytesMut,
    edit: impl FnOnce(&mut R),
) -> BytesMut {
    let mut rest = frame.freeze();
    let header = ResponseHeader::decode(&mut rest, R::header_version(version)).unwrap();
    let mut body = R::decode(&mut rest, version).unwrap();
    assert!(!rest.has_remaining(), "bytes behind an answer");
    edit(&mut body);
    let mut out = BytesMut::new();
    header.encode(&mut out, R::header_version(version)).unwrap();
    body.encode(&mut out, version).unwrap();
    out
}

/// Reads, changes and writes a request.
fn request<R: Encodable + Decodable + HeaderVersion>(
    version: i16,
    frame: BytesMut,
    edit: impl FnOnce(&mut R),
) -> BytesMut {
    let mut rest = frame.freeze();
    let header = RequestHeader::decode(&mut rest, R::header_version(version)).unwrap();
    let mut body = R::decode(&mut rest, version).unwrap();
    assert!(!rest.has_remaining(), "bytes behind a request");
    edit(&mut body);
    let mut out = BytesMut::new();
    header.encode(&mut out, R::header_version(version)).unwrap();
    body.encode(&mut out, version).unwrap();
    out
}

/// A record as its batch holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inner {
    attributes: u8,
    time: i64,
    offset: i64,
    /// Key, value and headers.
    content: Bytes,
}

fn get_varlong(from: &mut Bytes) -> i64 {
    let (mut raw, mut shift) = (0_u64, 0);
    loop {
        let byte = from.get_u8();
        raw |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return (raw >> 1).cast_signed() ^ -(raw & 1).cast_signed();
        }
        shift += 7;
    }
}

fn put_varlong(to: &mut impl BufMut, value: i64) {
    let mut raw = ((value << 1) ^ (value >> 63)).cast_unsigned();
    while raw >= 0x80 {
        to.put_u8(u8::try_from(raw & 0x7f).unwrap() | 0x80);
        raw >>= 7;
    }
    to.put_u8(u8::try_from(raw).unwrap());
}

/// Takes a batch apart.
pub fn records(batch: &RawBatch) -> Vec<Inner> {
    let decoded = decompress(batch.header.codec().unwrap(), &batch.payload(), DECODED_BYTES_MAX).unwrap();
    let mut rest = Bytes::from(decoded);
    (0..batch.header.record_count)
        .map(|_| {
            let length = usize::try_from(get_varlong(&mut rest)).unwrap();
            let mut record = rest.split_to(length);
            let attributes = record.get_u8();
            let (time, offset) = (get_varlong(&mut record), get_varlong(&mut record));
            Inner { attributes, time, offset, content: record }
        })
        .collect()
}

/// Puts a batch together again, under a header of which count, length and checksum are made to fit.
pub fn batch(mut header: BatchHeader, records: &[Inner]) -> Bytes {
    let mut plain = BytesMut::new();
    for record in records {
        let mut body = BytesMut::new();
        body.put_u8(record.attributes);
        put_varlong(&mut body, record.time);
        put_varlong(&mut body, record.offset);
        body.extend_from_slice(&record.content);
        put_varlong(&mut plain, i64::try_from(body.len()).unwrap());
        plain.extend_from_slice(&body);
    }
    let payload = compress(header.codec().unwrap(), &plain).unwrap();
    header.record_count = i32::try_from(records.len()).unwrap();
    sealed(header, &payload)
}

/// Puts a header in front of records that are compressed already.
fn sealed(mut header: BatchHeader, payload: &[u8]) -> Bytes {
    // The length counts from behind itself.
    header.length = i32::try_from(HEADER_BYTES - 12 + payload.len()).unwrap();
    let mut whole = [&header.to_bytes()[..], payload].concat();
    header.crc = crc32c(&whole[21..]);
    whole[17..21].copy_from_slice(&header.crc.to_be_bytes());
    whole.into()
}

/// A topic, under its name and the ids that were seen for it.
#[derive(Debug)]
struct Topic {
    name: String,
    ids: Mutex<BTreeSet<Uuid>>,
}

impl Topic {
    fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ids: Mutex::default() }
    }

    /// Learns from an answer which ids the topic has.
    fn learn(&self, api: i16, version: i16, frame: &BytesMut) {
        if api != ApiKey::Metadata as i16 {
            return;
        }
        answer::<MetadataResponse>(version, frame.clone(), |told| {
            let mine =
                told.topics.iter().filter(|topic| topic.name.as_ref().is_some_and(|n| **n == *self.name));
            lock(&self.ids).extend(mine.map(|topic| topic.topic_id).filter(|id| !id.is_nil()));
        });
    }

    fn is(&self, name: &str, id: Uuid) -> bool {
        name == self.name || lock(&self.ids).contains(&id)
    }
}

fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lies about one batch of a topic: the first that is good for the lie, whenever it is fetched.
#[derive(Debug)]
struct FetchLie {
    topic: Topic,
    records_min: i32,
    /// Partition and base offset.
    chosen: Mutex<Option<(i32, i64)>>,
}

impl FetchLie {
    fn new(topic: &str, records_min: i32) -> Self {
        Self { topic: Topic::new(topic), records_min, chosen: Mutex::default() }
    }

    fn on_answer(
        &self,
        (api, version): (i16, i16),
        frame: BytesMut,
        lie: impl Fn(&mut Vec<Inner>),
    ) -> BytesMut {
        self.topic.learn(api, version, &frame);
        if api != ApiKey::Fetch as i16 {
            return frame;
        }
        answer::<FetchResponse>(version, frame, |fetched| {
            for topic in &mut fetched.responses {
                if !self.topic.is(&topic.topic, topic.topic_id) {
                    continue;
                }
                for partition in &mut topic.partitions {
                    if let Some(records) = &mut partition.records {
                        *records = self.tell(partition.partition_index, records.clone(), &lie);
                    }
                }
            }
        })
    }

    fn tell(&self, partition: i32, fetched: Bytes, lie: impl Fn(&mut Vec<Inner>)) -> Bytes {
        let (mut out, mut seen) = (BytesMut::new(), 0);
        // A batch that is cut off at the end is none, and stays as it is.
        for whole in Batches::new(fetched.clone()).map_while(Result::ok) {
            seen += whole.bytes.len();
            let header = whole.header;
            let here = (partition, header.base_offset);
            let is_good = !header.is_control() && header.record_count >= self.records_min;
            if is_good && *lock(&self.chosen).get_or_insert(here) == here {
                let mut inner = records(&whole);
                lie(&mut inner);
                out.extend_from_slice(&batch(header, &inner));
            } else {
                out.extend_from_slice(&whole.bytes);
            }
        }
        out.extend_from_slice(&fetched[seen..]);
        out.freeze()
    }
}

/// Leaves one record out of a batch that is fetched; its neighbours keep their offsets, as after compaction.
#[derive(Debug)]
pub struct DropOne(FetchLie);

impl DropOne {
    /// Leaves out a record of this topic.
    pub fn of(topic: &str) -> Self {
        Self(FetchLie::new(topic, 3))
    }

    /// Returns partition and offset of the batch that was lied about.
    pub fn told(&self) -> Option<(i32, i64)> {
        *lock(&self.0.chosen)
    }
}

impl Tamper for DropOne {
    fn on_answer(&self, api: i16, version: i16, frame: BytesMut) -> BytesMut {
        self.0.on_answer((api, version), frame, |records| drop(records.remove(1)))
    }
}

/// Swaps the contents of two neighbours in a batch that is fetched.
#[derive(Debug)]
pub struct SwapTwo(FetchLie);

impl SwapTwo {
    /// Swaps records of this topic.
    pub fn of(topic: &str) -> Self {
        Self(FetchLie::new(topic, 2))
    }

    /// Returns partition and offset of the batch that was lied about.
    pub fn told(&self) -> Option<(i32, i64)> {
        *lock(&self.0.chosen)
    }
}

impl Tamper for SwapTwo {
    fn on_answer(&self, api: i16, version: i16, frame: BytesMut) -> BytesMut {
        self.0.on_answer((api, version), frame, |records| {
            let first = records[0].content.clone();
            records[0].content = std::mem::replace(&mut records[1].content, first);
            let first = records[0].time;
            records[0].time = std::mem::replace(&mut records[1].time, first);
        })
    }
}

/// Doubles the last record of a batch on its way to the target, so that its writer believes to have written it
/// once. An answer to Fetch cannot do it: offsets rise within a batch, and one that is taken up by a record's
/// double is missing for the next.
#[derive(Debug)]
pub struct DoubleOne {
    topic: Topic,
    chosen: Mutex<Option<Written>>,
}

/// Names a batch by its writer's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Written {
    producer: (i64, i16),
    partition: i32,
    sequence: i32,
}

impl DoubleOne {
    /// Doubles a record of this topic.
    pub fn of(topic: &str) -> Self {
        Self { topic: Topic::new(topic), chosen: Mutex::default() }
    }

    /// Returns the partition in which a record was doubled.
    pub fn told(&self) -> Option<i32> {
        lock(&self.chosen).map(|chosen| chosen.partition)
    }

    fn tell(&self, partition: i32, sent: Bytes) -> Bytes {
        let Some(Ok(whole)) = Batches::new(sent.clone()).next() else { return sent };
        let mut header = whole.header;
        if header.producer_id < 0 || header.record_count < 1 {
            return sent;
        }
        let producer = (header.producer_id, header.producer_epoch);
        let here = Written { producer, partition, sequence: header.base_sequence };
        let chosen = *lock(&self.chosen).get_or_insert(here);
        if here == chosen {
            let mut inner = records(&whole);
            let mut double = inner[inner.len() - 1].clone();
            double.offset += 1;
            inner.push(double);
            header.last_offset_delta += 1;
            return batch(header, &inner);
        }
        let is_behind = (chosen.producer, chosen.partition) == (producer, partition)
            && header.base_sequence > chosen.sequence;
        if is_behind {
            // The broker has seen one record more than the writer has sent.
            header.base_sequence += 1;
            return sealed(header, &whole.payload());
        }
        sent
    }
}

impl Tamper for DoubleOne {
    fn on_request(&self, api: i16, version: i16, frame: BytesMut) -> BytesMut {
        if api != ApiKey::Produce as i16 {
            return frame;
        }
        request::<ProduceRequest>(version, frame, |sent| {
            for topic in &mut sent.topic_data {
                if !self.topic.is(&topic.name, topic.topic_id) {
                    continue;
                }
                for partition in &mut topic.partition_data {
                    if let Some(records) = &mut partition.records {
                        *records = self.tell(partition.index, records.clone());
                    }
                }
            }
        })
    }

    fn on_answer(&self, api: i16, version: i16, frame: BytesMut) -> BytesMut {
        self.topic.learn(api, version, &frame);
        frame
    }
}

/// Makes a group's committed offset one more, in each commit from outside the group for one partition, once it is
/// above 0. Commits of members stay as they are: the lie is about what was translated.
#[derive(Debug)]
pub struct ShiftOffset {
    group: String,
    topic: Topic,
    partition: i32,
    told: Mutex<Option<i64>>,
}

impl ShiftOffset {
    /// Shifts the offset of a group in a partition of a topic.
    pub fn of(group: &str, topic: &str, partition: i32) -> Self {
        Self { group: group.to_owned(), topic: Topic::new(topic), partition, told: Mutex::default() }
    }

    /// Returns the offset that the broker was told last.
    pub fn told(&self) -> Option<i64> {
        *lock(&self.told)
    }
}

impl Tamper for ShiftOffset {
    fn on_request(&self, api: i16, version: i16, frame: BytesMut) -> BytesMut {
        if api != ApiKey::OffsetCommit as i16 {
            return frame;
        }
        request::<OffsetCommitRequest>(version, frame, |commit| {
            if *commit.group_id.0 != *self.group || commit.generation_id_or_member_epoch != -1 {
                return;
            }
            let mine = commit.topics.iter_mut().filter(|topic| self.topic.is(&topic.name, topic.topic_id));
            for partition in mine.flat_map(|topic| &mut topic.partitions) {
                if partition.partition_index == self.partition && partition.committed_offset > 0 {
                    partition.committed_offset += 1;
                    *lock(&self.told) = Some(partition.committed_offset);
                }
            }
        })
    }

    fn on_answer(&self, api: i16, version: i16, frame: BytesMut) -> BytesMut {
        self.topic.learn(api, version, &frame);
        frame
    }
}

/// Gives whoever takes over the epoch before the real one, from the n-th answer to InitProducerId on.
#[derive(Debug)]
pub struct OldEpoch {
    from: usize,
    /// Answers so far, and lies among them.
    seen: Mutex<(usize, usize)>,
}

impl OldEpoch {
    /// Lies from the `n`-th answer on, the first being 1. A first epoch, 0, has none before it.
    pub fn from(n: usize) -> Self {
        Self { from: n, seen: Mutex::default() }
    }

    /// Returns how many answers were lies.
    pub fn told(&self) -> usize {
        lock(&self.seen).1
    }
}

impl Tamper for OldEpoch {
    fn on_answer(&self, api: i16, version: i16, frame: BytesMut) -> BytesMut {
        if api != ApiKey::InitProducerId as i16 {
            return frame;
        }
        answer::<InitProducerIdResponse>(version, frame, |given| {
            let mut seen = lock(&self.seen);
            seen.0 += 1;
            if seen.0 >= self.from && given.error_code == 0 && given.producer_epoch > 0 {
                given.producer_epoch -= 1;
                seen.1 += 1;
            }
        })
    }
}
