//! An offset map held against records that were found side by side (guarantee G6).

use crate::engine::offset_map::{OffsetMap, Pair, Translation};
use crate::types::SourceOffset;

/// Says how a map agrees with what was found.
#[derive(Debug, Default)]
pub struct Checked {
    /// Where wrong translations begin, and how many records each stretch has.
    pub wrong: Vec<(Pair, u64)>,
    /// Records whose offset the map does not know, or knows a bound for.
    pub unmapped: u64,
}

/// Checks `count` records that stand from `source` and from `target` on.
pub fn check(map: &OffsetMap, source: i64, target: i64, count: i64) -> Checked {
    let mut checked = Checked::default();
    let mut at = 0;
    while at < count {
        let (s, t) = (source + at, target + at);
        let behind = map.runs().partition_point(|run| run.source <= s);
        let run = behind.checked_sub(1).map(|index| map.runs()[index]);
        let run = run.filter(|run| s < run.source + run.count);
        let (length, is_right) = match run {
            Some(run) => {
                ((run.source + run.count - s).min(count - at), Some(run.target + s - run.source == t))
            }
            None if s >= map.to().source => (count - at, None),
            None => (1, is_translated(map, s, t)),
        };
        match is_right {
            Some(true) => {}
            Some(false) => checked.wrong.push((Pair { source: s, target: t }, length.unsigned_abs())),
            None => checked.unmapped += length.unsigned_abs(),
        }
        at += length;
    }
    checked
}

/// Says whether an offset between runs is translated rightly; `None` where only a bound is told.
fn is_translated(map: &OffsetMap, source: i64, target: i64) -> Option<bool> {
    match map.to_target(SourceOffset(source)) {
        Translation::Exact(told) => Some(told.0 == target),
        Translation::AtOrBefore(_) | Translation::Unknown(_) => None,
    }
}
