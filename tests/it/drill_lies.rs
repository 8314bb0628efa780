//! The liars of `support/lies`: each lie is the one it says, in every version, and nothing else is changed.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::fetch_response::{FetchableTopicResponse, PartitionData};
use kafka_protocol::messages::metadata_response::MetadataResponseTopic;
use kafka_protocol::messages::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::{
    ApiKey, FetchResponse, GroupId, InitProducerIdResponse, MetadataResponse, OffsetCommitRequest,
    ProduceRequest, RequestHeader, ResponseHeader, TopicName,
};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, Message};
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use strait::drill::proxy::Tamper;
use strait::kafka::batch::{Batches, RawBatch};
use strait::kafka::codec::Codec;
use strait::sandbox::ClusterSpec;
use uuid::Uuid;

use crate::drill_proxy::{DIRECT, WORD, application, open, open_with, replicate, spec, writer};
use crate::sandbox_kit::{Content, LONG, client, contents, read_all, start, write};
use crate::support::build::{ANYBODY, Writer, batch, text};
use crate::support::lies::{self, DoubleOne, DropOne, Inner, OldEpoch, ShiftOffset, SwapTwo};

const ID: Uuid = Uuid::from_u128(77);

fn answer_frame<R: Encodable + HeaderVersion>(version: i16, body: &R) -> BytesMut {
    let mut frame = BytesMut::new();
    let header = ResponseHeader::default().with_correlation_id(7);
    header.encode(&mut frame, R::header_version(version)).unwrap();
    body.encode(&mut frame, version).unwrap();
    frame
}

fn answer_body<R: Decodable + HeaderVersion>(version: i16, frame: BytesMut) -> R {
    let mut frame = frame.freeze();
    let header = ResponseHeader::decode(&mut frame, R::header_version(version)).unwrap();
    assert_eq!(header.correlation_id, 7);
    R::decode(&mut frame, version).unwrap()
}

fn request_frame<R: Encodable + HeaderVersion>(api: ApiKey, version: i16, body: &R) -> BytesMut {
    let mut frame = BytesMut::new();
    let header = RequestHeader::default()
        .with_request_api_key(api as i16)
        .with_request_api_version(version)
        .with_correlation_id(7)
        .with_client_id(Some(text("liar")));
    header.encode(&mut frame, R::header_version(version)).unwrap();
    body.encode(&mut frame, version).unwrap();
    frame
}

fn request_body<R: Decodable + HeaderVersion>(version: i16, frame: BytesMut) -> R {
    let mut frame = frame.freeze();
    let header = RequestHeader::decode(&mut frame, R::header_version(version)).unwrap();
    assert_eq!((header.correlation_id, header.client_id), (7, Some(text("liar"))));
    R::decode(&mut frame, version).unwrap()
}

/// Has a liar see that the topic `orders` has the id.
fn introduce(liar: &dyn Tamper) {
    let named = |name: &str, id| {
        MetadataResponseTopic::default().with_name(Some(TopicName(text(name)))).with_topic_id(id)
    };
    let topics = vec![named("other", Uuid::from_u128(78)), named("orders", ID)];
    let frame = answer_frame(12, &MetadataResponse::default().with_topics(topics));
    assert_eq!(liar.on_answer(ApiKey::Metadata as i16, 12, frame.clone()), frame);
}

fn one(bytes: Bytes) -> RawBatch {
    Batches::new(bytes).next().unwrap().unwrap()
}

/// A batch of so many records at an offset, in a codec.
fn coded(writer: Writer, count: i32, offset: i64, codec: Codec) -> Bytes {
    let plain = one(batch(writer, count));
    let mut header = plain.header;
    header.base_offset = offset;
    header.attributes |= codec.attribute_bits();
    lies::batch(header, &lies::records(&plain))
}

/// Two batches of a topic's partition, and the begin of a third.
fn fetched(version: i16, codec: Codec, name: &str, id: Uuid) -> (FetchResponse, Bytes) {
    let (first, second) = (coded(ANYBODY, 5, 40, codec), coded(ANYBODY, 3, 45, codec));
    let set = Bytes::from([&first[..], &second, &first[..30]].concat());
    let partition = PartitionData::default()
        .with_partition_index(2)
        .with_high_watermark(99)
        .with_records(Some(set.clone()));
    let topic = FetchableTopicResponse::default().with_partitions(vec![partition]);
    let topic = if version < 13 { topic.with_topic(TopicName(text(name))) } else { topic.with_topic_id(id) };
    (FetchResponse::default().with_responses(vec![topic]), set)
}

