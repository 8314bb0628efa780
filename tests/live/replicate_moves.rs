//! G1, G2 and G3 while leaders move and brokers stop under a running copy and a running producer.

use crate::harness::admin::leader;
use crate::harness::cluster::Cluster;
use crate::harness::route::Route;
use crate::harness::shared::shared_pair;
use crate::harness::spec::ClusterSpec;
use crate::harness::tools::move_leaders;
use crate::harness::traffic::{Traffic, copied_under_traffic};
use crate::harness::{Lab, live};

/// Moves leaders, stops a broker as an operator does, then kills another, and each time waits until
/// records flow again.
fn move_and_restart(lab: &Lab, cluster: &Cluster, topic: &str, traffic: &mut Traffic<'_>) {
    move_leaders(cluster, &lab.work_dir(), topic);
    traffic.flows_on();
    let first = leader(cluster, topic, 0).unwrap();
    cluster.node(first).stop();
    traffic.flows_on();
    cluster.restart(first);
    traffic.flows_on();
    let next = leader(cluster, topic, 1).unwrap();
    cluster.node(next).kill();
    traffic.flows_on();
    cluster.restart(next);
}

#[test]
fn g1_leaders_moved_and_brokers_restarted_at_the_source_lose_nothing() {
    live(|lab| {
        let topic = lab.topic("t");
        let source = lab.start("source", ClusterSpec::three());
        let route = Route::between(lab, &source, &shared_pair().target);
        copied_under_traffic(&route, &topic, |traffic| move_and_restart(lab, &source, &topic, traffic));
    });
}

#[test]
fn g2_leaders_moved_and_brokers_restarted_at_the_target_lose_and_double_nothing() {
    live(|lab| {
        let topic = lab.topic("t");
        let target = lab.start("target", ClusterSpec::three());
        let route = Route::between(lab, &shared_pair().source, &target);
        copied_under_traffic(&route, &topic, |traffic| move_and_restart(lab, &target, &topic, traffic));
    });
}
