//! Tests without a Kafka: the command line, the configuration, the documents.
#![allow(clippy::unwrap_used)]

mod batch_properties;
mod cli_completions;
mod cli_general;
mod cli_lag;
mod cli_man;
mod cli_replicate;
mod cli_terminal;
mod config_samples;
mod contrib_names;
mod docs_fresh;
mod offset_map_model;
mod partition_model;
mod tail_model;
mod tidy;
