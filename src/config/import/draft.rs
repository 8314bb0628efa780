//! A configuration in the making: what another tool's file, or a look at two clusters, comes to.

use super::properties::Property;

/// Holds a value of `strait.toml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A text.
    Text(String),
    /// A list of texts.
    List(Vec<String>),
    /// A whole number.
    Number(i64),
    /// True or false.
    Bool(bool),
    /// A table of texts.
    Table(Vec<(String, String)>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// Holds a key with the comments above it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Said above it.
    pub comments: Vec<String>,
    /// The key; empty for comments alone.
    pub key: &'static str,
    /// The value.
    pub value: Value,
}

/// Holds one table's lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// Said above the table's name.
    pub comments: Vec<String>,
    /// The lines in order.
    pub lines: Vec<Line>,
}

impl Table {
    /// Adds a key.
    pub fn set(&mut self, key: &'static str, value: impl Into<Value>) {
        self.lines.push(Line { comments: Vec::new(), key, value: value.into() });
    }

    /// Adds a key with a comment above it.
    pub fn set_with(&mut self, key: &'static str, value: impl Into<Value>, comment: impl Into<String>) {
        self.lines.push(Line { comments: vec![comment.into()], key, value: value.into() });
    }

    /// Says whether a key is set.
    pub fn has(&self, key: &str) -> bool {
        self.lines.iter().any(|line| line.key == key)
    }
}

/// Holds a flow's tables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    /// The name.
    pub name: String,
    /// The flow's own keys.
    pub own: Table,
    /// Its tables by name: provision, policy, limits; those without lines are left out.
    pub inner: Vec<(&'static str, Table)>,
}

/// Says what became of something that has no counterpart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Remark {
    /// Where it stands in the file read.
    pub line: usize,
    /// Its key.
    pub key: String,
    /// Why there is nothing of it here.
    pub words: String,
}

/// Holds a whole configuration in the making.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// Said at the top.
    pub comments: Vec<String>,
    /// The clusters: name and table.
    pub clusters: Vec<(String, Table)>,
    /// The flows.
    pub flows: Vec<Flow>,
    /// What is not in it.
    pub remarks: Vec<Remark>,
}

impl Draft {
    /// Remarks on a property.
    pub fn remark(&mut self, property: &Property, words: impl Into<String>) {
        self.remarks.push(Remark { line: property.line, key: property.key.clone(), words: words.into() });
    }
}
