//! Producer ids, which make producing idempotent (KIP-98).

use kafka_protocol::error::ParseResponseErrorCode;
use kafka_protocol::messages::InitProducerIdRequest;

use super::cluster::request_error;
use super::connection::Connection;
use super::error::{RequestCause, RequestError};

/// Identifies one idempotent producer; its sequences start at 0 in each partition and epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ProducerIdentity {
    /// The producer id.
    pub id: i64,
    /// The epoch.
    pub epoch: i16,
}

/// Asks a broker for a new producer id; any broker can answer. One try.
pub async fn init(connection: &Connection) -> Result<ProducerIdentity, RequestError> {
    let request = InitProducerIdRequest::default()
        .with_transactional_id(None)
        .with_transaction_timeout_ms(60_000)
        .with_producer_id((-1).into())
        .with_producer_epoch(-1);
    let answer = connection.call(&request).await?;
    match answer.error_code.err() {
        None => Ok(ProducerIdentity { id: answer.producer_id.0, epoch: answer.producer_epoch }),
        Some(code) => Err(request_error::<InitProducerIdRequest>(
            connection,
            RequestCause::Code { code, message: None },
        )),
    }
}
