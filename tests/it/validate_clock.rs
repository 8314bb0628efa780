//! `strait validate` where a cluster's clock and the one here differ.

use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use strait::sandbox::{Clock, Cluster, ClusterSpec, TopicSpec};

use crate::sandbox_kit::start;

const HOUR_MS: i64 = 3_600_000;

fn now_ms() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

/// Checks a flow from one cluster to another; returns exit code and text.
fn validate(source: &Cluster, target: &Cluster) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let servers = |cluster: &Cluster| cluster.addresses()[0].to_string();
    let text = format!(
        "[clusters.us]\nbootstrap_servers = [{:?}]\n[clusters.eu]\nbootstrap_servers = [{:?}]\n\
         [flows.us-eu]\nsource = \"us\"\ntarget = \"eu\"\ntopics = [\"orders\"]\n\
         [flows.us-eu.provision]\nreplication_factor = 1\n",
        servers(source),
        servers(target)
    );
    std::fs::write(folder.path().join("strait.toml"), text).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_strait"))
        .current_dir(folder.path())
        .args(["validate", "--config", "strait.toml"])
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout) + &text(output.stderr))
}

#[test]
fn g11_a_cluster_whose_clock_differs_is_named_with_how_far_and_which_way() {
    let spec = || ClusterSpec::new(1).topic(TopicSpec::new("orders", 1));
    let right = start(spec());
    for (shift_ms, words) in [(-HOUR_MS, "s behind the one here"), (HOUR_MS, "s ahead of the one here")] {
        let shifted = start(spec().clock(Clock::standing_at(now_ms() + shift_ms)));
        let (_, said) = validate(&shifted, &right);
        let line = said.lines().find(|line| line.contains(" clock ")).unwrap_or_else(|| panic!("{said}"));
        assert!(line.contains("cluster `us`") && line.contains(words), "{line}");
    }
    let (_, said) = validate(&right, &start(spec()));
    assert!(!said.contains(" clock "), "{said}");
}
