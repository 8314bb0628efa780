//! A partition's offset map when all is copied (guarantee G6): every single offset of both logs is looked up,
//! and the answer compared with where the record of that content stands.

use std::collections::BTreeSet;

use strait::engine::offset_map::{OffsetMap, Run, Translation, Untranslated};
use strait::types::{SourceOffset, TargetOffset};

/// Copies that are shown on each side of what is wrong.
const AROUND: usize = 6;

/// Holds where a partition's records stand, as another client read them.
pub struct Places {
    /// Names the partition where something is wrong.
    pub name: String,
    /// Source and target offset of each copy, in order.
    pub copies: Vec<(i64, i64)>,
    /// The source offsets that held a record all the time.
    pub at_source: BTreeSet<i64>,
    /// The end offsets of both logs.
    pub ends: (i64, i64),
}

/// Counts what was looked up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Charted {
    /// Answers that were exact, of both directions.
    pub exact: usize,
    /// Answers that were bounds.
    pub bounds: usize,
}

impl std::ops::AddAssign for Charted {
    fn add_assign(&mut self, other: Self) {
        self.exact += other.exact;
        self.bounds += other.bounds;
    }
}

/// One direction: the sides of a pair are those asked for and those answered.
struct Direction<'a> {
    what: &'static str,
    places: &'a Places,
    /// Asked and answered offset of each copy, and whether the source still has it.
    copies: Vec<(i64, i64, bool)>,
    from: i64,
    to: (i64, i64),
}

/// Looks up every offset, both ways. Returns what is wrong first, if anything.
pub fn chart(map: &OffsetMap, places: &Places) -> Result<Charted, String> {
    let (from, to) = (map.from(), map.to());
    let name = &places.name;
    let last = places.copies.last().copied().unwrap_or((-1, -1));
    let is_end = to.source == places.ends.0 && to.target > last.1 && to.target <= places.ends.1;
    if !is_end || from.source != 0 {
        return Err(format!("{name}: the map is of {from:?} to {to:?}, the logs end at {:?}", places.ends));
    }
    let is_left = |source: &i64| places.at_source.contains(source);
    let copies = places.copies.iter();
    let there = Direction {
        what: "source",
        places,
        copies: copies.clone().map(|(source, target)| (*source, *target, is_left(source))).collect(),
        from: from.source,
        to: (to.source, to.target),
    };
    let back = Direction {
        what: "target",
        places,
        copies: copies.map(|(source, target)| (*target, *source, is_left(source))).collect(),
        from: from.target,
        to: (to.target, to.source),
    };
    let with_runs = |wrong: Wrong| format!("{}; the map says there: {:?}", wrong.words, wrong.runs(map));
    let mut charted =
        there.sail(|offset| number(map.to_target(SourceOffset(offset)), |to| to.0)).map_err(with_runs)?;
    charted +=
        back.sail(|offset| number(map.to_source(TargetOffset(offset)), |to| to.0)).map_err(with_runs)?;
    Ok(charted)
}

/// Says what is wrong, with what may tell why.
struct Wrong {
    words: String,
    /// Source and target offsets of the copies around it.
    copies: Vec<(i64, i64)>,
}

impl Wrong {
    /// Returns the runs that lie where the copies do.
    fn runs(&self, map: &OffsetMap) -> Vec<Run> {
        let [first, last] =
            [self.copies.first(), self.copies.last()].map(|copy| copy.map_or(0, |copy| copy.0));
        let behind = map.runs().partition_point(|run| run.source + run.count < first);
        let reaches_in = map.runs()[behind..].iter().take_while(|run| run.source <= last);
        reaches_in.copied().collect()
    }
}

fn number<T>(found: Translation<T>, offset: impl Fn(T) -> i64) -> Translation<i64> {
    match found {
        Translation::Exact(found) => Translation::Exact(offset(found)),
        Translation::AtOrBefore(found) => Translation::AtOrBefore(offset(found)),
        Translation::Unknown(why) => Translation::Unknown(why),
    }
}

