//! What the tests without a Kafka and those with one have in common: requests as a test says them,
//! the scenes in which a sandbox has to answer as Apache Kafka does, and what offset maps have to say.
#![allow(dead_code, reason = "each test binary uses its part")]

pub mod build;
pub mod compare;
pub mod drills;
pub mod known;
pub mod lies;
pub mod offset_chart;
pub mod player;
pub mod raw;
pub mod scenes;
