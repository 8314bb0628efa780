//! Comparing two logs, batch by batch where the bytes are the same and record by record where not.
//!
//! Told what was read of both ends, it says which end it needs more of, and remembers what it found.
//! It reads nothing itself.

use std::collections::{HashMap, VecDeque};

use super::finding::{Finding, Kind, Tally};
use super::map_check;
use super::region::{Same, Verdict, classify, resynchronise};
use super::side::{Side, is_same};
use super::terms::Terms;
use crate::engine::offset_map::Translation;
use crate::kafka::batch::RawBatch;
use crate::kafka::records::Identity;
use crate::types::{SourceOffset, TargetOffset};

/// Findings told one by one for each range; more are counted only.
pub const FINDINGS_MAX: usize = 1_000;
/// Records looked at first, where two logs differ.
const WINDOW_FIRST: usize = 256;
/// Records looked at at most.
const WINDOW_MAX: usize = 65_536;
/// Batches that agreed, kept to tell a record that came twice from one that never was at the source.
const RECENT_BATCHES: usize = 4;
/// Records that agreed, kept for the same reason.
const RECENT_RECORDS: usize = 1_024;

/// Says what a comparison waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// More of the source.
    Source,
    /// More of the target.
    Target,
    /// Nothing: it is done.
    Nothing,
}

/// Compares one range.
#[derive(Debug)]
pub struct Differ {
    terms: Terms,
    source: Side,
    target: Side,
    tally: Tally,
    findings: Vec<Finding>,
    window: usize,
    recent_batches: VecDeque<RawBatch>,
    recent_records: VecDeque<Identity>,
    /// What only the source has, by key, until a younger record of the key shows up at the target.
    superseded_at_target: HashMap<u64, Vec<i64>>,
    /// What only the target has, by key, likewise.
    superseded_at_source: HashMap<u64, Vec<i64>>,
}

impl Differ {
    /// Begins a comparison.
    pub fn new(terms: Terms) -> Self {
        Self {
            source: Side::new(terms.source.clone()),
            target: Side::new(terms.target.clone()),
            terms,
            tally: Tally::default(),
            findings: Vec::new(),
            window: WINDOW_FIRST,
            recent_batches: VecDeque::new(),
            recent_records: VecDeque::new(),
            superseded_at_target: HashMap::new(),
            superseded_at_source: HashMap::new(),
        }
    }

    /// Takes the source's next batch: committed, with records in it.
    pub fn push_source(&mut self, batch: RawBatch) {
        self.tally.source_bytes += batch.bytes.len() as u64;
        self.source.push(batch);
    }

    /// Takes the target's next batch that this flow wrote.
    pub fn push_target(&mut self, batch: RawBatch) {
        self.tally.target_bytes += batch.bytes.len() as u64;
        self.target.push(batch);
    }

    /// Counts records at the target that this flow did not write.
    pub fn pass_foreign(&mut self, records: u64) {
        self.tally.foreign += records;
    }

    /// Takes note that the source's range was read to its end.
    pub fn end_source(&mut self) {
        self.source.end();
    }

    /// Takes note that the target's range was read to its end.
    pub fn end_target(&mut self) {
        self.target.end();
    }

    /// Returns what was counted so far.
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// Returns what was found; call it when nothing is needed any more.
    pub fn finish(self) -> (Tally, Vec<Finding>) {
        (self.tally, self.findings)
    }

