//! What a consumer group reads again after it was moved: Strait beside MirrorMaker 2, on the same source with
//! the same groups. Not a test of ours; `scripts/bench-offsets` runs it.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::groups_sync::{commit, flow, member, read_on, sync, with_groups};
use crate::harness::admin::create_topic;
use crate::harness::cluster::Cluster;
use crate::harness::mirror_maker::{mirror_maker, properties};
use crate::harness::produce::Writer;
use crate::harness::records::{NewRecord, Seeded, watermarks};
use crate::harness::route::{LIMIT, Route};
use crate::harness::spec::{ClusterSpec, Listener};
use crate::harness::strait::{Running, spawn};
use crate::harness::{live, wait};

/// How far groups are behind, roughly.
const LAGS: [i64; 6] = [10, 100, 1_000, 10_000, 50_000, 100_000];
/// Groups of each lag, from half to one and a half times as far behind.
const GROUPS_PER_LAG: usize = 8;
/// Longest anything of MirrorMaker's may take.
const PEER_LIMIT: Duration = Duration::from_secs(300);
/// How long what it committed must stand unchanged: three of its intervals.
const SETTLED: Duration = Duration::from_secs(15);

fn say(line: &str) {
    // A reader that went away does not need the rest.
    let _ = writeln!(std::io::stdout(), "{line}");
}

fn number(name: &str, default: usize) -> usize {
    std::env::var(name).ok().map_or(default, |text| text.parse().unwrap())
}

/// One group: how far it is behind, and how much it reads at the target.
struct Place {
    group: String,
    lag: i64,
    committed: i64,
}

fn end(cluster: &Cluster, topic: &str) -> i64 {
    watermarks(cluster, topic, 0).1
}

/// Waits until nothing was committed anew for a while, and returns how many groups are there.
fn settle(running: &mut Running, target: &Cluster, places: &[Place], topic: &str) -> usize {
    let asked: Vec<BaseConsumer> = places.iter().map(|place| member(target, &place.group, &[])).collect();
    let look = || -> Vec<Option<i64>> {
        let one = |consumer: &BaseConsumer| {
            let mut list = TopicPartitionList::new();
            list.add_partition(topic, 0);
            match consumer.committed_offsets(list, wait::LONG).unwrap().elements()[0].offset() {
                Offset::Offset(offset) => Some(offset),
                _ => None,
            }
        };
        asked.iter().map(one).collect()
    };
    let mut last = (std::time::Instant::now(), Vec::new());
    running.until("its groups to settle", PEER_LIMIT, |_| {
        let now = look();
        if now != last.1 {
            last = (std::time::Instant::now(), now);
        }
        let is_some = last.1.iter().any(Option::is_some);
        (is_some && last.0.elapsed() > SETTLED).then(|| last.1.iter().flatten().count())
    })
}

