//! Rights on a cluster whose ACLs are checked, granted by requests of our own: Kafka's tool takes seconds
//! for each.

use std::sync::Arc;

use kafka_protocol::error::ParseResponseErrorCode;
use kafka_protocol::messages::CreateAclsRequest;
use kafka_protocol::messages::create_acls_request::AclCreation;
use kafka_protocol::protocol::StrBytes;
use strait::config::load_text;
use strait::config::source::SourceText;

use super::cluster::Cluster;
use super::runtime;
use super::spec::Listener;

/// Lists operations by their codes in the protocol (`AclOperation`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i8)]
#[allow(missing_docs, reason = "the names are Kafka's")]
pub enum Operation {
    Read = 3,
    Write = 4,
    Create = 5,
    Delete = 6,
    Alter = 7,
    Describe = 8,
    ClusterAction = 9,
    DescribeConfigs = 10,
    AlterConfigs = 11,
    IdempotentWrite = 12,
}

/// Lists kinds of resources by their codes in the protocol (`ResourceType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i8)]
#[allow(missing_docs, reason = "the names are Kafka's")]
pub enum Kind {
    Topic = 2,
    Group = 3,
    Cluster = 4,
    TransactionalId = 5,
}

/// Is one thing that somebody may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Right {
    /// What may be done.
    pub operation: Operation,
    /// To what kind of resource.
    pub kind: Kind,
    /// Its name.
    pub name: String,
}

/// Allows a user exactly these things, beside what was allowed before.
pub fn grant(cluster: &Cluster, user: &str, rights: &[Right]) {
    const LITERAL: i8 = 3;
    const PREFIXED: i8 = 4;
    const ALLOW: i8 = 3;
    let text = |text: &str| StrBytes::from_string(text.to_owned());
    let creations = rights.iter().map(|right| {
        AclCreation::default()
            .with_resource_type(right.kind as i8)
            .with_resource_name(text(&right.name))
            .with_resource_pattern_type(match right.kind {
                // Their ends number partitions.
                Kind::TransactionalId => PREFIXED,
                _ => LITERAL,
            })
            .with_principal(text(&format!("User:{user}")))
            .with_host(text("*"))
            .with_operation(right.operation as i8)
            .with_permission_type(ALLOW)
    });
    let request = CreateAclsRequest::default().with_creations(creations.collect());
    let settings = format!(
        "[clusters.it]\nbootstrap_servers = [{:?}]\n[clusters.other]\nbootstrap_servers = ['b:1']\n\
         [flows.f]\nsource = 'it'\ntarget = 'other'\ntopics = ['t']\n",
        cluster.address(Listener::Plaintext)
    );
    let loaded = load_text(SourceText::new("rights.toml".into(), settings), &|_| None).unwrap();
    let settings = Arc::new(loaded.settings.clusters["it"].clone());
    let answer = runtime().block_on(async {
        let cluster = strait::kafka::cluster::Cluster::open(settings).await.unwrap();
        cluster.call_controller(&request).await.unwrap()
    });
    for result in answer.results {
        assert_eq!(result.error_code.err(), None, "{:?}", result.error_message);
    }
}
