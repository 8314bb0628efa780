//! Holds what was acknowledged against what arrived, and what was committed against where the group went on.
//! Nothing here asks a cluster or a clock.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use super::evidence::{Evidence, Fate, Found, Region};

/// Names a record: its partition and its number there.
pub type RecordId = (i32, u64);

/// Holds one acknowledged record that the target does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Missing {
    /// The partition.
    pub partition: i32,
    /// The record's number.
    pub number: u64,
    /// The offset it was acknowledged with.
    pub offset: i64,
    /// When it was acknowledged, from the drill's start.
    pub at: Duration,
}

/// Says where a group went on in one partition, measured by the records themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    /// At the very record that one of its commits at the source stands before.
    Exact {
        /// Commits at the source that came later and were not carried over.
        commits_behind: usize,
    },
    /// Earlier than its last commit, and at no commit's record: records are read again for nothing.
    Early {
        /// How many records too early.
        records: u64,
    },
    /// Later than its last commit: records are left out.
    Late {
        /// How many records are left out.
        records: u64,
    },
    /// It had committed, and has no offset at the target.
    Nowhere,
    /// It had not committed at the source, and has no offset at the target.
    NeverCommitted,
}

/// Holds what follows from the evidence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Records acknowledged at the source.
    pub acknowledged_source: u64,
    /// Records acknowledged at the target, after the switch.
    pub acknowledged_target: u64,
    /// Records without an answer.
    pub unknown: u64,
    /// Of these, those the target has.
    pub unknown_arrived: u64,
    /// Records refused, or never sent.
    pub failed: u64,
    /// Records acknowledged anywhere that the target has.
    pub arrived: u64,
    /// Acknowledged records that the target does not have, by partition and number.
    pub lost: Vec<Missing>,
    /// Of these, those that were not announced as missing.
    pub unannounced: Vec<Missing>,
    /// Records announced as missing that are there.
    pub wrongly_announced: Vec<RecordId>,
    /// Records more than once in the target's log.
    pub doubled: Vec<RecordId>,
    /// Records behind a later one in the target's log.
    pub reordered: Vec<RecordId>,
    /// Records in the target's log that nobody sent, or whose sending failed.
    pub unexplained: Vec<RecordId>,
    /// Acknowledged records the target has and the application processed nowhere.
    pub skipped: Vec<RecordId>,
    /// Records processed in both regions, or twice in one.
    pub reprocessed: u64,
    /// Of these, those before the place the group went on from: its offset does not explain them.
    pub reprocessed_before: Vec<RecordId>,
    /// Where the group went on, by partition.
    pub moved: BTreeMap<i32, Moved>,
    /// How long before the cut the first lost record was acknowledged.
    pub lost_span: Option<Duration>,
    /// From the cut until the application processed the first record at the target.
    pub recovered_after: Option<Duration>,
}

/// Judges the evidence.
pub fn judge(evidence: &Evidence) -> Findings {
    let mut findings = Findings::default();
    let places = places(evidence);
    look_at_sent(evidence, &places, &mut findings);
    look_at_log(evidence, &mut findings);
    look_at_processed(evidence, &places, &mut findings);
    for partition in partitions(evidence) {
        findings.moved.insert(partition, moved(evidence, partition));
    }
    let first = findings.lost.iter().map(|missing| missing.at).min();
    findings.lost_span = first.map(|first| evidence.cut_at.saturating_sub(first));
    let at_target = evidence.processed.iter().filter(|processed| processed.region == Region::Target);
    // Nothing can be read at the target before the switch; what was, counts from the cut all the same.
    findings.recovered_after = at_target.map(|processed| processed.at.saturating_sub(evidence.cut_at)).min();
    findings
}

/// Lists every record's first offset in the target's log.
fn places(evidence: &Evidence) -> HashMap<RecordId, i64> {
    let mut places = HashMap::new();
    for (partition, log) in &evidence.target_log {
        for found in log {
            places.entry((*partition, found.number)).or_insert(found.offset);
        }
    }
    places
}

fn partitions(evidence: &Evidence) -> BTreeSet<i32> {
    let sent = evidence.sent.iter().map(|sent| sent.partition);
    sent.chain(evidence.commits.keys().copied()).chain(evidence.resumed.keys().copied()).collect()
}

