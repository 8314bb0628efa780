//! G4 on the disk: what passed through has the source's bytes behind the header, and a header that
//! differs only in what has to.

use crate::harness::live;
use crate::harness::produce::{CODECS, Writer};
use crate::harness::records::{NewRecord, Seeded};
use crate::harness::route::Route;
use crate::harness::segments::{StoredBatch, stored_batches};

/// Bits of a transactional batch and of one that compaction has looked at.
const TRANSACTIONAL: i16 = 0x10;

/// Makes records no codec makes small, so that batches are too large to be merged.
fn incompressible(count: usize) -> Vec<NewRecord> {
    let mut random = Seeded::new(600);
    let mut value = || (0..1250).flat_map(|_| random.next_u64().to_le_bytes()).collect();
    (0..count)
        .map(|index| NewRecord {
            key: Some(format!("key-{index}").into_bytes()),
            value: Some(value()),
            timestamp_ms: 1_760_000_000_000 + i64::try_from(index).unwrap(),
            ..NewRecord::default()
        })
        .collect()
}

#[test]
fn g4_bytes_behind_the_header_are_the_sources_in_every_codec() {
    live(|lab| {
        let route = Route::shared(lab);
        for codec in CODECS {
            let topic = lab.topic(codec);
            route.carries(&topic, (1, &[]), 300, |source| {
                let settings = [("compression.type", codec), ("linger.ms", "200"), ("batch.size", "950000")];
                let writer = Writer::transactional(source, &topic, &settings);
                writer.begin();
                writer.send(&topic, &incompressible(300));
                writer.commit();
            });
            let source = stored_batches(route.source, &topic, 0);
            let source: Vec<&StoredBatch> = source.iter().filter(|batch| !batch.is_control()).collect();
            let target = stored_batches(route.target, &topic, 0);
            let target: Vec<&StoredBatch> = target.iter().filter(|batch| !batch.is_control()).collect();
            assert_eq!(source.len(), target.len(), "{topic}");
            for (from, to) in source.iter().zip(&target) {
                assert!(
                    from.records == to.records,
                    "{topic}: other bytes at source offset {}",
                    from.base_offset
                );
                let kept = |batch: &StoredBatch| {
                    (
                        batch.codec(),
                        batch.count,
                        batch.last_offset_delta,
                        batch.base_timestamp,
                        batch.max_timestamp,
                    )
                };
                assert_eq!(kept(from), kept(to), "{topic}: source offset {}", from.base_offset);
                assert_eq!(from.attributes, to.attributes | TRANSACTIONAL, "{topic}");
            }
        }
    });
}
