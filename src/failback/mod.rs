//! The way back after a failover: what the old source has and the target never got, the flow that goes the other
//! way, and the begin of the original flow behind it.
//!
//! Pure: [`reverse`], [`seed`]. Awaiting: [`walk`], [`survey`], [`settle`], [`begin`], [`reopen`]; [`way`] puts
//! them in their order.

pub mod begin;
pub mod error;
pub mod export;
pub mod reopen;
pub mod reverse;
pub mod seed;
pub mod settle;
pub mod state;
pub mod survey;
pub mod walk;
pub mod way;
