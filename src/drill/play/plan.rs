//! What one drill is to do; pure data.

use std::sync::Arc;
use std::time::Duration;

use crate::config::patterns::PatternFault;
use crate::config::settings::{
    ClusterSettings, FlowSettings, GroupSelector, Origin, Rename, StartAt, TopicSelector,
};
use crate::drill::names::DrillId;
use crate::drill::scenario::Scenario;
use crate::drill::verdict::Ceilings;
use crate::drill::workload::Work;
use crate::types::FlowName;

/// Keys of each partition where the topic is compacted.
const COMPACTED_KEYS: u64 = 50;
/// How often the drill's flow keeps its progress, and moves its group.
const CHECKPOINT_INTERVAL: Duration = Duration::from_secs(1);

/// Says what the application is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// Records sent per second.
    pub rate: u32,
    /// Bytes of each record's value, at least.
    pub size: usize,
    /// Partitions of the topic.
    pub partitions: i32,
    /// How long it works before something befalls its region; half as long in each region after that.
    pub duration: Duration,
    /// Whether it writes in transactions, some of them aborted.
    pub is_transactional: bool,
    /// Whether the topic is compacted.
    pub is_compacted: bool,
}

/// Holds what one drill is to do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Which drill it is.
    pub id: DrillId,
    /// What is rehearsed.
    pub scenario: Scenario,
    /// The flow whose clusters it runs on.
    pub of_flow: FlowName,
    /// The drill's own flow.
    pub flow: FlowSettings,
    /// How the source is reached.
    pub source: Arc<ClusterSettings>,
    /// How the target is reached.
    pub target: Arc<ClusterSettings>,
    /// What the application is like.
    pub load: Load,
    /// What may be.
    pub ceilings: Ceilings,
    /// What chance is made of.
    pub seed: u64,
    /// Whether the application comes back to the source region in the end.
    pub comes_back: bool,
}

/// Says why there can be no such drill.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// A pattern of the drill's own is not one.
    #[error("a pattern of the drill's own is not allowed")]
    Pattern(#[from] PatternFault),
}

impl Plan {
    /// Makes the drill's own flow from the one whose clusters it runs on: its own topic, group and name, the
    /// same ends, replication factor and policies.
    pub fn flow_of(id: &DrillId, of: &FlowSettings) -> Result<FlowSettings, PlanError> {
        let mut flow = of.clone();
        flow.name = FlowName::new(id.flow());
        flow.topics = TopicSelector::parse(&[id.topic().as_str()], &[])?;
        flow.groups = GroupSelector::parse(&[id.group()])?;
        flow.rename = Rename::default();
        flow.origin = Origin::Local;
        flow.start = StartAt::Earliest;
        flow.is_shared = false;
        flow.limits.checkpoint_interval = flow.limits.checkpoint_interval.min(CHECKPOINT_INTERVAL);
        Ok(flow)
    }

    /// Returns what the application does.
    pub fn work(&self) -> Work {
        Work {
            topic: self.id.topic().to_string(),
            partitions: self.load.partitions,
            group: self.id.group(),
            rate: self.load.rate,
            size: self.load.size,
            transactional_id: self.load.is_transactional.then(|| self.id.transactional_id()),
            keys: self.load.is_compacted.then_some(COMPACTED_KEYS),
        }
    }
}
