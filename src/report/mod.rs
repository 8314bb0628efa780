//! What people and programs get to see: data on stdout, words on stderr, and nothing printed elsewhere.

pub mod document;
pub mod explain;
pub mod failover;
pub mod findings;
pub mod flow_status;
pub mod gauge;
pub mod groups_sync;
pub mod groups_translate;
pub mod human;
pub mod output;
pub mod positions;
pub mod problem;
pub mod progress;
pub mod reporter;
pub mod schema;
pub mod style;
pub mod table;
pub mod verified;
pub mod verified_junit;
