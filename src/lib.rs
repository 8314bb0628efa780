//! Copies Kafka topics from one cluster to another and proves that the copy is right.
//!
//! The binary `strait` is a thin shell over this library. A module names only what stands to its
//! left: `types` <- `kafka` <- what does the work <- `report` <- `commands` <- `cli`; the table stands
//! in `tests/it/tidy.rs`. The library is mute: printing happens in `report` and `commands`, and the
//! environment is read in `config` and `commands` only.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod cli;
pub mod commands;
pub mod config;
pub mod drill;
pub mod engine;
pub mod exit;
pub mod failback;
pub mod failover;
pub mod groups;
pub mod kafka;
pub mod lag;
pub mod obs;
pub mod provision;
pub mod report;
pub mod sandbox;
pub mod types;
pub mod validate;
pub mod verify;
