//! Where a flow stands in a partition, as far as its checkpoint and the target's end tell.

use kafka_protocol::ResponseError;
use uuid::Uuid;

use crate::engine::state_records::Checkpoint;
use crate::kafka::error::code_name;
use crate::kafka::metadata::TopicId;
use crate::types::ClusterAlias;

/// Names how a position was found; the words are part of the JSON document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// The checkpoint: nothing stands behind it at the target.
    Checkpoint,
    /// The last record at the target was found at the source.
    Matched,
    /// All records behind the checkpoint were compared with the source.
    Compared,
    /// What stood behind the checkpoint is gone on one side: the position is at least this, each record
    /// copied having taken one offset.
    Counted,
}

impl Method {
    /// Returns the word for programs.
    pub const fn word(self) -> &'static str {
        match self {
            Method::Checkpoint => "checkpoint",
            Method::Matched => "matched",
            Method::Compared => "compared",
            Method::Counted => "counted",
        }
    }
}

/// The next source offset to copy, and how it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The offset.
    pub offset: i64,
    /// How it is known.
    pub method: Method,
}

/// Says why no position can be told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unplaced {
    /// The flow has no checkpoint of the partition.
    #[error("it was never copied: the flow has no checkpoint of it")]
    NeverCopied,
    /// The source topic is not the one that was copied.
    #[error("the source topic was deleted and made anew: id {was} was copied, id {now} is there")]
    SourceRecreated {
        /// The topic id in the checkpoint.
        was: Uuid,
        /// The topic id now.
        now: Uuid,
    },
    /// The target topic is not the one that was written.
    #[error("the target topic was deleted and made anew: id {was} was written, id {now} is there")]
    TargetRecreated {
        /// The topic id in the checkpoint.
        was: Uuid,
        /// The topic id now.
        now: Uuid,
    },
    /// The target's log ends before what was acknowledged.
    #[error("the target's log was cut back: it ends at {end}, {expected} was reached")]
    TargetTruncated {
        /// The checkpoint's target position.
        expected: i64,
        /// The log's end.
        end: i64,
    },
    /// A cluster does not show the partition.
    #[error("cluster {cluster} shows no such partition; grant Describe on the topic, if it is there")]
    Missing {
        /// The cluster.
        cluster: ClusterAlias,
    },
    /// A cluster does not tell where a log begins or ends.
    #[error("cluster {cluster} does not tell its offsets: {code}")]
    Unlisted {
        /// The cluster.
        cluster: ClusterAlias,
        /// The broker's code, as Kafka spells it.
        code: String,
    },
    /// What stands behind the checkpoint cannot be told.
    #[error("what stands at the target behind the checkpoint cannot be told: {0}")]
    Unclear(String),
}

impl Unplaced {
    /// Says that a cluster answered with a code instead of an offset.
    pub fn unlisted(cluster: &ClusterAlias, code: ResponseError) -> Self {
        Self::Unlisted { cluster: cluster.clone(), code: code_name(&code) }
    }

    /// Says whether one of the logs is another one than was copied.
    pub fn is_other_log(&self) -> bool {
        matches!(
            self,
            Self::SourceRecreated { .. } | Self::TargetRecreated { .. } | Self::TargetTruncated { .. }
        )
    }
}

/// A stretch of the target's log that the checkpoint says nothing of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tail {
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    /// The target's log start offset.
    pub target_first: i64,
    /// The target's end as it was seen.
    pub target_end: i64,
}

impl Tail {
    /// Returns the source offset of the last record copied, were every target offset behind the
    /// checkpoint a copy and every source offset a record.
    ///
    /// Each source offset holds one record at most, so the last record copied stands here or later,
    /// unless others write the target too.
    pub fn candidate(&self) -> i64 {
        self.checkpoint.source_next + (self.target_end - self.checkpoint.target_next) - 1
    }

    /// Says whether the target still has the last record.
    pub fn has_last(&self) -> bool {
        self.target_first < self.target_end
    }

