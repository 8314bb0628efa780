//! The broker settings a sandbox knows: those it follows, and those tools look at.

use super::key::{Key, Shape};
use super::topic_keys::TOPIC_KEYS;

const fn key(name: &'static str, default: &'static str, shape: Shape) -> Key {
    Key { name, default, broker: "", shape }
}

const fn int(min: i64) -> Shape {
    Shape::Int { min, max: i32::MAX as i64 }
}

/// Lists broker settings that are not a topic setting's fallback.
pub static BROKER_KEYS: [Key; 16] = [
    key("advertised.listeners", "", Shape::Text),
    key("auto.create.topics.enable", "true", Shape::Boolean),
    key("broker.id", "-1", int(-1)),
    key("connections.max.idle.ms", "600000", Shape::Long { min: -1, max: i64::MAX }),
    key("default.replication.factor", "1", int(1)),
    key("delete.topic.enable", "true", Shape::Boolean),
    key("group.initial.rebalance.delay.ms", "3000", int(0)),
    key("group.max.session.timeout.ms", "1800000", int(0)),
    key("group.min.session.timeout.ms", "6000", int(0)),
    key("listeners", "PLAINTEXT://:9092", Shape::Text),
    key("max.incremental.fetch.session.cache.slots", "1000", int(0)),
    key("node.id", "", int(0)),
    key("num.partitions", "1", int(1)),
    key("offsets.topic.num.partitions", "50", int(1)),
    key("transaction.max.timeout.ms", "900000", int(1)),
    key("transactional.id.expiration.ms", "604800000", int(1)),
];

/// Holds a topic setting's fallback under the broker's name.
static FALLBACKS: std::sync::LazyLock<Vec<Key>> = std::sync::LazyLock::new(|| {
    let named = TOPIC_KEYS.iter().filter(|key| !key.broker.is_empty());
    named.map(|key| Key { name: key.broker, broker: "", default: key.default, shape: key.shape }).collect()
});

/// Lists every broker setting, in the order of their names.
pub fn all() -> Vec<&'static Key> {
    let mut keys: Vec<&'static Key> = BROKER_KEYS.iter().chain(FALLBACKS.iter()).collect();
    keys.sort_by_key(|key| key.name);
    keys.dedup_by_key(|key| key.name);
    keys
}

/// Returns the description of a broker setting.
pub fn find(name: &str) -> Option<&'static Key> {
    BROKER_KEYS.iter().chain(FALLBACKS.iter()).find(|key| key.name == name)
}
