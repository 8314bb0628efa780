//! Tests without a Kafka: the command line, the configuration, the documents.
#![allow(clippy::unwrap_used)]

mod batch_properties;
mod cli_completions;
mod cli_demo;
mod cli_failover;
mod cli_general;
mod cli_groups;
mod cli_init;
mod cli_lag;
mod cli_man;
mod cli_replicate;
mod cli_sandbox;
mod cli_terminal;
mod cli_topics;
mod cli_validate;
mod config_samples;
mod contrib_names;
mod docs_fresh;
mod faults_codes;
mod faults_losses;
mod faults_play;
mod faults_random;
mod faults_shapes;
mod faults_world;
mod guarded_messages;
mod import_properties;
mod import_samples;
mod offset_map_model;
mod partition_model;
mod sandbox_answers;
mod sandbox_clients;
mod sandbox_groups;
mod sandbox_kit;
mod sandbox_replicates;
mod sandbox_security;
mod sandbox_transactions;
mod sandbox_wire;
mod sasl_aws;
#[path = "../support/mod.rs"]
mod support;
mod tail_model;
mod tidy;
mod topics_diff;
mod validate_facts;
mod validate_samples;
mod verify_model;
