//! A flow's state as it stands at the target: one row a partition for people, one document for programs.

use std::time::Duration;

use serde::Serialize;

use super::human::{duration, or_unknown};
use super::table::{Column, Table};
use crate::engine::ended::Ended;

/// Names the document's shape.
pub const SCHEMA: &str = "strait/status/v1";

/// Says what each field of a partition holds; docs/json.md is made from here.
pub const PARTITION_FIELDS: &[(&str, &str)] = &[
    ("topic", "source topic"),
    ("partition", "partition's index"),
    ("source_next", "next source offset to copy, as of the checkpoint"),
    ("target_next", "lowest target offset the next copy can get, as of the checkpoint"),
    ("source_end", "the end of the source's log as last seen by then"),
    (
        "checkpoint_ms",
        "when the checkpoint was written, in milliseconds since 1970; an idle partition writes none",
    ),
    ("checkpoint_age_ms", "how old it is"),
    ("owner", "who took the partition last, running or not: producer_id, epoch, host, pid, since_ms"),
    (
        "map",
        "the offset map: runs, source_first, source_next, target_first, target_next (what can be translated, both \
         ends included); with `--map` also list, each run as source offset, target offset and number of records, \
         0 where track was lost",
    ),
    ("stopped", "why it stopped, where it was not started since: code, cause, at_ms, is_loss; else null"),
    (
        "skipped",
        "what was left out under a policy, for good: from and to (source offsets), code, cause, at_ms, is_loss",
    ),
];

static COLUMNS: [Column; 9] = [
    Column::words("FLOW"),
    Column::words("TOPIC"),
    Column::number("PARTITION"),
    Column::number("SOURCE-NEXT"),
    Column::number("TARGET-NEXT"),
    Column::number("AGE"),
    Column::words("OWNER"),
    Column::number("RUNS"),
    Column::words("STATE"),
];
static RUN_COLUMNS: [Column; 6] = [
    Column::words("FLOW"),
    Column::words("TOPIC"),
    Column::number("PARTITION"),
    Column::number("SOURCE"),
    Column::number("TARGET"),
    Column::number("COUNT"),
];

/// Holds the state of one flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FlowStatus {
    /// The flow.
    pub flow: String,
    /// The topic at the target that holds its state.
    pub state_topic: String,
    /// False where the flow never ran: there is no such topic.
    pub has_state: bool,
    /// Who ended it, where a failover did; `null` where it may be copied.
    pub ended: Option<Ended>,
    /// Its partitions, by topic and index.
    pub partitions: Vec<PartitionStatus>,
}

/// Holds the state of one partition; what is not recorded is `null`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PartitionStatus {
    /// The source topic.
    pub topic: String,
    /// The partition's index.
    pub partition: i32,
    /// The next source offset to copy, as of the checkpoint.
    pub source_next: Option<i64>,
    /// The lowest target offset the next copy can get, as of the checkpoint.
    pub target_next: Option<i64>,
    /// The source's last stable offset as last seen by then.
    pub source_end: Option<i64>,
    /// When the checkpoint was written, in milliseconds since 1970. An idle partition's is as old as its
    /// last record.
    pub checkpoint_ms: Option<i64>,
    /// How old the checkpoint is.
    pub checkpoint_age_ms: Option<u64>,
    /// The process that took the partition last, running or not.
    pub owner: Option<OwnerStatus>,
    /// The offset map.
    pub map: Option<MapStatus>,
    /// Why it stopped, if it did and was not started since.
    pub stopped: Option<TroubleStatus>,
    /// What was left out under a policy, for good.
    pub skipped: Vec<TroubleStatus>,
}

/// Says who owns a partition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OwnerStatus {
    /// The producer id it writes with.
    pub producer_id: i64,
    /// The epoch of the id.
    pub epoch: i16,
    /// The machine.
    pub host: Option<String>,
    /// The process.
    pub pid: u32,
    /// When it took the partition, in milliseconds since 1970.
    pub since_ms: i64,
}

/// Says what the offset map of a partition knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MapStatus {
    /// The number of runs.
    pub runs: usize,
    /// The first source offset that can be translated.
    pub source_first: i64,
    /// The last one.
    pub source_next: i64,
    /// The first target offset that can be translated.
    pub target_first: i64,
    /// The last one.
    pub target_next: i64,
    /// With `--map`: each run as source offset, target offset and number of records; 0 where track was lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list: Option<Vec<[i64; 3]>>,
}

/// Says why a partition stopped, or what was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TroubleStatus {
    /// The first source offset left out; `null` for a stop.
    pub from: Option<i64>,
    /// The last one; `null` where not single offsets are missing.
    pub to: Option<i64>,
    /// A stable name.
    pub code: String,
    /// The cause in words.
    pub cause: String,
    /// When it was recorded, in milliseconds since 1970.
    pub at_ms: i64,
    /// Whether records are missing or endangered.
    pub is_loss: bool,
}

/// Lays the flows out, one row a partition.
pub fn status_table(flows: &[FlowStatus]) -> String {
    let mut table = Table::new(&COLUMNS);
    for flow in flows {
        for partition in &flow.partitions {
            table.row([
                flow.flow.clone(),
                partition.topic.clone(),
                partition.partition.to_string(),
                or_unknown(partition.source_next, |offset| offset.to_string()),
                or_unknown(partition.target_next, |offset| offset.to_string()),
                or_unknown(partition.checkpoint_age_ms, |age| duration(Duration::from_millis(age))),
                or_unknown(partition.owner.as_ref(), owner),
                or_unknown(partition.map.as_ref(), |map| map.runs.to_string()),
                state(partition),
            ]);
        }
    }
    table.render()
}

/// Lists every run of the offset maps.
pub fn runs_table(flows: &[FlowStatus]) -> String {
    let mut table = Table::new(&RUN_COLUMNS);
    for flow in flows {
        for partition in &flow.partitions {
            for run in partition.map.iter().flat_map(|map| map.list.iter().flatten()) {
                let names = [flow.flow.clone(), partition.topic.clone(), partition.partition.to_string()];
                table.row(names.into_iter().chain(run.map(|number| number.to_string())));
            }
        }
    }
    table.render()
}

fn owner(owner: &OwnerStatus) -> String {
    format!("{}:{}", owner.host.as_deref().unwrap_or("pid"), owner.pid)
}

fn state(partition: &PartitionStatus) -> String {
    match (&partition.stopped, partition.skipped.len()) {
        (Some(stopped), _) => format!("stopped:{}", stopped.code),
        (None, 0) => "ok".to_owned(),
        (None, count) => format!("ok,skipped={count}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g11_what_is_not_recorded_is_unknown() {
        let partition =
            PartitionStatus { topic: "orders".into(), partition: 1, ..PartitionStatus::default() };
        let flow = FlowStatus {
            flow: "us-eu".into(),
            state_topic: "s".into(),
            has_state: true,
            ended: None,
            partitions: vec![partition],
        };
        let text = status_table(&[flow]);
        assert_eq!(
            text.lines().last().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")),
            Some("us-eu orders 1 - - - - - ok".to_owned()),
            "{text}"
        );
    }
}
