//! Turns the wire client's errors into problems: the same cause, and what to try against it.

use super::problem::{Problem, Scope};
use crate::config::Finding;
use crate::config::settings::SaslMechanism;
use crate::engine::ended::Ended;
use crate::engine::event::ENDED_HINT;
use crate::engine::state_topic::NAME_PREFIX;
use crate::kafka::credentials::{CredentialError, HttpFault, Service};
use crate::kafka::error::{ConnectCause, ConnectError, KafkaError, Phase, RequestCause, RequestError};
use crate::kafka::peer::{Peer, PeerOrigin};

impl From<&ConnectError> for Problem {
    fn from(error: &ConnectError) -> Self {
        let alias = error.peer.cluster.as_str();
        let problem = Problem::new(
            connect_code(&error.cause),
            Scope::Cluster(alias.to_owned()),
            format!("cannot reach cluster \"{alias}\" (phase: {})", error.phase),
        )
        .place(place(&error.peer))
        .cause(error.cause.to_string());
        connect_hints(error).into_iter().fold(problem, Problem::hint)
    }
}

impl From<&RequestError> for Problem {
    fn from(error: &RequestError) -> Self {
        let alias = error.peer.cluster.as_str();
        let problem = Problem::new(
            request_code(&error.cause),
            Scope::Cluster(alias.to_owned()),
            format!("cluster \"{alias}\" did not answer {:?} as needed (phase: api)", error.api),
        )
        .place(place(&error.peer))
        .cause(error.cause.to_string());
        let right = |right| format!("grant {right}; docs/security.md lists what each subcommand needs");
        let hint = error.missing_right().map(right).or_else(|| request_hint(&error.cause, alias));
        hint.into_iter().fold(problem, Problem::hint)
    }
}

impl From<&KafkaError> for Problem {
    fn from(error: &KafkaError) -> Self {
        match error {
            KafkaError::Connect(error) => error.into(),
            KafkaError::Request(error) => error.into(),
        }
    }
}

/// Says that a flow is not copied because it was ended; `target` is the alias of the cluster that holds its
/// state.
pub fn flow_ended(flow: &str, target: &str, ended: &Ended) -> Problem {
    Problem::new("flow_ended", Scope::Flow(flow.to_owned()), format!("flow \"{flow}\" was ended"))
        .place(format!("as recorded in {NAME_PREFIX}{flow} at {target}"))
        .cause(ended.to_string())
        .hint(ENDED_HINT)
}

impl From<Finding> for Problem {
    fn from(finding: Finding) -> Self {
        let place = format!("{}:{}:{}", finding.file.display(), finding.line, finding.column);
        let problem = Problem::new(finding.code, Scope::Config, finding.message).place(place);
        finding.help.into_iter().fold(problem, Problem::hint)
    }
}

/// Says which listener it was and who named it.
fn place(peer: &Peer) -> String {
    match &peer.origin {
        // No file has a line 0: the address came with the command.
        PeerOrigin::Bootstrap { line: 0 } => format!("{peer}, named on the command line"),
        PeerOrigin::Bootstrap { line } => format!("{peer}, listed in the configuration at line {line}"),
        PeerOrigin::Advertised { by } => format!("{peer}, advertised by {by}"),
    }
}

fn connect_hints(error: &ConnectError) -> Vec<String> {
    let alias = error.peer.cluster.as_str();
    let mut hints: Vec<String> = cause_hint(&error.cause, alias).into_iter().collect();
    let unreached = matches!(error.phase, Phase::Dns | Phase::Tcp);
    if let PeerOrigin::Advertised { by } = &error.peer.origin
        && unreached
        && *by != error.peer.address()
    {
        hints.insert(
            0,
            format!(
                "{by} answered and advertised {}: its advertised.listeners must name an address \
                 that can be reached from here",
                error.peer.address()
            ),
        );
    }
    hints
}

