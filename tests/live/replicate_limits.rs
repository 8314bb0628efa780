//! G8: memory has a ceiling, whatever stalls.

use crate::harness::admin::create_topic;
use crate::harness::live;
use crate::harness::produce::produce;
use crate::harness::records::{NewRecord, Seeded};
use crate::harness::route::{LIMIT, Route, terminate};
use crate::harness::shared::shared_pair;
use crate::harness::spec::ClusterSpec;

const PARTITIONS: i32 = 48;
const RECORDS: usize = 12_000;
const CONFIGURED_BYTES: u64 = 24 << 20;
/// What the process may take beside the memory that is configured.
const ALLOWANCE_BYTES: u64 = 40_000_000;

#[test]
fn g8_memory_stays_under_its_ceiling_while_the_target_stalls() {
    live(|lab| {
        let target = lab.start("target", ClusterSpec::one().proxied());
        let route = Route::between(lab, &shared_pair().source, &target)
            .with("[flows.NAME.limits]\nmemory = \"24 MiB\"");
        let topic = lab.topic("t");
        create_topic(route.source, &topic, PARTITIONS, &[]);
        let mut running = route.start(&[&topic]);
        target.proxies[0].hold();
        // Four times the ceiling waits at the source, then comes at once.
        let mut random = Seeded::new(700);
        let records: Vec<NewRecord> = (0..RECORDS)
            .map(|index| NewRecord {
                partition: i32::try_from(index).unwrap() % PARTITIONS,
                value: Some(random.bytes(8_000)),
                timestamp_ms: 1_760_000_000_000,
                ..NewRecord::default()
            })
            .collect();
        produce(route.source, &topic, "none", &records);
        running.until("it holds what it may", LIMIT, |run| {
            (run.peak_memory_bytes() > CONFIGURED_BYTES / 2).then_some(())
        });
        target.proxies[0].resume();
        route.until_arrived(&mut running, &topic, PARTITIONS, i64::try_from(RECORDS).unwrap());
        let peak = running.peak_memory_bytes();
        assert!(peak <= CONFIGURED_BYTES + ALLOWANCE_BYTES, "{peak} bytes at the peak");
        terminate(running);
        route.assert_same(&topic, RECORDS);
    });
}
