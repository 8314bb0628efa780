//! What fault scenarios play on: two sandbox clusters, an application that writes to the one, and what
//! both hold, read from their logs without any of the engine's code.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::SocketAddr;

use bytes::{Bytes, BytesMut};
use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::add_partitions_to_txn_request::AddPartitionsToTxnTopic;
use kafka_protocol::messages::incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig};
use kafka_protocol::messages::{
    AddPartitionsToTxnRequest, EndTxnRequest, GroupId, IncrementalAlterConfigsRequest, InitProducerIdRequest,
    OffsetFetchRequest, ProducerId, TopicName, TransactionalId,
};
use kafka_protocol::protocol::Request;
use kafka_protocol::records::{
    Compression, Record, RecordBatchDecoder, RecordBatchEncoder, RecordEncodeOptions, TimestampType,
};
use strait::kafka::batch::Batches;
use strait::sandbox::{Cluster, ClusterSpec, Offsets, TopicSpec};

use crate::sandbox_kit::{runtime, start};
use crate::support::build::{ANYBODY, Writer, fetch, produce, produce_in, text};
use crate::support::raw::Raw;

/// The topic that is copied.
pub const TOPIC: &str = "orders";
/// Its partitions; transactions write to the first.
pub const PARTITIONS: i32 = 2;
/// Brokers of each cluster: partitions are led by different ones, and can move.
const BROKERS: usize = 2;
/// The application's transactional id.
const TELLER: &str = "teller";
/// What the values of records begin with whose transaction is aborted.
const ABORTED: &[u8] = b"aborted";
/// Bytes of a value: large enough that batches are not merged, so that each is a request of its own.
const VALUE_BYTES: usize = 1_200;

/// A record's content, whatever its offset: time, key, value.
pub type Content = (i64, Option<Bytes>, Option<Bytes>);

/// Two clusters, and an application that writes to the first.
pub struct World {
    /// The cluster records come from.
    pub source: Cluster,
    /// The cluster records go to.
    pub target: Cluster,
    /// How many keys the application uses, where the source is to be compacted; else each is used once.
    pub keys: Option<u32>,
    value_bytes: usize,
    written: u32,
    producer: Option<Writer>,
    /// What was written to be copied and stands in the log, by partition.
    said: Vec<Vec<Content>>,
    links: Links,
}

/// Connections that are kept: opening one for each request would be most of the work.
#[derive(Default)]
struct Links(RefCell<HashMap<SocketAddr, Raw>>);

impl Links {
    fn ask<R: Request>(&self, address: SocketAddr, version: i16, request: &R) -> R::Response {
        let known = self.0.borrow_mut().remove(&address);
        let again = || {
            let fresh = Raw::connect(address);
            let answer = fresh.ask(version, request);
            (fresh, answer)
        };
        // One of a broker that was down since has ended.
        let answered = known.and_then(|link| link.try_ask(version, request).map(|answer| (link, answer)));
        let (link, answer) = answered.unwrap_or_else(again);
        self.0.borrow_mut().insert(address, link);
        answer
    }
}

impl World {
    /// Starts both clusters.
    pub fn new() -> Self {
        let source = start(ClusterSpec::new(BROKERS).topic(TopicSpec::new(TOPIC, PARTITIONS)));
        let target = start(ClusterSpec::new(BROKERS));
        let said = vec![Vec::new(); usize::try_from(PARTITIONS).unwrap()];
        Self {
            source,
            target,
            keys: None,
            value_bytes: VALUE_BYTES,
            written: 0,
            producer: None,
            said,
            links: Links::default(),
        }
    }

    /// Forgets the faults that are planned, so that none befalls those who look at the logs; returns how
    /// many requests were hit so far.
    pub fn clear_faults(&self) -> u64 {
        let hits = self.source.clear_faults() + self.target.clear_faults();
        self.revive();
        hits
    }

    /// Has all brokers up.
    fn revive(&self) {
        let _inside = runtime().enter();
        for cluster in [&self.source, &self.target] {
            for id in 1..=i32::try_from(BROKERS).unwrap() {
                // One that is up is refused, and that is as well.
                let _ = cluster.start_broker(id);
            }
        }
    }

    /// Writes to every partition: batches of nobody in particular, a transaction that is aborted, and one
    /// that is committed.
    pub fn write(&mut self) {
        self.revive();
        for partition in 0..PARTITIONS {
            for _ in 0..2 {
                self.append_plain(partition, 2);
            }
        }
        for kind in [ABORTED, b"committed"] {
            self.transaction(kind);
        }
        self.append_plain(PARTITIONS - 1, 1);
    }

    /// Writes to every partition, and no transaction.
    pub fn write_plain(&mut self) {
        self.revive();
        for partition in 0..PARTITIONS {
            for _ in 0..2 {
                self.append_plain(partition, 2);
            }
        }
    }

