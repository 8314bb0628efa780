//! Holding the copy against the source (guarantees G1 to G4 and G6), as anyone may: nothing is changed.

pub mod differ;
pub mod finding;
pub mod gather;
pub mod kept;
mod map_check;
pub mod plan;
pub mod read;
mod region;
pub mod run;
pub mod scan;
mod side;
pub mod terms;
