//! AWS_MSK_IAM: the identity that signs, from where AWS's tools take it, and the signed message.

use std::path::Path;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use hyper::Method;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::cache::{Lifetime, Obtained};
use super::error::{CredentialError, Service};
use super::http::{Answer, Ask};
use super::oauth::{Token, read};
use super::sigv4::{Presign, encode, presign};
use super::time;
use crate::config::settings::{AwsIdentity, AwsKeys, GivenSecret, HttpUrl, Secret};

/// What is signed.
const ACTION: &str = "kafka-cluster:Connect";
/// The service it is signed for.
const SERVICE: &str = "kafka-cluster";
/// How long a signature is valid, in seconds.
const SIGNATURE_SECONDS: u32 = 900;
/// How we introduce ourselves.
const AGENT: &str = concat!("strait/", env!("CARGO_PKG_VERSION"));
/// Longest wait for a service on this machine or its host.
const LOCAL_TIMEOUT: Duration = Duration::from_secs(2);
/// Where the metadata service keeps the credentials of an instance's role.
const ROLE_PATH: &str = "/latest/meta-data/iam/security-credentials/";

/// Gets credentials.
pub(super) async fn obtain(identity: &AwsIdentity) -> Result<Obtained<AwsKeys>, CredentialError> {
    match identity {
        AwsIdentity::Keys(keys) => Ok(Obtained { value: keys.clone(), lifetime: Lifetime::Endless }),
        // The file may be changed by whoever refreshes it, so it is read for every login.
        AwsIdentity::Profile { file, profile } => {
            Ok(Obtained { value: profile_keys(file, profile)?, lifetime: Lifetime::Unknown })
        }
        AwsIdentity::WebIdentity { sts, role_arn, session_name, token_file } => {
            assume_role(sts, role_arn, session_name, token_file).await
        }
        AwsIdentity::Container { url, authorization } => container(url, authorization.as_ref()).await,
        AwsIdentity::Instance { endpoint } => instance(endpoint).await,
    }
}

/// Writes the message of the mechanism: a presigned request for `kafka-cluster:Connect`, as JSON.
pub(super) fn first_message(keys: &AwsKeys, region: &str, host: &str, now: u64) -> Bytes {
    let signed = presign(&connect_request(region, host, now), keys);
    let mut payload = Map::new();
    let mut put = |name: &str, value: &str| payload.insert(name.to_owned(), Value::from(value));
    put("version", "2020_10_22");
    put("host", host);
    put("user-agent", AGENT);
    for (name, value) in &signed.query {
        put(&name.to_ascii_lowercase(), value);
    }
    Value::Object(payload).to_string().into()
}

/// Writes the same as a token for clients without the mechanism: MSK's OAUTHBEARER takes a presigned URL.
pub(super) fn bearer_token(keys: &AwsKeys, region: &str, now: u64) -> Token {
    let host = format!("kafka.{region}.amazonaws.com");
    let signed = presign(&connect_request(region, &host, now), keys);
    let url = format!("https://{host}/?{}&User-Agent={}", signed.encoded(), encode(AGENT));
    Token {
        text: Secret::new(URL_SAFE_NO_PAD.encode(url)),
        principal: keys.access_key_id.clone(),
        expires_at: Some(now + u64::from(SIGNATURE_SECONDS)),
    }
}

fn connect_request<'a>(region: &'a str, host: &'a str, time: u64) -> Presign<'a> {
    Presign {
        host,
        path: "/",
        query: &[("Action", ACTION)],
        region,
        service: SERVICE,
        time,
        expires: SIGNATURE_SECONDS,
        body_hash: None,
    }
}

/// Reads a profile's keys out of a shared credentials file.
fn profile_keys(file: &Path, profile: &str) -> Result<AwsKeys, CredentialError> {
    let text = std::fs::read_to_string(file)
        .map_err(|e| CredentialError::Unreadable { path: file.to_owned(), reason: e.into() })?;
    let mut is_ours = false;
    let (mut id, mut secret, mut token) = (None, None, None);
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';'])) {
        if let Some(section) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            is_ours = section.trim() == profile;
            continue;
        }
        let Some((key, value)) = line.split_once('=').filter(|_| is_ours) else { continue };
        let value = Some(value.trim().to_owned());
        match key.trim() {
            "aws_access_key_id" => id = value,
            "aws_secret_access_key" => secret = value,
            "aws_session_token" => token = value,
            _ => {}
        }
    }
    let (access_key_id, secret) = id
        .zip(secret)
        .ok_or_else(|| CredentialError::NoProfile { file: file.to_owned(), profile: profile.to_owned() })?;
    let session_token = token.map(Secret::new);
    Ok(AwsKeys { access_key_id, secret_access_key: Secret::new(secret), session_token })
}

/// Is what container and instance endpoints answer.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Temporary {
    access_key_id: String,
    secret_access_key: String,
    #[serde(alias = "SessionToken")]
    token: Option<String>,
    expiration: Option<Expiration>,
}

/// STS writes seconds, the others RFC 3339.
#[derive(Deserialize)]
#[serde(untagged)]
enum Expiration {
    Seconds(f64),
    Text(String),
}

impl Temporary {
    fn obtained(self) -> Obtained<AwsKeys> {
        let lifetime = match self.expiration {
            Some(Expiration::Seconds(at)) => Duration::try_from_secs_f64(at).map(|at| at.as_secs()).ok(),
            Some(Expiration::Text(text)) => {
                text.parse::<jiff::Timestamp>().ok().and_then(|at| u64::try_from(at.as_second()).ok())
            }
            None => None,
        };
        let value = AwsKeys {
            access_key_id: self.access_key_id,
            secret_access_key: Secret::new(self.secret_access_key),
            session_token: self.token.map(Secret::new),
        };
        Obtained { value, lifetime: lifetime.map_or(Lifetime::Unknown, |at| Lifetime::For(time::until(at))) }
    }
}

