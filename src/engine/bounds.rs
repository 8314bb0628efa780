//! Where both logs of partitions begin and end.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::try_join;
use kafka_protocol::ResponseError;

use super::cell::PartitionCell;
use crate::config::settings::StartAt;
use crate::kafka::cluster::Cluster;
use crate::kafka::error::KafkaError;
use crate::kafka::fetch::Isolation;
use crate::kafka::metadata::Metadata;
use crate::kafka::offsets::{self, OffsetAnswers, OffsetSpec};
use crate::types::{ClusterAlias, TopicPartition};

/// Holds the bounds of one partition's two logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Where the flow is to begin; negative where no record is that new.
    pub first: i64,
    /// The source's last stable offset.
    pub end: i64,
    /// The source's log start offset.
    pub source_first: i64,
    /// The target's log start offset.
    pub target_first: i64,
    /// The target's high watermark.
    pub target_end: i64,
}

/// Says which cluster does not tell a partition's bounds, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unlisted {
    /// The cluster.
    pub alias: ClusterAlias,
    /// Its answer.
    pub code: ResponseError,
}

/// One partition and its bounds.
pub type Found = (Arc<PartitionCell>, Result<Bounds, Unlisted>);

/// Asks the leaders of both ends, side by side.
pub async fn of(
    cells: &[Arc<PartitionCell>],
    (source, at_source): (&Cluster, &Metadata),
    (target, at_target): (&Cluster, &Metadata),
    patience: Duration,
) -> Result<Vec<Found>, KafkaError> {
    let of_source = async |asked: Vec<(TopicPartition, OffsetSpec)>| {
        let list = || offsets::list(source, at_source, &asked, Isolation::ReadCommitted);
        source.retrying(patience, list).await
    };
    let everywhere = |spec| {
        cells.iter().map(|cell| (cell.source.clone(), spec)).collect::<Vec<(TopicPartition, OffsetSpec)>>()
    };
    let by_time = cells.iter().filter_map(|cell| match cell.lock().begin {
        StartAt::Earliest | StartAt::Latest => None,
        StartAt::TimestampMs(ms) => Some((cell.source.clone(), OffsetSpec::TimestampMs(ms))),
    });
    let of_target = async |spec: OffsetSpec| {
        let asked: Vec<_> = cells.iter().map(|cell| (cell.target.clone(), spec)).collect();
        let list = || offsets::list(target, at_target, &asked, Isolation::ReadUncommitted);
        target.retrying(patience, list).await
    };
    let at_source = try_join(
        of_source(by_time.collect()),
        try_join(of_source(everywhere(OffsetSpec::Earliest)), of_source(everywhere(OffsetSpec::Latest))),
    );
    let at_target = try_join(of_target(OffsetSpec::Earliest), of_target(OffsetSpec::Latest));
    let ((by_time, (source_firsts, ends)), (target_firsts, target_ends)) =
        try_join(at_source, at_target).await?;
    let told = |cell: &Arc<PartitionCell>| {
        let bounds_of = |cluster: &Cluster, answers: &OffsetAnswers, partition: &TopicPartition| {
            offsets::answer(answers, partition)
                .map_err(|code| Unlisted { alias: cluster.alias().clone(), code })
        };
        let firsts = match cell.lock().begin {
            StartAt::Earliest => &source_firsts,
            StartAt::Latest => &ends,
            StartAt::TimestampMs(_) => &by_time,
        };
        Ok(Bounds {
            first: bounds_of(source, firsts, &cell.source)?,
            end: bounds_of(source, &ends, &cell.source)?,
            source_first: bounds_of(source, &source_firsts, &cell.source)?,
            target_first: bounds_of(target, &target_firsts, &cell.target)?,
            target_end: bounds_of(target, &target_ends, &cell.target)?,
        })
    };
    Ok(cells.iter().map(|cell| (cell.clone(), told(cell))).collect())
}
