//! Logins and access rules. Played to brokers that know alice and bob, of whom alice may do everything.

use bytes::Bytes;
use kafka_protocol::messages::create_acls_request::AclCreation;
use kafka_protocol::messages::delete_acls_request::DeleteAclsFilter;
use kafka_protocol::messages::{
    CreateAclsRequest, DeleteAclsRequest, DescribeAclsRequest, DescribeAclsResponse, FindCoordinatorRequest,
    GroupId, HeartbeatRequest, InitProducerIdRequest, MetadataRequest, ProducerId, SaslAuthenticateRequest,
    SaslHandshakeRequest, TransactionalId,
};
use kafka_protocol::protocol::StrBytes;

use super::{Scene, text};
use crate::support::build::{ANYBODY, batch, create, fetch, list_offsets, metadata, produce};
use crate::support::player::Player;

pub const SCENES: &[Scene] = &[
    ("security-logins", logins),
    ("security-rules", rules),
    ("security-invalid-rules", invalid_rules),
    ("security-denied", denied),
    ("security-implied", implied),
];

/// Logs in on a connection by PLAIN and writes nothing down.
pub fn log_in(p: &mut Player, connection: usize, name: &str, password: &str) {
    let hello = SaslHandshakeRequest::default().with_mechanism(text("PLAIN"));
    p.send(connection, 1, &hello);
    p.hear::<SaslHandshakeRequest>(connection, 1);
    let word = Bytes::from(format!("\0{name}\0{password}"));
    p.send(connection, 2, &SaslAuthenticateRequest::default().with_auth_bytes(word));
    let answer = p.hear::<SaslAuthenticateRequest>(connection, 2);
    assert_eq!(answer.error_code, 0);
}

fn alice(p: &mut Player) {
    log_in(p, 0, "alice", "alice-secret");
}

/// Opens a connection as bob.
fn bob(p: &mut Player) -> usize {
    let connection = p.open();
    log_in(p, connection, "bob", "bob-secret");
    connection
}

/// Names a mechanism; those a broker offers come in any order.
fn shake(p: &mut Player, connection: usize, mechanism: &str) {
    let hello = SaslHandshakeRequest::default().with_mechanism(text(mechanism));
    let mut answer = p.ask_quietly_on(connection, 1, &hello);
    answer.mechanisms.sort();
    p.write_fields("SaslHandshakeRequest", &format!("{answer:?}"));
}

/// Opens a connection as alice, and asks what may end it.
fn provoke<R: kafka_protocol::protocol::Request>(p: &mut Player, request: &R)
where
    R::Response: std::fmt::Debug,
{
    let connection = p.open();
    log_in(p, connection, "alice", "alice-secret");
    p.provoke_on(connection, 3, request);
}

fn logins(p: &mut Player) {
    for mechanism in ["GSSAPI", "plain", ""] {
        let connection = p.open();
        shake(p, connection, mechanism);
    }
    for words in [
        "\0alice\0wrong",
        "\0nobody\0alice-secret",
        "alice",
        "bob\0alice\0alice-secret",
        "alice\0alice\0alice-secret",
    ] {
        let connection = p.open();
        shake(p, connection, "PLAIN");
        let request = SaslAuthenticateRequest::default().with_auth_bytes(Bytes::from(words.to_owned()));
        p.send(connection, 2, &request);
        if p.receive::<SaslAuthenticateRequest>(connection, 2).error_code != 0 {
            let gone = p.ends(connection);
            p.note(format!("the connection ends: {gone}"));
        }
    }
    // Before a login, and a login that was not begun.
    p.provoke(9, &MetadataRequest::default());
    p.provoke(2, &SaslAuthenticateRequest::default());
}

fn creation(kind: i8, name: &str, pattern: i8, operation: i8, permission: i8) -> AclCreation {
    AclCreation::default()
        .with_resource_type(kind)
        .with_resource_name(text(name))
        .with_resource_pattern_type(pattern)
        .with_principal(text("User:bob"))
        .with_host(text("*"))
        .with_operation(operation)
        .with_permission_type(permission)
}

fn add(p: &mut Player, creations: Vec<AclCreation>) {
    p.ask(3, &CreateAclsRequest::default().with_creations(creations));
}

fn any() -> DescribeAclsRequest {
    DescribeAclsRequest::default()
        .with_resource_type_filter(1)
        .with_resource_name_filter(None)
        .with_pattern_type_filter(1)
        .with_principal_filter(None)
        .with_host_filter(None)
        .with_operation(1)
        .with_permission_type(1)
}

fn sort(answer: &mut DescribeAclsResponse) {
    for resource in &mut answer.resources {
        resource
            .acls
            .sort_by_key(|acl| (acl.principal.clone(), acl.host.clone(), acl.operation, acl.permission_type));
    }
    answer
        .resources
        .sort_by_key(|found| (found.resource_type, found.resource_name.clone(), found.pattern_type));
}

/// Waits until the broker knows of as many rules for a name.
fn until_known(p: &mut Player, name: &StrBytes, count: usize) {
    p.until(3, &any().with_resource_name_filter(Some(name.clone())).with_pattern_type_filter(2), |answer| {
        answer.resources.iter().map(|resource| resource.acls.len()).sum::<usize>() == count
    });
}

