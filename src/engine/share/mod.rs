//! Several processes share one flow's partitions: a consumer group at the target says whose each is, and
//! nothing is consumed through it.
//!
//! The group only keeps work from being done twice. What keeps *records* from being written twice is each
//! partition's fence ([`super::fence`]): a process that holds on to a partition which is no longer its
//! own is refused by the broker, whatever the group says.
//!
//! [`shares`] decides, [`member`] waits.

pub mod errands;
pub mod member;
pub mod shares;
