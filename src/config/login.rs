//! How to log in to a cluster, after reading and checking: by password, by token, by AWS identity.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::secret::Secret;
use super::settings::ClusterSettings;
use super::url::HttpUrl;

/// Says how to log in.
#[derive(Clone, Debug)]
pub enum SaslSettings {
    /// With a user name and a password.
    Password(PasswordSettings),
    /// With a token of OAuth 2 (RFC 7628, KIP-255 and KIP-768).
    OauthBearer(OauthSettings),
    /// With a request signed by an AWS identity.
    AwsMskIam(IamSettings),
}

/// Holds a user name and a password, and how they are shown to the broker.
#[derive(Clone, Debug)]
pub struct PasswordSettings {
    /// The mechanism.
    pub mechanism: PasswordMechanism,
    /// The user name.
    pub username: String,
    /// The password, read when the configuration was resolved.
    pub password: Secret,
}

/// Lists the mechanisms this build can speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaslMechanism {
    /// One of those that take a user name and a password.
    Password(PasswordMechanism),
    /// OAUTHBEARER (RFC 7628).
    OauthBearer,
    /// AWS_MSK_IAM, of Amazon's managed Kafka.
    AwsMskIam,
}

/// Lists the mechanisms that take a user name and a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordMechanism {
    /// PLAIN (RFC 4616).
    Plain,
    /// SCRAM-SHA-256 (RFC 7677).
    ScramSha256,
    /// SCRAM-SHA-512.
    ScramSha512,
}

/// Says where tokens come from, and what goes with them.
#[derive(Clone, Debug)]
pub struct OauthSettings {
    /// Where tokens come from.
    pub token: TokenOrigin,
    /// SASL extensions sent with each token (KIP-342).
    pub extensions: BTreeMap<String, String>,
}

/// Says where tokens come from.
#[derive(Clone, Debug)]
pub enum TokenOrigin {
    /// An OAuth 2 token endpoint, asked with the client credentials grant (RFC 6749 section 4.4).
    Endpoint(TokenEndpoint),
    /// A token somebody else takes care of.
    Given(GivenSecret),
}

/// Names a token endpoint and the client it knows us as.
#[derive(Clone, Debug)]
pub struct TokenEndpoint {
    /// Where it is.
    pub url: HttpUrl,
    /// Our client id.
    pub client_id: String,
    /// Our client secret.
    pub client_secret: Secret,
    /// The scopes to ask for, if any.
    pub scope: Option<String>,
    /// PEM file of certificates to trust besides the system's.
    pub ca_file: Option<PathBuf>,
}

/// Holds a secret, or the file that always has the newest one.
#[derive(Clone, Debug)]
pub enum GivenSecret {
    /// The secret itself.
    Fixed(Secret),
    /// A file, read whenever the secret is needed.
    File(PathBuf),
}

/// Says as whom and for which region requests are signed.
#[derive(Clone, Debug)]
pub struct IamSettings {
    /// The region of the cluster.
    pub region: String,
    /// Where the identity comes from.
    pub identity: AwsIdentity,
}

/// Says where AWS credentials come from.
#[derive(Clone, Debug)]
pub enum AwsIdentity {
    /// Keys that are known: from `strait.toml` or the environment.
    Keys(AwsKeys),
    /// A profile of the shared credentials file, read whenever credentials are needed.
    Profile {
        /// The file.
        file: PathBuf,
        /// The profile in it.
        profile: String,
    },
    /// A role that a web identity token (of Kubernetes, say) may take.
    WebIdentity {
        /// Where STS is.
        sts: HttpUrl,
        /// The role.
        role_arn: String,
        /// The name of the session in CloudTrail.
        session_name: String,
        /// The file that always has a valid token.
        token_file: PathBuf,
    },
    /// The credentials endpoint of a container (ECS, EKS Pod Identity).
    Container {
        /// Where it is.
        url: HttpUrl,
        /// What it asks for as authorization.
        authorization: Option<GivenSecret>,
    },
    /// The metadata service of an EC2 instance (IMDSv2).
    Instance {
        /// Where it is.
        endpoint: HttpUrl,
    },
}

/// Holds AWS credentials.
#[derive(Clone, Debug)]
pub struct AwsKeys {
    /// The access key's id; not secret.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: Secret,
    /// What temporary credentials have besides.
    pub session_token: Option<Secret>,
}

impl SaslSettings {
    /// Returns the mechanism.
    pub fn mechanism(&self) -> SaslMechanism {
        match self {
            SaslSettings::Password(login) => SaslMechanism::Password(login.mechanism),
            SaslSettings::OauthBearer(_) => SaslMechanism::OauthBearer,
            SaslSettings::AwsMskIam(_) => SaslMechanism::AwsMskIam,
        }
    }
}

impl SaslMechanism {
    /// Returns the name as brokers and configurations spell it.
    pub fn name(self) -> &'static str {
        match self {
            SaslMechanism::Password(PasswordMechanism::Plain) => "PLAIN",
            SaslMechanism::Password(PasswordMechanism::ScramSha256) => "SCRAM-SHA-256",
            SaslMechanism::Password(PasswordMechanism::ScramSha512) => "SCRAM-SHA-512",
            SaslMechanism::OauthBearer => "OAUTHBEARER",
            SaslMechanism::AwsMskIam => "AWS_MSK_IAM",
        }
    }
}

impl ClusterSettings {
    /// Names whom brokers check rights for, as far as it is known here: a token or certificate has its own
    /// name, and brokers may map any to another.
    pub fn principal(&self) -> String {
        let certificate = self.tls.as_ref().and_then(|tls| tls.client_identity.as_ref());
        match (&self.sasl, certificate) {
            (Some(SaslSettings::Password(login)), _) => format!("User:{}", login.username),
            (Some(SaslSettings::OauthBearer(OauthSettings { token: TokenOrigin::Endpoint(at), .. })), _) => {
                format!("the subject of tokens for client \"{}\"", at.client_id)
            }
            (Some(SaslSettings::OauthBearer(_)), _) => "the subject of the given token".to_owned(),
            (Some(SaslSettings::AwsMskIam(_)), _) => "the AWS identity".to_owned(),
            (None, Some(identity)) => {
                format!("the subject of {}", identity.certificate_file.display())
            }
            (None, None) => "User:ANONYMOUS".to_owned(),
        }
    }
}
