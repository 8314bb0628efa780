//! Looking at a configuration before it goes live: what is wrong in the file, and at the clusters.
//!
//! [`collect`] awaits and finds out; the checks, one function each, look at what was found and say what
//! is wrong. [`registry`] lists them with their names, and docs/checks.md is made from it. All checks are
//! made, not only the first that fails.

pub mod checks;
pub mod collect;
pub mod collect_flow;
pub mod facts;
pub mod finding;
pub mod registry;
pub mod run;
pub mod view;
