//! Where a flow is to begin that follows upon another one's copies; pure.

use crate::engine::failback_records::Stretch;
use crate::engine::offset_map::{OffsetMap, Pair, Translation};
use crate::types::SourceOffset;

/// Says what a partition's state is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seed {
    /// The whole offset map, up to the checkpoint.
    pub map: OffsetMap,
    /// The checkpoint.
    pub checkpoint: Pair,
}

/// Says what is known of one partition besides its map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The first source offset in front of the map's end whose record is not at the target.
    pub uncopied: Option<i64>,
    /// The first source offset behind copies that stand at the source behind records they stand in front of at
    /// the target.
    pub appended_until: Option<i64>,
    /// The target's end: later copies stand at or behind it.
    pub target_end: i64,
}

/// Begins a flow at the end of `map`, or at the first record in front of it that is not at the target: what is
/// copied from there on is passed over by its producer ids.
pub fn seed(map: OffsetMap, facts: Facts) -> Seed {
    let end = map.to();
    let at = match facts.uncopied.filter(|uncopied| *uncopied < end.source) {
        Some(uncopied) => Pair { source: uncopied, target: target_of(&map, uncopied) },
        None => end,
    };
    let until = [facts.appended_until, (at != end).then_some(end.source)].into_iter().flatten().max();
    let mut stretches = map.stretches().to_vec();
    let mut map = map;
    map.truncate(at);
    let stretch = |source_until| Stretch { source_from: at.source, target_from: at.target, source_until };
    stretches.extend(until.filter(|until| *until > at.source).map(stretch));
    let checkpoint = Pair { source: at.source, target: facts.target_end.max(at.target) };
    map.reach(checkpoint);
    Seed { map: map.with_stretches(stretches), checkpoint }
}

/// Returns the target offset in front of which stand the copies of all that is in front of a source offset.
fn target_of(map: &OffsetMap, offset: i64) -> i64 {
    match map.to_target(SourceOffset(offset)) {
        Translation::Exact(target) | Translation::AtOrBefore(target) => target.0,
        Translation::Unknown(_) => map.from().target,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Source 0 to 9 at target 100 to 109, 12 to 19 at 112 to 119; both end at a marker.
    fn map() -> OffsetMap {
        let mut map = OffsetMap::new(Pair { source: 0, target: 100 });
        map.append(0, 100, 10);
        map.append(12, 112, 8);
        map.reach(Pair { source: 21, target: 121 });
        map
    }

    fn to(seed: &Seed, offset: i64) -> Translation<i64> {
        match seed.map.to_target(SourceOffset(offset)) {
            Translation::Exact(target) => Translation::Exact(target.0),
            Translation::AtOrBefore(target) => Translation::AtOrBefore(target.0),
            Translation::Unknown(why) => Translation::Unknown(why),
        }
    }

    #[test]
    fn g6_a_flow_begins_behind_what_another_copied_and_its_map_knows_that() {
        let seed = seed(map(), Facts { target_end: 150, ..Facts::default() });
        assert_eq!(seed.checkpoint, Pair { source: 21, target: 150 });
        assert_eq!([to(&seed, 5), to(&seed, 19)], [105, 119].map(Translation::Exact));
        // The next copy stands behind the target's end, whatever stands there of its own.
        assert_eq!(to(&seed, 21), Translation::Exact(150));
    }

    #[test]
    fn g1_a_record_in_front_of_the_begin_that_nobody_copied_moves_it_there() {
        let seed = seed(map(), Facts { uncopied: Some(10), target_end: 150, ..Facts::default() });
        assert_eq!(seed.checkpoint, Pair { source: 10, target: 150 });
        assert_eq!(to(&seed, 9), Translation::Exact(109));
        assert_eq!(
            to(&seed, 10),
            Translation::AtOrBefore(112),
            "all from there on is read: nothing is left out"
        );
        let mut grown = seed.map;
        grown.append(10, 150, 2);
        grown.append(25, 152, 3);
        let grown = Seed { map: grown, checkpoint: seed.checkpoint };
        assert_eq!([to(&grown, 11), to(&grown, 20)], [Translation::AtOrBefore(112); 2]);
        assert_eq!([to(&grown, 25), to(&grown, 26)], [152, 153].map(Translation::Exact));
    }

    #[test]
    fn g6_a_group_in_front_of_appended_records_goes_back_to_where_they_stand_at_the_source() {
        // At the source of the way back 21 to 29 are new, 30 to 34 the appended copies.
        let mut seeded = seed(map(), Facts { uncopied: None, appended_until: Some(35), target_end: 126 });
        // 121 to 125 are the records that were appended.
        seeded.map.append(21, 126, 9);
        seeded.map.append(36, 135, 4);
        assert_eq!(to(&seeded, 19), Translation::Exact(119));
        assert_eq!(to(&seeded, 20), Translation::Exact(121));
        assert_eq!(to(&seeded, 21), Translation::AtOrBefore(121));
        assert_eq!([to(&seeded, 22), to(&seeded, 30), to(&seeded, 34)], [Translation::AtOrBefore(121); 3]);
        assert_eq!([to(&seeded, 35), to(&seeded, 37)], [135, 136].map(Translation::Exact));
        // The same map from the other side.
        let back = Seed { map: seeded.map.reversed(), checkpoint: seeded.checkpoint };
        assert_eq!([to(&back, 119), to(&back, 120)], [19, 21].map(Translation::Exact));
        assert_eq!([to(&back, 123), to(&back, 134)], [Translation::AtOrBefore(21); 2]);
        assert_eq!([to(&back, 135), to(&back, 136)], [36, 37].map(Translation::Exact));
    }
}
