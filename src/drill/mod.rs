//! The rehearsal of losing a region: an application at work ([`workload`]), what it saw ([`evidence`]), and
//! what follows from that ([`oracle`], [`verdict`]).
//!
//! Nothing here knows how a region is lost or who moves the offsets: that is the scenario's part.

pub mod evidence;
pub mod oracle;
pub mod verdict;
