//! How a comparison of two logs came out: a row a topic for people, one document for programs.

use std::collections::BTreeMap;

use serde::Serialize;

use super::human::{bytes, duration, or_unknown, real, whole};
use super::table::{Column, Table};
use crate::verify::finding::{Finding, Kind, Tally};

/// Names the document's shape.
pub const SCHEMA: &str = "strait/verify/v1";
/// Faults listed one by one for people; JSON has more.
const LISTED_MAX: usize = 20;

static COLUMNS: [Column; 10] = [
    Column::words("FLOW"),
    Column::words("TOPIC"),
    Column::number("SAME"),
    Column::number("MISSING"),
    Column::number("DOUBLED"),
    Column::number("EXTRA"),
    Column::number("CHANGED"),
    Column::number("MOVED"),
    Column::number("MAP"),
    Column::number("BEHIND"),
];
static FAULT_COLUMNS: [Column; 5] = [
    Column::words("FAULT"),
    Column::words("TOPIC"),
    Column::number("PARTITION"),
    Column::number("SOURCE"),
    Column::number("TARGET"),
];

/// Says what each field of a partition holds; docs/json.md is made from here.
pub const PARTITION_FIELDS: &[(&str, &str)] = &[
    ("topic", "source topic"),
    ("partition", "partition's index"),
    ("ranges", "ranges of the partition that were compared"),
    ("ranges_unread", "ranges that could not be read; what is below speaks of the others"),
    ("source_first", "first source offset compared"),
    ("source_next", "source offset behind the last one compared"),
    ("same", "records that are the same at both ends, in the same order"),
    ("same_bytes", "of these, those whose batches were the same bytes"),
    ("missing", "records at the source and not at the target"),
    ("doubled", "records at the target more often than at the source"),
    ("extra", "records of this flow at the target that are not at the source"),
    ("changed", "records with another key, value, headers or timestamp at the target"),
    ("reordered", "records that changed places"),
    ("mistranslated", "records whose offset the offset map translates wrongly"),
    ("damaged", "batches that cannot be read"),
    ("cleaned", "records that compaction took at one end"),
    ("left_out", "records left out under a policy, as recorded at the time"),
    ("foreign", "records at the target that this flow did not write"),
    ("behind", "records not copied yet"),
    ("unmapped", "records whose offset the map does not know, or knows a bound for"),
    ("faults", "the first 1,000 of each range: kind, source and target offset (null where there is none)"),
];

/// Holds how one partition came out.
#[derive(Clone, Debug, Default)]
pub struct PartitionVerified {
    /// The source topic.
    pub topic: String,
    /// The partition's index.
    pub partition: i32,
    /// Ranges compared.
    pub ranges: usize,
    /// Ranges that could not be read.
    pub ranges_unread: usize,
    /// Source offsets compared: the first, and the one behind the last.
    pub span: Option<(i64, i64)>,
    /// What was counted.
    pub tally: Tally,
    /// What was found, as far as it was kept.
    pub findings: Vec<Finding>,
}

/// Holds how one flow came out.
#[derive(Clone, Debug, Default)]
pub struct FlowVerified {
    /// The flow.
    pub flow: String,
    /// Its partitions, by topic and index.
    pub partitions: BTreeMap<(String, i32), PartitionVerified>,
    /// The share of ranges compared, where it was a sample.
    pub sample: Option<f64>,
    /// How long it took.
    pub elapsed: std::time::Duration,
}

impl FlowVerified {
    /// Adds all partitions up.
    pub fn tally(&self) -> Tally {
        let mut sum = Tally::default();
        self.partitions.values().for_each(|partition| sum += partition.tally);
        sum
    }

    /// Returns the flow in one line.
    pub fn summary(&self) -> String {
        let tally = self.tally();
        let read = real(tally.source_bytes + tally.target_bytes);
        let mut parts = vec![format!("{} records are the same at both ends", whole(tally.matched))];
        if let Some(share) = self.sample {
            parts[0] += &format!(", in a sample of {:.0} %", share * 100.0);
        }
        let mut note = |count: u64, words: &str| {
            if count > 0 {
                parts.push(format!("{} {words}", whole(count)));
            }
        };
        for kind in Kind::ALL {
            note(tally.of(kind), kind.name());
        }
        note(tally.behind, "not copied yet");
        note(tally.cleaned, "taken by compaction at one end");
        note(tally.left_out, "left out under a policy");
        note(tally.foreign, "at the target written by others");
        let verdict = if tally.faults() == 0 { "no fault" } else { "FAULTS" };
        format!(
            "{}: {verdict}: {}; {} read in {}",
            self.flow,
            parts.join(", "),
            bytes(read),
            duration(self.elapsed)
        )
    }
}

