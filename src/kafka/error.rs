//! What can go wrong between us and a broker. Errors are cheap to clone: one broken connection
//! answers every request that was waiting on it.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::ApiKey;

use super::peer::Peer;
use crate::config::settings::SaslMechanism;

/// Names the step of reaching a broker in which something failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Looking the host name up.
    Dns,
    /// Opening the TCP connection.
    Tcp,
    /// The TLS handshake.
    Tls,
    /// Logging in.
    Sasl,
    /// Kafka requests.
    Api,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Phase::Dns => "dns",
            Phase::Tcp => "tcp",
            Phase::Tls => "tls",
            Phase::Sasl => "sasl",
            Phase::Api => "api",
        })
    }
}

/// Says why a broker could not be reached or would not have us.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ConnectCause {
    /// The host name does not resolve.
    #[error("the name {host} does not resolve: {error}")]
    UnknownHost {
        /// The name.
        host: String,
        /// What the resolver said.
        error: Arc<io::Error>,
    },
    /// TCP said no.
    #[error("{}", describe_io(.0))]
    Tcp(Arc<io::Error>),
    /// Nothing came back in time.
    #[error("no answer within {}", humantime::format_duration(*.0))]
    Timeout(Duration),
    /// A file of the TLS set-up cannot be used.
    #[error(transparent)]
    TlsFile(#[from] super::tls::TlsFileError),
    /// librdkafka does not take the set-up.
    #[error("librdkafka, which joins consumer groups, does not take the set-up: {0}")]
    Librdkafka(rdkafka::error::KafkaError),
    /// The certificate is for other names.
    #[error("the certificate is for {}, not for {expected}", presented_names(.presented))]
    CertificateName {
        /// The name we connected to.
        expected: String,
        /// The names in the certificate.
        presented: Vec<String>,
    },
    /// The certificate is outside its validity.
    #[error("the broker's certificate has expired or is not valid yet: {0}")]
    CertificateExpired(String),
    /// Nobody we trust signed the certificate.
    #[error("the broker's certificate is signed by an authority that is not trusted here")]
    UnknownAuthority,
    /// The broker wants a certificate from us, or does not take ours.
    #[error("the broker refused our side of the TLS handshake: {0}")]
    ClientCertificateRefused(String),
    /// Any other TLS fault.
    #[error("TLS failed: {0}")]
    Tls(String),
    /// The other side does not speak TLS.
    #[error("the broker closed the connection during the TLS handshake, as a listener without TLS does")]
    NotTls,
    /// The other side speaks TLS and we do not.
    #[error("{0}, as a listener that expects TLS does")]
    ExpectsTls(&'static str),
    /// The other side is a web server.
    #[error("the answer is HTTP, not Kafka: this port belongs to a web server")]
    Http,
    /// The other side closed at once after a request that needs a login.
    #[error(
        "the broker closed the connection on the first request, as a listener that expects a SASL login does"
    )]
    ExpectsSasl,
    /// The listener has no SASL.
    #[error("the broker says this listener has no SASL login (ILLEGAL_SASL_STATE)")]
    NoSasl,
    /// The mechanism is not offered.
    #[error("the broker does not offer {wanted}; it offers {}", list_or_none(.offered))]
    Mechanism {
        /// What the configuration asks for.
        wanted: &'static str,
        /// What the broker offers.
        offered: Vec<String>,
    },
    /// There are no credentials to log in with.
    #[error(transparent)]
    Credentials(#[from] super::credentials::CredentialError),
    /// The broker does not take the credentials.
    #[error("the broker refused the login of user \"{username}\": {message}")]
    Login {
        /// The user.
        username: String,
        /// How it logged in.
        mechanism: SaslMechanism,
        /// The broker's words.
        message: String,
    },
    /// The login exchange broke down on our side.
    #[error("the login exchange failed: {0}")]
    SaslExchange(String),
    /// The cluster is not the one pinned in the configuration.
    #[error("the cluster's id is {actual}, the configuration pins {pinned}")]
    ClusterId {
        /// From the file.
        pinned: String,
        /// From the broker.
        actual: String,
    },
    /// A request during the opening failed.
    #[error(transparent)]
    Request(#[from] RequestCause),
}

/// Says which broker could not be used, in which phase, and why.
#[derive(Clone, Debug, thiserror::Error)]
#[error("cannot reach cluster \"{}\": {cause} ({peer}, phase: {phase})", .peer.cluster)]
pub struct ConnectError {
    /// The broker.
    pub peer: Box<Peer>,
    /// The step that failed.
    pub phase: Phase,
    /// Why.
    pub cause: ConnectCause,
}

/// Says why a request got no usable answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RequestCause {
    /// The connection ended before the answer came.
    #[error("the connection closed before the answer{}", detail(.error))]
    Disconnected {
        /// What the socket said, if it was more than an orderly close.
        error: Option<Arc<io::Error>>,
    },
    /// The session ended, and another login failed.
    #[error("the login could not be repeated before the session's end: {0}")]
    LoggedOut(String),
    /// No answer in time.
    #[error("no answer within {}", humantime::format_duration(*.0))]
    Timeout(Duration),
    /// The broker's versions and ours have nothing in common.
    #[error("the broker speaks versions {broker_min} to {broker_max}, Strait {our_min} to {our_max}")]
    NoCommonVersion {
        /// Lowest the broker takes.
        broker_min: i16,
        /// Highest the broker takes.
        broker_max: i16,
        /// Lowest we speak.
        our_min: i16,
        /// Highest we speak.
        our_max: i16,
    },
    /// The broker does not know this request at all.
    #[error("the broker does not offer this request; it is older than Kafka 2.1")]
    Unsupported,
    /// The bytes are not what the protocol says.
    #[error("the answer is malformed: {0}")]
    Malformed(String),
    /// The request could not be encoded; a fault of ours.
    #[error("the request could not be encoded: {0}")]
    Encoding(String),
    /// A length no answer can have.
    #[error("the answer claims a length of {length} bytes, over the limit of {limit}")]
    FrameTooLarge {
        /// As read from the wire.
        length: u32,
        /// What we allow.
        limit: usize,
    },
    /// What came is the beginning of a TLS record.
    #[error("the answer is a TLS record, not Kafka: this listener expects TLS")]
    TlsRecord,
    /// What came is HTTP.
    #[error("the answer is HTTP, not Kafka")]
    HttpAnswer,
    /// An answer to another request came.
    #[error("answer {found} came where answer {expected} was due")]
    Correlation {
        /// The oldest request without answer.
        expected: i32,
        /// What the answer says.
        found: i32,
    },
    /// The broker answered with an error code.
    #[error("{}{}", code_name(.code), message_detail(.message))]
    Code {
        /// The code.
        code: ResponseError,
        /// The broker's words, where it has any.
        message: Option<String>,
    },
}

