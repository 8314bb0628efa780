//! Holds the header walk, the rewrite and the re-encoding against kafka-protocol's own encoder and
//! decoder, and against damage.

use bytes::{Bytes, BytesMut};
use kafka_protocol::indexmap::IndexMap;
use kafka_protocol::protocol::StrBytes;
use kafka_protocol::records::{
    Compression, Record, RecordBatchDecoder, RecordBatchEncoder, RecordEncodeOptions, TimestampType,
};
use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use strait::kafka::batch::{BatchError, Batches, HEADER_BYTES, RawBatch, Rewrite, rewritten_header};
use strait::kafka::codec::{self, Codec};
use strait::kafka::records::{ReencodeError, ReencodeRequest, ReencodedSet, control_marker, reencode};

const LOG_APPEND_TIME: i16 = 1 << 3;
const DECODED_BYTES_MAX: usize = 64 << 20;

/// What must survive: timestamp, key, value, headers.
type Content = (i64, Option<Vec<u8>>, Option<Vec<u8>>, Vec<(String, Option<Vec<u8>>)>);

#[derive(Clone, Debug)]
struct Sample {
    codec: Codec,
    base_offset: i64,
    leader_epoch: i32,
    producer_id: i64,
    transactional: bool,
    delete_horizon: bool,
    deltas: Vec<i64>,
    contents: Vec<Content>,
}

fn compression(codec: Codec) -> Compression {
    match codec {
        Codec::None => Compression::None,
        Codec::Gzip => Compression::Gzip,
        Codec::Snappy => Compression::Snappy,
        Codec::Lz4 => Compression::Lz4,
        Codec::Zstd => Compression::Zstd,
    }
}

fn ours(theirs: Compression) -> Codec {
    Codec::ALL.into_iter().find(|codec| compression(*codec) == theirs).unwrap()
}

impl Sample {
    fn records(&self) -> Vec<Record> {
        let record = |(delta, (timestamp, key, value, headers)): (&i64, &Content)| Record {
            transactional: self.transactional,
            control: false,
            delete_horizon: self.delete_horizon,
            partition_leader_epoch: self.leader_epoch,
            producer_id: self.producer_id,
            producer_epoch: 3,
            timestamp_type: TimestampType::Creation,
            offset: self.base_offset + delta,
            sequence: *delta as i32,
            timestamp: *timestamp,
            key: key.clone().map(Bytes::from),
            value: value.clone().map(Bytes::from),
            headers: headers
                .iter()
                .map(|(name, value)| (StrBytes::from_string(name.clone()), value.clone().map(Bytes::from)))
                .collect::<IndexMap<_, _>>(),
        };
        self.deltas.iter().zip(&self.contents).map(record).collect()
    }

    fn offsets(&self) -> Vec<i64> {
        self.deltas.iter().map(|delta| self.base_offset + delta).collect()
    }

    fn encoded(&self) -> Bytes {
        let mut out = BytesMut::new();
        let compress = |plain: &mut BytesMut, out: &mut BytesMut, theirs| {
            out.extend_from_slice(&codec::compress(ours(theirs), plain).unwrap());
            Ok(())
        };
        let options = RecordEncodeOptions { version: 2, compression: compression(self.codec) };
        let records = self.records();
        RecordBatchEncoder::encode_with_custom_compression(&mut out, &records, &options, Some(compress))
            .unwrap();
        out.freeze()
    }

    fn batch(&self) -> RawBatch {
        only(self.encoded())
    }
}

fn only(bytes: Bytes) -> RawBatch {
    let mut batches = Batches::new(bytes);
    let batch = batches.next().unwrap().unwrap();
    assert!(batches.next().is_none());
    batch
}

/// Decodes with kafka-protocol, which verifies the checksum.
fn decoded(bytes: &[u8]) -> Result<Vec<Record>, String> {
    let decompress = |compressed: &mut Bytes, theirs| {
        Ok(Bytes::from(codec::decompress(ours(theirs), compressed, DECODED_BYTES_MAX)?))
    };
    let mut bytes = Bytes::copy_from_slice(bytes);
    RecordBatchDecoder::decode_with_custom_compression(&mut bytes, Some(decompress))
        .map(|set| set.records)
        .map_err(|error| error.to_string())
}

