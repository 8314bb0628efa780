//! What a drill tells while it is played, and what its timeline is made of afterwards.

use std::time::Duration;

/// Names a stretch of the drill, in the order they come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// The doors are opened, the topic is made, the copy starts.
    Prepare,
    /// The application works in the source region.
    Produce,
    /// The source region is lost.
    Fault,
    /// The application sees it.
    Detect,
    /// The flow is ended and the group moved.
    Switch,
    /// The application works in the target region.
    Away,
    /// The source region is there again.
    Heal,
    /// What was written at the target is copied back, and the group moved.
    FailBack,
    /// The application works in the source region again.
    Back,
    /// Both logs are read by a client of their own.
    Verify,
}

impl Phase {
    /// Returns the word used for it everywhere.
    pub fn word(self) -> &'static str {
        match self {
            Self::Prepare => "prepare",
            Self::Produce => "produce",
            Self::Fault => "fault",
            Self::Detect => "detect",
            Self::Switch => "switch",
            Self::Away => "away",
            Self::Heal => "heal",
            Self::FailBack => "fail-back",
            Self::Back => "back",
            Self::Verify => "verify",
        }
    }
}

/// Holds a stretch that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// Which.
    pub phase: Phase,
    /// When it began, from the drill's start.
    pub began: Duration,
    /// How long it took.
    pub took: Duration,
    /// What came of it.
    pub words: String,
    /// Whether it came to its end.
    pub is_good: bool,
}

/// Holds a moment of the timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// When, from the drill's start.
    pub at: Duration,
    /// What happened.
    pub words: String,
}

/// Holds what was to be seen at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// When, from the drill's start.
    pub at: Duration,
    /// Records acknowledged so far, in both regions.
    pub produced: u64,
    /// Records processed so far, those processed again included.
    pub processed: u64,
    /// Records that the copy is behind; `None` where no copy runs, or it does not know.
    pub behind: Option<u64>,
}

/// Something to tell at once.
#[derive(Clone, Debug)]
pub enum Told {
    /// A stretch begins.
    Begun(Phase),
    /// A stretch is over.
    Done(Done),
    /// Something happened.
    Marked(Mark),
    /// What is to be seen now.
    Seen(Sample),
}
