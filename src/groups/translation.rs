//! One offset, translated with what is known of both logs (guarantee G6).

use crate::engine::mapping::Mapped;
use crate::engine::offset_map::{Translation, Untranslated};
use crate::types::{SourceOffset, TargetOffset};

/// Holds an offset of the other side, and what has to be said about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Translated {
    /// The offset to go on at.
    pub offset: i64,
    /// Why it is only a bound; `None` where it is exact.
    pub bound: Option<Bound>,
    /// Where the own side's log begins now, if the offset lies before it: what stood between is gone there.
    pub is_before_log: Option<i64>,
    /// Where the other side's log begins, if the offset's copy lay before it: what stood between is gone there.
    pub is_raised_from: Option<i64>,
}

/// Says why going on at a translated offset may read records again. None is ever left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Bound {
    /// The offset lies behind what is copied: the group goes on where the copy ends.
    #[error("it lies behind what is copied, which ends before {next}")]
    Ahead {
        /// The first offset that is not copied, as far as was looked.
        next: i64,
    },
    /// The records there are copied, one does not know where.
    #[error(
        "where its record stands was lost track of; every record from there on is its copy or a later one"
    )]
    LostTrack,
    /// The records around it stand in another order on the other side.
    #[error(
        "the records there stand in another order on the other side; from the begin of that stretch on all are read again"
    )]
    Reordered,
}

impl Bound {
    /// Returns a stable name.
    pub fn code(self) -> &'static str {
        match self {
            Self::Ahead { .. } => "ahead_of_copy",
            Self::LostTrack => "lost_track",
            Self::Reordered => "reordered",
        }
    }
}

/// Translates a source offset. Only an offset before everything that was ever copied has no translation.
pub fn to_target(mapped: &Mapped, offset: i64) -> Result<Translated, Untranslated> {
    let translate = |offset| untyped(mapped.map.to_target(SourceOffset(offset)), |target| target.0);
    let (from, to) = (mapped.map.from().source, mapped.map.to().source);
    let is_reordered = |offset| mapped.map.is_source_reordered(offset);
    translated(offset, [from, to, mapped.source_first, mapped.target_first], translate, is_reordered)
}

/// Translates a target offset.
pub fn to_source(mapped: &Mapped, offset: i64) -> Result<Translated, Untranslated> {
    let translate = |offset| untyped(mapped.map.to_source(TargetOffset(offset)), |source| source.0);
    let (from, to) = (mapped.map.from().target, mapped.map.to().target);
    let is_reordered = |offset| mapped.map.is_target_reordered(offset);
    translated(offset, [from, to, mapped.target_first, mapped.source_first], translate, is_reordered)
}

fn untyped<T>(translation: Translation<T>, of: impl FnOnce(T) -> i64) -> Translation<i64> {
    match translation {
        Translation::Exact(offset) => Translation::Exact(of(offset)),
        Translation::AtOrBefore(offset) => Translation::AtOrBefore(of(offset)),
        Translation::Unknown(why) => Translation::Unknown(why),
    }
}

/// `from` and `to` are the map's bounds on the own side, `first` and `other_first` the logs' starts.
fn translated(
    offset: i64,
    [from, to, first, other_first]: [i64; 4],
    translate: impl Fn(i64) -> Translation<i64>,
    is_reordered: impl Fn(i64) -> bool,
) -> Result<Translated, Untranslated> {
    // What stood before the log's start is read by nobody any more: the next record is the first there is.
    let asked = if offset < from && from <= first { from } else { offset.min(to) };
    let (found, bound) = match translate(asked) {
        Translation::Exact(found) if offset > to => (found, Some(Bound::Ahead { next: to })),
        Translation::Exact(found) => (found, None),
        Translation::AtOrBefore(found) if is_reordered(asked) => (found, Some(Bound::Reordered)),
        Translation::AtOrBefore(found) => (found, Some(Bound::LostTrack)),
        Translation::Unknown(why) => return Err(why),
    };
    Ok(Translated {
        offset: found.max(other_first),
        bound,
        is_before_log: (offset < first).then_some(first),
        is_raised_from: (found < other_first).then_some(found),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::engine::offset_map::{OffsetMap, Pair};

    /// Source 100 to 109 at target 5 to 14; 112 to 119 (a marker and an aborted record before) at 16 to 23.
    fn mapped(source_first: i64, target_first: i64) -> Mapped {
        let mut map = OffsetMap::new(Pair { source: 100, target: 5 });
        map.append(100, 5, 10);
        map.append(112, 16, 8);
        map.reach(Pair { source: 121, target: 25 });
        Mapped { map, source_first, target_first, stopped: None }
    }

    fn exact(offset: i64) -> Translated {
        Translated { offset, bound: None, is_before_log: None, is_raised_from: None }
    }

    #[test]
    fn g6_every_offset_inside_the_copy_is_exact() {
        let mapped = mapped(100, 0);
        let of = |offset| to_target(&mapped, offset).unwrap();
        assert_eq!([of(100), of(109), of(110), of(111), of(112)], [5, 14, 16, 16, 16].map(exact));
        assert_eq!([of(119), of(120), of(121)], [23, 25, 25].map(exact), "behind the last: the next copy's");
    }

    #[test]
    fn g6_ahead_of_the_copy_is_its_end_and_a_bound() {
        let ahead = to_target(&mapped(100, 0), 150).unwrap();
        assert_eq!((ahead.offset, ahead.bound), (25, Some(Bound::Ahead { next: 121 })));
    }

    #[test]
    fn g6_before_the_log_the_next_record_is_the_first_and_before_the_copy_nothing_is_known() {
        let gone = to_target(&mapped(100, 0), 40).unwrap();
        assert_eq!((gone.offset, gone.bound, gone.is_before_log), (5, None, Some(100)));
        // Records 40 to 99 are there still, and were never copied.
        assert_eq!(to_target(&mapped(0, 0), 40), Err(Untranslated::BeforeMap { first: 100 }));
        assert_eq!(to_target(&mapped(60, 0), 99), Err(Untranslated::BeforeMap { first: 100 }));
    }

    #[test]
    fn g6_what_the_targets_retention_took_is_told() {
        let raised = to_target(&mapped(100, 12), 101).unwrap();
        assert_eq!((raised.offset, raised.bound, raised.is_raised_from), (12, None, Some(6)));
    }

    #[test]
    fn g6_the_way_back_is_the_same_map() {
        let mapped = mapped(100, 0);
        let of = |offset| to_source(&mapped, offset).unwrap();
        assert_eq!([of(5), of(14), of(15), of(16), of(25)], [100, 109, 112, 112, 121].map(exact));
        assert_eq!(of(30).bound, Some(Bound::Ahead { next: 25 }));
    }
}