fn contents(records: &[Record]) -> Vec<Content> {
    let vec = |bytes: &Option<Bytes>| bytes.as_ref().map(|bytes| bytes.to_vec());
    let headers = |record: &Record| {
        record.headers.iter().map(|(name, value)| (name.to_string(), vec(value))).collect::<Vec<_>>()
    };
    records.iter().map(|r| (r.timestamp, vec(&r.key), vec(&r.value), headers(r))).collect()
}

/// The source's batch as another broker would have stored it: attributes changed, checksum right.
fn with_attributes(batch: &RawBatch, bits: i16) -> RawBatch {
    let mut bytes = batch.bytes.to_vec();
    bytes[21..23].copy_from_slice(&(batch.header.attributes | bits).to_be_bytes());
    let crc = strait::kafka::crc::crc32c(&bytes[21..]);
    bytes[17..21].copy_from_slice(&crc.to_be_bytes());
    only(bytes.into())
}

fn request(from_offset: i64, bytes_max: usize) -> ReencodeRequest {
    let decoded_bytes_max = DECODED_BYTES_MAX;
    let until_offset = i64::MAX;
    ReencodeRequest {
        from_offset,
        until_offset,
        codec: None,
        bytes_max,
        decoded_bytes_max,
        skip_too_large: false,
    }
}

/// Checks each batch on its own and returns all the records.
fn all_records(set: &ReencodedSet, bytes_max: usize) -> Vec<Content> {
    let mut all = Vec::new();
    for made in &set.batches {
        assert!(made.bytes.len() <= bytes_max);
        let batch = only(made.bytes.clone());
        assert_eq!(batch.header, made.header);
        assert!(batch.header.is_gap_free() && batch.header.base_offset == 0);
        let records = decoded(&made.bytes).unwrap();
        let offsets: Vec<i64> = records.iter().map(|record| record.offset).collect();
        assert_eq!(offsets, (0..records.len() as i64).collect::<Vec<_>>());
        assert_eq!(made.header.max_timestamp, records.iter().map(|r| r.timestamp).max().unwrap());
        all.extend(contents(&records));
    }
    all
}

fn bytes_up_to(size: usize) -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..size)
}

fn content() -> impl Strategy<Value = Content> {
    let header_map = proptest::collection::btree_map("[a-z]{0,6}", option::of(bytes_up_to(12)), 0..4);
    let headers = header_map.prop_map(|map| map.into_iter().collect::<Vec<_>>());
    (-1..2_000_000_000_000_i64, option::of(bytes_up_to(20)), option::of(bytes_up_to(300)), headers)
}

/// Batches with and without the gaps that compaction leaves.
fn sample() -> impl Strategy<Value = Sample> {
    let codec = prop::sample::select(Codec::ALL.to_vec());
    let kept = prop_oneof![
        (1..40_i64).prop_map(|count| (0..count).collect::<Vec<_>>()),
        btree_set(1..500_i64, 0..30).prop_map(|set| std::iter::once(0).chain(set).collect()),
    ];
    let flags = (any::<bool>(), any::<bool>());
    (codec, 0..1_i64 << 50, -1..50, -1..1_i64 << 40, flags, kept).prop_flat_map(
        |(codec, base_offset, leader_epoch, producer_id, (transactional, delete_horizon), deltas)| {
            vec(content(), deltas.len()).prop_map(move |contents| Sample {
                codec,
                base_offset,
                leader_epoch,
                producer_id,
                transactional,
                delete_horizon,
                deltas: deltas.clone(),
                contents,
            })
        },
    )
}

