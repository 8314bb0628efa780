//! One cluster's login: which keys belong to which mechanism, and what each must say.

use super::{Context, aws};
use crate::config::choice::{Choice, MECHANISMS_NOT_IN_BUILD, SecurityProtocol};
use crate::config::error::{ConfigError, ConfigWarning};
use crate::config::raw::{At, RawCluster};
use crate::config::secret::{Secret, SecretPlace};
use crate::config::settings::{
    BootstrapServer, GivenSecret, HttpUrl, OauthSettings, PasswordMechanism, PasswordSettings, SaslMechanism,
    SaslSettings, TokenEndpoint, TokenOrigin,
};

/// The keys that say how to log in, besides `sasl_mechanism`.
const MECHANISM: &str = "sasl_mechanism";
const USERNAME: &str = "sasl_username";
const PASSWORD: &str = "sasl_password";
const TOKEN: &str = "sasl_oauthbearer_token";
const ENDPOINT: &str = "sasl_oauthbearer_token_endpoint_url";
const CLIENT_ID: &str = "sasl_oauthbearer_client_credentials_client_id";
const CLIENT_SECRET: &str = "sasl_oauthbearer_client_credentials_client_secret";
const SCOPE: &str = "sasl_oauthbearer_scope";
const EXTENSIONS: &str = "sasl_oauthbearer_extensions";

/// Carries what the rules about one cluster's login need.
pub(super) struct Login<'a> {
    pub(super) cluster: &'a At<String>,
    pub(super) raw: &'a RawCluster,
    pub(super) protocol: SecurityProtocol,
    pub(super) key: &'a dyn Fn(&str) -> String,
}

impl<'a> Login<'a> {
    /// Lists the keys that are there, in the order of the documentation.
    fn typed(&self) -> Vec<(&'static str, &'a At<String>)> {
        let raw = self.raw;
        let texts = [
            (MECHANISM, &raw.sasl_mechanism),
            (USERNAME, &raw.sasl_username),
            (PASSWORD, &raw.sasl_password),
            (ENDPOINT, &raw.sasl_oauthbearer_token_endpoint_url),
            (CLIENT_ID, &raw.sasl_oauthbearer_client_credentials_client_id),
            (CLIENT_SECRET, &raw.sasl_oauthbearer_client_credentials_client_secret),
            (SCOPE, &raw.sasl_oauthbearer_scope),
            (TOKEN, &raw.sasl_oauthbearer_token),
            (aws::REGION, &raw.sasl_aws_region),
            (aws::PROFILE, &raw.sasl_aws_profile),
            (aws::ACCESS_KEY_ID, &raw.sasl_aws_access_key_id),
            (aws::SECRET_ACCESS_KEY, &raw.sasl_aws_secret_access_key),
            (aws::SESSION_TOKEN, &raw.sasl_aws_session_token),
        ];
        texts.into_iter().filter_map(|(name, typed)| Some((name, typed.as_ref()?))).collect()
    }

    /// Says that a key is needed that is not there.
    pub(super) fn missing(&self, context: &mut Context<'_>, key: &str, mechanism: SaslMechanism) {
        let at = self.raw.sasl_mechanism.as_ref().unwrap_or(self.cluster);
        context.error(at, ConfigError::LoginIncomplete { key: (self.key)(key), mechanism: mechanism.name() });
    }
}

/// Reads how to log in; `None` where there is no login, or after an error was reported.
pub(super) fn resolve(
    context: &mut Context<'_>,
    login: &Login<'_>,
    servers: &[BootstrapServer],
) -> Option<SaslSettings> {
    let (raw, key) = (login.raw, login.key);
    if !login.protocol.sasl {
        let unused = |name| ConfigError::SaslUnused { key: key(name), protocol: login.protocol.name };
        for (name, typed) in login.typed() {
            context.error(typed, unused(name));
        }
        if let Some(typed) = &raw.sasl_oauthbearer_extensions {
            context.error(typed, unused(EXTENSIONS));
        }
        return None;
    }
    let Some(typed) = &raw.sasl_mechanism else {
        let at = raw.security_protocol.as_ref().unwrap_or(login.cluster);
        context.error(at, ConfigError::SaslIncomplete { key: key(MECHANISM), protocol: login.protocol.name });
        return None;
    };
    let mechanism = mechanism(context, typed, &key(MECHANISM))?;
    refuse_foreign(context, login, mechanism);
    match mechanism {
        SaslMechanism::Password(kind) => password(context, login, kind),
        SaslMechanism::OauthBearer => oauth(context, login),
        SaslMechanism::AwsMskIam => aws::resolve(context, login, servers),
    }
}

fn mechanism(context: &mut Context<'_>, typed: &At<String>, key: &str) -> Option<SaslMechanism> {
    let absent = MECHANISMS_NOT_IN_BUILD.into_iter().find(|known| *known == typed.value());
    if let Some(mechanism) = absent {
        context.error(typed, ConfigError::MechanismNotInBuild { mechanism });
        return None;
    }
    let default = SaslMechanism::WORDS[0].0;
    context.word(Some(typed), default, key)
}

/// Says of each key that belongs to another mechanism that nothing would read it.
fn refuse_foreign(context: &mut Context<'_>, login: &Login<'_>, mechanism: SaslMechanism) {
    let prefixes: &[&str] = match mechanism {
        SaslMechanism::Password(_) => &[USERNAME, PASSWORD],
        SaslMechanism::OauthBearer => &["sasl_oauthbearer_"],
        SaslMechanism::AwsMskIam => &["sasl_aws_"],
    };
    let foreign = |name: &str| name != MECHANISM && !prefixes.iter().any(|prefix| name.starts_with(prefix));
    let error = |name| ConfigError::LoginUnused { key: (login.key)(name), mechanism: mechanism.name() };
    for (name, typed) in login.typed().into_iter().filter(|(name, _)| foreign(name)) {
        context.error(typed, error(name));
    }
    if let Some(typed) = login.raw.sasl_oauthbearer_extensions.as_ref().filter(|_| foreign(EXTENSIONS)) {
        context.error(typed, error(EXTENSIONS));
    }
}