    /// Writes a record of another size to a partition.
    pub fn write_sized(&mut self, partition: i32, value_bytes: usize) {
        let usual = std::mem::replace(&mut self.value_bytes, value_bytes);
        self.append_plain(partition, 1);
        self.value_bytes = usual;
    }

    /// Sets the largest batch that the target's topic takes.
    pub fn limit_target(&self, batch_bytes: usize) {
        let config = AlterableConfig::default()
            .with_name(text("max.message.bytes"))
            .with_config_operation(0)
            .with_value(Some(text(&batch_bytes.to_string())));
        // Resource type 2 is a topic.
        let topic = AlterConfigsResource::default()
            .with_resource_type(2)
            .with_resource_name(text(TOPIC))
            .with_configs(vec![config]);
        let request = IncrementalAlterConfigsRequest::default().with_resources(vec![topic]);
        let answer = self.links.ask(self.target.addresses()[0], 1, &request);
        assert_eq!(answer.responses[0].error_code, 0, "the target's limit cannot be set");
    }

    fn append_plain(&mut self, partition: i32, count: i32) {
        let batch = self.batch(ANYBODY, b"plain", count);
        self.append(partition, batch, false);
    }

    fn transaction(&mut self, kind: &'static [u8]) {
        let id = TransactionalId(text(TELLER));
        let writer = self.producer.unwrap_or_else(|| {
            let init = InitProducerIdRequest::default()
                .with_transactional_id(Some(id.clone()))
                .with_transaction_timeout_ms(60_000)
                .with_producer_id(ProducerId(-1))
                .with_producer_epoch(-1);
            let given = self.coordinator(&self.source, 4, &init, |answer| answer.error_code);
            Writer { id: given.producer_id.0, epoch: given.producer_epoch, sequence: 0, transactional: true }
        });
        let topic =
            AddPartitionsToTxnTopic::default().with_name(TopicName(text(TOPIC))).with_partitions(vec![0]);
        let add = AddPartitionsToTxnRequest::default()
            .with_v3_and_below_transactional_id(id.clone())
            .with_v3_and_below_producer_id(ProducerId(writer.id))
            .with_v3_and_below_producer_epoch(writer.epoch)
            .with_v3_and_below_topics(vec![topic]);
        self.coordinator(&self.source, 3, &add, |answer| {
            answer.results_by_topic_v3_and_below[0].results_by_partition[0].partition_error_code
        });
        let batch = self.batch(writer, kind, 2);
        self.append(0, batch, true);
        let end = EndTxnRequest::default()
            .with_transactional_id(id)
            .with_producer_id(ProducerId(writer.id))
            .with_producer_epoch(writer.epoch)
            .with_committed(kind != ABORTED);
        self.coordinator(&self.source, 3, &end, |answer| answer.error_code);
        self.producer = Some(Writer { sequence: writer.sequence + 2, ..writer });
    }

    /// Returns the next record's key: some have none, where that is allowed.
    fn key(&self) -> Option<Bytes> {
        match self.keys {
            Some(keys) => Some(Bytes::from(format!("key {}", self.written % keys))),
            None if self.written.is_multiple_of(5) => None,
            None => Some(Bytes::from(format!("key {}", self.written))),
        }
    }

    /// Makes a batch; returns what of it is to be copied, too.
    fn batch(&mut self, writer: Writer, kind: &[u8], count: i32) -> (Bytes, Vec<Content>) {
        let records: Vec<Record> = (0..count)
            .map(|place| {
                self.written += 1;
                let mut value = BytesMut::from(kind);
                value.extend_from_slice(format!(" {} ", self.written).as_bytes());
                value.resize(self.value_bytes, b'.');
                Record {
                    transactional: writer.transactional,
                    control: false,
                    delete_horizon: false,
                    partition_leader_epoch: -1,
                    producer_id: writer.id,
                    producer_epoch: writer.epoch,
                    timestamp_type: TimestampType::Creation,
                    offset: i64::from(place),
                    // The encoder keeps in one batch only what counts on, also from -1.
                    sequence: writer.sequence + place,
                    timestamp: 1_760_000_000_000 + i64::from(self.written),
                    key: self.key(),
                    value: Some(value.freeze()),
                    headers: kafka_protocol::indexmap::IndexMap::new(),
                }
            })
            .collect();
        let mut out = BytesMut::new();
        let options = RecordEncodeOptions { version: 2, compression: Compression::None };
        RecordBatchEncoder::encode(&mut out, &records, &options).unwrap();
        let contents = records.into_iter().filter(|_| kind != ABORTED).map(content).collect();
        (out.freeze(), contents)
    }

