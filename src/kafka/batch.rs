//! Record batches as bytes: walking a record set, and rewriting a batch's header so that the
//! records pass on untouched.
//!
//! Only message format 2 (magic 2, Kafka 0.11 and later) is walked; older entries are named.

use bytes::Bytes;

use super::codec::Codec;
use super::crc;

/// Bytes before the records of a format 2 batch.
pub const HEADER_BYTES: usize = 61;
/// Base offset and length, which the length field does not count.
const PREFIX_BYTES: usize = 12;
/// Where the part begins that the CRC covers.
const CRC_FROM: usize = 21;

const LOG_APPEND_TIME: i16 = 1 << 3;
const TRANSACTIONAL: i16 = 1 << 4;
const CONTROL: i16 = 1 << 5;
const DELETE_HORIZON: i16 = 1 << 6;

/// Says why bytes are no record batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// The length field holds what no batch can have.
    #[error("the batch at offset {offset} claims a length of {length} bytes")]
    Length {
        /// Its base offset.
        offset: i64,
        /// The length field.
        length: i32,
    },
    /// The header's offsets or record count cannot be.
    #[error(
        "the batch at offset {offset} claims {record_count} records up to {last_offset_delta} past its offset"
    )]
    Range {
        /// Its base offset.
        offset: i64,
        /// The last record's offset, less the base offset.
        last_offset_delta: i32,
        /// How many records it claims.
        record_count: i32,
    },
    /// A format before 2, or one not known.
    #[error(
        "the batch at offset {offset} is in message format {magic}, Strait reads format 2 (Kafka 0.11 and later)"
    )]
    Magic {
        /// Its base offset.
        offset: i64,
        /// The magic byte.
        magic: i8,
    },
    /// Attribute bits name no codec.
    #[error("the batch at offset {offset} names an unknown compression codec")]
    Codec {
        /// Its base offset.
        offset: i64,
    },
    /// Records and checksum do not fit.
    #[error("the batch at offset {offset} does not match its checksum")]
    Checksum {
        /// Its base offset.
        offset: i64,
    },
}

/// Holds a batch's header, field by field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the fields are the protocol's own
pub struct BatchHeader {
    pub base_offset: i64,
    pub length: i32,
    pub leader_epoch: i32,
    pub magic: i8,
    pub crc: u32,
    pub attributes: i16,
    pub last_offset_delta: i32,
    pub base_timestamp: i64,
    pub max_timestamp: i64,
    pub producer_id: i64,
    pub producer_epoch: i16,
    pub base_sequence: i32,
    pub record_count: i32,
}

impl BatchHeader {
    /// Reads the first 61 bytes of a batch.
    pub fn parse(bytes: &[u8; HEADER_BYTES]) -> Self {
        Self {
            base_offset: i64::from_be_bytes(field(bytes, 0)),
            length: i32::from_be_bytes(field(bytes, 8)),
            leader_epoch: i32::from_be_bytes(field(bytes, 12)),
            magic: i8::from_be_bytes(field(bytes, 16)),
            crc: u32::from_be_bytes(field(bytes, 17)),
            attributes: i16::from_be_bytes(field(bytes, 21)),
            last_offset_delta: i32::from_be_bytes(field(bytes, 23)),
            base_timestamp: i64::from_be_bytes(field(bytes, 27)),
            max_timestamp: i64::from_be_bytes(field(bytes, 35)),
            producer_id: i64::from_be_bytes(field(bytes, 43)),
            producer_epoch: i16::from_be_bytes(field(bytes, 51)),
            base_sequence: i32::from_be_bytes(field(bytes, 53)),
            record_count: i32::from_be_bytes(field(bytes, 57)),
        }
    }

    /// Writes the header as it stands on the wire.
    pub fn to_bytes(&self) -> [u8; HEADER_BYTES] {
        let mut out = [0; HEADER_BYTES];
        out[0..8].copy_from_slice(&self.base_offset.to_be_bytes());
        out[8..12].copy_from_slice(&self.length.to_be_bytes());
        out[12..16].copy_from_slice(&self.leader_epoch.to_be_bytes());
        out[16..17].copy_from_slice(&self.magic.to_be_bytes());
        out[17..21].copy_from_slice(&self.crc.to_be_bytes());
        out[21..23].copy_from_slice(&self.attributes.to_be_bytes());
        out[23..27].copy_from_slice(&self.last_offset_delta.to_be_bytes());
        out[27..35].copy_from_slice(&self.base_timestamp.to_be_bytes());
        out[35..43].copy_from_slice(&self.max_timestamp.to_be_bytes());
        out[43..51].copy_from_slice(&self.producer_id.to_be_bytes());
        out[51..53].copy_from_slice(&self.producer_epoch.to_be_bytes());
        out[53..57].copy_from_slice(&self.base_sequence.to_be_bytes());
        out[57..61].copy_from_slice(&self.record_count.to_be_bytes());
        out
    }

    /// Returns the codec of the records.
    pub fn codec(&self) -> Result<Codec, BatchError> {
        Codec::from_attributes(self.attributes).ok_or(BatchError::Codec { offset: self.base_offset })
    }

    /// Says whether it holds transaction markers instead of records.
    pub fn is_control(&self) -> bool {
        self.attributes & CONTROL != 0
    }

