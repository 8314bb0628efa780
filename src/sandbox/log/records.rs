//! Records inside a batch, read as strictly as a broker does.

use crate::kafka::batch::{BatchHeader, HEADER_BYTES};
use crate::kafka::codec::{self, Codec};

/// Bytes a batch may decompress to.
const DECOMPRESSED_BYTES_MAX: usize = 1 << 28;

/// Holds one record; the slices lie in the decompressed batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Its offset, less the batch's base offset.
    pub offset_delta: i64,
    /// Its timestamp, less the batch's base timestamp.
    pub timestamp_delta: i64,
    /// Its key.
    pub key: Option<&'a [u8]>,
    /// Its value; none marks a key as deleted.
    pub value: Option<&'a [u8]>,
    /// Key, value and headers as they stand in the batch.
    pub tail: &'a [u8],
}

/// Decompresses a batch's records; `None` if they are not what its codec makes.
pub fn decompressed(header: &BatchHeader, payload: &[u8]) -> Option<Vec<u8>> {
    let codec = header.codec().ok()?;
    if codec == Codec::None {
        return Some(payload.to_vec());
    }
    codec::decompress(codec, payload, DECOMPRESSED_BYTES_MAX).ok()
}

/// Reads every record; `None` if the bytes are not exactly `count` records.
pub fn parse(bytes: &[u8], count: i32) -> Option<Vec<Record<'_>>> {
    let mut rest = bytes;
    // A record takes seven bytes at least, so a count beyond that is not believed.
    let mut records = Vec::with_capacity(usize::try_from(count).ok()?.min(bytes.len() / 7 + 1));
    for _ in 0..count {
        let length = usize::try_from(varint(&mut rest)?).ok()?;
        let (record, after) = rest.split_at_checked(length)?;
        rest = after;
        records.push(one(record)?);
    }
    rest.is_empty().then_some(records)
}

fn one(mut bytes: &[u8]) -> Option<Record<'_>> {
    let (_attributes, rest) = bytes.split_first()?;
    bytes = rest;
    let timestamp_delta = varint(&mut bytes)?;
    let offset_delta = varint(&mut bytes)?;
    let tail = bytes;
    let key = field(&mut bytes)?;
    let value = field(&mut bytes)?;
    let headers = varint(&mut bytes)?;
    if headers < 0 {
        return None;
    }
    for _ in 0..headers {
        // A header's name cannot be null; its value can.
        std::str::from_utf8(field(&mut bytes)??).ok()?;
        field(&mut bytes)?;
    }
    bytes.is_empty().then_some(Record { offset_delta, timestamp_delta, key, value, tail })
}

/// Reads a length and as many bytes; the inner `None` is a null.
fn field<'a>(bytes: &mut &'a [u8]) -> Option<Option<&'a [u8]>> {
    let length = varint(bytes)?;
    if length == -1 {
        return Some(None);
    }
    let (field, rest) = bytes.split_at_checked(usize::try_from(length).ok()?)?;
    *bytes = rest;
    Some(Some(field))
}

/// Reads a zigzag number of up to ten bytes.
fn varint(bytes: &mut &[u8]) -> Option<i64> {
    let mut value = 0_u64;
    for place in 0..10 {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some((value >> 1).cast_signed() ^ -(value & 1).cast_signed());
        }
    }
    None
}

/// Writes a zigzag number.
pub fn put_varint(out: &mut Vec<u8>, value: i64) {
    let mut rest = ((value << 1) ^ (value >> 63)).cast_unsigned();
    while rest >= 0x80 {
        out.push(u8::try_from(rest & 0x7f).unwrap_or(0) | 0x80);
        rest >>= 7;
    }
    out.push(u8::try_from(rest).unwrap_or(0));
}

/// Writes a record.
pub fn put_record(out: &mut Vec<u8>, record: &Record<'_>) {
    let mut body = vec![0];
    put_varint(&mut body, record.timestamp_delta);
    put_varint(&mut body, record.offset_delta);
    body.extend_from_slice(record.tail);
    put_varint(out, i64::try_from(body.len()).unwrap_or(i64::MAX));
    out.extend_from_slice(&body);
}

/// Makes a batch of records: sets length, codec bits and checksum, and compresses.
pub fn assemble(mut header: BatchHeader, records: &[u8], codec: Codec) -> Option<(BatchHeader, Vec<u8>)> {
    let payload =
        if codec == Codec::None { records.to_vec() } else { codec::compress(codec, records).ok()? };
    header.attributes = header.attributes & !7 | codec.attribute_bits();
    header.length = i32::try_from(HEADER_BYTES - 12 + payload.len()).ok()?;
    seal(&mut header, &payload);
    Some((header, payload))
}

/// Computes a batch's checksum anew.
pub fn seal(header: &mut BatchHeader, payload: &[u8]) {
    let mut covered = header.to_bytes()[21..].to_vec();
    covered.extend_from_slice(payload);
    header.crc = crate::kafka::crc::crc32c(&covered);
}