fn temporary(ask: &Ask<'_>, answer: &Answer) -> Result<Obtained<AwsKeys>, CredentialError> {
    if answer.status != 200 {
        return Err(ask.refused(answer, None));
    }
    let found: Temporary =
        serde_json::from_slice(&answer.body).map_err(|_| ask.without("AccessKeyId and SecretAccessKey"))?;
    Ok(found.obtained())
}

async fn container(
    url: &HttpUrl,
    authorization: Option<&GivenSecret>,
) -> Result<Obtained<AwsKeys>, CredentialError> {
    let mut ask = Ask { timeout: LOCAL_TIMEOUT, ..Ask::get(Service::Container, url) };
    if let Some(given) = authorization {
        ask.headers.push(("authorization", read(given)?));
    }
    let answer = ask.send().await?;
    temporary(&ask, &answer)
}

/// Asks the metadata service as IMDSv2 wants it: for a session token, the role's name, its credentials.
async fn instance(endpoint: &HttpUrl) -> Result<Obtained<AwsKeys>, CredentialError> {
    let part = |path: &str| {
        endpoint.at(path).map_err(|_| CredentialError::Unusable {
            service: Service::Instance,
            url: endpoint.to_string(),
            wanted: "the name of a role",
        })
    };
    let url = part("/latest/api/token")?;
    let ask = Ask {
        method: Method::PUT,
        headers: vec![("x-aws-ec2-metadata-token-ttl-seconds", "300".to_owned())],
        timeout: LOCAL_TIMEOUT,
        ..Ask::get(Service::Instance, &url)
    };
    let answer = ask.send().await?;
    let token = text(&ask, &answer, "a session token")?;
    let with_token = || vec![("x-aws-ec2-metadata-token", token.clone())];
    let url = part(ROLE_PATH)?;
    let ask = Ask { headers: with_token(), timeout: LOCAL_TIMEOUT, ..Ask::get(Service::Instance, &url) };
    let answer = ask.send().await?;
    let role = text(&ask, &answer, "the name of a role: the instance has no instance profile")?;
    let url = part(&format!("{ROLE_PATH}{}", encode(&role)))?;
    let ask = Ask { headers: with_token(), timeout: LOCAL_TIMEOUT, ..Ask::get(Service::Instance, &url) };
    let answer = ask.send().await?;
    temporary(&ask, &answer)
}

/// Reads an answer that is one line.
fn text(ask: &Ask<'_>, answer: &Answer, wanted: &'static str) -> Result<String, CredentialError> {
    if answer.status != 200 {
        return Err(ask.refused(answer, None));
    }
    let line =
        std::str::from_utf8(&answer.body).ok().and_then(|text| text.lines().next()).unwrap_or_default();
    if line.is_empty() { Err(ask.without(wanted)) } else { Ok(line.trim().to_owned()) }
}

/// Takes a role with a web identity token (AssumeRoleWithWebIdentity, a request without a signature).
async fn assume_role(
    sts: &HttpUrl,
    role_arn: &str,
    session_name: &str,
    token_file: &Path,
) -> Result<Obtained<AwsKeys>, CredentialError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Outer {
        assume_role_with_web_identity_response: Middle,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Middle {
        assume_role_with_web_identity_result: Inner,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Inner {
        credentials: Temporary,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Denied {
        error: DeniedError,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct DeniedError {
        code: String,
        message: String,
    }
    let token = read(&GivenSecret::File(token_file.to_owned()))?;
    let body = format!(
        "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn={}&RoleSessionName={}\
         &WebIdentityToken={}",
        encode(role_arn),
        encode(session_name),
        encode(&token),
    );
    let ask = Ask {
        method: Method::POST,
        headers: vec![
            ("content-type", "application/x-www-form-urlencoded".to_owned()),
            ("accept", "application/json".to_owned()),
        ],
        body,
        ..Ask::get(Service::Sts, sts)
    };
    let answer = ask.send().await?;
    if answer.status != 200 {
        let denied: Option<Denied> = serde_json::from_slice(&answer.body).ok();
        let words = denied.map(|denied| format!("{}: {}", denied.error.code, denied.error.message));
        return Err(ask.refused(&answer, words.map(|words| words.replace(&token, "***"))));
    }
    let found: Outer =
        serde_json::from_slice(&answer.body).map_err(|_| ask.without("temporary credentials"))?;
    Ok(found
        .assume_role_with_web_identity_response
        .assume_role_with_web_identity_result
        .credentials
        .obtained())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_bearer_token_is_a_presigned_url_of_the_regions_service() {
        let keys = AwsKeys {
            access_key_id: "AKIDEXAMPLE".into(),
            secret_access_key: Secret::new("word".into()),
            session_token: None,
        };
        let token = bearer_token(&keys, "eu-west-1", 1_440_938_160);
        let url = String::from_utf8(URL_SAFE_NO_PAD.decode(token.text.expose()).unwrap()).unwrap();
        let begin = "https://kafka.eu-west-1.amazonaws.com/?Action=kafka-cluster%3AConnect\
                     &X-Amz-Algorithm=AWS4-HMAC-SHA256\
                     &X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Feu-west-1%2Fkafka-cluster%2Faws4_request\
                     &X-Amz-Date=20150830T123600Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host&X-Amz-Signature=";
        assert!(url.starts_with(begin), "{url}");
        assert!(url.contains("&User-Agent=strait%2F"), "{url}");
        assert_eq!((token.principal.as_str(), token.expires_at), ("AKIDEXAMPLE", Some(1_440_939_060)));
    }
}
