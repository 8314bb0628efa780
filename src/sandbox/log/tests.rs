#![allow(clippy::unwrap_used)]

use bytes::Bytes;
use kafka_protocol::error::ResponseError;

use super::check::check;
use super::records::{self, Record};
use super::*;
use crate::kafka::codec::Codec;
use crate::sandbox::configs::Configs;
use crate::sandbox::configs::TopicSettings;

const NOW: i64 = 1_760_000_000_000;

fn settings(own: &[(&str, &str)]) -> TopicSettings {
    let own = own.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Configs::default().topic_settings(&own.collect()).unwrap()
}

/// Makes a batch as a client sends it, of records with these keys and values.
fn batch(producer: (i64, i16, i32), time: i64, records: &[(&str, Option<&str>)]) -> Bytes {
    let mut body = Vec::new();
    for (delta, (key, value)) in (0..).zip(records) {
        let mut tail = Vec::new();
        records::put_varint(&mut tail, i64::try_from(key.len()).unwrap());
        tail.extend_from_slice(key.as_bytes());
        match value {
            Some(value) => {
                records::put_varint(&mut tail, i64::try_from(value.len()).unwrap());
                tail.extend_from_slice(value.as_bytes());
            }
            None => records::put_varint(&mut tail, -1),
        }
        records::put_varint(&mut tail, 0);
        let record =
            Record { offset_delta: delta, timestamp_delta: delta, key: None, value: None, tail: &tail };
        records::put_record(&mut body, &record);
    }
    let count = i32::try_from(records.len()).unwrap();
    let header = BatchHeader {
        base_offset: 0,
        length: 0,
        leader_epoch: -1,
        magic: 2,
        crc: 0,
        attributes: 0,
        last_offset_delta: count - 1,
        base_timestamp: time,
        max_timestamp: time + i64::from(count) - 1,
        producer_id: producer.0,
        producer_epoch: producer.1,
        base_sequence: producer.2,
        record_count: count,
    };
    let (header, payload) = records::assemble(header, &body, Codec::Lz4).unwrap();
    [&header.to_bytes()[..], &payload].concat().into()
}

const NOBODY: (i64, i16, i32) = (-1, -1, -1);

fn append(log: &mut PartitionLog, bytes: Bytes) -> Result<Appended, ResponseError> {
    let checked = check(Some(bytes), 13, &settings(&[]), NOW).map_err(|refusal| refusal.error)?;
    log.append(checked, 0).map_err(|refusal| refusal.error)
}

/// Lists offset and key of every record left.
fn left(log: &PartitionLog) -> Vec<(i64, String)> {
    let mut found = Vec::new();
    for batch in log.batches().filter(|batch| !batch.header.is_control()) {
        let plain = records::decompressed(&batch.header, &batch.payload).unwrap();
        for record in records::parse(&plain, batch.header.record_count).unwrap() {
            let key = String::from_utf8(record.key.unwrap().to_vec()).unwrap();
            found.push((batch.header.base_offset + record.offset_delta, key));
        }
    }
    found
}

#[test]
fn compaction_keeps_each_keys_newest_record_at_its_offset_and_the_logs_end() {
    let mut log = PartitionLog::default();
    append(&mut log, batch(NOBODY, NOW, &[("a", Some("1")), ("b", Some("1"))])).unwrap();
    append(&mut log, batch(NOBODY, NOW, &[("a", Some("2")), ("c", None)])).unwrap();
    append(&mut log, batch(NOBODY, NOW, &[("b", Some("2")), ("b", Some("3"))])).unwrap();
    log.compact(NOW, 1_000);
    let wanted = [(2, "a"), (3, "c"), (5, "b")].map(|(offset, key)| (offset, key.to_owned()));
    assert_eq!(left(&log), wanted);
    assert_eq!(log.batches().map(|batch| batch.header.last_offset()).collect::<Vec<_>>(), [3, 5]);
    assert!(log.batches().all(|batch| {
        let mut covered = batch.header.to_bytes()[21..].to_vec();
        covered.extend_from_slice(&batch.payload);
        crate::kafka::crc::crc32c(&covered) == batch.header.crc
    }));
    // What deletes a key goes later, and the last batch stays though it is empty: the end is kept.
    append(&mut log, batch(NOBODY, NOW, &[("d", None)])).unwrap();
    log.compact(NOW + 5_000, 1_000);
    assert_eq!(left(&log), [(2, "a".to_owned()), (5, "b".to_owned())]);
    assert_eq!(log.batches().last().unwrap().header.record_count, 0);
    assert_eq!((log.start(), log.end()), (0, 7));
}

#[test]
fn compaction_ignores_what_was_aborted_and_spares_what_is_open() {
    let mut log = PartitionLog::default();
    append(&mut log, batch(NOBODY, NOW, &[("a", Some("kept"))])).unwrap();
    let transactional = |sequence| {
        let bytes = batch((7, 0, sequence), NOW, &[("a", Some("x"))]);
        let mut checked = check(Some(bytes), 13, &settings(&[]), NOW).unwrap();
        checked.header.attributes |= 1 << 4;
        checked
    };
    log.append(transactional(0), 0).unwrap();
    let marker = Marker { producer_id: 7, producer_epoch: 0, coordinator_epoch: 0, commit: false };
    log.append_marker(marker, 0, NOW).unwrap();
    log.append(transactional(1), 0).unwrap();
    assert_eq!((log.last_stable(), log.end()), (3, 4));
    log.compact(NOW, 1_000);
    assert_eq!(left(&log), [(0, "a".to_owned()), (3, "a".to_owned())]);
    let aborted: Vec<&Aborted> = log.aborted_between(0, 4).collect();
    assert_eq!(aborted, [&Aborted { producer_id: 7, first_offset: 1, last_offset: 2 }]);
}

