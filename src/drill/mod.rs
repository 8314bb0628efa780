//! The rehearsal of losing a region: an application at work ([`application`], [`workload`], [`ledger`]), the copy beside it
//! ([`link`]), what is known afterwards ([`evidence`]), and what follows from that ([`oracle`], [`verdict`]).
//!
//! Nothing here knows how a region is lost, or tells anybody anything: that is the command's part.

pub mod application;
pub mod evidence;
pub mod ledger;
pub mod link;
pub mod log;
pub mod oracle;
pub mod verdict;
pub mod workload;