    /// The position where nothing is left to compare.
    pub fn counted(&self) -> Position {
        Position { offset: self.candidate() + 1, method: Method::Counted }
    }
}

/// Says what a checkpoint and the target's bounds come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Placing {
    /// The position is known.
    Known(Position),
    /// More stands at the target than the checkpoint knows.
    Behind(Tail),
    /// There is no position.
    Unplaced(Unplaced),
}

/// Holds the topic ids and the target's bounds.
#[derive(Clone, Copy, Debug)]
pub struct TargetBounds {
    /// The source topic's id now.
    pub source_topic_id: TopicId,
    /// The target topic's id now.
    pub target_topic_id: TopicId,
    /// The target's log start offset.
    pub first: i64,
    /// The target's high watermark.
    pub end: i64,
}

/// Places a partition.
pub fn place(checkpoint: Option<&Checkpoint>, target: &TargetBounds) -> Placing {
    let Some(checkpoint) = checkpoint else { return Placing::Unplaced(Unplaced::NeverCopied) };
    let changed = |was: TopicId, now: TopicId| was.zip(now).filter(|(was, now)| was != now);
    if let Some((was, now)) = changed(checkpoint.source_topic_id, target.source_topic_id) {
        return Placing::Unplaced(Unplaced::SourceRecreated { was, now });
    }
    if let Some((was, now)) = changed(checkpoint.target_topic_id, target.target_topic_id) {
        return Placing::Unplaced(Unplaced::TargetRecreated { was, now });
    }
    if target.end < checkpoint.target_next {
        let expected = checkpoint.target_next;
        return Placing::Unplaced(Unplaced::TargetTruncated { expected, end: target.end });
    }
    if target.end == checkpoint.target_next {
        return Placing::Known(Position { offset: checkpoint.source_next, method: Method::Checkpoint });
    }
    let (target_first, target_end) = (target.first, target.end);
    Placing::Behind(Tail { checkpoint: checkpoint.clone(), target_first, target_end })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: Uuid = Uuid::from_u128(1);
    const TARGET: Uuid = Uuid::from_u128(2);

    fn checkpoint() -> Checkpoint {
        Checkpoint {
            v: 1,
            source_end: None,
            source_epoch: None,
            source_next: 100,
            target_next: 60,
            source_topic_id: Some(SOURCE),
            target_topic_id: Some(TARGET),
            producer_id: 7,
        }
    }

    fn bounds(end: i64) -> TargetBounds {
        TargetBounds { source_topic_id: Some(SOURCE), target_topic_id: Some(TARGET), first: 0, end }
    }

    #[test]
    fn the_checkpoint_stands_where_nothing_is_behind_it() {
        let at = Position { offset: 100, method: Method::Checkpoint };
        assert_eq!(place(Some(&checkpoint()), &bounds(60)), Placing::Known(at));
        let Placing::Behind(tail) = place(Some(&checkpoint()), &bounds(65)) else { panic!() };
        assert_eq!((tail.candidate(), tail.counted().offset), (104, 105));
    }

    #[test]
    fn g11_another_log_has_no_position() {
        assert_eq!(place(None, &bounds(60)), Placing::Unplaced(Unplaced::NeverCopied));
        let cut = Unplaced::TargetTruncated { expected: 60, end: 59 };
        assert_eq!(place(Some(&checkpoint()), &bounds(59)), Placing::Unplaced(cut));
        let anew = Some(Uuid::from_u128(9));
        let source = place(Some(&checkpoint()), &TargetBounds { source_topic_id: anew, ..bounds(60) });
        assert!(matches!(source, Placing::Unplaced(Unplaced::SourceRecreated { .. })));
        let target = place(Some(&checkpoint()), &TargetBounds { target_topic_id: anew, ..bounds(60) });
        assert!(matches!(target, Placing::Unplaced(Unplaced::TargetRecreated { .. })));
        // A broker without topic ids tells nothing either way.
        let silent = TargetBounds { source_topic_id: None, target_topic_id: None, ..bounds(60) };
        assert!(matches!(place(Some(&checkpoint()), &silent), Placing::Known(_)));
    }
}
