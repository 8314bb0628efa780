//! One cluster: where it is, how to encrypt, how to log in.

use super::Context;
use super::login::{self, Login};
use crate::config::choice::SecurityProtocol;
use crate::config::defaults;
use crate::config::error::{BootstrapFault, ConfigError};
use crate::config::raw::{At, RawCluster};
use crate::config::settings::{BootstrapServer, ClientIdentity, ClusterSettings, TlsSettings};
use crate::types::{ClusterAlias, ClusterId};

pub(super) fn resolve(
    context: &mut Context<'_>,
    name: &At<String>,
    raw: &RawCluster,
) -> Option<ClusterSettings> {
    let alias = name.value();
    let key = |last: &str| format!("clusters.{alias}.{last}");
    let is_sound = (1..=100).contains(&alias.len())
        && alias.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    if !is_sound {
        context.error(name, ConfigError::ClusterName { name: alias.clone() });
    }
    let bootstrap_servers = bootstrap(context, raw, &key("bootstrap_servers"));
    let cluster_id = raw.cluster_id.as_ref().map(|id| context.text(id, &key("cluster_id")));
    let protocol: Option<SecurityProtocol> =
        context.word(raw.security_protocol.as_ref(), defaults::SECURITY_PROTOCOL, &key("security_protocol"));
    let tls = protocol.and_then(|protocol| tls(context, raw, protocol, &key));
    let servers = bootstrap_servers.as_deref().unwrap_or_default();
    let sasl = protocol.and_then(|protocol| {
        login::resolve(context, &Login { cluster: name, raw, protocol, key: &key }, servers)
    });
    let client_id = match &raw.client_id {
        Some(typed) => context.text(typed, &key("client_id")),
        None => Some(defaults::CLIENT_ID.to_owned()),
    };
    let connect_timeout =
        context.duration(raw.connect_timeout.as_ref(), defaults::CONNECT_TIMEOUT, &key("connect_timeout"));
    let request_timeout =
        context.duration(raw.request_timeout.as_ref(), defaults::REQUEST_TIMEOUT, &key("request_timeout"));
    Some(ClusterSettings {
        alias: ClusterAlias::from(alias.as_str()),
        bootstrap_servers: bootstrap_servers?,
        cluster_id: cluster_id.flatten().map(ClusterId::new),
        tls,
        sasl,
        client_id: client_id?,
        connect_timeout: connect_timeout?,
        request_timeout: request_timeout?,
    })
}

fn bootstrap(context: &mut Context<'_>, raw: &RawCluster, key: &str) -> Option<Vec<BootstrapServer>> {
    let list = raw.bootstrap_servers.as_ref()?;
    if list.value().is_empty() {
        context.error(list, ConfigError::Empty { key: key.to_owned() });
    }
    let mut servers = Vec::with_capacity(list.value().len());
    for entry in list.value() {
        match parse_server(entry.value()) {
            Ok((host, port)) => {
                let line = context.source.place(entry.span().start).line;
                servers.push(BootstrapServer { host: host.to_owned(), port, line });
            }
            Err(fault) => {
                let error = ConfigError::Bootstrap { entry: entry.value().clone(), fault };
                context.error(entry, error);
            }
        }
    }
    Some(servers)
}

/// Reads `host:port`, where the host may be a name, an IPv4 address or an IPv6 address in brackets.
pub(in crate::config) fn parse_server(entry: &str) -> Result<(&str, u16), BootstrapFault> {
    if entry.contains("://") {
        return Err(BootstrapFault::Scheme);
    }
    if entry.contains(',') {
        return Err(BootstrapFault::List);
    }
    let (host, port) = match entry.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']').ok_or(BootstrapFault::Brackets)?;
            if host.parse::<std::net::Ipv6Addr>().is_err() {
                return Err(BootstrapFault::Brackets);
            }
            (host, port.strip_prefix(':').ok_or(BootstrapFault::NoPort)?)
        }
        None if entry.parse::<std::net::Ipv6Addr>().is_ok() => return Err(BootstrapFault::Brackets),
        None => {
            let (host, port) = entry.rsplit_once(':').ok_or(BootstrapFault::NoPort)?;
            if host.contains(':') {
                return Err(BootstrapFault::Brackets);
            }
            let is_name_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
            if host.is_empty() {
                return Err(BootstrapFault::NoHost);
            }
            if host.len() > 255 || !host.bytes().all(is_name_byte) {
                return Err(BootstrapFault::Host);
            }
            (host, port)
        }
    };
    let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
    match port.parse() {
        Ok(number) if number > 0 && is_number => Ok((host, number)),
        _ => Err(BootstrapFault::Port),
    }
}

fn tls(
    context: &mut Context<'_>,
    raw: &RawCluster,
    protocol: SecurityProtocol,
    key: &dyn Fn(&str) -> String,
) -> Option<TlsSettings> {
    const KEYS: [&str; 3] = ["ssl_ca_file", "ssl_certificate_file", "ssl_key_file"];
    let typed = [&raw.ssl_ca_file, &raw.ssl_certificate_file, &raw.ssl_key_file];
    if !protocol.tls {
        // A token endpoint is trusted by this file, too, whatever the brokers' protocol.
        let is_used = |name| name == KEYS[0] && raw.sasl_oauthbearer_token_endpoint_url.is_some();
        for (name, typed) in KEYS.into_iter().zip(typed) {
            if let Some(typed) = typed.as_ref().filter(|_| !is_used(name)) {
                let error = ConfigError::SslUnused { key: key(name), protocol: protocol.name };
                context.error(typed, error);
            }
        }
        return None;
    }
    let [_, have_certificate, have_key] = typed;
    match (have_certificate, have_key) {
        (Some(have), None) => {
            context.error(have, ConfigError::HalfIdentity { have: KEYS[1], missing: KEYS[2] });
        }
        (None, Some(have)) => {
            context.error(have, ConfigError::HalfIdentity { have: KEYS[2], missing: KEYS[1] });
        }
        _ => {}
    }
    let [ca_file, certificate_file, key_file] = [0, 1, 2].map(|index| {
        let typed: Option<&At<String>> = typed[index].as_ref();
        typed.and_then(|typed| context.file(typed, &key(KEYS[index])))
    });
    let client_identity = certificate_file
        .zip(key_file)
        .map(|(certificate_file, key_file)| ClientIdentity { certificate_file, key_file });
    Some(TlsSettings { ca_file, client_identity })
}
