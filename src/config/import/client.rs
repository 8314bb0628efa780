//! A Kafka client's settings as those of a cluster: where, encryption, login.

use std::collections::BTreeMap;

use super::draft::{Draft, Table};
use super::given::list;
use super::properties::Property;
use crate::config::choice::{Choice, SecurityProtocol};
use crate::config::resolve::cluster::parse_server;
use crate::config::secret::Secret;
use crate::config::settings::SaslMechanism;

/// Looks a client's setting up by its name without prefixes.
pub type Lookup<'a> = dyn Fn(&str) -> Option<&'a Property> + 'a;

/// Writes the settings of a client into a cluster's table.
pub fn convert(alias: &str, find: &Lookup<'_>, table: &mut Table, draft: &mut Draft) {
    // An empty value is what not saying it is, but for the check of names that it turns off.
    let find = &|key: &str| {
        find(key).filter(|found| !found.value.is_empty() || key == "ssl.endpoint.identification.algorithm")
    };
    let protocol = protocol(find, draft);
    let login = if protocol.sasl { login(alias, find, draft) } else { None };
    unless_used(find, draft, protocol.sasl, &SASL, "the protocol has no login, so it did nothing");
    unless_used(find, draft, protocol.tls, &SSL, "the connection is not encrypted, so it did nothing");
    let told = match (protocol.sasl, &login) {
        // A login this build does not speak: what is written must still be a sound file.
        (true, None) => None,
        _ => Some(protocol),
    };
    match told {
        Some(protocol) if protocol.name != "PLAINTEXT" => table.set("security_protocol", protocol.name),
        Some(_) => {}
        None => {
            let comment =
                format!("set security_protocol = \"{}\" and the login: see the remarks below", protocol.name);
            table.comments.push(comment);
        }
    }
    for (key, value, comment) in login.into_iter().flatten() {
        match comment {
            Some(comment) => table.set_with(key, value, comment),
            None => table.set(key, value),
        }
    }
    if told.is_some_and(|protocol| protocol.tls) {
        tls(alias, find, table, draft);
    }
    if let Some(id) = find("client.id").filter(|id| !id.value.is_empty()) {
        table.set("client_id", id.value.as_str());
    }
    for (key, ours) in
        [("socket.connection.setup.timeout.ms", "connect_timeout"), ("request.timeout.ms", "request_timeout")]
    {
        if let Some(property) = find(key) {
            match milliseconds(&property.value) {
                Some(text) => table.set(ours, text),
                None => draft.remark(property, "not a number of milliseconds that can be used here"),
            }
        }
    }
}

const SASL: [&str; 4] = [
    "sasl.mechanism",
    "sasl.jaas.config",
    "sasl.client.callback.handler.class",
    "sasl.login.callback.handler.class",
];
const SSL: [&str; 9] = [
    "ssl.truststore.location",
    "ssl.truststore.password",
    "ssl.truststore.type",
    "ssl.keystore.location",
    "ssl.keystore.password",
    "ssl.keystore.type",
    "ssl.key.password",
    "ssl.endpoint.identification.algorithm",
    "ssl.truststore.certificates",
];

fn unless_used(find: &Lookup<'_>, draft: &mut Draft, is_used: bool, keys: &[&str], words: &str) {
    if !is_used {
        for property in keys.iter().filter_map(|key| find(key)) {
            draft.remark(property, words);
        }
    }
}

fn protocol(find: &Lookup<'_>, draft: &mut Draft) -> SecurityProtocol {
    let plain = SecurityProtocol::WORDS[0].1;
    let Some(property) = find("security.protocol") else { return plain };
    SecurityProtocol::from_word(&property.value.to_uppercase()).unwrap_or_else(|| {
        draft.remark(property, format!("`{}` is no protocol of Kafka", property.value));
        plain
    })
}

