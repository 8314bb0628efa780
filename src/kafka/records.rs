//! Records inside a batch: decoding, and making batches anew where they cannot pass through.
//!
//! A record is kept as the bytes it had: only its length, timestamp delta and offset delta are
//! written again, key, value and headers are copied in one piece.

use bytes::{BufMut, Bytes, BytesMut};

use super::batch::{BatchError, BatchHeader, HEADER_BYTES, RawBatch};
use super::codec::{self, Codec, CodecError, CodecScratch};
use super::crc;

/// Most bytes of a record's part before its key: three varints and the attributes.
const RECORD_OVERHEAD_BYTES_MAX: usize = 5 + 1 + 10 + 5;

/// Says why a batch's records cannot be read or made anew.
#[derive(Debug, thiserror::Error)]
pub enum ReencodeError {
    /// The batch itself is not sound.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// The records do not decompress, or to too much.
    #[error("the batch at offset {offset}: {source}")]
    Codec {
        /// Its base offset.
        offset: i64,
        /// What the codec said.
        source: CodecError,
    },
    /// The records' bytes are not records.
    #[error("the batch at offset {offset}: record {index} is malformed")]
    Record {
        /// The batch's base offset.
        offset: i64,
        /// Which record, from 0.
        index: usize,
    },
    /// There are bytes after the last record, or offsets out of order or outside the batch.
    #[error("the batch at offset {offset}: its records do not agree with its header")]
    Disagrees {
        /// The batch's base offset.
        offset: i64,
    },
    /// One record alone is larger than allowed.
    #[error("the record at offset {offset} takes {size_bytes} bytes, {bytes_max} are allowed")]
    RecordTooLarge {
        /// The record.
        offset: i64,
        /// The size of a batch that holds it alone.
        size_bytes: usize,
        /// The limit.
        bytes_max: usize,
    },
}

/// Holds one record as bytes of its batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordRef<'a> {
    /// The record's attributes (unused by Kafka so far).
    pub attributes: i8,
    /// Its timestamp, less the batch's base timestamp.
    pub timestamp_delta: i64,
    /// Its offset, less the batch's base offset.
    pub offset_delta: i32,
    /// Everything after the offset delta: key, value, headers.
    pub tail: &'a [u8],
}

/// Walks the decompressed records of a batch.
#[derive(Clone, Debug)]
pub struct Records<'a> {
    rest: &'a [u8],
    left: usize,
}

impl<'a> Records<'a> {
    /// Walks `count` records.
    pub fn new(bytes: &'a [u8], count: usize) -> Self {
        Self { rest: bytes, left: count }
    }
}

impl<'a> Iterator for Records<'a> {
    /// `None` inside means malformed; the walk ends there.
    type Item = Option<RecordRef<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let record = next_record(&mut self.rest);
        if record.is_none() {
            self.left = 0;
        }
        Some(record)
    }
}

fn next_record<'a>(rest: &mut &'a [u8]) -> Option<RecordRef<'a>> {
    let length = usize::try_from(get_varlong(rest)?).ok()?;
    let (mut body, after) = rest.split_at_checked(length)?;
    *rest = after;
    let attributes = i8::from_be_bytes([*body.first()?]);
    body = &body[1..];
    let timestamp_delta = get_varlong(&mut body)?;
    let offset_delta = i32::try_from(get_varlong(&mut body)?).ok()?;
    (offset_delta >= 0).then_some(RecordRef { attributes, timestamp_delta, offset_delta, tail: body })
}

/// Says what a transaction marker says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ControlMarker {
    /// The transaction was aborted.
    Abort,
    /// The transaction was committed.
    Commit,
    /// Another kind of control record.
    Other,
}

/// Reads the marker of a control batch: its record's key is version i16, type i16.
pub fn control_marker(batch: &RawBatch) -> Result<ControlMarker, ReencodeError> {
    batch.verify_crc()?;
    let malformed = ReencodeError::Record { offset: batch.header.base_offset, index: 0 };
    let payload = &batch.bytes[HEADER_BYTES..];
    let Some(Some(record)) = Records::new(payload, 1).next() else { return Err(malformed) };
    let mut tail = record.tail;
    let key = get_varlong(&mut tail).and_then(|length| tail.get(..usize::try_from(length).ok()?));
    match key {
        Some([_, _, 0, 0, ..]) => Ok(ControlMarker::Abort),
        Some([_, _, 0, 1, ..]) => Ok(ControlMarker::Commit),
        Some([_, _, _, _, ..]) => Ok(ControlMarker::Other),
        _ => Err(malformed),
    }
}

