//! What the dashboard and the alerts ask for exists: a renamed metric would leave them empty without a word.

use std::collections::BTreeSet;
use std::path::PathBuf;

use regex::Regex;
use strait::obs::names::{Kind, MetricName};
use strait::report::lag_prometheus::NAMES;

fn read(name: &str) -> String {
    std::fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("contrib").join(name)).unwrap()
}

/// Returns the metrics a text names.
fn named(text: &str) -> BTreeSet<String> {
    let metric = Regex::new(r"strait_[a-z_]+").unwrap();
    metric.find_iter(text).map(|found| found.as_str().to_owned()).collect()
}

fn known() -> BTreeSet<String> {
    let served = MetricName::ALL.iter().map(|metric| match metric.kind() {
        Kind::Histogram => format!("{}_bucket", metric.name()),
        Kind::Counter | Kind::Gauge | Kind::Info => metric.name().to_owned(),
    });
    served.chain(NAMES.iter().map(|name| (*name).to_owned())).collect()
}

#[test]
fn dashboard_and_alerts_ask_for_metrics_that_exist() {
    for (file, least) in
        [("strait-dashboard.json", 15), ("strait-alerts.yml", 9), ("strait-alerts-test.yml", 4)]
    {
        let named = named(&read(file));
        assert!(named.len() >= least, "{file} names {named:?}");
        let unknown: Vec<_> = named.difference(&known()).cloned().collect();
        assert!(unknown.is_empty(), "{file} asks for {unknown:?}");
    }
}

#[test]
fn the_dashboard_is_one_that_grafana_reads() {
    let dashboard: serde_json::Value = serde_json::from_str(&read("strait-dashboard.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let ids: BTreeSet<i64> = panels.iter().map(|panel| panel["id"].as_i64().unwrap()).collect();
    assert_eq!(ids.len(), panels.len(), "each panel has an id of its own");
    for panel in panels.iter().filter(|panel| panel["type"] != "row") {
        assert!(!panel["targets"].as_array().unwrap().is_empty(), "{panel}");
    }
}
