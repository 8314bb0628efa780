//! Making target topics ready. What has to be done is decided in [`plan`], without asking anybody;
//! [`apply`] carries it out in as few requests as the brokers allow.
//!
//! Topics are made here and never by a broker's auto-creation: every request says so.

pub mod apply;
pub mod plan;
