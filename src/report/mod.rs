//! What people and programs get to see: data on stdout, words on stderr, and nothing printed elsewhere.

pub mod document;
mod explain;
pub mod flow_status;
pub mod human;
pub mod lag_json;
pub mod lag_junit;
pub mod lag_nagios;
pub mod lag_prometheus;
pub mod lag_rows;
pub mod lag_text;
pub mod lag_tsv;
pub mod output;
pub mod positions;
pub mod problem;
pub mod progress;
pub mod reporter;
pub mod schema;
pub mod style;
pub mod table;
