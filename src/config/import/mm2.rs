//! A MirrorMaker 2 properties file as a configuration of Strait. What the keys do there was read in Kafka's
//! own source (`MirrorMakerConfig`, `MirrorConnectorConfig`, `DefaultTopicFilter`).

use std::collections::BTreeMap;

use super::ImportError;
use super::client::{convert, servers};
use super::draft::{Draft, Table};
use super::given::{Given, list};
use super::properties::Property;
use super::reasons::reason;
use super::{finish, mm2_flows};
use crate::config::suggest::nearest;

/// Client prefixes under a cluster's name, in the order they are asked.
const CLIENTS: [&str; 4] = ["", "admin.", "consumer.", "producer."];

/// Keys of a cluster that are mistyped most.
const CLIENT_KEYS: [&str; 8] = [
    "bootstrap.servers",
    "security.protocol",
    "sasl.mechanism",
    "sasl.jaas.config",
    "ssl.truststore.location",
    "ssl.keystore.location",
    "client.id",
    "request.timeout.ms",
];

/// Says whether a file is MirrorMaker's.
pub fn is_mm2(given: &Given) -> bool {
    given.all().any(|property| property.key == "clusters" || property.key.contains("->"))
}

/// Reads the file.
///
/// # Errors
/// It names no clusters, or no flow is enabled between them.
pub fn convert_file(given: &Given) -> Result<Draft, ImportError> {
    let mut draft = Draft::default();
    let mut aliases: Vec<String> =
        given.value("clusters").map(list).unwrap_or_default().into_iter().map(str::to_owned).collect();
    let mut seen = std::collections::BTreeSet::new();
    aliases.retain(|alias| seen.insert(alias.clone()));
    if aliases.is_empty() {
        return Err(ImportError::NoClusters);
    }
    let names: BTreeMap<&str, String> =
        aliases.iter().map(String::as_str).zip(finish::names(&aliases, true)).collect();
    for alias in &aliases {
        let table = cluster(given, alias, &aliases, &mut draft);
        draft.clusters.push((names[alias.as_str()].clone(), table));
    }
    mm2_flows::convert(given, &aliases, &names, &mut draft);
    if draft.flows.is_empty() {
        return Err(ImportError::NoFlows);
    }
    for property in given.left(&mut draft) {
        let words = why_left(property, &aliases);
        draft.remark(property, words);
    }
    Ok(draft)
}

fn cluster(given: &Given, alias: &str, aliases: &[String], draft: &mut Draft) -> Table {
    let mut table = Table::default();
    bootstrap(given, alias, aliases, &mut table, draft);
    let find = |key: &str| {
        // A key without a cluster's name holds for all clusters.
        let own = CLIENTS.iter().find_map(|client| given.get(&format!("{alias}.{client}{key}")));
        own.or_else(|| given.get(key))
    };
    convert(alias, &find, &mut table, draft);
    table
}

fn bootstrap(given: &Given, alias: &str, aliases: &[String], table: &mut Table, draft: &mut Draft) {
    const KEY: &str = "bootstrap.servers";
    if let Some(property) = given.get(&format!("{alias}.{KEY}")) {
        let servers = servers(property, draft);
        if !servers.is_empty() {
            return table.set("bootstrap_servers", super::draft::Value::List(servers));
        }
    }
    // A key for a name that no cluster has was ignored; it is probably what was meant.
    let meant =
        given.all().find(|property| {
            property.key.strip_suffix(KEY).and_then(|name| name.strip_suffix('.')).is_some_and(|name| {
                !aliases.iter().any(|known| known == name) && near(name, [alias]).is_some()
            })
        });
    let (list, comment) = match meant {
        Some(property) => (
            servers(property, draft),
            format!(
                "from line {}, `{}`, which MirrorMaker 2 ignored: the cluster is called `{alias}`",
                property.line, property.key
            ),
        ),
        None => (Vec::new(), format!("MirrorMaker 2's file has no {alias}.{KEY}: name a broker here")),
    };
    let list = if list.is_empty() { vec![format!("{}.invalid:9092", host(alias))] } else { list };
    table.lines.push(super::draft::Line {
        comments: vec![comment],
        key: "bootstrap_servers",
        value: super::draft::Value::List(list),
    });
}

