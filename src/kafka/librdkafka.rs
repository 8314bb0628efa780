//! What `strait.toml` says of a cluster in librdkafka's words, for what is done through it: the membership
//! in a consumer group.

use std::net::Ipv6Addr;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::client::OAuthToken;

use super::credentials::{CredentialError, Credentials};
use crate::config::settings::{BootstrapServer, ClusterSettings, SaslMechanism, SaslSettings};

/// Bounds of `socket.timeout.ms` and `socket.connection.setup.timeout.ms`.
const SOCKET_TIMEOUT_MS: (u128, u128) = (1_000, 300_000);

/// Returns a configuration that reaches the cluster as Strait's own connections do.
pub fn client_config(settings: &ClusterSettings) -> ClientConfig {
    let mut config = ClientConfig::new();
    let servers: Vec<String> = settings.bootstrap_servers.iter().map(address).collect();
    config
        .set("bootstrap.servers", servers.join(","))
        .set("client.id", &settings.client_id)
        .set("security.protocol", protocol(settings))
        .set("socket.timeout.ms", milliseconds(settings.request_timeout))
        .set("socket.connection.setup.timeout.ms", milliseconds(settings.connect_timeout));
    if let Some(tls) = &settings.tls {
        // "probe" looks where systems keep the certificates they trust: OpenSSL comes with the binary
        // and knows of no place of its own.
        let trusted = tls.ca_file.as_ref().map_or("probe".to_owned(), |file| file.display().to_string());
        config.set("ssl.ca.location", trusted);
        if let Some(identity) = &tls.client_identity {
            config
                .set("ssl.certificate.location", identity.certificate_file.display().to_string())
                .set("ssl.key.location", identity.key_file.display().to_string());
        }
    }
    match &settings.sasl {
        None => {}
        Some(SaslSettings::Password(login)) => {
            config
                .set("sasl.mechanisms", SaslMechanism::Password(login.mechanism).name())
                .set("sasl.username", &login.username)
                .set("sasl.password", login.password.expose());
        }
        // Amazon's brokers take a signed request as a bearer token, too. Tokens come from our own
        // credentials, through the client's context.
        Some(SaslSettings::OauthBearer(_) | SaslSettings::AwsMskIam(_)) => {
            config.set("sasl.mechanisms", SaslMechanism::OauthBearer.name());
        }
    }
    config
}

/// Gets a token for librdkafka, from its thread; `None` where the login is by password.
///
/// librdkafka asks for the next one when 80 % of the lifetime is over.
pub fn token(
    credentials: &Credentials,
    runtime: &tokio::runtime::Handle,
) -> Result<Option<OAuthToken>, CredentialError> {
    let token = runtime.block_on(credentials.bearer_token())?;
    Ok(token.map(|token| {
        // librdkafka wants an end; where nobody says one, the broker will.
        let end =
            token.expires_at.map_or(i64::MAX / 2, |at| i64::try_from(at).unwrap_or(i64::MAX / 2_000) * 1000);
        OAuthToken {
            token: token.text.expose().to_owned(),
            principal_name: token.principal,
            lifetime_ms: end,
        }
    }))
}

fn address(server: &BootstrapServer) -> String {
    let BootstrapServer { host, port, .. } = server;
    if host.parse::<Ipv6Addr>().is_ok() { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

fn protocol(settings: &ClusterSettings) -> &'static str {
    match (&settings.tls, &settings.sasl) {
        (None, None) => "PLAINTEXT",
        (Some(_), None) => "SSL",
        (None, Some(_)) => "SASL_PLAINTEXT",
        (Some(_), Some(_)) => "SASL_SSL",
    }
}

fn milliseconds(time: Duration) -> String {
    let (least, most) = SOCKET_TIMEOUT_MS;
    time.as_millis().clamp(least, most).to_string()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::config::settings::{ClientIdentity, PasswordMechanism, PasswordSettings, Secret, TlsSettings};
    use crate::types::ClusterAlias;

    fn settings() -> ClusterSettings {
        let server = |host: &str| BootstrapServer { host: host.to_owned(), port: 9092, line: 1 };
        ClusterSettings {
            alias: ClusterAlias::from("eu"),
            bootstrap_servers: vec![server("eu-1"), server("::1")],
            cluster_id: None,
            tls: None,
            sasl: None,
            client_id: "strait-eu".into(),
            connect_timeout: Duration::from_millis(20),
            request_timeout: Duration::from_secs(30),
        }
    }

    #[test]
    fn a_plain_cluster_needs_its_addresses_and_times_only() {
        let config = client_config(&settings());
        let wanted = [
            ("bootstrap.servers", "eu-1:9092,[::1]:9092"),
            ("client.id", "strait-eu"),
            ("security.protocol", "PLAINTEXT"),
            ("socket.timeout.ms", "30000"),
            ("socket.connection.setup.timeout.ms", "1000"),
        ];
        assert_eq!(config.config_map().len(), wanted.len());
        for (key, value) in wanted {
            assert_eq!(config.get(key), Some(value), "{key}");
        }
    }

    #[test]
    fn files_and_login_are_carried_over_and_taken_by_librdkafka() {
        let mut settings = settings();
        settings.tls = Some(TlsSettings { ca_file: None, client_identity: None });
        assert_eq!(client_config(&settings).get("ssl.ca.location"), Some("probe"));
        settings.tls = Some(TlsSettings {
            ca_file: Some(PathBuf::from("ca.pem")),
            client_identity: Some(ClientIdentity {
                certificate_file: PathBuf::from("strait.pem"),
                key_file: PathBuf::from("strait.key"),
            }),
        });
        settings.sasl = Some(SaslSettings::Password(PasswordSettings {
            mechanism: PasswordMechanism::ScramSha512,
            username: "strait".into(),
            password: Secret::new("letmein".into()),
        }));
        let config = client_config(&settings);
        for (key, value) in [
            ("security.protocol", "SASL_SSL"),
            ("sasl.mechanisms", "SCRAM-SHA-512"),
            ("sasl.username", "strait"),
            ("sasl.password", "letmein"),
            ("ssl.ca.location", "ca.pem"),
            ("ssl.certificate.location", "strait.pem"),
            ("ssl.key.location", "strait.key"),
        ] {
            assert_eq!(config.get(key), Some(value), "{key}");
            assert!(config.create_native_config().is_ok(), "librdkafka does not know {key}");
        }
    }
}
