//! `verify` against logs of which it is known what is wrong with the copy.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use strait::engine::offset_map::{OffsetMap, Pair};
use strait::kafka::batch::RawBatch;
use strait::kafka::records::encode_pairs;
use strait::verify::differ::{Differ, Need};
use strait::verify::finding::{Finding, Kind, Tally};
use strait::verify::terms::Terms;

/// A log: (offset, key, value), in order.
type Log = Vec<(i64, Option<u64>, String)>;

fn batch(records: &[(i64, Option<u64>, String)]) -> RawBatch {
    let pairs: Vec<_> = records
        .iter()
        .map(|(_, key, value)| {
            let key = key.map_or_else(Vec::new, |key| format!("k{key}").into_bytes());
            (key, (value != "null").then(|| value.clone().into_bytes()))
        })
        .collect();
    let made = encode_pairs(&pairs, 1_700_000_000_000);
    let mut header = made.header;
    header.base_offset = records[0].0;
    let mut bytes = made.bytes.to_vec();
    bytes[..8].copy_from_slice(&header.base_offset.to_be_bytes());
    RawBatch { header, bytes: bytes.into() }
}

/// Cuts a log into batches of `sizes` in turn; a batch ends at a gap.
fn batches(log: &Log, sizes: &[usize]) -> Vec<RawBatch> {
    let mut made = Vec::new();
    let mut rest = log.as_slice();
    let mut sizes = sizes.iter().cycle();
    while !rest.is_empty() {
        let wanted = (*sizes.next().unwrap()).min(rest.len());
        let dense = (1..wanted).take_while(|at| rest[*at].0 == rest[*at - 1].0 + 1).count() + 1;
        made.push(batch(&rest[..dense]));
        rest = &rest[dense..];
    }
    made
}

struct Ends {
    source: Log,
    target: Log,
    map: Option<OffsetMap>,
    is_open: bool,
    compacts: (bool, bool),
}

fn compare(ends: &Ends, sizes: (&[usize], &[usize])) -> (Tally, Vec<Finding>) {
    let terms = Terms {
        source: 0..i64::MAX,
        target: 0..i64::MAX,
        is_open: ends.is_open,
        is_restamped: false,
        source_compacts: ends.compacts.0,
        target_compacts: ends.compacts.1,
        left_out: Vec::new(),
        map: ends.map.clone().map(Arc::new),
    };
    let mut differ = Differ::new(terms);
    let mut source = batches(&ends.source, sizes.0).into_iter();
    let mut target = batches(&ends.target, sizes.1).into_iter();
    loop {
        match differ.advance() {
            Need::Source => match source.next() {
                Some(batch) => differ.push_source(batch),
                None => differ.end_source(),
            },
            Need::Target => match target.next() {
                Some(batch) => differ.push_target(batch),
                None => differ.end_target(),
            },
            Need::Nothing => return differ.finish(),
        }
    }
}

/// What is done to the copy of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Plant {
    Drop,
    Double,
    SwapWithNext,
    Change,
    Insert,
}

fn plants() -> impl Strategy<Value = BTreeMap<usize, Plant>> {
    let plant = prop_oneof![
        Just(Plant::Drop),
        Just(Plant::Double),
        Just(Plant::SwapWithNext),
        Just(Plant::Change),
        Just(Plant::Insert),
    ];
    prop::collection::btree_map(0_usize..300, plant, 0..4).prop_map(|plants| {
        // Far enough from each other that each is one difference of its own.
        let mut last = None;
        let keep = plants.into_iter().filter(|(at, _)| {
            let is_far = last.is_none_or(|last| *at > last + 24);
            last = if is_far { Some(*at) } else { last };
            is_far
        });
        keep.collect()
    })
}

fn source_log(count: usize, gaps: &[usize]) -> Log {
    let mut offset = 0;
    (0..count)
        .map(|index| {
            offset += 1 + i64::from(gaps.contains(&index));
            (offset, Some(index as u64 % 17), format!("value {index}"))
        })
        .collect()
}

