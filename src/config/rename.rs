//! How a source topic's name becomes the target's.

use std::fmt;

/// What stands in front of a topic's name and behind it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Affixes {
    /// What stands in front.
    pub prefix: String,
    /// What stands behind.
    pub suffix: String,
}

impl Affixes {
    /// Puts them around a name.
    pub fn around(&self, name: &str) -> String {
        format!("{}{name}{}", self.prefix, self.suffix)
    }

    /// Takes them off; `None` where they are not there, or nothing would be left.
    pub fn within<'a>(&self, name: &'a str) -> Option<&'a str> {
        let name = name.strip_prefix(self.prefix.as_str())?.strip_suffix(self.suffix.as_str())?;
        (!name.is_empty()).then_some(name)
    }
}

impl fmt::Display for Affixes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{{topic}}{}", self.prefix, self.suffix)
    }
}

/// Turns a source topic's name into the target's: what `off` says is taken off, then what `on` says is put on.
/// A name that `off` does not fit stays as it is before that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rename {
    /// What the source's names have and the target's do not.
    pub off: Affixes,
    /// What the target's names have and the source's do not.
    pub on: Affixes,
}

impl Rename {
    /// Returns the name at the target.
    pub fn apply(&self, source: &str) -> String {
        self.on.around(self.off.within(source).unwrap_or(source))
    }

    /// Returns the source topic that a target topic would be the copy of, where its name can be one.
    pub fn source_of(&self, target: &str) -> Option<String> {
        let inner = self.on.within(target)?;
        let source = self.off.around(inner);
        (self.apply(&source) == target).then_some(source)
    }

    /// Turns the other way round.
    pub fn inverse(&self) -> Self {
        Self { off: self.on.clone(), on: self.off.clone() }
    }
}

impl fmt::Display for Rename {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.off == Affixes::default() {
            return self.on.fmt(f);
        }
        write!(f, "{} -> {}", self.off, self.on)
    }
}