/// Says how batches are to be made anew.
#[derive(Clone, Copy, Debug)]
pub struct ReencodeRequest {
    /// Records before this offset are left out.
    pub from_offset: i64,
    /// Codec of the result; `None` keeps the first batch's.
    pub codec: Option<Codec>,
    /// Largest batch that may result.
    pub bytes_max: usize,
    /// Most bytes the records of all batches together may decompress to.
    pub decoded_bytes_max: usize,
    /// Leave out a record that fits in no batch, instead of failing.
    pub skip_too_large: bool,
}

/// Holds one batch made anew: complete, base offset 0, without producer, its CRC right.
#[derive(Clone, Debug)]
pub struct Reencoded {
    /// The header.
    pub header: BatchHeader,
    /// The whole batch.
    pub bytes: Bytes,
    /// Source offset of its first record.
    pub first_source_offset: i64,
    /// Source offset of its last record.
    pub last_source_offset: i64,
}

/// Holds what batches came to.
#[derive(Clone, Debug, Default)]
pub struct ReencodedSet {
    /// The batches, in order.
    pub batches: Vec<Reencoded>,
    /// Records left out because they are too large: offset, size of a batch that holds it.
    pub skipped: Vec<(i64, usize)>,
}

/// One record on its way into a new batch.
struct Pending<'a> {
    offset: i64,
    timestamp: i64,
    attributes: i8,
    tail: &'a [u8],
}

/// Decodes batches and makes new ones that hold the same records in the same order, offsets 0 to
/// n-1 without gaps, each at most `bytes_max`.
///
/// Records of a LogAppendTime batch get the append time as their own. The source's checksum is
/// verified first, so what is damaged is never blessed with a new one.
pub fn reencode(batches: &[RawBatch], request: &ReencodeRequest) -> Result<ReencodedSet, ReencodeError> {
    let mut set = ReencodedSet::default();
    let Some(first) = batches.first() else { return Ok(set) };
    let codec = match request.codec {
        Some(codec) => codec,
        None => first.header.codec()?,
    };
    let mut left_bytes = request.decoded_bytes_max;
    let mut decoded: Vec<Vec<u8>> = Vec::with_capacity(batches.len());
    for batch in batches {
        let bytes = decode(batch, left_bytes)?;
        left_bytes -= bytes.len();
        decoded.push(bytes);
    }
    let mut pending = Vec::new();
    for (batch, bytes) in batches.iter().zip(&decoded) {
        collect(batch, bytes, request.from_offset, &mut pending)?;
    }
    let mut scratch = CodecScratch::default();
    encode_fitting(&pending, codec, request, &mut scratch, &mut set)?;
    Ok(set)
}

fn decode(batch: &RawBatch, bytes_max: usize) -> Result<Vec<u8>, ReencodeError> {
    batch.verify_crc()?;
    let codec = batch.header.codec()?;
    codec::decompress(codec, &batch.bytes[HEADER_BYTES..], bytes_max)
        .map_err(|source| ReencodeError::Codec { offset: batch.header.base_offset, source })
}

fn collect<'a>(
    batch: &RawBatch,
    bytes: &'a [u8],
    from_offset: i64,
    pending: &mut Vec<Pending<'a>>,
) -> Result<(), ReencodeError> {
    let header = &batch.header;
    let count = usize::try_from(header.record_count).unwrap_or(0);
    let mut records = Records::new(bytes, count);
    let mut least_delta = 0;
    for (index, record) in records.by_ref().enumerate() {
        let record = record.ok_or(ReencodeError::Record { offset: header.base_offset, index })?;
        if record.offset_delta < least_delta || record.offset_delta > header.last_offset_delta {
            return Err(ReencodeError::Disagrees { offset: header.base_offset });
        }
        least_delta = record.offset_delta.saturating_add(1);
        let offset = header.base_offset + i64::from(record.offset_delta);
        if offset < from_offset {
            continue;
        }
        let timestamp = if header.is_log_append_time() {
            header.max_timestamp
        } else {
            header.base_timestamp.wrapping_add(record.timestamp_delta)
        };
        pending.push(Pending { offset, timestamp, attributes: record.attributes, tail: record.tail });
    }
    // Records behind the last one counted would be lost without a word.
    if records.rest.is_empty() {
        Ok(())
    } else {
        Err(ReencodeError::Disagrees { offset: header.base_offset })
    }
}

