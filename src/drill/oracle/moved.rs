//! Where a group went on in another region, measured by the records themselves and not by any map.

use std::collections::HashMap;

use crate::drill::evidence::{Evidence, Fate, Leg};

/// Says where a group went on in one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    /// At the very record that one of its commits stands before.
    Exact {
        /// Commits that came later and were not carried over.
        commits_behind: usize,
    },
    /// Earlier than its last commit, and at no commit's record: records are read again for nothing.
    Early {
        /// How many records too early.
        records: u64,
        /// Whether it was told that the offset is only a bound.
        is_bound: bool,
    },
    /// Later than its last commit: records are left out.
    Late {
        /// How many records are left out.
        records: u64,
    },
    /// It had committed, and has no offset in the new region.
    Nowhere,
    /// It had not committed, and has no offset in the new region.
    NeverCommitted,
}

/// Finds out where the group went on. An offset stands before the first record at or behind it, and is moved
/// right if the offset in the new region stands before the same record.
pub(super) fn moved(evidence: &Evidence, leg: Leg, partition: i32) -> Moved {
    let commits = leg.before().and_then(|before| evidence.commits.get(&(before, partition)));
    let commits = commits.map_or(&[][..], Vec::as_slice);
    let switch = evidence.switches.get(&leg);
    let resumed = switch.and_then(|switch| switch.resumed.get(&partition)).copied();
    let (last, resumed) = match (commits.last(), resumed) {
        (None, None) => return Moved::NeverCommitted,
        (Some(_), None) => return Moved::Nowhere,
        (last, Some(resumed)) => (last.copied(), resumed),
    };
    let (mut old, mut new): (Vec<i64>, Vec<i64>) = copies(evidence, leg, partition).into_iter().unzip();
    old.sort_unstable();
    new.sort_unstable();
    // Two offsets with the same number of copies before them stand before the same record.
    let before_old = |offset: i64| old.partition_point(|at| *at < offset);
    let before_new = new.partition_point(|at| *at < resumed);
    if let Some(back) = commits.iter().rev().position(|commit| before_old(*commit) == before_new) {
        return Moved::Exact { commits_behind: back };
    }
    let wanted = last.map_or(0, before_old);
    match before_new.checked_sub(wanted) {
        Some(over) if over > 0 || last.is_none() => Moved::Late { records: over as u64 },
        _ => Moved::Early {
            records: wanted.saturating_sub(before_new) as u64,
            is_bound: switch.is_some_and(|switch| switch.bounds.contains(&partition)),
        },
    }
}

/// Lists the records that both regions have, with their offset in the old one and in the new one.
fn copies(evidence: &Evidence, leg: Leg, partition: i32) -> Vec<(i64, i64)> {
    let Some(before) = leg.before() else { return Vec::new() };
    // Where the old region is lost for good, what was acknowledged there is all that is known of it.
    let mut old: HashMap<u64, i64> = evidence
        .sent
        .iter()
        .filter(|sent| sent.partition == partition && sent.leg.region() == before.region())
        .filter_map(|sent| match sent.fate {
            Fate::Acknowledged { offset, .. } => Some((sent.number, offset)),
            _ => None,
        })
        .collect();
    let log = |leg: Leg| evidence.logs.get(&leg.region()).and_then(|log| log.get(&partition));
    if let Some(log) = log(before) {
        old.extend(log.iter().map(|found| (found.number, found.offset)));
    }
    let new = log(leg).map_or(&[][..], Vec::as_slice);
    // Taken out, so that a record that is there twice counts once.
    new.iter().filter_map(|found| Some((old.remove(&found.number)?, found.offset))).collect()
}
