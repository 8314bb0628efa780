//! Making target topics ready: [`wanted`] says what one is to look like.
//!
//! `replicate` makes what is missing: what has to be done is decided in [`plan`], without asking anybody;
//! [`apply`] carries it out in as few requests as the brokers allow. `topics sync` makes everything alike:
//! [`snapshot`] looks at both ends, [`diff`] (with [`acl_diff`] and [`place`]) decides, [`plan_file`] keeps what was decided, [`carry`],
//! [`moves`] and [`throttle`] carry it out.
//!
//! Topics are made here and never by a broker's auto-creation: every request says so.

pub mod acl_diff;
pub mod apply;
pub mod carry;
pub mod change;
pub mod diff;
pub mod moves;
pub mod place;
pub mod plan;
pub mod plan_file;
pub mod snapshot;
pub mod throttle;
pub mod wanted;
