//! Requests in few words.

use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::{
    BrokerId, CreateTopicsRequest, FetchRequest, ListOffsetsRequest, MetadataRequest, ProduceRequest,
    TopicName, TransactionalId,
};
use kafka_protocol::protocol::StrBytes;
use kafka_protocol::records::{Compression, Record, RecordBatchEncoder, RecordEncodeOptions, TimestampType};
use strait::kafka::batch::Batches;

use super::player::Player;

/// When the records of scenes were made.
pub const MADE_MS: i64 = 1_760_000_000_000;

/// Who writes a batch.
#[derive(Clone, Copy, Debug)]
pub struct Writer {
    /// Its producer id, -1 for none.
    pub id: i64,
    /// Its epoch.
    pub epoch: i16,
    /// The sequence of the first record.
    pub sequence: i32,
    /// Whether it is in a transaction.
    pub transactional: bool,
}

/// Nobody in particular.
pub const ANYBODY: Writer = Writer { id: -1, epoch: -1, sequence: -1, transactional: false };

/// Makes a protocol string.
pub fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

/// Makes a batch of records with the values `0`, `1`, and so on.
pub fn batch(writer: Writer, count: i32) -> Bytes {
    let records: Vec<Record> = (0..count)
        .map(|number| Record {
            transactional: writer.transactional,
            control: false,
            delete_horizon: false,
            partition_leader_epoch: -1,
            producer_id: writer.id,
            producer_epoch: writer.epoch,
            timestamp_type: TimestampType::Creation,
            offset: i64::from(number),
            // The encoder begins another batch where sequences do not follow each other.
            sequence: writer.sequence.wrapping_add(number),
            timestamp: MADE_MS + i64::from(number),
            key: Some(Bytes::from(format!("key {number}"))),
            value: Some(Bytes::from(number.to_string())),
            headers: kafka_protocol::indexmap::IndexMap::new(),
        })
        .collect();
    let mut out = BytesMut::new();
    let options = RecordEncodeOptions { version: 2, compression: Compression::None };
    RecordBatchEncoder::encode(&mut out, &records, &options).unwrap();
    out.freeze()
}

/// A Produce for one partition.
pub fn produce(topic: &StrBytes, partition: i32, records: Bytes) -> ProduceRequest {
    let data = PartitionProduceData::default().with_index(partition).with_records(Some(records));
    let topic =
        TopicProduceData::default().with_name(TopicName(topic.clone())).with_partition_data(vec![data]);
    ProduceRequest::default()
        .with_transactional_id(None)
        .with_acks(-1)
        .with_timeout_ms(10_000)
        .with_topic_data(vec![topic])
}

/// The same for a transaction.
pub fn produce_in(id: &StrBytes, topic: &StrBytes, partition: i32, records: Bytes) -> ProduceRequest {
    produce(topic, partition, records).with_transactional_id(Some(TransactionalId(id.clone())))
}

/// A Fetch from one partition that does not wait.
pub fn fetch(topic: &StrBytes, partition: i32, offset: i64, committed: bool) -> FetchRequest {
    let partition = FetchPartition::default()
        .with_partition(partition)
        .with_fetch_offset(offset)
        .with_current_leader_epoch(-1)
        .with_last_fetched_epoch(-1)
        .with_log_start_offset(-1)
        .with_partition_max_bytes(1 << 20);
    let topic = FetchTopic::default().with_topic(TopicName(topic.clone())).with_partitions(vec![partition]);
    FetchRequest::default()
        .with_replica_id(BrokerId(-1))
        .with_max_wait_ms(0)
        .with_min_bytes(0)
        .with_max_bytes(1 << 20)
        .with_isolation_level(i8::from(committed))
        .with_session_id(0)
        .with_session_epoch(-1)
        .with_topics(vec![topic])
}

/// A ListOffsets for one partition: -1 latest, -2 earliest, -3 of the newest timestamp.
pub fn list_offsets(topic: &StrBytes, partition: i32, timestamp: i64, committed: bool) -> ListOffsetsRequest {
    let partition = ListOffsetsPartition::default()
        .with_partition_index(partition)
        .with_current_leader_epoch(-1)
        .with_timestamp(timestamp);
    let topic =
        ListOffsetsTopic::default().with_name(TopicName(topic.clone())).with_partitions(vec![partition]);
    ListOffsetsRequest::default()
        .with_replica_id(BrokerId(-1))
        .with_isolation_level(i8::from(committed))
        .with_topics(vec![topic])
}

/// A CreateTopics for one topic.
pub fn create(topic: &StrBytes, partitions: i32, configs: &[(&str, &str)]) -> CreateTopicsRequest {
    let configs = configs.iter().map(|(name, value)| {
        CreatableTopicConfig::default().with_name(text(name)).with_value(Some(text(value)))
    });
    let topic = CreatableTopic::default()
        .with_name(TopicName(topic.clone()))
        .with_num_partitions(partitions)
        .with_replication_factor(1)
        .with_configs(configs.collect());
    CreateTopicsRequest::default().with_timeout_ms(30_000).with_topics(vec![topic])
}

/// A Metadata request for one topic.
pub fn metadata(topic: &StrBytes) -> MetadataRequest {
    let topic = MetadataRequestTopic::default().with_name(Some(TopicName(topic.clone())));
    MetadataRequest::default().with_topics(Some(vec![topic])).with_allow_auto_topic_creation(false)
}

impl Player {
    /// Creates a topic and waits until it is there; writes nothing down.
    pub fn topic(&mut self, what: &str, partitions: i32, configs: &[(&str, &str)]) -> StrBytes {
        let name = self.own(what);
        // Records of scenes are old; a broker would begin another segment for each marker, and a Fetch reads
        // one segment at most.
        let configs = [&[("segment.ms", "315360000000")], configs].concat();
        let created = self.quietly(7, &create(&name, partitions, &configs));
        assert_eq!(created.topics[0].error_code, 0, "{created:?}");
        let count = usize::try_from(partitions).unwrap();
        self.until(12, &metadata(&name), |answer| {
            let topic = &answer.topics[0];
            topic.error_code == 0
                && topic.partitions.len() == count
                && topic.partitions.iter().all(|partition| partition.leader_id.0 >= 0)
        });
        for partition in 0..partitions {
            self.until(7, &list_offsets(&name, partition, -1, false), |answer| {
                answer.topics[0].partitions[0].error_code == 0
            });
        }
        name
    }

    /// Fetches and writes down what was answered, the batches by their headers.
    pub fn read(&mut self, topic: &StrBytes, partition: i32, offset: i64, committed: bool) {
        let mut answer = self.quietly(12, &fetch(topic, partition, offset, committed));
        let found = &mut answer.responses[0].partitions[0];
        let records = found.records.take().unwrap_or_default();
        self.write_fields(&format!("Fetch from {offset}, committed {committed}"), &format!("{answer:?}"));
        for batch in Batches::new(records) {
            let header = batch.unwrap().header;
            let line = format!(
                "    batch {} to {} attributes {} ProducerId({}) epoch {} sequence {} count {} leader epoch {}",
                header.base_offset,
                header.last_offset(),
                header.attributes,
                header.producer_id,
                header.producer_epoch,
                header.base_sequence,
                header.record_count,
                header.leader_epoch
            );
            self.note(line.replace("ProducerId(-1)", "nobody"));
        }
    }
}
