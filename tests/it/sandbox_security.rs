//! Logins and access rules on the sandbox.

use bytes::Bytes;
use kafka_protocol::messages::create_acls_request::AclCreation;
use kafka_protocol::messages::delete_acls_request::DeleteAclsFilter;
use kafka_protocol::messages::{
    CreateAclsRequest, DeleteAclsRequest, DescribeAclsRequest, MetadataRequest, SaslAuthenticateRequest,
    SaslHandshakeRequest,
};
use kafka_protocol::protocol::StrBytes;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{FutureProducer, FutureRecord};
use std::time::Duration;
use strait::sandbox::{Cluster, ClusterSpec, TopicSpec};

use crate::sandbox_kit::{LONG, client, runtime, start};
use crate::support::build::text;
use crate::support::raw::Raw;

fn cluster() -> Cluster {
    let spec = ClusterSpec::new(2)
        .topic(TopicSpec::new("orders", 2))
        .topic(TopicSpec::new("secrets", 1))
        .user("root", "root-word")
        .user("bob", "bob-word")
        .super_user("User:root");
    start(spec)
}

fn login<'a>(mechanism: &'a str, name: &'a str, password: &'a str) -> [(&'a str, &'a str); 4] {
    [
        ("security.protocol", "SASL_PLAINTEXT"),
        ("sasl.mechanisms", mechanism),
        ("sasl.username", name),
        ("sasl.password", password),
    ]
}

/// Writes one record and returns the error, if any.
fn write(cluster: &Cluster, settings: &[(&str, &str)], topic: &str) -> Option<RDKafkaErrorCode> {
    let mut config = client(cluster, settings);
    config.set("message.timeout.ms", "20000");
    let producer: FutureProducer = config.create().unwrap();
    let record: FutureRecord<'_, str, str> = FutureRecord::to(topic).payload("x");
    let sent = runtime().block_on(producer.send(record, LONG));
    sent.err().map(|(error, _)| error.rdkafka_error_code().unwrap())
}

/// A connection that has logged in.
fn known(cluster: &Cluster, name: &str, password: &str) -> Raw {
    let raw = Raw::connect(cluster.addresses()[0]);
    let hello = SaslHandshakeRequest::default().with_mechanism(text("PLAIN"));
    assert_eq!(raw.ask(1, &hello).error_code, 0);
    let word = Bytes::from(format!("\0{name}\0{password}"));
    let answer = raw.ask(2, &SaslAuthenticateRequest::default().with_auth_bytes(word));
    assert_eq!(answer.error_code, 0);
    raw
}

fn rule(name: &str, pattern: i8, operation: i8) -> CreateAclsRequest {
    let creation = AclCreation::default()
        .with_resource_type(2)
        .with_resource_name(text(name))
        .with_resource_pattern_type(pattern)
        .with_principal(text("User:bob"))
        .with_host(text("*"))
        .with_operation(operation)
        .with_permission_type(3);
    CreateAclsRequest::default().with_creations(vec![creation])
}

#[test]
fn rdkafka_logs_in_by_every_mechanism() {
    let cluster = cluster();
    for mechanism in ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] {
        assert_eq!(write(&cluster, &login(mechanism, "root", "root-word"), "orders"), None, "{mechanism}");
    }
}

#[test]
fn a_wrong_password_is_refused_and_nothing_is_answered_before_a_login() {
    let cluster = cluster();
    for mechanism in ["PLAIN", "SCRAM-SHA-512"] {
        let reader: BaseConsumer =
            client(&cluster, &login(mechanism, "root", "guess")).set("group.id", "g").create().unwrap();
        let error = reader.fetch_metadata(None, Duration::from_secs(3)).err();
        assert!(matches!(error, Some(KafkaError::MetadataFetch(_))), "{mechanism}: {error:?}");
    }
    let raw = Raw::connect(cluster.addresses()[0]);
    raw.send(9, &MetadataRequest::default());
    assert!(raw.receive::<MetadataRequest>(9).is_none());
    let raw = Raw::connect(cluster.addresses()[0]);
    let answer = raw.ask(1, &SaslHandshakeRequest::default().with_mechanism(text("GSSAPI")));
    assert_eq!((answer.error_code, answer.mechanisms.len()), (33, 3));
}

#[test]
fn who_has_no_leave_sees_and_writes_nothing_until_a_rule_says_so() {
    let cluster = cluster();
    let bob = login("SCRAM-SHA-256", "bob", "bob-word");
    assert_eq!(write(&cluster, &bob, "orders"), Some(RDKafkaErrorCode::TopicAuthorizationFailed));
    let root = known(&cluster, "root", "root-word");
    assert_eq!(root.ask(3, &rule("ord", 4, 4)).results[0].error_code, 0);
    assert_eq!(write(&cluster, &bob, "orders"), None);
    assert_eq!(write(&cluster, &bob, "secrets"), Some(RDKafkaErrorCode::TopicAuthorizationFailed));

    let theirs = known(&cluster, "bob", "bob-word");
    let all = theirs.ask(9, &MetadataRequest::default().with_topics(None));
    let names: Vec<StrBytes> = all.topics.into_iter().map(|topic| topic.name.unwrap().0).collect();
    assert_eq!(names, [text("orders")]);
    assert_eq!(theirs.ask(3, &rule("secrets", 3, 4)).results[0].error_code, 31);

    let any = DescribeAclsRequest::default()
        .with_resource_type_filter(1)
        .with_resource_name_filter(None)
        .with_pattern_type_filter(1)
        .with_principal_filter(None)
        .with_host_filter(None)
        .with_operation(1)
        .with_permission_type(1);
    let described = root.ask(3, &any);
    assert_eq!((described.resources.len(), described.resources[0].acls.len()), (1, 1));
    let filter = DeleteAclsFilter::default()
        .with_resource_type_filter(2)
        .with_resource_name_filter(Some(text("orders")))
        .with_pattern_type_filter(2)
        .with_principal_filter(None)
        .with_host_filter(None)
        .with_operation(1)
        .with_permission_type(1);
    let deleted = root.ask(3, &DeleteAclsRequest::default().with_filters(vec![filter]));
    assert_eq!(deleted.filter_results[0].matching_acls.len(), 1);
    assert_eq!(write(&cluster, &bob, "orders"), Some(RDKafkaErrorCode::TopicAuthorizationFailed));
}
