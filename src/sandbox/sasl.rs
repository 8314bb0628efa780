//! Logging in, the broker's side: PLAIN, and SCRAM by the library that clients use, too.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use kafka_protocol::error::ResponseError;
use rsasl::callback::{Context, Request, SessionCallback, SessionData};
use rsasl::mechanisms::scram::properties::ScramStoredPassword;
use rsasl::mechanisms::scram::tools::{derive_keys, hash_password};
use rsasl::prelude::{Mechname, SASLConfig, SASLServer, Session, SessionError, State, Validation};
use rsasl::property::AuthId;
use rsasl::validate::{Validate, ValidationError};
use sha2::{Sha256, Sha512};

/// How often a password is hashed; Kafka's least.
const ITERATIONS: u32 = 4_096;
/// The salt of every user: this is a test double, and its passwords are in memory anyway.
const SALT: &[u8] = b"strait-sandbox";

/// The ways to log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanism {
    /// The password in clear text.
    Plain,
    /// SCRAM with SHA-256.
    ScramSha256,
    /// SCRAM with SHA-512.
    ScramSha512,
}

impl Mechanism {
    /// All of them, as a broker offers them.
    pub const ALL: [Self; 3] = [Self::Plain, Self::ScramSha256, Self::ScramSha512];

    /// The name in requests.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
        }
    }

    /// Finds a mechanism by its name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mechanism| mechanism.name() == name)
    }
}

/// What SCRAM keeps of a password.
#[derive(Clone)]
struct Keys {
    stored: Vec<u8>,
    server: Vec<u8>,
}

#[derive(Clone)]
struct User {
    password: String,
    sha256: Keys,
    sha512: Keys,
}

/// Who may log in to a cluster; where there is nobody, everybody may do without.
#[derive(Clone, Default)]
pub struct Users {
    by_name: Arc<BTreeMap<String, User>>,
}

impl fmt::Debug for Users {
    /// Shows the names and no passwords.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_set().entries(self.by_name.keys()).finish()
    }
}

impl Users {
    /// Takes names and passwords.
    pub fn new(users: &BTreeMap<String, String>) -> Self {
        let users = users.iter().map(|(name, password)| (name.clone(), User::new(password)));
        Self { by_name: Arc::new(users.collect()) }
    }

    /// Says whether connections have to log in.
    pub fn are_needed(&self) -> bool {
        !self.by_name.is_empty()
    }
}

impl User {
    fn new(password: &str) -> Self {
        let mut salted = Default::default();
        hash_password::<Sha256>(password.as_bytes(), ITERATIONS, SALT, &mut salted);
        let (client, server) = derive_keys::<Sha256>(&salted);
        let stored = <Sha256 as sha2::Digest>::digest(client);
        let sha256 = Keys { stored: stored.to_vec(), server: server.to_vec() };
        let mut salted = Default::default();
        hash_password::<Sha512>(password.as_bytes(), ITERATIONS, SALT, &mut salted);
        let (client, server) = derive_keys::<Sha512>(&salted);
        let stored = <Sha512 as sha2::Digest>::digest(client);
        let sha512 = Keys { stored: stored.to_vec(), server: server.to_vec() };
        Self { password: password.to_owned(), sha256, sha512 }
    }
}

/// How far a connection's login is.
#[derive(Default)]
pub enum Login {
    /// It named no mechanism.
    #[default]
    Unasked,
    /// It named PLAIN.
    Plain,
    /// A SCRAM exchange is under way.
    Scram(Box<Session<Name>>),
    /// It is who it said.
    Done,
}

impl fmt::Debug for Login {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Unasked => "Unasked",
            Self::Plain => "Plain",
            Self::Scram(_) => "Scram",
            Self::Done => "Done",
        })
    }
}

/// What a step of a login leads to.
#[derive(Debug, PartialEq, Eq)]
pub struct Step {
    /// What the client is told.
    pub answer: Vec<u8>,
    /// Who it is, at the end.
    pub user: Option<String>,
}

impl Login {
    /// Begins with the mechanism the client named.
    pub fn begin(users: &Users, name: &str) -> Result<Self, ResponseError> {
        let mechanism = Mechanism::find(name).ok_or(ResponseError::UnsupportedSaslMechanism)?;
        if mechanism == Mechanism::Plain {
            return Ok(Self::Plain);
        }
        let callback = Scram { users: users.clone(), mechanism };
        let session = SASLConfig::builder()
            .with_defaults()
            .with_callback(callback)
            .and_then(|config| {
                let name = Mechname::parse(mechanism.name().as_bytes())
                    .map_err(|_| rsasl::prelude::SASLError::NoSharedMechanism)?;
                SASLServer::<Name>::new(config).start_suggested(name)
            })
            .map_err(|_| ResponseError::UnsupportedSaslMechanism)?;
        Ok(Self::Scram(Box::new(session)))
    }

