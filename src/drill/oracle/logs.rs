//! What a region's log comes to: what it lacks, and what it has that it should not.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Missing, RecordId};
use crate::drill::evidence::{Evidence, Fate, Found, Leg, Log, Region, Sent};

/// Holds what one region's log comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InLog {
    /// Records acknowledged anywhere that it has.
    pub arrived: u64,
    /// Acknowledged records that it does not have, by partition and number.
    pub lost: Vec<Missing>,
    /// Acknowledged records that compaction took: a later one of their key stands there.
    pub superseded: u64,
    /// Records that it has more than once.
    pub doubled: Vec<RecordId>,
    /// Records behind a later one.
    pub reordered: Vec<RecordId>,
    /// Records that nobody sent, or whose sending failed.
    pub unexplained: Vec<RecordId>,
    /// Records of aborted transactions.
    pub aborted: Vec<RecordId>,
}

impl InLog {
    /// Lists the records lost without a word.
    pub fn unannounced(&self) -> impl Iterator<Item = &Missing> {
        self.lost.iter().filter(|missing| !missing.is_announced)
    }
}

/// Knows every record's first offset in each log.
#[derive(Debug, Default)]
pub(super) struct Places {
    of: BTreeMap<Region, HashMap<RecordId, i64>>,
    /// The highest number of each key, where the topic is compacted.
    newest: BTreeMap<Region, HashMap<(i32, u64), u64>>,
    keys: Option<u64>,
}

impl Places {
    pub(super) fn of(evidence: &Evidence) -> Self {
        let mut places = Self { keys: evidence.keys, ..Self::default() };
        for (region, log) in &evidence.logs {
            let of = places.of.entry(*region).or_default();
            let newest = places.newest.entry(*region).or_default();
            for (partition, records) in log {
                for found in records {
                    of.entry((*partition, found.number)).or_insert(found.offset);
                    if let Some(keys) = evidence.keys {
                        let newest = newest.entry((*partition, found.number % keys)).or_default();
                        *newest = found.number.max(*newest);
                    }
                }
            }
        }
        places
    }

    pub(super) fn get(&self, region: Region, id: RecordId) -> Option<i64> {
        self.of.get(&region)?.get(&id).copied()
    }

    pub(super) fn is_anywhere(&self, id: RecordId) -> bool {
        self.of.values().any(|places| places.contains_key(&id))
    }

    /// Says whether a record may be gone because a later one of its key stands there.
    pub(super) fn is_superseded(&self, region: Region, (partition, number): RecordId) -> bool {
        let Some(keys) = self.keys else { return false };
        let newest = self.newest.get(&region).and_then(|newest| newest.get(&(partition, number % keys)));
        newest.is_some_and(|newest| *newest > number)
    }
}

/// Says whether a record was announced as missing at the target. Only what was sent before the failover can
/// be: the target is not lost.
fn announced(evidence: &Evidence, leg: Leg, partition: i32, offset: i64) -> Option<bool> {
    let announced = evidence.announced.get(&partition)?;
    (leg == Leg::Home && offset >= announced.from).then_some(announced.is_exact)
}

/// Looks at one region's log.
pub(super) fn look_at(evidence: &Evidence, places: &Places, region: Region, log: &Log) -> InLog {
    let mut in_log = InLog::default();
    for &Sent { leg, partition, number, fate } in &evidence.sent {
        let Fate::Acknowledged { offset, at } = fate else { continue };
        let id = (partition, number);
        if places.get(region, id).is_some() {
            in_log.arrived += 1;
        } else if places.is_superseded(region, id) {
            in_log.superseded += 1;
        } else {
            let announced = announced(evidence, leg, partition, offset).is_some();
            let is_announced = region == Region::Target && announced;
            in_log.lost.push(Missing { partition, number, leg, offset, at, is_announced });
        }
    }
    in_log.lost.sort();
    let fates: HashMap<RecordId, Fate> =
        evidence.sent.iter().map(|sent| ((sent.partition, sent.number), sent.fate)).collect();
    for (partition, records) in log {
        let mut seen = BTreeSet::new();
        for Found { number, .. } in records {
            let id = (*partition, *number);
            match fates.get(&id) {
                None | Some(Fate::Failed) => in_log.unexplained.push(id),
                Some(Fate::Aborted) => in_log.aborted.push(id),
                Some(Fate::Acknowledged { .. } | Fate::Unknown) => {}
            }
            let is_behind = seen.last().is_some_and(|last| last > number);
            if !seen.insert(*number) {
                in_log.doubled.push(id);
            } else if is_behind {
                in_log.reordered.push(id);
            }
        }
    }
    in_log
}

/// Lists the records that were announced as missing, exactly so, and are at the target.
pub(super) fn wrongly_announced(evidence: &Evidence, places: &Places) -> Vec<RecordId> {
    let mut wrong = Vec::new();
    for &Sent { leg, partition, number, fate } in &evidence.sent {
        let Fate::Acknowledged { offset, .. } = fate else { continue };
        let id = (partition, number);
        let is_announced = announced(evidence, leg, partition, offset) == Some(true);
        if is_announced && places.get(Region::Target, id).is_some() {
            wrong.push(id);
        }
    }
    wrong.sort_unstable();
    wrong
}
