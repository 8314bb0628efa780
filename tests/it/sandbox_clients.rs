//! The sandbox under an independent client: what rdkafka writes, it reads back.

use strait::sandbox::{ClusterSpec, TopicSpec};

use crate::sandbox_kit::{contents, producer, read_all, start, write};

#[test]
fn what_rdkafka_writes_in_every_codec_it_reads_back() {
    let cluster = start(ClusterSpec::new(3).topic(TopicSpec::new("orders", 4)));
    for (round, codec) in (0..).zip(["none", "gzip", "snappy", "lz4", "zstd"]) {
        let writer = producer(&cluster, &[("compression.type", codec), ("acks", "all")]);
        write(&writer, "orders", 4, round * 200..(round + 1) * 200);
    }
    let read = read_all(&cluster, "orders", 4, &[]);
    assert_eq!(read.values().map(Vec::len).collect::<Vec<_>>(), [250; 4]);
    for (partition, records) in &read {
        for (place, record) in (0_i32..).zip(records) {
            let number = place * 4 + partition;
            assert_eq!(record.offset, i64::from(place));
            assert_eq!(record.timestamp_ms, Some(1_760_000_000_000 + i64::from(number)));
            assert_eq!(record.headers[0].1.as_deref(), Some(&number.to_be_bytes()[..]));
            assert_eq!(record.key, (number % 7 != 0).then(|| format!("key-{number}").into_bytes()));
        }
    }
    // Small fetches, cut in the middle of batches, give the same.
    let small = [
        ("fetch.message.max.bytes", "1500"),
        ("fetch.max.bytes", "2000"),
        ("max.partition.fetch.bytes", "1500"),
    ];
    let mut small = small.to_vec();
    small.push(("message.max.bytes", "1500"));
    assert_eq!(contents(&read_all(&cluster, "orders", 4, &small)), contents(&read));
}
