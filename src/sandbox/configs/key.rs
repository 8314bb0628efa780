//! One setting: its name, its default, and which values it takes.

/// Describes a setting.
#[derive(Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// Its value where nobody set one.
    pub default: &'static str,
    /// For a topic's setting: the broker's that it falls back to; empty if there is none.
    pub broker: &'static str,
    /// What values it takes.
    pub shape: Shape,
}

/// Says what values a setting takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `true` or `false`.
    Boolean,
    /// A 32-bit number.
    Int {
        /// The least.
        min: i64,
        /// The greatest.
        max: i64,
    },
    /// A 64-bit number.
    Long {
        /// The least.
        min: i64,
        /// The greatest.
        max: i64,
    },
    /// A number from 0 to 1.
    Ratio,
    /// One of some words.
    OneOf(&'static [&'static str]),
    /// Some of some words, with commas between.
    List(&'static [&'static str]),
    /// A list of anything.
    FreeList,
    /// Any text.
    Text,
}

impl Shape {
    /// Returns the protocol's number of the value's type (`ConfigDef.Type`).
    pub fn type_code(self) -> i8 {
        match self {
            Self::Boolean => 1,
            Self::OneOf(_) | Self::Text => 2,
            Self::Int { .. } => 3,
            Self::Long { .. } => 5,
            Self::Ratio => 6,
            Self::List(_) | Self::FreeList => 7,
        }
    }

    /// Says whether a value is one it takes.
    pub fn takes(self, value: &str) -> bool {
        match self {
            Self::Boolean => matches!(value, "true" | "false"),
            Self::Int { min, max } | Self::Long { min, max } => {
                value.trim().parse::<i64>().is_ok_and(|number| (min..=max).contains(&number))
            }
            Self::Ratio => value.trim().parse::<f64>().is_ok_and(|ratio| (0.0..=1.0).contains(&ratio)),
            Self::OneOf(words) => words.contains(&value),
            Self::List(words) => {
                !value.is_empty() && value.split(',').all(|word| words.contains(&word.trim()))
            }
            Self::FreeList | Self::Text => true,
        }
    }
}