    /// Compares as far as what was read allows.
    pub fn advance(&mut self) -> Need {
        loop {
            if self.terms.is_open && self.superseded_at_source.is_empty() && self.is_target_done() {
                // The rest of the source may be long, and nothing of it needs to be decoded.
                let (count, first) = self.source.discard();
                self.pass_behind(count, first);
                if !self.source.is_ended() {
                    return Need::Source;
                }
            }
            // Batches are compared as they are while both ends have one.
            if self.source.is_empty() && !self.source.is_ended() {
                return Need::Source;
            }
            if self.target.is_empty() && !self.target.is_ended() {
                return Need::Target;
            }
            if self.take_same_batches() {
                continue;
            }
            if let Some(need) = self.decode(1) {
                return need;
            }
            match (self.source.front(), self.target.front()) {
                (Some(s), Some(t)) if self.same().is(&s, &t) => {
                    self.source.pop();
                    self.target.pop();
                    self.matched(s, t);
                }
                (Some(_), Some(_)) => {
                    if let Some(need) = self.resolve_difference() {
                        return need;
                    }
                }
                (Some(s), None) if self.terms.is_open => {
                    self.source.pop();
                    self.see_source(&s);
                    self.pass_behind(1, Some(s.offset));
                }
                (Some(_), None) | (None, Some(_)) => self.take_left_over(),
                (None, None) => {
                    self.settle();
                    return Need::Nothing;
                }
            }
        }
    }

    /// Counts records that are not copied yet.
    fn pass_behind(&mut self, count: u64, first: Option<i64>) {
        self.tally.behind += count;
        self.tally.behind_from = self.tally.behind_from.or(first);
    }

    fn is_target_done(&self) -> bool {
        self.target.is_ended() && self.target.front().is_none() && self.target.is_decoded()
    }

    fn same(&self) -> Same {
        Same { is_restamped: self.terms.is_restamped }
    }

    /// Takes both next batches where they are the same bytes.
    fn take_same_batches(&mut self) -> bool {
        if !self.superseded_at_source.is_empty() || !self.superseded_at_target.is_empty() {
            return false;
        }
        let (Some(source), Some(target)) = (self.source.whole(), self.target.whole()) else { return false };
        if !is_same(source, target) || source.verify_crc().is_err() || target.verify_crc().is_err() {
            return false;
        }
        let (s, t) = (source.header.base_offset, target.header.base_offset);
        let count = i64::from(source.header.record_count);
        let batch = self.source.take_whole();
        self.target.take_whole();
        self.recent_batches.extend(batch);
        if self.recent_batches.len() > RECENT_BATCHES {
            self.recent_batches.pop_front();
        }
        self.tally.matched += count.unsigned_abs();
        self.tally.matched_whole += count.unsigned_abs();
        self.check_map(s, t, count);
        true
    }

    /// Decodes at least `count` records of both ends; says which end has to be read for it.
    fn decode(&mut self, count: usize) -> Option<Need> {
        for offset in self.source.decode(count) {
            self.note(Kind::Damaged, Some(offset), None);
        }
        for offset in self.target.decode(count) {
            self.note(Kind::Damaged, None, Some(offset));
        }
        if self.source.records().len() < count && !self.source.is_ended() {
            return Some(Need::Source);
        }
        (self.target.records().len() < count && !self.target.is_ended()).then_some(Need::Target)
    }

    fn matched(&mut self, source: Identity, target: Identity) {
        self.tally.matched += 1;
        self.recent_records.push_back(source);
        if self.recent_records.len() > RECENT_RECORDS {
            self.recent_records.pop_front();
        }
        self.see_source(&source);
        self.see_target(&target);
        self.check_map(source.offset, target.offset, 1);
    }

    /// Passes over a stretch in which the two ends differ.
    fn resolve_difference(&mut self) -> Option<Need> {
        if let Some((i, j)) = self.told_by_map() {
            self.judge(i, j);
            return None;
        }
        if let Some(need) = self.decode(self.window) {
            return Some(need);
        }
        let same = self.same();
        let s = self.source.records();
        let s_count = s.len().min(WINDOW_MAX);
        let t = self.target.records();
        let t_count = t.len().min(WINDOW_MAX);
        let found = resynchronise(&self.source.records()[..s_count], &t[..t_count], same);
        match found {
            Some((i, j)) => self.judge(i, j),
            None if self.window < WINDOW_MAX && !self.is_all_decoded() => self.window *= 4,
            None if self.is_all_decoded() => self.take_left_over(),
            None => self.judge(s_count, t_count),
        }
        None
    }

