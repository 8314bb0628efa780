//! What the proxy asks of its clients: a password that it makes itself, so that nobody else on the machine
//! gets into a cluster by the configuration's login.

use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::api_versions_response::ApiVersion;
use kafka_protocol::messages::{
    ApiKey, ApiVersionsResponse, RequestHeader, ResponseHeader, SaslAuthenticateRequest,
    SaslAuthenticateResponse, SaslHandshakeRequest, SaslHandshakeResponse,
};
use kafka_protocol::protocol::{Decodable, Encodable, StrBytes};
use ring::rand::{SecureRandom, SystemRandom};
use sha2::{Digest, Sha256};

use super::offer::Offer;
use crate::config::settings::{PasswordMechanism, PasswordSettings, SaslMechanism, Secret};

/// Random bytes in a password.
const PASSWORD_BYTES: usize = 32;
/// Whom clients say they are.
const USERNAME: &str = "strait";
const PLAIN: SaslMechanism = SaslMechanism::Password(PasswordMechanism::Plain);

/// Says that the system has no random numbers.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the system gives no random numbers")]
pub struct NoRandom;

/// Makes the login of one proxy.
pub(super) fn make() -> Result<PasswordSettings, NoRandom> {
    let mut bytes = [0; PASSWORD_BYTES];
    SystemRandom::new().fill(&mut bytes).map_err(|_| NoRandom)?;
    let password: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mechanism = PasswordMechanism::Plain;
    Ok(PasswordSettings { mechanism, username: USERNAME.to_owned(), password: Secret::new(password) })
}

/// Says how a client goes on after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// It is asked further.
    Ask,
    /// It may pass.
    Pass,
    /// It is sent away.
    SendAway,
}

/// Says that a client did not log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a client asked without a login")]
pub(super) struct Stranger;

/// Follows one client's login.
pub(super) struct Door<'a> {
    login: &'a PasswordSettings,
    offer: &'a Offer,
    has_agreed: bool,
}

impl<'a> Door<'a> {
    /// Waits for a client's first request.
    pub(super) fn new(login: &'a PasswordSettings, offer: &'a Offer) -> Self {
        Self { login, offer, has_agreed: false }
    }

    /// Answers a request; the answer has its length in front.
    pub(super) fn answer(&mut self, mut frame: Bytes) -> Result<(Bytes, Next), Stranger> {
        let [a, b, c, d, ..] = frame[..] else { return Err(Stranger) };
        let (key, version) = (i16::from_be_bytes([a, b]), i16::from_be_bytes([c, d]));
        let api = ApiKey::try_from(key).map_err(|_| Stranger)?;
        let range = api.valid_versions();
        let known = (range.min..=range.max).contains(&version);
        // The header of a version that does not exist yet is taken for the newest one's.
        let header_version = api.request_header_version(version.min(range.max));
        let header = RequestHeader::decode(&mut frame, header_version).map_err(|_| Stranger)?;
        let reply = Reply { api, version, correlation: header.correlation_id };
        match api {
            ApiKey::ApiVersions if known => reply.with(&self.offer.answer, Next::Ask),
            // Whoever asks in a version that is not known is told, in the first, which ones are (KIP-511).
            ApiKey::ApiVersions => Reply { version: 0, ..reply }.with(&unsupported(), Next::Ask),
            ApiKey::SaslHandshake if version == 1 => {
                let asked = SaslHandshakeRequest::decode(&mut frame, version).map_err(|_| Stranger)?;
                self.has_agreed = &*asked.mechanism == PLAIN.name();
                let offered = vec![StrBytes::from_static_str(PLAIN.name())];
                let code = if self.has_agreed { 0 } else { ResponseError::UnsupportedSaslMechanism.code() };
                let answer = SaslHandshakeResponse::default().with_error_code(code).with_mechanisms(offered);
                reply.with(&answer, if self.has_agreed { Next::Ask } else { Next::SendAway })
            }
            ApiKey::SaslAuthenticate if known && self.has_agreed => {
                let shown = SaslAuthenticateRequest::decode(&mut frame, version).map_err(|_| Stranger)?;
                if is_password(&shown.auth_bytes, self.login) {
                    return reply.with(&SaslAuthenticateResponse::default(), Next::Pass);
                }
                let words = StrBytes::from_static_str("the drill's proxy does not know this password");
                let answer = SaslAuthenticateResponse::default()
                    .with_error_code(ResponseError::SaslAuthenticationFailed.code())
                    .with_error_message(Some(words));
                reply.with(&answer, Next::SendAway)
            }
            _ => Err(Stranger),
        }
    }
}