/// Makes a host name of a cluster's name.
fn host(alias: &str) -> String {
    alias.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-')).collect()
}

/// Finds the cluster that a name with another separator or a typing error stands for.
fn near<'a>(name: &str, aliases: impl IntoIterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let plain = |text: &str| text.to_lowercase().replace(['.', '_'], "-");
    let same = aliases.clone().into_iter().find(|alias| plain(alias) == plain(name));
    same.or_else(|| nearest(name, aliases))
}

/// Says why nothing came of a property.
fn why_left(property: &Property, aliases: &[String]) -> String {
    let key = property.key.as_str();
    let names = || aliases.iter().map(String::as_str);
    if let Some((source, rest)) = key.split_once("->") {
        let Some(target) = names()
            .filter(|alias| rest.strip_prefix(alias).is_some_and(|rest| rest.starts_with('.')))
            .max_by_key(|alias| alias.len())
        else {
            return format!("MirrorMaker 2 ignores it: the clusters are {}", aliases.join(", "));
        };
        if !aliases.iter().any(|alias| alias == source) {
            return format!(
                "MirrorMaker 2 ignores it: no cluster is called `{source}`{}",
                meant(source, names())
            );
        }
        let last = &rest[target.len() + 1..];
        return match reason(last) {
            Some(words) => words.to_owned(),
            None if last == "enable" => {
                format!("MirrorMaker 2 ignores it: the key is `{source}->{target}.enabled`")
            }
            None => match nearest(last, super::mm2_flows::FLOW_KEYS) {
                Some(known) => format!("MirrorMaker 2 ignores it; did you mean `{known}`?"),
                None => "MirrorMaker 2 does not know it, so it did nothing".to_owned(),
            },
        };
    }
    let of_cluster = names()
        .filter_map(|alias| Some((alias, key.strip_prefix(alias)?.strip_prefix('.')?)))
        .max_by_key(|(alias, _)| alias.len());
    if let Some((_, last)) = of_cluster {
        let inner = CLIENTS[1..].iter().find_map(|client| last.strip_prefix(client)).unwrap_or(last);
        return reason(last).or_else(|| reason(inner)).map_or_else(|| mistyped(inner), str::to_owned);
    }
    if let Some(words) = reason(key) {
        return words.to_owned();
    }
    // A client's or a flow's key under a name that no cluster has.
    let known = [
        "bootstrap.servers",
        "security.protocol",
        "sasl.mechanism",
        "sasl.jaas.config",
        "ssl.",
        "replication.factor",
        "consumer.",
        "producer.",
        "admin.",
    ];
    let under = known.iter().filter_map(|known| key.find(&format!(".{known}"))).min();
    match under {
        Some(at) => format!(
            "MirrorMaker 2 ignores it: no cluster is called `{}`{}",
            &key[..at],
            meant(&key[..at], names())
        ),
        None => mistyped(key),
    }
}

/// Says that nobody knows a key, and which one was probably meant.
fn mistyped(key: &str) -> String {
    let known = CLIENT_KEYS.into_iter().chain(super::mm2_flows::FLOW_KEYS);
    match nearest(key, known) {
        Some(meant) => format!("MirrorMaker 2 does not know it, so it did nothing; did you mean `{meant}`?"),
        None => "MirrorMaker 2 does not know it, so it did nothing".to_owned(),
    }
}

fn meant<'a>(name: &str, aliases: impl IntoIterator<Item = &'a str> + Clone) -> String {
    near(name, aliases).map(|alias| format!(" (did you mean `{alias}`?)")).unwrap_or_default()
}
