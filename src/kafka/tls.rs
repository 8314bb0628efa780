//! TLS: what we trust, who we are, and what a failed handshake means.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{AlertDescription, CertificateError, ClientConfig, RootCertStore};

use super::error::ConnectCause;
use crate::config::settings::TlsSettings;

/// Says which file of the TLS set-up cannot be used, and why.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TlsFileError {
    /// The file cannot be read or holds no PEM.
    #[error("{} cannot be read as PEM: {reason}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What was wrong.
        reason: String,
    },
    /// The file holds no certificate.
    #[error("{} holds no certificate", .path.display())]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// Certificate and key do not go together, or are of a kind TLS cannot use.
    #[error("{} and {} cannot be used together: {reason}", .certificate.display(), .key.display())]
    Identity {
        /// The certificate file.
        certificate: PathBuf,
        /// The key file.
        key: PathBuf,
        /// What was wrong.
        reason: String,
    },
    /// The system offers no trusted certificates.
    #[error("this system has no trusted certificates; name a file with ssl_ca_file")]
    NoSystemRoots,
    /// The TLS library cannot be set up.
    #[error("TLS cannot be set up: {reason}")]
    Setup {
        /// What was wrong.
        reason: String,
    },
}

/// Holds one cluster's TLS set-up, and makes it anew when its files have changed.
pub struct TlsFiles {
    settings: TlsSettings,
    current: Mutex<Current>,
}

struct Current {
    config: Arc<ClientConfig>,
    read: FileContents,
}

/// Holds what the files held; only ever compared.
#[derive(PartialEq, Eq)]
struct FileContents(Vec<Vec<u8>>);

impl TlsFiles {
    /// Reads the files.
    pub fn open(settings: &TlsSettings) -> Result<Self, TlsFileError> {
        // Read before they are used: what changes in between is seen as a change the next time.
        let read = FileContents::read(settings)?;
        let current = Mutex::new(Current { config: client_config(settings)?, read });
        Ok(Self { settings: settings.clone(), current })
    }

    /// Returns the set-up for a new connection.
    ///
    /// Files that cannot be used, because they are being replaced, say, leave the last that could in place.
    /// The system's certificates are read at the start only.
    pub fn config(&self) -> Arc<ClientConfig> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = match FileContents::read(&self.settings) {
            Ok(read) if read == current.read => return current.config.clone(),
            Ok(read) => client_config(&self.settings).map(|config| Current { config, read }),
            Err(error) => Err(error),
        };
        match changed {
            Ok(fresh) => {
                tracing::info!("the TLS files have changed; new connections use the new ones");
                *current = fresh;
            }
            Err(error) => {
                tracing::warn!(%error, "the TLS files have changed and cannot be used; the old ones stay");
            }
        }
        current.config.clone()
    }
}

impl FileContents {
    fn read(settings: &TlsSettings) -> Result<Self, TlsFileError> {
        let identity = settings.client_identity.iter();
        let files = identity.flat_map(|identity| [&identity.certificate_file, &identity.key_file]);
        let read = |path: &PathBuf| {
            std::fs::read(path)
                .map_err(|e| TlsFileError::Unreadable { path: path.clone(), reason: e.to_string() })
        };
        settings.ca_file.iter().chain(files).map(read).collect::<Result<_, _>>().map(Self)
    }
}

/// Reads the files and builds the TLS set-up of one cluster.
fn client_config(settings: &TlsSettings) -> Result<Arc<ClientConfig>, TlsFileError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| TlsFileError::Setup { reason: e.to_string() })?
        .with_root_certificates(roots(settings.ca_file.as_deref())?);
    let config = match &settings.client_identity {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let chain = certificates(&identity.certificate_file)?;
            let key = PrivateKeyDer::from_pem_file(&identity.key_file)
                .map_err(|e| unreadable(&identity.key_file, &e))?;
            builder.with_client_auth_cert(chain, key).map_err(|e| TlsFileError::Identity {
                certificate: identity.certificate_file.clone(),
                key: identity.key_file.clone(),
                reason: e.to_string(),
            })?
        }
    };
    Ok(Arc::new(config))
}

