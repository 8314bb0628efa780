//! How a drill came out. [`outcome`] is what `strait demo` tells; [`rehearsal`] what `strait failover-test` does, for
//! programs, in [`text`] for people, as [`junit`] for CI and as one HTML [`page`] with its [`timeline`]. They share
//! [`figures`], [`promises`] and [`missing`] records. Nothing here asks a cluster or a clock.

pub mod figures;
pub mod junit;
pub mod missing;
pub mod outcome;
pub mod page;
pub mod promises;
pub mod recovery;
pub mod rehearsal;
mod scale;
pub mod switch_tables;
pub mod text;
pub mod timeline;

use std::time::Duration;

/// Returns seconds, rounded to thousandths.
fn thousandths(time: Duration) -> f64 {
    (time.as_secs_f64() * 1000.0).round() / 1000.0
}

/// Makes one line of a text that others wrote: what steers a terminal, and no page or XML may hold, is a space.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().trim().to_owned()
}