fn look_at_sent(evidence: &Evidence, places: &HashMap<RecordId, i64>, findings: &mut Findings) {
    for sent in &evidence.sent {
        let (partition, number) = (sent.partition, sent.number);
        let id = (partition, number);
        let is_there = places.contains_key(&id);
        let (offset, at) = match sent.fate {
            Fate::Acknowledged { offset, at } => (offset, at),
            Fate::Unknown => {
                findings.unknown += 1;
                findings.unknown_arrived += u64::from(is_there);
                continue;
            }
            Fate::Failed => {
                findings.failed += 1;
                continue;
            }
        };
        // Only the source's records can be announced as missing: the target is not lost.
        let announced = sent.region == Region::Source
            && evidence.announced.get(&partition).is_some_and(|from| offset >= *from);
        *match sent.region {
            Region::Source => &mut findings.acknowledged_source,
            Region::Target => &mut findings.acknowledged_target,
        } += 1;
        if is_there {
            findings.arrived += 1;
            if announced {
                findings.wrongly_announced.push(id);
            }
        } else {
            let missing = Missing { partition, number, offset, at };
            findings.lost.push(missing);
            if !announced {
                findings.unannounced.push(missing);
            }
        }
    }
    findings.lost.sort();
    findings.unannounced.sort();
    findings.wrongly_announced.sort_unstable();
}

fn look_at_log(evidence: &Evidence, findings: &mut Findings) {
    let fates: HashMap<RecordId, Fate> =
        evidence.sent.iter().map(|sent| ((sent.partition, sent.number), sent.fate)).collect();
    for (partition, log) in &evidence.target_log {
        let mut seen = BTreeSet::new();
        for Found { number, .. } in log {
            let id = (*partition, *number);
            if matches!(fates.get(&id), None | Some(Fate::Failed)) {
                findings.unexplained.push(id);
            }
            let is_behind = seen.last().is_some_and(|last| last > number);
            if !seen.insert(*number) {
                findings.doubled.push(id);
            } else if is_behind {
                findings.reordered.push(id);
            }
        }
    }
}

fn look_at_processed(evidence: &Evidence, places: &HashMap<RecordId, i64>, findings: &mut Findings) {
    let mut times: HashMap<RecordId, u64> = HashMap::new();
    for processed in &evidence.processed {
        let id = (processed.partition, processed.number);
        let times = times.entry(id).or_default();
        *times += 1;
        if *times < 2 {
            continue;
        }
        findings.reprocessed += 1;
        let resumed = evidence.resumed.get(&processed.partition);
        if let (Some(resumed), Some(place)) = (resumed, places.get(&id))
            && place < resumed
        {
            findings.reprocessed_before.push(id);
        }
    }
    for sent in &evidence.sent {
        let id = (sent.partition, sent.number);
        let is_acknowledged = matches!(sent.fate, Fate::Acknowledged { .. });
        if is_acknowledged && places.contains_key(&id) && !times.contains_key(&id) {
            findings.skipped.push(id);
        }
    }
    findings.skipped.sort_unstable();
}

/// Finds out where a group went on, by the records: an offset at the source stands before the first record
/// at or behind it, and is moved right if the target's offset stands before the same record.
fn moved(evidence: &Evidence, partition: i32) -> Moved {
    let commits = evidence.commits.get(&partition).map_or(&[][..], Vec::as_slice);
    let resumed = evidence.resumed.get(&partition).copied();
    let (last, resumed) = match (commits.last(), resumed) {
        (None, None) => return Moved::NeverCommitted,
        (Some(_), None) => return Moved::Nowhere,
        (last, Some(resumed)) => (last.copied(), resumed),
    };
    let offsets: HashMap<u64, i64> = evidence
        .sent
        .iter()
        .filter(|sent| sent.partition == partition && sent.region == Region::Source)
        .filter_map(|sent| match sent.fate {
            Fate::Acknowledged { offset, .. } => Some((sent.number, offset)),
            _ => None,
        })
        .collect();
    let log = evidence.target_log.get(&partition).map_or(&[][..], Vec::as_slice);
    let copies: Vec<(i64, i64)> =
        log.iter().filter_map(|found| Some((*offsets.get(&found.number)?, found.offset))).collect();
    // Counts the copies before an offset: two offsets with the same count stand before the same record.
    let before_source = |offset: i64| copies.iter().filter(|(source, _)| *source < offset).count();
    let before_target = copies.iter().filter(|(_, target)| *target < resumed).count();
    if let Some(back) = commits.iter().rev().position(|commit| before_source(*commit) == before_target) {
        return Moved::Exact { commits_behind: back };
    }
    let wanted = last.map_or(0, before_source);
    match before_target.checked_sub(wanted) {
        Some(over) if over > 0 || last.is_none() => Moved::Late { records: over as u64 },
        _ => Moved::Early { records: wanted.saturating_sub(before_target) as u64 },
    }
}

#[cfg(test)]
#[path = "oracle_tests.rs"]
mod tests;