/// Has a liar lie about a fetched batch in every version and codec; `check` gets the records before and after.
fn lies_about_a_fetch(liar: impl Fn() -> Box<dyn Tamper>, check: impl Fn(&[Inner], &[Inner])) {
    let api = ApiKey::Fetch as i16;
    let range = ApiKey::Fetch.valid_versions();
    for version in range.min..=range.max {
        for codec in Codec::ALL {
            let liar = liar();
            introduce(&*liar);
            let (other, _) = fetched(version, codec, "other", Uuid::from_u128(78));
            let other = answer_frame(version, &other);
            assert_eq!(liar.on_answer(api, version, other.clone()), other, "another topic is changed");
            let (body, set) = fetched(version, codec, "orders", ID);
            let frame = answer_frame(version, &body);
            let lied = liar.on_answer(api, version, frame.clone());
            assert_eq!(lied, liar.on_answer(api, version, frame), "it does not keep to its lie");
            let body: FetchResponse = answer_body(version, lied);
            let partition = &body.responses[0].partitions[0];
            assert_eq!(partition.high_watermark, 99);
            let found = partition.records.clone().unwrap();
            let wanted: Vec<RawBatch> = Batches::new(set.clone()).map_while(Result::ok).collect();
            let batches: Vec<RawBatch> = Batches::new(found.clone()).map_while(Result::ok).collect();
            assert_eq!(batches.len(), 2, "version {version} {codec:?}");
            batches[0].verify_crc().unwrap();
            let (before, after) = (wanted[0].header, batches[0].header);
            assert_eq!(before.base_offset, after.base_offset);
            assert_eq!(before.last_offset_delta, after.last_offset_delta);
            assert_eq!(before.codec(), after.codec());
            check(&lies::records(&wanted[0]), &lies::records(&batches[0]));
            let rest = |set: &Bytes, first: &RawBatch| set.slice(first.bytes.len()..);
            assert_eq!(rest(&set, &wanted[0]), rest(&found, &batches[0]), "more than one batch is changed");
        }
    }
}

#[test]
fn one_record_is_left_out() {
    lies_about_a_fetch(
        || Box::new(DropOne::of("orders")),
        |before, after| assert_eq!([&before[..1], &before[2..]].concat(), after),
    );
}

#[test]
fn two_records_are_swapped() {
    lies_about_a_fetch(
        || Box::new(SwapTwo::of("orders")),
        |before, after| {
            assert_eq!(before[2..], after[2..]);
            // Under each other's offsets.
            assert_ne!(before[..2], after[..2]);
            let swapped = format!("{:?}", before[1]).replace("offset: 1", "offset: 0");
            assert_eq!(format!("{:?}", after[0]), swapped);
        },
    );
}

#[test]
fn one_record_is_doubled_and_later_sequences_fit() {
    let range = ApiKey::Produce.valid_versions();
    for version in range.min..=range.max {
        for codec in Codec::ALL {
            let liar = DoubleOne::of("orders");
            introduce(&liar);
            let send = |writer: Writer, partition: i32| -> (RawBatch, RawBatch) {
                let bytes = coded(writer, 4, 0, codec);
                let data =
                    PartitionProduceData::default().with_index(partition).with_records(Some(bytes.clone()));
                let topic = TopicProduceData::default().with_partition_data(vec![data]);
                let topic = if version < 13 {
                    topic.with_name(TopicName(text("orders")))
                } else {
                    topic.with_topic_id(ID)
                };
                let body = ProduceRequest::default().with_acks(-1).with_topic_data(vec![topic]);
                let frame = request_frame(ApiKey::Produce, version, &body);
                let lied = liar.on_request(ApiKey::Produce as i16, version, frame);
                let mut body: ProduceRequest = request_body(version, lied);
                let records = body.topic_data[0].partition_data[0].records.take().unwrap();
                let after = one(records);
                after.verify_crc().unwrap();
                (one(bytes), after)
            };
            let writer = |epoch, sequence| Writer { id: 9, epoch, sequence, transactional: false };
            let untouched = |(before, after): (RawBatch, RawBatch)| assert_eq!(before.bytes, after.bytes);
            untouched(send(ANYBODY, 1));
            for _ in 0..2 {
                let (before, after) = send(writer(3, 20), 1);
                let (sent, got) = (lies::records(&before), lies::records(&after));
                assert_eq!((got.len(), &got[..4]), (5, &sent[..]));
                assert!(after.header.is_gap_free() && after.header.base_sequence == 20);
                let double = format!("{:?}", sent[3]).replace("offset: 3", "offset: 4");
                assert_eq!(format!("{:?}", got[4]), double);
            }
            let (before, after) = send(writer(3, 24), 1);
            assert_eq!(after.header.base_sequence, 25);
            assert_eq!(lies::records(&before), lies::records(&after));
            untouched(send(writer(3, 16), 1));
            untouched(send(writer(3, 24), 0));
            untouched(send(writer(4, 24), 1));
            assert_eq!(liar.told(), Some(1));
        }
    }
}