    /// Says whether it belongs to a transaction.
    pub fn is_transactional(&self) -> bool {
        self.attributes & TRANSACTIONAL != 0
    }

    /// Says whether its records' time is the broker's (`max_timestamp`).
    pub fn is_log_append_time(&self) -> bool {
        self.attributes & LOG_APPEND_TIME != 0
    }

    /// Returns the offset of its last record, or of the last there once was.
    pub fn last_offset(&self) -> i64 {
        self.base_offset.saturating_add(i64::from(self.last_offset_delta))
    }

    /// Returns the offset after it.
    pub fn next_offset(&self) -> i64 {
        self.last_offset().saturating_add(1)
    }

    /// Says whether no record was removed by compaction: the broker takes only such batches.
    pub fn is_gap_free(&self) -> bool {
        self.record_count > 0 && self.last_offset_delta.checked_add(1) == Some(self.record_count)
    }
}

fn field<const N: usize>(bytes: &[u8; HEADER_BYTES], at: usize) -> [u8; N] {
    bytes[at..at + N].try_into().expect("every field lies within the header")
}

/// Holds one batch as received; its bytes are a slice of the answer.
#[derive(Clone, Debug)]
pub struct RawBatch {
    /// The header, parsed.
    pub header: BatchHeader,
    /// The whole batch, header included.
    pub bytes: Bytes,
}

impl RawBatch {
    /// Returns the records, not copied.
    pub fn payload(&self) -> Bytes {
        self.bytes.slice(HEADER_BYTES..)
    }

    /// Checks the records against the header's checksum.
    pub fn verify_crc(&self) -> Result<(), BatchError> {
        if crc::crc32c(&self.bytes[CRC_FROM..]) == self.header.crc {
            Ok(())
        } else {
            Err(BatchError::Checksum { offset: self.header.base_offset })
        }
    }
}

/// Walks a record set batch by batch; a last batch that was cut off ends the walk.
#[derive(Debug)]
pub struct Batches {
    rest: Bytes,
}

impl Batches {
    /// Walks the record set of a Fetch answer.
    pub fn new(records: Bytes) -> Self {
        Self { rest: records }
    }
}

impl Iterator for Batches {
    type Item = Result<RawBatch, BatchError>;

    fn next(&mut self) -> Option<Self::Item> {
        let head = self.rest.first_chunk::<17>()?;
        let offset = i64::from_be_bytes(head[0..8].try_into().expect("eight bytes"));
        let length = i32::from_be_bytes(head[8..12].try_into().expect("four bytes"));
        let magic = i8::from_be_bytes([head[16]]);
        let size = usize::try_from(length).ok().map(|length| length + PREFIX_BYTES);
        let error = match size {
            None => Some(BatchError::Length { offset, length }),
            Some(_) if magic != 2 => Some(BatchError::Magic { offset, magic }),
            Some(size) if size < HEADER_BYTES => Some(BatchError::Length { offset, length }),
            Some(_) => None,
        };
        if let Some(error) = error {
            self.rest.clear();
            return Some(Err(error));
        }
        let size = size?;
        if self.rest.len() < size {
            return None;
        }
        let bytes = self.rest.split_to(size);
        let header = BatchHeader::parse(bytes.first_chunk()?);
        // The next offset must be one, too.
        let range_is_sound = header.base_offset >= 0 && header.next_offset() < i64::MAX;
        if header.last_offset_delta < 0 || header.record_count < 0 || !range_is_sound {
            self.rest.clear();
            return Some(Err(BatchError::Range {
                offset,
                last_offset_delta: header.last_offset_delta,
                record_count: header.record_count,
            }));
        }
        Some(Ok(RawBatch { header, bytes }))
    }
}

/// Says under which producer a batch goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rewrite {
    /// The producer id.
    pub producer_id: i64,
    /// Its epoch.
    pub producer_epoch: i16,
    /// The sequence of the first record.
    pub base_sequence: i32,
}

/// Returns the header under which a batch's records go on unchanged.
///
/// Base offset 0 and no leader epoch, as the broker demands of clients; LogAppendTime, transaction
/// and delete horizon bits cleared; the CRC corrected for exactly these changes, so that records
/// damaged on the way still do not match it.
pub fn rewritten_header(batch: &RawBatch, rewrite: &Rewrite) -> [u8; HEADER_BYTES] {
    let old: &[u8; HEADER_BYTES] =
        batch.bytes.first_chunk().expect("a batch is never shorter than its header");
    let mut header = BatchHeader {
        base_offset: 0,
        leader_epoch: -1,
        attributes: batch.header.attributes & !(LOG_APPEND_TIME | TRANSACTIONAL | DELETE_HORIZON),
        producer_id: rewrite.producer_id,
        producer_epoch: rewrite.producer_epoch,
        base_sequence: rewrite.base_sequence,
        ..batch.header
    };
    let new = header.to_bytes();
    let covered = |bytes: &[u8; HEADER_BYTES]| -> [u8; HEADER_BYTES - CRC_FROM] {
        bytes[CRC_FROM..].try_into().expect("the header's covered part has one length")
    };
    let following = u32::try_from(batch.bytes.len() - HEADER_BYTES).expect("a batch's length is an i32");
    header.crc = crc::corrected(batch.header.crc, &covered(old), &covered(&new), following);
    header.to_bytes()
}
