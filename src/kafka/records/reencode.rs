//! Making batches anew from the records of others.

use bytes::{BufMut, Bytes};

use super::varint::{put_varlong, varlong_bytes};
use super::{OffsetRuns, Pending, ReencodeError, collect, decode};
use crate::kafka::batch::{BatchHeader, HEADER_BYTES, RawBatch};
use crate::kafka::codec::{self, Codec, CodecScratch};
use crate::kafka::crc;

/// Most bytes of a record's part before its key: three varints and the attributes.
const RECORD_OVERHEAD_BYTES_MAX: usize = 5 + 1 + 10 + 5;

/// Says how batches are to be made anew.
#[derive(Clone, Copy, Debug)]
pub struct ReencodeRequest {
    /// Records before this offset are left out.
    pub from_offset: i64,
    /// Records at this offset and behind it are left out.
    pub until_offset: i64,
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
    /// The offsets its records had.
    pub source_offsets: OffsetRuns,
}

/// Holds what batches came to.
#[derive(Clone, Debug, Default)]
pub struct ReencodedSet {
    /// The batches, in order.
    pub batches: Vec<Reencoded>,
    /// Records left out because they are too large: offset, size of a batch that holds it.
    pub skipped: Vec<(i64, usize)>,
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
        collect(batch, bytes, request.from_offset..request.until_offset, &mut pending)?;
    }
    let mut scratch = CodecScratch::default();
    encode_fitting(&pending, codec, request, &mut scratch, &mut set)?;
    Ok(set)
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

pub(super) fn encode(
    records: &[Pending<'_>],
    codec: Codec,
    scratch: &mut CodecScratch,
) -> Result<Reencoded, ReencodeError> {
    let first = &records[0];
    let base_timestamp = first.timestamp;
    let size: usize = records.iter().map(|r| r.tail.len() + RECORD_OVERHEAD_BYTES_MAX).sum();
    let mut plain = Vec::with_capacity(size);
    let mut source_offsets = OffsetRuns::default();
    for (index, record) in records.iter().enumerate() {
        put_record(&mut plain, record, base_timestamp, index);
        source_offsets.push(record.offset);
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
    Ok(Reencoded { header, bytes: out.into(), source_offsets })
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