impl Direction<'_> {
    fn sail(&self, ask: impl Fn(i64) -> Translation<i64>) -> Result<Charted, Wrong> {
        let mut charted = Charted::default();
        let mut before = 0;
        for offset in 0..=self.to.0 + 1 {
            let found = ask(offset);
            let at = self.copies.partition_point(|copy| copy.0 < offset);
            let right = self.copies.get(at).map_or(self.to.1, |copy| copy.1);
            let is_right = match found {
                Translation::Exact(answer) => {
                    charted.exact += 1;
                    before = answer;
                    let is_inside = (self.from..=self.to.0).contains(&offset);
                    is_inside && (answer == right || self.is_as_good(at, answer))
                }
                // Only where a copy was made of what the source has no more, and never of what it has.
                Translation::AtOrBefore(bound) => {
                    charted.bounds += 1;
                    let is_left = self.copies.get(at).is_some_and(|copy| copy.0 == offset && copy.2);
                    let is_in_order = before <= bound && bound <= right;
                    before = bound;
                    is_in_order && !is_left && self.is_any_gone(bound, right)
                }
                Translation::Unknown(Untranslated::BeforeMap { first }) => {
                    offset < self.from && first == self.from
                }
                Translation::Unknown(Untranslated::NotCopied { next }) => {
                    offset > self.to.0 && next == self.to.0
                }
                Translation::Unknown(Untranslated::NoMap) => false,
            };
            if !is_right {
                let (name, what) = (&self.places.name, self.what);
                let around = at.saturating_sub(AROUND)..(at + AROUND).min(self.copies.len());
                let near = &self.copies[around.clone()];
                let words = format!(
                    "{name}: {what} offset {offset} is {found:?}, and {right} is right; copies there (from, to, \
                     is still at the source): {near:?}"
                );
                return Err(Wrong { words, copies: self.places.copies[around].to_vec() });
            }
        }
        Ok(charted)
    }

    /// Tells whether a reader that goes on at `answer` reads the same copies as one that goes on at the copy
    /// at index `at`, of which only its place, among markers, is not known, its record being gone.
    fn is_as_good(&self, at: usize, answer: i64) -> bool {
        let is_behind_before = at.checked_sub(1).is_none_or(|before| self.copies[before].1 < answer);
        is_behind_before && self.copies.get(at).is_some_and(|copy| !copy.2 && answer < copy.1)
    }

    /// Tells whether a copy that is answered by an offset from `bound` to `right` is of what is gone.
    fn is_any_gone(&self, bound: i64, right: i64) -> bool {
        let first = self.copies.partition_point(|copy| copy.1 < bound);
        self.copies[first..].iter().take_while(|copy| copy.1 <= right).any(|copy| !copy.2)
    }
}

#[cfg(test)]
mod tests {
    use strait::engine::offset_map::Pair;

    use super::*;

    /// Source: 0 1 2 - 4 5 6 -, with 2 gone since; target: 0 1 - (2) 4 5 6, a marker where the `-` is.
    fn logs() -> (OffsetMap, Places) {
        let mut map = OffsetMap::new(Pair { source: 0, target: 0 });
        map.append(0, 0, 2);
        map.lose_track();
        map.append(4, 4, 3);
        map.reach(Pair { source: 8, target: 7 });
        let copies = vec![(0, 0), (1, 1), (2, 3), (4, 4), (5, 5), (6, 6)];
        let at_source = [0, 1, 4, 5, 6].into();
        (map, Places { name: "t[0]".to_owned(), copies, at_source, ends: (8, 7) })
    }

    #[test]
    fn a_right_map_is_found_right() {
        let (map, places) = logs();
        // Offset 2 is exact both ways: it is where track is lost, and nothing but the marker is before 3.
        assert_eq!(chart(&map, &places), Ok(Charted { exact: 15, bounds: 2 }));
    }

    #[test]
    fn what_is_wrong_in_a_map_is_found() {
        let wrong = |change: &dyn Fn(&mut OffsetMap, &mut Places)| {
            let (mut map, mut places) = logs();
            change(&mut map, &mut places);
            chart(&map, &places).unwrap_err()
        };
        let moved = wrong(&|_, places| places.copies[4].1 = 6);
        assert!(moved.contains("source offset 5 is Exact(5), and 6 is right"), "{moved}");
        let missing = wrong(&|_, places| places.copies.retain(|copy| copy.0 != 5));
        assert!(missing.contains("source offset 5 is Exact(5), and 6 is right"), "{missing}");
        let lazy = wrong(&|_, places| places.at_source.extend([2]));
        assert!(lazy.contains("source offset 2 is Exact(2), and 3 is right"), "{lazy}");
        let short = wrong(&|_, places| places.ends.0 = 9);
        assert!(short.contains("the logs end at (9, 7)"), "{short}");
        let cut = wrong(&|map, _| map.truncate(Pair { source: 6, target: 6 }));
        assert!(cut.contains("the map is of"), "{cut}");
    }
}
