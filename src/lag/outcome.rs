//! What a look at flows came to: rows, their sums, and how the run ends.

use super::groups::GroupLag;
use super::limits::{Level, Limits, Metric};
use super::measure::{PartitionLag, Status};
use crate::exit::Exit;
use crate::types::{ClusterAlias, FlowName};

/// Holds one flow's rows.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowLag {
    /// The flow.
    pub flow: FlowName,
    /// The source cluster.
    pub source: ClusterAlias,
    /// The target cluster.
    pub target: ClusterAlias,
    /// When it was looked at, in milliseconds since 1970.
    pub at_ms: i64,
    /// False where it never ran: it has no state topic.
    pub has_state: bool,
    /// Its partitions, by topic and index.
    pub partitions: Vec<PartitionLag>,
    /// Its consumer groups, by name.
    pub groups: Vec<GroupLag>,
}

/// Holds all flows that were asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lag {
    /// Those that could be read.
    pub flows: Vec<FlowLag>,
    /// Those that could not.
    pub unread: Vec<FlowName>,
    /// True where something besides the rows is not known, as topics the source does not show.
    pub is_partial: bool,
}

/// Sums partitions up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Summary<'a> {
    /// How many.
    pub partitions: usize,
    /// Those of which the lag is not known.
    pub unknown: usize,
    /// Those that are neither well nor unknown.
    pub over: usize,
    /// Records behind, where known.
    pub records: i64,
    /// The same in bytes.
    pub bytes_estimated: i64,
    /// Records a second by which it grows; `None` without two samples.
    pub growth: Option<f64>,
    /// The partition to look at first.
    pub worst: Option<&'a PartitionLag>,
}

/// Sums up rows.
pub fn summary<'a>(rows: impl IntoIterator<Item = &'a PartitionLag>) -> Summary<'a> {
    let mut sum = Summary::default();
    for row in rows {
        sum.partitions += 1;
        match row.status {
            Status::Ok => {}
            Status::Unknown => sum.unknown += 1,
            _ => sum.over += 1,
        }
        sum.records += row.records.unwrap_or(0);
        sum.bytes_estimated += row.bytes_estimated.unwrap_or(0);
        if let Some(trend) = row.trend {
            *sum.growth.get_or_insert(0.0) += trend.records_per_second;
        }
        if sum.worst.is_none_or(|worst| behind(row) > behind(worst)) {
            sum.worst = Some(row);
        }
    }
    sum
}

/// Orders rows by how long, then by how many records they are behind.
fn behind(row: &PartitionLag) -> (f64, i64) {
    (row.seconds.unwrap_or(-1.0), row.records.unwrap_or(-1))
}

impl Lag {
    /// Lists all partitions.
    pub fn partitions(&self) -> impl Iterator<Item = &PartitionLag> {
        self.flows.iter().flat_map(|flow| &flow.partitions)
    }

    /// Lists all groups.
    pub fn groups(&self) -> impl Iterator<Item = &GroupLag> {
        self.flows.iter().flat_map(|flow| &flow.groups)
    }

    /// Says whether every partition's lag is known and below a number.
    pub fn is_all_below(&self, metric: Metric, below: f64) -> bool {
        let is_below = |row| metric.of(row).is_some_and(|value| value < below);
        self.unread.is_empty() && !self.is_partial && self.partitions().all(is_below)
    }

    /// Returns the worst level of all; a flow that could not be read counts as unknown.
    pub fn level(&self, limits: &Limits) -> Level {
        let rows = self.partitions().map(|row| limits.level(row)).max().unwrap_or_default();
        let is_unknown = !self.unread.is_empty()
            || self.is_partial
            || self.groups().any(|group| group.status == Status::Unknown);
        if is_unknown { rows.max(Level::Unknown) } else { rows }
    }

    /// Says how the run ends (guarantee G11): bad before inconclusive, and failed where nothing was read.
    pub fn exit(&self, limits: &Limits) -> Exit {
        match self.level(limits) {
            _ if self.flows.is_empty() => Exit::Failed,
            Level::Ok => Exit::Done,
            Level::Unknown => Exit::Inconclusive,
            Level::Warning | Level::Critical => Exit::Bad,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::lag::measure::tests::row;

    /// Makes a look at one flow of these rows.
    pub(crate) fn lag(partitions: Vec<PartitionLag>) -> Lag {
        let flow = FlowLag {
            flow: "us-eu".into(),
            source: "us".into(),
            target: "eu".into(),
            at_ms: 0,
            has_state: true,
            partitions,
            groups: Vec::new(),
        };
        Lag { flows: vec![flow], ..Lag::default() }
    }

    fn behind(partition: i32, seconds: f64) -> PartitionLag {
        PartitionLag { seconds: Some(seconds), records: Some(1), ..row(partition) }
    }

    fn unknown(partition: i32) -> PartitionLag {
        PartitionLag { status: Status::Unknown, ..row(partition) }
    }

    #[test]
    fn g11_bad_comes_before_inconclusive_and_nothing_read_is_a_failure() {
        let limits = Limits { warning: "60".parse().ok(), ..Limits::default() };
        assert_eq!(lag(vec![behind(0, 5.0)]).exit(&limits), Exit::Done);
        assert_eq!(lag(vec![behind(0, 5.0), unknown(1)]).exit(&limits), Exit::Inconclusive);
        assert_eq!(lag(vec![behind(0, 61.0), unknown(1)]).exit(&limits), Exit::Bad);
        let stalled = PartitionLag { status: Status::Stall, ..behind(0, 5.0) };
        assert_eq!(lag(vec![stalled]).exit(&Limits::default()), Exit::Bad);
        assert_eq!(Lag::default().exit(&limits), Exit::Failed);
        let unread = Lag { unread: vec!["eu-us".into()], ..lag(vec![behind(0, 5.0)]) };
        assert_eq!(unread.exit(&limits), Exit::Inconclusive);
    }

    #[test]
    fn a_warning_does_not_hide_a_critical_one() {
        let limits = Limits { warning: "10".parse().ok(), critical: "60".parse().ok(), ..Limits::default() };
        let rows = lag(vec![behind(0, 61.0), behind(1, 11.0), unknown(2)]);
        assert_eq!(rows.level(&limits), Level::Critical);
        assert_eq!(lag(vec![behind(1, 11.0), unknown(2)]).level(&limits), Level::Warning);
        assert_eq!(lag(vec![behind(1, 9.0), unknown(2)]).level(&limits), Level::Unknown);
    }

    #[test]
    fn the_worst_is_the_one_that_waits_longest() {
        let rows = [behind(0, 5.0), unknown(1), behind(2, 9.0)];
        let sum = summary(&rows);
        assert_eq!((sum.partitions, sum.unknown, sum.over, sum.records), (3, 1, 0, 2));
        assert_eq!(sum.worst.map(|row| row.source.partition), Some(2));
    }
}
