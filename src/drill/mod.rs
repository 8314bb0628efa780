//! The rehearsal of losing a region: an application at work ([`application`], [`workload`], [`ledger`]), the copy beside it
//! ([`link`]), what is known afterwards ([`evidence`]), and what follows from that ([`oracle`], [`verdict`]).
//!
//! How a region is lost is the command's part, and so is telling anybody; [`proxy`] is a way to a cluster that can be cut.

pub mod application;
pub mod evidence;
pub mod ledger;
pub mod link;
pub mod log;
pub mod oracle;
pub mod proxy;
pub mod verdict;
pub mod workload;
