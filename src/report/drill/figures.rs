//! What a drill counted, in one shape for `strait demo` and `strait failover-test`.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::drill::evidence::{Leg, Region, Switch};
use crate::drill::oracle::{Findings, InLog, Moved};

/// Says what each figure holds; docs/json.md is made from here.
pub const FIELDS: &[(&str, &str)] = &[
    ("acknowledged_source", "records that the source region acknowledged"),
    (
        "acknowledged_target",
        "records that the target region acknowledged after the switch; null where none was begun",
    ),
    (
        "acknowledged_back",
        "records that the source acknowledged after the failback; null where none was begun",
    ),
    ("arrived", "of these, those that stand in the target's log"),
    ("lost", "acknowledged records that the target does not have"),
    ("lost_unannounced", "of these, those that the replicator had not announced as missing"),
    (
        "superseded",
        "acknowledged records of a compacted topic that the target has a later one of the same key for",
    ),
    ("doubled", "records more than once in a log"),
    ("reordered", "records behind a later one in a log"),
    ("unknown", "records whose sending had no answer when the region was cut"),
    ("unknown_arrived", "of these, those that arrived"),
    ("failed", "records that were refused or never sent"),
    ("aborted", "records of transactions that the application aborted"),
    ("skipped", "records that arrived and were processed nowhere"),
    ("reprocessed", "records processed more than once"),
    ("offsets_exact", "partitions in which the group went on at the very record of one of its commits"),
    ("offsets_bound", "partitions in which it went on earlier, at an offset that was told as a bound"),
    ("offsets_inexact", "partitions in which it did neither"),
];

/// Holds what was counted; what no log was read for is unknown.
#[derive(Clone, Debug, Serialize)]
pub struct Figures {
    pub(super) acknowledged_source: u64,
    pub(super) acknowledged_target: Option<u64>,
    pub(super) acknowledged_back: Option<u64>,
    pub(super) arrived: Option<u64>,
    pub(super) lost: Option<u64>,
    pub(super) lost_unannounced: Option<u64>,
    pub(super) superseded: Option<u64>,
    pub(super) doubled: Option<u64>,
    pub(super) reordered: Option<u64>,
    pub(super) unknown: u64,
    pub(super) unknown_arrived: u64,
    pub(super) failed: u64,
    pub(super) aborted: u64,
    pub(super) skipped: Option<u64>,
    pub(super) reprocessed: u64,
    pub(super) offsets_exact: u64,
    pub(super) offsets_bound: u64,
    pub(super) offsets_inexact: u64,
}

impl Figures {
    /// Counts.
    pub fn new(findings: &Findings, switches: &BTreeMap<Leg, Switch>) -> Self {
        let target = findings.logs.get(&Region::Target);
        let acknowledged = |leg: Leg| findings.acknowledged.get(&leg).copied().unwrap_or_default();
        let after = |leg: Leg| switches.contains_key(&leg).then(|| acknowledged(leg));
        let in_logs = |of: fn(&InLog) -> usize| {
            (!findings.logs.is_empty()).then(|| findings.logs.values().map(|log| of(log) as u64).sum())
        };
        let moved = |is: fn(&Moved) -> bool| findings.moved.values().filter(|moved| is(moved)).count() as u64;
        Self {
            acknowledged_source: acknowledged(Leg::Home),
            acknowledged_target: after(Leg::Away),
            acknowledged_back: after(Leg::Back),
            arrived: target.map(|log| log.arrived),
            lost: target.map(|log| log.lost.len() as u64),
            lost_unannounced: target.map(|log| log.unannounced().count() as u64),
            superseded: target.map(|log| log.superseded),
            doubled: in_logs(|log| log.doubled.len()),
            reordered: in_logs(|log| log.reordered.len()),
            unknown: findings.unknown,
            unknown_arrived: findings.unknown_arrived,
            failed: findings.failed,
            aborted: findings.aborted.unwrap_or(0),
            skipped: target.map(|_| findings.skipped.len() as u64),
            reprocessed: findings.reprocessed,
            offsets_exact: moved(|moved| matches!(moved, Moved::Exact { .. })),
            offsets_bound: moved(is_bound),
            offsets_inexact: moved(|moved| {
                !matches!(moved, Moved::Exact { .. } | Moved::NeverCommitted) && !is_bound(moved)
            }),
        }
    }

    /// Returns how many of the lost records were announced as missing.
    pub(super) fn lost_announced(&self) -> Option<u64> {
        Some(self.lost?.saturating_sub(self.lost_unannounced?))
    }

    /// Says in how many partitions the group went on at the very record: `5/6`.
    pub(super) fn exactly(&self) -> String {
        let all = self.offsets_exact + self.offsets_bound + self.offsets_inexact;
        format!("{}/{all}", self.offsets_exact)
    }
}

fn is_bound(moved: &Moved) -> bool {
    matches!(moved, Moved::Early { is_bound: true, .. })
}