fn cause_hint(cause: &ConnectCause, alias: &str) -> Option<String> {
    let set = |setting: &str| format!("set {setting} for cluster \"{alias}\"");
    Some(match cause {
        ConnectCause::UnknownHost { .. } => {
            "check the name in bootstrap_servers, and that this machine's resolver knows it".to_owned()
        }
        ConnectCause::Tcp(_) => {
            "check the address and port, that the broker runs, and the firewall".to_owned()
        }
        ConnectCause::Timeout(_) => {
            format!(
                "check firewall and routing; for a far cluster raise connect_timeout of cluster \"{alias}\""
            )
        }
        ConnectCause::TlsFile(_) | ConnectCause::Librdkafka(_) => {
            "check ssl_ca_file, ssl_certificate_file and ssl_key_file".to_owned()
        }
        ConnectCause::CertificateName { presented, .. } => match presented.first() {
            Some(name) => format!(
                "use a name from the certificate, such as {name}, in bootstrap_servers and advertised.listeners"
            ),
            None => "have the certificate issued with the broker's host name as a subject alternative name"
                .to_owned(),
        },
        ConnectCause::CertificateExpired(_) => {
            "renew the broker's certificate, or set this machine's clock".to_owned()
        }
        ConnectCause::UnknownAuthority => set("ssl_ca_file to the PEM file of the authority that signed it"),
        ConnectCause::ClientCertificateRefused(_) => {
            set("ssl_certificate_file and ssl_key_file to a certificate the broker's truststore accepts")
        }
        ConnectCause::Tls(_) => {
            "check that both sides share a TLS version (1.2 or 1.3) and a cipher suite".to_owned()
        }
        ConnectCause::NotTls => set("security_protocol = \"PLAINTEXT\" (or \"SASL_PLAINTEXT\")"),
        ConnectCause::ExpectsTls(_) => set("security_protocol = \"SSL\" (or \"SASL_SSL\")"),
        ConnectCause::Http => "use the port of a Kafka listener, not of a web interface".to_owned(),
        ConnectCause::ExpectsSasl => {
            set("security_protocol = \"SASL_PLAINTEXT\" (or \"SASL_SSL\"), sasl_mechanism and credentials")
        }
        ConnectCause::NoSasl => set("security_protocol = \"PLAINTEXT\" (or \"SSL\"), without sasl_ settings"),
        ConnectCause::Mechanism { offered, .. } => match offered.as_slice() {
            [] => "enable a mechanism in the broker's sasl.enabled.mechanisms".to_owned(),
            offered => set(&format!("sasl_mechanism to one of {}", offered.join(", "))),
        },
        ConnectCause::Login { mechanism: SaslMechanism::Password(_), .. } => {
            "check sasl_username and sasl_password; with SCRAM, that the user exists for this mechanism"
                .to_owned()
        }
        ConnectCause::Login { mechanism: SaslMechanism::OauthBearer, .. } => {
            "compare the token's issuer, audience, scope and end with what the broker's listener expects \
             (sasl.oauthbearer.expected.*), and see whether it knows the key that signed it"
                .to_owned()
        }
        ConnectCause::Login { mechanism: SaslMechanism::AwsMskIam, .. } => {
            "check that the identity may do kafka-cluster:Connect on this cluster, its region, and this \
             machine's clock"
                .to_owned()
        }
        ConnectCause::Credentials(error) => return credential_hint(error),
        ConnectCause::SaslExchange(_) => "check sasl_mechanism, sasl_username and sasl_password".to_owned(),
        ConnectCause::ClusterId { actual, .. } => {
            format!(
                "if this is the cluster you mean, set cluster_id = \"{actual}\"; otherwise mend bootstrap_servers"
            )
        }
        ConnectCause::Request(cause) => return request_hint(cause, alias),
    })
}

fn credential_hint(error: &CredentialError) -> Option<String> {
    let hint = match error {
        CredentialError::Unreachable { fault: HttpFault::Tls(_) | HttpFault::TlsFile(_), .. } => {
            "trust the authority that signed the service's certificate: on this machine, or with ssl_ca_file"
        }
        CredentialError::Unreachable { service: Service::Instance, .. } => {
            "no other AWS credentials were found: set sasl_aws_profile, or sasl_aws_access_key_id and \
             sasl_aws_secret_access_key"
        }
        CredentialError::Unreachable { .. } => "check the URL, that the service runs, and the firewall",
        CredentialError::Refused { service: Service::TokenEndpoint, status: 400 | 401 | 403, .. } => {
            "check client id, client secret and scope (sasl_oauthbearer_client_credentials_client_id, \
             sasl_oauthbearer_client_credentials_client_secret, sasl_oauthbearer_scope)"
        }
        CredentialError::Refused { service: Service::Sts, status: 400 | 403, .. } => {
            "check AWS_ROLE_ARN, and that the role trusts the identity provider of the web identity token"
        }
        CredentialError::Refused { .. } | CredentialError::Unusable { .. } => {
            "check that the URL is the service's"
        }
        CredentialError::Unreadable { .. } | CredentialError::Empty { .. } => {
            "check the path, and that this user may read the file"
        }
        CredentialError::Expired { .. } => {
            "have the token renewed: with file:PATH it is read for every login"
        }
        CredentialError::NotToken => "give the token itself, without \"Bearer\" and line breaks",
        CredentialError::NoProfile { .. } => {
            "name another profile with sasl_aws_profile; profiles that take a role or start a process are not \
             followed"
        }
    };
    Some(hint.to_owned())
}

