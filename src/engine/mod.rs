//! Copying: what to do is decided in plain functions, the waiting around them is thin.
//!
//! Pure: [`limits`], [`pacing`], [`intake`], [`partition`], [`coalesce`], [`checkpoint`],
//! [`discovery`]. Awaiting: [`fetcher`], [`producer`], [`start`], [`state_topic`], [`supervisor`].

pub mod cell;
pub mod checkpoint;
pub mod coalesce;
pub mod discovery;
pub mod event;
pub mod fetcher;
pub mod intake;
pub mod limits;
pub mod pacing;
pub mod partition;
pub mod producer;
pub mod shutdown;
pub mod start;
pub mod state_topic;
pub mod status;
pub mod supervisor;
