//! AWS_MSK_IAM against a small broker that checks the signature by itself, with identities from everywhere
//! AWS keeps them.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use kafka_protocol::messages::api_versions_response::ApiVersion;
use kafka_protocol::messages::{
    ApiKey, ApiVersionsResponse, RequestHeader, ResponseHeader, SaslAuthenticateRequest,
    SaslAuthenticateResponse, SaslHandshakeRequest, SaslHandshakeResponse,
};
use kafka_protocol::protocol::{Decodable, Encodable, StrBytes};
use ring::{digest, hmac};
use strait::config::load_text;
use strait::config::settings::ClusterSettings;
use strait::config::source::SourceText;
use strait::kafka::connect::Connector;
use strait::kafka::error::ConnectError;
use strait::kafka::peer::{Peer, PeerOrigin};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const KEY_ID: &str = "AKIDEXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const SESSION: &str = "IQoJb3JpZ2luX2VjE/+==";
/// Credentials as containers and instances hand them out.
const TEMPORARY: &str = r#"{"Code": "Success", "AccessKeyId": "AKIDEXAMPLE",
    "SecretAccessKey": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    "Token": "IQoJb3JpZ2luX2VjE/+==", "Expiration": "2099-01-01T00:00:00Z"}"#;

/// Credentials as STS hands them out.
const ASSUMED: &str = r#"{"AssumeRoleWithWebIdentityResponse": {"AssumeRoleWithWebIdentityResult": {"Credentials": {
    "AccessKeyId": "AKIDEXAMPLE", "SecretAccessKey": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    "SessionToken": "IQoJb3JpZ2luX2VjE/+==", "Expiration": 4070908800.0}}}}"#;

/// Starts a broker that knows one secret; returns its port.
async fn broker(secret: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // It ends when the client has hung up.
            tokio::spawn(async move { while_connected(stream, secret).await.ok() });
        }
    });
    port
}

async fn while_connected(mut stream: TcpStream, secret: &str) -> std::io::Result<()> {
    loop {
        let length = stream.read_i32().await?;
        let mut frame = BytesMut::zeroed(usize::try_from(length).unwrap());
        stream.read_exact(&mut frame).await?;
        let mut frame = frame.freeze();
        let (key, version) =
            (i16::from_be_bytes([frame[0], frame[1]]), i16::from_be_bytes([frame[2], frame[3]]));
        let api = ApiKey::try_from(key).unwrap();
        let header = RequestHeader::decode(&mut frame, api.request_header_version(version)).unwrap();
        let mut answer = BytesMut::new();
        let head = ResponseHeader::default().with_correlation_id(header.correlation_id);
        head.encode(&mut answer, api.response_header_version(version)).unwrap();
        match api {
            ApiKey::ApiVersions => versions().encode(&mut answer, version).unwrap(),
            ApiKey::SaslHandshake => {
                let request = SaslHandshakeRequest::decode(&mut frame, version).unwrap();
                assert_eq!(request.mechanism.as_str(), "AWS_MSK_IAM");
                SaslHandshakeResponse::default().encode(&mut answer, version).unwrap();
            }
            ApiKey::SaslAuthenticate => {
                let request = SaslAuthenticateRequest::decode(&mut frame, version).unwrap();
                judge(&request.auth_bytes, secret).encode(&mut answer, version).unwrap();
            }
            other => panic!("{other:?} was not expected"),
        }
        let mut whole = BytesMut::new();
        whole.put_i32(i32::try_from(answer.remaining()).unwrap());
        whole.extend_from_slice(&answer);
        stream.write_all(&whole).await?;
    }
}

fn versions() -> ApiVersionsResponse {
    let known = [(ApiKey::ApiVersions, 3), (ApiKey::SaslHandshake, 1), (ApiKey::SaslAuthenticate, 2)];
    let keys = known.map(|(key, max)| ApiVersion::default().with_api_key(key as i16).with_max_version(max));
    ApiVersionsResponse::default().with_api_keys(keys.to_vec())
}

