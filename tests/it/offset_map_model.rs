//! Translating offsets (guarantee G6) against a model that remembers where every record stands: logs with
//! gaps at either end, tails that the source no longer explains, owners that crash, take over and come back too late,
//! chunks that were dropped because both logs begin behind them.

use std::collections::BTreeMap;

use proptest::prelude::*;
use strait::engine::offset_map::{
    CHUNK_RUNS, Chunk, ChunkId, Growing, OffsetMap, Pair, Translation, Untranslated, assemble,
};
use strait::engine::tail::{Matched, MatchedRun};
use strait::types::{SourceOffset, TargetOffset};

#[derive(Clone, Debug)]
enum Step {
    /// `count` records are copied behind `gap` source offsets and `markers` target offsets.
    Copy { gap: i64, markers: i64, count: i64 },
    /// Records with a gap behind each.
    Thinned { count: usize, gap: i64 },
    /// The position moves over offsets that hold nothing to copy.
    Pass { gap: i64 },
    /// Map and checkpoint are kept.
    Keep,
    /// Another owner takes over; of the tail, compaction took every record from the source whose offset is
    /// `rest` modulo `by`. Its position is behind the last one found, or where the owner before was.
    TakeOver { by: i64, rest: i64, falls_back: bool },
    /// Compaction takes records from the source whose copies' places are known, or not yet.
    Compact { by: i64, rest: i64 },
    /// The owner before writes what it has.
    Late,
    /// Both logs lose what stands in the first chunks.
    Trim { chunks: usize },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..3_i64, 0..3_i64, 1..9_i64).prop_map(|(gap, markers, count)| Step::Copy { gap, markers, count }),
        1 => (1..CHUNK_RUNS, 1..3_i64).prop_map(|(count, gap)| Step::Thinned { count, gap }),
        1 => (1..4_i64).prop_map(|gap| Step::Pass { gap }),
        3 => Just(Step::Keep),
        2 => (1..6_i64, 0..8_i64, any::<bool>())
            .prop_map(|(by, rest, falls_back)| Step::TakeOver { by, rest, falls_back }),
        1 => (2..6_i64, 0..4_i64).prop_map(|(by, rest)| Step::Compact { by, rest }),
        1 => Just(Step::Late),
        1 => (0..2_usize).prop_map(|chunks| Step::Trim { chunks }),
    ];
    prop::collection::vec(step, 1..40)
}

/// A record's copy.
#[derive(Clone, Copy, Debug)]
struct Copied {
    source: i64,
    target: i64,
    /// The source has its record no more.
    is_gone: bool,
    /// It was found at the source, or its owner lived to write down where it put it.
    is_placed: bool,
}

/// Both logs, the state topic, and the owners.
struct World {
    next: Pair,
    copies: Vec<Copied>,
    chunks: BTreeMap<ChunkId, Vec<u8>>,
    checkpoint: Pair,
    owner: Growing,
    late: Option<Growing>,
    /// Where both logs begin.
    first: Pair,
}

impl World {
    fn new(from: Pair) -> Self {
        let owner = Growing::anew(from.target, from);
        let mut world = Self {
            next: from,
            copies: Vec::new(),
            chunks: BTreeMap::new(),
            checkpoint: from,
            owner,
            late: None,
            first: from,
        };
        world.keep();
        world
    }

    fn copy(&mut self, count: i64) {
        let Pair { source, target } = self.next;
        let each = (0..count).map(|i| Copied {
            source: source + i,
            target: target + i,
            is_gone: false,
            is_placed: true,
        });
        self.copies.extend(each);
        self.owner.append([(source, count)], target);
        self.next = Pair { source: source + count, target: target + count };
    }

    fn keep(&mut self) {
        let chunks = self.owner.chunks();
        let open = chunks.last().unwrap().0;
        self.chunks.extend(chunks.into_iter().map(|(id, chunk)| (id, chunk.encode())));
        self.owner.written(open);
        self.checkpoint = self.owner.map().to();
    }

    /// Returns what counts as the checkpoint: the newest owner's, whoever wrote one since.
    fn known(&self, newest: Option<Pair>) -> Pair {
        newest.filter(|newest| newest.target > self.checkpoint.target).unwrap_or(self.checkpoint)
    }

