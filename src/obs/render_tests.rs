#![allow(clippy::unwrap_used)]

use super::*;

fn snapshot() -> MetricsSnapshot {
    let known = PartitionMetrics {
        topic: "orders".into(),
        partition: 7,
        state: PartitionState::Copying,
        records_copied: 12,
        source_position: Some(40),
        source_end: Some(52),
        target_position: Some(12),
        lag_seconds: Some(1.5),
        ..PartitionMetrics::default()
    };
    let unknown = PartitionMetrics { topic: "a\"b\\c".into(), ..PartitionMetrics::default() };
    MetricsSnapshot {
        flows: vec![FlowMetrics {
            flow: "us-eu".into(),
            batches_passed_through: 3,
            batches_dropped: vec![("control", 2)],
            source_throttled_seconds: 0.25,
            fetch: Some(HistogramMetrics { sum_seconds: 0.5, count: 4, buckets: vec![(0.1, 1), (0.5, 2)] }),
            memory_limit_bytes: Some(1024),
            partitions: vec![known, unknown],
            ..FlowMetrics::default()
        }],
    }
}

#[test]
fn known_values_are_served_under_their_names_and_labels() {
    let text = openmetrics(snapshot()).unwrap();
    for line in [
        "# TYPE strait_records_copied counter",
        "strait_records_copied_total{flow=\"us-eu\",topic=\"orders\",partition=\"7\"} 12",
        "strait_lag_records{flow=\"us-eu\",topic=\"orders\",partition=\"7\"} 12",
        "strait_lag_seconds{flow=\"us-eu\",topic=\"orders\",partition=\"7\"} 1.5",
        "strait_batches_total{flow=\"us-eu\",how=\"passed_through\"} 3",
        "strait_batches_dropped_total{flow=\"us-eu\",reason=\"control\"} 2",
        "strait_throttled_seconds_total{flow=\"us-eu\",side=\"source\"} 0.25",
        "strait_partition_state{flow=\"us-eu\",topic=\"orders\",partition=\"7\",state=\"copying\"} 1",
        "strait_partition_state{flow=\"us-eu\",topic=\"orders\",partition=\"7\",state=\"failing\"} 0",
        "strait_memory_limit_bytes{flow=\"us-eu\"} 1024",
        concat!("strait_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} 1"),
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\nis missing in\n{text}");
    }
    assert!(text.ends_with("# EOF\n"), "{text}");
}

#[test]
fn g11_unknown_values_have_no_sample_and_no_family() {
    let text = openmetrics(snapshot()).unwrap();
    assert!(!text.contains("# TYPE strait_memory_used_bytes"), "{text}");
    assert!(!text.contains("strait_produce_seconds"), "{text}");
    let unknown = text.lines().filter(|line| line.starts_with("strait_lag") && line.contains("a\\\"b\\\\c"));
    assert_eq!(unknown.count(), 0, "{text}");
    let mut poisoned = snapshot();
    poisoned.flows[0].partitions[0].lag_seconds = Some(f64::NAN);
    assert!(!openmetrics(poisoned).unwrap().contains("strait_lag_seconds"));
}

#[test]
fn a_histogram_counts_up_to_everything() {
    let text = openmetrics(snapshot()).unwrap();
    let buckets: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("strait_fetch_seconds_bucket{")).collect();
    assert_eq!(
        buckets,
        ["le=\"0.1\",flow=\"us-eu\"} 1", "le=\"0.5\",flow=\"us-eu\"} 3", "le=\"+Inf\",flow=\"us-eu\"} 4"]
    );
}

#[test]
fn lag_is_never_negative() {
    let ahead =
        PartitionMetrics { source_position: Some(5), source_end: Some(3), ..PartitionMetrics::default() };
    assert_eq!(ahead.lag_records(), Some(0));
    let unread = PartitionMetrics { source_end_is_old: true, ..ahead };
    assert_eq!(unread.lag_records(), None, "an end that may have moved on proves nothing");
    let behind = PartitionMetrics { source_end: Some(8), ..unread };
    assert_eq!(behind.lag_records(), Some(3), "so many at least");
}

#[test]
fn names_follow_the_conventions_of_prometheus() {
    for name in MetricName::ALL {
        assert_eq!(name.name().ends_with("_total"), name.kind() == Kind::Counter, "{}", name.name());
        assert!(name.name().starts_with("strait_"), "{}", name.name());
        assert!(!name.help().ends_with('.'), "{}: the encoder adds the full stop", name.name());
    }
}
