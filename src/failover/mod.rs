//! Ending a flow at the target, so that the applications can go on there.
//!
//! Pure: [`plan`]. Awaiting: [`ending`], [`behind`], [`source`], [`groups`], [`drain`]; [`whole`] puts them in
//! their order.

pub mod behind;
pub mod drain;
pub mod ending;
pub mod groups;
pub mod plan;
pub mod source;
pub mod whole;
