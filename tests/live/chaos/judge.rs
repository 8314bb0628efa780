//! What must stand at the target when all is over (guarantees G1 to G6).

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::Ordering;

use super::lane::Lane;
use super::load::{ABORTED, Ledger, OTHER_PARTITIONS, TRIMMED_PARTITIONS, number_of};
use crate::harness::compare::first_difference;
use crate::harness::records::{Isolation, NewRecord, Record, read_all, watermarks};
use crate::status_map::{map, status_of};
use crate::support::offset_chart::{Charted, Places, chart};

/// A topic's records by partition.
type Read = BTreeMap<i32, Vec<Record>>;

/// Counts what was compared.
#[derive(Clone, Copy, Debug, Default)]
pub struct Judged {
    /// Records of the trimmed topics.
    pub trimmed: usize,
    /// Records of the compacted topics.
    pub compacted: usize,
    /// Records of the other topics.
    pub others: usize,
    /// Offsets looked up in the offset maps.
    pub map: Charted,
}

/// Asserts that every committed record of a lane is at the target once and in order, and nothing else, and
/// that the offset map says of every offset where it stands.
pub fn judge(lane: &Lane<'_>, ledger: &Ledger) -> Judged {
    let state = status_of(&lane.config);
    lane.note(&state.to_string());
    let partitions = state["partitions"].as_array().unwrap();
    let mut judged = Judged::default();
    let mut count = 0;
    for topic in lane.topics.all() {
        let source = read_all(lane.source, topic, Isolation::ReadCommitted);
        let target = read_all(lane.target, topic, Isolation::ReadUncommitted);
        if topic == lane.topics.trimmed {
            judged.trimmed += judge_trimmed(topic, &target, ledger);
        } else if topic == lane.topics.compacted {
            judged.compacted += judge_compacted(topic, &source[&0], &target[&0], ledger);
        } else {
            judged.others += judge_other(topic, &source, &target);
        }
        for partition in partitions.iter().filter(|partition| partition["topic"] == topic) {
            let index = i32::try_from(partition["partition"].as_i64().unwrap()).unwrap();
            let places = places(lane, topic, index, (&source[&index], &target[&index]));
            judged.map +=
                chart(&map(partition), &places).unwrap_or_else(|wrong| panic!("seed {}: {wrong}", lane.seed));
            count += 1;
        }
        assert_eq!(target.len(), source.len(), "{topic}");
    }
    assert_eq!(count, TRIMMED_PARTITIONS + 1 + 2 * OTHER_PARTITIONS, "a map for each partition: {state}");
    judged
}

/// Says where each record stands. Those of trimmed and compacted topics are numbered like their offsets,
/// also where the source has them no more; of the others it has all, in the same order.
fn places(lane: &Lane<'_>, topic: &str, partition: i32, (source, target): (&[Record], &[Record])) -> Places {
    let is_numbered =
        [&lane.topics.trimmed, &lane.topics.compacted].iter().any(|numbered| *numbered == topic);
    let copies: Vec<(i64, i64)> = if is_numbered {
        for record in source {
            assert_eq!(Ok(record.offset), i64::try_from(number_of(record)), "{topic}[{partition}]");
        }
        let number = |record| i64::try_from(number_of(record)).unwrap();
        target.iter().map(|record| (number(record), record.offset)).collect()
    } else {
        source.iter().zip(target).map(|(one, other)| (one.offset, other.offset)).collect()
    };
    let trimmed_before = if topic == lane.topics.trimmed {
        lane.trimmed_before[usize::try_from(partition).unwrap()].load(Ordering::Relaxed)
    } else {
        0
    };
    let held = source.iter().map(|record| record.offset);
    Places {
        name: format!("{topic}[{partition}]"),
        copies,
        at_source: held.filter(|offset| *offset >= trimmed_before).collect(),
        ends: (watermarks(lane.source, topic, partition).1, watermarks(lane.target, topic, partition).1),
    }
}

fn judge_other(topic: &str, source: &Read, target: &Read) -> usize {
    if let Some(difference) = first_difference(topic, source, target) {
        panic!("{difference}");
    }
    for record in target.values().flatten() {
        let value = record.value.as_ref().unwrap();
        assert!(!value.starts_with(ABORTED), "an aborted record arrived: {record:?}");
    }
    target.values().map(Vec::len).sum()
}

/// The source has lost what was copied, so what counts is what its producer was told.
fn judge_trimmed(topic: &str, found: &Read, ledger: &Ledger) -> usize {
    let mut count = 0;
    for partition in 0..TRIMMED_PARTITIONS {
        let found = &found[&partition];
        for (number, found) in (0..).zip(found) {
            let wanted = ledger.trimmed_record(partition, number);
            assert!(
                is_same(&wanted, found),
                "{topic}[{partition}] {number}: wanted {wanted:?}, got {found:?}"
            );
        }
        assert_eq!(found.len() as u64, ledger.trimmed(partition), "{topic}[{partition}]");
        count += found.len();
    }
    count
}

/// A record may be missing where a later one of its key was written: the source may have compacted it
/// before it was copied. The target's topic is not compacted, so nothing is hidden here.
fn judge_compacted(topic: &str, source: &[Record], found: &[Record], ledger: &Ledger) -> usize {
    let mut next = 0;
    let mut present = Vec::new();
    for record in found {
        let number = number_of(record);
        assert!(number >= next, "{topic}: number {number} came again or too late, after {}", next - 1);
        let wanted = ledger.compacted_record(number);
        assert!(is_same(&wanted, record), "{topic} {number}: wanted {wanted:?}, got {record:?}");
        present.push(number);
        next = number + 1;
    }
    let newest: HashMap<Vec<u8>, u64> =
        (0..ledger.compacted()).map(|number| (Ledger::key(number), number)).collect();
    for number in newest.values().filter(|number| ledger.compacted_record(**number).value.is_some()) {
        assert!(present.binary_search(number).is_ok(), "{topic}: number {number}, a newest one, is missing");
    }
    for record in source {
        let number = number_of(record);
        assert!(present.binary_search(&number).is_ok(), "{topic}: the source's number {number} is missing");
    }
    found.len()
}

fn is_same(wanted: &NewRecord, found: &Record) -> bool {
    wanted.key == found.key
        && wanted.value == found.value
        && wanted.headers == found.headers
        && Some(wanted.timestamp_ms) == found.timestamp_ms
}
