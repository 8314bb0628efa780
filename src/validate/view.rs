//! What a check gets to see.

use super::facts::{ClusterFacts, FlowFacts};
use crate::config::places::Places;
use crate::config::settings::{ClusterSettings, FlowSettings, Settings};

/// Shows the file.
#[derive(Debug)]
pub struct FileView<'a> {
    /// What it says.
    pub settings: &'a Settings,
    /// How it is typed.
    pub places: &'a Places<'a>,
}

/// Shows a cluster.
#[derive(Debug)]
pub struct ClusterView<'a> {
    /// What is configured.
    pub settings: &'a ClusterSettings,
    /// What was found.
    pub facts: &'a ClusterFacts,
}

impl ClusterView<'_> {
    /// Returns the path of one of the cluster's keys.
    pub fn key<'b>(&'b self, key: &'b str) -> [&'b str; 3] {
        ["clusters", self.settings.alias.as_str(), key]
    }
}

/// Shows a flow and both its ends.
#[derive(Debug)]
pub struct FlowView<'a> {
    /// What is configured.
    pub settings: &'a FlowSettings,
    /// The cluster it copies from.
    pub source: ClusterView<'a>,
    /// The cluster it copies to.
    pub target: ClusterView<'a>,
    /// What was found; `None` where one of the clusters could not be asked.
    pub facts: Option<&'a FlowFacts>,
}

impl FlowView<'_> {
    /// Returns the path of one of the flow's keys.
    pub fn key<'b>(&'b self, key: &'b str) -> [&'b str; 3] {
        ["flows", self.settings.name.as_str(), key]
    }

    /// Returns the path of a key of one of the flow's tables.
    pub fn inner<'b>(&'b self, table: &'b str, key: &'b str) -> [&'b str; 4] {
        ["flows", self.settings.name.as_str(), table, key]
    }
}
