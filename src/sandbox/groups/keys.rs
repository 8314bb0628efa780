//! Which partition, and so which broker, coordinates a group or a transactional id.

/// Partitions of `__consumer_offsets` and of `__transaction_state`.
pub const OFFSETS_PARTITIONS: i32 = 50;

/// Java's `String.hashCode`, by which Kafka spreads groups over coordinators.
pub fn java_hash(text: &str) -> i32 {
    text.encode_utf16().fold(0i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)))
}

/// Returns the partition of the offsets or the transaction topic that a key belongs to.
pub fn offsets_partition(key: &str) -> i32 {
    (java_hash(key) & i32::MAX) % OFFSETS_PARTITIONS
}
