//! Compares what two clusters hold, record by record (guarantees G1 to G5).

use std::collections::BTreeMap;

use super::cluster::Cluster;
use super::records::{Isolation, Record, read_all};

/// Asserts that `target` holds exactly the committed records of `source`, in order, in the same
/// partitions, and that no reader of the target sees anything else. Returns how many there are.
pub fn assert_same(source: &Cluster, target: &Cluster, topic: &str) -> usize {
    assert_same_renamed(source, topic, target, topic)
}

/// Does the same where the topic has another name at the target.
pub fn assert_same_renamed(
    source: &Cluster,
    source_topic: &str,
    target: &Cluster,
    target_topic: &str,
) -> usize {
    let wanted = read_all(source, source_topic, Isolation::ReadCommitted);
    let found = read_all(target, target_topic, Isolation::ReadUncommitted);
    if let Some(difference) = first_difference(source_topic, &wanted, &found) {
        panic!("{difference}");
    }
    wanted.values().map(Vec::len).sum()
}

/// Describes the first place where two topics differ; offsets are not compared, order is.
pub fn first_difference(
    topic: &str,
    source: &BTreeMap<i32, Vec<Record>>,
    target: &BTreeMap<i32, Vec<Record>>,
) -> Option<String> {
    if !source.keys().eq(target.keys()) {
        return Some(format!("{topic}: source has {} partitions, target {}", source.len(), target.len()));
    }
    source.iter().find_map(|(partition, wanted)| {
        let found = &target[partition];
        let place = format!("{topic}[{partition}]");
        let differing = wanted.iter().zip(found).enumerate().find_map(|(index, (wanted, found))| {
            let what = difference(wanted, found)?;
            let (at, to) = (wanted.offset, found.offset);
            Some(format!("{place} record {index} (source offset {at}, target offset {to}): {what}"))
        });
        differing.or_else(|| {
            let (wanted_len, found_len) = (wanted.len(), found.len());
            (wanted_len != found_len).then(|| {
                let (longer, who) =
                    if wanted_len > found_len { (wanted, "source") } else { (found, "target") };
                let first = &longer[wanted_len.min(found_len)];
                let at = format!("the first without counterpart is at {who} offset {}", first.offset);
                format!("{place}: source has {wanted_len} records, target {found_len}; {at}")
            })
        })
    })
}

fn difference(source: &Record, target: &Record) -> Option<String> {
    if source.key != target.key {
        return Some(format!("key: source {}, target {}", show(&source.key), show(&target.key)));
    }
    if source.value != target.value {
        return Some(format!("value: source {}, target {}", show(&source.value), show(&target.value)));
    }
    if source.headers != target.headers {
        return Some(format!("headers: source {:?}, target {:?}", source.headers, target.headers));
    }
    (source.timestamp_ms != target.timestamp_ms)
        .then(|| format!("timestamp: source {:?}, target {:?}", source.timestamp_ms, target.timestamp_ms))
}

fn show(bytes: &Option<Vec<u8>>) -> String {
    match bytes {
        None => "null".to_owned(),
        Some(bytes) => {
            let start = String::from_utf8_lossy(&bytes[..bytes.len().min(40)]);
            format!("{} bytes {start:?}", bytes.len())
        }
    }
}
