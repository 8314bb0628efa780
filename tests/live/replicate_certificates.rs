//! Key pairs and authorities that are replaced while a copy runs: connections made afterwards use the new
//! ones, and half-written files do no harm.

use std::fs;

use crate::harness::certificates::{certificates, client_pair};
use crate::harness::live;
use crate::harness::route::Route;
use crate::harness::shared::shared_pair;
use crate::harness::spec::{ClusterSpec, Listener};
use crate::harness::tools::{allow, disallow};
use crate::harness::traffic::copied_under_traffic;

/// Who the key pair says we are, before and after.
const BEFORE: &str = "CN=strait-client";
const AFTER: &str = "CN=strait-client-renewed";

#[test]
fn files_replaced_during_a_run_are_used_by_the_next_connection() {
    live(|lab| {
        let spec = ClusterSpec::one().listeners(&[Listener::Mtls]).authorizer();
        let source = lab.start("source", spec);
        let mine = ["--operation", "All", "--topic", &lab.name, "--resource-pattern-type", "prefixed"];
        for name in [BEFORE, AFTER] {
            allow(&source, name, &mine);
        }
        let dir = lab.work_dir();
        let file = |name: &str| dir.join(name);
        let (ca, certificate, key) = (file("ca.pem"), file("client.pem"), file("client.key"));
        let files = certificates();
        fs::copy(&files.client_certificate, &certificate).unwrap();
        fs::copy(&files.client_key, &key).unwrap();
        fs::copy(&files.ca, &ca).unwrap();
        let identity =
            format!("ssl_ca_file = {ca:?}\nssl_certificate_file = {certificate:?}\nssl_key_file = {key:?}\n");
        let route = Route::between(lab, &source, &shared_pair().target).source_by(Listener::Mtls, &identity);
        let topic = lab.topic("t");
        let finished = copied_under_traffic(&route, &topic, |traffic| {
            // The key of another pair: what a reader sees between the two writes of a renewal.
            let (new_certificate, new_key) = client_pair("strait-client-renewed");
            fs::write(&key, &new_key).unwrap();
            source.restart(1);
            traffic.flows_on();
            fs::write(&certificate, &new_certificate).unwrap();
            source.restart(1);
            // From here on only the new name may do anything: records flow by it or not at all.
            disallow(&source, BEFORE, &mine);
            traffic.flows_on();
        });
        assert!(!finished.stdout.contains("partition_stopped"), "{}", finished.stdout);
    });
}
