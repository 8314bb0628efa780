//! What people and programs get to see: data on stdout, words on stderr, and nothing printed elsewhere.

pub mod document;
mod explain;
pub mod findings;
pub mod flow_status;
pub mod gauge;
pub mod groups_sync;
pub mod groups_translate;
pub mod human;
pub mod moves_bar;
pub mod output;
pub mod positions;
pub mod problem;
pub mod progress;
pub mod reporter;
pub mod rights;
pub mod schema;
pub mod style;
pub mod table;
pub mod topics_findings;
pub mod topics_outcome;
pub mod topics_plan;
pub mod verified;
pub mod verified_junit;