/// Says which request failed where, and why.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{api:?} failed: {cause} ({peer}){}", advice(.api, .cause))]
pub struct RequestError {
    /// The broker asked.
    pub peer: Box<Peer>,
    /// The request.
    pub api: ApiKey,
    /// Why.
    pub cause: RequestCause,
}

impl RequestError {
    /// Names the right whose lack made the broker refuse, and on what, where one request needs one right.
    pub fn missing_right(&self) -> Option<&'static str> {
        missing_right(self.api, &self.cause)
    }
}

fn missing_right(api: ApiKey, cause: &RequestCause) -> Option<&'static str> {
    let RequestCause::Code { code: ResponseError::TopicAuthorizationFailed, .. } = cause else { return None };
    Some(match api {
        ApiKey::Metadata | ApiKey::ListOffsets => "Read or Write on the topic, which include Describe",
        ApiKey::Fetch => "Read on the topic",
        ApiKey::Produce | ApiKey::AddPartitionsToTxn => "Write on the topic",
        ApiKey::CreateTopics => "Create on the topic or on the cluster, or make the topic beforehand",
        ApiKey::DescribeConfigs => "DescribeConfigs on the topic",
        _ => return None,
    })
}

fn advice(api: &ApiKey, cause: &RequestCause) -> String {
    missing_right(*api, cause).map(|right| format!("; grant {right}")).unwrap_or_default()
}

/// Unites the two ways to fail with a broker.
#[derive(Clone, Debug, thiserror::Error)]
pub enum KafkaError {
    /// A broker could not be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// A broker was reached and the request failed.
    #[error(transparent)]
    Request(#[from] RequestError),
}

/// Sorts failures by what helps against them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// The same again, after a pause.
    Retry,
    /// Ask for metadata (or the coordinator), then again.
    Refresh,
    /// Nothing we can do; a person must.
    Fatal,
}

