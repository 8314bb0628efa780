//! Where two logs differ: finding the place from which they agree again, and naming what lies before.

use std::collections::HashMap;

use super::finding::Kind;
use crate::kafka::records::{Identity, RecordFingerprint};

/// So many records in a row that agree end a difference.
const AGREEING_MIN: usize = 8;
/// Places looked at for each record; topics of one record over and over have no better answer.
const CANDIDATES_MAX: usize = 64;

/// Compares records of two logs.
#[derive(Clone, Copy, Debug)]
pub struct Same {
    /// The target wrote its own time into its records, so times cannot be compared.
    pub is_restamped: bool,
}

impl Same {
    /// Says whether both are the same record.
    pub fn is(self, source: &Identity, target: &Identity) -> bool {
        source.content == target.content && (self.is_restamped || source.timestamp == target.timestamp)
    }
}

/// Finds how many records of each end to pass over until both agree again: the nearest such place.
/// `None` where they do not within the records given.
pub fn resynchronise(source: &[Identity], target: &[Identity], same: Same) -> Option<(usize, usize)> {
    let mut places: HashMap<RecordFingerprint, Vec<usize>> = HashMap::new();
    for (at, record) in target.iter().enumerate() {
        let places = places.entry(record.content).or_default();
        if places.len() < CANDIDATES_MAX {
            places.push(at);
        }
    }
    let mut best: Option<(usize, usize)> = None;
    for (i, record) in source.iter().enumerate() {
        let least = best.map_or(usize::MAX, |(i, j)| i + j);
        if i >= least {
            break;
        }
        for &j in places.get(&record.content).into_iter().flatten() {
            if i + j < best.map_or(usize::MAX, |(i, j)| i + j) && agree(&source[i..], &target[j..], same) {
                best = Some((i, j));
            }
        }
    }
    best
}

fn agree(source: &[Identity], target: &[Identity], same: Same) -> bool {
    source.len().min(target.len()) >= AGREEING_MIN
        && source.iter().zip(target).take(AGREEING_MIN).all(|(s, t)| same.is(s, t))
}

/// Says what a record of a difference turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Both ends have it, in order.
    Matched(Identity, Identity),
    /// Both ends have it, out of order or with another content.
    Pair(Kind, Identity, Identity),
    /// Only the source has it.
    OnlySource(Identity),
    /// Only the target has it.
    OnlyTarget(Identity),
}

/// Names every record of a difference once, in the order of both logs: what stands between two records
/// that both ends have in order stands between them here.
///
/// `is_twin` says whether a record at the target is what became of one at the source, where both are left
/// over at the same place.
pub fn classify(
    source: &[Identity],
    target: &[Identity],
    same: Same,
    is_twin: impl Fn(&Identity, &Identity) -> bool,
) -> Vec<Verdict> {
    let pairs = pair(source, target, same);
    let in_order = longest_rising(&pairs);
    let anchors: Vec<(usize, usize)> =
        pairs.iter().zip(&in_order).filter(|(_, in_order)| **in_order).map(|(pair, _)| *pair).collect();
    let place_of_source = |i: usize| anchors.partition_point(|(s, _)| *s < i);
    let place_of_target = |j: usize| anchors.partition_point(|(_, t)| *t < j);
    let mut placed: Vec<(usize, bool, Verdict)> = Vec::new();
    let (mut is_paired_s, mut is_paired_t) = (vec![false; source.len()], vec![false; target.len()]);
    for (&(i, j), &in_order) in pairs.iter().zip(&in_order) {
        let verdict = match in_order {
            true => Verdict::Matched(source[i], target[j]),
            false => Verdict::Pair(Kind::Reordered, source[i], target[j]),
        };
        (is_paired_s[i], is_paired_t[j]) = (true, true);
        placed.push((place_of_source(i), in_order, verdict));
    }
    let mut rest_t: Vec<usize> = (0..target.len()).filter(|j| !is_paired_t[*j]).collect();
    for i in (0..source.len()).filter(|i| !is_paired_s[*i]) {
        let place = place_of_source(i);
        let twin =
            rest_t.iter().position(|j| place_of_target(*j) == place && is_twin(&source[i], &target[*j]));
        let verdict = match twin {
            Some(at) => Verdict::Pair(Kind::Changed, source[i], target[rest_t.remove(at)]),
            None => Verdict::OnlySource(source[i]),
        };
        placed.push((place, false, verdict));
    }
    placed.extend(rest_t.into_iter().map(|j| (place_of_target(j), false, Verdict::OnlyTarget(target[j]))));
    placed.sort_by_key(|(place, is_anchor, _)| (*place, *is_anchor));
    placed.into_iter().map(|(_, _, verdict)| verdict).collect()
}

/// Pairs the records both have, each once, first with first; in the order of the source.
fn pair(source: &[Identity], target: &[Identity], same: Same) -> Vec<(usize, usize)> {
    let mut places: HashMap<RecordFingerprint, Vec<usize>> = HashMap::new();
    for (j, record) in target.iter().enumerate().rev() {
        places.entry(record.content).or_default().push(j);
    }
    let mut pairs = Vec::new();
    for (i, record) in source.iter().enumerate() {
        let Some(candidates) = places.get_mut(&record.content) else { continue };
        if let Some(at) = candidates.iter().rposition(|j| same.is(record, &target[*j])) {
            pairs.push((i, candidates.remove(at)));
        }
    }
    pairs
}

/// Marks the longest sub-sequence of pairs whose target places rise (patience sorting).
fn longest_rising(pairs: &[(usize, usize)]) -> Vec<bool> {
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = vec![None; pairs.len()];
    for (index, (_, j)) in pairs.iter().enumerate() {
        let pile = ends.partition_point(|end| pairs[*end].1 < *j);
        before[index] = pile.checked_sub(1).map(|below| ends[below]);
        if pile == ends.len() {
            ends.push(index);
        } else {
            ends[pile] = index;
        }
    }
    let mut marked = vec![false; pairs.len()];
    let mut at = ends.last().copied();
    while let Some(index) = at {
        marked[index] = true;
        at = before[index];
    }
    marked
}
