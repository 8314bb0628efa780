//! How a drill came out; plain data.

use super::told::{Done, Mark, Sample};
use crate::drill::evidence::Evidence;
use crate::drill::oracle::Findings;
use crate::drill::verdict::Judged;

/// Holds how a drill came out.
#[derive(Debug)]
pub struct Played {
    /// What is known.
    pub evidence: Evidence,
    /// What follows from it.
    pub findings: Findings,
    /// The promises.
    pub judged: Judged,
    /// The stretches it had.
    pub phases: Vec<Done>,
    /// The timeline's moments.
    pub marks: Vec<Mark>,
    /// What was to be seen, over time.
    pub samples: Vec<Sample>,
}
