//! How far flows are behind, from what the clusters know: no copying process is asked.
//!
//! Awaiting: [`gather`] asks both clusters, in an order that keeps lag from being negative; [`locate`]
//! corrects the checkpoint by what stands behind it at the target; [`oldest`] reads the record at the
//! position; [`groups`] reads what consumer groups committed. Pure: [`place`], [`measure`], [`trend`],
//! [`limits`], [`over`], [`select`].

pub mod gather;
pub mod groups;
pub mod limits;
pub mod locate;
pub mod measure;
pub mod oldest;
pub mod outcome;
pub mod over;
pub mod place;
pub mod trend;