    /// The fence writes a marker; the tail between checkpoint and marker is found at the source.
    fn take_over(&mut self, by: i64, rest: i64, falls_back: bool) {
        let marker = self.next.target;
        self.next.target += 1;
        let last = self.chunks.last_key_value().map(|(id, bytes)| (*id, Chunk::decode(bytes).unwrap()));
        let id = last.as_ref().map(|(id, _)| *id);
        let known = self.known(last.as_ref().map(|(_, chunk)| chunk.map.to()));
        let (mut owner, is_taken_over) = Growing::behind(marker + 1, last, known);
        let mut tail = Matched { next: self.next.source, ..Matched::default() };
        let mut found = known.source;
        for copy in self.copies.iter_mut().filter(|copy| copy.target >= known.target) {
            copy.is_gone |= copy.source % by == rest;
            copy.is_placed = !copy.is_gone;
            if copy.is_placed {
                found = copy.source + 1;
                let unmatched_from = tail.unmatched_from.take();
                let (source, target) = (copy.source, copy.target);
                tail.runs.push(MatchedRun { source, target, count: 1, unmatched_from });
            } else {
                tail.unmatched_from.get_or_insert(copy.target);
            }
        }
        if falls_back {
            tail.next = found;
        }
        owner.take_tail(&tail);
        owner.reach(Pair { source: tail.next, target: self.next.target });
        self.late = Some(std::mem::replace(&mut self.owner, owner));
        self.keep();
        if is_taken_over {
            self.chunks.remove(&id.unwrap());
        }
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Copy { gap, markers, count } => {
                self.next = Pair { source: self.next.source + gap, target: self.next.target + markers };
                self.copy(count);
            }
            Step::Thinned { count, gap } => {
                for _ in 0..count {
                    self.copy(1);
                    self.next.source += gap;
                }
            }
            Step::Pass { gap } => {
                self.next.source += gap;
                let target = self.owner.map().to().target;
                self.owner.reach(Pair { source: self.next.source, target });
            }
            Step::Keep => self.keep(),
            Step::TakeOver { by, rest, falls_back } => self.take_over(by, rest, falls_back),
            Step::Compact { by, rest } => {
                for copy in self.copies.iter_mut().filter(|copy| copy.source % by == rest) {
                    copy.is_gone = true;
                }
            }
            Step::Late => {
                let Some(late) = &mut self.late else { return };
                // Reading on, it does not see that it was fenced out until it has something to copy: what was
                // copied meanwhile and is gone from the source is nothing.
                let Pair { source, target } = late.map().to();
                let next = self.copies.iter().find(|copy| copy.source >= source && !copy.is_gone);
                late.reach(Pair { source: next.map_or(self.next.source, |copy| copy.source), target });
                self.chunks.extend(late.chunks().into_iter().map(|(id, chunk)| (id, chunk.encode())));
                // Its checkpoint only makes the next tail longer.
                let to = late.map().to();
                if to.source >= self.first.source && to.target >= self.first.target {
                    self.checkpoint = to;
                }
            }
            Step::Trim { chunks } => {
                let first: Vec<ChunkId> = self.chunks.keys().copied().take(chunks).collect();
                if self.chunks.len() > first.len() {
                    for chunk in first.iter().filter_map(|id| self.chunks.remove(id)) {
                        // A chunk written late may lie before what is gone already.
                        let to = Chunk::decode(&chunk).unwrap().map.to();
                        let Pair { source, target } = self.first;
                        self.first = Pair { source: source.max(to.source), target: target.max(to.target) };
                    }
                }
            }
        }
    }

    /// Reads the whole map, as another process does.
    fn read(&self) -> OffsetMap {
        assemble(self.chunks.values().map(|bytes| Chunk::decode(bytes).unwrap())).unwrap()
    }
}

/// Checks one translation; `copies` are (own side, other side, all of it) in order. Of offsets in front of both
/// logs, which nobody can read, only that nothing is left out; of what stood in front of the other log
/// nothing can be.
fn check(
    offset: i64,
    found: Translation<i64>,
    copies: &[(i64, i64, Copied)],
    (from, to): (i64, i64),
    other_to: i64,
    (is_held, other_first, is_other_source): (bool, i64, bool),
) -> Result<(), TestCaseError> {
    let next = copies.partition_point(|(own, ..)| *own < offset);
    let last_placed = copies[..next].iter().rev().find(|(.., copy)| copy.is_placed);
    let held = copies[next..].iter().find(|(_, other, _)| *other >= other_first);
    let right = held.map_or(other_to, |(_, other, _)| *other);
    // What the source has no more is not read there again.
    let readable =
        |(_, other, copy): &&(i64, i64, Copied)| *other >= other_first && !(copy.is_gone && is_other_source);
    let read = copies[..next].iter().rfind(readable).map(|(_, other, _)| *other);
    match found {
        Translation::Unknown(Untranslated::BeforeMap { first }) => {
            prop_assert_eq!(first, from);
            prop_assert!(offset < from);
        }
        Translation::Unknown(why) => {
            prop_assert_eq!(why, Untranslated::NotCopied { next: to });
            prop_assert!(offset > to);
        }
        Translation::Exact(at) => {
            prop_assert!((from..=to).contains(&offset));
            prop_assert!(at <= right, "{at} leaves out what stands at {right}");
            prop_assert!(read.is_none_or(|read| read < at), "{at} reads {read:?} again");
            if let Some((_, other, copy)) = copies.get(next).filter(|_| is_held)
                && copy.is_placed
            {
                // Also where it stood before the other log's begin.
                prop_assert!(at == right || at == *other, "{at} is not the copy at {other}");
            }
        }
        Translation::AtOrBefore(at) => {
            prop_assert!(at <= right, "{at} leaves out what stands at {right}");
            // Only where the record in front or the one at hand has no known place.
            let near = copies[..next].last().into_iter().chain(copies.get(next));
            prop_assert!(
                !is_held || near.clone().any(|(.., copy)| !copy.is_placed),
                "at {offset} all is known"
            );
            prop_assert!(!is_held || last_placed.is_none_or(|(_, other, _)| *other < at), "as late as known");
        }
    }
    Ok(())
}

