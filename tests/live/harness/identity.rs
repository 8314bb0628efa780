//! An identity provider on loopback: a token endpoint over TLS that signs JWTs (ES256) the brokers trust.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::certificates::certificates;
use super::{Lab, reaper, runtime};

/// The issuer the brokers expect.
pub const ISSUER: &str = "https://idp.test";
/// The audience the brokers expect.
pub const AUDIENCE: &str = "kafka";
/// The scope every token is asked for with.
pub const SCOPE: &str = "kafka.copy";
/// The client every provider knows.
pub const CLIENT: &str = "strait-client";
/// `CLIENT`'s secret.
pub const CLIENT_SECRET: &str = "client+secret/1";

/// Holds the key that signs, and the file from which brokers learn it.
struct Key {
    pair: EcdsaKeyPair,
    jwks: PathBuf,
}

static KEY: LazyLock<Key> = LazyLock::new(|| {
    let (kind, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
    let document = EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(kind, document.as_ref(), &random).unwrap();
    // A point without compression: 4, then both coordinates.
    let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
    let coordinate = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let key = json!({"kty": "EC", "crv": "P-256", "kid": "live", "use": "sig", "alg": "ES256",
        "x": coordinate(x), "y": coordinate(y)});
    let jwks = reaper::run_dir().join("jwks.json");
    fs::write(&jwks, json!({"keys": [key]}).to_string()).unwrap();
    Key { pair, jwks }
});

/// Returns the file with the public key, as brokers read it.
pub fn jwks_url() -> String {
    format!("file://{}", KEY.jwks.display())
}

/// Returns its path.
pub fn jwks_path() -> &'static Path {
    &KEY.jwks
}

/// Returns the seconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Signs a token.
pub fn sign(claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let head = part(&json!({"alg": "ES256", "typ": "JWT", "kid": "live"}));
    let message = format!("{head}.{}", part(claims));
    let signature = KEY.pair.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
}

/// Returns a token the brokers take.
pub fn token(subject: &str, seconds: u64) -> String {
    sign(&claims(subject, AUDIENCE, seconds))
}

fn claims(subject: &str, audience: &str, seconds: u64) -> Value {
    let now = now();
    json!({"iss": ISSUER, "aud": audience, "sub": subject, "scope": SCOPE, "iat": now, "exp": now + seconds})
}

/// Holds what a provider does at the moment.
struct State {
    lifetime_seconds: AtomicU64,
    granted: AtomicUsize,
    /// The status answered instead of a token; 0 for none.
    failing: AtomicU64,
    subject: String,
    audience: Mutex<String>,
}

/// Holds a running provider; it ends with the value.
pub struct IdentityProvider {
    port: u16,
    state: Arc<State>,
    server: JoinHandle<()>,
}

impl IdentityProvider {
    /// Starts a provider whose tokens are for one subject and live so long.
    pub fn start(subject: &str, lifetime_seconds: u64) -> Self {
        let state = Arc::new(State {
            lifetime_seconds: AtomicU64::new(lifetime_seconds),
            granted: AtomicUsize::new(0),
            failing: AtomicU64::new(0),
            subject: subject.to_owned(),
            audience: Mutex::new(AUDIENCE.to_owned()),
        });
        let listener = runtime().block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = runtime().spawn(serve(listener, state.clone()));
        Self { port, state, server }
    }

    /// Returns how many tokens it handed out.
    pub fn granted(&self) -> usize {
        self.state.granted.load(Ordering::Relaxed)
    }

    /// Makes it answer with a status instead of a token; with 0 it is well again.
    pub fn fail_with(&self, status: u64) {
        self.state.failing.store(status, Ordering::Relaxed);
    }

    /// Makes its tokens be for somebody else than the brokers.
    pub fn misaddress(&self) {
        "elsewhere".clone_into(&mut self.state.audience.lock().unwrap());
    }

    /// Returns where it hands out tokens.
    pub fn url(&self) -> String {
        format!("https://localhost:{}/token?tenant=live", self.port)
    }

    /// Returns the TOML lines of a login with its tokens, and of trust in it and the brokers.
    pub fn login(&self, lab: &Lab, secret: &str) -> String {
        let file = lab.work_dir().join("client-secret");
        fs::write(&file, secret).unwrap();
        let (url, ca, file) = (self.url(), &certificates().ca, file.display());
        format!(
            "ssl_ca_file = {ca:?}\nsasl_mechanism = \"OAUTHBEARER\"\n\
             sasl_oauthbearer_token_endpoint_url = {url:?}\n\
             sasl_oauthbearer_client_credentials_client_id = {CLIENT:?}\n\
             sasl_oauthbearer_client_credentials_client_secret = \"file:{file}\"\n\
             sasl_oauthbearer_scope = {SCOPE:?}\n"
        )
    }
}

impl Drop for IdentityProvider {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(listener: TcpListener, state: Arc<State>) {
    let pem = fs::read(&certificates().server).unwrap();
    let chain = CertificateDer::pem_slice_iter(&pem).map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_slice(&pem).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    while let Ok((stream, _)) = listener.accept().await {
        let (acceptor, state) = (acceptor.clone(), state.clone());
        tokio::spawn(async move {
            // A client that does not trust us hangs up; that is what some tests want.
            if let Ok(stream) = acceptor.accept(stream).await {
                let _ = answer(stream, &state).await;
            }
        });
    }
}

/// Reads one request and answers it.
async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, state: &State) -> std::io::Result<()> {
    let mut text = String::new();
    let mut buffer = [0; 4096];
    while !is_whole(&text) {
        let count = stream.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        text.push_str(&String::from_utf8_lossy(&buffer[..count]));
    }
    let (status, body) = respond(&text, state);
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} Status\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all((head + &body).as_bytes()).await?;
    stream.shutdown().await
}

fn is_whole(text: &str) -> bool {
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = header(head, "content-length").map_or(0, |value| value.parse().unwrap());
    body.len() >= length
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

/// Decides as RFC 6749 has it: what grant, which client, which scope.
fn respond(request: &str, state: &State) -> (u64, String) {
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let failing = state.failing.load(Ordering::Relaxed);
    if failing != 0 {
        return (failing, json!({"error": "temporarily_unavailable"}).to_string());
    }
    let expected = format!("Basic {}", STANDARD.encode(format!("{CLIENT}:{CLIENT_SECRET}")));
    if header(head, "authorization") != Some(&expected) {
        let words = json!({"error": "invalid_client", "error_description": "client secret does not match"});
        return (401, words.to_string());
    }
    let is_sound = head.starts_with("POST /token?tenant=live HTTP/1.1\r\n")
        && header(head, "content-type") == Some("application/x-www-form-urlencoded")
        && body == format!("grant_type=client_credentials&scope={SCOPE}");
    if !is_sound {
        return (400, json!({"error": "invalid_request", "error_description": request}).to_string());
    }
    let seconds = state.lifetime_seconds.load(Ordering::Relaxed);
    let token = sign(&claims(&state.subject, &state.audience.lock().unwrap(), seconds));
    state.granted.fetch_add(1, Ordering::Relaxed);
    (200, json!({"access_token": token, "token_type": "Bearer", "expires_in": seconds}).to_string())
}