/// Encodes records as one batch, or as two halves where one is too large, and so on.
fn encode_fitting(
    records: &[Pending<'_>],
    codec: Codec,
    request: &ReencodeRequest,
    scratch: &mut CodecScratch,
    set: &mut ReencodedSet,
) -> Result<(), ReencodeError> {
    let Some(first) = records.first() else { return Ok(()) };
    let made = encode(records, codec, scratch)?;
    if made.bytes.len() <= request.bytes_max {
        set.batches.push(made);
        return Ok(());
    }
    if records.len() > 1 {
        let (left, right) = records.split_at(records.len() / 2);
        encode_fitting(left, codec, request, scratch, set)?;
        return encode_fitting(right, codec, request, scratch, set);
    }
    let size_bytes = made.bytes.len();
    if request.skip_too_large {
        set.skipped.push((first.offset, size_bytes));
        return Ok(());
    }
    Err(ReencodeError::RecordTooLarge { offset: first.offset, size_bytes, bytes_max: request.bytes_max })
}

fn encode(
    records: &[Pending<'_>],
    codec: Codec,
    scratch: &mut CodecScratch,
) -> Result<Reencoded, ReencodeError> {
    let first = &records[0];
    let last = &records[records.len() - 1];
    let base_timestamp = first.timestamp;
    let size: usize = records.iter().map(|r| r.tail.len() + RECORD_OVERHEAD_BYTES_MAX).sum();
    let mut plain = Vec::with_capacity(size);
    for (index, record) in records.iter().enumerate() {
        put_record(&mut plain, record, base_timestamp, index);
    }
    let mut out = vec![0; HEADER_BYTES];
    codec::compress_into(codec, &plain, scratch, &mut out)
        .map_err(|source| ReencodeError::Codec { offset: first.offset, source })?;
    let count = i32::try_from(records.len()).expect("a batch's records are counted in an i32");
    let mut header = BatchHeader {
        base_offset: 0,
        length: i32::try_from(out.len() - 12).expect("a batch stays below 2 GiB"),
        leader_epoch: -1,
        magic: 2,
        crc: 0,
        attributes: codec.attribute_bits(),
        last_offset_delta: count - 1,
        base_timestamp,
        max_timestamp: records.iter().map(|r| r.timestamp).max().unwrap_or(base_timestamp),
        producer_id: -1,
        producer_epoch: -1,
        base_sequence: -1,
        record_count: count,
    };
    out[..HEADER_BYTES].copy_from_slice(&header.to_bytes());
    header.crc = crc::crc32c(&out[21..]);
    out[17..21].copy_from_slice(&header.crc.to_be_bytes());
    Ok(Reencoded {
        header,
        bytes: out.into(),
        first_source_offset: first.offset,
        last_source_offset: last.offset,
    })
}

fn put_record(out: &mut Vec<u8>, record: &Pending<'_>, base_timestamp: i64, index: usize) {
    let timestamp_delta = record.timestamp.wrapping_sub(base_timestamp);
    let offset_delta = i64::try_from(index).expect("a batch's records are counted in an i32");
    let length = 1 + varlong_bytes(timestamp_delta) + varlong_bytes(offset_delta) + record.tail.len();
    put_varlong(out, i64::try_from(length).expect("a record stays below 2 GiB"));
    out.put_i8(record.attributes);
    put_varlong(out, timestamp_delta);
    put_varlong(out, offset_delta);
    out.extend_from_slice(record.tail);
}

/// Encodes key and value pairs (`None` is null) as one uncompressed batch without headers.
pub fn encode_pairs(pairs: &[(Vec<u8>, Option<Vec<u8>>)], timestamp_ms: i64) -> Reencoded {
    let tails: Vec<Vec<u8>> = pairs.iter().map(|(key, value)| tail(key, value.as_deref())).collect();
    let records: Vec<Pending<'_>> = tails
        .iter()
        .zip(0..)
        .map(|(tail, offset)| Pending { offset, timestamp: timestamp_ms, attributes: 0, tail })
        .collect();
    encode(&records, Codec::None, &mut CodecScratch::default())
        .expect("bytes that are not compressed cannot fail to be")
}

fn tail(key: &[u8], value: Option<&[u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    put_varlong(&mut out, i64::try_from(key.len()).expect("a key stays below 2 GiB"));
    out.extend_from_slice(key);
    match value {
        None => put_varlong(&mut out, -1),
        Some(value) => {
            put_varlong(&mut out, i64::try_from(value.len()).expect("a value stays below 2 GiB"));
            out.extend_from_slice(value);
        }
    }
    put_varlong(&mut out, 0);
    out
}

/// Decodes a batch's keys and values; the offsets are the log's.
pub fn decode_pairs(
    batch: &RawBatch,
    decoded_bytes_max: usize,
) -> Result<Vec<(i64, Bytes, Option<Bytes>)>, ReencodeError> {
    let bytes = Bytes::from(decode(batch, decoded_bytes_max)?);
    let count = usize::try_from(batch.header.record_count).unwrap_or(0);
    let mut pairs = Vec::with_capacity(count.min(1024));
    for (index, record) in Records::new(&bytes, count).enumerate() {
        let malformed = || ReencodeError::Record { offset: batch.header.base_offset, index };
        let record = record.ok_or_else(malformed)?;
        let mut rest = record.tail;
        let key = get_field(&mut rest).ok_or_else(malformed)?.unwrap_or_default();
        let value = get_field(&mut rest).ok_or_else(malformed)?;
        let offset = batch.header.base_offset + i64::from(record.offset_delta);
        pairs.push((offset, bytes.slice_ref(key), value.map(|value| bytes.slice_ref(value))));
    }
    Ok(pairs)
}

/// Reads a field that may be null; the outer `None` means malformed.
fn get_field<'a>(rest: &mut &'a [u8]) -> Option<Option<&'a [u8]>> {
    let length = get_varlong(rest)?;
    if length < 0 {
        return Some(None);
    }
    let (field, after) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    *rest = after;
    Some(Some(field))
}

/// Holds a record's identity for matching: a 128-bit hash of attributes, timestamp, key, value and
/// headers.
///
/// Two independent 64-bit CRCs: records of one topic that differ collide with a chance of about
/// 2^-128 unless somebody builds them to, and a match is only ever looked for among records that
/// stand in the same order on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RecordFingerprint(u64, u64);

/// Decodes a batch into its records' offsets and fingerprints.
pub fn fingerprints(
    batch: &RawBatch,
    decoded_bytes_max: usize,
) -> Result<Vec<(i64, RecordFingerprint)>, ReencodeError> {
    let bytes = decode(batch, decoded_bytes_max)?;
    let mut pending = Vec::new();
    collect(batch, &bytes, i64::MIN, &mut pending)?;
    Ok(pending.iter().map(|record| (record.offset, fingerprint(record))).collect())
}

fn fingerprint(record: &Pending<'_>) -> RecordFingerprint {
    use crc_fast::{CrcAlgorithm, Digest};
    let mut front = BytesMut::with_capacity(9);
    front.put_i64(record.timestamp);
    front.put_i8(record.attributes);
    let hash = |algorithm| {
        let mut digest = Digest::new(algorithm);
        digest.update(&front);
        digest.update(record.tail);
        digest.finalize()
    };
    RecordFingerprint(hash(CrcAlgorithm::Crc64Nvme), hash(CrcAlgorithm::Crc64Xz))
}

fn get_varlong(bytes: &mut &[u8]) -> Option<i64> {
    let mut value = 0u64;
    for shift in (0..70).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some((value >> 1) as i64 ^ -((value & 1) as i64));
        }
    }
    None
}

fn put_varlong(out: &mut Vec<u8>, value: i64) {
    let mut rest = zigzag(value);
    while rest >= 0x80 {
        out.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

fn varlong_bytes(value: i64) -> usize {
    (64 - zigzag(value).leading_zeros()).div_ceil(7).max(1) as usize
}

fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}
