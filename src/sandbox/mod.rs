//! A Kafka cluster inside the process, in memory: several brokers on loopback ports that any Kafka
//! client can talk to.
//!
//! It is a test double and a demonstration, never a broker to keep data in. It is as strict as a
//! real broker in what it takes, and it can be made to fail on purpose. All of a cluster's state
//! stands behind one lock ([`state::State`]); a request's handler ([`answer::Api`], one file per
//! kind in `api/`) is a plain function on it, and only [`server`] waits.

pub mod acks;
pub mod acls;
pub mod altering;
pub mod answer;
mod api;
pub mod brokers;
pub mod clock;
pub mod cluster;
mod commands;
pub mod configs;
pub mod coordinators;
pub mod dispatch;
pub mod faults;
pub mod fetch;
pub mod groups;
mod handling;
mod listeners;
pub mod log;
pub mod partition;
pub mod permissions;
pub mod sasl;
pub mod server;
pub mod spec;
pub mod state;
pub mod topics;
pub mod transactions;

pub use self::clock::Clock;
pub use self::cluster::{Cluster, ClusterError};
pub use self::commands::Offsets;
pub use self::coordinators::Kind as CoordinatorKind;
pub use self::faults::{Action, Fault};
pub use self::spec::{ClusterSpec, TopicSpec};
