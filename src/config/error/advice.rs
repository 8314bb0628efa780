//! What each rule is called, and what to try when it is broken.

use super::{BootstrapFault, ConfigError};
use crate::config::suggest::did_you_mean;

impl ConfigError {
    /// Returns the rule's stable name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "config::unreadable",
            Self::Syntax(_) => "config::syntax",
            Self::TooDeep { .. } => "config::too_deep",
            Self::WrongType { .. } => "config::wrong_type",
            Self::UnknownKey { .. } => "config::unknown_key",
            Self::MissingKey { .. } => "config::missing_key",
            Self::NoClusters => "config::no_clusters",
            Self::NoFlows => "config::no_flows",
            Self::UnknownCluster { .. } => "config::unknown_cluster",
            Self::SameCluster { .. } => "config::same_cluster",
            Self::FlowName { .. } => "config::flow_name",
            Self::ClusterName { .. } => "config::cluster_name",
            Self::Empty { .. } => "config::empty",
            Self::Bootstrap { .. } => "config::bootstrap_server",
            Self::UnknownWord { .. } => "config::unknown_value",
            Self::MechanismNotInBuild { .. } => "config::mechanism_not_in_build",
            Self::SaslUnused { .. } => "config::sasl_unused",
            Self::SaslIncomplete { .. } => "config::sasl_incomplete",
            Self::LoginIncomplete { .. } => "config::login_incomplete",
            Self::LoginUnused { .. } | Self::TokenTwice { .. } | Self::IdentityTwice { .. } => {
                "config::login_unused"
            }
            Self::Extension { .. } => "config::sasl_extension",
            Self::NoCredentialsFile { .. } => "config::credentials_file",
            Self::Url { .. } | Self::UrlVariable { .. } => "config::url",
            Self::SslUnused { .. } => "config::ssl_unused",
            Self::HalfIdentity { .. } => "config::half_identity",
            Self::Secret { .. } => "config::secret",
            Self::Size { .. } => "config::size",
            Self::Rate { .. } => "config::rate",
            Self::Duration { .. } | Self::DurationRange { .. } => "config::duration",
            Self::Start { .. } => "config::start",
            Self::Pattern { .. } => "config::pattern",
            Self::InternalTopic { .. } => "config::internal_topic",
            Self::TopicName { .. } => "config::topic_name",
            Self::RenameTopic { .. } | Self::RenameName { .. } => "config::rename",
            Self::Range { .. } | Self::SizeRange { .. } => "config::out_of_range",
            Self::MemoryForConnections { .. } | Self::RetryTooShort { .. } => "config::limits_conflict",
            Self::SameTarget { .. } => "config::same_target",
        }
    }

    /// Says what to try; `None` where the message already does.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::UnknownKey { key, known, .. } => Some(did_you_mean(key, known.iter().map(String::as_str))),
            Self::UnknownCluster { name, known } => {
                Some(did_you_mean(name, known.iter().map(String::as_str)))
            }
            Self::UnknownWord { word, known, .. } => Some(did_you_mean(word, known.iter().copied())),
            Self::Bootstrap { fault, .. } => Some(bootstrap_help(*fault).to_owned()),
            Self::HalfIdentity { missing, .. } => {
                Some(format!("mutual TLS needs both: add `{missing}`, or leave both out"))
            }
            Self::MemoryForConnections { min, .. } => {
                Some(format!("raise `memory` to {min}, or lower `connections_per_broker`"))
            }
            Self::SaslUnused { key, .. } => {
                Some(format!("set security_protocol to SASL_SSL or SASL_PLAINTEXT, or remove `{key}`"))
            }
            Self::LoginIncomplete { key, mechanism } => login_help(key, mechanism),
            Self::LoginUnused { key, mechanism } => {
                Some(format!("remove `{key}`, or set another sasl_mechanism than {mechanism}"))
            }
            Self::TokenTwice { token, .. } => {
                Some(format!("a token is either given, by `{token}`, or asked for at an endpoint"))
            }
            Self::SslUnused { key, .. } => {
                Some(format!("set security_protocol to SSL or SASL_SSL, or remove `{key}`"))
            }
            other => other.fixed_help().map(str::to_owned),
        }
    }

    fn fixed_help(&self) -> Option<&'static str> {
        Some(match self {
            Self::Unreadable { .. } => "name the file with --config, or in STRAIT_CONFIG",
            Self::NoClusters => "add two tables like [clusters.us], each with bootstrap_servers",
            Self::NoFlows => "add a table like [flows.us-eu] with source, target and topics",
            Self::SameCluster { .. } => "a flow copies between two clusters of this file",
            Self::FlowName { .. } => {
                "use 1 to 100 letters, digits, `_` and `-`: the name becomes part of topic and group names"
            }
            Self::ClusterName { .. } => "use 1 to 100 letters, digits, `.`, `_` and `-`",
            Self::Empty { .. } => "name at least one",
            Self::MechanismNotInBuild { .. } => {
                "this build speaks PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER and AWS_MSK_IAM"
            }
            Self::SaslIncomplete { .. } => {
                "name PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER or AWS_MSK_IAM, and its credentials"
            }
            Self::Extension { .. } => "its name has letters only, and is not `auth`; its value is ASCII text",
            Self::IdentityTwice { .. } => "remove the one or the other",
            Self::NoCredentialsFile { .. } => "set AWS_SHARED_CREDENTIALS_FILE to the file",
            Self::Url { .. } | Self::UrlVariable { .. } => {
                "write it like \"https://login.example.com/oauth2/token\""
            }
            Self::Secret { .. } => {
                "env:NAME reads an environment variable; file:PATH a file, relative to this one"
            }
            Self::Size { .. } => "write it like \"256 MiB\"; units: B, kB, MB, GB, TB, KiB, MiB, GiB, TiB",
            Self::Rate { .. } => {
                "write it like \"50 MiB/s\"; units: B, kB, MB, GB, TB, KiB, MiB, GiB, TiB, each a second"
            }
            Self::Duration { .. } => "write it like \"30s\", \"2m\" or \"1h 30m\"",
            Self::Start { .. } => "write a timestamp like \"2026-11-01T00:00:00Z\" (RFC 3339)",
            Self::Pattern { .. } => {
                "write a topic's name, a glob like \"orders.*\", or \"re:\" and a regular expression"
            }
            Self::TopicName { .. } => "topics have 1 to 249 letters, digits, `.`, `_` and `-`",
            Self::InternalTopic { .. } => {
                "remove it; __*, strait.*, mm2-* and *.internal belong to the cluster"
            }
            Self::RenameTopic { .. } => "write it like \"us.{topic}\"",
            Self::RenameName { .. } => "besides {topic}, use letters, digits, `.`, `_` and `-`",
            Self::RetryTooShort { .. } => "one slow request would use up all retries: raise retry_timeout",
            Self::SameTarget { .. } => "give one of them another `rename`, or let only one copy the topic",
            _ => return None,
        })
    }
}

fn login_help(key: &str, mechanism: &str) -> Option<String> {
    let needs = match mechanism {
        "OAUTHBEARER" => "the token endpoint's URL, client id and client secret, or sasl_oauthbearer_token",
        "AWS_MSK_IAM" if key.ends_with("region") => {
            "the region: neither the brokers' names nor AWS_REGION say it"
        }
        "AWS_MSK_IAM" => "both halves of an access key, or neither",
        _ => "sasl_username and sasl_password",
    };
    Some(format!("{mechanism} needs {needs}"))
}

fn bootstrap_help(fault: BootstrapFault) -> &'static str {
    match fault {
        BootstrapFault::NoPort => "add the port, like \"us-1:9092\"",
        BootstrapFault::Brackets => "write it like \"[2001:db8::1]:9092\"",
        BootstrapFault::Scheme => "remove the scheme; encryption and login are said by security_protocol",
        BootstrapFault::List => "write a list, each server in its own quotes",
        BootstrapFault::Port | BootstrapFault::NoHost | BootstrapFault::Host => {
            "write it like \"us-1:9092\", \"192.0.2.1:9092\" or \"[2001:db8::1]:9092\""
        }
    }
}
