//! What can be wrong with a configuration: one variant for each rule.

mod advice;

use std::path::PathBuf;
use std::time::Duration;

use super::patterns::PatternFault;
use super::secret::SecretFault;
use super::units::SizeFault;
use super::url::UrlFault;

/// Marks a stretch of the file, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// Byte after the last.
    pub end: usize,
}

impl From<std::ops::Range<usize>> for Span {
    fn from(range: std::ops::Range<usize>) -> Self {
        Self { start: range.start, end: range.end }
    }
}

/// Lists the rules a configuration can break. `key` is a full path, like `flows.us-eu.limits.memory`.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the message of each variant says what its fields are")]
pub enum ConfigError {
    #[error("the configuration `{}` cannot be read: {reason}", path.display())]
    Unreadable { path: PathBuf, reason: std::io::Error },
    #[error("not valid TOML: {0}")]
    Syntax(String),
    #[error("more than {max} levels of nesting")]
    TooDeep { max: usize },
    #[error("`{key}` must be {expected}, not {found}")]
    WrongType { key: String, expected: &'static str, found: &'static str },
    #[error("unknown key `{key}` in {table}")]
    UnknownKey { key: String, table: String, known: Vec<String> },
    #[error("`{key}` is missing in {table}")]
    MissingKey { key: String, table: String },
    #[error("there are no clusters")]
    NoClusters,
    #[error("there are no flows")]
    NoFlows,
    #[error("`{name}` is not a cluster of this file")]
    UnknownCluster { name: String, known: Vec<String> },
    #[error("source and target are both `{alias}`")]
    SameCluster { alias: String },
    #[error("`{name}` cannot name a flow")]
    FlowName { name: String },
    #[error("`{name}` cannot name a cluster")]
    ClusterName { name: String },
    #[error("`{key}` is empty")]
    Empty { key: String },
    #[error("`{entry}` is not host:port: {fault}")]
    Bootstrap { entry: String, fault: BootstrapFault },
    #[error("`{word}` is not a value of `{key}`")]
    UnknownWord { key: String, word: String, known: Vec<&'static str> },
    #[error("the SASL mechanism {mechanism} is not in this build")]
    MechanismNotInBuild { mechanism: &'static str },
    #[error("`{key}` needs a SASL protocol, and `security_protocol` is {protocol}")]
    SaslUnused { key: String, protocol: &'static str },
    #[error("`{key}` is missing, and `security_protocol` is {protocol}")]
    SaslIncomplete { key: String, protocol: &'static str },
    #[error("`{key}` is missing, and `sasl_mechanism` is {mechanism}")]
    LoginIncomplete { key: String, mechanism: &'static str },
    #[error("`{key}` is of no use with {mechanism}")]
    LoginUnused { key: String, mechanism: &'static str },
    #[error("`{key}` is of no use beside `{token}`")]
    TokenTwice { key: String, token: String },
    #[error("`{key}`: `{name}` cannot be a SASL extension")]
    Extension { key: String, name: String },
    #[error("`{key}` beside `{keys}`: an identity is either a profile's or given by its keys")]
    IdentityTwice { key: String, keys: String },
    #[error("`{key}` names a profile, and neither HOME nor AWS_SHARED_CREDENTIALS_FILE says in which file")]
    NoCredentialsFile { key: String },
    #[error("`{key}`: {fault}")]
    Url { key: String, fault: UrlFault },
    #[error("the environment variable `{name}`: {fault}")]
    UrlVariable { name: &'static str, fault: UrlFault },
    #[error("`{key}` needs an encrypted protocol, and `security_protocol` is {protocol}")]
    SslUnused { key: String, protocol: &'static str },
    #[error("`{have}` without `{missing}`")]
    HalfIdentity { have: &'static str, missing: &'static str },
    #[error("`{key}`: {fault}")]
    Secret { key: String, fault: SecretFault },
    #[error("`{text}` is not a size: {fault}")]
    Size { text: String, fault: SizeFault },
    #[error("`{text}` is not a rate: {fault}")]
    Rate { text: String, fault: SizeFault },
    #[error("`{text}` is not a duration: {fault}")]
    Duration { text: String, fault: humantime::DurationError },
    #[error("`{key}` must be from {} to {}", show(min), show(max))]
    DurationRange { key: String, min: Duration, max: Duration },
    #[error("`{text}` is neither earliest, latest nor a timestamp")]
    Start { text: String, fault: jiff::Error },
    #[error("`{text}` is not a pattern: {fault}")]
    Pattern { text: String, fault: PatternFault },
    #[error("`{topic}` is an internal topic (`{rule}`), which is never copied")]
    InternalTopic { topic: String, rule: &'static str },
    #[error("`{name}` cannot name a topic")]
    TopicName { name: String },
    #[error("`rename` must have {{topic}} once, and has it {count} times")]
    RenameTopic { count: usize },
    #[error("`rename` makes a name no topic can have: `{text}`")]
    RenameName { text: String },
    #[error("`{key}` must be from {min} to {max}, not {value}")]
    Range { key: String, value: i64, min: i64, max: i64 },
    #[error("`{key}` must be at least {min}, not {value}")]
    SizeRange { key: String, value: String, min: String },
    #[error("memory of {memory} is too little for {connections} connections to each broker")]
    MemoryForConnections { memory: String, connections: usize, min: String },
    #[error(
        "retry_timeout ({}) is shorter than the request_timeout of cluster `{cluster}` ({})",
        show(retry),
        show(request)
    )]
    RetryTooShort { retry: Duration, request: Duration, cluster: String },
    #[error("flows `{other}` (line {line}) and `{flow}` both write topic `{topic}` of cluster `{cluster}`")]
    SameTarget { flow: String, other: String, line: usize, topic: String, cluster: String },
}

/// Says why a bootstrap server could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the message says it")]
pub enum BootstrapFault {
    #[error("the port is missing")]
    NoPort,
    #[error("the port is not a number from 1 to 65535")]
    Port,
    #[error("the host is missing")]
    NoHost,
    #[error("the host has characters no host name has")]
    Host,
    #[error("an IPv6 address stands in brackets")]
    Brackets,
    #[error("it has a scheme in front")]
    Scheme,
    #[error("it is several servers in one text")]
    List,
}

/// Lists what is allowed and still unwise.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the message of each variant says what its fields are")]
pub enum ConfigWarning {
    #[error("{}:{line}:{column}: `{key}` has the secret itself; write env:NAME or file:PATH", file.display())]
    LiteralSecret { file: PathBuf, line: usize, column: usize, key: String },
    #[error(
        "{}:{line}:{column}: `{key}` is not encrypted: whoever listens learns the client secret; use https",
        file.display()
    )]
    PlainEndpoint { file: PathBuf, line: usize, column: usize, key: String },
}

fn show(duration: &Duration) -> humantime::FormattedDuration {
    humantime::format_duration(*duration)
}
