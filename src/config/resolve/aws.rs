//! The AWS identity of a cluster's login: found as AWS's own tools find it, once, when the file is read.

use std::path::PathBuf;

use super::Context;
use super::login::Login;
use crate::config::error::ConfigError;
use crate::config::secret::Secret;
use crate::config::settings::{
    AwsIdentity, AwsKeys, BootstrapServer, GivenSecret, HttpUrl, IamSettings, SaslMechanism, SaslSettings,
};

pub(super) const REGION: &str = "sasl_aws_region";
pub(super) const PROFILE: &str = "sasl_aws_profile";
pub(super) const ACCESS_KEY_ID: &str = "sasl_aws_access_key_id";
pub(super) const SECRET_ACCESS_KEY: &str = "sasl_aws_secret_access_key";
pub(super) const SESSION_TOKEN: &str = "sasl_aws_session_token";

/// Where ECS offers credentials to containers.
const ECS_ENDPOINT: &str = "http://169.254.170.2";
/// Where EC2 offers metadata to instances.
const INSTANCE_ENDPOINT: &str = "http://169.254.169.254";

pub(super) fn resolve(
    context: &mut Context<'_>,
    login: &Login<'_>,
    servers: &[BootstrapServer],
) -> Option<SaslSettings> {
    let region = region(context, login, servers);
    let identity = match typed_keys(context, login) {
        Typed::Keys(keys) => Some(AwsIdentity::Keys(keys)),
        Typed::Unsound => None,
        Typed::Nothing => match &login.raw.sasl_aws_profile {
            Some(typed) => {
                let profile = context.text(typed, &(login.key)(PROFILE))?;
                let file = credentials_file(context);
                if file.is_none() {
                    context.error(typed, ConfigError::NoCredentialsFile { key: (login.key)(PROFILE) });
                }
                file.map(|file| AwsIdentity::Profile { file, profile })
            }
            None => surroundings(context, login, region.as_deref().unwrap_or_default()),
        },
    };
    Some(SaslSettings::AwsMskIam(IamSettings { region: region?, identity: identity? }))
}

/// Finds the region: in the file, in the brokers' names, in the environment.
fn region(context: &mut Context<'_>, login: &Login<'_>, servers: &[BootstrapServer]) -> Option<String> {
    if let Some(typed) = &login.raw.sasl_aws_region {
        return context.text(typed, &(login.key)(REGION));
    }
    let named = servers.iter().find_map(|server| region_in(&server.host)).map(str::to_owned);
    let found =
        named.or_else(|| variable(context, "AWS_REGION")).or_else(|| variable(context, "AWS_DEFAULT_REGION"));
    if found.is_none() {
        login.missing(context, REGION, SaslMechanism::AwsMskIam);
    }
    found
}

/// Reads the region out of a broker's name: `b-1.name.id.c2.kafka.us-east-1.amazonaws.com`, or
/// `boot-id.c3.kafka-serverless.us-east-1.amazonaws.com`.
fn region_in(host: &str) -> Option<&str> {
    let labels: Vec<&str> = host.split('.').collect();
    let at = labels.iter().position(|label| matches!(*label, "kafka" | "kafka-serverless"))?;
    let is_aws = labels.get(at + 2) == Some(&"amazonaws");
    labels.get(at + 1).copied().filter(|_| is_aws)
}

/// Says what the file has of keys.
enum Typed {
    Keys(AwsKeys),
    Nothing,
    Unsound,
}

fn typed_keys(context: &mut Context<'_>, login: &Login<'_>) -> Typed {
    let (raw, key) = (login.raw, login.key);
    let (id, secret) = (&raw.sasl_aws_access_key_id, &raw.sasl_aws_secret_access_key);
    let first = [id, secret, &raw.sasl_aws_session_token].into_iter().flatten().next();
    let Some(first) = first else { return Typed::Nothing };
    if raw.sasl_aws_profile.is_some() {
        let keys = key(ACCESS_KEY_ID);
        context.error(first, ConfigError::IdentityTwice { key: key(PROFILE), keys });
    }
    for (name, typed) in [(ACCESS_KEY_ID, id), (SECRET_ACCESS_KEY, secret)] {
        if typed.is_none() {
            login.missing(context, name, SaslMechanism::AwsMskIam);
        }
    }
    let access_key_id = id.as_ref().and_then(|typed| context.secret(typed, &key(ACCESS_KEY_ID), true));
    let secret = secret.as_ref().and_then(|typed| context.secret(typed, &key(SECRET_ACCESS_KEY), false));
    let session_token = match &raw.sasl_aws_session_token {
        Some(typed) => match context.secret(typed, &key(SESSION_TOKEN), false) {
            Some(token) => Some(Secret::new(token)),
            None => return Typed::Unsound,
        },
        None => None,
    };
    match access_key_id.zip(secret) {
        Some((access_key_id, secret)) => {
            Typed::Keys(AwsKeys { access_key_id, secret_access_key: Secret::new(secret), session_token })
        }
        None => Typed::Unsound,
    }
}