/// Compares digests: how long that takes says nothing of the password.
fn is_password(shown: &[u8], login: &PasswordSettings) -> bool {
    let mut parts = shown.split(|byte| *byte == 0);
    let (Some(_), Some(user), Some(password), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    user == login.username.as_bytes()
        && Sha256::digest(password) == Sha256::digest(login.password.expose().as_bytes())
}

fn unsupported() -> ApiVersionsResponse {
    let range = ApiKey::ApiVersions.valid_versions();
    let own = ApiVersion::default()
        .with_api_key(ApiKey::ApiVersions as i16)
        .with_min_version(range.min)
        .with_max_version(range.max);
    ApiVersionsResponse::default()
        .with_error_code(ResponseError::UnsupportedVersion.code())
        .with_api_keys(vec![own])
}

struct Reply {
    api: ApiKey,
    version: i16,
    correlation: i32,
}

impl Reply {
    fn with<R: Encodable>(&self, answer: &R, next: Next) -> Result<(Bytes, Next), Stranger> {
        let header = ResponseHeader::default().with_correlation_id(self.correlation);
        let mut frame = BytesMut::new();
        header.encode(&mut frame, self.api.response_header_version(self.version)).map_err(|_| Stranger)?;
        answer.encode(&mut frame, self.version).map_err(|_| Stranger)?;
        Ok((framed(&frame), next))
    }
}

/// Puts a frame's length in front of it.
pub(super) fn framed(frame: &[u8]) -> Bytes {
    let mut framed = BytesMut::with_capacity(4 + frame.len());
    framed.put_u32(u32::try_from(frame.len()).expect("frames are read whole only up to a limit"));
    framed.extend_from_slice(frame);
    framed.freeze()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_the_password_opens() {
        let login = make().unwrap();
        let other = make().unwrap();
        assert_ne!(login.password.expose(), other.password.expose());
        let shown = |password: &str| format!("\0{USERNAME}\0{password}").into_bytes();
        assert!(is_password(&shown(login.password.expose()), &login));
        assert!(is_password(&[b"me", &shown(login.password.expose())[..]].concat(), &login));
        let word = login.password.expose();
        for wrong in
            [&shown(other.password.expose())[..], &shown(&word[1..]), &shown(""), word.as_bytes(), b""]
        {
            assert!(!is_password(wrong, &login));
        }
        let more = [&shown(word)[..], b"\0"].concat();
        assert!(!is_password(&more, &login));
        assert!(!format!("{login:?}").contains(word));
    }

    #[test]
    fn nobody_passes_or_asks_before_the_login() {
        let (login, offer) = (make().unwrap(), Offer::new(ApiVersionsResponse::default()));
        let request = |api: ApiKey, version: i16, body: &[u8]| {
            let header = RequestHeader::default()
                .with_request_api_key(api as i16)
                .with_request_api_version(version)
                .with_correlation_id(5)
                .with_client_id(None);
            let mut frame = BytesMut::new();
            header.encode(&mut frame, api.request_header_version(version)).unwrap();
            frame.extend_from_slice(body);
            frame.freeze()
        };
        let mut word = BytesMut::new();
        let auth = format!("\0{USERNAME}\0{}", login.password.expose()).into_bytes().into();
        SaslAuthenticateRequest::default().with_auth_bytes(auth).encode(&mut word, 2).unwrap();
        let mut door = Door::new(&login, &offer);
        assert!(door.answer(request(ApiKey::Metadata, 9, &[0; 9])).is_err());
        assert!(door.answer(request(ApiKey::SaslAuthenticate, 2, &word)).is_err(), "no handshake yet");
        assert!(door.answer(Bytes::from_static(&[0, 3])).is_err());
        let (told, next) = door.answer(request(ApiKey::ApiVersions, 77, &[])).unwrap();
        assert_eq!((&told[4..10], next), (&[0, 0, 0, 5, 0, 35][..], Next::Ask));
        let gssapi = request(ApiKey::SaslHandshake, 1, b"\0\x06GSSAPI");
        assert_eq!(door.answer(gssapi).unwrap().1, Next::SendAway);
        let plain = request(ApiKey::SaslHandshake, 1, b"\0\x05PLAIN");
        assert_eq!(door.answer(plain).unwrap().1, Next::Ask);
        assert_eq!(door.answer(request(ApiKey::SaslAuthenticate, 2, &word)).unwrap().1, Next::Pass);
    }
}
