//! Tests against real Apache Kafka, one binary, so that the clusters they share are started once.
#![allow(clippy::unwrap_used, missing_docs)]

mod harness;
mod harness_works;
mod replicate_copies;
mod replicate_origin;
