//! What a topic's settings mean to its logs.

use crate::kafka::codec::Codec;

/// Holds the settings a log follows; the others change nothing in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicSettings {
    /// The largest batch, in bytes (`max.message.bytes`).
    pub batch_bytes_max: usize,
    /// Whether the broker stamps records itself (`message.timestamp.type=LogAppendTime`).
    pub stamps_append_time: bool,
    /// How much older than now a record may say it is.
    pub timestamp_before_max_ms: i64,
    /// How much newer than now a record may say it is.
    pub timestamp_after_max_ms: i64,
    /// The codec the broker compresses with again; `None` keeps the producer's.
    pub codec: Option<Codec>,
    /// Whether records of a key replace each other; then every record needs a key.
    pub compacts: bool,
    /// Whether old records are deleted.
    pub deletes: bool,
    /// Replicas that must be in step for `acks=all`.
    pub in_sync_min: usize,
    /// How long records are kept; `None` forever.
    pub retention_ms: Option<i64>,
    /// How many bytes of a partition are kept; `None` all.
    pub retention_bytes: Option<u64>,
    /// How long a compacted topic keeps the record that deletes a key.
    pub delete_retention_ms: i64,
}

impl TopicSettings {
    /// Reads the settings from their effective values, which have been checked.
    pub fn read<'a>(value: impl Fn(&str) -> &'a str) -> Self {
        let number = |name: &str| value(name).trim().parse::<i64>().unwrap_or(-1);
        let policies = value("cleanup.policy");
        let has = |policy: &str| policies.split(',').any(|word| word.trim() == policy);
        Self {
            batch_bytes_max: usize::try_from(number("max.message.bytes")).unwrap_or(0),
            stamps_append_time: value("message.timestamp.type") == "LogAppendTime",
            timestamp_before_max_ms: number("message.timestamp.before.max.ms"),
            timestamp_after_max_ms: number("message.timestamp.after.max.ms"),
            codec: match value("compression.type") {
                "uncompressed" => Some(Codec::None),
                "gzip" => Some(Codec::Gzip),
                "snappy" => Some(Codec::Snappy),
                "lz4" => Some(Codec::Lz4),
                "zstd" => Some(Codec::Zstd),
                _ => None,
            },
            compacts: has("compact"),
            deletes: has("delete"),
            in_sync_min: usize::try_from(number("min.insync.replicas")).unwrap_or(1),
            retention_ms: Some(number("retention.ms")).filter(|ms| *ms >= 0),
            retention_bytes: u64::try_from(number("retention.bytes")).ok(),
            delete_retention_ms: number("delete.retention.ms"),
        }
    }
}
