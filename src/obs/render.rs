//! Renders a snapshot in OpenMetrics text. An unknown value has no sample: 0 would be a lie, and NaN
//! would poison every sum (guarantee G11).

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use super::names::{Kind, MetricName};
use super::snapshot::{FlowMetrics, HistogramMetrics, MetricsSnapshot, PartitionMetrics, PartitionState};

/// Returns the text of `/metrics`.
pub fn openmetrics(snapshot: MetricsSnapshot) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(SnapshotCollector { snapshot }));
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry)?;
    Ok(text)
}

#[derive(Debug)]
struct SnapshotCollector {
    snapshot: MetricsSnapshot,
}

impl Collector for SnapshotCollector {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        MetricName::ALL.iter().try_for_each(|name| encode_one(*name, &self.snapshot, &mut encoder))
    }
}

type Labels = Vec<(&'static str, String)>;

enum Value<'a> {
    Unsigned(u64),
    Signed(i64),
    Real(f64),
    Histogram(&'a HistogramMetrics),
    Info,
}

fn encode_one(
    name: MetricName,
    snapshot: &MetricsSnapshot,
    encoder: &mut DescriptorEncoder<'_>,
) -> fmt::Result {
    let samples = samples(name, snapshot);
    if samples.is_empty() {
        return Ok(());
    }
    let metric_type = match name.kind() {
        Kind::Counter => MetricType::Counter,
        Kind::Gauge => MetricType::Gauge,
        Kind::Histogram => MetricType::Histogram,
        Kind::Info => MetricType::Info,
    };
    let mut family = encoder.encode_descriptor(name.stem(), name.help(), None, metric_type)?;
    for (labels, value) in &samples {
        match value {
            Value::Info => family.encode_info(&labels.as_slice())?,
            value => encode_value(name.kind(), value, family.encode_family(&labels.as_slice())?)?,
        }
    }
    Ok(())
}

fn encode_value(kind: Kind, value: &Value<'_>, mut encoder: MetricEncoder<'_>) -> fmt::Result {
    match (kind, value) {
        (Kind::Counter, Value::Unsigned(value)) => ConstCounter::new(*value).encode(encoder),
        (Kind::Counter, Value::Real(value)) => ConstCounter::new(*value).encode(encoder),
        (_, Value::Unsigned(value)) => {
            ConstGauge::new(i64::try_from(*value).unwrap_or(i64::MAX)).encode(encoder)
        }
        (_, Value::Signed(value)) => ConstGauge::new(*value).encode(encoder),
        (_, Value::Real(value)) => ConstGauge::new(*value).encode(encoder),
        (_, Value::Histogram(histogram)) => {
            let within: u64 = histogram.buckets.iter().map(|(_, count)| count).sum();
            let mut buckets = histogram.buckets.clone();
            buckets.push((f64::INFINITY, histogram.count.saturating_sub(within)));
            encoder.encode_histogram::<NoLabelSet>(histogram.sum_seconds, histogram.count, &buckets, None)
        }
        (_, Value::Info) => Ok(()),
    }
}

fn samples(name: MetricName, snapshot: &MetricsSnapshot) -> Vec<(Labels, Value<'_>)> {
    if name == MetricName::BuildInfo {
        return vec![(vec![("version", env!("CARGO_PKG_VERSION").to_owned())], Value::Info)];
    }
    let mut found = Vec::new();
    for flow in &snapshot.flows {
        flow_samples(name, flow, &mut found);
        for partition in &flow.partitions {
            partition_samples(name, flow, partition, &mut found);
        }
    }
    // Neither NaN nor an infinity is a measurement.
    found.retain(|(_, value)| !matches!(value, Value::Real(real) if !real.is_finite()));
    found
}

fn flow_samples<'a>(name: MetricName, flow: &'a FlowMetrics, found: &mut Vec<(Labels, Value<'a>)>) {
    let mut add = |extra: Option<(&'static str, &str)>, value| {
        let mut labels = vec![("flow", flow.flow.clone())];
        labels.extend(extra.map(|(label, text)| (label, text.to_owned())));
        found.push((labels, value));
    };
    match name {
        MetricName::Batches => {
            add(Some(("how", "passed_through")), Value::Unsigned(flow.batches_passed_through));
            add(Some(("how", "reencoded")), Value::Unsigned(flow.batches_reencoded));
        }
        MetricName::BatchesDropped => {
            for (reason, count) in &flow.batches_dropped {
                add(Some(("reason", reason)), Value::Unsigned(*count));
            }
        }
        MetricName::ThrottledSeconds => {
            add(Some(("side", "source")), Value::Real(flow.source_throttled_seconds));
            add(Some(("side", "target")), Value::Real(flow.target_throttled_seconds));
        }
        MetricName::FetchSeconds => flow.fetch.iter().for_each(|times| add(None, Value::Histogram(times))),
        MetricName::ProduceSeconds => {
            flow.produce.iter().for_each(|times| add(None, Value::Histogram(times)))
        }
        MetricName::MemoryUsed => {
            flow.memory_used_bytes.iter().for_each(|bytes| add(None, Value::Unsigned(*bytes)));
        }
        MetricName::Groups => {
            if let Some(groups) = &flow.groups {
                add(Some(("state", "following")), Value::Unsigned(groups.following));
                add(Some(("state", "held")), Value::Unsigned(groups.held));
            }
        }
        MetricName::GroupCommits => {
            flow.groups.iter().for_each(|groups| add(None, Value::Unsigned(groups.committed)));
        }
        MetricName::MemoryLimit => {
            flow.memory_limit_bytes.iter().for_each(|bytes| add(None, Value::Unsigned(*bytes)));
        }
        _ => {}
    }
}

fn partition_samples<'a>(
    name: MetricName,
    flow: &FlowMetrics,
    partition: &PartitionMetrics,
    found: &mut Vec<(Labels, Value<'a>)>,
) {
    let labels = || -> Labels {
        vec![
            ("flow", flow.flow.clone()),
            ("topic", partition.topic.clone()),
            ("partition", partition.partition.to_string()),
        ]
    };
    let value = match name {
        MetricName::RecordsCopied => Some(Value::Unsigned(partition.records_copied)),
        MetricName::BytesCopied => Some(Value::Unsigned(partition.bytes_copied)),
        MetricName::RecordsMissing => Some(Value::Unsigned(partition.records_missing)),
        MetricName::SourcePosition => partition.source_position.map(Value::Signed),
        MetricName::SourceEnd => partition.source_end.map(Value::Signed),
        MetricName::TargetPosition => partition.target_position.map(Value::Signed),
        MetricName::LagRecords => partition.lag_records().map(Value::Signed),
        MetricName::LagSeconds => partition.lag_seconds.map(Value::Real),
        MetricName::PartitionState => {
            for state in PartitionState::ALL {
                let mut labels = labels();
                labels.push(("state", state.word().to_owned()));
                found.push((labels, Value::Unsigned(u64::from(state == partition.state))));
            }
            None
        }
        _ => None,
    };
    found.extend(value.map(|value| (labels(), value)));
}

#[cfg(test)]
#[path = "render_tests.rs"]
mod tests;
