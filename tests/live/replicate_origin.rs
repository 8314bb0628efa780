//! Flows in both directions between the same topics (guarantee G7).

use std::time::Duration;

use crate::harness::admin::create_topic;
use crate::harness::cluster::Cluster;
use crate::harness::live;
use crate::harness::produce::{Writer, produce};
use crate::harness::records::{Isolation, mixed, read_all};
use crate::harness::shared::shared_pair;
use crate::harness::spec::Listener;
use crate::harness::strait::{Config, run, start};

const LIMIT: Duration = Duration::from_secs(90);

#[test]
fn g7_flows_both_ways_between_one_topic_copy_each_record_once() {
    live(|lab| {
        let pair = shared_pair();
        let topic = lab.topic("t");
        for cluster in [&pair.source, &pair.target] {
            create_topic(cluster, &topic, 2, &[]);
        }
        let name = lab.name.replace('.', "-");
        let config = Config::new()
            .cluster("source", &pair.source, Listener::Plaintext, "")
            .cluster("target", &pair.target, Listener::Plaintext, "")
            .flow_between(&format!("{name}-out"), ("source", "target"), &[&topic], "")
            .flow_between(&format!("{name}-back"), ("target", "source"), &[&topic], "")
            .write(&lab.work_dir());
        let idempotent: &[(&str, &str)] = &[("enable.idempotence", "true")];
        let records = |cluster: &Cluster| {
            read_all(cluster, &topic, Isolation::ReadUncommitted).values().map(Vec::len).sum::<usize>()
        };
        // Copied while both sides are written to, by producers whose ids nobody has seen before.
        let mut running = start(&config, &["replicate"]);
        for round in 0..5 {
            for cluster in [&pair.source, &pair.target] {
                let writer = Writer::open(cluster, idempotent);
                writer.send(&topic, &mixed(700 + round, 40, 2));
                writer.flush();
                produce(cluster, &topic, "lz4", &mixed(800 + round, 20, 2));
            }
        }
        running.until("both sides have all", LIMIT, |_| {
            [&pair.source, &pair.target].iter().all(|cluster| records(cluster) >= 600).then_some(())
        });
        running.signal("TERM");
        running.finish(LIMIT).assert_code(143);
        // Whatever was still on its way back would arrive now.
        for _ in 0..2 {
            run(&config, &["replicate", "--once"], LIMIT).assert_code(0);
        }
        assert_eq!((records(&pair.source), records(&pair.target)), (600, 600));
    });
}
