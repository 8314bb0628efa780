//! Copying: what to do is decided in plain functions, the waiting around them is thin.
//!
//! Pure: [`age`], [`limits`], [`pacing`], [`intake`], [`partition`], [`coalesce`], [`offset_map`]. Awaiting: [`fetcher`],
//! [`producer`]. Shared between them: [`cell`], [`status`], [`event`].

pub mod age;
pub mod bounds;
pub mod cell;
pub mod coalesce;
pub mod committed;
pub mod compacted_log;
pub mod discover;
pub mod ended;
pub mod errands;
pub mod event;
pub mod failback_records;
pub mod fence;
pub mod fetcher;
pub mod incarnation;
pub mod intake;
pub mod limits;
pub mod lost;
pub mod mapping;
pub mod offset_map;
pub mod origin;
pub mod pacing;
pub mod partition;
pub mod past;
pub mod producer;
pub mod resume;
pub mod routes;
pub mod share;
pub mod start;
pub mod state_read;
pub mod state_records;
pub mod state_topic;
pub mod status;
pub mod supervisor;
pub mod tail;
