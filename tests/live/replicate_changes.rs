//! G1 while topics come, grow, go and come again under a copy.

use crate::harness::admin::{create_topic, grow_topic, wait_for_config};
use crate::harness::live;
use crate::harness::produce::produce;
use crate::harness::records::{mixed, partitions};
use crate::harness::route::{Route, terminate};

/// Has topics looked for often enough for a test.
const SEARCH_OFTEN: &str = "[flows.NAME.limits]\ndiscovery_interval = \"200ms\"";

#[test]
fn g1_a_topic_created_and_a_partition_added_while_it_runs_are_copied() {
    live(|lab| {
        let route = Route::shared(lab).with(SEARCH_OFTEN);
        let (first, second) = (lab.topic("first"), lab.topic("second"));
        create_topic(route.source, &first, 1, &[]);
        produce(route.source, &first, "lz4", &mixed(400, 100, 1));
        let mut running = route.start(&[&lab.topic("*")]);
        route.until_arrived(&mut running, &first, 1, 100);
        create_topic(route.source, &second, 2, &[("retention.ms", "86400000000")]);
        produce(route.source, &second, "zstd", &mixed(401, 100, 2));
        route.until_arrived(&mut running, &second, 2, 100);
        grow_topic(route.source, &first, 3);
        produce(route.source, &first, "lz4", &mixed(402, 300, 3));
        route.until_arrived(&mut running, &first, 3, 400);
        terminate(running);
        route.assert_same(&first, 400);
        route.assert_same(&second, 100);
        assert_eq!(partitions(route.target, &first).len(), 3);
        wait_for_config(route.target, &second, "retention.ms", "86400000000");
    });
}

#[test]
fn g1_a_new_partition_is_copied_whole_where_the_flow_began_at_the_end() {
    live(|lab| {
        // `start` leaves out what a topic held before the flow was, not what it grew later.
        let route = Route::shared(lab).with("start = \"latest\"").with(SEARCH_OFTEN);
        let topic = lab.topic("t");
        create_topic(route.source, &topic, 1, &[]);
        let mut running = route.start(&[&topic]);
        produce(route.source, &topic, "lz4", &mixed(410, 50, 1));
        route.until_arrived(&mut running, &topic, 1, 50);
        terminate(running);
        // While it does not run, then while it does.
        grow_topic(route.source, &topic, 2);
        produce(route.source, &topic, "lz4", &mixed(411, 200, 2));
        let mut running = route.start(&[&topic]);
        route.until_arrived(&mut running, &topic, 2, 250);
        grow_topic(route.source, &topic, 3);
        produce(route.source, &topic, "lz4", &mixed(412, 300, 3));
        route.until_arrived(&mut running, &topic, 3, 550);
        terminate(running);
        route.assert_same(&topic, 550);
    });
}