#[test]
fn retention_goes_by_time_and_by_size_and_never_past_the_high_watermark() {
    let fill = || {
        let mut log = PartitionLog::default();
        for age in [3_000, 2_000, 1_000] {
            append(&mut log, batch(NOBODY, NOW - age, &[("a", Some("1"))])).unwrap();
        }
        log
    };
    let mut log = fill();
    assert_eq!(log.apply_retention(&settings(&[("retention.ms", "1500")]), NOW), 2);
    assert_eq!(log.read(0, 3, 1 << 20, true).next_offset, 3);
    let mut log = fill();
    let two = (log.size_bytes() * 2 / 3).to_string();
    let sized = settings(&[("retention.bytes", &two), ("retention.ms", "-1")]);
    assert_eq!(log.apply_retention(&sized, NOW), 1);
    let mut log = fill();
    log.hold_high_watermark(Some(1));
    assert_eq!(log.apply_retention(&settings(&[("retention.ms", "0")]), NOW), 1);
    let mut log = fill();
    let compacted = settings(&[("cleanup.policy", "compact"), ("retention.ms", "0")]);
    assert_eq!(log.apply_retention(&compacted, NOW), 0);
}

#[test]
fn a_log_that_lost_its_end_knows_its_producers_by_what_is_left() {
    let mut log = PartitionLog::default();
    for sequence in 0..8 {
        append(&mut log, batch((7, 0, sequence), NOW, &[("a", None)])).unwrap();
    }
    let again = append(&mut log, batch((7, 0, 3), NOW, &[("a", None)])).unwrap();
    assert_eq!((again.base_offset, again.is_duplicate), (3, true));
    let forgotten = append(&mut log, batch((7, 0, 2), NOW, &[("a", None)]));
    assert_eq!(forgotten, Err(ResponseError::OutOfOrderSequenceNumber));
    log.truncate(5);
    log.begin_epoch(1);
    assert_eq!((log.end(), log.epochs().end_of(0, log.end())), (5, (0, 5)));
    assert_eq!(
        append(&mut log, batch((7, 0, 7), NOW, &[("a", None)])),
        Err(ResponseError::OutOfOrderSequenceNumber)
    );
    assert_eq!(append(&mut log, batch((7, 0, 5), NOW, &[("b", None)])).unwrap().base_offset, 5);
    assert_eq!(
        append(&mut log, batch((7, 1, 1), NOW, &[("b", None)])),
        Err(ResponseError::OutOfOrderSequenceNumber)
    );
    assert_eq!(append(&mut log, batch((7, 1, 0), NOW, &[("b", None)])).unwrap().base_offset, 6);
    assert_eq!(
        append(&mut log, batch((7, 0, 6), NOW, &[("b", None)])),
        Err(ResponseError::InvalidProducerEpoch)
    );
    log.expire_producer(7);
    assert_eq!(append(&mut log, batch((7, 0, 99), NOW, &[("b", None)])).unwrap().base_offset, 7);
}

#[test]
fn a_read_is_cut_anywhere_but_in_its_first_batch() {
    let mut log = PartitionLog::default();
    for _ in 0..3 {
        append(&mut log, batch(NOBODY, NOW, &[("a", Some("1")), ("b", Some("2"))])).unwrap();
    }
    let size = log.batches().next().unwrap().size_bytes();
    let read = |from, up_to, bytes, whole| {
        let slice = log.read(from, up_to, bytes, whole);
        (slice.bytes.len(), slice.next_offset)
    };
    assert_eq!(read(1, 6, 10_000, true), (3 * size, 6), "the batch that holds the offset comes whole");
    assert_eq!(read(0, 6, size + 7, true), (size + 7, 2), "the last batch is cut off");
    assert_eq!(read(0, 6, 7, true), (size, 2));
    assert_eq!(read(0, 6, 7, false), (0, 0));
    assert_eq!(read(0, 5, 10_000, true), (2 * size, 4), "no batch that reaches past the end");
    assert_eq!(read(6, 6, 10_000, true), (0, 6));
}

#[test]
fn records_are_found_by_their_time() {
    let mut log = PartitionLog::default();
    append(&mut log, batch(NOBODY, NOW, &[("a", None), ("b", None)])).unwrap();
    append(&mut log, batch(NOBODY, NOW - 50, &[("c", None)])).unwrap();
    let found = |time| log.first_not_before(time).map(|found| (found.offset, found.timestamp_ms));
    assert_eq!(found(0), Some((0, NOW)));
    assert_eq!(found(NOW + 1), Some((1, NOW + 1)));
    assert_eq!(found(NOW + 2), None);
    assert_eq!(log.newest().map(|found| found.offset), Some(1));
}