    fn is_all_decoded(&self) -> bool {
        self.source.is_ended()
            && self.target.is_ended()
            && self.source.is_decoded()
            && self.target.is_decoded()
    }

    /// Finds where both agree again, where the map knows the one's next record at the other.
    fn told_by_map(&self) -> Option<(usize, usize)> {
        let map = self.terms.map.as_ref()?;
        let (s, t) = (self.source.front()?, self.target.front()?);
        if let Translation::Exact(at) = map.to_target(SourceOffset(s.offset))
            && let Some((j, twin)) = self.target.find(at.0)
            && self.same().is(&s, &twin)
        {
            return Some((0, j));
        }
        if let Translation::Exact(at) = map.to_source(TargetOffset(t.offset))
            && let Some((i, twin)) = self.source.find(at.0)
            && self.same().is(&twin, &t)
        {
            return Some((i, 0));
        }
        None
    }

    /// Takes all that is left of both ends.
    fn take_left_over(&mut self) {
        let (s, t) = (self.source.records().len(), self.target.records().len());
        self.judge(s, t);
    }

    /// Names what the next `i` records of the source and `j` of the target are.
    fn judge(&mut self, i: usize, j: usize) {
        self.window = WINDOW_FIRST;
        let (source, target) = (self.source.take(i), self.target.take(j));
        let verdicts = classify(&source, &target, self.same(), |s, t| self.is_twin(s, t));
        let is_pair = |verdict: &Verdict| matches!(verdict, Verdict::Matched(..) | Verdict::Pair(..));
        // Behind the last copy nothing is missing yet.
        let is_end = self.terms.is_open && self.is_target_done();
        let copied =
            if is_end { verdicts.iter().rposition(is_pair).map_or(0, |at| at + 1) } else { verdicts.len() };
        let mut at = 0;
        while at < verdicts.len() {
            // What stands at one place, up to the next record both have in order.
            let is_anchor = |verdict: &Verdict| matches!(verdict, Verdict::Matched(..));
            let end = verdicts[at..].iter().position(is_anchor).map_or(verdicts.len(), |next| at + next);
            self.judge_place(&verdicts[at..end], copied.saturating_sub(at), &source);
            if let Some(Verdict::Matched(s, t)) = verdicts.get(end) {
                self.matched(*s, *t);
            }
            at = end + 1;
        }
    }

    /// Names what stands at one place; from the `copied`th on it is not copied yet.
    fn judge_place(&mut self, verdicts: &[Verdict], copied: usize, beside: &[Identity]) {
        let mut keys = Vec::new();
        for verdict in verdicts {
            match verdict {
                Verdict::Matched(s, t) | Verdict::Pair(_, s, t) => {
                    self.see_source(s);
                    self.see_target(t);
                }
                Verdict::OnlySource(s) => {
                    self.see_source(s);
                    keys.extend(s.key);
                }
                Verdict::OnlyTarget(t) => self.see_target(t),
            }
        }
        for (at, verdict) in verdicts.iter().enumerate() {
            match verdict {
                Verdict::Matched(..) => {}
                Verdict::Pair(kind, s, t) => self.note(*kind, Some(s.offset), Some(t.offset)),
                Verdict::OnlySource(s) if at >= copied => self.pass_behind(1, Some(s.offset)),
                Verdict::OnlySource(s) => self.only_source(s),
                // The source has a younger one, which is what is missing.
                Verdict::OnlyTarget(t)
                    if self.terms.source_compacts && t.key.is_some_and(|key| keys.contains(&key)) =>
                {
                    self.tally.cleaned += 1;
                }
                Verdict::OnlyTarget(t) => self.only_target(t, beside),
            }
        }
    }

    /// Says whether a record left over at the target is what became of one left over at the source.
    fn is_twin(&self, source: &Identity, target: &Identity) -> bool {
        let is_mapped = || {
            let map = self.terms.map.as_ref()?;
            let told =
                map.to_target(SourceOffset(source.offset)) == Translation::Exact(TargetOffset(target.offset));
            Some(
                told && map.to_source(TargetOffset(target.offset))
                    == Translation::Exact(SourceOffset(source.offset)),
            )
        };
        let may_be_cleaned = self.terms.source_compacts || self.terms.target_compacts;
        source.key == target.key && (!may_be_cleaned || is_mapped().unwrap_or(false))
    }

