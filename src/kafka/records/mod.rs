//! Records inside a batch: walking them, reading them, and making batches anew where they cannot
//! pass through.
//!
//! A record is kept as the bytes it had: only its length, timestamp delta and offset delta are
//! written again, key, value and headers are copied in one piece.

mod fingerprint;
mod pairs;
mod reencode;
mod runs;
mod varint;

pub use self::fingerprint::{Identity, RecordFingerprint, fingerprints, identities};
pub use self::pairs::{Whole, decode_pairs, decode_whole, encode_pairs};
pub use self::reencode::{ReencodeRequest, Reencoded, ReencodedSet, reencode};
pub use self::runs::OffsetRuns;
use self::varint::get_varlong;
use super::batch::{BatchError, HEADER_BYTES, RawBatch};
use super::codec::{self, CodecError};

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

/// Reads the marker of a control batch: its record's key is version i16, type i16. A batch that the cleaner
/// emptied, and keeps for its producer's sequence, still ends whatever transaction was open: it counts as an abort,
/// which ends what is listed as aborted and nothing else.
pub fn control_marker(batch: &RawBatch) -> Result<ControlMarker, ReencodeError> {
    batch.verify_crc()?;
    if batch.header.record_count == 0 {
        return Ok(ControlMarker::Abort);
    }
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

/// One record on its way into a new batch.
struct Pending<'a> {
    offset: i64,
    timestamp: i64,
    attributes: i8,
    tail: &'a [u8],
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
    wanted: std::ops::Range<i64>,
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
        if !wanted.contains(&offset) {
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
