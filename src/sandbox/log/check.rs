//! What a broker checks in a batch a client sends, in the broker's order.
//!
//! The rules are `ProduceRequest.validateRecords`, `UnifiedLog.analyzeAndValidateRecords` and
//! `LogValidator` of Kafka 4.

use bytes::Bytes;
use kafka_protocol::error::ResponseError;

use super::records::{self, Record};
use crate::kafka::batch::{BatchHeader, Batches, HEADER_BYTES};
use crate::kafka::codec::Codec;
use crate::sandbox::configs::TopicSettings;

/// A record without a timestamp has this one.
const NO_TIMESTAMP: i64 = -1;
/// The first Produce version in which a client may send zstd.
const ZSTD_FROM_VERSION: i16 = 7;

/// Says why a batch is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The protocol's word for it.
    pub error: ResponseError,
    /// What is wrong, in words.
    pub message: Option<String>,
    /// The records at fault, by their place in the batch.
    pub records: Vec<(i32, String)>,
    /// Whether it came as far as the log, whose start the answer then names.
    pub at_log: bool,
}

impl From<ResponseError> for Refusal {
    fn from(error: ResponseError) -> Self {
        Self { error, message: None, records: Vec::new(), at_log: false }
    }
}

fn refused(error: ResponseError, message: impl Into<String>) -> Refusal {
    Refusal { error, message: Some(message.into()), records: Vec::new(), at_log: false }
}

/// Holds a batch that passed, as it goes into the log but for its offset and leader epoch.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The header.
    pub header: BatchHeader,
    /// The records.
    pub payload: Bytes,
}

/// Checks what a request holds for one partition.
pub fn check(
    bytes: Option<Bytes>,
    version: i16,
    settings: &TopicSettings,
    now_ms: i64,
) -> Result<Checked, Refusal> {
    let batch = only_batch(bytes, version)?;
    check_batch(&batch, settings, now_ms).map_err(|refusal| {
        // What is damaged or too large is refused before the log looks at it.
        let before = [ResponseError::CorruptMessage, ResponseError::MessageTooLarge];
        Refusal { at_log: !before.contains(&refusal.error), ..refusal }
    })
}

fn check_batch(batch: &Bytes, settings: &TopicSettings, now_ms: i64) -> Result<Checked, Refusal> {
    let header =
        BatchHeader::parse(batch.first_chunk::<HEADER_BYTES>().ok_or(ResponseError::CorruptMessage)?);
    if header.base_offset != 0 {
        return Err(refused(
            ResponseError::InvalidRecord,
            format!("The baseOffset of the record batch should be 0, but it is {}", header.base_offset),
        ));
    }
    if batch.len() > settings.batch_bytes_max {
        return Err(refused(
            ResponseError::MessageTooLarge,
            format!(
                "The record batch size is {} bytes, {} are allowed",
                batch.len(),
                settings.batch_bytes_max
            ),
        ));
    }
    if crate::kafka::crc::crc32c(&batch[21..]) != header.crc {
        return Err(refused(ResponseError::CorruptMessage, "Record is corrupt (checksum mismatch)"));
    }
    check_header(&header)?;
    let payload = batch.slice(HEADER_BYTES..);
    let bad = || refused(ResponseError::InvalidRecord, "Records and header of the batch disagree");
    let plain = records::decompressed(&header, &payload)
        .ok_or_else(|| refused(ResponseError::UnknownServerError, "Records do not decompress"))?;
    let parsed = records::parse(&plain, header.record_count).ok_or_else(bad)?;
    check_records(&header, &parsed, settings, now_ms)?;
    stamped(header, payload, &plain, &parsed, settings, now_ms).ok_or_else(bad)
}

fn only_batch(bytes: Option<Bytes>, version: i16) -> Result<Bytes, Refusal> {
    let one = || {
        refused(ResponseError::InvalidRecord, "A request must have exactly one record batch per partition")
    };
    let bytes = bytes.ok_or_else(one)?;
    if bytes.get(16).is_some_and(|magic| *magic > 2) {
        return Err(refused(ResponseError::CorruptMessage, "Record batches have no such magic"));
    }
    if bytes.get(16).is_some_and(|magic| *magic != 2) {
        return Err(refused(ResponseError::InvalidRecord, "Only record batches with magic 2 are allowed"));
    }
    let mut batches = Batches::new(bytes.clone());
    let batch = match batches.next() {
        Some(Ok(batch)) => batch,
        // Where the walk finds header fields that cannot be, the checks below name them; here
        // only the size counts.
        Some(Err(_)) => return Err(refused(ResponseError::CorruptMessage, "The record batch is malformed")),
        None => return Err(one()),
    };
    // What is left of a batch behind the first is ignored, as brokers do.
    if batches.next().is_some() {
        return Err(one());
    }
    if batch.header.codec() == Ok(Codec::Zstd) && version < ZSTD_FROM_VERSION {
        return Err(refused(ResponseError::UnsupportedCompressionType, "zstd needs Produce version 7"));
    }
    Ok(batch.bytes)
}

