//! Where a flow begins that follows upon another one's copies (guarantees G1 and G6), against a model that remembers
//! where every record stands at both ends: gaps in either log, records that applications wrote at the target too
//! early, stranded records that are appended or left, and the original flow behind the way back.

use std::collections::BTreeMap;

use proptest::prelude::*;
use strait::engine::offset_map::{OffsetMap, Pair, Translation};
use strait::failback::seed::{Facts, Seed, seed};
use strait::types::{SourceOffset, TargetOffset};

/// What happens, in this order.
#[derive(Clone, Debug)]
struct Course {
    begin: Pair,
    /// What the flow copies: source gap, target gap, and whether somebody writes at the target in front of it.
    copied: Vec<(i64, i64, bool)>,
    stranded: i64,
    is_appended: bool,
    /// What applications write at the target, with the gap in front; the stranded ones are appended behind `behind`.
    new: Vec<i64>,
    behind: usize,
    /// Gaps at the source between what comes back.
    gaps: Vec<i64>,
}

fn courses() -> impl Strategy<Value = Course> {
    let copied = prop::collection::vec((0..3_i64, 0..3_i64, prop::bool::weighted(0.1)), 1..30);
    let new = prop::collection::vec(0..3_i64, 0..20);
    let gaps = prop::collection::vec(0..2_i64, 50);
    let begin = (0..5_i64, 0..9_i64).prop_map(|(source, target)| Pair { source, target });
    (begin, copied, 0..6_i64, any::<bool>(), new, 0..20_usize, gaps).prop_map(
        |(begin, copied, stranded, is_appended, new, behind, gaps)| Course {
            begin,
            copied,
            stranded,
            is_appended,
            new,
            behind,
            gaps,
        },
    )
}

/// Where a record stands at the source and at the target.
type Places = BTreeMap<u32, (Option<i64>, Option<i64>)>;

struct World {
    places: Places,
    end: Pair,
}

impl World {
    fn add(&mut self, source: Option<i64>, target: Option<i64>) {
        let id = u32::try_from(self.places.len()).unwrap();
        self.places.insert(id, (source, target));
        self.end.source = self.end.source.max(source.map_or(0, |offset| offset + 1));
        self.end.target = self.end.target.max(target.map_or(0, |offset| offset + 1));
    }

    /// Says what going on at `there` instead of at `here` leaves out and reads again.
    fn difference(&self, is_back: bool, here: i64, there: i64) -> (usize, usize) {
        let both = self.places.values().filter_map(|(source, target)| {
            let (source, target) = ((*source)?, (*target)?);
            Some(if is_back { (target, source) } else { (source, target) })
        });
        let (mut left_out, mut again) = (0, 0);
        for (own, other) in both {
            left_out += usize::from(own >= here && other < there);
            again += usize::from(own < here && other >= there);
        }
        (left_out, again)
    }

    fn check(&self, map: &OffsetMap, is_back: bool) -> Result<(), TestCaseError> {
        for here in map.from().source..=map.to().source {
            let found = map.to_target(SourceOffset(here));
            match found {
                Translation::Exact(there) => {
                    let told = self.difference(is_back, here, there.0);
                    prop_assert_eq!(told, (0, 0), "{} goes to {} exactly, {:?}", here, there, map);
                }
                Translation::AtOrBefore(there) => {
                    let (left_out, _) = self.difference(is_back, here, there.0);
                    prop_assert_eq!(left_out, 0, "{} goes to {} or behind, {:?}", here, there, map);
                }
                Translation::Unknown(why) => prop_assert!(false, "{}: {}", here, why),
            }
        }
        Ok(())
    }
}

fn play(course: &Course) -> Result<(), TestCaseError> {
    let mut world = World { places: Places::new(), end: course.begin };
    let mut map = OffsetMap::new(course.begin);
    let mut early = Vec::new();
    for (source_gap, target_gap, is_early) in &course.copied {
        if *is_early {
            early.push(world.end.target);
            world.add(None, Some(world.end.target));
        }
        let place = Pair { source: world.end.source + source_gap, target: world.end.target + target_gap };
        world.add(Some(place.source), Some(place.target));
        map.append(place.source, place.target, 1);
    }
    // The marker of the fence.
    world.end.target += 1;
    map.reach(world.end);
    let left = world.end;
    let stranded: Vec<i64> = (left.source..left.source + course.stranded).collect();
    let mut fresh: Vec<i64> = early.clone();
    let mut appended_until = None;
    let is_appended = course.is_appended && !stranded.is_empty();
    world.end.source += course.stranded;
    let mut append = |world: &mut World| {
        for source in &stranded {
            world.add(Some(*source), is_appended.then_some(world.end.target));
        }
        appended_until = is_appended.then_some(world.end.target);
    };
    let behind = course.behind.min(course.new.len());
    for (index, gap) in course.new.iter().enumerate() {
        if index == behind {
            append(&mut world);
        }
        let target = world.end.target + gap;
        fresh.push(target);
        world.add(None, Some(target));
    }
    if behind == course.new.len() {
        append(&mut world);
    }

    // The way back.
    let facts = Facts { uncopied: early.first().copied(), appended_until, target_end: world.end.source };
    let begun = seed(map.reversed(), facts);
    let Seed { map: mut back, checkpoint } = begun;
    prop_assert!(checkpoint.source == early.first().copied().unwrap_or(left.target));
    prop_assert!(checkpoint.target >= world.end.source);
    for (target, gap) in fresh.iter().zip(&course.gaps) {
        prop_assert!(*target >= checkpoint.source, "nothing new is in front of the begin");
        let source = world.end.source + gap;
        back.append(*target, source, 1);
        let place = world.places.values_mut().find(|(_, at)| *at == Some(*target)).unwrap();
        place.0 = Some(source);
        world.end.source = source + 1;
    }
    let end = world.end;
    back.reach(Pair { source: end.target, target: end.source });
    world.check(&back, true)?;

    // The original flow behind it, which knows the same.
    let facts = Facts { uncopied: None, appended_until: None, target_end: end.target };
    let again = seed(back.reversed(), facts);
    prop_assert_eq!(again.checkpoint, end);
    world.check(&again.map, false)?;
    // Both ways one map.
    for offset in back.from().source..=back.to().source {
        let forth = back.to_target(SourceOffset(offset));
        let told = back.reversed().to_source(TargetOffset(offset));
        let same = match (forth, told) {
            (Translation::Exact(a), Translation::Exact(b)) => a.0 == b.0,
            (Translation::AtOrBefore(a), Translation::AtOrBefore(b)) => a.0 == b.0,
            // Where a stretch ends between two records, read backwards it ends at the later one.
            (Translation::Exact(a), Translation::AtOrBefore(b)) => b.0 <= a.0,
            (a, b) => matches!((a, b), (Translation::Unknown(_), Translation::Unknown(_))),
        };
        prop_assert!(same, "{}: {:?} and {:?}", offset, forth, told);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn g1_g6_a_flow_that_follows_upon_anothers_copies_leaves_nothing_out(course in courses()) {
        play(&course)?;
    }
}
