//! Tests against real Apache Kafka, one binary, so that the clusters they share are started once.
#![allow(clippy::unwrap_used, missing_docs)]

mod chaos;
mod failover_ends;
mod groups_follow;
mod groups_peer;
mod groups_sync;
mod groups_translate;
mod harness;
mod harness_works;
mod init;
mod replicate_acls;
mod replicate_bytes;
mod replicate_changes;
mod replicate_compaction;
mod replicate_copies;
mod replicate_edges;
mod replicate_limits;
mod replicate_losses;
mod replicate_moves;
mod replicate_origin;
mod replicate_outages;
mod replicate_runs;
mod replicate_security;
mod replicate_sessions;
mod replicate_share;
mod replicate_shows;
mod replicate_versions;
mod sandbox_differences;
mod sandbox_tools;
mod status_map;
#[path = "../support/mod.rs"]
mod support;
mod validate;
mod validate_reach;
mod validate_rights;
mod verify_compares;
