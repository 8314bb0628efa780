//! A flow that was ended: the failover record, which keeps every replicator from going on, and where each
//! partition was left.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The version of both records that is written.
pub const VERSION: u8 = 1;

/// Says how a flow was ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndKind {
    /// Drained first: all of the source is at the target.
    Planned,
    /// Taken as it was, whatever the source still holds.
    Unplanned,
}

impl EndKind {
    /// Returns the word used for it everywhere.
    pub fn word(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Unplanned => "unplanned",
        }
    }
}

/// Says who ended a flow. While this record stands in the state topic nobody copies for the flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// Version of this format.
    pub v: u8,
    /// How.
    pub how: EndKind,
    /// When it was begun, in milliseconds since 1970.
    pub begun_ms: i64,
    /// When nobody could write for the flow any more and all of it was recorded; not there while the
    /// failover is still under way, or was interrupted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done_ms: Option<i64>,
    /// The machine it was begun on, where it has a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The process that began it.
    pub pid: u32,
    /// The id of the source cluster, where it answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_cluster: Option<String>,
    /// The id of the target cluster.
    pub target_cluster: String,
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = std::time::UNIX_EPOCH
            + std::time::Duration::from_millis(u64::try_from(self.begun_ms).unwrap_or_default());
        let host = self.host.as_deref().unwrap_or("a machine without a name");
        let Self { how, pid, .. } = self;
        write!(
            f,
            "a strait failover --{} on {host} (process {pid}) ended the flow at {}",
            how.word(),
            humantime::format_rfc3339_seconds(at)
        )
    }
}

/// Says where a partition was left when the flow was ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedPartition {
    /// Version of this format.
    pub v: u8,
    /// The first source offset that is not at the target; not there where the flow never began with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_next: Option<i64>,
    /// False where the source could not be asked: `source_next` is then the least it can be.
    pub is_exact: bool,
    /// The first target offset behind all that the flow wrote; what stands there is the applications' own.
    pub target_next: i64,
    /// The end of the source's log as last seen; not there where nobody ever recorded one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_end: Option<i64>,
    /// When that end was seen, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_end_ms: Option<i64>,
    /// False where the target keeps no other owner out (no right to the transactional id).
    pub is_fenced: bool,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn g10_the_record_says_who_ended_the_flow_and_when() {
        let ended = Ended {
            v: VERSION,
            how: EndKind::Unplanned,
            begun_ms: 1_764_000_000_000,
            done_ms: None,
            host: Some("eu-1".into()),
            pid: 41,
            source_cluster: None,
            target_cluster: "b".into(),
        };
        assert_eq!(
            ended.to_string(),
            "a strait failover --unplanned on eu-1 (process 41) ended the flow at 2025-11-24T16:00:00Z"
        );
        let text = serde_json::to_string(&ended).unwrap();
        assert_eq!(
            text,
            r#"{"v":1,"how":"unplanned","begun_ms":1764000000000,"host":"eu-1","pid":41,"target_cluster":"b"}"#
        );
        assert_eq!(serde_json::from_str::<Ended>(&text).unwrap(), ended);
    }
}