#[test]
fn a_translated_offset_is_one_more_and_a_members_is_not() {
    let range = OffsetCommitRequest::VERSIONS;
    for version in range.min..=range.max {
        let liar = ShiftOffset::of("shop", "orders", 1);
        introduce(&liar);
        let commit = |group: &str, generation: i32, offsets: [i64; 3]| -> Vec<i64> {
            let partition = |(index, offset): (i32, i64)| {
                OffsetCommitRequestPartition::default()
                    .with_partition_index(index)
                    .with_committed_offset(offset)
            };
            let topic = OffsetCommitRequestTopic::default()
                .with_partitions((0..).zip(offsets).map(partition).collect());
            let topic = if version < 10 {
                topic.with_name(TopicName(text("orders")))
            } else {
                topic.with_topic_id(ID)
            };
            let body = OffsetCommitRequest::default()
                .with_group_id(GroupId(text(group)))
                .with_generation_id_or_member_epoch(generation)
                .with_topics(vec![topic]);
            let frame = request_frame(ApiKey::OffsetCommit, version, &body);
            let lied = liar.on_request(ApiKey::OffsetCommit as i16, version, frame);
            let body: OffsetCommitRequest = request_body(version, lied);
            body.topics[0].partitions.iter().map(|partition| partition.committed_offset).collect()
        };
        assert_eq!(commit("shop", -1, [5, 0, 6]), [5, 0, 6]);
        assert_eq!((commit("shop", -1, [5, 8, 6]), liar.told()), (vec![5, 9, 6], Some(9)));
        assert_eq!((commit("shop", -1, [5, 9, 6]), liar.told()), (vec![5, 10, 6], Some(10)));
        assert_eq!(commit("other", -1, [5, 8, 6]), [5, 8, 6]);
        if version > 0 {
            assert_eq!(commit("shop", 3, [5, 8, 6]), [5, 8, 6]);
        }
    }
}

#[test]
fn a_takeover_is_given_the_epoch_before() {
    let range = ApiKey::InitProducerId.valid_versions();
    for version in range.min..=range.max {
        let liar = OldEpoch::from(2);
        let give = |epoch: i16, code: i16| -> i16 {
            let body = InitProducerIdResponse::default().with_producer_epoch(epoch).with_error_code(code);
            let frame = answer_frame(version, &body);
            let lied = liar.on_answer(ApiKey::InitProducerId as i16, version, frame);
            answer_body::<InitProducerIdResponse>(version, lied).producer_epoch
        };
        assert_eq!([give(4, 0), give(5, 0), give(0, 0), give(-1, 14), give(7, 0)], [4, 4, 0, -1, 6]);
        assert_eq!(liar.told(), 2);
    }
}

/// Copies a topic with a liar on one side; returns what stands in each partition at both ends.
fn copied(near: Option<Arc<dyn Tamper>>, far: Option<Arc<dyn Tamper>>) -> Vec<(Vec<Content>, Vec<Content>)> {
    let source = start(spec());
    let target = start(ClusterSpec::new(3).user("root", WORD).super_user("User:root"));
    let honest = open(&source);
    write(&writer(&honest), "orders", 4, 0..800);
    let (near, far) = (open_with(&source, near), open_with(&target, far));
    let folder = tempfile::tempdir().unwrap();
    replicate(folder.path(), &near, &far, 0);
    let wanted = contents(&read_all(&source, "orders", 4, &DIRECT));
    let found = contents(&read_all(&target, "orders", 4, &DIRECT));
    wanted.into_values().zip(found.into_values()).collect()
}

