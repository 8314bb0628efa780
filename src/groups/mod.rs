//! Moving consumer groups: what they committed at the source, translated, committed at the target.
//!
//! Pure: [`translation`] (one offset), [`plan`] (what is to be done, and what cannot),
//! [`offsets_file`] (offsets that applications keep). Awaiting: [`gather`]
//! (finds out), [`apply`] (commits), [`follow`] (both, while a flow runs).

pub mod apply;
pub mod follow;
pub mod gather;
pub mod offsets_file;
pub mod plan;
pub mod translation;
