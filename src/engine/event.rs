//! What the engine tells the outside: why a partition cannot go on, and what happened when.

use std::fmt;

use super::ended::Ended;
use super::state_topic::KeepError;
use crate::kafka::error::code_name;
use crate::types::{SourceOffset, TargetOffset, TopicName, TopicPartition};
use kafka_protocol::ResponseError;

/// What to do about a flow that was ended.
pub const ENDED_HINT: &str = "applications write at the target by now, and what is copied on would stand among their records; `strait status` shows where each partition was left, `strait failback` goes back";

/// The stable name of a record that the target does not take.
pub(super) const OVERSIZE: &str = "oversize";

/// Says why a partition stopped for good; only a person (or a policy) sets it going again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StopCause {
    /// Retention at the source removed records before they were copied.
    #[error(
        "offsets {from} to {to} are gone from the source: retention removed them before they were copied"
    )]
    Gap {
        /// First missing offset.
        from: SourceOffset,
        /// Last missing offset.
        to: SourceOffset,
    },
    /// The source topic was deleted and made again.
    #[error("the source topic was deleted and created again (topic id {was}, now {now})")]
    Recreated {
        /// The id copied so far.
        was: uuid::Uuid,
        /// The id found now.
        now: uuid::Uuid,
    },
    /// The source topic is gone.
    #[error("the source topic no longer exists")]
    SourceDeleted,
    /// The source log was cut back behind our position.
    #[error(
        "the source log was truncated: it now ends at {end}, offsets from there to {copied} were copied and differ or are gone"
    )]
    SourceTruncated {
        /// Where the log and our copy part.
        end: SourceOffset,
        /// The last offset we copied.
        copied: SourceOffset,
    },
    /// The target topic was deleted, made again, or cut back.
    #[error(
        "the target topic was deleted, recreated or truncated: offset {acknowledged} was acknowledged where {expected} or later was due"
    )]
    TargetTruncated {
        /// The lowest offset that could come next.
        expected: TargetOffset,
        /// The offset that came.
        acknowledged: TargetOffset,
    },
    /// The target topic is another one than before.
    #[error("the target topic was deleted and created again (topic id {was}, now {now})")]
    TargetRecreated {
        /// The id written to so far.
        was: uuid::Uuid,
        /// The id found now.
        now: uuid::Uuid,
    },
    /// One record is larger than the target takes.
    #[error(
        "the record at source offset {offset} takes {size_bytes} bytes, the target topic's max.message.bytes is {limit_bytes}"
    )]
    Oversize {
        /// The record.
        offset: SourceOffset,
        /// The smallest batch that holds it.
        size_bytes: usize,
        /// What the target takes.
        limit_bytes: usize,
    },
    /// Bytes at the source are not what their checksum says, or cannot be decoded.
    #[error("the batch at source offset {offset} cannot be copied: {reason}")]
    Damaged {
        /// Where.
        offset: SourceOffset,
        /// What is wrong with it.
        reason: String,
    },
    /// The target refuses a batch, and will again.
    #[error("the target refuses the batch at source offset {offset}: {}{}", code_name(.code), .message.as_ref().map(|m| format!(": {m}")).unwrap_or_default())]
    Refused {
        /// Where the batch begins.
        offset: SourceOffset,
        /// The broker's code.
        code: ResponseError,
        /// The broker's words.
        message: Option<String>,
    },
    /// Somebody else writes this partition for the same flow.
    #[error("another Strait process took this partition over (INVALID_PRODUCER_EPOCH)")]
    Fenced,
    /// The flow was ended while the partition was being started.
    #[error("{0}")]
    Ended(Box<Ended>),
    /// The target's topic has no such partition.
    #[error("the target topic has no partition {partition}, and provisioning is off or failed")]
    NoTargetPartition {
        /// The partition's index.
        partition: i32,
    },
    /// The topic could not be made ready at the target.
    #[error("the target topic could not be prepared: {reason}")]
    Provision {
        /// Why.
        reason: String,
    },
    /// What the target holds behind the last checkpoint does not match the source.
    #[error(
        "the target holds records from this flow that the source does not explain, from target offset {at}: {reason}"
    )]
    Unexplained {
        /// The first such record.
        at: TargetOffset,
        /// What does not fit.
        reason: String,
    },
    /// Trouble lasted longer than `retry_timeout`, and this run is to end.
    #[error("gave up after {}: {cause}", humantime::format_duration(std::time::Duration::from_secs(*.after_seconds)))]
    GaveUp {
        /// For how long.
        after_seconds: u64,
        /// The trouble.
        cause: String,
    },
}

