//! What a login shows the broker, and how it stays valid: shared by all connections of a cluster, so that
//! a token is asked for once and renewed before it expires.

mod aws;
mod cache;
pub mod error;
mod http;
mod oauth;
pub mod sigv4;
mod time;

use bytes::Bytes;

use self::cache::Cache;
pub use self::error::{CredentialError, HttpFault, Service};
pub use self::oauth::Token;
use crate::config::settings::{
    AwsKeys, IamSettings, OauthSettings, PasswordSettings, SaslMechanism, SaslSettings,
};

/// Holds one cluster's credentials.
#[derive(Debug)]
pub struct Credentials {
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Password(PasswordSettings),
    Oauth(OauthSettings, Cache<Token>),
    Iam(IamSettings, Cache<AwsKeys>),
}

/// Is what one login shows the broker.
#[derive(Clone, Debug)]
pub struct Proof {
    /// What to send, and by which rules.
    pub content: Content,
    /// Whom the broker would know us as.
    pub user: String,
    /// Whether it was obtained before, so that a refusal may mean it is no longer valid.
    pub is_cached: bool,
}

/// Holds what the exchange of a mechanism begins with.
#[derive(Clone, Debug)]
pub enum Content {
    /// A user name and a password.
    Password(PasswordSettings),
    /// A first message that says everything, OAUTHBEARER's or AWS_MSK_IAM's.
    Message(SecretBytes),
}

/// Holds a message with a secret in it; its `Debug` shows nothing.
#[derive(Clone)]
pub struct SecretBytes(pub Bytes);

impl std::fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretBytes(..)")
    }
}

impl Credentials {
    /// Takes the settings; nothing is asked for yet.
    pub fn new(settings: &SaslSettings) -> Self {
        let kind = match settings {
            SaslSettings::Password(login) => Kind::Password(login.clone()),
            SaslSettings::OauthBearer(oauth) => Kind::Oauth(oauth.clone(), Cache::default()),
            SaslSettings::AwsMskIam(iam) => Kind::Iam(iam.clone(), Cache::default()),
        };
        Self { kind }
    }

    /// Returns the mechanism.
    pub fn mechanism(&self) -> SaslMechanism {
        match &self.kind {
            Kind::Password(login) => SaslMechanism::Password(login.mechanism),
            Kind::Oauth(..) => SaslMechanism::OauthBearer,
            Kind::Iam(..) => SaslMechanism::AwsMskIam,
        }
    }

    /// Obtains what a login at the broker with this host name shows.
    pub async fn proof(&self, host: &str) -> Result<Proof, CredentialError> {
        match &self.kind {
            Kind::Password(login) => Ok(Proof {
                content: Content::Password(login.clone()),
                user: login.username.clone(),
                is_cached: false,
            }),
            Kind::Oauth(settings, cache) => {
                let (token, is_cached) = cache.get(|| oauth::obtain(settings)).await?;
                let message = oauth::first_message(&token, &settings.extensions);
                Ok(Proof {
                    content: Content::Message(SecretBytes(message)),
                    user: token.principal.clone(),
                    is_cached,
                })
            }
            Kind::Iam(settings, cache) => {
                let (keys, is_cached) = cache.get(|| aws::obtain(&settings.identity)).await?;
                let message = aws::first_message(&keys, &settings.region, host, time::now());
                Ok(Proof {
                    content: Content::Message(SecretBytes(message)),
                    user: keys.access_key_id,
                    is_cached,
                })
            }
        }
    }

    /// Obtains a token for a client that only speaks OAUTHBEARER; for AWS_MSK_IAM it is a signed request,
    /// which its brokers take as a token, too. `None` where the login is by password.
    pub async fn bearer_token(&self) -> Result<Option<Token>, CredentialError> {
        match &self.kind {
            Kind::Password(_) => Ok(None),
            Kind::Oauth(settings, cache) => Ok(Some(cache.get(|| oauth::obtain(settings)).await?.0)),
            Kind::Iam(settings, cache) => {
                let (keys, _) = cache.get(|| aws::obtain(&settings.identity)).await?;
                Ok(Some(aws::bearer_token(&keys, &settings.region, time::now())))
            }
        }
    }

    /// Forgets what was obtained, after a broker refused it.
    pub async fn forget(&self) {
        match &self.kind {
            Kind::Password(_) => {}
            Kind::Oauth(_, cache) => cache.forget().await,
            Kind::Iam(_, cache) => cache.forget().await,
        }
    }
}