impl KafkaError {
    /// Returns the broker's error code where one was the cause.
    pub fn code(&self) -> Option<ResponseError> {
        match self {
            KafkaError::Request(RequestError { cause: RequestCause::Code { code, .. }, .. }) => Some(*code),
            _ => None,
        }
    }

    /// Returns the broker that was asked.
    pub fn peer(&self) -> &Peer {
        match self {
            KafkaError::Connect(e) => &e.peer,
            KafkaError::Request(e) => &e.peer,
        }
    }

    /// Says what helps against it.
    pub fn remedy(&self) -> Remedy {
        match self {
            KafkaError::Connect(e) => e.cause.remedy(),
            KafkaError::Request(e) => e.cause.remedy(),
        }
    }
}

impl ConnectCause {
    /// Says what helps against it: set-up faults are fatal, the network's may pass.
    pub fn remedy(&self) -> Remedy {
        match self {
            ConnectCause::UnknownHost { .. } | ConnectCause::Tcp(_) | ConnectCause::Timeout(_) => {
                Remedy::Refresh
            }
            ConnectCause::Request(cause) => cause.remedy(),
            ConnectCause::Credentials(error) => error.remedy(),
            _ => Remedy::Fatal,
        }
    }
}

impl RequestCause {
    /// Says what helps against it.
    pub fn remedy(&self) -> Remedy {
        match self {
            RequestCause::Disconnected { .. }
            | RequestCause::LoggedOut(_)
            | RequestCause::Timeout(_)
            | RequestCause::Correlation { .. } => Remedy::Refresh,
            RequestCause::Code { code, .. } => remedy_for(*code),
            _ => Remedy::Fatal,
        }
    }
}

/// Says what helps against an error code, after the broker's own list of retriable errors.
pub fn remedy_for(code: ResponseError) -> Remedy {
    use ResponseError as E;
    match code {
        E::NotLeaderOrFollower
        | E::LeaderNotAvailable
        | E::FencedLeaderEpoch
        | E::UnknownTopicOrPartition
        | E::UnknownTopicId
        | E::InconsistentTopicId
        | E::ReplicaNotAvailable
        | E::KafkaStorageError
        | E::NotCoordinator
        | E::CoordinatorNotAvailable
        | E::NotController
        | E::ListenerNotFound
        | E::BrokerNotAvailable
        | E::NetworkException => Remedy::Refresh,
        E::ConcurrentTransactions => Remedy::Retry,
        code if code.is_retriable() => Remedy::Retry,
        _ => Remedy::Fatal,
    }
}

/// Returns the protocol's own name of an error code, as Kafka's documentation spells it.
pub fn code_name(code: &ResponseError) -> String {
    if let ResponseError::Unknown(number) = code {
        return format!("error code {number}");
    }
    let mut name = String::new();
    for (index, letter) in format!("{code:?}").chars().enumerate() {
        if letter.is_ascii_uppercase() && index > 0 {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}

fn message_detail(message: &Option<String>) -> String {
    message.as_ref().map(|text| format!(": {text}")).unwrap_or_default()
}

fn detail(error: &Option<Arc<io::Error>>) -> String {
    error.as_ref().map(|e| format!(": {}", describe_io(e))).unwrap_or_default()
}

/// Says what an I/O error means without the platform's numbers.
pub fn describe_io(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused: nothing listens there".into(),
        io::ErrorKind::ConnectionReset => "connection reset by the other side".into(),
        io::ErrorKind::TimedOut => "connection timed out".into(),
        io::ErrorKind::HostUnreachable => "no route to the host".into(),
        io::ErrorKind::NetworkUnreachable => "the network is unreachable".into(),
        io::ErrorKind::UnexpectedEof => "connection closed by the other side".into(),
        io::ErrorKind::BrokenPipe => "connection closed by the other side while we were sending".into(),
        _ => error.to_string(),
    }
}

fn presented_names(names: &[String]) -> String {
    if names.is_empty() { "no name at all".into() } else { names.join(", ") }
}

fn list_or_none(names: &[String]) -> String {
    if names.is_empty() { "none".into() } else { names.join(", ") }
}