fn rules(p: &mut Player) {
    alice(p);
    let name = p.own("orders");
    let front = p.own("ord");
    add(p, vec![creation(2, &name, 3, 3, 3), creation(2, &front, 4, 4, 3), creation(2, &name, 3, 8, 2)]);
    add(p, vec![creation(2, &name, 3, 3, 3)]);
    until_known(p, &name, 3);
    for version in 1..=3 {
        for (named, pattern) in
            [(&name, 1), (&name, 2), (&name, 3), (&name, 4), (&front, 1), (&front, 2), (&front, 4)]
        {
            let request =
                any().with_resource_name_filter(Some(named.clone())).with_pattern_type_filter(pattern);
            p.ask_sorted(version, &request, sort);
        }
    }
    let of = |resource: i8, operation: i8, permission: i8| {
        any()
            .with_resource_type_filter(resource)
            .with_resource_name_filter(Some(name.clone()))
            .with_operation(operation)
            .with_permission_type(permission)
    };
    for (resource, operation, permission) in
        [(2, 3, 3), (2, 3, 2), (3, 1, 1), (0, 1, 1), (1, 0, 1), (1, 1, 0), (99, 1, 1)]
    {
        p.note(format!("-- {resource} {operation} {permission}"));
        provoke(p, &of(resource, operation, permission));
    }
    let gone = DeleteAclsFilter::default()
        .with_resource_type_filter(2)
        .with_resource_name_filter(Some(name.clone()))
        .with_pattern_type_filter(2)
        .with_principal_filter(Some(text("User:bob")))
        .with_host_filter(None)
        .with_operation(1)
        .with_permission_type(1);
    for _ in 0..2 {
        let request = DeleteAclsRequest::default().with_filters(vec![gone.clone()]);
        p.ask_sorted(3, &request, |answer| {
            answer.filter_results[0].matching_acls.sort_by_key(|acl| (acl.pattern_type, acl.operation));
        });
        until_known(p, &name, 0);
    }
    provoke(p, &DeleteAclsRequest::default().with_filters(vec![gone.with_operation(0)]));
}

fn invalid_rules(p: &mut Player) {
    alice(p);
    for (kind, name, pattern, operation, permission) in [
        (1, "x", 3, 3, 3),
        (0, "x", 3, 3, 3),
        (2, "", 3, 3, 3),
        (2, "x", 1, 3, 3),
        (2, "x", 2, 3, 3),
        (2, "x", 3, 1, 3),
        (2, "x", 3, 0, 3),
        (2, "x", 3, 3, 1),
        (2, "x", 3, 99, 3),
        (4, "x", 3, 3, 3),
    ] {
        p.note(format!("-- {kind} {name} {pattern} {operation} {permission}"));
        provoke(
            p,
            &CreateAclsRequest::default()
                .with_creations(vec![creation(kind, name, pattern, operation, permission)]),
        );
    }
    let odd = creation(2, "x", 3, 3, 3).with_principal(text("bob"));
    provoke(p, &CreateAclsRequest::default().with_creations(vec![odd]));
}

fn denied(p: &mut Player) {
    alice(p);
    let topic = p.topic("t", 1, &[]);
    let them = bob(p);
    p.ask_on(them, 9, &produce(&topic, 0, batch(ANYBODY, 1)));
    p.ask_on(them, 12, &fetch(&topic, 0, 0, false));
    p.ask_on(them, 7, &list_offsets(&topic, 0, -1, false));
    let answer = p.ask_quietly_on(them, 12, &metadata(&topic));
    p.write_fields("MetadataRequest", &format!("{:?}", answer.topics));
    let answer = p.ask_quietly_on(them, 12, &metadata(&p.own("none")));
    p.write_fields("MetadataRequest", &format!("{:?}", answer.topics));
    p.ask_on(them, 7, &create(&p.own("theirs"), 1, &[]));
    p.ask_on(them, 4, &HeartbeatRequest::default().with_group_id(GroupId(p.own("group"))));
    p.ask_on(them, 3, &FindCoordinatorRequest::default().with_key(p.own("group")));
    let init = InitProducerIdRequest::default()
        .with_transactional_id(None)
        .with_transaction_timeout_ms(60_000)
        .with_producer_id(ProducerId(-1))
        .with_producer_epoch(-1);
    p.ask_on(them, 4, &init);
    p.ask_on(them, 4, &init.with_transactional_id(Some(TransactionalId(p.own("id")))));
    p.ask_on(them, 3, &any());
    p.ask_on(them, 3, &CreateAclsRequest::default().with_creations(vec![creation(2, "x", 3, 3, 3)]));
}

fn implied(p: &mut Player) {
    alice(p);
    let topic = p.topic("t", 1, &[]);
    let them = bob(p);
    add(
        p,
        vec![creation(2, &topic[..3], 4, 4, 3), creation(2, &topic, 3, 3, 3), creation(2, &topic, 3, 8, 2)],
    );
    until_known(p, &topic, 3);
    p.ask_on(them, 9, &produce(&topic, 0, batch(ANYBODY, 1)));
    p.ask_on(them, 7, &list_offsets(&topic, 0, -1, false));
    let init = InitProducerIdRequest::default()
        .with_transactional_id(None)
        .with_transaction_timeout_ms(60_000)
        .with_producer_id(ProducerId(-1))
        .with_producer_epoch(-1);
    p.ask_on(them, 4, &init);
    let all = DeleteAclsFilter::default()
        .with_resource_type_filter(1)
        .with_resource_name_filter(None)
        .with_pattern_type_filter(1)
        .with_principal_filter(Some(text("User:bob")))
        .with_host_filter(None)
        .with_operation(1)
        .with_permission_type(1);
    p.quietly(3, &DeleteAclsRequest::default().with_filters(vec![all]));
    until_known(p, &topic, 0);
    p.ask_on(them, 7, &list_offsets(&topic, 0, -1, false));
}
