//! The settings a topic can have: names, defaults and what values they take.
//!
//! Names, defaults and broker counterparts are Kafka 4.1's (`TopicConfig`, `ServerTopicConfigSynonyms`).

use super::key::{Key, Shape};

const ONE_GIB: &str = "1073741824";
const MAX_LONG: &str = "9223372036854775807";
const WEEK_MS: &str = "604800000";
const DAY_MS: &str = "86400000";
const HOUR_MS: &str = "3600000";

const CODECS: &[&str] = &["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"];
const POLICIES: &[&str] = &["compact", "delete"];
const TIMESTAMP_TYPES: &[&str] = &["CreateTime", "LogAppendTime"];

const fn key(name: &'static str, default: &'static str, broker: &'static str, shape: Shape) -> Key {
    Key { name, default, broker, shape }
}

const fn long(min: i64) -> Shape {
    Shape::Long { min, max: i64::MAX }
}

const fn int(min: i64) -> Shape {
    Shape::Int { min, max: i32::MAX as i64 }
}

/// Lists every topic setting, in the order of their names.
pub static TOPIC_KEYS: [Key; 31] = [
    key("cleanup.policy", "delete", "log.cleanup.policy", Shape::List(POLICIES)),
    key("compression.gzip.level", "-1", "compression.gzip.level", Shape::Int { min: -1, max: 9 }),
    key("compression.lz4.level", "9", "compression.lz4.level", Shape::Int { min: 1, max: 17 }),
    key("compression.type", "producer", "compression.type", Shape::OneOf(CODECS)),
    key("compression.zstd.level", "3", "compression.zstd.level", Shape::Int { min: -131_072, max: 22 }),
    key("delete.retention.ms", DAY_MS, "log.cleaner.delete.retention.ms", long(0)),
    key("file.delete.delay.ms", "60000", "log.segment.delete.delay.ms", long(0)),
    key("flush.messages", MAX_LONG, "log.flush.interval.messages", long(1)),
    key("flush.ms", MAX_LONG, "log.flush.interval.ms", long(0)),
    key("follower.replication.throttled.replicas", "", "", Shape::FreeList),
    key("index.interval.bytes", "4096", "log.index.interval.bytes", int(0)),
    key("leader.replication.throttled.replicas", "", "", Shape::FreeList),
    key("local.retention.bytes", "-2", "log.local.retention.bytes", long(-2)),
    key("local.retention.ms", "-2", "log.local.retention.ms", long(-2)),
    key("max.compaction.lag.ms", MAX_LONG, "log.cleaner.max.compaction.lag.ms", long(1)),
    key("max.message.bytes", "1048588", "message.max.bytes", int(0)),
    key("message.timestamp.after.max.ms", HOUR_MS, "log.message.timestamp.after.max.ms", long(0)),
    key("message.timestamp.before.max.ms", MAX_LONG, "log.message.timestamp.before.max.ms", long(0)),
    key("message.timestamp.type", "CreateTime", "log.message.timestamp.type", Shape::OneOf(TIMESTAMP_TYPES)),
    key("min.cleanable.dirty.ratio", "0.5", "log.cleaner.min.cleanable.ratio", Shape::Ratio),
    key("min.compaction.lag.ms", "0", "log.cleaner.min.compaction.lag.ms", long(0)),
    key("min.insync.replicas", "1", "min.insync.replicas", int(1)),
    key("preallocate", "false", "log.preallocate", Shape::Boolean),
    key("remote.storage.enable", "false", "", Shape::Boolean),
    key("retention.bytes", "-1", "log.retention.bytes", long(-1)),
    key("retention.ms", WEEK_MS, "log.retention.ms", long(-1)),
    key("segment.bytes", ONE_GIB, "log.segment.bytes", int(1_048_576)),
    key("segment.index.bytes", "10485760", "log.index.size.max.bytes", int(4)),
    key("segment.jitter.ms", "0", "log.roll.jitter.ms", long(0)),
    key("segment.ms", WEEK_MS, "log.roll.ms", long(1)),
    key("unclean.leader.election.enable", "false", "unclean.leader.election.enable", Shape::Boolean),
];

/// Returns the description of a topic setting.
pub fn find(name: &str) -> Option<&'static Key> {
    TOPIC_KEYS.iter().find(|key| key.name == name)
}