impl StopCause {
    /// Says whether records are missing or endangered, rather than merely late: the run's answer is
    /// then bad (exit 10) and not just a failure (exit 1).
    pub fn is_loss(&self) -> bool {
        matches!(
            self,
            StopCause::Gap { .. }
                | StopCause::Recreated { .. }
                | StopCause::SourceTruncated { .. }
                | StopCause::TargetTruncated { .. }
                | StopCause::TargetRecreated { .. }
                | StopCause::Oversize { .. }
                | StopCause::Damaged { .. }
                | StopCause::Unexplained { .. }
        )
    }

    /// Says whether the next look for topics tries the partition again by itself.
    pub fn is_tried_again(&self) -> bool {
        matches!(self, StopCause::Provision { .. } | StopCause::NoTargetPartition { .. })
    }

    /// Returns the first source offset that is missing, where single offsets are.
    pub fn first_missing(&self) -> Option<SourceOffset> {
        match self {
            StopCause::Gap { from, .. } => Some(*from),
            StopCause::Oversize { offset, .. } => Some(*offset),
            _ => None,
        }
    }

    /// Returns the last source offset that is missing, where single offsets are.
    pub fn last_missing(&self) -> Option<SourceOffset> {
        match self {
            StopCause::Gap { to, .. } => Some(*to),
            StopCause::Oversize { offset, .. } => Some(*offset),
            _ => None,
        }
    }

    /// Returns a stable name for machines.
    pub fn code(&self) -> &'static str {
        match self {
            StopCause::Gap { .. } => "gap",
            StopCause::Recreated { .. } => "source_recreated",
            StopCause::SourceDeleted => "source_deleted",
            StopCause::SourceTruncated { .. } => "source_truncated",
            StopCause::TargetTruncated { .. } => "target_truncated",
            StopCause::TargetRecreated { .. } => "target_recreated",
            StopCause::Oversize { .. } => OVERSIZE,
            StopCause::Damaged { .. } => "damaged",
            StopCause::Refused { .. } => "refused",
            StopCause::Fenced => "fenced",
            StopCause::Ended(_) => "flow_ended",
            StopCause::NoTargetPartition { .. } => "no_target_partition",
            StopCause::Provision { .. } => "provision",
            StopCause::Unexplained { .. } => "unexplained",
            StopCause::GaveUp { .. } => "gave_up",
        }
    }

    /// Says what to try.
    pub fn hint(&self) -> &'static str {
        match self {
            StopCause::Gap { .. } => {
                "raise the source's retention, or set policy.on_gap = \"skip\" to go on without these records"
            }
            StopCause::Recreated { .. } => {
                "if the new topic is to be copied behind the old one's records, set policy.on_recreated = \"skip\""
            }
            StopCause::SourceDeleted => "if that was meant, exclude the topic from the flow",
            StopCause::SourceTruncated { .. } => {
                "the source lost its newest records in an unclean leader election; compare both sides from there, then delete the target topic and the flow's state for this topic to copy anew"
            }
            StopCause::TargetTruncated { .. } | StopCause::TargetRecreated { .. } => {
                "somebody changed the target topic; restore it, or delete it and the flow's state for this topic to copy anew"
            }
            StopCause::Oversize { .. } => {
                "raise max.message.bytes of the target topic, or set policy.on_oversize = \"skip\""
            }
            StopCause::Damaged { .. } => {
                "check the source broker's disk; other replicas may hold a good copy"
            }
            StopCause::Refused { .. } => "change the target topic's configuration so that it takes the batch",
            StopCause::Fenced => {
                "look for another strait running the same flow: `strait status` names its host and process"
            }
            StopCause::Ended(_) => ENDED_HINT,
            StopCause::NoTargetPartition { .. } => {
                "add the partition at the target, or set provision.enabled = true"
            }
            StopCause::Provision { .. } => {
                "mend the cause; a running strait tries again at its next look for topics"
            }
            StopCause::Unexplained { .. } => {
                "compare both sides from there; something else wrote with this flow's ids"
            }
            StopCause::GaveUp { .. } => "mend the cause and run again; it goes on where it stopped",
        }
    }
}