/// Lays out a row for each topic.
pub fn topics_table(flows: &[FlowVerified]) -> String {
    let mut table = Table::new(&COLUMNS);
    for flow in flows {
        let mut topics: BTreeMap<&str, Tally> = BTreeMap::new();
        for partition in flow.partitions.values() {
            *topics.entry(&partition.topic).or_default() += partition.tally;
        }
        for (topic, tally) in topics {
            let words = [flow.flow.clone(), topic.to_owned(), tally.matched.to_string()];
            let kinds = [
                Kind::Missing,
                Kind::Doubled,
                Kind::Extra,
                Kind::Changed,
                Kind::Reordered,
                Kind::Mistranslated,
            ];
            let faults = kinds.into_iter().map(|kind| tally.of(kind).to_string());
            table.row(words.into_iter().chain(faults).chain([tally.behind.to_string()]));
        }
    }
    table.render()
}

/// Lays out the first faults, `None` where there is none; the last line says how many are not shown.
pub fn faults_table(flows: &[FlowVerified]) -> Option<String> {
    let mut table = Table::new(&FAULT_COLUMNS);
    let partitions = flows.iter().flat_map(|flow| flow.partitions.values());
    let all: u64 = flows.iter().map(|flow| flow.tally().faults()).sum();
    let faults = partitions.flat_map(|p| p.findings.iter().map(move |finding| (p, finding)));
    let mut listed = 0_u64;
    for (partition, fault) in faults.take(LISTED_MAX) {
        listed += 1;
        table.row([
            fault.kind.name().to_owned(),
            partition.topic.clone(),
            partition.partition.to_string(),
            or_unknown(fault.source, |offset| offset.to_string()),
            or_unknown(fault.target, |offset| offset.to_string()),
        ]);
    }
    let left = all.saturating_sub(listed);
    let rest = if left > 0 { format!("and {} more", whole(left)) } else { String::new() };
    (listed > 0).then(|| format!("{}{rest}", table.render()))
}

/// The document's `data`.
#[derive(Debug, Serialize)]
pub struct Verified {
    flows: Vec<FlowJson>,
}

#[derive(Debug, Serialize)]
struct FlowJson {
    flow: String,
    sample: Option<f64>,
    elapsed_ms: u64,
    read_bytes: u64,
    partitions: Vec<PartitionJson>,
}

#[derive(Debug, Serialize)]
struct PartitionJson {
    topic: String,
    partition: i32,
    ranges: usize,
    ranges_unread: usize,
    source_first: Option<i64>,
    source_next: Option<i64>,
    same: u64,
    same_bytes: u64,
    missing: u64,
    doubled: u64,
    extra: u64,
    changed: u64,
    reordered: u64,
    mistranslated: u64,
    damaged: u64,
    cleaned: u64,
    left_out: u64,
    foreign: u64,
    behind: u64,
    unmapped: u64,
    faults: Vec<Finding>,
}

impl From<Vec<FlowVerified>> for Verified {
    fn from(flows: Vec<FlowVerified>) -> Self {
        Self { flows: flows.into_iter().map(FlowJson::from).collect() }
    }
}

impl From<FlowVerified> for FlowJson {
    fn from(flow: FlowVerified) -> Self {
        let tally = flow.tally();
        Self {
            flow: flow.flow,
            sample: flow.sample,
            elapsed_ms: u64::try_from(flow.elapsed.as_millis()).unwrap_or(u64::MAX),
            read_bytes: tally.source_bytes + tally.target_bytes,
            partitions: flow.partitions.into_values().map(PartitionJson::from).collect(),
        }
    }
}

impl From<PartitionVerified> for PartitionJson {
    fn from(partition: PartitionVerified) -> Self {
        let tally = partition.tally;
        Self {
            topic: partition.topic,
            partition: partition.partition,
            ranges: partition.ranges,
            ranges_unread: partition.ranges_unread,
            source_first: partition.span.map(|span| span.0),
            source_next: partition.span.map(|span| span.1),
            same: tally.matched,
            same_bytes: tally.matched_whole,
            missing: tally.of(Kind::Missing),
            doubled: tally.of(Kind::Doubled),
            extra: tally.of(Kind::Extra),
            changed: tally.of(Kind::Changed),
            reordered: tally.of(Kind::Reordered),
            mistranslated: tally.of(Kind::Mistranslated),
            damaged: tally.of(Kind::Damaged),
            cleaned: tally.cleaned,
            left_out: tally.left_out,
            foreign: tally.foreign,
            behind: tally.behind,
            unmapped: tally.unmapped,
            faults: partition.findings,
        }
    }
}