fn judge(payload: &[u8], secret: &str) -> SaslAuthenticateResponse {
    match check(&serde_json::from_slice(payload).unwrap(), secret) {
        Ok(()) => SaslAuthenticateResponse::default()
            .with_auth_bytes(Bytes::from_static(br#"{"version":"2020_10_22","request-id":"x"}"#)),
        Err(words) => SaslAuthenticateResponse::default()
            .with_error_code(58)
            .with_error_message(Some(StrBytes::from_string(words))),
    }
}

/// Checks a message as its description has it: the fields, and the signature of the presigned request.
fn check(payload: &BTreeMap<String, String>, secret: &str) -> Result<(), String> {
    let field = |name: &str| payload.get(name).map(String::as_str).unwrap_or_default();
    for (name, wanted) in [
        ("version", "2020_10_22"),
        ("host", "127.0.0.1"),
        ("action", "kafka-cluster:Connect"),
        ("x-amz-algorithm", "AWS4-HMAC-SHA256"),
        ("x-amz-signedheaders", "host"),
        ("x-amz-expires", "900"),
    ] {
        assert_eq!(field(name), wanted, "{name} of {payload:?}");
    }
    assert!(!field("user-agent").is_empty());
    let date = field("x-amz-date");
    let day = &date[..8];
    let scope = format!("{day}/eu-west-1/kafka-cluster/aws4_request");
    assert_eq!(field("x-amz-credential"), format!("{KEY_ID}/{scope}"));
    let names = ["Action", "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires"];
    let session = (!field("x-amz-security-token").is_empty()).then_some("X-Amz-Security-Token");
    let query: Vec<String> = names
        .into_iter()
        .chain(session)
        .chain(["X-Amz-SignedHeaders"])
        .map(|name| format!("{name}={}", percent(field(&name.to_lowercase()))))
        .collect();
    let hash = |text: &str| hex(digest::digest(&digest::SHA256, text.as_bytes()).as_ref());
    let request = format!("GET\n/\n{}\nhost:{}\n\nhost\n{}", query.join("&"), field("host"), hash(""));
    let to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hash(&request));
    let mut key = format!("AWS4{secret}").into_bytes();
    for part in [day, "eu-west-1", "kafka-cluster", "aws4_request", &to_sign] {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), part.as_bytes());
        key = tag.as_ref().to_vec();
    }
    if hex(&key) == field("x-amz-signature") { Ok(()) } else { Err("Access denied".to_owned()) }
}

fn percent(text: &str) -> String {
    text.replace('/', "%2F").replace(':', "%3A").replace('+', "%2B").replace('=', "%3D")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads a cluster's settings with these lines and variables, as `strait` does.
fn settings(port: u16, more: &str, variables: &[(&str, String)]) -> ClusterSettings {
    let text = format!(
        "[clusters.msk]\nbootstrap_servers = ['127.0.0.1:{port}']\nsecurity_protocol = 'SASL_PLAINTEXT'\n\
         sasl_mechanism = 'AWS_MSK_IAM'\nsasl_aws_region = 'eu-west-1'\n{more}\n\
         [clusters.b]\nbootstrap_servers = ['b:9092']\n\
         [flows.f]\nsource = 'msk'\ntarget = 'b'\ntopics = ['t']\n"
    );
    let env = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
    let loaded = load_text(SourceText::new("strait.toml".into(), text), &env);
    loaded.unwrap_or_else(|failure| panic!("{failure}")).settings.clusters["msk"].clone()
}

async fn connect(settings: ClusterSettings) -> Result<(), ConnectError> {
    let server = settings.bootstrap_servers[0].clone();
    let peer = Peer {
        cluster: settings.alias.clone(),
        node: None,
        host: server.host,
        port: server.port,
        origin: PeerOrigin::Bootstrap { line: 1 },
    };
    Connector::new(Arc::new(settings)).unwrap().connect(peer).await.map(drop)
}

/// Says what a web service answers to each request line; anything else is 404.
type Answers = &'static [(&'static str, &'static str)];

/// Starts a web service that answers only with the header it wants; returns its port.
async fn service(wanted: &'static str, answers: Answers) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut text = String::new();
            let mut buffer = [0; 4096];
            // The requests here are short and come in one piece or, with a body, in two.
            while !(text.contains("\r\n\r\n") && text.contains(wanted)) {
                let count = stream.read(&mut buffer).await.unwrap();
                assert!(count > 0, "{wanted} is not in\n{text}");
                text.push_str(&String::from_utf8_lossy(&buffer[..count]));
            }
            let found = answers.iter().find(|(line, _)| text.starts_with(line));
            let (status, body) = found.map_or(("404 Not Found", ""), |(_, body)| ("200 OK", body));
            let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n", body.len());
            stream.write_all((head + body).as_bytes()).await.unwrap();
        }
    });
    port
}

