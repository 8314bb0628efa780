//! What an interrupted comparison already knows: a file that a later run goes on from.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::finding::{Finding, Tally};
use super::plan::Piece;
use crate::types::{FlowName, TopicPartition};

/// Names the file's shape.
const SCHEMA: &str = "strait/verify-progress/v1";

/// Says what is wrong with such a file.
#[derive(Debug, thiserror::Error)]
pub enum KeptError {
    /// It cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is not such a file.
    #[error("{path} is not a verification's progress: {reason}")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

/// Names one finished range. What it says stays true: both logs only grow, and a trimmed log loses
/// nothing that was not compared.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Key {
    flow: String,
    topic: String,
    partition: i32,
    /// The incarnations of both topics: one made anew is another log.
    source_topic_id: Option<Uuid>,
    target_topic_id: Option<Uuid>,
    /// Source offsets.
    from: i64,
    to: i64,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    #[serde(flatten)]
    key: Key,
    tally: Tally,
    findings: Vec<Finding>,
}

#[derive(Serialize, Deserialize)]
struct File {
    schema: String,
    ranges: Vec<Entry>,
}

/// Names a partition and the incarnations of its topics.
#[derive(Clone, Debug)]
pub struct Subject<'a> {
    /// The flow.
    pub flow: &'a FlowName,
    /// The source partition.
    pub partition: &'a TopicPartition,
    /// Which source topic.
    pub source_topic_id: Option<Uuid>,
    /// Which target topic.
    pub target_topic_id: Option<Uuid>,
}

impl Subject<'_> {
    fn key(&self, piece: &Piece) -> Key {
        Key {
            flow: self.flow.to_string(),
            topic: self.partition.topic.to_string(),
            partition: self.partition.partition,
            source_topic_id: self.source_topic_id,
            target_topic_id: self.target_topic_id,
            from: piece.source.start,
            to: piece.source.end,
        }
    }
}

/// Holds finished ranges, and writes them down as they come.
#[derive(Debug, Default)]
pub struct Kept {
    path: Option<PathBuf>,
    ranges: HashMap<Key, (Tally, Vec<Finding>)>,
}

impl Kept {
    /// Opens a file; one that is not there yet is empty. Without a path nothing is kept.
    pub fn open(path: Option<&Path>) -> Result<Self, KeptError> {
        let Some(path) = path else { return Ok(Self::default()) };
        let fail = |source| KeptError::Io { path: path.to_owned(), source };
        let mut kept = Self { path: Some(path.to_owned()), ranges: HashMap::new() };
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                kept.write()?;
                return Ok(kept);
            }
            Err(error) => return Err(fail(error)),
        };
        let foreign = |reason: String| KeptError::Foreign { path: path.to_owned(), reason };
        let file: File = serde_json::from_str(&text).map_err(|error| foreign(error.to_string()))?;
        if file.schema != SCHEMA {
            return Err(foreign(format!("its schema is {}, not {SCHEMA}", file.schema)));
        }
        kept.ranges =
            file.ranges.into_iter().map(|entry| (entry.key, (entry.tally, entry.findings))).collect();
        Ok(kept)
    }

    /// Returns what was found in a range, where it is finished. One that reaches to the end is never.
    pub fn find(&self, subject: &Subject<'_>, piece: &Piece) -> Option<(Tally, Vec<Finding>)> {
        if piece.is_open { None } else { self.ranges.get(&subject.key(piece)).cloned() }
    }

    /// Keeps what was found in a range.
    pub fn keep(
        &mut self,
        subject: &Subject<'_>,
        piece: &Piece,
        found: (Tally, Vec<Finding>),
    ) -> Result<(), KeptError> {
        if self.path.is_none() || piece.is_open {
            return Ok(());
        }
        self.ranges.insert(subject.key(piece), found);
        self.write()
    }

    /// Writes the whole file beside the old one and puts it in its place, so that it is never half.
    fn write(&self) -> Result<(), KeptError> {
        let Some(path) = &self.path else { return Ok(()) };
        let ranges = self.ranges.iter().map(|(key, (tally, findings))| Entry {
            key: key.clone(),
            tally: *tally,
            findings: findings.clone(),
        });
        let file = File { schema: SCHEMA.to_owned(), ranges: ranges.collect() };
        let mut beside = path.clone().into_os_string();
        beside.push(".new");
        let text = serde_json::to_string(&file).unwrap_or_default();
        fs::write(&beside, text)
            .and_then(|()| fs::rename(&beside, path))
            .map_err(|source| KeptError::Io { path: path.clone(), source })
    }
}