/// Has each group read on and says, by lag, what part of it was read again, and what was left out.
fn measure(name: &str, target: &Cluster, places: &[Place], topic: &str) {
    let mut by_lag: BTreeMap<i64, Vec<(i64, i64)>> = BTreeMap::new();
    let mut missing = 0;
    for (index, place) in places.iter().enumerate() {
        let class = LAGS[index / GROUPS_PER_LAG];
        let mut list = TopicPartitionList::new();
        list.add_partition(topic, 0);
        let consumer = member(target, &place.group, &[]);
        let found = consumer.committed_offsets(list, wait::LONG).unwrap();
        drop(consumer);
        if matches!(found.elements()[0].offset(), Offset::Offset(_)) {
            let read = read_on(target, &place.group, topic, 1, &[])[&0].len();
            by_lag.entry(class).or_default().push((place.lag, i64::try_from(read).unwrap()));
        } else {
            missing += 1;
        }
    }
    say(&format!("\n{name}: {missing} of {} groups were not moved", places.len()));
    say("| behind by about | groups | lag, sum | read, sum | read again | of the lag | left out |");
    say("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    let mut all = Vec::new();
    let row = |class: &str, groups: &[(i64, i64)]| {
        let (lag, read) = groups.iter().fold((0, 0), |(a, b), (lag, read)| (a + lag, b + read));
        let again: i64 = groups.iter().map(|(lag, read)| (read - lag).max(0)).sum();
        let left: i64 = groups.iter().map(|(lag, read)| (lag - read).max(0)).sum();
        let tenths = again * 1000 / lag.max(1);
        say(&format!(
            "| {class} | {} | {lag} | {read} | {again} | {}.{} % | {left} |",
            groups.len(),
            tenths / 10,
            tenths % 10
        ));
    };
    for (class, groups) in &by_lag {
        row(&class.to_string(), groups);
        all.extend(groups.iter().copied());
    }
    row("all", &all);
}

#[test]
#[ignore = "a comparison, for scripts/bench-offsets"]
fn bench_offsets_beside_mirror_maker() {
    live(|lab| {
        let records = number("STRAIT_BENCH_RECORDS", 400_000);
        let start = |name: &str| lab.start(name, ClusterSpec::one());
        let (source, strait_target, peer_target) =
            (start("source"), start("strait-target"), start("mm2-target"));
        let topic = "orders";
        create_topic(&source, topic, 1, &[]);
        let route = with_groups(Route::between(lab, &source, &strait_target), "app-");
        let mut strait = route.start(&[topic]);
        let servers = |cluster: &Cluster| cluster.bootstrap(Listener::Plaintext).join(",");
        // Everything as it comes, but that offsets are synced at all, and as often as Strait's.
        let text = properties(&servers(&source), &servers(&peer_target), topic)
            + "source->target.sync.group.offsets.enabled = true\n\
               source->target.sync.group.offsets.interval.seconds = 5\n\
               source->target.emit.checkpoints.interval.seconds = 5\n\
               source->target.refresh.groups.interval.seconds = 5\n\
               source->target.groups = app-.*\n";
        let file = lab.work_dir().join("mm2.properties");
        std::fs::write(&file, text).unwrap();
        let mut peer = spawn(mirror_maker(&file));
        let renamed = format!("source.{topic}");
        // In portions while both copy, so that its offset syncs spread over the log.
        let writer = Writer::open(&source, &[("compression.type", "lz4"), ("enable.idempotence", "true")]);
        let mut random = Seeded::new(5);
        let portion = records / 40;
        for part in 0..40 {
            let made: Vec<NewRecord> = (0..portion)
                .map(|index| NewRecord {
                    key: Some(format!("key-{part}-{index}").into_bytes()),
                    value: Some(random.bytes(100)),
                    timestamp_ms: 1_760_000_000_000 + i64::try_from(part * portion + index).unwrap(),
                    ..NewRecord::default()
                })
                .collect();
            writer.send(topic, &made);
            writer.flush();
            let arrived = i64::try_from((part + 1) * portion).unwrap();
            peer.until("it copies", PEER_LIMIT, |_| {
                let client: BaseConsumer = peer_target.client_config().create().unwrap();
                let (_, end) = client.fetch_watermarks(&renamed, 0, Duration::from_secs(2)).ok()?;
                (end >= arrived).then_some(())
            });
        }
        let end = end(&source, topic);
        let places: Vec<Place> = LAGS
            .iter()
            .flat_map(|lag| (0..GROUPS_PER_LAG).map(move |index| (*lag, index)))
            .map(|(class, index)| {
                let spread = usize::try_from(class).unwrap();
                let lag = class / 2 + i64::try_from(random.below(spread)).unwrap();
                Place { group: format!("app-{class}-{index}"), lag, committed: end - lag }
            })
            .collect();
        for place in &places {
            commit(&source, &place.group, topic, &[(0, place.committed)]);
        }
        route.until_arrived(&mut strait, topic, 1, end);
        let moved = settle(&mut peer, &peer_target, &places, &renamed);
        say(&format!("{records} records, {} groups; MirrorMaker 2 committed for {moved}", places.len()));
        peer.signal("KILL");
        peer.finish(LIMIT);
        strait.signal("KILL");
        strait.finish(LIMIT);
        // Strait was killed as well: what its follower did not do, the command does from what is there.
        let applied = flow(&sync(&route, &[topic], &["--apply"]).assert_code(0));
        assert_eq!(applied["groups"].as_array().unwrap().len(), places.len());
        measure("Strait", &strait_target, &places, topic);
        measure("MirrorMaker 2", &peer_target, &places, &renamed);
    });
}
