//! Producer ids, which make producing idempotent (KIP-98), and the transactional ids that hand them
//! from one owner to the next.

use kafka_protocol::ResponseError;
use kafka_protocol::error::ParseResponseErrorCode;
use kafka_protocol::messages::add_partitions_to_txn_request::AddPartitionsToTxnTopic;
use kafka_protocol::messages::{
    AddPartitionsToTxnRequest, EndTxnRequest, InitProducerIdRequest, TransactionalId,
};
use kafka_protocol::protocol::{Request, StrBytes};

use super::cluster::{Cluster, CoordinatorKind, request_error};
use super::connection::Connection;
use super::error::{KafkaError, RequestCause, RequestError};
use super::metadata::wire_name;
use crate::types::TopicPartition;

/// How long a coordinator lets a transaction stand open. Ours are ended at once; one that a crash left
/// open is aborted by the next owner's InitProducerId.
const TRANSACTION_TIMEOUT_MS: i32 = 60_000;
/// Newest InitProducerId without KIP-939's two-phase commit.
const INIT_VERSION_MAX: i16 = 5;
/// Newest AddPartitionsToTxn meant for clients; from 4 on it is between brokers (KIP-890).
const ADD_PARTITIONS_VERSION_MAX: i16 = 3;
/// Newest EndTxn that leaves the epoch alone; from 5 on the coordinator raises it (KIP-890), and the
/// epoch in the marker would not be the one that was given out.
const END_VERSION_MAX: i16 = 4;

/// Identifies one idempotent producer; its sequences start at 0 in each partition and epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ProducerIdentity {
    /// The producer id.
    pub id: i64,
    /// The epoch.
    pub epoch: i16,
}

/// Asks a broker for a new producer id; any broker can answer. One try.
pub async fn init(cluster: &Cluster) -> Result<ProducerIdentity, KafkaError> {
    Ok(send_init(&cluster.any().await?, None).await?)
}

/// Asks for the next epoch of a transactional id: whoever had the one before is fenced as soon as a
/// marker with the new epoch stands in the partition. One try.
///
/// Finding the coordinator comes first, for that is what makes brokers create their transaction topic;
/// before it exists InitProducerId answers NOT_COORDINATOR for ever. The connection is the coordinator's.
pub async fn init_transactional(
    cluster: &Cluster,
    id: &str,
) -> Result<(ProducerIdentity, Connection), KafkaError> {
    let connection = coordinator(cluster, id).await?;
    let producer = send_init(&connection, Some(id)).await?;
    Ok((producer, connection))
}

async fn send_init(connection: &Connection, id: Option<&str>) -> Result<ProducerIdentity, RequestError> {
    let request = InitProducerIdRequest::default()
        .with_transactional_id(id.map(transactional_id))
        .with_transaction_timeout_ms(TRANSACTION_TIMEOUT_MS)
        .with_producer_id((-1).into())
        .with_producer_epoch(-1);
    let version = version_of::<InitProducerIdRequest>(connection, INIT_VERSION_MAX)?;
    let answer = connection.call_version(&request, version).await?;
    match answer.error_code.err() {
        None => Ok(ProducerIdentity { id: answer.producer_id.0, epoch: answer.producer_epoch }),
        Some(code) => Err(refused::<InitProducerIdRequest>(connection, code)),
    }
}

/// Opens a transaction over one partition, so that ending it writes a marker there. One try.
pub async fn add_partition(
    connection: &Connection,
    id: &str,
    producer: ProducerIdentity,
    partition: &TopicPartition,
) -> Result<(), KafkaError> {
    let topic = AddPartitionsToTxnTopic::default()
        .with_name(wire_name(&partition.topic))
        .with_partitions(vec![partition.partition]);
    let request = AddPartitionsToTxnRequest::default()
        .with_v3_and_below_transactional_id(transactional_id(id))
        .with_v3_and_below_producer_id(producer.id.into())
        .with_v3_and_below_producer_epoch(producer.epoch)
        .with_v3_and_below_topics(vec![topic]);
    let version = version_of::<AddPartitionsToTxnRequest>(connection, ADD_PARTITIONS_VERSION_MAX)?;
    let answer = connection.call_version(&request, version).await?;
    let results = answer.results_by_topic_v3_and_below;
    let code = results
        .iter()
        .flat_map(|topic| &topic.results_by_partition)
        .find_map(|partition| partition.partition_error_code.err());
    match code {
        None => Ok(()),
        Some(code) => Err(refused::<AddPartitionsToTxnRequest>(connection, code).into()),
    }
}

/// Aborts the transaction. The answer comes before the marker is written. One try.
pub async fn abort(connection: &Connection, id: &str, producer: ProducerIdentity) -> Result<(), KafkaError> {
    let request = EndTxnRequest::default()
        .with_transactional_id(transactional_id(id))
        .with_producer_id(producer.id.into())
        .with_producer_epoch(producer.epoch)
        .with_committed(false);
    let version = version_of::<EndTxnRequest>(connection, END_VERSION_MAX)?;
    let answer = connection.call_version(&request, version).await?;
    match answer.error_code.err() {
        None => Ok(()),
        Some(code) => Err(refused::<EndTxnRequest>(connection, code).into()),
    }
}

/// Connects to the coordinator of a transactional id. One try.
pub async fn coordinator(cluster: &Cluster, id: &str) -> Result<Connection, KafkaError> {
    let node = cluster.coordinator(CoordinatorKind::Transaction, id).await?;
    Ok(cluster.control(node).await?)
}

fn transactional_id(id: &str) -> TransactionalId {
    StrBytes::from_string(id.to_owned()).into()
}

fn version_of<R: Request>(connection: &Connection, newest: i16) -> Result<i16, RequestError> {
    let version = connection.version_of::<R>().map_err(|cause| request_error::<R>(connection, cause))?;
    Ok(version.min(newest))
}

fn refused<R: Request>(connection: &Connection, code: ResponseError) -> RequestError {
    request_error::<R>(connection, RequestCause::Code { code, message: None })
}
