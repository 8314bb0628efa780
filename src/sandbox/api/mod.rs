//! What brokers answer, one file per kind of request, named by its key.

#[path = "33_alter_configs.rs"]
mod alter_configs;
#[path = "18_api_versions.rs"]
mod api_versions;
#[path = "37_create_partitions.rs"]
mod create_partitions;
#[path = "19_create_topics.rs"]
mod create_topics;
#[path = "21_delete_records.rs"]
mod delete_records;
#[path = "20_delete_topics.rs"]
mod delete_topics;
#[path = "60_describe_cluster.rs"]
mod describe_cluster;
#[path = "32_describe_configs.rs"]
mod describe_configs;
#[path = "35_describe_log_dirs.rs"]
mod describe_log_dirs;
#[path = "75_describe_topic_partitions.rs"]
mod describe_topic_partitions;
#[path = "01_fetch.rs"]
mod fetch;
#[path = "44_incremental_alter_configs.rs"]
mod incremental_alter_configs;
#[path = "02_list_offsets.rs"]
mod list_offsets;
#[path = "46_list_partition_reassignments.rs"]
mod list_partition_reassignments;
#[path = "03_metadata.rs"]
mod metadata;
#[path = "23_offset_for_leader_epoch.rs"]
mod offset_for_leader_epoch;
#[path = "00_produce.rs"]
mod produce;
#[path = "27_write_txn_markers.rs"]
mod write_txn_markers;

use kafka_protocol::messages::BrokerId;
use kafka_protocol::protocol::StrBytes;

/// A topic, where settings are described and changed.
const TOPIC: i8 = 2;
/// A broker, where settings are described and changed.
const BROKER: i8 = 4;

/// Makes a protocol string.
pub(super) fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

/// Wraps broker ids.
pub(super) fn broker_ids(ids: &[i32]) -> Vec<BrokerId> {
    ids.iter().copied().map(BrokerId).collect()
}
