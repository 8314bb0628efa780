//! Access control lists of topics: what a cluster has, and adding to it.

use kafka_protocol::messages::create_acls_request::AclCreation;
use kafka_protocol::messages::{CreateAclsRequest, DescribeAclsRequest};
use kafka_protocol::protocol::StrBytes;
use serde::{Deserialize, Serialize};

use super::admin::{RESOURCE_TOPIC, Refusal, outcome};
use super::cluster::Cluster;
use super::error::KafkaError;

/// Kafka's number for "any" in filters.
const ANY: i8 = 1;

macro_rules! kafka_words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $code:literal, $word:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant = $code,)*
        }

        impl $name {
            /// Returns Kafka's word for it.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            fn from_wire(code: i8) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

kafka_words! {
    /// Names an operation on a topic.
    Operation {
        /// All of them.
        All = 2, "ALL";
        /// Fetching.
        Read = 3, "READ";
        /// Producing.
        Write = 4, "WRITE";
        /// Making the topic.
        Create = 5, "CREATE";
        /// Deleting the topic, or records.
        Delete = 6, "DELETE";
        /// Adding partitions.
        Alter = 7, "ALTER";
        /// Seeing it.
        Describe = 8, "DESCRIBE";
        /// Reading its configs.
        DescribeConfigs = 10, "DESCRIBE_CONFIGS";
        /// Changing its configs.
        AlterConfigs = 11, "ALTER_CONFIGS";
    }
}

kafka_words! {
    /// Says whether an entry allows or denies.
    Permission {
        /// Denies, whatever else allows.
        Deny = 2, "DENY";
        /// Allows.
        Allow = 3, "ALLOW";
    }
}

kafka_words! {
    /// Says how an entry's name is meant.
    PatternKind {
        /// This topic; `*` for every topic.
        Literal = 3, "LITERAL";
        /// Every topic whose name begins so.
        Prefixed = 4, "PREFIXED";
    }
}

/// Holds one entry that concerns topics.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TopicAcl {
    /// The topic's name, or what names begin with.
    pub resource: String,
    /// How the name is meant.
    pub pattern: PatternKind,
    /// Whom it concerns, such as `User:alice`.
    pub principal: String,
    /// From where; `*` for everywhere.
    pub host: String,
    /// What it concerns.
    pub operation: Operation,
    /// Whether it allows or denies.
    pub permission: Permission,
}

/// Reads every entry that concerns topics; entries with operations unknown here are left out. Needs
/// Describe on the cluster. One try.
pub async fn topic_acls(cluster: &Cluster) -> Result<Result<Vec<TopicAcl>, Refusal>, KafkaError> {
    let request = DescribeAclsRequest::default()
        .with_resource_type_filter(RESOURCE_TOPIC)
        .with_resource_name_filter(None)
        .with_pattern_type_filter(ANY)
        .with_principal_filter(None)
        .with_host_filter(None)
        .with_operation(ANY)
        .with_permission_type(ANY);
    let connection = cluster.any().await?;
    let answer = connection.call(&request).await?;
    if let Err(refusal) = outcome(answer.error_code, answer.error_message) {
        return Ok(Err(refusal));
    }
    let mut found = Vec::new();
    for resource in answer.resources {
        let Some(pattern) = PatternKind::from_wire(resource.pattern_type) else { continue };
        for acl in resource.acls {
            let operation = Operation::from_wire(acl.operation);
            let permission = Permission::from_wire(acl.permission_type);
            let (Some(operation), Some(permission)) = (operation, permission) else { continue };
            found.push(TopicAcl {
                resource: resource.resource_name.to_string(),
                pattern,
                principal: acl.principal.to_string(),
                host: acl.host.to_string(),
                operation,
                permission,
            });
        }
    }
    found.sort();
    Ok(Ok(found))
}

/// Adds entries; each one's result is its own, in their order. One that is there already changes nothing.
/// Needs Alter on the cluster. One try.
pub async fn create_acls(
    cluster: &Cluster,
    acls: &[TopicAcl],
) -> Result<Vec<Result<(), Refusal>>, KafkaError> {
    let text = |text: &str| StrBytes::from_string(text.to_owned());
    let creation = |acl: &TopicAcl| {
        AclCreation::default()
            .with_resource_type(RESOURCE_TOPIC)
            .with_resource_name(text(&acl.resource))
            .with_resource_pattern_type(acl.pattern as i8)
            .with_principal(text(&acl.principal))
            .with_host(text(&acl.host))
            .with_operation(acl.operation as i8)
            .with_permission_type(acl.permission as i8)
    };
    let request = CreateAclsRequest::default().with_creations(acls.iter().map(creation).collect());
    let answer = cluster.call_controller(&request).await?;
    Ok(answer.results.into_iter().map(|one| outcome(one.error_code, one.error_message)).collect())
}
