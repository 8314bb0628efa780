//! What a check says: findings, or why it could not be made.

use std::fmt;

use crate::config::source::Place;
use crate::kafka::error::{ConnectError, KafkaError};
use crate::types::{ClusterAlias, FlowName};

/// Says how bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Works, and is unwise or surprising.
    Warning,
    /// Does not work, or loses something.
    Error,
}

impl Severity {
    /// Returns the word that findings are printed with.
    pub const fn word(self) -> &'static str {
        match self {
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// Says what a check looked at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// The file.
    File,
    /// A cluster of it.
    Cluster(ClusterAlias),
    /// A flow of it.
    Flow(FlowName),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::File => f.write_str("config"),
            Subject::Cluster(alias) => write!(f, "cluster:{alias}"),
            Subject::Flow(flow) => write!(f, "flow:{flow}"),
        }
    }
}

/// Says what to do about a finding.
#[derive(Clone, Debug)]
pub enum Advice {
    /// The message says it already.
    None,
    /// In these words.
    Text(String),
    /// What is always advised against this error.
    Connect(ConnectError),
}

/// Holds one finding.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The check's name.
    pub check: &'static str,
    /// How bad it is, `--strict` counted in.
    pub severity: Severity,
    /// What it is about.
    pub subject: Subject,
    /// Where in the file to mend it.
    pub place: Place,
    /// What is wrong, on one line.
    pub message: String,
    /// What to do.
    pub advice: Advice,
}

/// Says how one check of one subject ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was made; its findings, if any, are listed.
    Made,
    /// It does not apply, for this reason.
    Skipped(String),
    /// It could not be made, for this reason: nobody knows.
    Unknown(String),
}

/// Takes what a check says, by place in the file.
#[derive(Debug, Default)]
pub struct Notes {
    found: Vec<(Vec<String>, String, Advice)>,
    skipped: Option<String>,
    unknown: Option<String>,
}

impl Notes {
    /// Takes a finding about the key at `path`, and what to do about it.
    pub fn found(&mut self, path: &[&str], message: impl Into<String>, help: impl Into<String>) {
        self.push(path, message.into(), Advice::Text(help.into()));
    }

    /// Takes the finding that a broker cannot be used.
    pub fn failed(&mut self, path: &[&str], message: impl Into<String>, error: &ConnectError) {
        self.push(path, message.into(), Advice::Connect(error.clone()));
    }

    fn push(&mut self, path: &[&str], message: String, advice: Advice) {
        self.found.push((path.iter().map(|&name| name.to_owned()).collect(), message, advice));
    }

    /// Takes note that the check does not apply.
    pub fn skip(&mut self, why: impl Into<String>) {
        self.skipped.get_or_insert(why.into());
    }

    /// Takes note that the check, or a part of it, could not be made.
    pub fn unknown(&mut self, why: impl Into<String>) {
        self.unknown.get_or_insert(why.into());
    }

    /// Returns a fact, or takes note of why it is not known.
    pub fn know<'a, T>(&mut self, fact: &'a Result<T, KafkaError>) -> Option<&'a T> {
        match fact {
            Ok(fact) => Some(fact),
            Err(error) => {
                self.unknown(error.to_string());
                None
            }
        }
    }

    /// Returns the messages of the findings, and the outcome.
    pub fn words(self) -> (Vec<String>, Outcome) {
        let (found, outcome) = self.settle();
        (found.into_iter().map(|(_, message, _)| message).collect(), outcome)
    }

    /// Returns the findings and the outcome.
    pub(super) fn settle(self) -> (Vec<(Vec<String>, String, Advice)>, Outcome) {
        let outcome = match (self.unknown, self.skipped) {
            (Some(why), _) => Outcome::Unknown(why),
            (None, Some(why)) if self.found.is_empty() => Outcome::Skipped(why),
            _ => Outcome::Made,
        };
        (self.found, outcome)
    }
}
