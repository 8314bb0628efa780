//! What must stand at the target when all is over (guarantees G1 to G5).

use std::collections::HashMap;

use super::lane::Lane;
use super::load::{ABORTED, Ledger, TRIMMED_PARTITIONS};
use crate::harness::compare::assert_same;
use crate::harness::records::{Isolation, NewRecord, Record, read_all};

/// Counts what was compared.
#[derive(Clone, Copy, Debug, Default)]
pub struct Judged {
    /// Records of the trimmed topics.
    pub trimmed: usize,
    /// Records of the compacted topics.
    pub compacted: usize,
    /// Records of the other topics.
    pub others: usize,
}

/// Asserts that every committed record of a lane is at the target once and in order, and nothing else.
pub fn judge(lane: &Lane<'_>, ledger: &Ledger) -> Judged {
    let topics = &lane.topics;
    let mut judged = Judged::default();
    for topic in [&topics.transactional, &topics.plain] {
        judged.others += assert_same(lane.source, lane.target, topic);
    }
    let transactional = read_all(lane.target, &topics.transactional, Isolation::ReadUncommitted);
    for record in transactional.values().flatten() {
        let value = record.value.as_ref().unwrap();
        assert!(!value.starts_with(ABORTED), "an aborted record arrived: {record:?}");
    }
    judged.trimmed = judge_trimmed(lane, ledger);
    judged.compacted = judge_compacted(lane, ledger);
    judged
}

/// The source has lost what was copied, so what counts is what its producer was told.
fn judge_trimmed(lane: &Lane<'_>, ledger: &Ledger) -> usize {
    let topic = &lane.topics.trimmed;
    let found = read_all(lane.target, topic, Isolation::ReadUncommitted);
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
fn judge_compacted(lane: &Lane<'_>, ledger: &Ledger) -> usize {
    let topic = &lane.topics.compacted;
    let found = &read_all(lane.target, topic, Isolation::ReadUncommitted)[&0];
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
    for record in &read_all(lane.source, topic, Isolation::ReadCommitted)[&0] {
        let number = number_of(record);
        assert!(present.binary_search(&number).is_ok(), "{topic}: the source's number {number} is missing");
    }
    found.len()
}

fn number_of(record: &Record) -> u64 {
    let header = record.headers[0].1.as_ref().unwrap();
    u64::from_be_bytes(header.as_slice().try_into().unwrap())
}

fn is_same(wanted: &NewRecord, found: &Record) -> bool {
    wanted.key == found.key
        && wanted.value == found.value
        && wanted.headers == found.headers
        && Some(wanted.timestamp_ms) == found.timestamp_ms
}
