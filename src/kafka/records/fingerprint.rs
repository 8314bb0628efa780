//! Knowing a record again by its content.

use bytes::{BufMut, BytesMut};

use super::pairs::get_field;
use super::varint::get_varlong;
use super::{Pending, ReencodeError, collect, decode};
use crate::kafka::batch::RawBatch;

/// Holds a record's identity for matching: a 128-bit hash of attributes, timestamp, key, value and
/// headers.
///
/// Two independent 64-bit CRCs: records of one topic that differ collide with a chance of about
/// 2^-128 unless somebody builds them to, and a match is only ever looked for among records that
/// stand in the same order on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RecordFingerprint(u64, u64);

/// Decodes a batch into its records' offsets and fingerprints; `without_time` leaves the timestamps
/// out, for logs that stamp records themselves.
pub fn fingerprints(
    batch: &RawBatch,
    decoded_bytes_max: usize,
    without_time: bool,
) -> Result<Vec<(i64, RecordFingerprint)>, ReencodeError> {
    let bytes = decode(batch, decoded_bytes_max)?;
    let mut pending = Vec::new();
    collect(batch, &bytes, i64::MIN..i64::MAX, &mut pending)?;
    let print = |record: &Pending<'_>| {
        let timestamp = if without_time { 0 } else { record.timestamp };
        (record.offset, fingerprint(record, timestamp))
    };
    Ok(pending.iter().map(print).collect())
}

/// Holds what a record is compared by, when two logs are held against each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The record's offset.
    pub offset: i64,
    /// Its content but for the timestamp.
    pub content: RecordFingerprint,
    /// Its timestamp, in milliseconds since 1970; the append time where the log stamps records.
    pub timestamp: i64,
    /// A hash of its key, `None` where the key is null.
    pub key: Option<u64>,
    /// Whether its value is null.
    pub is_tombstone: bool,
}

/// Decodes a batch into its records' identities.
pub fn identities(batch: &RawBatch, decoded_bytes_max: usize) -> Result<Vec<Identity>, ReencodeError> {
    let bytes = decode(batch, decoded_bytes_max)?;
    let mut pending = Vec::new();
    collect(batch, &bytes, i64::MIN..i64::MAX, &mut pending)?;
    let identity = |(index, record): (usize, &Pending<'_>)| {
        let malformed = ReencodeError::Record { offset: batch.header.base_offset, index };
        let mut rest = record.tail;
        let key = get_field(&mut rest).ok_or(malformed)?;
        Ok(Identity {
            offset: record.offset,
            content: fingerprint(record, 0),
            timestamp: record.timestamp,
            key: key.map(|key| crc_fast::checksum(crc_fast::CrcAlgorithm::Crc64Nvme, key)),
            is_tombstone: get_varlong(&mut rest) == Some(-1),
        })
    };
    pending.iter().enumerate().map(identity).collect()
}

fn fingerprint(record: &Pending<'_>, timestamp: i64) -> RecordFingerprint {
    use crc_fast::{CrcAlgorithm, Digest};
    let mut front = BytesMut::with_capacity(9);
    front.put_i64(timestamp);
    front.put_i8(record.attributes);
    let hash = |algorithm| {
        let mut digest = Digest::new(algorithm);
        digest.update(&front);
        digest.update(record.tail);
        digest.finalize()
    };
    RecordFingerprint(hash(CrcAlgorithm::Crc64Nvme), hash(CrcAlgorithm::Crc64Xz))
}
