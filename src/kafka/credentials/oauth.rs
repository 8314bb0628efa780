//! OAUTHBEARER: tokens by the client credentials grant (RFC 6749 section 4.4), and the message that carries
//! one (RFC 7628).

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use hyper::Method;
use serde::Deserialize;

use super::cache::{Lifetime, Obtained};
use super::error::{CredentialError, Service};
use super::http::{Answer, Ask};
use super::sigv4::encode;
use super::time;
use crate::config::settings::{GivenSecret, OauthSettings, Secret, TokenEndpoint, TokenOrigin};

/// Longest message of a token endpoint that is shown.
const MESSAGE_CHARS_MAX: usize = 300;

/// Holds a bearer token.
#[derive(Clone, Debug)]
pub struct Token {
    /// The token itself.
    pub text: Secret,
    /// Whom it is for: its subject, or the client that asked for it.
    pub principal: String,
    /// When it ends, in seconds since 1970, where anything says it.
    pub expires_at: Option<u64>,
}

/// Is what we read of a token endpoint's answer.
#[derive(Deserialize)]
struct Granted {
    access_token: Option<String>,
    expires_in: Option<Seconds>,
}

/// Some services write numbers as texts.
#[derive(Deserialize)]
#[serde(untagged)]
enum Seconds {
    Number(f64),
    Text(String),
}

/// Is what we read of a token endpoint's refusal (RFC 6749 section 5.2).
#[derive(Deserialize)]
struct Denied {
    error: Option<String>,
    error_description: Option<String>,
}

/// Is what we read of a JWT; it is the broker that checks it.
#[derive(Default, Deserialize)]
struct Claims {
    sub: Option<String>,
    exp: Option<f64>,
}

/// Gets a token.
pub(super) async fn obtain(settings: &OauthSettings) -> Result<Obtained<Token>, CredentialError> {
    match &settings.token {
        TokenOrigin::Endpoint(endpoint) => ask(endpoint).await,
        TokenOrigin::Given(given) => {
            let text = read(given)?;
            let claims = claims(&text);
            let expires_at = claims.exp.map(whole_seconds);
            if let Some(at) = expires_at.filter(|at| *at <= time::now()) {
                return Err(CredentialError::Expired { at: show_time(at) });
            }
            let value = token(text, &claims, "the token given", expires_at)?;
            Ok(Obtained { value, lifetime: Lifetime::Unknown })
        }
    }
}

/// Reads a secret that may have changed.
pub(super) fn read(given: &GivenSecret) -> Result<String, CredentialError> {
    match given {
        GivenSecret::Fixed(secret) => Ok(secret.expose().to_owned()),
        GivenSecret::File(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|e| CredentialError::Unreadable { path: path.clone(), reason: e.into() })?;
            let text = text.trim();
            if text.is_empty() {
                return Err(CredentialError::Empty { path: path.clone() });
            }
            Ok(text.to_owned())
        }
    }
}

async fn ask(endpoint: &TokenEndpoint) -> Result<Obtained<Token>, CredentialError> {
    let mut body = "grant_type=client_credentials".to_owned();
    if let Some(scope) = &endpoint.scope {
        body = format!("{body}&scope={}", encode(scope));
    }
    let pair = format!("{}:{}", endpoint.client_id, endpoint.client_secret.expose());
    let ask = Ask {
        method: Method::POST,
        headers: vec![
            ("authorization", format!("Basic {}", STANDARD.encode(pair))),
            ("content-type", "application/x-www-form-urlencoded".to_owned()),
            ("accept", "application/json".to_owned()),
        ],
        body,
        ca_file: endpoint.ca_file.as_deref(),
        ..Ask::get(Service::TokenEndpoint, &endpoint.url)
    };
    let answer = ask.send().await?;
    if answer.status != 200 {
        return Err(ask.refused(&answer, words(&answer, endpoint)));
    }
    let granted: Granted =
        serde_json::from_slice(&answer.body).map_err(|_| ask.without("a JSON object with access_token"))?;
    let text = granted.access_token.ok_or_else(|| ask.without("access_token"))?;
    let claims = claims(&text);
    let lifetime = match (granted.expires_in.and_then(Seconds::get), claims.exp) {
        (Some(time), _) => Some(time),
        (None, Some(exp)) => Some(time::until(whole_seconds(exp))),
        (None, None) => None,
    };
    let expires_at = lifetime.map(|time| time::now().saturating_add(time.as_secs()));
    let value = token(text, &claims, &endpoint.client_id, expires_at)?;
    tracing::info!(url = %endpoint.url, principal = value.principal, ?lifetime, "token obtained");
    Ok(Obtained { value, lifetime: lifetime.map_or(Lifetime::Unknown, Lifetime::For) })
}