fn request_hint(cause: &RequestCause, alias: &str) -> Option<String> {
    use kafka_protocol::ResponseError as E;
    Some(match cause {
        RequestCause::Timeout(_) => {
            format!("check the broker's load; for a far cluster raise request_timeout of cluster \"{alias}\"")
        }
        RequestCause::LoggedOut(_) | RequestCause::Disconnected { .. } => {
            "look into the broker's log for why it closed the connection".to_owned()
        }
        RequestCause::NoCommonVersion { .. } | RequestCause::Unsupported => {
            "Strait speaks to Kafka 2.1 and newer".to_owned()
        }
        RequestCause::TlsRecord => {
            format!("set security_protocol = \"SSL\" (or \"SASL_SSL\") for cluster \"{alias}\"")
        }
        RequestCause::HttpAnswer => "use the port of a Kafka listener, not of a web interface".to_owned(),
        RequestCause::Malformed(_) | RequestCause::FrameTooLarge { .. } => {
            "check that this port is a Kafka listener and that nothing in between alters the bytes".to_owned()
        }
        RequestCause::Code { code, .. } => match code {
            E::TopicAuthorizationFailed => {
                "grant this user READ at the source, WRITE and DESCRIBE at the target".into()
            }
            E::GroupAuthorizationFailed => "grant this user READ on the group strait.<flow>".into(),
            E::ClusterAuthorizationFailed => {
                "grant this user IDEMPOTENT_WRITE or CREATE on the cluster".into()
            }
            E::TransactionalIdAuthorizationFailed => {
                "grant this user WRITE and DESCRIBE on transactional ids that begin with strait.".into()
            }
            E::PolicyViolation => "the broker's policy class refuses it; ask whoever runs the cluster".into(),
            E::InvalidReplicationFactor => {
                "lower provision.replication_factor to the number of brokers".into()
            }
            _ => return None,
        },
        RequestCause::Encoding(_) | RequestCause::Correlation { .. } => return None,
    })
}

fn connect_code(cause: &ConnectCause) -> &'static str {
    match cause {
        ConnectCause::UnknownHost { .. } => "unknown_host",
        ConnectCause::Tcp(_) => "tcp",
        ConnectCause::Timeout(_) => "timeout",
        ConnectCause::TlsFile(_) => "tls_file",
        ConnectCause::Librdkafka(_) => "librdkafka",
        ConnectCause::CertificateName { .. } => "certificate_name",
        ConnectCause::CertificateExpired(_) => "certificate_expired",
        ConnectCause::UnknownAuthority => "unknown_authority",
        ConnectCause::ClientCertificateRefused(_) => "client_certificate_refused",
        ConnectCause::Tls(_) => "tls",
        ConnectCause::NotTls => "not_tls",
        ConnectCause::ExpectsTls(_) => "expects_tls",
        ConnectCause::Http => "http",
        ConnectCause::ExpectsSasl => "expects_sasl",
        ConnectCause::NoSasl => "no_sasl",
        ConnectCause::Mechanism { .. } => "sasl_mechanism",
        ConnectCause::Credentials(_) => "credentials",
        ConnectCause::Login { .. } => "login",
        ConnectCause::SaslExchange(_) => "sasl_exchange",
        ConnectCause::ClusterId { .. } => "cluster_id",
        ConnectCause::Request(cause) => request_code(cause),
    }
}

fn request_code(cause: &RequestCause) -> &'static str {
    match cause {
        RequestCause::Disconnected { .. } => "disconnected",
        RequestCause::LoggedOut(_) => "logged_out",
        RequestCause::Timeout(_) => "timeout",
        RequestCause::NoCommonVersion { .. } | RequestCause::Unsupported => "version",
        RequestCause::Malformed(_) | RequestCause::FrameTooLarge { .. } => "malformed",
        RequestCause::Encoding(_) => "encoding",
        RequestCause::TlsRecord => "expects_tls",
        RequestCause::HttpAnswer => "http",
        RequestCause::Correlation { .. } => "correlation",
        RequestCause::Code { .. } => "broker_refused",
    }
}

#[cfg(test)]
#[path = "explain_tests.rs"]
mod tests;
