//! Answers that name brokers: they are read, and name the proxy's own ports then.

use std::io;

use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::{
    ApiKey, ApiVersionsResponse, DescribeClusterResponse, FindCoordinatorResponse, MetadataResponse,
    ProduceResponse, ResponseHeader, ShareAcknowledgeResponse, ShareFetchResponse,
};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, StrBytes};

use super::offer::cap;

/// Where the proxy listens.
pub(super) const HOST: &str = "127.0.0.1";
/// The first Produce version whose answers say where leaders are (KIP-951).
const PRODUCE_NAMES_LEADERS: i16 = 10;

/// Opens the way to a broker that was named, and returns its port here.
pub(super) trait Listen: Sync {
    /// Returns the port of a broker.
    fn port_of(&self, node: i32, host: &str, port: u16) -> io::Result<u16>;
}

/// Says why an answer cannot be passed on.
#[derive(Debug, thiserror::Error)]
pub(super) enum RewriteError {
    /// It is not what the protocol says.
    #[error("the answer is malformed")]
    Malformed,
    /// No port could be opened for a broker it names.
    #[error("no port for a broker")]
    Listen(#[from] io::Error),
}

/// Says whether answers to a request are read and changed.
pub(super) fn are_changed(api: i16, version: i16) -> bool {
    match ApiKey::try_from(api) {
        Ok(ApiKey::Produce) => version >= PRODUCE_NAMES_LEADERS,
        Ok(
            ApiKey::Metadata
            | ApiKey::FindCoordinator
            | ApiKey::DescribeCluster
            | ApiKey::ApiVersions
            | ApiKey::ShareFetch
            | ApiKey::ShareAcknowledge,
        ) => true,
        _ => false,
    }
}

/// Makes of a broker's answer the one its client gets.
pub(super) fn change(
    api: i16,
    version: i16,
    frame: Bytes,
    listen: &dyn Listen,
) -> Result<Bytes, RewriteError> {
    let place = |node: i32, host: &mut StrBytes, port: &mut i32| -> Result<(), RewriteError> {
        // Where there is no broker, its id is -1 and its name is empty.
        if node < 0 || host.is_empty() {
            return Ok(());
        }
        let there = u16::try_from(*port).map_err(|_| RewriteError::Malformed)?;
        *port = i32::from(listen.port_of(node, host, there)?);
        *host = StrBytes::from_static_str(HOST);
        Ok(())
    };
    match ApiKey::try_from(api) {
        Ok(ApiKey::Metadata) => edit::<MetadataResponse>(version, frame, |answer| {
            answer.brokers.iter_mut().try_for_each(|b| place(b.node_id.0, &mut b.host, &mut b.port))
        }),
        Ok(ApiKey::FindCoordinator) => edit::<FindCoordinatorResponse>(version, frame, |answer| {
            place(answer.node_id.0, &mut answer.host, &mut answer.port)?;
            answer.coordinators.iter_mut().try_for_each(|c| place(c.node_id.0, &mut c.host, &mut c.port))
        }),
        Ok(ApiKey::DescribeCluster) => edit::<DescribeClusterResponse>(version, frame, |answer| {
            answer.brokers.iter_mut().try_for_each(|b| place(b.broker_id.0, &mut b.host, &mut b.port))
        }),
        Ok(ApiKey::Produce) => edit::<ProduceResponse>(version, frame, |answer| {
            answer.node_endpoints.iter_mut().try_for_each(|n| place(n.node_id.0, &mut n.host, &mut n.port))
        }),
        Ok(ApiKey::ShareFetch) => edit::<ShareFetchResponse>(version, frame, |answer| {
            answer.node_endpoints.iter_mut().try_for_each(|n| place(n.node_id.0, &mut n.host, &mut n.port))
        }),
        Ok(ApiKey::ShareAcknowledge) => edit::<ShareAcknowledgeResponse>(version, frame, |answer| {
            answer.node_endpoints.iter_mut().try_for_each(|n| place(n.node_id.0, &mut n.host, &mut n.port))
        }),
        Ok(ApiKey::ApiVersions) => edit::<ApiVersionsResponse>(version, frame, |answer| {
            cap(answer);
            Ok(())
        }),
        _ => Ok(frame),
    }
}

fn edit<R: Decodable + Encodable + HeaderVersion>(
    version: i16,
    mut frame: Bytes,
    edit: impl FnOnce(&mut R) -> Result<(), RewriteError>,
) -> Result<Bytes, RewriteError> {
    let header_version = R::header_version(version);
    let header = ResponseHeader::decode(&mut frame, header_version).map_err(|_| RewriteError::Malformed)?;
    let mut answer = R::decode(&mut frame, version).map_err(|_| RewriteError::Malformed)?;
    if !frame.is_empty() {
        return Err(RewriteError::Malformed);
    }
    edit(&mut answer)?;
    let mut changed = BytesMut::new();
    header.encode(&mut changed, header_version).map_err(|_| RewriteError::Malformed)?;
    answer.encode(&mut changed, version).map_err(|_| RewriteError::Malformed)?;
    Ok(changed.freeze())
}

#[cfg(test)]
#[path = "addresses_tests.rs"]
mod tests;