fn token(
    text: String,
    claims: &Claims,
    otherwise: &str,
    expires_at: Option<u64>,
) -> Result<Token, CredentialError> {
    // RFC 6750 section 2.1; also what keeps a token from ending the message it stands in.
    let is_sound = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    if text.is_empty() || !text.bytes().all(is_sound) {
        return Err(CredentialError::NotToken);
    }
    let principal = claims.sub.clone().unwrap_or_else(|| otherwise.to_owned());
    Ok(Token { text: Secret::new(text), principal, expires_at })
}

/// Reads a refusal's words, without control characters, and without the secret should it be repeated.
fn words(answer: &Answer, endpoint: &TokenEndpoint) -> Option<String> {
    let denied: Denied = serde_json::from_slice(&answer.body).ok()?;
    let text = match (denied.error, denied.error_description) {
        (Some(error), Some(description)) => format!("{error}: {description}"),
        (error, description) => error.or(description)?,
    };
    let text = text.replace(endpoint.client_secret.expose(), "***");
    Some(text.chars().filter(|letter| !letter.is_control()).take(MESSAGE_CHARS_MAX).collect())
}

/// Reads the claims of a JWT; a token of another kind has none.
fn claims(token: &str) -> Claims {
    let read = || {
        let payload = token.split('.').nth(1)?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?).ok()
    };
    read().unwrap_or_default()
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast of a float saturates")]
fn whole_seconds(seconds: f64) -> u64 {
    seconds as u64
}

fn show_time(seconds: u64) -> String {
    let time = i64::try_from(seconds).ok().and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    time.map_or_else(|| format!("second {seconds}"), |time| time.to_string())
}

impl Seconds {
    fn get(self) -> Option<Duration> {
        let seconds = match self {
            Seconds::Number(number) => number,
            Seconds::Text(text) => text.parse().ok()?,
        };
        Duration::try_from_secs_f64(seconds).ok()
    }
}

/// Writes the client's first message (RFC 7628 section 3.1), with KIP-342's extensions.
pub(super) fn first_message(token: &Token, extensions: &BTreeMap<String, String>) -> Bytes {
    let mut message = format!("n,,\u{1}auth=Bearer {}\u{1}", token.text.expose());
    for (name, value) in extensions {
        message.push_str(&format!("{name}={value}\u{1}"));
    }
    message.push('\u{1}');
    message.into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_message_is_as_rfc_7628_writes_it() {
        let token = Token { text: Secret::new("vF9d".into()), principal: "me".into(), expires_at: None };
        let plain = first_message(&token, &BTreeMap::new());
        assert_eq!(&plain[..], b"n,,\x01auth=Bearer vF9d\x01\x01");
        let extensions = BTreeMap::from([("logicalCluster".to_owned(), "lkc-1".to_owned())]);
        let extended = first_message(&token, &extensions);
        assert_eq!(&extended[..], b"n,,\x01auth=Bearer vF9d\x01logicalCluster=lkc-1\x01\x01");
    }

    #[test]
    fn claims_are_read_where_there_are_any() {
        let jwt = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(r#"{"sub":"strait","exp":1790000000.5}"#));
        let found = claims(&jwt);
        assert_eq!(
            (found.sub.as_deref(), found.exp.map(whole_seconds)),
            (Some("strait"), Some(1_790_000_000))
        );
        assert!(claims("opaque").exp.is_none() && claims("a.b.c").sub.is_none());
    }

    #[test]
    fn a_token_cannot_end_the_message_it_stands_in() {
        for text in ["", "a\u{1}b", "a b", "a\nb", "ü"] {
            let made = token(text.to_owned(), &Claims::default(), "me", None);
            assert!(matches!(made, Err(CredentialError::NotToken)), "{text:?}");
        }
    }
}
