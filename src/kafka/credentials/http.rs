//! One request to a web service, on a connection of its own: credentials are asked for every few minutes
//! or hours.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use bytes::Bytes;
use hyper::client::conn::http1;
use hyper::header::{HOST, HeaderValue, USER_AGENT};
use hyper::{Method, Request, Response, body::Incoming};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::error::{CredentialError, HttpFault, Service};
use crate::config::settings::HttpUrl;
use crate::kafka::tls;

/// Longest wait for the whole answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// Largest answer that is read; tokens with many groups in them have some 10 KiB.
const ANSWER_BYTES_MAX: usize = 256 << 10;
/// How we introduce ourselves.
const AGENT: &str = concat!("strait/", env!("CARGO_PKG_VERSION"));

/// Says what to ask of which service.
pub(super) struct Ask<'a> {
    pub(super) service: Service,
    pub(super) url: &'a HttpUrl,
    pub(super) method: Method,
    /// Names in lower case; secrets are marked as such on the way.
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: String,
    /// PEM file of certificates to trust besides the system's.
    pub(super) ca_file: Option<&'a Path>,
    /// Longest wait.
    pub(super) timeout: Duration,
}

/// Holds a whole answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Bytes,
}

impl<'a> Ask<'a> {
    /// Asks with GET and nothing more.
    pub(super) fn get(service: Service, url: &'a HttpUrl) -> Self {
        let (headers, body) = (Vec::new(), String::new());
        Self { service, url, method: Method::GET, headers, body, ca_file: None, timeout: ANSWER_TIMEOUT }
    }

    /// Sends the request and waits for the answer, whatever its status.
    pub(super) async fn send(&self) -> Result<Answer, CredentialError> {
        let fault = match tokio::time::timeout(self.timeout, self.exchange()).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(fault)) => fault,
            Err(_) => HttpFault::Timeout(self.timeout),
        };
        Err(CredentialError::Unreachable { service: self.service, url: self.url.to_string(), fault })
    }

    /// Returns the error of an answer that says no.
    pub(super) fn refused(&self, answer: &Answer, message: Option<String>) -> CredentialError {
        let (service, url) = (self.service, self.url.to_string());
        CredentialError::Refused { service, url, status: answer.status, message }
    }

    /// Returns the error of an answer in which something is missing.
    pub(super) fn without(&self, wanted: &'static str) -> CredentialError {
        CredentialError::Unusable { service: self.service, url: self.url.to_string(), wanted }
    }

    async fn exchange(&self) -> Result<Answer, HttpFault> {
        let stream = self.dial().await?;
        if !self.url.is_tls() {
            return self.converse(stream).await;
        }
        let connector = TlsConnector::from(tls::web_config(self.ca_file)?);
        let name = ServerName::try_from(self.url.host().to_owned())
            .map_err(|_| HttpFault::Tls(format!("{} is not a name TLS can check", self.url.host())))?;
        let stream =
            connector.connect(name, stream).await.map_err(|error| explain(error, self.url.host()))?;
        self.converse(stream).await
    }

    async fn dial(&self) -> Result<TcpStream, HttpFault> {
        let (host, port) = (self.url.host(), self.url.port());
        let unknown = |error| HttpFault::UnknownHost { host: host.to_owned(), error: Arc::new(error) };
        let mut failure = None;
        for address in tokio::net::lookup_host((host, port)).await.map_err(unknown)? {
            match TcpStream::connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => failure = Some(error),
            }
        }
        Err(match failure {
            Some(error) => HttpFault::Io(Arc::new(error)),
            None => unknown(io::Error::other("no address")),
        })
    }

    async fn converse(
        &self,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    ) -> Result<Answer, HttpFault> {
        let not_http = |error: hyper::Error| HttpFault::Http(error.to_string());
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(not_http)?;
        let request = self.request()?;
        // The connection moves only while it is polled; it ends with the sender.
        let (answer, _) = tokio::join!(
            async move {
                let response: Response<Incoming> = sender.send_request(request).await.map_err(not_http)?;
                let status = response.status().as_u16();
                let body = to_bytes(Body::new(response.into_body()), ANSWER_BYTES_MAX)
                    .await
                    .map_err(|error| HttpFault::Http(error.to_string()))?;
                Ok(Answer { status, body })
            },
            connection
        );
        answer
    }

    fn request(&self) -> Result<Request<Body>, HttpFault> {
        let mut builder = Request::builder()
            .method(self.method.clone())
            .uri(self.url.path())
            .header(HOST, self.url.authority())
            .header(USER_AGENT, AGENT);
        for (name, value) in &self.headers {
            let mut value = HeaderValue::from_str(value).map_err(|_| {
                HttpFault::Http(format!("the header {name} would have characters no header has"))
            })?;
            value.set_sensitive(true);
            builder = builder.header(*name, value);
        }
        builder.body(Body::from(self.body.clone())).map_err(|error| HttpFault::Http(error.to_string()))
    }
}

/// Says what an error during the handshake means.
fn explain(error: io::Error, host: &str) -> HttpFault {
    use rustls::{CertificateError, Error};
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {
            HttpFault::Tls("its certificate is signed by an authority that is not trusted here".to_owned())
        }
        Some(Error::InvalidMessage(_)) => HttpFault::Tls("it does not speak TLS".to_owned()),
        Some(error) => HttpFault::Tls(format!("{error} (connecting to {host})")),
        None => HttpFault::Io(Arc::new(error)),
    }
}
