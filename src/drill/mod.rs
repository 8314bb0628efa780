//! The rehearsal of losing a region: an application at work ([`application`], [`workload`], [`ledger`]), the copy beside it
//! ([`link`]), what is known afterwards ([`evidence`]), and what follows from that ([`oracle`], [`verdict`]); [`play`] has it
//! done on two clusters, through ways that can be cut ([`proxy`]), as [`scenario`] says, under [`names`] of its own.
//!
//! Nothing here tells anybody anything: that is the command's part.

pub mod application;
pub mod evidence;
pub mod ledger;
pub mod link;
pub mod log;
pub mod names;
pub mod oracle;
pub mod play;
pub mod proxy;
pub mod scenario;
pub mod seed;
pub mod verdict;
pub mod workload;
