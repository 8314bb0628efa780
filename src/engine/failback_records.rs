//! Records of a state topic that tell of the way back: what a failback has settled of the flow that was ended,
//! and from where the flow that goes the other way was begun.

use serde::{Deserialize, Serialize};

/// The version of these records that is written.
pub const VERSION: u8 = 1;

/// Says what becomes of the records that the old source has and the target never got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// There were none.
    None,
    /// The flow that was ended copied them behind what the target got meanwhile.
    Append,
    /// They stay at the old source alone.
    Leave,
    /// They were written to files, and stay at the old source alone.
    Export,
}

impl Fate {
    /// Returns the word used for it everywhere.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Append => "append",
            Self::Leave => "leave",
            Self::Export => "export",
        }
    }

    /// Says whether records were left out of the flow for good.
    pub fn leaves_out(self) -> bool {
        matches!(self, Self::Leave | Self::Export)
    }
}

/// Says that a failback is under way; stands in the state topic of the flow that was ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Returning {
    /// Version of this format.
    pub v: u8,
    /// Which end of the flow it goes back from: when that was begun, in milliseconds since 1970.
    pub of_ms: i64,
    /// What was chosen for the stranded records.
    pub fate: Fate,
    /// Whether the flow's new begin stands in the topic, so that all that is left is to lift its end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_reopening: bool,
}

/// Says what became of one partition's stranded records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// Version of this format.
    pub v: u8,
    /// See [`Returning::of_ms`].
    pub of_ms: i64,
    /// What.
    pub fate: Fate,
    /// How many there were.
    pub records: u64,
    /// The first source offset behind them.
    pub until: i64,
    /// Where they were appended: the first target offset behind them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appended_until: Option<i64>,
}

/// Says from which end of which flow a flow was begun; with a partition, that its begin was written for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seeded {
    /// Version of this format.
    pub v: u8,
    /// The flow that was ended.
    pub flow: String,
    /// See [`Returning::of_ms`].
    pub of_ms: i64,
}

/// Stretches of a partition where the order of the records is not the same at both ends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reordered {
    /// Version of this format.
    pub v: u8,
    /// In rising order.
    pub stretches: Vec<Stretch>,
}

/// One such stretch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// Its begin at the source.
    pub source_from: i64,
    /// Its begin at the target.
    pub target_from: i64,
    /// The first source offset behind it.
    pub source_until: i64,
}
