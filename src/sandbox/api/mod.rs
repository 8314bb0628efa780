//! What brokers answer, one file per kind of request, named by its key.

#[path = "18_api_versions.rs"]
mod api_versions;
#[path = "19_create_topics.rs"]
mod create_topics;
#[path = "01_fetch.rs"]
mod fetch;
#[path = "03_metadata.rs"]
mod metadata;
#[path = "00_produce.rs"]
mod produce;

use kafka_protocol::messages::BrokerId;
use kafka_protocol::protocol::StrBytes;

/// Makes a protocol string.
pub(super) fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

/// Wraps broker ids.
pub(super) fn broker_ids(ids: &[i32]) -> Vec<BrokerId> {
    ids.iter().copied().map(BrokerId).collect()
}
