#![allow(clippy::unwrap_used)]
use std::sync::Mutex;

use kafka_protocol::messages::describe_cluster_response::DescribeClusterBroker;
use kafka_protocol::messages::find_coordinator_response::Coordinator;
use kafka_protocol::messages::metadata_response::MetadataResponseBroker;
use kafka_protocol::messages::produce_response::{
    NodeEndpoint, PartitionProduceResponse, TopicProduceResponse,
};
use kafka_protocol::messages::{BrokerId, share_acknowledge_response, share_fetch_response};
use kafka_protocol::protocol::Message;

use super::*;

/// Gives a broker's id as its port, and remembers who was named.
#[derive(Default)]
struct Book(Mutex<Vec<(i32, String, u16)>>);

impl Listen for Book {
    fn port_of(&self, node: i32, host: &str, port: u16) -> io::Result<u16> {
        self.0.lock().unwrap().push((node, host.to_owned(), port));
        Ok(u16::try_from(node).unwrap() + 40_000)
    }
}

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

/// Encodes an answer in each version there is, changes it, and hands both to `check`.
fn changed<R>(api: ApiKey, answer: impl Fn(i16) -> R, check: impl Fn(i16, &R))
where
    R: Encodable + Decodable + HeaderVersion + Message,
{
    let range = api.valid_versions();
    for version in range.min..=range.max {
        let header = ResponseHeader::default().with_correlation_id(91);
        let mut frame = BytesMut::new();
        header.encode(&mut frame, R::header_version(version)).unwrap();
        answer(version).encode(&mut frame, version).unwrap();
        let (frame, book) = (frame.freeze(), Book::default());
        let after = if are_changed(api as i16, version) {
            change(api as i16, version, frame.clone(), &book).unwrap()
        } else {
            frame.clone()
        };
        for real in [&b"real-7.example"[..], b"real-8.example"] {
            assert!(!after.windows(real.len()).any(|at| at == real), "{api:?} {version} names a broker");
        }
        let mut rest = after.clone();
        let header = ResponseHeader::decode(&mut rest, R::header_version(version)).unwrap();
        assert_eq!(header.correlation_id, 91);
        check(version, &R::decode(&mut rest, version).unwrap());
        assert!(rest.is_empty());
        for (node, host, port) in book.0.into_inner().unwrap() {
            assert_eq!((host, i32::from(port)), (format!("real-{node}.example"), 9000 + node));
        }
        if are_changed(api as i16, version) && !frame.is_empty() {
            let cut = frame.slice(..frame.len() - 1);
            assert!(change(api as i16, version, cut, &Book::default()).is_err(), "{api:?} {version}");
        }
    }
}

#[test]
fn every_version_of_metadata_names_the_proxy() {
    let broker = |node: i32| {
        MetadataResponseBroker::default()
            .with_node_id(BrokerId(node))
            .with_host(text(&format!("real-{node}.example")))
            .with_port(9000 + node)
    };
    let answer = |_| MetadataResponse::default().with_brokers(vec![broker(7), broker(8)]);
    changed(ApiKey::Metadata, answer, |_, answer| {
        let named: Vec<_> = answer.brokers.iter().map(|b| (b.node_id.0, b.host.as_str(), b.port)).collect();
        assert_eq!(named, [(7, HOST, 40_007), (8, HOST, 40_008)]);
    });
}

