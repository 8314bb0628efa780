//! Why credentials could not be had. No text holds a secret.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::kafka::error::{Remedy, describe_io};

/// Names the services that hand out credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// An OAuth 2 token endpoint.
    TokenEndpoint,
    /// AWS's Security Token Service.
    Sts,
    /// The credentials endpoint of a container.
    Container,
    /// The metadata service of an instance.
    Instance,
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Service::TokenEndpoint => "the token endpoint",
            Service::Sts => "AWS STS",
            Service::Container => "the container's credentials endpoint",
            Service::Instance => "the EC2 metadata service",
        })
    }
}

/// Says why there are no credentials to log in with.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CredentialError {
    /// The service could not be asked.
    #[error("{service} {url} cannot be asked: {fault}")]
    Unreachable {
        /// Which service.
        service: Service,
        /// Its URL.
        url: String,
        /// What went wrong.
        fault: HttpFault,
    },
    /// The service said no.
    #[error("{service} {url} answered {status}{}", detail(.message))]
    Refused {
        /// Which service.
        service: Service,
        /// Its URL.
        url: String,
        /// The HTTP status.
        status: u16,
        /// Its words.
        message: Option<String>,
    },
    /// The service answered with something else.
    #[error("{service} {url} answered without {wanted}")]
    Unusable {
        /// Which service.
        service: Service,
        /// Its URL.
        url: String,
        /// What should have been there.
        wanted: &'static str,
    },
    /// A file that has a secret cannot be read.
    #[error("{} cannot be read: {reason}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: Arc<std::io::Error>,
    },
    /// A file has no secret in it.
    #[error("{} is empty", .path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The token was valid once.
    #[error("the token given by sasl_oauthbearer_token expired at {at}")]
    Expired {
        /// When, in RFC 3339.
        at: String,
    },
    /// A token has bytes no token has.
    #[error("the token has characters no bearer token has (RFC 6750)")]
    NotToken,
    /// A profile is not in the shared credentials file.
    #[error("{} has no profile `{profile}` with aws_access_key_id and aws_secret_access_key", .file.display())]
    NoProfile {
        /// The file.
        file: PathBuf,
        /// The profile.
        profile: String,
    },
}

/// Says why a web service could not be asked.
#[derive(Clone, Debug, thiserror::Error)]
pub enum HttpFault {
    /// The name does not resolve.
    #[error("the name {host} does not resolve: {error}")]
    UnknownHost {
        /// The name.
        host: String,
        /// What the resolver said.
        error: Arc<std::io::Error>,
    },
    /// TCP said no, or the connection broke.
    #[error("{}", describe_io(.0))]
    Io(Arc<std::io::Error>),
    /// TLS said no.
    #[error("TLS failed: {0}")]
    Tls(String),
    /// The certificates to trust cannot be read.
    #[error(transparent)]
    TlsFile(#[from] crate::kafka::tls::TlsFileError),
    /// What came is not HTTP, or not all of it.
    #[error("the answer is not usable HTTP: {0}")]
    Http(String),
    /// Nothing came in time.
    #[error("no answer within {}", humantime::format_duration(*.0))]
    Timeout(Duration),
}

impl CredentialError {
    /// Says what helps against it.
    pub fn remedy(&self) -> Remedy {
        match self {
            CredentialError::Unreachable { fault: HttpFault::Tls(_) | HttpFault::TlsFile(_), .. } => {
                Remedy::Fatal
            }
            CredentialError::Unreachable { .. } => Remedy::Retry,
            CredentialError::Refused { status: 408 | 429 | 500.., .. } => Remedy::Retry,
            // Whatever keeps the file fresh may be in the middle of it.
            CredentialError::Empty { .. } | CredentialError::Expired { .. } => Remedy::Retry,
            _ => Remedy::Fatal,
        }
    }
}

fn detail(message: &Option<String>) -> String {
    message.as_ref().map(|text| format!(": {text}")).unwrap_or_default()
}