fn check_header(header: &BatchHeader) -> Result<(), Refusal> {
    let invalid = |message: String| Err(refused(ResponseError::InvalidRecord, message));
    let range = i64::from(header.last_offset_delta) + 1;
    if header.record_count <= 0 {
        return invalid(format!("Invalid reported count for record batch: {}", header.record_count));
    }
    if range != i64::from(header.record_count) {
        return invalid(format!(
            "Inconsistent batch offset range: {range} offsets for {} records",
            header.record_count
        ));
    }
    if header.is_control() {
        return invalid("Clients are not allowed to write control records".to_owned());
    }
    if header.codec().is_err() {
        return Err(refused(ResponseError::UnknownServerError, "Unknown compression type"));
    }
    Ok(())
}

fn check_records(
    header: &BatchHeader,
    parsed: &[Record<'_>],
    settings: &TopicSettings,
    now_ms: i64,
) -> Result<(), Refusal> {
    let mut faults = Vec::new();
    let mut error = ResponseError::InvalidTimestamp;
    for (index, record) in (0_i32..).zip(parsed) {
        if settings.compacts && record.key.is_none() {
            error = ResponseError::InvalidRecord;
            faults.push((index, "Compacted topic cannot accept message without key".to_owned()));
        } else if header.codec() != Ok(Codec::None) && record.offset_delta != i64::from(index) {
            error = ResponseError::InvalidRecord;
            faults.push((index, "Inner records do not have incremental offsets".to_owned()));
        } else if let Some(fault) = timestamp_fault(header, record, settings, now_ms) {
            faults.push((index, fault));
        }
    }
    if faults.is_empty() {
        return Ok(());
    }
    let message = "One or more records have been rejected".to_owned();
    Err(Refusal { error, message: Some(message), records: faults, at_log: true })
}

fn timestamp_fault(
    header: &BatchHeader,
    record: &Record<'_>,
    settings: &TopicSettings,
    now_ms: i64,
) -> Option<String> {
    let timestamp = header.base_timestamp.wrapping_add(record.timestamp_delta);
    if !settings.stamps_append_time && timestamp != NO_TIMESTAMP {
        let age = now_ms.saturating_sub(timestamp);
        let out =
            age > settings.timestamp_before_max_ms || age.saturating_neg() > settings.timestamp_after_max_ms;
        return out.then(|| {
            format!("Timestamp {timestamp} of message with offset {} is out of range", record.offset_delta)
        });
    }
    header.is_log_append_time().then(|| "Invalid timestamp type in message".to_owned())
}

/// Sets what the broker sets itself: the newest timestamp, the kind of timestamp, and the codec
/// where the topic has its own.
fn stamped(
    mut header: BatchHeader,
    payload: Bytes,
    plain: &[u8],
    parsed: &[Record<'_>],
    settings: &TopicSettings,
    now_ms: i64,
) -> Option<Checked> {
    let newest = parsed.iter().map(|record| header.base_timestamp.wrapping_add(record.timestamp_delta)).max();
    let max_timestamp = if settings.stamps_append_time { now_ms } else { newest.unwrap_or(NO_TIMESTAMP) };
    let append_time_bit = 1 << 3;
    let attributes =
        header.attributes & !append_time_bit | if settings.stamps_append_time { append_time_bit } else { 0 };
    let changed = (attributes, max_timestamp) != (header.attributes, header.max_timestamp);
    header.attributes = attributes;
    header.max_timestamp = max_timestamp;
    match settings.codec {
        Some(codec) if header.codec() != Ok(codec) => {
            let (header, payload) = records::assemble(header, plain, codec)?;
            return Some(Checked { header, payload: payload.into() });
        }
        _ if changed => records::seal(&mut header, &payload),
        _ => {}
    }
    Some(Checked { header, payload })
}
