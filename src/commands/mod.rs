//! The subcommands: one file each, holding its arguments and the function that carries it out.

pub mod completions;
mod confirm;
pub mod demo;
pub mod failback;
pub mod failover;
pub mod failover_test;
mod flows;
pub mod groups;
mod hidden;
mod hook;
pub mod init;
pub mod lag;
pub mod man;
mod observe;
pub mod replicate;
pub mod sandbox;
mod signals;
pub mod status;
mod tell;
pub mod topics;
pub mod validate;
pub mod verify;

use std::path::PathBuf;
use std::time::Duration;

use crate::report::output::Output;
use crate::types::FlowName;

/// Holds what the options common to all subcommands mean.
#[derive(Clone, Debug)]
pub struct Context {
    /// The file named by `--config` or `STRAIT_CONFIG`; `None` means look for `strait.toml`.
    pub config: Option<PathBuf>,
    /// The flows named by `--flow`; empty means all of the file's.
    pub flows: Vec<FlowName>,
    /// How long to try to reach the clusters, by `--timeout`; `None` for one try.
    pub timeout: Option<Duration>,
    /// Where data and words go, and in which format.
    pub output: Output,
}
