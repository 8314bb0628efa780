//! G1, G2 and G3 while one end, or the way there, is down half-way and comes back.

use crate::harness::cluster::Cluster;
use crate::harness::live;
use crate::harness::proxy::Proxy;
use crate::harness::route::Route;
use crate::harness::shared::shared_pair;
use crate::harness::spec::{ClusterSpec, Listener};
use crate::harness::traffic::{Traffic, copied_under_traffic};

/// Kills the only broker, then stops it as an operator does; each time it comes back when the copy
/// has said that it cannot go on.
fn down_and_back(cluster: &Cluster, traffic: &mut Traffic<'_>) {
    for end in [|cluster: &Cluster| cluster.node(1).kill(), |cluster: &Cluster| cluster.node(1).stop()] {
        end(cluster);
        traffic.tells("partition_failing");
        cluster.restart(1);
        traffic.tells("partition_recovered");
        traffic.flows_on();
    }
}

#[test]
fn g2_a_target_down_half_way_and_back_gets_everything_once() {
    live(|lab| {
        let target = lab.start("target", ClusterSpec::one());
        let route = Route::between(lab, &shared_pair().source, &target);
        copied_under_traffic(&route, &lab.topic("t"), |traffic| down_and_back(&target, traffic));
    });
}

#[test]
fn g1_a_source_down_half_way_and_back_is_copied_whole() {
    live(|lab| {
        let source = lab.start("source", ClusterSpec::one());
        let route = Route::between(lab, &source, &shared_pair().target);
        copied_under_traffic(&route, &lab.topic("t"), |traffic| down_and_back(&source, traffic));
    });
}

/// Lets nothing through until the copy has given its requests up, then everything, late answers and
/// all; then cuts every connection.
fn held_and_cut(proxy: &Proxy, traffic: &mut Traffic<'_>) {
    for end in [Proxy::hold, Proxy::cut] {
        end(proxy);
        traffic.tells("partition_failing");
        proxy.resume();
        traffic.tells("partition_recovered");
        traffic.flows_on();
    }
}

#[test]
fn g2_links_that_hang_or_break_and_come_back_deliver_everything_once() {
    live(|lab| {
        let source = lab.start("source", ClusterSpec::one().proxied());
        let target = lab.start("target", ClusterSpec::one().proxied());
        let impatient = "request_timeout = \"1s\"\nconnect_timeout = \"1s\"";
        let route = Route::between(lab, &source, &target)
            .source_by(Listener::Proxied, impatient)
            .target_by(Listener::Proxied, impatient);
        copied_under_traffic(&route, &lab.topic("t"), |traffic| {
            held_and_cut(&source.proxies[0], traffic);
            held_and_cut(&target.proxies[0], traffic);
        });
    });
}
