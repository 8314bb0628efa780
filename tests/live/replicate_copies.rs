//! G1, G4 and G5: whatever the records are and however they were written, they arrive unchanged.

use crate::harness::admin::{create_topic, delete_records_before, set_topic_configs};
use crate::harness::live;
use crate::harness::produce::{CODECS, Writer, produce};
use crate::harness::records::{NewRecord, Seeded, mixed};
use crate::harness::route::Route;

#[test]
fn g4_every_codec_arrives_unchanged() {
    live(|lab| {
        let route = Route::shared(lab);
        let topics = CODECS.map(|codec| lab.topic(codec));
        for (topic, codec) in topics.iter().zip(CODECS) {
            create_topic(route.source, topic, 2, &[]);
            produce(route.source, topic, codec, &mixed(11, 500, 2));
        }
        route.once(&[&lab.topic("*")]).assert_code(0);
        for topic in &topics {
            route.assert_same(topic, 500);
        }
    });
}

#[test]
fn g5_only_committed_transactions_arrive() {
    live(|lab| {
        let topic = lab.topic("t");
        Route::shared(lab).carries(&topic, (1, &[]), 75, |source| {
            let first = Writer::transactional(source, &lab.topic("a"), &[]);
            let second = Writer::transactional(source, &lab.topic("b"), &[]);
            // Interleaved in one log: the first commits what surrounds the second's aborted records.
            first.begin();
            second.begin();
            for round in 0..5 {
                first.send(&topic, &mixed(20 + round, 10, 1));
                first.flush();
                second.send(&topic, &mixed(30 + round, 10, 1));
                second.flush();
            }
            second.abort();
            first.commit();
            let idempotent = Writer::open(source, &[("enable.idempotence", "true")]);
            idempotent.send(&topic, &mixed(40, 25, 1));
            idempotent.flush();
        });
    });
}

#[test]
fn g5_many_interleaved_transactions_of_three_producers_arrive_as_they_were_committed() {
    live(|lab| {
        let topic = lab.topic("t");
        // Of the 10 rounds of 12 records each, every producer aborts 3 or 4.
        Route::shared(lab).carries(&topic, (1, &[]), (30 - 10) * 12, |source| {
            let settings = [("compression.type", "lz4"), ("linger.ms", "0")];
            let writers = ["a", "b", "c"].map(|id| Writer::transactional(source, &lab.topic(id), &settings));
            for round in 0..10 {
                writers.iter().for_each(Writer::begin);
                for piece in 0..3 {
                    for writer in &writers {
                        writer.send(&topic, &mixed(41 + round * 3 + piece, 4, 1));
                        writer.flush();
                    }
                }
                for (index, writer) in (0_u64..).zip(&writers) {
                    if (round + index) % 3 == 0 { writer.abort() } else { writer.commit() }
                }
            }
        });
    });
}

#[test]
fn g4_nulls_large_values_and_many_headers_arrive_unchanged() {
    live(|lab| {
        let topic = lab.topic("t");
        let mut random = Seeded::new(50);
        let plain = NewRecord { timestamp_ms: 1_760_000_000_000, ..NewRecord::default() };
        let large = Some(random.bytes(900_000));
        let headers = (0..50).map(|index| (format!("h{index}"), Some(random.bytes(index)))).collect();
        let records = [
            plain.clone(),
            NewRecord { key: Some(vec![]), value: Some(vec![]), ..plain.clone() },
            NewRecord { key: Some(b"tombstone".to_vec()), ..plain.clone() },
            NewRecord { key: Some(b"large".to_vec()), value: large, ..plain.clone() },
            NewRecord { value: Some(b"headers".to_vec()), headers, ..plain },
        ];
        Route::shared(lab).carries(&topic, (1, &[]), 5, |source| produce(source, &topic, "none", &records));
    });
}

#[test]
fn g1_one_partition_three_hundred_and_empty_ones_arrive() {
    live(|lab| {
        let route = Route::shared(lab);
        for (partitions, filled) in [(1, 1), (12, 2), (300, 250)] {
            let topic = lab.topic(&partitions.to_string());
            route.carries(&topic, (partitions, &[]), 2000, |source| {
                produce(source, &topic, "lz4", &mixed(60, 2000, filled));
            });
        }
    });
}

#[test]
fn g1_a_log_that_starts_above_zero_arrives() {
    live(|lab| {
        let topic = lab.topic("t");
        // 117 lies inside a batch: what is before it in the batch must not arrive.
        Route::shared(lab).carries(&topic, (1, &[]), 183, |source| {
            let writer = Writer::open(source, &[("compression.type", "zstd"), ("linger.ms", "200")]);
            writer.send(&topic, &mixed(70, 300, 1));
            writer.flush();
            delete_records_before(source, &topic, 0, 117);
        });
    });
}

#[test]
fn g4_append_times_of_the_source_are_kept() {
    live(|lab| {
        let route = Route::shared(lab);
        let topic = lab.topic("t");
        // The config is not carried over: the target would stamp the records anew.
        let append_time = [("message.timestamp.type", "LogAppendTime")];
        route.carries(&topic, (1, &append_time), 200, |source| {
            produce(source, &topic, "snappy", &mixed(80, 200, 1));
        });
    });
}

#[test]
fn g1_batches_larger_than_the_target_allows_are_split() {
    live(|lab| {
        let route = Route::shared(lab);
        let topic = lab.topic("t");
        create_topic(route.target, &topic, 1, &[]);
        set_topic_configs(route.target, &topic, &[("max.message.bytes", "20000")]);
        route.carries(&topic, (1, &[]), 2000, |source| {
            let writer = Writer::open(source, &[("linger.ms", "200"), ("batch.size", "900000")]);
            writer.send(&topic, &mixed(90, 2000, 1));
            writer.flush();
        });
    });
}