fn password(
    context: &mut Context<'_>,
    login: &Login<'_>,
    mechanism: PasswordMechanism,
) -> Option<SaslSettings> {
    let (raw, key) = (login.raw, login.key);
    for (name, typed) in [(USERNAME, &raw.sasl_username), (PASSWORD, &raw.sasl_password)] {
        if typed.is_none() {
            login.missing(context, name, SaslMechanism::Password(mechanism));
        }
    }
    let username = raw.sasl_username.as_ref().and_then(|typed| context.secret(typed, &key(USERNAME), true));
    let password = raw.sasl_password.as_ref().and_then(|typed| context.secret(typed, &key(PASSWORD), false));
    Some(SaslSettings::Password(PasswordSettings {
        mechanism,
        username: username?,
        password: Secret::new(password?),
    }))
}

fn oauth(context: &mut Context<'_>, login: &Login<'_>) -> Option<SaslSettings> {
    let (raw, key) = (login.raw, login.key);
    let extensions = match &raw.sasl_oauthbearer_extensions {
        Some(typed) => {
            let unsound = typed.value().iter().find(|(name, value)| !is_extension(name, value));
            if let Some((name, _)) = unsound {
                context.error(typed, ConfigError::Extension { key: key(EXTENSIONS), name: name.clone() });
            }
            typed.value().clone()
        }
        None => std::collections::BTreeMap::new(),
    };
    let token = match &raw.sasl_oauthbearer_token {
        Some(typed) => {
            let of_endpoint = [ENDPOINT, CLIENT_ID, CLIENT_SECRET, SCOPE];
            for (name, other) in login.typed().into_iter().filter(|(name, _)| of_endpoint.contains(name)) {
                context.error(other, ConfigError::TokenTwice { key: key(name), token: key(TOKEN) });
            }
            TokenOrigin::Given(given_secret(context, typed, &key(TOKEN))?)
        }
        None => TokenOrigin::Endpoint(endpoint(context, login)?),
    };
    Some(SaslSettings::OauthBearer(OauthSettings { token, extensions }))
}

fn endpoint(context: &mut Context<'_>, login: &Login<'_>) -> Option<TokenEndpoint> {
    let (raw, key) = (login.raw, login.key);
    let url = &raw.sasl_oauthbearer_token_endpoint_url;
    let client_id = &raw.sasl_oauthbearer_client_credentials_client_id;
    let client_secret = &raw.sasl_oauthbearer_client_credentials_client_secret;
    let needed = [(ENDPOINT, url), (CLIENT_ID, client_id), (CLIENT_SECRET, client_secret)];
    let missing = needed.iter().filter(|(_, typed)| typed.is_none()).map(|(name, _)| *name);
    // Where nothing is said, one error tells all there is to say.
    let told = if needed.iter().all(|(_, typed)| typed.is_none()) { 1 } else { needed.len() };
    for name in missing.take(told).collect::<Vec<_>>() {
        login.missing(context, name, SaslMechanism::OauthBearer);
    }
    let url = url.as_ref().and_then(|typed| web_address(context, typed, &key(ENDPOINT)));
    let client_id = client_id.as_ref().and_then(|typed| context.secret(typed, &key(CLIENT_ID), true));
    let client_secret =
        client_secret.as_ref().and_then(|typed| context.secret(typed, &key(CLIENT_SECRET), false));
    let scope = match &raw.sasl_oauthbearer_scope {
        Some(typed) => Some(context.text(typed, &key(SCOPE))?),
        None => None,
    };
    let ca_file = raw.ssl_ca_file.as_ref().and_then(|typed| context.file(typed, &key("ssl_ca_file")));
    Some(TokenEndpoint {
        url: url?,
        client_id: client_id?,
        client_secret: Secret::new(client_secret?),
        scope,
        ca_file,
    })
}

/// Reads a URL that credentials are sent to: what is not encrypted and leaves the machine is warned of.
fn web_address(context: &mut Context<'_>, typed: &At<String>, key: &str) -> Option<HttpUrl> {
    match HttpUrl::parse(typed.value()) {
        Ok(url) => {
            if !url.is_tls() && !url.is_loopback() {
                let place = context.source.place(typed.span().start);
                context.warnings.push(ConfigWarning::PlainEndpoint {
                    file: context.source.path().to_owned(),
                    line: place.line,
                    column: place.column,
                    key: key.to_owned(),
                });
            }
            Some(url)
        }
        Err(fault) => {
            context.error(typed, ConfigError::Url { key: key.to_owned(), fault });
            None
        }
    }
}

/// Reads a secret that may change: of a file, its name is kept, after a look whether it is there.
fn given_secret(context: &mut Context<'_>, typed: &At<String>, key: &str) -> Option<GivenSecret> {
    let secret = context.secret(typed, key, false)?;
    Some(match SecretPlace::parse(typed.value()) {
        SecretPlace::File(path) => GivenSecret::File(context.dir.join(path)),
        _ => GivenSecret::Fixed(Secret::new(secret)),
    })
}

/// Holds a pair against RFC 7628 section 3.1: letters, and no key that is the token's own.
fn is_extension(name: &str, value: &str) -> bool {
    let is_value_byte = |byte: u8| matches!(byte, 0x20..=0x7e | b'\t' | b'\r' | b'\n');
    !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphabetic())
        && name != "auth"
        && value.bytes().all(is_value_byte)
}