fn rewrite() -> Rewrite {
    Rewrite { producer_id: 4_711, producer_epoch: 9, base_sequence: 1_234 }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn g4_a_rewritten_batch_is_ours_in_its_header_and_the_sources_after_it(sample in sample()) {
        let batch = sample.batch();
        prop_assert_eq!(batch.header.codec().unwrap(), sample.codec);
        prop_assert_eq!(batch.header.record_count as usize, sample.deltas.len());
        prop_assert_eq!(Some(batch.header.last_offset()), sample.offsets().last().copied());
        prop_assert_eq!(batch.header.is_transactional(), sample.transactional);
        prop_assert_eq!(
            batch.header.is_gap_free(),
            sample.deltas.iter().zip(0..).all(|(delta, index)| *delta == index)
        );
        let header = rewritten_header(&batch, &rewrite());
        let produced = [&header[..], &batch.payload()].concat();
        prop_assert_eq!(&produced[HEADER_BYTES..], &batch.bytes[HEADER_BYTES..]);
        // Decoding verifies the corrected checksum.
        let records = decoded(&produced).unwrap();
        prop_assert_eq!(contents(&records), sample.contents);
        for (record, delta) in records.iter().zip(&sample.deltas) {
            prop_assert_eq!(record.offset, *delta);
            prop_assert_eq!((record.producer_id, record.producer_epoch), (4_711, 9));
            prop_assert_eq!(record.sequence, 1_234 + *delta as i32);
            prop_assert!(!record.transactional && !record.delete_horizon);
            prop_assert_eq!(record.partition_leader_epoch, -1);
        }
    }

    #[test]
    fn a_damaged_batch_is_still_refused_after_the_rewrite(
        sample in sample(), at in any::<prop::sample::Index>(), bit in 0..8_u32,
    ) {
        let good = sample.batch();
        let mut bytes = good.bytes.to_vec();
        let at = HEADER_BYTES + at.index(bytes.len() - HEADER_BYTES);
        bytes[at] ^= 1 << bit;
        let batch = RawBatch { header: good.header, bytes: bytes.into() };
        let checksum = BatchError::Checksum { offset: sample.base_offset };
        prop_assert_eq!(batch.verify_crc(), Err(checksum));
        let produced = [&rewritten_header(&batch, &rewrite())[..], &batch.payload()].concat();
        let refused = decoded(&produced).unwrap_err();
        prop_assert!(refused.contains("redundancy"), "{refused}");
        let damaged = matches!(
            reencode(&[batch], &request(0, 1 << 20)),
            Err(ReencodeError::Batch(BatchError::Checksum { .. }))
        );
        prop_assert!(damaged);
    }

    #[test]
    fn g1_g3_g4_reencoding_keeps_every_record_from_the_offset_on(
        sample in sample(), skip in 0..40_i64, tight in any::<bool>(),
    ) {
        let from = sample.base_offset + skip;
        let bytes_max = if tight { 600 } else { 1 << 20 };
        let expected: Vec<Content> = sample
            .offsets().into_iter().zip(&sample.contents)
            .filter(|(offset, _)| *offset >= from)
            .map(|(_, content)| content.clone()).collect();
        let set = match reencode(&[sample.batch()], &request(from, bytes_max)) {
            Ok(set) => set,
            Err(ReencodeError::RecordTooLarge { size_bytes, .. }) if tight => {
                prop_assert!(size_bytes > bytes_max);
                return Ok(());
            }
            Err(error) => panic!("{error}"),
        };
        prop_assert_eq!(all_records(&set, bytes_max), expected);
        let kept: Vec<i64> = sample.offsets().into_iter().filter(|offset| *offset >= from).collect();
        let mut at = 0;
        for made in &set.batches {
            let count = made.header.record_count as usize;
            let offsets: Vec<i64> = (0..).map_while(|index| made.source_offsets.get(index)).collect();
            prop_assert_eq!(&offsets[..], &kept[at..at + count]);
            at += count;
        }
    }

    #[test]
    fn g3_g4_merging_keeps_content_and_order(samples in vec(sample(), 1..5)) {
        let batches: Vec<RawBatch> = samples.iter().map(Sample::batch).collect();
        let set = reencode(&batches, &request(0, 1 << 20)).unwrap();
        prop_assert_eq!(set.batches.len(), 1);
        prop_assert_eq!(set.batches[0].header.codec().unwrap(), samples[0].codec);
        let expected: Vec<Content> = samples.into_iter().flat_map(|sample| sample.contents).collect();
        prop_assert_eq!(all_records(&set, 1 << 20), expected);
    }

    #[test]
    fn g4_append_time_becomes_each_records_time(sample in sample()) {
        let batch = with_attributes(&sample.batch(), LOG_APPEND_TIME);
        let appended = batch.header.max_timestamp;
        let set = reencode(&[batch], &request(0, 1 << 20)).unwrap();
        prop_assert!(!set.batches[0].header.is_log_append_time());
        let expected: Vec<Content> = sample.contents.into_iter().map(|c| (appended, c.1, c.2, c.3)).collect();
        prop_assert_eq!(all_records(&set, 1 << 20), expected);
    }

    #[test]
    fn a_cut_record_set_yields_its_whole_batches_and_nothing_else(
        samples in vec(sample(), 1..4), cut in any::<prop::sample::Index>(),
    ) {
        let whole: Vec<Bytes> = samples.iter().map(Sample::encoded).collect();
        let joined = whole.concat();
        let cut = cut.index(joined.len() + 1);
        let mut end = 0;
        let expected = whole.iter().take_while(|bytes| { end += bytes.len(); end <= cut }).count();
        let found: Vec<RawBatch> =
            Batches::new(Bytes::from(joined).slice(..cut)).collect::<Result<_, _>>().unwrap();
        prop_assert_eq!(found.len(), expected);
        for (batch, bytes) in found.iter().zip(&whole) {
            prop_assert_eq!(&batch.bytes, bytes);
        }
    }

    #[test]
    fn bytes_of_any_kind_never_panic(
        sample in sample(), hits in vec((any::<prop::sample::Index>(), any::<u8>()), 0..12), noise in bytes_up_to(200),
    ) {
        let mut bytes = sample.encoded().to_vec();
        for (at, byte) in hits {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        for input in [bytes, noise] {
            for batch in Batches::new(Bytes::from(input)).flatten() {
                // The checksum made right again, so that the damage reaches what is behind it.
                let batch = with_attributes(&batch, 0);
                let _ = control_marker(&batch);
                let _ = reencode(&[batch], &request(0, 600));
            }
        }
    }

    #[test]
    fn g1_records_the_header_does_not_count_are_an_error_not_a_loss(sample in sample()) {
        prop_assume!(sample.deltas.len() > 1);
        let mut bytes = sample.encoded().to_vec();
        bytes[57..61].copy_from_slice(&(sample.deltas.len() as i32 - 1).to_be_bytes());
        let batch = with_attributes(&only(bytes.into()), 0);
        let refused = matches!(reencode(&[batch], &request(0, 1 << 20)), Err(ReencodeError::Disagrees { .. }));
        prop_assert!(refused);
    }
}

#[test]
fn on_oversize_skip_leaves_out_only_what_is_too_large() {
    let content = |size: usize| (1, None, Some(vec![b'x'; size]), Vec::new());
    let sample = Sample {
        codec: Codec::None,
        base_offset: 100,
        leader_epoch: 1,
        producer_id: -1,
        transactional: false,
        delete_horizon: false,
        deltas: vec![0, 1, 2, 3],
        contents: vec![content(10), content(5_000), content(20), content(6_000)],
    };
    let error = reencode(&[sample.batch()], &request(0, 1_000)).unwrap_err();
    assert!(matches!(error, ReencodeError::RecordTooLarge { offset: 101, bytes_max: 1_000, .. }), "{error}");
    let skipping = ReencodeRequest { skip_too_large: true, ..request(0, 1_000) };
    let set = reencode(&[sample.batch()], &skipping).unwrap();
    assert_eq!(set.skipped.iter().map(|(offset, _)| *offset).collect::<Vec<_>>(), [101, 103]);
    assert_eq!(all_records(&set, 1_000), [content(10), content(20)]);
}

#[test]
fn g8_decoding_stays_within_its_limit_over_all_batches_together() {
    let content = (1, None, Some(vec![0; 10_000]), Vec::new());
    let sample = Sample {
        codec: Codec::Zstd,
        base_offset: 0,
        leader_epoch: 1,
        producer_id: -1,
        transactional: false,
        delete_horizon: false,
        deltas: vec![0],
        contents: vec![content],
    };
    let limited = ReencodeRequest { decoded_bytes_max: 25_000, ..request(0, 1 << 20) };
    let batch = sample.batch();
    assert!(reencode(&[batch.clone(), batch.clone()], &limited).is_ok());
    let error = reencode(&[batch.clone(), batch.clone(), batch], &limited).unwrap_err();
    assert!(matches!(error, ReencodeError::Codec { .. }), "{error}");
}
