//! What is wrong with a configuration, and where: file, line, column, and a caret under it.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Says what is wrong with one place of the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultKind {
    /// The text is not TOML, or a value has the wrong type, or a key is unknown.
    #[error("{0}")]
    Syntax(String),
    /// A value that a key must have is missing.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A value outside what its key takes.
    #[error("{value:?} is not valid for {key}: {expected}")]
    Value {
        /// The key.
        key: &'static str,
        /// What was typed.
        value: String,
        /// What it takes.
        expected: String,
    },
    /// A flow names a cluster that is not there.
    #[error("no cluster is called {0:?}")]
    UnknownCluster(String),
    /// Both ends of a flow are one cluster.
    #[error("source and target are both {0:?}")]
    SameCluster(String),
    /// Two settings that do not go together.
    #[error("{0}")]
    Contradiction(&'static str),
    /// A secret cannot be had.
    #[error("the secret cannot be read: {0}")]
    Secret(String),
    /// A pattern that does not compile.
    #[error(transparent)]
    Pattern(#[from] super::patterns::PatternError),
}

/// Places one fault in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFault {
    /// What is wrong.
    pub kind: FaultKind,
    /// The bytes it is about.
    pub span: Range<usize>,
    /// What to do.
    pub help: Option<String>,
}

impl ConfigFault {
    /// Makes a fault without advice.
    pub fn new(kind: FaultKind, span: Range<usize>) -> Self {
        Self { kind, span, help: None }
    }

    /// Adds advice.
    pub fn with_help(mut self, help: Option<String>) -> Self {
        self.help = help;
        self
    }
}

/// Holds every fault of one file; prints them as compilers do.
#[derive(Clone, Debug, thiserror::Error)]
pub struct ConfigFailure {
    path: PathBuf,
    text: String,
    faults: Vec<ConfigFault>,
    unreadable: Option<String>,
}

impl ConfigFailure {
    /// Collects the faults of a file.
    pub fn new(path: &Path, text: &str, faults: Vec<ConfigFault>) -> Self {
        Self { path: path.to_owned(), text: text.to_owned(), faults, unreadable: None }
    }

    /// Says that the file itself cannot be read.
    pub fn unreadable(path: &Path, error: &std::io::Error) -> Self {
        let unreadable = Some(error.to_string());
        Self { path: path.to_owned(), text: String::new(), faults: Vec::new(), unreadable }
    }

    /// Returns each fault with its line and column, both from 1, columns counted in characters.
    pub fn faults(&self) -> impl Iterator<Item = (usize, usize, &ConfigFault)> {
        self.faults.iter().map(|fault| {
            let (line, column) = position(&self.text, fault.span.start);
            (line, column, fault)
        })
    }
}

impl fmt::Display for ConfigFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.path.display();
        if let Some(reason) = &self.unreadable {
            return write!(f, "error: {file} cannot be read: {reason}");
        }
        for (index, (line, column, fault)) in self.faults().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            let source = self.text.lines().nth(line - 1).unwrap_or("");
            let width = line.to_string().len();
            let marked = self
                .text
                .get(fault.span.clone())
                .map_or(1, |s| s.lines().next().unwrap_or("").chars().count());
            let carets = "^".repeat(marked.max(1));
            writeln!(f, "error: {}", fault.kind)?;
            writeln!(f, "{:width$}--> {file}:{line}:{column}", "")?;
            writeln!(f, "{:width$} |", "")?;
            writeln!(f, "{line} | {source}")?;
            write!(f, "{:width$} | {:>pad$}{carets}", "", "", pad = column - 1)?;
            if let Some(help) = &fault.help {
                write!(f, "\n{:width$} = help: {help}", "")?;
            }
        }
        Ok(())
    }
}

/// Returns line and column of a byte, both from 1.
pub fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at.min(text.len())).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    (line, column)
}

/// Turns a parser's error into a fault; an unknown key gets the nearest known one as advice.
pub fn from_toml(error: &toml::de::Error) -> ConfigFault {
    let message = error.message().trim().to_owned();
    let mut quoted = message.split('`').skip(1).step_by(2);
    let help = message
        .starts_with("unknown field")
        .then(|| quoted.next())
        .flatten()
        .and_then(|typed| nearest(typed, quoted));
    ConfigFault::new(FaultKind::Syntax(message), error.span().unwrap_or(0..0)).with_help(help)
}

/// Says which of the known words was meant, if one is near.
pub fn nearest<'a>(typed: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    known
        .map(|word| (strsim::damerau_levenshtein(typed, word), word))
        .min()
        .filter(|(distance, word)| *distance <= 1 + word.len() / 4)
        .map(|(_, word)| format!("did you mean `{word}`?"))
}