/// Tells what happened; printed as a line or as JSON, whoever listens decides.
#[derive(Clone, Debug)]
pub enum Event {
    /// The flow is connected and its first partitions are assigned.
    Started {
        /// Number of topics.
        topics: usize,
        /// Number of partitions.
        partitions: usize,
    },
    /// A topic was created at the target.
    TopicCreated {
        /// Its name at the target.
        topic: TopicName,
        /// Its partitions.
        partitions: i32,
        /// Its replication factor; -1 for the brokers' default.
        replication_factor: i16,
    },
    /// A topic at the target got more partitions.
    PartitionsGrown {
        /// Its name at the target.
        topic: TopicName,
        /// How many it had.
        from: usize,
        /// How many it has.
        to: usize,
    },
    /// The group of processes that share the flow divided its partitions anew.
    Shared {
        /// How many are this process's.
        partitions: usize,
        /// How many there are.
        of: usize,
    },
    /// A partition has trouble that may pass.
    Failing {
        /// The source partition.
        partition: TopicPartition,
        /// The trouble.
        cause: String,
    },
    /// The trouble passed.
    Recovered {
        /// The source partition.
        partition: TopicPartition,
    },
    /// A partition stopped for good.
    Stopped {
        /// The source partition.
        partition: TopicPartition,
        /// Why.
        cause: StopCause,
    },
    /// Records are missing and the policy says to go on.
    Skipped {
        /// The source partition.
        partition: TopicPartition,
        /// Why they are missing.
        cause: StopCause,
    },
    /// Consumer groups are moved along from now on.
    GroupsFollow {
        /// Their names.
        groups: Vec<String>,
    },
    /// Consumer groups cannot be moved for now.
    GroupsHeld {
        /// Their names.
        groups: Vec<String>,
        /// A stable name of the cause.
        code: &'static str,
        /// Why the first of them is not.
        cause: String,
    },
    /// Something worth a line that concerns the flow as a whole.
    Notice(Notice),
}

impl Event {
    /// Says whether the event is about one partition's trouble; many of those often come together.
    pub fn is_of_one_partition(&self) -> bool {
        matches!(self, Event::Failing { .. } | Event::Recovered { .. } | Event::Stopped { .. })
    }
}

/// Tells what concerns a flow as a whole.
#[derive(Clone, Debug)]
pub enum Notice {
    /// Looking for new topics failed; it is tried again.
    DiscoveryFailed(String),
    /// The group of processes that share the flow cannot be joined; it is tried again.
    NotShared(String),
    /// Consumer groups could not be looked at; it is tried again.
    GroupsUnread(String),
    /// Progress could not be kept at the target; it is tried again.
    NotKept(KeepError),
    /// The target grants no transactional ids, so nothing keeps a second owner out.
    Unfenced {
        /// The first transactional id that was refused.
        id: String,
    },
    /// The target writes its own time into every record of a topic.
    Restamped {
        /// Its name at the target.
        topic: TopicName,
    },
    /// A topic named in the configuration does not exist or may not be seen.
    TopicUnavailable {
        /// Its name.
        topic: TopicName,
        /// Why.
        cause: String,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Notice::DiscoveryFailed(cause) => write!(f, "looking for topics failed: {cause}"),
            Notice::NotShared(cause) => write!(
                f,
                "this process gets no partitions, the group of those that share the flow cannot be joined: {cause}"
            ),
            Notice::GroupsUnread(cause) => write!(f, "consumer groups are not moved for now: {cause}"),
            Notice::NotKept(error) => error.fmt(f),
            Notice::Unfenced { id } => write!(
                f,
                "delivery is at-least-once under two owners: the target refuses the transactional id {id}; grant Write and Describe on transactional ids beginning with \"strait.\", or make sure that only one strait runs this flow"
            ),
            Notice::Restamped { topic } => write!(
                f,
                "the target topic {topic} has message.timestamp.type=LogAppendTime: its records get the target's time instead of the source's; set it to CreateTime"
            ),
            Notice::TopicUnavailable { topic, cause } => write!(f, "topic {topic} is not copied: {cause}"),
        }
    }
}
