//! Rows of lag as they are asked for: by partition, topic or flow, and in which order.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::lag::measure::{PartitionLag, Status};
use crate::lag::outcome::summary;

/// Says what has a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum By {
    /// Each flow.
    Flow,
    /// Each topic of a flow.
    Topic,
    /// Each partition.
    #[default]
    Partition,
    /// Each consumer group of a flow.
    Group,
}

/// Says what comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Sort {
    /// What is wrong, then what waits longest.
    #[default]
    Worst,
    /// What waits longest.
    Seconds,
    /// What has most records to copy.
    Records,
    /// What takes up most of its retention.
    Retention,
    /// By name.
    Name,
}

/// Holds one row: a partition, or several summed up.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The flow.
    pub flow: String,
    /// The topic; `None` for a flow.
    pub topic: Option<String>,
    /// The partition; `None` where several are summed up.
    pub partition: Option<PartitionLag>,
    /// How many partitions.
    pub partitions: usize,
    /// How many of them are unknown.
    pub unknown: usize,
    /// The worst of them.
    pub status: Status,
    /// Records behind, where known.
    pub records: Option<i64>,
    /// Age of the oldest record that waits.
    pub seconds: Option<f64>,
    /// Whether the age is not exact.
    pub is_approx: bool,
    /// Records a second by which it grows.
    pub growth: Option<f64>,
    /// The sign of the trend.
    pub trend: Option<&'static str>,
    /// The largest part of its retention that one of them takes up.
    pub retention_used: Option<f64>,
}

impl Row {
    fn of(partition: &PartitionLag) -> Self {
        Self {
            flow: partition.flow.to_string(),
            topic: Some(partition.source.topic.to_string()),
            partitions: 1,
            unknown: usize::from(partition.status == Status::Unknown),
            status: partition.status,
            records: partition.records,
            seconds: partition.seconds,
            is_approx: partition.is_approx,
            growth: partition.trend.map(|trend| trend.records_per_second),
            trend: partition.trend.map(|trend| trend.direction.sign()),
            retention_used: partition.retention_used,
            partition: Some(partition.clone()),
        }
    }

    fn sum(flow: &str, topic: Option<&str>, of: &[&PartitionLag]) -> Self {
        let sum = summary(of.iter().copied());
        let known = of.iter().filter_map(|one| one.records).count();
        let most = |values: &mut dyn Iterator<Item = f64>| values.reduce(f64::max);
        let seconds = most(&mut of.iter().filter_map(|one| one.seconds));
        Self {
            flow: flow.to_owned(),
            topic: topic.map(str::to_owned),
            partition: None,
            partitions: sum.partitions,
            unknown: sum.unknown,
            status: of.iter().map(|one| one.status).max().unwrap_or_default(),
            records: (known > 0).then_some(sum.records),
            seconds,
            is_approx: of.iter().any(|one| one.seconds == seconds && one.is_approx),
            growth: sum.growth,
            trend: sum.growth.map(|growth| match growth {
                growth if growth > 0.0 => "+",
                growth if growth < 0.0 => "-",
                _ => "=",
            }),
            retention_used: most(&mut of.iter().filter_map(|one| one.retention_used)),
        }
    }
}

/// Makes the rows that are asked for, in order. Groups have rows of their own.
pub fn rows<'a>(partitions: impl Iterator<Item = &'a PartitionLag>, by: By, sort: Sort) -> Vec<Row> {
    let mut rows: Vec<Row> = match by {
        By::Partition => partitions.map(Row::of).collect(),
        By::Flow | By::Topic | By::Group => {
            let mut gathered: BTreeMap<(&str, Option<&str>), Vec<&PartitionLag>> = BTreeMap::new();
            for one in partitions {
                let topic = (by == By::Topic).then(|| one.source.topic.as_str());
                gathered.entry((one.flow.as_str(), topic)).or_default().push(one);
            }
            gathered.iter().map(|((flow, topic), of)| Row::sum(flow, *topic, of)).collect()
        }
    };
    rows.sort_by(|a, b| order(sort, a, b));
    rows
}

fn order(sort: Sort, a: &Row, b: &Row) -> Ordering {
    // Most first; what is not known stands behind what is.
    let most = |one: Option<f64>, other: Option<f64>| {
        other.unwrap_or(f64::NEG_INFINITY).total_cmp(&one.unwrap_or(f64::NEG_INFINITY))
    };
    let seconds = || most(a.seconds, b.seconds);
    let records = || b.records.cmp(&a.records);
    let name = || {
        let index = |row: &Row| row.partition.as_ref().map(|one| one.source.partition);
        (&a.flow, &a.topic, index(a)).cmp(&(&b.flow, &b.topic, index(b)))
    };
    match sort {
        Sort::Worst => b.status.cmp(&a.status).then_with(seconds).then_with(records).then_with(name),
        Sort::Seconds => seconds().then_with(records).then_with(name),
        Sort::Records => records().then_with(seconds).then_with(name),
        Sort::Retention => most(a.retention_used, b.retention_used).then_with(seconds).then_with(name),
        Sort::Name => name(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lag::measure::tests::row;

    fn known(partition: i32, records: i64, seconds: f64) -> PartitionLag {
        PartitionLag { records: Some(records), seconds: Some(seconds), ..row(partition) }
    }

    fn order_of(sort: Sort) -> Vec<i32> {
        let partitions = [
            known(0, 5, 9.0),
            known(1, 900, 3.0),
            PartitionLag { status: Status::Unknown, ..row(2) },
            PartitionLag { retention_used: Some(0.5), ..known(3, 1, 1.0) },
        ];
        let index = |row: &Row| row.partition.as_ref().map(|one| one.source.partition);
        rows(partitions.iter(), By::Partition, sort).iter().filter_map(index).collect()
    }

    #[test]
    fn what_is_wrong_comes_first_unless_another_order_is_asked_for() {
        assert_eq!(order_of(Sort::Worst), [2, 0, 1, 3]);
        assert_eq!(order_of(Sort::Seconds), [0, 1, 3, 2]);
        assert_eq!(order_of(Sort::Records), [1, 0, 3, 2]);
        assert_eq!(order_of(Sort::Retention), [3, 0, 1, 2]);
        assert_eq!(order_of(Sort::Name), [0, 1, 2, 3]);
    }

    #[test]
    fn g11_a_sum_tells_how_many_are_not_in_it() {
        let partitions = [known(0, 5, 9.0), PartitionLag { status: Status::Unknown, ..row(1) }];
        let sums = rows(partitions.iter(), By::Topic, Sort::Worst);
        assert_eq!((sums[0].records, sums[0].unknown, sums[0].partitions), (Some(5), 1, 2));
        assert_eq!(sums[0].status, Status::Unknown);
        let unknown = [PartitionLag { status: Status::Unknown, ..row(1) }];
        assert_eq!(rows(unknown.iter(), By::Flow, Sort::Worst)[0].records, None);
    }
}