    fn only_source(&mut self, record: &Identity) {
        if self.terms.left_out.iter().any(|range| range.contains(&record.offset)) {
            self.tally.left_out += 1;
            return;
        }
        match record.key {
            // The cleaner takes tombstones too, when they have been there long enough.
            Some(_) if self.terms.target_compacts && record.is_tombstone => self.tally.cleaned += 1,
            Some(key) if self.terms.target_compacts => {
                self.superseded_at_target.entry(key).or_default().push(record.offset);
            }
            _ => self.note(Kind::Missing, Some(record.offset), None),
        }
    }

    fn only_target(&mut self, record: &Identity, beside: &[Identity]) {
        if let Some(source) = self.recently(record, beside) {
            return self.note(Kind::Doubled, Some(source), Some(record.offset));
        }
        match record.key {
            Some(_) if self.terms.source_compacts && record.is_tombstone => self.tally.cleaned += 1,
            Some(key) if self.terms.source_compacts => {
                self.superseded_at_source.entry(key).or_default().push(record.offset);
            }
            _ => self.note(Kind::Extra, None, Some(record.offset)),
        }
    }

    /// Finds the record at the source, among what was or is about to be compared.
    fn recently(&mut self, record: &Identity, beside: &[Identity]) -> Option<i64> {
        let mut batches = Side::new(i64::MIN..i64::MAX);
        self.recent_batches.drain(..).for_each(|batch| batches.push(batch));
        batches.decode(usize::MAX);
        self.recent_records.extend(batches.records());
        self.recent_records.make_contiguous().sort_by_key(|record| record.offset);
        let surplus = self.recent_records.len().saturating_sub(RECENT_RECORDS);
        self.recent_records.drain(..surplus);
        let same = self.same();
        let coming = self.source.records().iter().take(RECENT_RECORDS);
        let known =
            self.recent_records.iter().rev().chain(beside.iter().rev().take(RECENT_RECORDS)).chain(coming);
        known.into_iter().find(|source| same.is(source, record)).map(|source| source.offset)
    }

    /// A younger record of a key explains why the target has an older one no more.
    fn see_target(&mut self, record: &Identity) {
        if let Some(cleaned) = record.key.and_then(|key| self.superseded_at_target.remove(&key)) {
            self.tally.cleaned += cleaned.len() as u64;
        }
    }

    fn see_source(&mut self, record: &Identity) {
        if let Some(cleaned) = record.key.and_then(|key| self.superseded_at_source.remove(&key)) {
            self.tally.cleaned += cleaned.len() as u64;
        }
    }

    /// Names what no younger record explained.
    fn settle(&mut self) {
        let mut missing: Vec<i64> =
            std::mem::take(&mut self.superseded_at_target).into_values().flatten().collect();
        missing.sort_unstable();
        missing.into_iter().for_each(|offset| self.note(Kind::Missing, Some(offset), None));
        let mut extra: Vec<i64> =
            std::mem::take(&mut self.superseded_at_source).into_values().flatten().collect();
        extra.sort_unstable();
        extra.into_iter().for_each(|offset| self.note(Kind::Extra, None, Some(offset)));
    }

    fn check_map(&mut self, source: i64, target: i64, count: i64) {
        let Some(map) = self.terms.map.clone() else { return };
        let checked = map_check::check(&map, source, target, count);
        self.tally.unmapped += checked.unmapped;
        for (place, count) in checked.wrong {
            self.note(Kind::Mistranslated, Some(place.source), Some(place.target));
            self.tally.count(Kind::Mistranslated, count - 1);
        }
    }

    fn note(&mut self, kind: Kind, source: Option<i64>, target: Option<i64>) {
        self.tally.count(kind, 1);
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(Finding { kind, source, target });
        }
    }
}
