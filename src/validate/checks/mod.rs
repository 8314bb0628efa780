//! The checks, one file for each subject. They see [views](super::view) and wait for nothing.

pub mod cluster;
pub mod configs;
pub mod file;
pub mod flows;
pub mod provision;
pub mod reach;
pub mod rights;
