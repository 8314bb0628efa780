//! G11: what cannot be done is said with its exit code; ends that are asked for twice, or by a reader
//! that goes away.

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::harness::admin::create_topic;
use crate::harness::live;
use crate::harness::produce::produce;
use crate::harness::records::mixed;
use crate::harness::route::{LIMIT, Route};
use crate::harness::shared::shared_pair;
use crate::harness::spec::{ClusterSpec, Listener};
use crate::harness::strait::{Config, run};

/// Far less than `shutdown_timeout`, far more than a process needs to end.
const AT_ONCE: Duration = Duration::from_secs(10);

#[test]
fn g11_an_unreachable_source_and_an_unknown_flow_have_their_codes() {
    live(|lab| {
        let config = Config::new()
            .cluster_at("source", &["127.0.0.1:1".to_owned()], "PLAINTEXT", "")
            .cluster("target", &shared_pair().target, Listener::Plaintext, "")
            .flow("f", &["t"], "");
        let path = config.write(&lab.work_dir());
        let failed = run(&path, &["replicate", "--once"], LIMIT).assert_code(1);
        assert!(failed.stderr.contains("phase: tcp") && failed.stderr.contains("connection refused"));
        let unknown = run(&path, &["replicate", "--flow", "nowhere"], LIMIT).assert_code(2);
        assert!(unknown.stderr.contains("no flow is called \"nowhere\""));
    });
}

#[test]
fn a_second_interrupt_ends_a_stop_that_waits_at_once() {
    live(|lab| {
        let target = lab.start("target", ClusterSpec::one().proxied());
        let route = Route::between(lab, &shared_pair().source, &target)
            .target_by(Listener::Proxied, "request_timeout = \"1s\"\nconnect_timeout = \"1s\"")
            .with("[flows.NAME.limits]\nshutdown_timeout = \"10m\"");
        let topic = lab.topic("t");
        create_topic(route.source, &topic, 1, &[]);
        let mut running = route.start(&[&topic]);
        produce(route.source, &topic, "lz4", &mixed(950, 100, 1));
        route.until_arrived(&mut running, &topic, 1, 100);
        target.proxies[0].hold();
        produce(route.source, &topic, "lz4", &mixed(951, 100, 1));
        running.until("something is in flight", LIMIT, |run| {
            run.stdout().contains("partition_failing").then_some(())
        });
        running.signal("INT");
        running.until("it stops", LIMIT, |run| run.stdout().contains("\"stopping\"").then_some(()));
        // Signals that come together are one request, so more than one follows.
        running.finish_under_signals("INT", AT_ONCE).assert_code(130);
        target.proxies[0].resume();
        route.once(&[&topic]).assert_code(0);
        route.assert_same(&topic, 200);
    });
}

#[test]
fn a_reader_that_takes_one_line_and_goes_changes_nothing() {
    live(|lab| {
        let route = Route::shared(lab);
        let topic = lab.topic("t");
        create_topic(route.source, &topic, 3, &[]);
        produce(route.source, &topic, "lz4", &mixed(960, 500, 3));
        let config = route.config(&[&topic]);
        let command =
            "\"$0\" replicate --once --format json --config \"$1\" | head -n 1; exit ${PIPESTATUS[0]}";
        let shell = Command::new("bash")
            .args(["-c", command, env!("CARGO_BIN_EXE_strait")])
            .arg(config)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let words = String::from_utf8_lossy(&shell.stderr);
        assert_eq!(shell.status.code(), Some(0), "{words}");
        assert!(!words.contains("panicked"), "{words}");
        assert_eq!(String::from_utf8_lossy(&shell.stdout).lines().count(), 1);
        route.assert_same(&topic, 500);
    });
}
