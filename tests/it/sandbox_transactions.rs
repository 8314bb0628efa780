//! Transactions on the sandbox, with rdkafka's producers.

use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerGroupMetadata};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use strait::sandbox::coordinators::Kind;
use strait::sandbox::{Cluster, ClusterSpec, TopicSpec};

use crate::sandbox_kit::{LONG, client, producer, read_all, start};

const COMMITTED: [(&str, &str); 1] = [("isolation.level", "read_committed")];
const UNCOMMITTED: [(&str, &str); 1] = [("isolation.level", "read_uncommitted")];

type Writer = ThreadedProducer<DefaultProducerContext>;

fn cluster() -> Cluster {
    start(ClusterSpec::new(3).topic(TopicSpec::new("orders", 2)))
}

fn writer(cluster: &Cluster) -> Writer {
    let writer = producer(cluster, &[("transactional.id", "teller")]);
    writer.init_transactions(LONG).unwrap();
    writer
}

fn put(writer: &Writer, values: &[&str]) {
    for (place, value) in (0..).zip(values) {
        let record: BaseRecord<'_, str, str> = BaseRecord::to("orders").partition(place % 2).payload(value);
        writer.send(record).map_err(|(error, _)| error).unwrap();
    }
}

/// Reads everything as `value` in the order of partitions and offsets.
fn values(cluster: &Cluster, isolation: &[(&str, &str)]) -> Vec<String> {
    let read = read_all(cluster, "orders", 2, isolation);
    let all = read.into_values().flatten();
    all.map(|record| String::from_utf8(record.value.unwrap()).unwrap()).collect()
}

#[test]
fn what_is_committed_is_read_and_what_is_aborted_is_not() {
    let cluster = cluster();
    let writer = writer(&cluster);
    for (value, commit) in [("a", true), ("b", false), ("c", true)] {
        writer.begin_transaction().unwrap();
        put(&writer, &[value, value]);
        if commit {
            writer.commit_transaction(LONG).unwrap();
        } else {
            writer.flush(LONG).unwrap();
            writer.abort_transaction(LONG).unwrap();
        }
    }
    assert_eq!(values(&cluster, &COMMITTED), ["a", "c", "a", "c"]);
    assert_eq!(values(&cluster, &UNCOMMITTED), ["a", "b", "c", "a", "b", "c"]);
}

#[test]
fn transactions_go_on_while_coordinators_load_move_and_write_slowly() {
    let cluster = cluster();
    cluster.unload_coordinators();
    cluster.delay_markers(Duration::from_millis(50));
    let writer = writer(&cluster);
    for value in ["a", "b", "c"] {
        writer.begin_transaction().unwrap();
        put(&writer, &[value]);
        writer.commit_transaction(LONG).unwrap();
        cluster.move_coordinators(Kind::Transaction);
    }
    // The last one's markers are awaited by the next.
    writer.begin_transaction().unwrap();
    put(&writer, &["d"]);
    writer.commit_transaction(LONG).unwrap();
    cluster.delay_markers(Duration::ZERO);
    writer.begin_transaction().unwrap();
    put(&writer, &["e"]);
    writer.commit_transaction(LONG).unwrap();
    assert_eq!(values(&cluster, &COMMITTED), ["a", "b", "c", "d", "e"]);
}

#[test]
fn an_open_transaction_holds_readers_of_committed_records_back() {
    let cluster = cluster();
    let writer = writer(&cluster);
    writer.begin_transaction().unwrap();
    put(&writer, &["open"]);
    writer.flush(LONG).unwrap();
    let other = producer(&cluster, &[]);
    put(&other, &["behind"]);
    other.flush(LONG).unwrap();
    assert_eq!(values(&cluster, &COMMITTED), [""; 0]);
    assert_eq!(values(&cluster, &UNCOMMITTED), ["open", "behind"]);
    writer.commit_transaction(LONG).unwrap();
    assert_eq!(values(&cluster, &COMMITTED), ["open", "behind"]);
}

#[test]
fn a_zombie_is_shut_out_and_its_transaction_aborted() {
    let cluster = cluster();
    let zombie = writer(&cluster);
    zombie.begin_transaction().unwrap();
    put(&zombie, &["zombie"]);
    zombie.flush(LONG).unwrap();
    let successor = writer(&cluster);
    let refused = zombie.commit_transaction(LONG).unwrap_err();
    assert!(
        matches!(&refused, KafkaError::Transaction(error)
            if error.is_fatal() && error.code() == RDKafkaErrorCode::Fenced
                || error.code() == RDKafkaErrorCode::ProducerFenced),
        "{refused:?}"
    );
    successor.begin_transaction().unwrap();
    put(&successor, &["successor"]);
    successor.commit_transaction(LONG).unwrap();
    assert_eq!(values(&cluster, &COMMITTED), ["successor"]);
}

#[test]
fn offsets_are_committed_with_the_transaction_or_not_at_all() {
    let cluster = cluster();
    let mut config = client(&cluster, &[]);
    config.set("group.id", "workers").set("enable.auto.commit", "false");
    let reader: BaseConsumer = config.create().unwrap();
    let group: ConsumerGroupMetadata = reader.group_metadata().unwrap();
    let writer = writer(&cluster);
    let mut offsets = TopicPartitionList::new();
    offsets.add_partition_offset("orders", 1, Offset::Offset(5)).unwrap();
    let committed = || {
        let mut asked = TopicPartitionList::new();
        asked.add_partition("orders", 1);
        reader.committed_offsets(asked, LONG).unwrap().elements()[0].offset()
    };
    for (commit, then) in [(false, Offset::Invalid), (true, Offset::Offset(5))] {
        writer.begin_transaction().unwrap();
        put(&writer, &["x"]);
        writer.send_offsets_to_transaction(&offsets, &group, LONG).unwrap();
        if commit {
            writer.commit_transaction(LONG).unwrap();
        } else {
            writer.abort_transaction(LONG).unwrap();
        }
        assert_eq!(committed(), then);
    }
}
