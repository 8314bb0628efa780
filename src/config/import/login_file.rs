//! A client's properties file, as Kafka's tools take it by `--command-config`: how to get in to a cluster.

use std::collections::BTreeMap;

use super::client::{convert, literals};
use super::draft::{Draft, Remark, Table};
use super::given::Given;
use super::reasons::reason;
use crate::config::secret::Secret;

/// Holds what a client's file says of a cluster.
#[derive(Clone, Debug, Default)]
pub struct LoginFile {
    /// The keys of the cluster's table; secrets are references.
    pub table: Table,
    /// What the file says that the table does not.
    pub remarks: Vec<Remark>,
    secrets: BTreeMap<String, Secret>,
}

/// Says why a client's file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoginFault {
    /// There is no property in it.
    #[error("it has no properties")]
    Nothing,
    /// This build does not speak the mechanism.
    #[error("it logs in by {0}, which this build does not speak")]
    Mechanism(String),
}

impl LoginFile {
    /// Reads the file of the cluster `alias`.
    ///
    /// # Errors
    /// Nobody can be logged in with it.
    pub fn read(alias: &str, text: &str) -> Result<Self, LoginFault> {
        let given = Given::new(text);
        if given.all().next().is_none() {
            return Err(LoginFault::Nothing);
        }
        let mut draft = Draft::default();
        let mut table = Table::default();
        let find = |key: &str| given.get(key);
        convert(alias, &find, &mut table, &mut draft);
        if !table.comments.is_empty() {
            let mechanism = given.value("sasl.mechanism").unwrap_or("GSSAPI");
            return Err(LoginFault::Mechanism(mechanism.to_owned()));
        }
        // The command line says where the cluster is.
        let _ = given.get("bootstrap.servers");
        for property in given.left(&mut draft) {
            draft.remark(property, reason(&property.key).unwrap_or("no part of getting in"));
        }
        Ok(Self { table, remarks: draft.remarks, secrets: literals(alias, &find) })
    }

    /// Returns what the file has for an environment variable that the table names.
    pub fn secret(&self, variable: &str) -> Option<String> {
        self.secrets.get(variable).map(|secret| secret.expose().to_owned())
    }

    /// Lists the environment variables that have to be set before the table can be used.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.secrets.keys().map(String::as_str)
    }

    /// Lists what has to be done before its files can be read: Java's keystores are not.
    pub fn exports(&self) -> impl Iterator<Item = &str> {
        let files = self.table.lines.iter().filter(|line| line.key.starts_with("ssl_"));
        files.flat_map(|line| line.comments.iter().map(String::as_str))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::import::draft::Value;

    const SCRAM: &str = "security.protocol=SASL_SSL\nsasl.mechanism=SCRAM-SHA-512\n\
        sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \\\n\
        username=\"alice\" password=\"hunter2\";\n\
        ssl.truststore.type=PEM\nssl.truststore.location=ca.pem\nacks=all\n";

    #[test]
    fn a_password_is_used_and_not_written() {
        let file = LoginFile::read("us-1", SCRAM).expect("it can be read");
        let value =
            |key: &str| file.table.lines.iter().find(|line| line.key == key).map(|line| line.value.clone());
        assert_eq!(value("security_protocol"), Some(Value::Text("SASL_SSL".into())));
        assert_eq!(value("sasl_password"), Some(Value::Text("env:US_1_SASL_PASSWORD".into())));
        assert_eq!(value("ssl_ca_file"), Some(Value::Text("ca.pem".into())));
        assert_eq!(file.secret("US_1_SASL_PASSWORD").as_deref(), Some("hunter2"));
        assert_eq!(file.variables().collect::<Vec<_>>(), ["US_1_SASL_PASSWORD"]);
        assert!(!format!("{file:?}").contains("hunter2"));
        assert_eq!(file.remarks.len(), 1, "{:?}", file.remarks);
    }

    #[test]
    fn references_stay_references_and_need_no_variable() {
        let text = SCRAM.replace("hunter2", "${env:KAFKA_PASSWORD}");
        let file = LoginFile::read("us", &text).expect("it can be read");
        assert!(file.table.lines.iter().any(|line| line.value == Value::Text("env:KAFKA_PASSWORD".into())));
        assert_eq!(file.variables().count(), 0);
    }

    #[test]
    fn what_nobody_can_log_in_with_is_refused() {
        let kerberos = "security.protocol=SASL_SSL\nsasl.kerberos.service.name=kafka\n";
        assert_eq!(LoginFile::read("us", kerberos).err(), Some(LoginFault::Mechanism("GSSAPI".into())));
        assert_eq!(LoginFile::read("us", "# nothing\n").err(), Some(LoginFault::Nothing));
    }
}
