//! The wire: connections, requests, and record batches as bytes.

pub mod codec;