    /// Appends to the source; the leader may move between looking and asking.
    fn append(&mut self, partition: i32, (records, contents): (Bytes, Vec<Content>), transactional: bool) {
        let (id, topic) = (text(TELLER), text(TOPIC));
        for _ in 0..100 {
            let request = if transactional {
                produce_in(&id, &topic, partition, records.clone())
            } else {
                produce(&topic, partition, records.clone())
            };
            let answer = self.ask_leader(&self.source, partition, 9, &request);
            let code = answer.responses[0].partition_responses[0].error_code;
            if code == 0 {
                self.said[usize::try_from(partition).unwrap()].extend(contents);
                return;
            }
            assert_eq!(code, ResponseError::NotLeaderOrFollower.code(), "the application cannot write");
        }
        panic!("the leader of {TOPIC}/{partition} moves for ever");
    }

    /// Returns what has to arrive of a partition: every record but the aborted ones, with their offsets.
    pub fn committed(&self, partition: i32) -> Vec<(i64, Content)> {
        let is_aborted = |content: &Content| content.2.as_ref().is_some_and(|v| v.starts_with(ABORTED));
        let mut all = self.read(&self.source, partition);
        all.retain(|(_, content)| !is_aborted(content));
        all
    }

    /// Returns what has arrived of a partition, with its offsets.
    pub fn arrived(&self, partition: i32) -> Vec<(i64, Content)> {
        if self.target.offsets(TOPIC, partition).is_err() {
            return Vec::new();
        }
        self.read(&self.target, partition)
    }

    /// Returns what a group has committed at the target for a partition.
    pub fn group_offset(&self, group: &str, partition: i32) -> i64 {
        let topic = kafka_protocol::messages::offset_fetch_request::OffsetFetchRequestTopic::default()
            .with_name(TopicName(text(TOPIC)))
            .with_partition_indexes(vec![partition]);
        let request =
            OffsetFetchRequest::default().with_group_id(GroupId(text(group))).with_topics(Some(vec![topic]));
        let answer = self.coordinator(&self.target, 5, &request, |answer| answer.error_code);
        answer.topics[0].partitions[0].committed_offset
    }

    /// Loses the last records of every partition at a cluster, as to a leader that never had them.
    pub fn lose(&self, cluster: &Cluster, count: i64) {
        for partition in 0..PARTITIONS {
            let end = cluster.offsets(TOPIC, partition).unwrap().log_end;
            cluster.unclean_truncate(TOPIC, partition, end - count).unwrap();
        }
    }

    /// Returns what was written to be copied, as far as is known.
    pub fn said(&self) -> Vec<Vec<Content>> {
        self.said.clone()
    }

    /// Looks what of it stands in the logs, where records may have been lost; the application's producer
    /// begins anew, for its last records may be among them.
    pub fn look_again(&mut self) {
        let contents =
            |partition| self.committed(partition).into_iter().map(|(_, content)| content).collect();
        self.said = (0..PARTITIONS).map(contents).collect();
        self.producer = None;
    }

    /// Reads all records of a partition, committed or not.
    fn read(&self, cluster: &Cluster, partition: i32) -> Vec<(i64, Content)> {
        let Offsets { log_start, log_end: end, .. } = cluster.offsets(TOPIC, partition).unwrap();
        let (mut next, mut all) = (log_start, Vec::new());
        while next < end {
            let request = fetch(&text(TOPIC), partition, next, false);
            let answer = self.ask_leader(cluster, partition, 12, &request);
            let found = &answer.responses[0].partitions[0];
            assert_eq!(found.error_code, 0, "{TOPIC}/{partition} of {end} at {next}");
            for batch in Batches::new(found.records.clone().unwrap_or_default()) {
                let batch = batch.unwrap();
                next = batch.header.next_offset();
                if batch.header.is_control() {
                    continue;
                }
                let records = RecordBatchDecoder::decode(&mut batch.bytes.clone()).unwrap().records;
                all.extend(records.into_iter().map(|one| (one.offset, content(one))));
            }
        }
        all
    }

    fn ask_leader<R: Request>(
        &self,
        cluster: &Cluster,
        partition: i32,
        version: i16,
        request: &R,
    ) -> R::Response {
        let (leader, _) = cluster.leader(TOPIC, partition).unwrap();
        let index = usize::try_from(leader.expect("the partition has a leader") - 1).unwrap();
        self.links.ask(cluster.addresses()[index], version, request)
    }

    /// Asks each broker until one is the coordinator, and has done what was under way.
    fn coordinator<R: Request>(
        &self,
        cluster: &Cluster,
        version: i16,
        request: &R,
        code: impl Fn(&R::Response) -> i16,
    ) -> R::Response {
        for address in cluster.addresses().iter().cycle().take(200) {
            let answer = self.links.ask(*address, version, request);
            let found = code(&answer);
            if found == 0 {
                return answer;
            }
            let passes = [ResponseError::NotCoordinator, ResponseError::ConcurrentTransactions];
            assert!(passes.iter().any(|one| one.code() == found), "error code {found}");
        }
        panic!("nobody coordinates the application's transactions");
    }
}

fn content(record: Record) -> Content {
    (record.timestamp, record.key, record.value)
}
