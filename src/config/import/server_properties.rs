//! A broker's `server.properties` with the replicator keys that older guides put there.

use super::ImportError;
use super::client::{convert, servers, variable};
use super::draft::{Draft, Flow, Remark, Table, Value};
use super::given::{Given, list};
use super::selection;
use crate::config::choice::{Choice, SecurityProtocol};
use crate::config::resolve::cluster::parse_server;
use crate::config::settings::SaslMechanism;

/// What the keys of the replicator begin with.
const PREFIX: &str = "replicator.";

/// Reads the file.
///
/// # Errors
/// It does not say where to copy to.
pub fn convert_file(given: &Given) -> Result<Draft, ImportError> {
    let mut draft = Draft::default();
    let Some(target) = given.get(&format!("{PREFIX}bootstrap.servers")) else {
        return Err(ImportError::NoTarget);
    };
    let target_servers = servers(target, &mut draft);
    if target_servers.is_empty() {
        return Err(ImportError::NoTarget);
    }
    draft.comments.push(
        "Apache Kafka's brokers have no replicator: the replicator.* keys did nothing there. This file says \
         what they ask for; `strait replicate` carries it out, anywhere both clusters can be reached from."
            .to_owned(),
    );
    let source = source(given, &mut draft);
    let mut table = Table::default();
    table.set("bootstrap_servers", Value::List(target_servers));
    convert("target", &|key| given.get(&format!("{PREFIX}{key}")), &mut table, &mut draft);
    draft.clusters = vec![("source".to_owned(), source), ("target".to_owned(), table)];
    let flow = flow(given, &mut draft);
    draft.flows.push(flow);
    remark_on_the_rest(given, &mut draft);
    Ok(draft)
}

fn flow(given: &Given, draft: &mut Draft) -> Flow {
    let mut own = Table::default();
    own.set("source", "source");
    own.set("target", "target");
    let topics = given.get(&format!("{PREFIX}topics")).filter(|topics| !topics.value.is_empty());
    let patterns = topics.map_or(Vec::new(), |property| selection::topics(property, draft));
    if patterns.is_empty() {
        own.set_with(
            "topics",
            Value::List(vec!["*".to_owned()]),
            "every topic but internal ones: the file names none",
        );
    } else {
        own.set("topics", Value::List(patterns));
    }
    if let Some(property) =
        given.get(&format!("{PREFIX}enabled")).filter(|_| !given.is_true(&format!("{PREFIX}enabled")))
    {
        draft.remark(property, "copying begins when `strait replicate` is started, and only then");
    }
    let mut provision = Table::default();
    for key in ["replicator.replication.factor", "replication.factor", "default.replication.factor"] {
        let Some(property) = given.get(key) else { continue };
        match property.value.parse::<i16>() {
            Ok(factor) if factor > 0 && !provision.has("replication_factor") => {
                let comment = match key {
                    "default.replication.factor" => "the source's default, as nothing is said of the target",
                    "replication.factor" => {
                        "brokers know only default.replication.factor; this key did nothing there"
                    }
                    _ => "for topics made at the target",
                };
                provision.set_with("replication_factor", Value::Number(factor.into()), comment);
            }
            Ok(_) => draft.remark(property, "the source's own"),
            Err(_) => draft.remark(property, format!("`{}` is no number of replicas", property.value)),
        }
    }
    Flow { name: "source-target".to_owned(), own, inner: vec![("provision", provision)] }
}

/// Finds the source's address and protocol in the broker's own listeners.
fn source(given: &Given, draft: &mut Draft) -> Table {
    let mut table = Table::default();
    let map = given.value("listener.security.protocol.map").map(list).unwrap_or_default();
    let controllers = given.value("controller.listener.names").map(list).unwrap_or_default();
    let [advertised, bound] =
        ["advertised.listeners", "listeners"].map(|key| given.value(key).map(list).unwrap_or_default());
    let listener = advertised.iter().chain(&bound).find_map(|entry| {
        let (name, address) = entry.split_once("://")?;
        let (host, port) = address.rsplit_once(':')?;
        let protocol = map.iter().find_map(|pair| {
            pair.split_once(':').filter(|(of, _)| *of == name).map(|(_, protocol)| protocol)
        });
        let is_any = host.is_empty() || host == "0.0.0.0" || host == "[::]";
        let host = if is_any { "localhost" } else { host };
        let address = format!("{host}:{port}");
        let is_usable = !controllers.contains(&name) && parse_server(&address).is_ok();
        is_usable.then(|| (address, protocol.unwrap_or(name).to_owned()))
    });
    let Some((address, protocol)) = listener else {
        let port = given.value("port").unwrap_or("9092");
        let host =
            given.value("advertised.host.name").or(given.value("host.name")).filter(|host| !host.is_empty());
        let address = format!("{}:{port}", host.unwrap_or("localhost"));
        let address = if parse_server(&address).is_ok() { address } else { "localhost:9092".to_owned() };
        let comment = "the cluster this broker belongs to; name more of its brokers";
        table.set_with("bootstrap_servers", Value::List(vec![address]), comment);
        return table;
    };
    let comment = "the cluster this broker belongs to, by its listener; name more of its brokers";
    table.set_with("bootstrap_servers", Value::List(vec![address]), comment);
    let Some(protocol) = SecurityProtocol::from_word(&protocol) else { return table };
    let offered = given.value("sasl.enabled.mechanisms").map(list).unwrap_or_default();
    let known = offered.iter().filter_map(|word| SaslMechanism::from_word(word));
    let mechanism =
        known.filter(|found| matches!(found, SaslMechanism::Password(_))).map(SaslMechanism::name).next();
    if protocol.sasl && mechanism.is_none() {
        let words = format!(
            "set security_protocol = \"{}\" and a login: none of the listener's mechanisms takes a user name and a password; see docs/security.md",
            protocol.name
        );
        draft.remarks.push(Remark { line: 0, key: "sasl.enabled.mechanisms".to_owned(), words });
        return table;
    }
    if protocol.name != "PLAINTEXT" {
        table.set("security_protocol", protocol.name);
    }
    if let Some(mechanism) = mechanism.filter(|_| protocol.sasl) {
        table.set("sasl_mechanism", mechanism);
        table.set("sasl_username", format!("env:{}", variable("source", "SASL_USERNAME")));
        table.set("sasl_password", format!("env:{}", variable("source", "SASL_PASSWORD")));
    }
    if protocol.tls {
        table.set_with(
            "ssl_ca_file",
            "source-ca.pem",
            "the authority that signed the brokers' certificates, as PEM",
        );
    }
    table
}

fn remark_on_the_rest(given: &Given, draft: &mut Draft) {
    for key in ["auto.create.topics.enable", "delete.topic.enable", "min.insync.replicas"] {
        let Some(property) = given.get(key) else { continue };
        let words = match key {
            "auto.create.topics.enable" => {
                "the source's own; `strait validate` looks that it is false at both ends"
            }
            "min.insync.replicas" => {
                "the source's default; topics at the target get the target's, or provision.config_overrides"
            }
            _ => "the source's own",
        };
        draft.remark(property, words);
    }
    for property in given.left(draft) {
        let words = if let Some(last) = property.key.strip_prefix(PREFIX) {
            super::reasons::reason(last).unwrap_or("no counterpart")
        } else {
            "the broker's own"
        };
        draft.remark(property, words);
    }
}