#[test]
fn a_copier_that_believes_loses_doubles_or_swaps_exactly_what_the_liar_wants() {
    let dropping = Arc::new(DropOne::of("orders"));
    let (partition, offset) = {
        let ends = copied(Some(dropping.clone()), None);
        let (partition, offset) = dropping.told().unwrap();
        for (index, (mut wanted, found)) in ends.into_iter().enumerate() {
            if index == usize::try_from(partition).unwrap() {
                wanted.remove(usize::try_from(offset).unwrap() + 1);
            }
            assert!(wanted == found, "partition {index}");
        }
        (partition, offset)
    };
    assert!(partition >= 0 && offset >= 0);

    let doubling = Arc::new(DoubleOne::of("orders"));
    let ends = copied(None, Some(doubling.clone()));
    let doubled = usize::try_from(doubling.told().unwrap()).unwrap();
    for (index, (wanted, mut found)) in ends.into_iter().enumerate() {
        if index == doubled {
            let twice = found.windows(2).position(|pair| pair[0] == pair[1]).expect("a record twice");
            found.remove(twice);
        }
        assert!(wanted == found, "partition {index}");
    }

    let swapping = Arc::new(SwapTwo::of("orders"));
    let ends = copied(Some(swapping.clone()), None);
    let (partition, offset) = swapping.told().unwrap();
    for (index, (mut wanted, found)) in ends.into_iter().enumerate() {
        if index == usize::try_from(partition).unwrap() {
            let offset = usize::try_from(offset).unwrap();
            wanted.swap(offset, offset + 1);
        }
        assert!(wanted == found, "partition {index}");
    }
}

#[test]
fn a_takeover_with_an_old_epoch_does_not_write() {
    let source = start(spec());
    let target = start(ClusterSpec::new(3).user("root", WORD).super_user("User:root"));
    let near = open(&source);
    write(&writer(&near), "orders", 4, 0..400);
    let folder = tempfile::tempdir().unwrap();
    replicate(folder.path(), &near, &open(&target), 0);
    write(&writer(&near), "orders", 4, 400..800);
    let liar = Arc::new(OldEpoch::from(1));
    let far = open_with(&target, Some(liar.clone()));
    replicate(folder.path(), &near, &far, 1);
    assert!(liar.told() > 0);
    let found = read_all(&target, "orders", 4, &DIRECT);
    assert_eq!(found.values().map(Vec::len).sum::<usize>(), 400);
    // Where nobody lies the flow goes on, and nothing is lost or doubled.
    replicate(folder.path(), &near, &open(&target), 0);
    let ends = [&source, &target].map(|cluster| contents(&read_all(cluster, "orders", 4, &DIRECT)));
    assert!(ends[0] == ends[1]);
}

#[test]
fn what_librdkafka_commits_from_outside_a_group_is_shifted() {
    let cluster = start(spec());
    let honest = open(&cluster);
    write(&writer(&honest), "orders", 4, 0..40);
    let liar = Arc::new(ShiftOffset::of("shop", "orders", 1));
    let proxy = open_with(&cluster, Some(liar.clone()));
    let mut offsets = TopicPartitionList::new();
    for partition in 0..4 {
        offsets.add_partition_offset("orders", partition, Offset::Offset(5)).unwrap();
    }
    let outside: BaseConsumer = application(&proxy, &[("group.id", "shop")]).create().unwrap();
    outside.commit(&offsets, CommitMode::Sync).unwrap();
    assert_eq!(liar.told(), Some(6));
    let reader: BaseConsumer = client(&cluster, &DIRECT).set("group.id", "shop").create().unwrap();
    let found = reader.committed_offsets(offsets, LONG).unwrap();
    let found: Vec<Offset> = found.elements().iter().map(|partition| partition.offset()).collect();
    assert_eq!(found, [5, 6, 5, 5].map(Offset::Offset));
}