#[test]
fn coordinators_are_moved_one_by_one_and_those_there_are_none_of_stay() {
    let found = |node: i32| {
        let host = if node < 0 { String::new() } else { format!("real-{node}.example") };
        let port = if node < 0 { -1 } else { 9000 + node };
        Coordinator::default().with_node_id(BrokerId(node)).with_host(text(&host)).with_port(port)
    };
    for node in [-1, 8] {
        let one = |version| {
            if version < 4 {
                let Coordinator { node_id, host, port, .. } = found(node);
                FindCoordinatorResponse::default().with_node_id(node_id).with_host(host).with_port(port)
            } else {
                FindCoordinatorResponse::default().with_coordinators(vec![found(7), found(node)])
            }
        };
        let wanted = if node < 0 { (-1, "", -1) } else { (8, HOST, 40_008) };
        changed(ApiKey::FindCoordinator, one, |version, answer| {
            if version < 4 {
                assert_eq!((answer.node_id.0, answer.host.as_str(), answer.port), wanted);
            } else {
                let last = &answer.coordinators[1];
                assert_eq!((last.node_id.0, last.host.as_str(), last.port), wanted);
                assert_eq!(answer.coordinators[0].port, 40_007);
            }
        });
    }
}

#[test]
fn a_description_of_the_cluster_and_shares_name_the_proxy() {
    let broker = DescribeClusterBroker::default()
        .with_broker_id(BrokerId(7))
        .with_host(text("real-7.example"))
        .with_port(9007);
    let answer = |_| DescribeClusterResponse::default().with_brokers(vec![broker.clone()]);
    changed(ApiKey::DescribeCluster, answer, |_, answer| assert_eq!(answer.brokers[0].port, 40_007));
    let endpoint = share_fetch_response::NodeEndpoint::default()
        .with_node_id(BrokerId(7))
        .with_host(text("real-7.example"))
        .with_port(9007);
    let answer = |_| ShareFetchResponse::default().with_node_endpoints(vec![endpoint.clone()]);
    changed(ApiKey::ShareFetch, answer, |_, answer| assert_eq!(answer.node_endpoints[0].port, 40_007));
    let endpoint = share_acknowledge_response::NodeEndpoint::default()
        .with_node_id(BrokerId(8))
        .with_host(text("real-8.example"))
        .with_port(9008);
    let answer = |_| ShareAcknowledgeResponse::default().with_node_endpoints(vec![endpoint.clone()]);
    changed(ApiKey::ShareAcknowledge, answer, |_, answer| assert_eq!(answer.node_endpoints[0].port, 40_008));
}

#[test]
fn an_answer_to_produce_names_the_proxy_where_it_names_leaders() {
    let endpoint = NodeEndpoint::default()
        .with_node_id(BrokerId(8))
        .with_host(text("real-8.example"))
        .with_port(9008)
        .with_rack(Some(text("a")));
    let answer = |version| {
        let refused = PartitionProduceResponse::default().with_index(3).with_error_code(6);
        let topic = TopicProduceResponse::default().with_partition_responses(vec![refused]);
        let endpoints = if version >= 10 { vec![endpoint.clone()] } else { vec![] };
        ProduceResponse::default().with_responses(vec![topic]).with_node_endpoints(endpoints)
    };
    changed(ApiKey::Produce, answer, |version, answer| {
        assert_eq!(answer.responses[0].partition_responses[0].index, 3);
        if version >= 10 {
            let endpoint = &answer.node_endpoints[0];
            assert_eq!((endpoint.host.as_str(), endpoint.port), (HOST, 40_008));
            assert_eq!(endpoint.rack.as_deref(), Some("a"));
        }
    });
}

#[test]
fn every_message_that_names_a_host_is_changed_or_not_offered() {
    // Answers a broker gives its clients, of all that have a host: the rest name clients' hosts (ACLs,
    // members of groups) or are spoken among controllers.
    for api in ApiKey::iter() {
        let range = api.valid_versions();
        let names_brokers = matches!(
            api,
            ApiKey::Metadata
                | ApiKey::FindCoordinator
                | ApiKey::DescribeCluster
                | ApiKey::ShareFetch
                | ApiKey::ShareAcknowledge
        );
        if names_brokers {
            assert!((range.min..=range.max).all(|version| are_changed(api as i16, version)), "{api:?}");
        }
    }
    assert!(are_changed(0, 10) && !are_changed(0, 9) && !are_changed(1, 15));
}
