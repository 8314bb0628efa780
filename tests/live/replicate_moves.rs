//! G1, G2 and G3 while leaders move and brokers stop under a running copy and a running producer.

use crate::harness::admin::{create_replicated, leader};
use crate::harness::cluster::Cluster;
use crate::harness::produce::produce;
use crate::harness::records::mixed;
use crate::harness::route::{LIMIT, Route, terminate};
use crate::harness::shared::shared_pair;
use crate::harness::spec::ClusterSpec;
use crate::harness::tools::move_leaders;
use crate::harness::traffic::{PARTITIONS, Traffic, copied_under_traffic};
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

#[test]
fn g11_partitions_without_a_leader_are_told_and_go_on_when_they_have_one() {
    live(|lab| {
        let topic = lab.topic("t");
        let source = lab.start("source", ClusterSpec::three());
        create_replicated(&source, &topic, PARTITIONS, 1, &[]);
        produce(&source, &topic, "lz4", &mixed(970, 90, 3));
        let route = Route::between(lab, &source, &shared_pair().target);
        let mut running = route.start(&[&topic]);
        route.until_arrived(&mut running, &topic, PARTITIONS, 90);
        let only = leader(&source, &topic, 0).unwrap();
        source.node(only).kill();
        running.until("the partition is told", LIMIT, |run| {
            let out = run.stdout();
            (out.contains("partition_failing") && out.contains("no broker leads it")).then_some(())
        });
        source.restart(only);
        produce(&source, &topic, "lz4", &mixed(971, 90, 3));
        route.until_arrived(&mut running, &topic, PARTITIONS, 180);
        terminate(running);
        route.assert_same(&topic, 180);
    });
}
