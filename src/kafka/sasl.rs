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
use super::error::{ConnectCause, RequestCause};
use crate::config::settings::{SaslMechanism, SaslSettings};

impl SaslMechanism {
    /// Returns the name as brokers and configurations spell it.
    pub fn name(self) -> &'static str {
        match self {
            SaslMechanism::Plain => "PLAIN",
            SaslMechanism::ScramSha256 => "SCRAM-SHA-256",
            SaslMechanism::ScramSha512 => "SCRAM-SHA-512",
        }
    }
}

/// Logs in; returns how long the broker lets the session live, if it says.
pub async fn login(
    connection: &Connection,
    settings: &SaslSettings,
) -> Result<Option<Duration>, ConnectCause> {
    handshake(connection, settings.mechanism).await?;
    let version = connection.version_of::<SaslAuthenticateRequest>()?;
    let mut session = start_session(settings)?;
    let mut input: Option<Bytes> = None;
    let mut lifetime = None;
    loop {
        let step = advance(&mut session, input.as_deref())?;
        if let Some(message) = step.message {
            let request = SaslAuthenticateRequest::default().with_auth_bytes(message);
            let answer = connection.call_ungated(&request, version).await.map_err(|e| e.cause)?;
            if let Some(code) = answer.error_code.err() {
                return Err(refused(code, answer.error_message, settings));
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

fn start_session(settings: &SaslSettings) -> Result<Session, ConnectCause> {
    let config =
        SASLConfig::with_credentials(None, settings.username.clone(), settings.password.expose().to_owned())
            .map_err(exchange)?;
    let name = Mechname::parse(settings.mechanism.name().as_bytes()).map_err(exchange)?;
    SASLClient::new(config).start_suggested(&[name]).map_err(exchange)
}

struct Step {
    message: Option<Bytes>,
    finished: bool,
}

fn advance(session: &mut Session, input: Option<&[u8]>) -> Result<Step, ConnectCause> {
    let mut out = Vec::new();
    let state = session.step(input, &mut out).map_err(exchange)?;
    let finished = matches!(state, State::Finished(_));
    let sends = matches!(state, State::Running) || state.has_sent_message();
    Ok(Step { message: sends.then(|| out.into()), finished })
}

fn refused(code: ResponseError, message: Option<StrBytes>, settings: &SaslSettings) -> ConnectCause {
    let words = message.map(|text| text.to_string()).filter(|text| !text.is_empty());
    match code {
        ResponseError::SaslAuthenticationFailed => ConnectCause::Login {
            username: settings.username.clone(),
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
/// Brokers end a connection whose session has expired (`connections.max.reauth.ms`).
pub fn keep_logged_in(connection: &Connection, settings: Arc<SaslSettings>, lifetime: Duration) {
    let weak = connection.downgrade();
    let task = tokio::spawn(async move {
        let mut lifetime = lifetime;
        loop {
            // Between 80 and 90 % of the lifetime is what the Java client aims at, too.
            tokio::time::sleep(lifetime.mul_f64(0.85)).await;
            let Some(connection) = weak.upgrade() else { return };
            let _gate = connection.hold_gate().await;
            match login(&connection, &settings).await {
                Ok(Some(next)) => lifetime = next,
                Ok(None) => return,
                Err(cause) => {
                    connection.close(match cause {
                        ConnectCause::Request(cause) => cause,
                        other => RequestCause::Malformed(format!("re-authentication failed: {other}")),
                    });
                    return;
                }
            }
        }
    });
    connection.adopt(task);
}
