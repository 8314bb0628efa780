//! Holds what was acknowledged against what arrived, and what was committed against where the group went on.
//! Nothing here asks a cluster or a clock.

mod logs;
mod moved;
mod processing;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

pub use self::logs::InLog;
use self::logs::Places;
pub use self::moved::Moved;
use super::evidence::{Evidence, Fate, Leg, Region, Sent};

/// Names a record: its partition and its number there.
pub type RecordId = (i32, u64);

/// Holds one acknowledged record that a log does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Missing {
    /// The partition.
    pub partition: i32,
    /// The record's number.
    pub number: u64,
    /// The leg it was sent in.
    pub leg: Leg,
    /// The offset it was acknowledged with, in that leg's region.
    pub offset: i64,
    /// When it was acknowledged, from the drill's start.
    pub at: Duration,
    /// Whether it was announced as missing.
    pub is_announced: bool,
}

/// Holds what follows from the evidence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Records acknowledged, by leg.
    pub acknowledged: BTreeMap<Leg, u64>,
    /// Records without an answer.
    pub unknown: u64,
    /// Of these, those that stand in a log.
    pub unknown_arrived: u64,
    /// Records refused, or never sent.
    pub failed: u64,
    /// Records of aborted transactions; `None` where the application writes without transactions.
    pub aborted: Option<u64>,
    /// What each log that was read comes to.
    pub logs: BTreeMap<Region, InLog>,
    /// Records announced as missing that are at the target, where that was announced as exact.
    pub wrongly_announced: Vec<RecordId>,
    /// Acknowledged records the target has and the application processed nowhere.
    pub skipped: Vec<RecordId>,
    /// Records processed again.
    pub reprocessed: u64,
    /// Of these, those before the place the group went on from: its offset does not explain them.
    pub reprocessed_before: Vec<RecordId>,
    /// Where the group went on, by the leg that a switch led to, and partition.
    pub moved: BTreeMap<(Leg, i32), Moved>,
    /// How long before the source was lost the first lost record was acknowledged; `None` where none is lost, or
    /// none that was acknowledged before.
    pub lost_span: Option<Duration>,
    /// From the beginning of a switch until the application processed the first record in the new region, by
    /// the leg it led to.
    pub recovered_after: BTreeMap<Leg, Duration>,
    /// Partitions whose copying stopped for good, each with the cause.
    pub stopped: Vec<(String, String)>,
    /// The changes of region that were begun, each by its leg; with the cause where it did not come to its end.
    pub switches: BTreeMap<Leg, Option<String>>,
}

impl Findings {
    /// Returns what the target's log comes to.
    pub fn target(&self) -> InLog {
        self.logs.get(&Region::Target).cloned().unwrap_or_default()
    }

    /// Lists the acknowledged records that the target does not have.
    pub fn lost(&self) -> &[Missing] {
        self.logs.get(&Region::Target).map_or(&[], |log| &log.lost)
    }
}

/// Judges the evidence.
pub fn judge(evidence: &Evidence) -> Findings {
    let mut findings = Findings { aborted: evidence.is_transactional.then_some(0), ..Findings::default() };
    let places = Places::of(evidence);
    count_sent(evidence, &places, &mut findings);
    for (region, log) in &evidence.logs {
        findings.logs.insert(*region, logs::look_at(evidence, &places, *region, log));
    }
    findings.wrongly_announced = logs::wrongly_announced(evidence, &places);
    processing::look_at(evidence, &places, &mut findings);
    for leg in evidence.switches.keys() {
        for partition in partitions(evidence) {
            findings.moved.insert((*leg, partition), moved::moved(evidence, *leg, partition));
        }
    }
    findings.stopped.clone_from(&evidence.stopped);
    findings.switches.extend(evidence.switches.keys().map(|leg| (*leg, None)));
    findings.switches.extend(evidence.broken_switches.iter().map(|(leg, cause)| (*leg, Some(cause.clone()))));
    let first = findings.lost().iter().map(|missing| missing.at).min();
    let lost_at = evidence.switches.get(&Leg::Away).map_or(Duration::ZERO, |switch| switch.began);
    findings.lost_span = first.and_then(|first| lost_at.checked_sub(first));
    findings
}

fn count_sent(evidence: &Evidence, places: &Places, findings: &mut Findings) {
    for Sent { leg, partition, number, fate } in &evidence.sent {
        match fate {
            Fate::Acknowledged { .. } => *findings.acknowledged.entry(*leg).or_default() += 1,
            Fate::Unknown => {
                findings.unknown += 1;
                findings.unknown_arrived += u64::from(places.is_anywhere((*partition, *number)));
            }
            Fate::Failed => findings.failed += 1,
            Fate::Aborted => *findings.aborted.get_or_insert_default() += 1,
        }
    }
}

fn partitions(evidence: &Evidence) -> BTreeSet<i32> {
    let sent = evidence.sent.iter().map(|sent| sent.partition);
    let committed = evidence.commits.keys().map(|(_, partition)| *partition);
    let resumed = evidence.switches.values().flat_map(|switch| switch.resumed.keys().copied());
    sent.chain(committed).chain(resumed).collect()
}

#[cfg(test)]
mod tests;
