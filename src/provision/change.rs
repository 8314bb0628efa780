//! What `topics sync` may do, and what it can only tell.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::kafka::acls::TopicAcl;
use crate::kafka::admin::Refusal;
use crate::types::{FlowName, TopicName};

/// Says one thing to do at the target. A plan file holds these as they are here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// Create a topic.
    Create {
        /// Its name.
        topic: TopicName,
        /// Number of partitions.
        partitions: usize,
        /// Replicas of each; `None` takes the brokers' default.
        replication_factor: Option<i16>,
        /// The configs of its own.
        configs: BTreeMap<String, String>,
    },
    /// Add partitions.
    Grow {
        /// The topic.
        topic: TopicName,
        /// How many it has.
        from: usize,
        /// How many it is to have.
        to: usize,
    },
    /// Set a config.
    SetConfig {
        /// The topic.
        topic: TopicName,
        /// The config.
        key: String,
        /// The value in effect.
        from: Option<String>,
        /// Whether that is the brokers' default.
        is_default: bool,
        /// The value it is to have.
        to: String,
    },
    /// Take a config away, so that the brokers' default holds.
    UnsetConfig {
        /// The topic.
        topic: TopicName,
        /// The config.
        key: String,
        /// The value it has.
        from: String,
    },
    /// Move a partition's replicas.
    Move {
        /// The topic.
        topic: TopicName,
        /// The partition.
        partition: i32,
        /// The brokers of its replicas.
        from: Vec<i32>,
        /// The brokers they are to be on.
        to: Vec<i32>,
    },
    /// Delete a topic.
    Delete {
        /// The topic.
        topic: TopicName,
        /// Which incarnation.
        id: Option<Uuid>,
        /// How many partitions go with it.
        partitions: usize,
    },
    /// Take the limits on replication away that were set on a broker while it ran.
    Unthrottle {
        /// The broker.
        broker: i32,
        /// Its limits as they are.
        from: BTreeMap<String, String>,
    },
    /// Add an access control entry.
    AddAcl {
        /// The entry.
        acl: TopicAcl,
    },
}

impl Change {
    /// Returns the topic it changes; an access control entry and a broker's limits change none.
    pub fn topic(&self) -> Option<&TopicName> {
        match self {
            Self::Create { topic, .. }
            | Self::Grow { topic, .. }
            | Self::SetConfig { topic, .. }
            | Self::UnsetConfig { topic, .. }
            | Self::Move { topic, .. }
            | Self::Delete { topic, .. } => Some(topic),
            Self::AddAcl { .. } | Self::Unthrottle { .. } => None,
        }
    }
}

/// Counts changes as the summary does: topics, and access control entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Topics and access control entries to create.
    pub create: usize,
    /// Topics and brokers to change.
    pub change: usize,
    /// Topics to delete.
    pub delete: usize,
}

impl Counts {
    /// Counts `changes`, in which those of one topic stand together.
    pub fn of<'a>(changes: impl IntoIterator<Item = &'a Change>) -> Self {
        let mut counts = Self::default();
        let mut last: Option<&TopicName> = None;
        for change in changes {
            match change {
                Change::Create { .. } | Change::AddAcl { .. } => counts.create += 1,
                Change::Delete { .. } => counts.delete += 1,
                Change::Unthrottle { .. } => counts.change += 1,
                _ if last == change.topic() => {}
                _ => counts.change += 1,
            }
            last = change.topic();
        }
        counts
    }

    /// Returns how many there are in all.
    pub fn total(self) -> usize {
        self.create + self.change + self.delete
    }
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.create += other.create;
        self.change += other.change;
        self.delete += other.delete;
    }
}

