//! Rights on a cluster whose ACLs are checked, granted by requests of our own: Kafka's tool takes seconds
//! for each.

use std::num::NonZeroU32;
use std::sync::Arc;

use kafka_protocol::messages::alter_user_scram_credentials_request::ScramCredentialUpsertion;
use kafka_protocol::messages::create_acls_request::AclCreation;
use kafka_protocol::messages::{AlterUserScramCredentialsRequest, CreateAclsRequest, DescribeAclsRequest};
use kafka_protocol::protocol::StrBytes;
use strait::config::load_text;
use strait::config::source::SourceText;

use super::cluster::Cluster;
use super::spec::Listener;
use super::{runtime, wait};

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
    /// Its name; one that ends with a star is what names begin with.
    pub name: String,
}

/// The password of the users made here.
pub const WORD: &str = "made-up-word";

/// Is a user and all that it may do.
pub type Entered = (String, Vec<Right>);

/// Makes users known to SCRAM-SHA-256 and allows each exactly these things; ends when every broker knows.
pub fn enter(cluster: &Cluster, users: &[Entered]) {
    let creations = users.iter().flat_map(|(user, rights)| rights.iter().map(|right| creation(user, right)));
    let rights_request = CreateAclsRequest::default().with_creations(creations.collect());
    let credentials = users.iter().map(|(user, _)| credential(user)).collect();
    let user_request = AlterUserScramCredentialsRequest::default().with_upsertions(credentials);
    let settings = format!(
        "[clusters.it]\nbootstrap_servers = [{:?}]\n[clusters.other]\nbootstrap_servers = ['b:1']\n\
         [flows.f]\nsource = 'it'\ntarget = 'other'\ntopics = ['t']\n",
        cluster.address(Listener::Plaintext)
    );
    let loaded = load_text(SourceText::new("rights.toml".into(), settings), &|_| None).unwrap();
    let settings = Arc::new(loaded.settings.clusters["it"].clone());
    let brokers = i32::from(cluster.spec.brokers);
    let cluster = runtime().block_on(strait::kafka::cluster::Cluster::open(settings)).unwrap();
    let entered = runtime().block_on(cluster.call_controller(&user_request)).unwrap();
    let granted = runtime().block_on(cluster.call_controller(&rights_request)).unwrap();
    assert!(entered.results.iter().all(|one| one.error_code == 0), "{entered:?}");
    assert!(granted.results.iter().all(|one| one.error_code == 0), "{granted:?}");
    // A broker checks rights by what it has read of the controller's log by now; the last is read last.
    let Some((user, count)) =
        users.iter().rev().find(|(_, rights)| !rights.is_empty()).map(|(user, rights)| (user, rights.len()))
    else {
        return;
    };
    for broker in 1..=brokers {
        wait::until(&format!("the rights of {user} at broker {broker}"), wait::LONG, || {
            let known = runtime().block_on(cluster.call_node(broker, &entries_of(user))).unwrap();
            let known: usize = known.resources.iter().map(|resource| resource.acls.len()).sum();
            (known == count).then_some(())
        });
    }
}

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

fn creation(user: &str, right: &Right) -> AclCreation {
    const LITERAL: i8 = 3;
    const PREFIXED: i8 = 4;
    const ALLOW: i8 = 3;
    let begin = right.name.strip_suffix('*').filter(|begin| !begin.is_empty());
    AclCreation::default()
        .with_resource_type(right.kind as i8)
        .with_resource_name(text(begin.unwrap_or(&right.name)))
        .with_resource_pattern_type(match right.kind {
            // Their ends number partitions.
            Kind::TransactionalId => PREFIXED,
            _ if begin.is_some() => PREFIXED,
            _ => LITERAL,
        })
        .with_principal(text(&format!("User:{user}")))
        .with_host(text("*"))
        .with_operation(right.operation as i8)
        .with_permission_type(ALLOW)
}

fn entries_of(user: &str) -> DescribeAclsRequest {
    const ANY: i8 = 1;
    DescribeAclsRequest::default()
        .with_resource_type_filter(ANY)
        .with_resource_name_filter(None)
        .with_host_filter(None)
        .with_pattern_type_filter(ANY)
        .with_principal_filter(Some(text(&format!("User:{user}"))))
        .with_operation(ANY)
        .with_permission_type(ANY)
}

fn credential(user: &str) -> ScramCredentialUpsertion {
    const SHA_256: i8 = 1;
    let iterations = NonZeroU32::new(4096).unwrap();
    let (salt, mut salted) = (*b"sixteen bytes it", [0; 32]);
    ring::pbkdf2::derive(ring::pbkdf2::PBKDF2_HMAC_SHA256, iterations, &salt, WORD.as_bytes(), &mut salted);
    ScramCredentialUpsertion::default()
        .with_name(StrBytes::from_string(user.to_owned()))
        .with_mechanism(SHA_256)
        .with_iterations(4096)
        .with_salt(salt.to_vec().into())
        .with_salted_password(salted.to_vec().into())
}
