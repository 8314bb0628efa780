//! Whether both logs still hold what a checkpoint knows of them, where their ends leave it in doubt.

use std::time::Duration;

use kafka_protocol::ResponseError;

use super::bounds::Bounds;
use super::event::StopCause;
use super::state_records::{Checkpoint, TargetCut};
use crate::kafka::cluster::Cluster;
use crate::kafka::error::{Remedy, code_name, remedy_for};
use crate::kafka::fetch::Isolation;
use crate::kafka::metadata::Metadata;
use crate::kafka::offsets::{self, OffsetSpec};
use crate::types::{ClusterAlias, SourceOffset, TopicPartition};

/// Says whom to ask, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The cluster.
    pub cluster: &'a Cluster,
    /// What it said of its topics.
    pub metadata: &'a Metadata,
    /// How long it may take to answer.
    pub patience: Duration,
}

impl Asked<'_> {
    async fn end(self, partition: &TopicPartition, isolation: Isolation) -> Result<i64, (String, Remedy)> {
        let asked = [(partition.clone(), OffsetSpec::Latest)];
        let ask = || offsets::list(self.cluster, self.metadata, &asked, isolation);
        let answers = self.cluster.retrying(self.patience, ask).await;
        let answers = answers.map_err(|error| (error.to_string(), error.remedy()))?;
        offsets::answer(&answers, partition).map_err(|code| unlisted(self.cluster.alias(), code))
    }
}

/// Says why a checkpoint lies behind the target's end that was seen, our marker not counted: the log was cut
/// back, or somebody took the partition over while this start was under way and has written since. `None`
/// where nobody is kept out; `bounds` tell the new end then. The error is one of asking.
pub async fn copies(
    asked: Asked<'_>,
    partition: &TopicPartition,
    bounds: &mut Bounds,
    (checkpoint, is_exclusive): (&Checkpoint, bool),
) -> Result<Option<StopCause>, (String, Remedy)> {
    let cut = |found| TargetCut { expected: checkpoint.target_next, found }.cause();
    // Another owner's checkpoint would lie behind another marker.
    if is_exclusive && checkpoint.target_next == bounds.target_end {
        return Ok(Some(cut(bounds.target_end - 1)));
    }
    let end = asked.end(partition, Isolation::ReadUncommitted).await?;
    if end < checkpoint.target_next {
        return Ok(Some(cut(end)));
    }
    bounds.target_end = end;
    Ok(is_exclusive.then_some(StopCause::Fenced))
}

/// Says whether the source has lost what was copied: everything before `next`. The error is one of asking.
pub async fn records(
    asked: Asked<'_>,
    partition: &TopicPartition,
    next: i64,
) -> Result<Option<StopCause>, (String, Remedy)> {
    // The end that is known was seen before the fence: an owner before us may have gone further since.
    let end = asked.end(partition, Isolation::ReadCommitted).await?;
    let (end, copied) = (SourceOffset(end), SourceOffset(next - 1));
    Ok((end.0 < next).then_some(StopCause::SourceTruncated { end, copied }))
}

/// Says that a partition's offsets could not be had.
pub fn unlisted(alias: &ClusterAlias, code: ResponseError) -> (String, Remedy) {
    (format!("its offsets cannot be read at {alias}: {}", code_name(&code)), remedy_for(code))
}