/// Keys of a login in the order they are written, with their values and what is to be said beside them.
type Login = Vec<(&'static str, String, Option<String>)>;

fn login(alias: &str, find: &Lookup<'_>, draft: &mut Draft) -> Option<Login> {
    // Without one, Kafka's clients take GSSAPI.
    let word = find("sasl.mechanism").map_or("GSSAPI", |typed| typed.value.as_str());
    let Some(mechanism) = SaslMechanism::from_word(word) else {
        let words = format!("the login by {word} has to be set up by hand, where this build has it");
        for property in SASL.iter().filter_map(|key| find(key)) {
            draft.remark(property, words.clone());
        }
        return None;
    };
    for key in &SASL[2..] {
        if let Some(property) = find(key) {
            draft.remark(property, "a Java class; Strait brings its own login");
        }
    }
    let mut login: Login = vec![("sasl_mechanism", mechanism.name().to_owned(), None)];
    let jaas = find("sasl.jaas.config");
    login.extend(match mechanism {
        SaslMechanism::Password(_) => password_login(alias, jaas),
        SaslMechanism::OauthBearer => oauth_login(alias, find, jaas),
        SaslMechanism::AwsMskIam => aws_login(find, jaas),
    });
    Some(login)
}

fn password_login(alias: &str, jaas: Option<&Property>) -> Login {
    let text = jaas.map_or("", |jaas| jaas.value.as_str());
    let username =
        option(text, "username").filter(|name| !name.is_empty()).map(|name| reference(&name).unwrap_or(name));
    let username = username.unwrap_or_else(|| format!("env:{}", variable(alias, "SASL_USERNAME")));
    let password = secret(alias, jaas, ("password", "SASL_PASSWORD"));
    vec![("sasl_username", username, None), ("sasl_password", password.0, password.1)]
}

fn oauth_login(alias: &str, find: &Lookup<'_>, jaas: Option<&Property>) -> Login {
    let Some(endpoint) = find("sasl.oauthbearer.token.endpoint.url") else {
        let comment = "a token that something else keeps fresh; or name the endpoint that gives them";
        let place = format!("env:{}", variable(alias, "SASL_TOKEN"));
        return vec![("sasl_oauthbearer_token", place, Some(comment.to_owned()))];
    };
    let text = jaas.map_or("", |jaas| jaas.value.as_str());
    let id = option(text, "clientId").filter(|id| !id.is_empty()).map(|id| reference(&id).unwrap_or(id));
    let id = id.unwrap_or_else(|| format!("env:{}", variable(alias, "SASL_CLIENT_ID")));
    let secret = secret(alias, jaas, ("clientSecret", "SASL_CLIENT_SECRET"));
    let mut login: Login = vec![
        ("sasl_oauthbearer_token_endpoint_url", endpoint.value.clone(), None),
        ("sasl_oauthbearer_client_credentials_client_id", id, None),
        ("sasl_oauthbearer_client_credentials_client_secret", secret.0, secret.1),
    ];
    login.extend(
        option(text, "scope")
            .filter(|scope| !scope.is_empty())
            .map(|scope| ("sasl_oauthbearer_scope", scope, None)),
    );
    login
}

fn aws_login(find: &Lookup<'_>, jaas: Option<&Property>) -> Login {
    let text = jaas.map_or("", |jaas| jaas.value.as_str());
    let mut login = Login::new();
    if !find("bootstrap.servers").is_some_and(|servers| servers.value.contains(".amazonaws.com")) {
        let comment = "the region the cluster is in: neither the file nor the brokers' names say it";
        login.push(("sasl_aws_region", "us-east-1".to_owned(), Some(comment.to_owned())));
    }
    login.extend(option(text, "awsProfileName").map(|name| ("sasl_aws_profile", name, None)));
    login
}

/// Says where a secret is to be read from, and what to do for it: one that stands in the file is not taken over.
fn secret(alias: &str, jaas: Option<&Property>, (name, suffix): (&str, &str)) -> (String, Option<String>) {
    let variable = variable(alias, suffix);
    let place = format!("env:{variable}");
    let Some(jaas) = jaas else { return (place, None) };
    match option(&jaas.value, name).and_then(|text| reference(&text)) {
        Some(place) => (place, None),
        None => {
            let what = if name == "password" { "password" } else { "secret" };
            let comment = format!(
                "the {what} stands in line {}: put it into the environment variable {variable}, or into a file (file:PATH)",
                jaas.line
            );
            (place, Some(comment))
        }
    }
}

/// Returns the secrets that stand in the file itself, by the environment variables they are to be put into.
pub fn literals(alias: &str, find: &Lookup<'_>) -> BTreeMap<String, Secret> {
    let jaas = find("sasl.jaas.config").map_or("", |jaas| jaas.value.as_str());
    let named = [("password", "SASL_PASSWORD"), ("clientSecret", "SASL_CLIENT_SECRET")];
    let literal = |(name, suffix): (&str, &str)| {
        let text = option(jaas, name).filter(|text| !text.is_empty() && reference(text).is_none())?;
        Some((variable(alias, suffix), Secret::new(text)))
    };
    named.into_iter().filter_map(literal).collect()
}

/// Reads an option of a JAAS configuration: `name="value"`, or `name=value` without spaces.
fn option(jaas: &str, name: &str) -> Option<String> {
    let mut rest = jaas;
    while let Some(at) = rest.find(name) {
        let is_whole = rest[..at].ends_with(|c: char| c.is_whitespace() || c == ';') || at == 0;
        let behind = rest[at + name.len()..].trim_start();
        rest = &rest[at + name.len()..];
        let Some(value) = behind.strip_prefix('=').filter(|_| is_whole) else { continue };
        let value = value.trim_start();
        let Some(quoted) = value.strip_prefix('"') else {
            return value.split([' ', ';', '\t']).next().map(str::to_owned);
        };
        let mut text = String::new();
        let mut chars = quoted.chars();
        while let Some(c) = chars.next() {
            match c {
                '"' => return Some(text),
                '\\' => text.extend(chars.next()),
                c => text.push(c),
            }
        }
    }
    None
}

/// Turns a reference of Kafka's config providers, such as `${env:US_PASSWORD}`, into ours.
fn reference(text: &str) -> Option<String> {
    let inner = text.strip_prefix("${")?.strip_suffix('}')?;
    let (provider, place) = inner.split_once(':')?;
    match provider {
        "env" => Some(format!("env:{place}")),
        "dir" => {
            let (folder, name) = place.split_once(':')?;
            Some(format!("file:{folder}/{name}"))
        }
        _ => None,
    }
}

/// Makes an environment variable's name, such as `US_EAST_SASL_PASSWORD`.
pub fn variable(alias: &str, what: &str) -> String {
    let alias: String =
        alias.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
    format!("{alias}_{what}")
}

fn tls(alias: &str, find: &Lookup<'_>, table: &mut Table, draft: &mut Draft) {
    if let Some(store) = find("ssl.truststore.location") {
        let kind = find("ssl.truststore.type").map_or("JKS", |kind| kind.value.as_str());
        if kind.eq_ignore_ascii_case("PEM") {
            table.set("ssl_ca_file", store.value.as_str());
        } else {
            let comment = format!(
                "from the {kind} truststore {}: export it as PEM (keytool -exportcert -rfc)",
                store.value
            );
            table.set_with("ssl_ca_file", format!("{alias}-ca.pem"), comment);
        }
    }
    if let Some(store) = find("ssl.keystore.location") {
        let kind = find("ssl.keystore.type").map_or("JKS", |kind| kind.value.as_str());
        if kind.eq_ignore_ascii_case("PEM") {
            table.set("ssl_certificate_file", store.value.as_str());
            table.set("ssl_key_file", store.value.as_str());
        } else {
            let comment = format!(
                "from the {kind} keystore {}: export chain and key as PEM (openssl pkcs12)",
                store.value
            );
            table.set_with("ssl_certificate_file", format!("{alias}.pem"), comment);
            table.set("ssl_key_file", format!("{alias}.key"));
        }
    }
    for key in ["ssl.truststore.password", "ssl.keystore.password", "ssl.key.password"] {
        if let Some(property) = find(key) {
            draft.remark(property, "PEM files bear no password; protect them by their permissions");
        }
    }
    if let Some(property) = find("ssl.truststore.certificates") {
        draft.remark(property, "put the certificates into a file and name it in ssl_ca_file");
    }
    if let Some(property) =
        find("ssl.endpoint.identification.algorithm").filter(|found| found.value.is_empty())
    {
        draft.remark(property, "the broker's name is always checked against its certificate");
    }
}

/// Writes milliseconds as a duration; `None` outside of what durations may be.
pub fn milliseconds(text: &str) -> Option<String> {
    let number: u64 = text.trim().parse().ok()?;
    let duration = std::time::Duration::from_millis(number);
    let bounds = crate::config::defaults::DURATION_MIN..=crate::config::defaults::DURATION_MAX;
    bounds.contains(&duration).then(|| humantime::format_duration(duration).to_string())
}

/// Reads a list of servers, without those that are no `host:port`.
pub fn servers(property: &Property, draft: &mut Draft) -> Vec<String> {
    let mut servers = Vec::new();
    for entry in list(&property.value) {
        // Old files put the protocol in front, as in listeners.
        let address = entry.rsplit("://").next().unwrap_or(entry);
        let is_address = parse_server(address).is_ok();
        if is_address {
            servers.push(address.to_owned());
        } else {
            draft.remark(property, format!("`{entry}` is not host:port"));
        }
    }
    servers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_a_jaas_configuration_are_read() {
        let jaas = "org.apache.kafka.common.security.scram.ScramLoginModule required \
                    username=\"al\\\"ice\" password=\"pa ss;word\" tokenauth=true;";
        assert_eq!(option(jaas, "username").as_deref(), Some("al\"ice"));
        assert_eq!(option(jaas, "password").as_deref(), Some("pa ss;word"));
        assert_eq!(option(jaas, "tokenauth").as_deref(), Some("true"));
        assert_eq!(option(jaas, "user"), None);
        assert_eq!(
            option("x required keypassword=\"no\" password=plain;", "password").as_deref(),
            Some("plain")
        );
    }

    #[test]
    fn references_of_config_providers_stay_references() {
        assert_eq!(reference("${env:US_PW}").as_deref(), Some("env:US_PW"));
        assert_eq!(reference("${dir:/run/secrets:us}").as_deref(), Some("file:/run/secrets/us"));
        assert_eq!(reference("${file:/a.properties:us}"), None);
        assert_eq!(reference("literal"), None);
    }
}