fn at(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

#[tokio::test]
async fn the_signature_is_what_the_broker_computes() {
    let port = broker(SECRET).await;
    let keys = format!("sasl_aws_access_key_id = '{KEY_ID}'\nsasl_aws_secret_access_key = 'env:SECRET'");
    let variables = [("SECRET", SECRET.to_owned()), ("SESSION", SESSION.to_owned())];
    connect(settings(port, &keys, &variables)).await.unwrap();
    let with_session = format!("{keys}\nsasl_aws_session_token = 'env:SESSION'");
    connect(settings(port, &with_session, &variables)).await.unwrap();
    let wrong = [("SECRET", "another".to_owned())];
    let refused = connect(settings(port, &keys, &wrong)).await.unwrap_err().to_string();
    assert!(refused.contains(KEY_ID) && refused.contains("Access denied"), "{refused}");
    assert!(!refused.contains("another"), "{refused}");
}

#[tokio::test]
async fn identities_come_from_the_environment_and_the_shared_file() {
    let port = broker(SECRET).await;
    let variables = [
        ("AWS_ACCESS_KEY_ID", KEY_ID.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", SECRET.to_owned()),
        ("AWS_SESSION_TOKEN", SESSION.to_owned()),
    ];
    connect(settings(port, "", &variables)).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("credentials");
    let text = format!(
        "[default]\naws_access_key_id = OTHER\naws_secret_access_key = other\n# work\n[ work ]\n\
         aws_access_key_id={KEY_ID}\naws_secret_access_key = {SECRET}\nregion = us-east-1\n"
    );
    std::fs::write(&file, text).unwrap();
    let variables = [("AWS_SHARED_CREDENTIALS_FILE", file.display().to_string())];
    connect(settings(port, "sasl_aws_profile = 'work'", &variables)).await.unwrap();
    let absent =
        connect(settings(port, "sasl_aws_profile = 'home'", &variables)).await.unwrap_err().to_string();
    assert!(absent.contains("profile `home`") && absent.contains("credentials"), "{absent}");
}

#[tokio::test]
async fn identities_come_from_a_container_an_instance_and_a_role() {
    let port = broker(SECRET).await;
    let container =
        service("authorization: Basic abc", &[("GET /v1/credentials HTTP/1.1\r\n", TEMPORARY)]).await;
    let variables = [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", at(container) + "/v1/credentials"),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Basic abc".to_owned()),
    ];
    connect(settings(port, "", &variables)).await.unwrap();

    let instance = service(
        "x-aws-ec2-metadata-token",
        &[
            ("PUT /latest/api/token HTTP/1.1\r\n", "token-of-the-session"),
            ("GET /latest/meta-data/iam/security-credentials/ HTTP/1.1\r\n", "copier\n"),
            ("GET /latest/meta-data/iam/security-credentials/copier HTTP/1.1\r\n", TEMPORARY),
        ],
    )
    .await;
    let variables = [("AWS_EC2_METADATA_SERVICE_ENDPOINT", at(instance))];
    connect(settings(port, "", &variables)).await.unwrap();

    let sts = service(
        "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr\
         &RoleSessionName=strait&WebIdentityToken=e30.e30.x",
        &[("POST / HTTP/1.1\r\n", ASSUMED)],
    )
    .await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("token");
    std::fs::write(&file, "e30.e30.x\n").unwrap();
    let variables = [
        ("AWS_ENDPOINT_URL_STS", at(sts)),
        ("AWS_ROLE_ARN", "arn:aws:iam::1:role/r".to_owned()),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", file.display().to_string()),
    ];
    connect(settings(port, "", &variables)).await.unwrap();
}

#[tokio::test]
async fn a_service_without_credentials_is_named() {
    let port = broker(SECRET).await;
    let instance =
        service("x-aws-ec2-metadata-token", &[("PUT /latest/api/token HTTP/1.1\r\n", "token")]).await;
    let variables = [("AWS_EC2_METADATA_SERVICE_ENDPOINT", at(instance))];
    let words = connect(settings(port, "", &variables)).await.unwrap_err().to_string();
    assert!(words.contains("EC2 metadata service") && words.contains("404"), "{words}");
}
