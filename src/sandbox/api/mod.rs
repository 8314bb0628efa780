//! What brokers answer, one file per kind of request, named by its key.

#[path = "25_add_offsets_to_txn.rs"]
mod add_offsets_to_txn;
#[path = "24_add_partitions_to_txn.rs"]
mod add_partitions_to_txn;
#[path = "33_alter_configs.rs"]
mod alter_configs;
#[path = "18_api_versions.rs"]
mod api_versions;
#[path = "30_create_acls.rs"]
mod create_acls;
#[path = "37_create_partitions.rs"]
mod create_partitions;
#[path = "19_create_topics.rs"]
mod create_topics;
#[path = "31_delete_acls.rs"]
mod delete_acls;
#[path = "42_delete_groups.rs"]
mod delete_groups;
#[path = "21_delete_records.rs"]
mod delete_records;
#[path = "20_delete_topics.rs"]
mod delete_topics;
#[path = "29_describe_acls.rs"]
mod describe_acls;
#[path = "60_describe_cluster.rs"]
mod describe_cluster;
#[path = "32_describe_configs.rs"]
mod describe_configs;
#[path = "15_describe_groups.rs"]
mod describe_groups;
#[path = "35_describe_log_dirs.rs"]
mod describe_log_dirs;
#[path = "61_describe_producers.rs"]
mod describe_producers;
#[path = "55_describe_quorum.rs"]
mod describe_quorum;
#[path = "75_describe_topic_partitions.rs"]
mod describe_topic_partitions;
#[path = "65_describe_transactions.rs"]
mod describe_transactions;
#[path = "26_end_txn.rs"]
mod end_txn;
#[path = "01_fetch.rs"]
mod fetch;
#[path = "10_find_coordinator.rs"]
mod find_coordinator;
mod group_wait;
#[path = "12_heartbeat.rs"]
mod heartbeat;
#[path = "44_incremental_alter_configs.rs"]
mod incremental_alter_configs;
#[path = "22_init_producer_id.rs"]
mod init_producer_id;
#[path = "11_join_group.rs"]
mod join_group;
#[path = "13_leave_group.rs"]
mod leave_group;
#[path = "16_list_groups.rs"]
mod list_groups;
#[path = "02_list_offsets.rs"]
mod list_offsets;
#[path = "46_list_partition_reassignments.rs"]
mod list_partition_reassignments;
#[path = "66_list_transactions.rs"]
mod list_transactions;
#[path = "03_metadata.rs"]
mod metadata;
#[path = "08_offset_commit.rs"]
mod offset_commit;
#[path = "47_offset_delete.rs"]
mod offset_delete;
#[path = "09_offset_fetch.rs"]
mod offset_fetch;
#[path = "23_offset_for_leader_epoch.rs"]
mod offset_for_leader_epoch;
#[path = "00_produce.rs"]
mod produce;
#[path = "36_sasl_authenticate.rs"]
mod sasl_authenticate;
#[path = "17_sasl_handshake.rs"]
mod sasl_handshake;
#[path = "14_sync_group.rs"]
mod sync_group;
#[path = "28_txn_offset_commit.rs"]
mod txn_offset_commit;
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