/// Builds the TLS set-up for web services: the system's certificates are trusted, and the file's besides.
///
/// Who runs brokers under an authority of their own often has tokens from a public service.
pub fn web_config(ca_file: Option<&Path>) -> Result<Arc<ClientConfig>, TlsFileError> {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = ca_file {
        store.add_parsable_certificates(certificates(path)?);
    }
    if store.is_empty() {
        return Err(TlsFileError::NoSystemRoots);
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| TlsFileError::Setup { reason: e.to_string() })?;
    Ok(Arc::new(builder.with_root_certificates(store).with_no_client_auth()))
}

fn roots(ca_file: Option<&Path>) -> Result<RootCertStore, TlsFileError> {
    let mut store = RootCertStore::empty();
    match ca_file {
        Some(path) => {
            for certificate in certificates(path)? {
                store
                    .add(certificate)
                    .map_err(|e| TlsFileError::Unreadable { path: path.to_owned(), reason: e.to_string() })?;
            }
        }
        None => {
            store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            if store.is_empty() {
                return Err(TlsFileError::NoSystemRoots);
            }
        }
    }
    Ok(store)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsFileError> {
    let found: Vec<_> =
        CertificateDer::pem_file_iter(path).and_then(Iterator::collect).map_err(|e| unreadable(path, &e))?;
    if found.is_empty() {
        return Err(TlsFileError::NoCertificate { path: path.to_owned() });
    }
    Ok(found)
}

fn unreadable(path: &Path, error: &pem::Error) -> TlsFileError {
    let reason = match error {
        pem::Error::Io(e) => e.to_string(),
        pem::Error::NoItemsFound => "no PEM section of the right kind".to_owned(),
        other => other.to_string(),
    };
    TlsFileError::Unreadable { path: path.to_owned(), reason }
}

/// Says what an I/O error of a TLS transport means; `host` is the name we connected to.
pub fn explain(error: &io::Error, host: &str) -> ConnectCause {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(tls) => explain_tls(tls, host),
        None if is_close(error) => ConnectCause::NotTls,
        None => ConnectCause::Tls(super::error::describe_io(error)),
    }
}

/// Recognises the TLS faults that arrive after our side of the handshake is done: with TLS 1.3 a
/// refused client certificate is only told on the first read.
pub fn late_refusal(error: &io::Error, host: &str) -> Option<ConnectCause> {
    let tls = error.get_ref()?.downcast_ref::<rustls::Error>()?;
    Some(explain_tls(tls, host))
}

fn is_close(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe
    )
}

fn explain_tls(error: &rustls::Error, host: &str) -> ConnectCause {
    use CertificateError as C;
    match error {
        rustls::Error::InvalidCertificate(C::NotValidForNameContext { presented, .. }) => {
            ConnectCause::CertificateName {
                expected: host.to_owned(),
                presented: presented.iter().map(|n| plain_name(n)).collect(),
            }
        }
        rustls::Error::InvalidCertificate(C::NotValidForName) => {
            ConnectCause::CertificateName { expected: host.to_owned(), presented: Vec::new() }
        }
        rustls::Error::InvalidCertificate(
            e @ (C::Expired | C::ExpiredContext { .. } | C::NotValidYet | C::NotValidYetContext { .. }),
        ) => ConnectCause::CertificateExpired(e.to_string()),
        rustls::Error::InvalidCertificate(C::UnknownIssuer) => ConnectCause::UnknownAuthority,
        rustls::Error::AlertReceived(alert) if is_about_our_certificate(*alert) => {
            ConnectCause::ClientCertificateRefused(alert_text(*alert))
        }
        rustls::Error::InvalidMessage(_) => ConnectCause::NotTls,
        other => ConnectCause::Tls(other.to_string()),
    }
}

/// Turns `DnsName("broker.example")` and `IpAddress(127.0.0.1)` into what they hold.
fn plain_name(presented: &str) -> String {
    let inner = presented.split_once('(').map_or(presented, |(_, rest)| rest.trim_end_matches(')'));
    inner.trim_matches('"').to_owned()
}

fn is_about_our_certificate(alert: AlertDescription) -> bool {
    matches!(
        alert,
        AlertDescription::BadCertificate
            | AlertDescription::CertificateRequired
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateRevoked
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied
    )
}

fn alert_text(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::CertificateRequired | AlertDescription::BadCertificate => {
            "it wants a client certificate it can accept (ssl_certificate_file, ssl_key_file)".to_owned()
        }
        AlertDescription::UnknownCA | AlertDescription::CertificateUnknown => {
            "it does not trust the authority that signed our certificate".to_owned()
        }
        other => format!("{other:?}"),
    }
}
