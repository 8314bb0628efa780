//! A drill from its beginning to its end: [`plan`] says what is to be done, [`story`] does it, [`switch`] and
//! [`way_back`] are the changes of region; [`doors`] are the ways that can be cut, [`stage`] what is made at the
//! clusters and taken away again, [`record`] what is written down for the timeline.

pub mod doors;
pub mod error;
pub mod hooks;
pub mod plan;
pub mod played;
pub mod record;
pub mod stage;
mod story;
mod switch;
pub mod told;
mod way_back;

pub use self::story::{Drill, play};
