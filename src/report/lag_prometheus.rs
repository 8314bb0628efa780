//! Lag in the text format that Prometheus scrapes (0.0.4), for stdout and for node_exporter's textfiles.
//!
//! What is not known has no sample and is counted: never NaN, never 0 (guarantee G11). Help texts are
//! constant, for node_exporter drops a family whose help differs between files; there are no timestamps,
//! for they make it skip a file.

use std::collections::BTreeMap;

use crate::lag::groups::GroupLag;
use crate::lag::measure::{PartitionLag, Status};
use crate::lag::outcome::{FlowLag, Lag};

/// Holds when checks ran, by flow.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checks {
    /// When this one ran, in seconds since 1970.
    pub run_s: f64,
    /// When each flow was read last, in seconds since 1970; what fails now keeps its earlier time.
    pub last_success_s: BTreeMap<String, f64>,
    /// Flows that are known from earlier only, as where the configuration cannot be read now.
    pub known: Vec<String>,
}

/// Names every metric; a test compares what is written with it.
pub const NAMES: &[&str] = &[
    "strait_replication_lag_records",
    "strait_replication_lag_seconds",
    "strait_replication_lag_bytes_estimated",
    "strait_replication_retention_used_ratio",
    "strait_replication_open_transaction_records",
    "strait_replication_trouble",
    "strait_group_source_lag_records",
    "strait_group_target_lag_records",
    "strait_group_apart_records",
    "strait_replication_lag_partitions_unknown",
    "strait_lag_check_up",
    "strait_lag_check_last_run_timestamp_seconds",
    LAST_SUCCESS,
];
const LAST_SUCCESS: &str = "strait_lag_check_last_success_timestamp_seconds";

impl Checks {
    /// Takes over from an earlier file when flows were read.
    pub fn after(earlier: &str, run_s: f64) -> Self {
        let mut checks = Self { run_s, ..Self::default() };
        for line in earlier.lines() {
            let told = line.strip_prefix(LAST_SUCCESS).and_then(|rest| rest.strip_prefix("{flow=\""));
            if let Some((flow, value)) = told.and_then(|rest| rest.split_once("\"} "))
                && let Ok(at) = value.trim().parse::<f64>()
                && at.is_finite()
            {
                checks.last_success_s.insert(flow.to_owned(), at);
            }
            let up = line.strip_prefix("strait_lag_check_up{flow=\"").and_then(|rest| rest.split_once('"'));
            checks.known.extend(up.map(|(flow, _)| flow.to_owned()));
        }
        checks
    }
}

/// One family: name, help, and its samples.
#[derive(Clone)]
struct Family {
    name: &'static str,
    help: &'static str,
    samples: Vec<(String, f64)>,
}

/// Writes the page.
pub fn page(lag: &Lag, checks: &Checks) -> String {
    let families = [partition_families(lag), group_families(lag), check_families(lag, checks)].concat();
    let mut text = String::new();
    for Family { name, help, samples } in families {
        let samples: Vec<_> = samples.into_iter().filter(|(_, value)| value.is_finite()).collect();
        if samples.is_empty() {
            continue;
        }
        text.push_str(&format!("# HELP {name} {help}\n# TYPE {name} gauge\n"));
        for (labels, value) in samples {
            text.push_str(&format!("{name}{{{labels}}} {value}\n"));
        }
    }
    text
}

fn partition_families(lag: &Lag) -> Vec<Family> {
    let each = |name, help, value: &dyn Fn(&PartitionLag) -> Option<f64>| Family {
        name,
        help,
        samples: lag.partitions().filter_map(|row| Some((partition_labels(row), value(row)?))).collect(),
    };
    vec![
        each(
            "strait_replication_lag_records",
            "Source offsets not yet copied, as the clusters tell",
            &|row| row.records.map(real),
        ),
        each(
            "strait_replication_lag_seconds",
            "Age of the oldest source record not yet copied, as the clusters tell",
            &|row| row.seconds,
        ),
        each(
            "strait_replication_lag_bytes_estimated",
            "Bytes not yet copied, estimated from the batches at the position",
            &|row| row.bytes_estimated.map(real),
        ),
        each(
            "strait_replication_retention_used_ratio",
            "Part of the source's retention that the lag takes up; at 1 records are lost",
            &|row| row.retention_used,
        ),
        each(
            "strait_replication_open_transaction_records",
            "Source offsets that open transactions hold back",
            &|row| row.bounds.map(|bounds| real(bounds.high_watermark - bounds.end)),
        ),
        each(
            "strait_replication_trouble",
            "1 where a partition stalls, stopped, lost records before they were copied, or is another log",
            &|row| Some(if row.status.is_bad() { 1.0 } else { 0.0 }),
        ),
    ]
}

fn group_families(lag: &Lag) -> Vec<Family> {
    let each = |name, help, value: &dyn Fn(&GroupLag) -> Option<i64>| Family {
        name,
        help,
        samples: lag
            .groups()
            .filter_map(|group| {
                let labels =
                    format!("flow=\"{}\",group=\"{}\"", escaped(group.flow.as_str()), escaped(&group.group));
                Some((labels, real(value(group)?)))
            })
            .collect(),
    };
    vec![
        each(
            "strait_group_source_lag_records",
            "Source offsets a consumer group has not read, in the flow's topics",
            &GroupLag::source_lag,
        ),
        each(
            "strait_group_target_lag_records",
            "Target offsets the consumer group of the same name has not read",
            &GroupLag::target_lag,
        ),
        each(
            "strait_group_apart_records",
            "Source offsets by which a group's place at the target is behind its place at the source",
            &GroupLag::apart,
        ),
    ]
}