/// Copies with faults; returns the copy, the true map, and what is to be found.
fn copied(source: &Log, plants: &BTreeMap<usize, Plant>) -> (Log, OffsetMap, Vec<(Kind, u64)>) {
    let mut target: Log = Vec::new();
    let mut map = OffsetMap::new(Pair { source: 0, target: 0 });
    let mut due: BTreeMap<Kind, u64> = BTreeMap::new();
    let mut next = 0;
    let mut put = |key, value: String| {
        target.push((next, key, value));
        next += 1;
        next - 1
    };
    let mut index = 0;
    while index < source.len() {
        let (offset, key, value) = source[index].clone();
        let mut count = |kind| *due.entry(kind).or_default() += 1;
        match plants.get(&index) {
            None => map.append(offset, put(key, value), 1),
            Some(Plant::Drop) if index + 1 < source.len() => count(Kind::Missing),
            Some(Plant::Double) => {
                map.append(offset, put(key, value.clone()), 1);
                put(key, value);
                count(Kind::Doubled);
            }
            Some(Plant::SwapWithNext) if index + 1 < source.len() => {
                let (_, key_behind, value_behind) = source[index + 1].clone();
                put(key_behind, value_behind);
                put(key, value);
                index += 1;
                count(Kind::Reordered);
            }
            Some(Plant::Change) => {
                put(key, format!("{value}!"));
                count(Kind::Changed);
            }
            Some(Plant::Insert) => {
                put(Some(99), format!("nobody wrote {index}"));
                map.append(offset, put(key, value), 1);
                count(Kind::Extra);
            }
            // A record dropped at the very end is one not copied yet.
            Some(_) => {}
        }
        index += 1;
    }
    (target, map, due.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn g11_verify_finds_exactly_what_is_wrong_with_a_copy(
        count in 1_usize..320,
        gaps in prop::collection::vec(0_usize..320, 0..5),
        plants in plants(),
        s_sizes in prop::collection::vec(1_usize..40, 1..5),
        t_sizes in prop::collection::vec(1_usize..40, 1..5),
        with_map: bool,
    ) {
        let source = source_log(count, &gaps);
        let (target, map, due) = copied(&source, &plants);
        let mut map = map;
        map.reach(Pair { source: source.last().unwrap().0 + 1, target: target.last().map_or(0, |l| l.0 + 1) });
        let swapped = due.iter().find(|(kind, _)| *kind == Kind::Reordered).map_or(0, |(_, count)| *count);
        let ends = Ends { source, target, map: with_map.then_some(map), is_open: true, compacts: (false, false) };
        let (tally, findings) = compare(&ends, (&s_sizes, &t_sizes));
        for kind in Kind::ALL {
            let due = due.iter().find(|(known, _)| *known == kind).map_or(0, |(_, count)| *count);
            // Of two records that change places one keeps its rank and is found where no map has it.
            let allowed = if kind == Kind::Mistranslated { due..=due + swapped } else { due..=due };
            prop_assert!(allowed.contains(&tally.of(kind)), "{:?}: {:?}, {:?}", kind, tally, findings);
        }
        prop_assert_eq!(findings.len() as u64, tally.faults());
    }

    #[test]
    fn g11_a_map_shifted_by_one_is_found_at_every_record(
        count in 2_usize..200,
        from in 1_usize..200,
        sizes in prop::collection::vec(1_usize..40, 1..5),
    ) {
        let from = from.min(count - 1);
        let source = source_log(count, &[]);
        let target: Log = source.iter().enumerate().map(|(at, r)| (at as i64, r.1, r.2.clone())).collect();
        let mut map = OffsetMap::new(Pair { source: 0, target: 0 });
        map.append(source[0].0, 0, from as i64);
        map.append(source[from].0, from as i64 + 1, (count - from) as i64);
        let ends = Ends { source, target, map: Some(map), is_open: false, compacts: (false, false) };
        let (tally, findings) = compare(&ends, (&sizes, &sizes));
        prop_assert_eq!(tally.of(Kind::Mistranslated), (count - from) as u64);
        prop_assert_eq!(tally.faults(), tally.of(Kind::Mistranslated));
        let first = findings[0];
        prop_assert_eq!((first.source, first.target), (Some(ends.source[from].0), Some(from as i64)));
    }

    #[test]
    fn g11_what_compaction_took_at_either_end_is_no_fault_and_a_lost_last_value_is(
        keys in prop::collection::vec(0_u64..12, 2..200),
        at_source in prop::collection::vec(any::<bool>(), 200),
        at_target in prop::collection::vec(any::<bool>(), 200),
        lose in prop::option::of(0_u64..12),
        sizes in prop::collection::vec(1_usize..40, 1..5),
    ) {
        let whole: Log = keys.iter().enumerate().map(|(at, key)| (at as i64, Some(*key), format!("v{at}"))).collect();
        let newest = |key: u64| keys.iter().rposition(|known| *known == key);
        let kept = |marks: &[bool]| -> Log {
            let is_kept = |at: &i64| marks[*at as usize] || newest(keys[*at as usize]) == Some(*at as usize);
            whole.iter().filter(|(at, ..)| is_kept(at)).cloned().collect()
        };
        let source = kept(&at_source);
        let mut target = kept(&at_target);
        let lost = lose.and_then(newest).filter(|at| *at + 1 < keys.len());
        // Nothing of the key is left at the target, as where its last value was never copied.
        target.retain(|(at, key, _)| lost.is_none() || *key != lose || (*at as usize) > lost.unwrap());
        let ends = Ends { source, target, map: None, is_open: false, compacts: (true, true) };
        let (tally, findings) = compare(&ends, (&sizes, &sizes));
        let due = lost.map_or(0, |_| ends.source.iter().filter(|(_, key, _)| *key == lose).count() as u64);
        prop_assert_eq!(tally.of(Kind::Missing), due, "{:?} {:?}", tally, findings);
        prop_assert_eq!(tally.faults(), due, "{:?} {:?}", tally, findings);
    }
}

#[test]
fn batches_of_the_same_bytes_are_not_decompressed() {
    let source = source_log(1_000, &[]);
    let target: Log = source.iter().enumerate().map(|(at, r)| (at as i64, r.1, r.2.clone())).collect();
    let ends = Ends { source, target, map: None, is_open: false, compacts: (false, false) };
    let (tally, findings) = compare(&ends, (&[100], &[100]));
    assert_eq!((tally.matched, tally.matched_whole, findings.len()), (1_000, 1_000, 0));
}

#[test]
fn many_records_missing_in_a_row_are_counted_one_by_one() {
    let source = source_log(30_000, &[]);
    let without: Log = [&source[..5_000], &source[25_000..]].concat();
    let target: Log = without.iter().enumerate().map(|(at, r)| (at as i64, r.1, r.2.clone())).collect();
    let ends = Ends { source, target, map: None, is_open: false, compacts: (false, false) };
    let (tally, findings) = compare(&ends, (&[500], &[700]));
    assert_eq!((tally.of(Kind::Missing), tally.faults(), tally.matched), (20_000, 20_000, 10_000));
    assert_eq!(findings[0], Finding { kind: Kind::Missing, source: Some(5_001), target: None });
}

#[test]
fn what_is_not_copied_yet_is_no_fault_where_the_range_is_open_and_one_where_it_is_not() {
    let source = source_log(100, &[]);
    let target: Log = source[..60].iter().enumerate().map(|(at, r)| (at as i64, r.1, r.2.clone())).collect();
    let mut ends = Ends { source, target, map: None, is_open: true, compacts: (false, false) };
    let (tally, _) = compare(&ends, (&[7], &[9]));
    assert_eq!((tally.behind, tally.faults()), (40, 0));
    ends.is_open = false;
    let (tally, _) = compare(&ends, (&[7], &[9]));
    assert_eq!((tally.behind, tally.of(Kind::Missing)), (0, 40));
}
