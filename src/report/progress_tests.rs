#![allow(clippy::unwrap_used)]

use super::*;
use crate::obs::PartitionMetrics;

fn progress() -> FlowProgress {
    FlowProgress {
        flow: "us-eu".into(),
        started: true,
        partitions: 48,
        caught_up: 46,
        records: 1_204_000,
        records_per_second: Some(12_345.0),
        bytes_per_second: Some(47_815_066.0),
        records_behind: Some(48_213),
        seconds_behind: Some(94.2),
        seconds_left: Some(34.0),
        ..FlowProgress::default()
    }
}

fn in_trouble() -> FlowProgress {
    let cause = "NOT_ENOUGH_REPLICAS: the in-sync replicas are fewer than min.insync.replicas".to_owned();
    let trouble = vec![Trouble { topic: "orders".into(), partition: 7, cause }];
    FlowProgress { failing: 2, seconds_left: None, trouble, ..progress() }
}

#[test]
fn lines_at_several_widths() {
    let shown: Vec<String> = [
        ("copying", progress()),
        ("in trouble", in_trouble()),
        ("to an end of its own", FlowProgress { ends: true, ..progress() }),
        (
            "continuous and caught up",
            FlowProgress {
                caught_up: 48,
                records_behind: Some(0),
                seconds_behind: Some(0.0),
                seconds_left: None,
                records_per_second: Some(0.0),
                bytes_per_second: Some(0.0),
                ..progress()
            },
        ),
        (
            "nothing known yet",
            FlowProgress { flow: "us-eu".into(), started: true, partitions: 48, ..FlowProgress::default() },
        ),
        ("not started", FlowProgress { flow: "us-eu".into(), ..FlowProgress::default() }),
        (
            "could not start",
            FlowProgress {
                flow: "us-eu".into(),
                failure: Some(
                    "cannot reach cluster \"eu\" (phase: tcp): connection refused: nothing listens there"
                        .into(),
                ),
                ..FlowProgress::default()
            },
        ),
        ("nothing to copy", FlowProgress { flow: "us-eu".into(), started: true, ..FlowProgress::default() }),
    ]
    .into_iter()
    .flat_map(|(name, progress)| {
        [40, 80, 120, usize::MAX].map(move |width| {
            let line = progress.line(width);
            assert!(line.chars().count() <= width, "{line}");
            let width = if width == usize::MAX { "any".to_owned() } else { width.to_string() };
            format!("{name}, {width}:\n{line}\n")
        })
    })
    .collect();
    insta::assert_snapshot!(shown.concat());
}

fn partition(state: PartitionState, lag_seconds: Option<f64>, end: Option<i64>) -> PartitionMetrics {
    PartitionMetrics {
        topic: "orders".into(),
        state,
        lag_seconds,
        records_copied: 10,
        source_position: Some(40),
        source_end: end,
        ..PartitionMetrics::default()
    }
}

fn flow(partitions: Vec<PartitionMetrics>) -> FlowMetrics {
    FlowMetrics { flow: "us-eu".into(), started: true, partitions, ..FlowMetrics::default() }
}

#[test]
fn a_flow_is_as_late_as_its_latest_partition() {
    let flow = flow(vec![
        partition(PartitionState::CaughtUp, Some(0.0), Some(40)),
        partition(PartitionState::Copying, Some(3.5), Some(52)),
    ]);
    let progress = FlowProgress::of(&flow, FlowRates::default());
    assert_eq!((progress.seconds_behind, progress.records_behind), (Some(3.5), Some(12)));
    assert_eq!((progress.caught_up, progress.records), (1, 20));
}

#[test]
fn g11_one_unknown_partition_makes_the_flow_unknown_and_never_zero() {
    let unknown = partition(PartitionState::Starting, None, None);
    let flow = flow(vec![partition(PartitionState::CaughtUp, Some(0.0), Some(40)), unknown]);
    let progress = FlowProgress::of(&flow, FlowRates::default());
    assert_eq!((progress.seconds_behind, progress.records_behind), (None, None));
    assert!(progress.line(80).contains("behind -"), "{}", progress.line(80));
    let json = serde_json::to_value(&progress).unwrap();
    for name in ["seconds_behind", "records_behind", "records_per_second", "bytes_per_second", "seconds_left"]
    {
        assert!(json[name].is_null(), "{name}: {json}");
    }
    let none = FlowProgress::of(&FlowMetrics::default(), FlowRates::default());
    assert_eq!((none.seconds_behind, none.records_behind), (None, None), "no partition proves nothing");
}

#[test]
fn a_stopped_partition_is_listed_with_its_cause() {
    let stopped = PartitionMetrics {
        partition: 7,
        trouble: Some("offsets 3 to 9 are gone".into()),
        ..partition(PartitionState::Stopped, None, Some(52))
    };
    let progress = FlowProgress::of(&flow(vec![stopped]), FlowRates::default());
    assert_eq!(progress.stopped, 1);
    assert_eq!(
        serde_json::to_value(&progress).unwrap()["trouble"],
        serde_json::json!([{ "topic": "orders", "partition": 7, "cause": "offsets 3 to 9 are gone" }])
    );
    assert_eq!(
        progress.summary(Duration::from_secs(94)),
        "us-eu: copied 10 records, 0 B, in 1m34s; 1 of 1 partitions stopped"
    );
}

#[test]
fn json_numbers_have_three_decimals_at_most() {
    let progress = FlowProgress { records_per_second: Some(1_568_859.813_196_974), ..progress() };
    let json = serde_json::to_string(&progress).unwrap();
    assert!(json.contains("\"records_per_second\":1568859.813,"), "{json}");
}
