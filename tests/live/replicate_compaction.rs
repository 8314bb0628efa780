//! G1 and G4 on compacted topics, after the log cleaner really ran: gaps, thinned batches, batches
//! without any record left, tombstones, markers of transactions whose records are gone.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::harness::admin::{create_topic, set_topic_configs};
use crate::harness::cluster::Cluster;
use crate::harness::produce::Writer;
use crate::harness::records::{Isolation, NewRecord, Seeded, read_all};
use crate::harness::route::{LIMIT, Route};
use crate::harness::segments::{StoredBatch, files, stored_batches};
use crate::harness::{Lab, live, wait};
use crate::status_map::assert_map;

/// Has the cleaner take every closed segment as soon as it can.
pub const CLEANED_AT_ONCE: [(&str, &str); 4] = [
    ("cleanup.policy", "compact"),
    ("segment.ms", "1000"),
    ("min.cleanable.dirty.ratio", "0.001"),
    ("min.compaction.lag.ms", "0"),
];

/// Makes records whose times close a segment with each round. A marker bears the broker's own time,
/// so the rounds begin now: a marker of times to come would keep later rounds in its segment.
struct Maker {
    random: Seeded,
    now_ms: i64,
}

impl Maker {
    fn new() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        Self { random: Seeded::new(500), now_ms: i64::try_from(now.as_millis()).unwrap() }
    }

    /// Makes one record for each of `keys`, named after `prefix`; every seventh is a tombstone where
    /// `tombstones` says so.
    fn round(&mut self, prefix: &str, keys: impl Iterator<Item = usize>, tombstones: bool) -> Vec<NewRecord> {
        self.now_ms += 60_000;
        keys.map(|key| {
            self.now_ms += 1;
            NewRecord {
                key: Some(format!("{prefix}-{key}").into_bytes()),
                value: (!tombstones || key % 7 > 0).then(|| self.random.bytes(120 + key)),
                headers: vec![("round".to_owned(), Some(prefix.as_bytes().to_vec()))],
                timestamp_ms: self.now_ms,
                ..NewRecord::default()
            }
        })
        .collect()
    }
}

/// Writes by idempotent, transactional and plain producers, and overwrites all of some batches'
/// keys, every third of others' and none of yet others'. Returns how many records were committed.
pub fn write_and_overwrite(lab: &Lab, source: &Cluster, topic: &str, codec: &str) -> usize {
    let mut maker = Maker::new();
    // One batch a round.
    let settings = [("compression.type", codec), ("linger.ms", "300"), ("enable.idempotence", "true")];
    let open = || Writer::open(source, &settings);
    let (emptied, thinned, plain) = (open(), open(), Writer::open(source, &settings[..2]));
    let transactions = Writer::transactional(source, &lab.topic(codec), &settings[..2]);
    let mut committed = 0;
    let mut write = |writer: &Writer, records: Vec<NewRecord>| {
        writer.send(topic, &records);
        writer.flush();
        committed += records.len();
    };
    write(&emptied, maker.round("emptied", 0..40, false));
    write(&thinned, maker.round("thinned", 0..40, false));
    transactions.begin();
    write(&transactions, maker.round("transaction", 0..40, false));
    transactions.commit();
    transactions.begin();
    let aborted = maker.round("thinned", 0..40, false);
    transactions.send(topic, &aborted);
    transactions.abort();
    write(&plain, maker.round("emptied", 0..40, true));
    write(&plain, maker.round("transaction", 0..40, true));
    write(&plain, maker.round("thinned", (0..40).step_by(3), true));
    // Closes the segment before it; itself it stays in the active one.
    write(&plain, maker.round("last", 0..3, true));
    committed
}

/// Waits until the cleaner has thinned and emptied batches, then has it stop.
pub fn until_cleaned(source: &Cluster, topic: &str) -> Vec<StoredBatch> {
    wait::until("the cleaner to thin and to empty batches", LIMIT, || {
        let batches = stored_batches(source, topic, 0);
        let data = || batches.iter().filter(|batch| !batch.is_control());
        let is_emptied = data().any(|batch| batch.count == 0);
        let is_thinned = data().any(|batch| batch.count > 0 && batch.is_thinned());
        let has_gaps = batches
            .windows(2)
            .any(|pair| pair[1].base_offset > pair[0].base_offset + i64::from(pair[0].last_offset_delta) + 1);
        // Every key but those of the active segment is cleaned: nothing is left to change.
        let is_done = data().map(|batch| batch.count).sum::<i32>() <= 40 * 3 + 40 + 3;
        (is_emptied && is_thinned && has_gaps && is_done).then_some(())
    });
    set_topic_configs(source, topic, &[("cleanup.policy", "delete")]);
    wait::until("the cleaner to have put its files in place", LIMIT, || {
        let unfinished = [".cleaned", ".swap"].map(|ending| files(source, topic, 0, ending));
        unfinished.iter().all(Vec::is_empty).then_some(())
    });
    stored_batches(source, topic, 0)
}

#[test]
fn g4_compacted_topics_arrive_unchanged_after_the_cleaner_ran() {
    live(|lab| {
        let route = Route::shared(lab);
        let codecs = ["none", "lz4", "zstd"];
        let written = codecs.map(|codec| {
            let topic = lab.topic(codec);
            create_topic(route.source, &topic, 1, &CLEANED_AT_ONCE);
            write_and_overwrite(lab, route.source, &topic, codec)
        });
        for codec in codecs {
            until_cleaned(route.source, &lab.topic(codec));
        }
        route.once(&[&lab.topic("*")]).assert_code(0);
        for (codec, written) in codecs.iter().zip(written) {
            let topic = lab.topic(codec);
            let left: usize =
                read_all(route.source, &topic, Isolation::ReadCommitted).values().map(Vec::len).sum();
            assert!(left < written, "{topic}: {left} of {written} are left, nothing was cleaned");
            route.assert_same(&topic, left);
            assert_map(&route, &topic);
            let tombstones = &read_all(route.target, &topic, Isolation::ReadUncommitted)[&0];
            assert!(tombstones.iter().any(|record| record.value.is_none()), "{topic}: no tombstone arrived");
        }
    });
}
