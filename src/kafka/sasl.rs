//! Logging in: SaslHandshake, then SaslAuthenticate until the mechanism is done (KIP-152), and
//! again before the session ends (KIP-368).

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::error::ParseResponseErrorCode;
use kafka_protocol::messages::{SaslAuthenticateRequest, SaslHandshakeRequest};
use kafka_protocol::protocol::StrBytes;
use rsasl::prelude::{Mechname, SASLClient, SASLConfig, Session, State};

use super::connection::Connection;
use super::credentials::{Content, Credentials, Proof, SecretBytes};
use super::error::{ConnectCause, RequestCause};
use crate::config::settings::{PasswordSettings, SaslMechanism};

/// Shortest time between two logins on a connection: a broker takes a second one within a second for a
/// fault (`MIN_REAUTH_INTERVAL_ONE_SECOND_NANOS`).
const AGAIN_MIN: Duration = Duration::from_millis(1100);

/// Logs in; returns how long the broker lets the session live, if it says.
pub async fn login(
    connection: &Connection,
    credentials: &Credentials,
    proof: Proof,
) -> Result<Option<Duration>, ConnectCause> {
    let mechanism = credentials.mechanism();
    handshake(connection, mechanism).await?;
    let version = connection.version_of::<SaslAuthenticateRequest>()?;
    let mut exchange = Exchange::start(mechanism, proof.content)?;
    let mut input: Option<Bytes> = None;
    let mut lifetime = None;
    loop {
        let step = exchange.advance(input.as_deref())?;
        if let Some(message) = step.message {
            let request = SaslAuthenticateRequest::default().with_auth_bytes(message);
            let answer = connection.call_ungated(&request, version).await.map_err(|e| e.cause)?;
            if let Some(code) = answer.error_code.err() {
                return Err(refused(code, answer.error_message, mechanism, proof.user));
            }
            lifetime = u64::try_from(answer.session_lifetime_ms).ok().filter(|ms| *ms > 0);
            input = Some(answer.auth_bytes);
        }
        if step.finished {
            return Ok(lifetime.map(Duration::from_millis));
        }
    }
}

async fn handshake(connection: &Connection, mechanism: SaslMechanism) -> Result<(), ConnectCause> {
    let request = SaslHandshakeRequest::default().with_mechanism(StrBytes::from_static_str(mechanism.name()));
    let answer = connection.call_ungated(&request, 1).await.map_err(|e| e.cause)?;
    match answer.error_code.err() {
        None => Ok(()),
        Some(ResponseError::UnsupportedSaslMechanism) => Err(ConnectCause::Mechanism {
            wanted: mechanism.name(),
            offered: answer.mechanisms.iter().map(|name| name.to_string()).collect(),
        }),
        Some(ResponseError::IllegalSaslState) => Err(ConnectCause::NoSasl),
        Some(code) => Err(RequestCause::Code { code, message: None }.into()),
    }
}

/// Holds the state of a login between two messages.
enum Exchange {
    /// One that has rules of its own, kept by rsasl.
    Session(Box<Session>),
    /// One whose first message says everything; `None` once it is sent.
    Message(Option<SecretBytes>),
}

struct Step {
    message: Option<Bytes>,
    finished: bool,
}

impl Exchange {
    fn start(mechanism: SaslMechanism, content: Content) -> Result<Self, ConnectCause> {
        match content {
            Content::Password(login) => start_session(mechanism, &login).map(|s| Self::Session(Box::new(s))),
            Content::Message(message) => Ok(Self::Message(Some(message))),
        }
    }

    fn advance(&mut self, input: Option<&[u8]>) -> Result<Step, ConnectCause> {
        match self {
            Self::Session(session) => {
                let mut out = Vec::new();
                let state = session.step(input, &mut out).map_err(exchange)?;
                let finished = matches!(state, State::Finished(_));
                let sends = matches!(state, State::Running) || state.has_sent_message();
                Ok(Step { message: sends.then(|| out.into()), finished })
            }
            Self::Message(message) => Ok(match (message.take(), input) {
                (Some(first), _) => Step { message: Some(first.0), finished: false },
                // With OAUTHBEARER a challenge means no; the client says it has read it, and the server
                // fails the exchange then (RFC 7628 section 3.2.3). AWS's brokers answer with JSON, too,
                // where they say yes.
                (None, Some(challenge)) if is_oauth_refusal(challenge) => {
                    Step { message: Some(Bytes::from_static(b"\x01")), finished: false }
                }
                (None, _) => Step { message: None, finished: true },
            }),
        }
    }
}

fn is_oauth_refusal(challenge: &[u8]) -> bool {
    let read = serde_json::from_slice::<serde_json::Value>(challenge);
    read.is_ok_and(|value| value.get("status").is_some())
}

fn start_session(mechanism: SaslMechanism, login: &PasswordSettings) -> Result<Session, ConnectCause> {
    let config =
        SASLConfig::with_credentials(None, login.username.clone(), login.password.expose().to_owned())
            .map_err(exchange)?;
    let name = Mechname::parse(mechanism.name().as_bytes()).map_err(exchange)?;
    SASLClient::new(config).start_suggested(&[name]).map_err(exchange)
}

fn refused(
    code: ResponseError,
    message: Option<StrBytes>,
    mechanism: SaslMechanism,
    username: String,
) -> ConnectCause {
    let words = message.map(|text| text.to_string()).filter(|text| !text.is_empty());
    match code {
        ResponseError::SaslAuthenticationFailed => ConnectCause::Login {
            username,
            mechanism,
            message: words.unwrap_or_else(|| "SASL_AUTHENTICATION_FAILED".to_owned()),
        },
        ResponseError::IllegalSaslState => ConnectCause::NoSasl,
        code => RequestCause::Code { code, message: words }.into(),
    }
}

fn exchange(error: impl std::fmt::Display) -> ConnectCause {
    ConnectCause::SaslExchange(error.to_string())
}

/// Logs in again shortly before each session's end, for as long as the connection is open.
///
/// Brokers end a connection whose session has expired (`connections.max.reauth.ms`, or the token's end). What
/// keeps us from it closes the connection, and is told by whoever opens the next one.
pub fn keep_logged_in(connection: &Connection, credentials: Arc<Credentials>, lifetime: Duration) {
    let weak = connection.downgrade();
    let host = connection.peer().host.clone();
    let task = tokio::spawn(async move {
        let mut lifetime = lifetime;
        loop {
            // Between 80 and 90 % of the lifetime is what the Java client aims at, too.
            tokio::time::sleep(lifetime.mul_f64(0.85).max(AGAIN_MIN)).await;
            // A token is asked for before the gate is closed: requests go on meanwhile.
            let proof = credentials.proof(&host).await;
            let Some(connection) = weak.upgrade() else { return };
            let outcome = match proof {
                Ok(proof) => {
                    let _gate = connection.hold_gate().await;
                    login(&connection, &credentials, proof).await
                }
                Err(error) => Err(error.into()),
            };
            match outcome {
                Ok(Some(next)) => lifetime = next,
                Ok(None) => return,
                Err(cause) => {
                    tracing::info!(peer = %connection.peer(), %cause, "not logged in again");
                    credentials.forget().await;
                    connection.close(match cause {
                        ConnectCause::Request(cause) => cause,
                        other => RequestCause::LoggedOut(other.to_string()),
                    });
                    return;
                }
            }
        }
    });
    connection.adopt(task);
}