fn check_families(lag: &Lag, checks: &Checks) -> Vec<Family> {
    let label = |flow: &str| format!("flow=\"{}\"", escaped(flow));
    let read = || lag.flows.iter().map(|flow| flow.flow.as_str());
    let unread: Vec<&str> = lag.unread.iter().map(|flow| flow.as_str()).collect();
    let only_known =
        checks.known.iter().map(String::as_str).filter(|_| lag.flows.is_empty() && unread.is_empty());
    let down: Vec<&str> = unread.iter().copied().chain(only_known).collect();
    let all = || read().chain(down.iter().copied());
    let unknown = |flow: &FlowLag| {
        real_count(flow.partitions.iter().filter(|row| row.status == Status::Unknown).count())
    };
    let family = |name, help, samples| Family { name, help, samples };
    let last_success = |flow: &str| match read().any(|known| known == flow) {
        true => Some(checks.run_s),
        false => checks.last_success_s.get(flow).copied(),
    };
    vec![
        family(
            "strait_replication_lag_partitions_unknown",
            "Partitions whose lag is not known and has no sample",
            lag.flows.iter().map(|flow| (label(flow.flow.as_str()), unknown(flow))).collect(),
        ),
        family(
            "strait_lag_check_up",
            "1 where the last check could read the flow",
            read().map(|flow| (label(flow), 1.0)).chain(down.iter().map(|flow| (label(flow), 0.0))).collect(),
        ),
        family(
            "strait_lag_check_last_run_timestamp_seconds",
            "When the last check ran",
            all().map(|flow| (label(flow), checks.run_s)).collect(),
        ),
        family(
            LAST_SUCCESS,
            "When a check could last read the flow",
            all().filter_map(|flow| Some((label(flow), last_success(flow)?))).collect(),
        ),
    ]
}

fn partition_labels(row: &PartitionLag) -> String {
    let (flow, topic) = (escaped(row.flow.as_str()), escaped(row.source.topic.as_str()));
    format!("flow=\"{flow}\",topic=\"{topic}\",partition=\"{}\"", row.source.partition)
}

/// Escapes a label's value.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[expect(clippy::cast_precision_loss, reason = "offsets of any log fit 52 bits")]
fn real(value: i64) -> f64 {
    value as f64
}

#[expect(clippy::cast_precision_loss, reason = "a number of partitions")]
fn real_count(value: usize) -> f64 {
    value as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lag::measure::tests::row;
    use crate::lag::outcome::tests::lag;

    #[test]
    fn g11_what_is_unknown_has_no_sample_and_is_counted() {
        let known = PartitionLag { records: Some(48_213), seconds: Some(94.25), ..row(7) };
        let nan = PartitionLag { seconds: Some(f64::NAN), ..row(8) };
        let unknown = PartitionLag { status: Status::Unknown, ..row(9) };
        let checks = Checks { run_s: 1_795_000_000.5, ..Checks::default() };
        let text = page(&lag(vec![known, nan, unknown]), &checks);
        let has = |line: &str| assert!(text.lines().any(|each| each == line), "{line} in\n{text}");
        has("strait_replication_lag_records{flow=\"us-eu\",topic=\"orders\",partition=\"7\"} 48213");
        has("strait_replication_lag_seconds{flow=\"us-eu\",topic=\"orders\",partition=\"7\"} 94.25");
        has("strait_replication_lag_partitions_unknown{flow=\"us-eu\"} 1");
        has("strait_lag_check_up{flow=\"us-eu\"} 1");
        has("strait_lag_check_last_success_timestamp_seconds{flow=\"us-eu\"} 1795000000.5");
        assert!(!text.contains("NaN") && !text.contains("partition=\"9\"} 0\nstrait_replication_lag"));
        assert_eq!(text.matches("strait_replication_lag_records{").count(), 1);
        assert!(text.ends_with('\n'));
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            assert_eq!(
                line.rsplit_once(' ').map(|(_, value)| value.parse::<f64>().is_ok()),
                Some(true),
                "{line}"
            );
        }
    }

    #[test]
    fn all_names_are_listed() {
        let checks = Checks::default();
        let lag = lag(Vec::new());
        let families = [partition_families(&lag), group_families(&lag), check_families(&lag, &checks)];
        let names: Vec<&str> = families.concat().iter().map(|family| family.name).collect();
        assert_eq!(names, NAMES);
    }

    #[test]
    fn g11_a_failed_check_is_down_and_keeps_when_it_last_succeeded() {
        let first = page(&lag(vec![row(0)]), &Checks { run_s: 100.0, ..Checks::default() });
        let failed = Lag { unread: vec!["us-eu".into()], ..Lag::default() };
        let second = page(&failed, &Checks::after(&first, 200.0));
        for line in [
            "strait_lag_check_up{flow=\"us-eu\"} 0",
            "strait_lag_check_last_run_timestamp_seconds{flow=\"us-eu\"} 200",
            "strait_lag_check_last_success_timestamp_seconds{flow=\"us-eu\"} 100",
        ] {
            assert!(second.lines().any(|each| each == line), "{line} in\n{second}");
        }
        assert!(!second.contains("strait_replication_lag_records"));
        // A configuration that cannot be read names no flow; the file before does.
        assert_eq!(page(&Lag::default(), &Checks::after(&second, 200.0)), second);
    }
}
