//! Tests that need nothing but this machine.
#![allow(clippy::unwrap_used)]

mod batch_properties;
