//! Whole keys and values, for the few topics that Strait itself reads and writes.

use bytes::Bytes;

use super::reencode::{Reencoded, encode};
use super::varint::{get_varlong, put_varlong};
use super::{Pending, Records, ReencodeError, collect, decode};
use crate::kafka::batch::RawBatch;
use crate::kafka::codec::{Codec, CodecScratch};

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

/// Holds one record with all that an application gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// In milliseconds since 1970.
    pub timestamp_ms: i64,
    /// The key; `None` for null.
    pub key: Option<Bytes>,
    /// The value; `None` for null.
    pub value: Option<Bytes>,
    /// Names and values, in their order.
    pub headers: Vec<(Bytes, Option<Bytes>)>,
}

/// Decodes a batch's records with all that is in them.
pub fn decode_whole(batch: &RawBatch, decoded_bytes_max: usize) -> Result<Vec<Whole>, ReencodeError> {
    let bytes = Bytes::from(decode(batch, decoded_bytes_max)?);
    let mut pending = Vec::new();
    collect(batch, &bytes, i64::MIN..i64::MAX, &mut pending)?;
    let whole = |(index, record): (usize, &Pending<'_>)| {
        let malformed = ReencodeError::Record { offset: batch.header.base_offset, index };
        get_whole(&bytes, record).ok_or(malformed)
    };
    pending.iter().enumerate().map(whole).collect()
}

fn get_whole(bytes: &Bytes, record: &Pending<'_>) -> Option<Whole> {
    let mut rest = record.tail;
    let own = |field: &[u8]| bytes.slice_ref(field);
    let key = get_field(&mut rest)?.map(own);
    let value = get_field(&mut rest)?.map(own);
    let mut headers = Vec::new();
    for _ in 0..get_varlong(&mut rest)? {
        headers.push((own(get_field(&mut rest)??), get_field(&mut rest)?.map(own)));
    }
    Some(Whole { timestamp_ms: record.timestamp, key, value, headers })
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
pub(super) fn get_field<'a>(rest: &mut &'a [u8]) -> Option<Option<&'a [u8]>> {
    let length = get_varlong(rest)?;
    if length < 0 {
        return Some(None);
    }
    let (field, after) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    *rest = after;
    Some(Some(field))
}
