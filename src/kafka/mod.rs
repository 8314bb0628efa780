//! The wire: connections, requests, and record batches as bytes.
//!
//! From the bottom up: [`peer`] and [`error`] name who we talk to and what went wrong, [`buffers`]
//! holds what was received, [`frame`] cuts it, [`guarded`] decodes it, [`tls`], [`credentials`], [`sasl`] and
//! [`connect`] open a [`connection`] or a bare [`transport`], and [`cluster`] finds the right broker. [`metadata`],
//! [`fetch`], [`produce`],
//! [`offsets`], [`groups`], [`producer_ids`], [`admin`], [`alter`], [`acls`], [`placement`],
//! [`reassign`], [`rights`] and [`survey`] are the requests.

pub mod acls;
pub mod admin;
pub mod alter;
pub mod batch;
pub mod buffers;
pub mod certificate;
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
pub mod guarded;
pub mod librdkafka;
pub mod log_reader;
pub mod metadata;
pub mod offsets;
pub mod peek;
pub mod peer;
pub mod placement;
pub mod produce;
pub mod producer_ids;
pub mod reassign;
pub mod records;
pub mod retry;
pub mod rights;
pub mod round_trip;
pub mod sasl;
pub mod survey;
pub mod tls;
pub mod transport;