/// Says what a plan cannot mend, or leaves alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The configuration names a topic that the source does not have.
    MissingAtSource {
        /// The topic at the source.
        topic: TopicName,
    },
    /// The cluster does not tell of a topic.
    Hidden {
        /// The topic, by its name there.
        topic: TopicName,
        /// Which end.
        end: Side,
        /// What it answers.
        code: kafka_protocol::ResponseError,
    },
    /// A topic's configs cannot be read.
    ConfigsHidden {
        /// The topic, by its name there.
        topic: TopicName,
        /// Which end.
        end: Side,
        /// What it answers.
        refusal: Refusal,
    },
    /// The copy has more partitions than the original: none can be taken away.
    MorePartitions {
        /// The topic at the target.
        topic: TopicName,
        /// How many the source has.
        source: usize,
        /// How many the target has.
        target: usize,
    },
    /// More replicas are asked for than brokers run.
    ReplicationFactorAboveBrokers {
        /// The topic at the target.
        topic: TopicName,
        /// The replicas asked for.
        wanted: usize,
        /// The brokers that run.
        brokers: usize,
    },
    /// More in-sync replicas are asked for than there are replicas: nothing could be written.
    MinInsyncAboveReplicas {
        /// The topic at the target.
        topic: TopicName,
        /// The `min.insync.replicas` asked for.
        min_insync: usize,
        /// The replicas.
        replication_factor: usize,
        /// Whether the topic has the value already.
        is_set: bool,
    },
    /// Partitions have another number of replicas than asked for.
    ReplicationFactor {
        /// The topic at the target.
        topic: TopicName,
        /// The replicas asked for.
        wanted: usize,
        /// What would mend it: partition, replicas as they are, replicas as they should be.
        moves: Vec<(i32, Vec<i32>, Vec<i32>)>,
    },
    /// Somebody moves replicas of the topic: their number is not to be judged now.
    BeingMoved {
        /// The topic at the target.
        topic: TopicName,
        /// How many partitions.
        partitions: usize,
    },
    /// A topic's replicas are throttled, and nobody moves them.
    ThrottledReplicas {
        /// The topic at the target.
        topic: TopicName,
        /// The configs that say so.
        keys: Vec<String>,
        /// Whether the brokers told that nothing is being moved.
        is_certain: bool,
    },
    /// Brokers limit replication, and nobody moves replicas.
    ThrottledBrokers {
        /// Which brokers.
        brokers: Vec<i32>,
    },
    /// Access control entries cannot be read.
    AclsHidden {
        /// Which end.
        end: Side,
        /// What it answers.
        refusal: Refusal,
    },
    /// Two flows want one topic to be different things.
    TwoFlows {
        /// The topic at the target.
        topic: TopicName,
        /// The flow that is heard.
        heard: FlowName,
    },
    /// The target has a topic whose original is gone.
    OnlyAtTarget {
        /// The topic at the target.
        topic: TopicName,
        /// Why it is not to be deleted, whatever is allowed.
        kept: Option<Kept>,
    },
    /// The target's topic has a config of its own that the source's has not.
    ConfigOnlyAtTarget {
        /// The topic at the target.
        topic: TopicName,
        /// The config.
        key: String,
        /// Its value.
        value: String,
    },
    /// Entries that let somebody write were left out.
    WritersLeftOut {
        /// How many entries.
        count: usize,
        /// Whom they concern.
        principals: Vec<String>,
    },
    /// Entries for every topic were left out.
    EveryTopicLeftOut {
        /// How many entries.
        count: usize,
        /// Whom they concern.
        principals: Vec<String>,
    },
}

/// Names an end of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Where records come from.
    Source,
    /// Where they go.
    Target,
}

/// Says why a topic that only the target has is not deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Another flow copies it from here.
    SourceOf(FlowName),
    /// Another flow may copy to it.
    TargetOf(FlowName),
    /// Whether the source has it is not known.
    Doubtful(kafka_protocol::ResponseError),
}

impl Finding {
    /// Returns the topic it concerns.
    pub fn topic(&self) -> Option<&TopicName> {
        match self {
            Self::MissingAtSource { topic }
            | Self::Hidden { topic, .. }
            | Self::ConfigsHidden { topic, .. }
            | Self::MorePartitions { topic, .. }
            | Self::ReplicationFactorAboveBrokers { topic, .. }
            | Self::MinInsyncAboveReplicas { topic, .. }
            | Self::ReplicationFactor { topic, .. }
            | Self::BeingMoved { topic, .. }
            | Self::ThrottledReplicas { topic, .. }
            | Self::TwoFlows { topic, .. }
            | Self::OnlyAtTarget { topic, .. }
            | Self::ConfigOnlyAtTarget { topic, .. } => Some(topic),
            Self::ThrottledBrokers { .. }
            | Self::AclsHidden { .. }
            | Self::WritersLeftOut { .. }
            | Self::EveryTopicLeftOut { .. } => None,
        }
    }

    /// Says whether it is only told: the target is as it should be, apart from what was not asked for.
    pub fn is_note(&self) -> bool {
        matches!(
            self,
            Self::BeingMoved { .. }
                | Self::ThrottledReplicas { .. }
                | Self::ThrottledBrokers { .. }
                | Self::OnlyAtTarget { .. }
                | Self::ConfigOnlyAtTarget { .. }
                | Self::WritersLeftOut { .. }
                | Self::EveryTopicLeftOut { .. }
        )
    }

    /// Returns a stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::MissingAtSource { .. } => "missing_at_source",
            Self::Hidden { .. } => "topic_hidden",
            Self::ConfigsHidden { .. } => "configs_hidden",
            Self::MorePartitions { .. } => "more_partitions",
            Self::ReplicationFactorAboveBrokers { .. } => "replication_factor_above_brokers",
            Self::MinInsyncAboveReplicas { .. } => "min_insync_above_replicas",
            Self::ReplicationFactor { .. } => "replication_factor",
            Self::BeingMoved { .. } => "being_moved",
            Self::ThrottledReplicas { .. } => "throttled_replicas",
            Self::ThrottledBrokers { .. } => "throttled_brokers",
            Self::AclsHidden { .. } => "acls_hidden",
            Self::TwoFlows { .. } => "two_flows",
            Self::OnlyAtTarget { .. } => "only_at_target",
            Self::ConfigOnlyAtTarget { .. } => "config_only_at_target",
            Self::WritersLeftOut { .. } => "writers_left_out",
            Self::EveryTopicLeftOut { .. } => "every_topic_left_out",
        }
    }
}