/// Looks where AWS's tools look, in their order: variables, web identity, the shared file, the
/// container's endpoint, the instance's.
fn surroundings(context: &mut Context<'_>, login: &Login<'_>, region: &str) -> Option<AwsIdentity> {
    if let Some((access_key_id, secret)) =
        variable(context, "AWS_ACCESS_KEY_ID").zip(variable(context, "AWS_SECRET_ACCESS_KEY"))
    {
        let session_token = variable(context, "AWS_SESSION_TOKEN").map(Secret::new);
        let secret_access_key = Secret::new(secret);
        return Some(AwsIdentity::Keys(AwsKeys { access_key_id, secret_access_key, session_token }));
    }
    if let Some((role_arn, token_file)) =
        variable(context, "AWS_ROLE_ARN").zip(variable(context, "AWS_WEB_IDENTITY_TOKEN_FILE"))
    {
        let sts = variable(context, "AWS_ENDPOINT_URL_STS")
            .unwrap_or_else(|| format!("https://sts.{region}.{}", domain(region)));
        return Some(AwsIdentity::WebIdentity {
            sts: address(context, login, "AWS_ENDPOINT_URL_STS", &sts)?,
            role_arn,
            session_name: variable(context, "AWS_ROLE_SESSION_NAME").unwrap_or_else(|| "strait".to_owned()),
            token_file: PathBuf::from(token_file),
        });
    }
    let profile = variable(context, "AWS_PROFILE");
    let file = credentials_file(context).filter(|file| profile.is_some() || file.is_file());
    if let Some(file) = file {
        return Some(AwsIdentity::Profile { file, profile: profile.unwrap_or_else(|| "default".to_owned()) });
    }
    const RELATIVE: &str = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
    const FULL: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
    let relative = variable(context, RELATIVE).map(|path| (RELATIVE, format!("{ECS_ENDPOINT}{path}")));
    if let Some((name, url)) = relative.or_else(|| variable(context, FULL).map(|url| (FULL, url))) {
        let file = variable(context, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
        let fixed = variable(context, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
        let authorization = file
            .map(|path| GivenSecret::File(PathBuf::from(path)))
            .or_else(|| fixed.map(|token| GivenSecret::Fixed(Secret::new(token))));
        return Some(AwsIdentity::Container { url: address(context, login, name, &url)?, authorization });
    }
    const INSTANCE: &str = "AWS_EC2_METADATA_SERVICE_ENDPOINT";
    let endpoint = variable(context, INSTANCE).unwrap_or_else(|| INSTANCE_ENDPOINT.to_owned());
    Some(AwsIdentity::Instance { endpoint: address(context, login, INSTANCE, &endpoint)? })
}

/// Returns the domain of AWS's services in a region.
fn domain(region: &str) -> &'static str {
    if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" }
}

fn credentials_file(context: &Context<'_>) -> Option<PathBuf> {
    if context.env.is_none() {
        // Nobody logs in with what is read without an environment.
        return Some(PathBuf::from("~/.aws/credentials"));
    }
    variable(context, "AWS_SHARED_CREDENTIALS_FILE").map(PathBuf::from).or_else(|| {
        let home = variable(context, "HOME").or_else(|| variable(context, "USERPROFILE"))?;
        Some(PathBuf::from(home).join(".aws").join("credentials"))
    })
}

fn variable(context: &Context<'_>, name: &str) -> Option<String> {
    context.env?(name).filter(|value| !value.is_empty())
}

/// Reads a URL out of a variable.
fn address(context: &mut Context<'_>, login: &Login<'_>, name: &'static str, text: &str) -> Option<HttpUrl> {
    match HttpUrl::parse(text) {
        Ok(url) => Some(url),
        Err(fault) => {
            let at = login.raw.sasl_mechanism.as_ref().unwrap_or(login.cluster);
            context.error(at, ConfigError::UrlVariable { name, fault });
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_brokers_name_says_its_region() {
        for (host, region) in [
            ("b-1.orders.abc123.c2.kafka.us-east-1.amazonaws.com", Some("us-east-1")),
            ("boot-x1.c3.kafka-serverless.eu-west-1.amazonaws.com", Some("eu-west-1")),
            ("b-1.orders.abc.c2.kafka.cn-north-1.amazonaws.com.cn", Some("cn-north-1")),
            ("kafka.example.com", None),
            ("127.0.0.1", None),
        ] {
            assert_eq!(region_in(host), region, "{host}");
        }
    }
}
