//! The wire: connections, requests, and record batches as bytes.
//!
//! From the bottom up: [`peer`] and [`error`] name who we talk to and what went wrong, [`buffers`]
//! holds what was received, [`frame`] cuts it, [`tls`], [`credentials`], [`sasl`] and [`connect`] open
//! a [`connection`], and [`cluster`] finds the right broker. [`metadata`], [`fetch`], [`produce`],
//! [`offsets`], [`groups`], [`producer_ids`] and [`admin`] are the requests.

pub mod admin;
pub mod batch;
pub mod buffers;
pub mod cluster;
pub mod codec;
pub mod connect;
pub mod connection;
pub mod crc;
pub mod credentials;
pub mod error;
pub mod fetch;
pub mod frame;
pub mod groups;
pub mod librdkafka;
pub mod log_reader;
pub mod metadata;
pub mod offsets;
pub mod peer;
pub mod produce;
pub mod producer_ids;
pub mod records;
pub mod retry;
pub mod round_trip;
pub mod sasl;
pub mod tls;