    /// Goes on with what the client sent.
    pub fn step(&mut self, users: &Users, input: &[u8]) -> Result<Step, ResponseError> {
        let step = match self {
            Self::Unasked | Self::Done => return Err(ResponseError::IllegalSaslState),
            Self::Plain => plain(users, input)?,
            Self::Scram(session) => scram(session, input)?,
        };
        if step.user.is_some() {
            *self = Self::Done;
        }
        Ok(step)
    }
}

/// Checks `authorization NUL name NUL password` (RFC 4616).
fn plain(users: &Users, input: &[u8]) -> Result<Step, ResponseError> {
    let refused = ResponseError::SaslAuthenticationFailed;
    let parts: Vec<&str> = std::str::from_utf8(input).map_err(|_| refused)?.split('\0').collect();
    let [authorization, name, password] = parts[..] else { return Err(refused) };
    let known = users.by_name.get(name).is_some_and(|user| user.password == password);
    if !known || !(authorization.is_empty() || authorization == name) {
        return Err(refused);
    }
    Ok(Step { answer: Vec::new(), user: Some(name.to_owned()) })
}

fn scram(session: &mut Session<Name>, input: &[u8]) -> Result<Step, ResponseError> {
    let mut answer = Vec::new();
    match session.step(Some(input), &mut answer) {
        Ok(State::Running) => Ok(Step { answer, user: None }),
        Ok(State::Finished(_)) => {
            let user = session.validation().ok_or(ResponseError::SaslAuthenticationFailed)?;
            Ok(Step { answer, user: Some(user) })
        }
        Err(_) => Err(ResponseError::SaslAuthenticationFailed),
    }
}

/// Tells the name of who logged in.
pub struct Name;

impl Validation for Name {
    type Value = String;
}

/// Answers what SCRAM asks about a user.
struct Scram {
    users: Users,
    mechanism: Mechanism,
}

impl SessionCallback for Scram {
    fn callback(
        &self,
        _: &SessionData,
        context: &Context<'_>,
        request: &mut Request<'_>,
    ) -> Result<(), SessionError> {
        let Some(user) = context.get_ref::<AuthId>().and_then(|name| self.users.by_name.get(name)) else {
            return Ok(());
        };
        let keys = if self.mechanism == Mechanism::ScramSha256 { &user.sha256 } else { &user.sha512 };
        let stored = ScramStoredPassword::new(ITERATIONS, SALT, &keys.stored, &keys.server);
        request.satisfy::<ScramStoredPassword<'static>>(&stored)?;
        Ok(())
    }

    fn validate(
        &self,
        _: &SessionData,
        context: &Context<'_>,
        validate: &mut Validate<'_>,
    ) -> Result<(), ValidationError> {
        validate.with::<Name, _>(|| {
            context.get_ref::<AuthId>().map(ToOwned::to_owned).ok_or(ValidationError::MissingRequiredProperty)
        })?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use rsasl::prelude::SASLClient;

    use super::*;

    fn users() -> Users {
        Users::new(&BTreeMap::from([("alice".to_owned(), "secret".to_owned())]))
    }

    /// Logs in with a client of the library, and returns who the broker says it is.
    fn exchange(mechanism: Mechanism, password: &str) -> Result<Option<String>, ResponseError> {
        let config = SASLConfig::with_credentials(None, "alice".to_owned(), password.to_owned()).unwrap();
        let name = Mechname::parse(mechanism.name().as_bytes()).unwrap();
        let mut client = SASLClient::new(config).start_suggested(&[name]).unwrap();
        let users = users();
        let mut login = Login::begin(&users, mechanism.name()).unwrap();
        let mut told: Option<Vec<u8>> = None;
        loop {
            let mut said = Vec::new();
            let state = client.step(told.as_deref(), &mut said).unwrap();
            if !state.has_sent_message() {
                return Ok(None);
            }
            let step = login.step(&users, &said)?;
            if step.user.is_some() {
                return Ok(step.user);
            }
            told = Some(step.answer);
        }
    }

    #[test]
    fn the_right_password_logs_in_by_every_mechanism_and_a_wrong_one_by_none() {
        for mechanism in Mechanism::ALL {
            assert_eq!(exchange(mechanism, "secret"), Ok(Some("alice".to_owned())), "{mechanism:?}");
            assert_eq!(exchange(mechanism, "guess"), Err(ResponseError::SaslAuthenticationFailed));
        }
    }

    #[test]
    fn what_is_no_login_is_refused() {
        let users = users();
        let refused = Err(ResponseError::SaslAuthenticationFailed);
        for input in [&b""[..], b"alice\0secret", b"\0bob\0secret", b"bob\0alice\0secret", b"\xff"] {
            assert_eq!(Login::Plain.step(&users, input), refused);
        }
        assert_eq!(Login::Unasked.step(&users, b""), Err(ResponseError::IllegalSaslState));
        assert!(Login::begin(&users, "GSSAPI").is_err());
    }
}