/// Compares every offset of both logs with what the model remembers.
fn compare(world: &World, map: &OffsetMap) -> Result<(), TestCaseError> {
    let (from, to, first) = (map.from(), map.to(), world.first);
    let known = world.copies.iter().filter(|copy| copy.target < to.target);
    let there: Vec<_> = known.clone().map(|copy| (copy.source, copy.target, *copy)).collect();
    let back: Vec<_> = known.map(|copy| (copy.target, copy.source, *copy)).collect();
    for offset in -1..world.next.source + 2 {
        let found = match map.to_target(SourceOffset(offset)) {
            Translation::Exact(at) => Translation::Exact(at.0),
            Translation::AtOrBefore(at) => Translation::AtOrBefore(at.0),
            Translation::Unknown(why) => Translation::Unknown(why),
        };
        check(
            offset,
            found,
            &there,
            (from.source, to.source),
            to.target,
            (offset >= first.source, first.target, false),
        )?;
    }
    for offset in -1..world.next.target + 2 {
        let found = match map.to_source(TargetOffset(offset)) {
            Translation::Exact(at) => Translation::Exact(at.0),
            Translation::AtOrBefore(at) => Translation::AtOrBefore(at.0),
            Translation::Unknown(why) => Translation::Unknown(why),
        };
        check(
            offset,
            found,
            &back,
            (from.target, to.target),
            to.source,
            (offset >= first.target, first.source, true),
        )?;
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever happened, every offset of both logs translates to the right one, to a bound that says so,
    /// or to nothing.
    #[test]
    fn g6_every_offset_translates_as_the_model_remembers(
        from in (0..5_i64, 0..5_i64),
        steps in steps(),
    ) {
        let mut world = World::new(Pair { source: from.0, target: from.1 });
        steps.iter().for_each(|step| world.step(step));
        world.keep();
        compare(&world, &world.read())?;
    }
}

/// The figure docs/guarantees.md names: a log thinned to every other record, the most runs there can be,
/// takes three bytes a run on the state topic, and gaps of any length one or two more.
#[test]
fn g8_a_million_runs_take_as_many_bytes_as_the_page_says() {
    let bytes = |gap: i64| {
        let mut owner = Growing::anew(0, Pair::default());
        let mut written = BTreeMap::new();
        for index in 0..1_000_000 {
            owner.append([(index * (1 + gap), 1)], index);
            if owner.pieces() > 4 * CHUNK_RUNS {
                let chunks = owner.chunks();
                let open = chunks.last().unwrap().0;
                written.extend(chunks.into_iter().map(|(id, chunk)| (id, chunk.encode().len())));
                owner.written(open);
                assert!(owner.pieces() <= CHUNK_RUNS, "what is written is forgotten");
            }
        }
        written.extend(owner.chunks().into_iter().map(|(id, chunk)| (id, chunk.encode().len())));
        // With each chunk's key and record header.
        written.values().map(|bytes| bytes + 100).sum::<usize>()
    };
    let (near, far) = (bytes(1), bytes(1000));
    assert!((3_000_000..3_200_000).contains(&near), "{near}");
    assert!((4_000_000..4_200_000).contains(&far), "{far}");
}

#[test]
fn g6_what_the_owner_has_in_memory_continues_what_it_wrote_down() {
    // A gap before each record: every record is a run of its own, and chunks are closed on the way.
    let grow = |growing: &mut Growing, from: i64, to: i64| {
        for number in from..to {
            growing.append([(number * 2, 1)], 50 + number);
        }
    };
    let begin = Pair { source: 0, target: 50 };
    let mut whole = OffsetMap::new(begin);
    let mut growing = Growing::anew(50, begin);
    let chunk_runs = i64::try_from(CHUNK_RUNS).unwrap();
    let ends = [10, chunk_runs - 1, chunk_runs + 3, 3 * chunk_runs + 7];
    let mut written: BTreeMap<ChunkId, Chunk> = BTreeMap::new();
    let mut from = 0;
    for end in ends {
        grow(&mut growing, from, end);
        (from..end).for_each(|number| whole.append(number * 2, 50 + number, 1));
        from = end;
        let memory_first = growing.map().clone();
        let map = |written: &BTreeMap<ChunkId, Chunk>| assemble(written.values().cloned());
        // Looked at before and after it is written down, and with what is in memory from before that.
        if let Some(before) = map(&written) {
            assert_eq!(before.continued_by(growing.map().clone()), whole, "{end}, before");
        }
        let chunks = growing.chunks();
        let open = chunks.last().unwrap().0;
        written.extend(chunks);
        growing.written(open);
        assert_eq!(map(&written).unwrap().continued_by(memory_first), whole, "{end}, memory first");
        assert_eq!(map(&written).unwrap().continued_by(growing.map().clone()), whole, "{end}, after");
    }
}
