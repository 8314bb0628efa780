//! Whatever a properties file holds, what is made of it is a sound configuration that passes every check of
//! the file.

use proptest::prelude::*;
use strait::config::import::import;
use strait::config::import::write::write;
use strait::config::load_without_secrets;
use strait::config::places::Places;
use strait::config::source::SourceText;
use strait::validate::finding::Severity;
use strait::validate::run::offline;

/// Makes a file of it and checks that; a text that is no file to import is refused without a panic.
fn exercise(text: &str) {
    let Ok(draft) = import(text) else { return };
    let made = write(&draft, "f.properties");
    let source = SourceText::new("strait.toml".into(), made.clone());
    let loaded = match load_without_secrets(&source) {
        Ok(loaded) => loaded,
        Err(failure) => panic!("{failure}\n--- from\n{text}\n--- made\n{made}"),
    };
    assert!(loaded.warnings.is_empty(), "a secret was taken over\n--- from\n{text}\n--- made\n{made}");
    let report = offline(&Places::new(&source), &loaded.settings, &loaded.warnings);
    // Where the file read names one address for two clusters, there is nothing else to write.
    let errors: Vec<_> = report
        .findings()
        .filter(|finding| finding.severity == Severity::Error && finding.check != "one-cluster-by-address")
        .collect();
    assert!(errors.is_empty(), "{errors:#?}\n--- from\n{text}\n--- made\n{made}");
}

fn key() -> impl Strategy<Value = String> {
    let prefixes = [
        "",
        "a.",
        "b.",
        "a->b.",
        "b->a.",
        "a.b->c.",
        "a.consumer.",
        "b.producer.",
        "replicator.",
        "us.east.",
    ];
    let keys = [
        "clusters",
        "bootstrap.servers",
        "enabled",
        "topics",
        "topics.exclude",
        "groups",
        "replication.factor",
        "replication.policy.class",
        "replication.policy.separator",
        "security.protocol",
        "sasl.mechanism",
        "sasl.jaas.config",
        "ssl.truststore.location",
        "ssl.truststore.type",
        "ssl.keystore.location",
        "ssl.keystore.type",
        "client.id",
        "request.timeout.ms",
        "refresh.topics.interval.seconds",
        "sync.group.offsets.enabled",
        "auto.offset.reset",
        "compression.type",
        "listeners",
        "advertised.listeners",
        "listener.security.protocol.map",
        "sasl.enabled.mechanisms",
        "default.replication.factor",
        "tasks.max",
    ];
    (prop::sample::select(prefixes.to_vec()), prop::sample::select(keys.to_vec()))
        .prop_map(|(prefix, key)| format!("{prefix}{key}"))
}

fn value() -> impl Strategy<Value = String> {
    let values = [
        "",
        "a",
        "a, b",
        "a,b,c",
        "true",
        "false",
        "h:1",
        "h:1,x:2",
        "[::1]:9092",
        "SASL_SSL://h:9093",
        "h",
        "0",
        "-1",
        "3",
        "99999999999",
        "300000",
        "SSL",
        "SASL_SSL",
        "sasl_plaintext",
        "PLAIN",
        "SCRAM-SHA-512",
        "GSSAPI",
        "PEM",
        "JKS",
        ".*",
        "orders",
        "orders,orders",
        "*",
        "a/b",
        "__.*",
        "__consumer_offsets",
        "a.b",
        "(x",
        "a++",
        "strait\\\\.x",
        "x.internal",
        "x username=\"u\" password=\"p\";",
        "x username=u;",
        "x username=\"\" password=\"\";",
        "IdentityReplicationPolicy",
        "my.Policy",
        "_",
        "/",
        "latest",
        "zstd",
        "é",
        "\\u0000",
        "EXTERNAL:SSL",
        "x y",
    ];
    prop_oneof![4 => prop::sample::select(values.to_vec()).prop_map(str::to_owned), 1 => "\\PC{0,12}"]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_made_of_a_mirror_makers_file_is_sound(lines in prop::collection::vec((key(), value()), 0..14)) {
        let mut text = String::from("clusters = a, b, a.b, c\na->b.enabled = true\n");
        text.extend(lines.iter().map(|(key, value)| format!("{key} = {value}\n")));
        exercise(&text);
    }

    #[test]
    fn what_is_made_of_a_brokers_file_is_sound(lines in prop::collection::vec((key(), value()), 0..14)) {
        let mut text = String::from("replicator.bootstrap.servers = dr:9092\n");
        let broker = lines.iter().filter(|(key, _)| !key.contains("->") && key != "clusters");
        text.extend(broker.map(|(key, value)| format!("{key} = {value}\n")));
        exercise(&text);
    }

    #[test]
    fn no_text_makes_the_import_panic(text in "(?s).{0,300}", alias in "\\PC{1,8}") {
        exercise(&text);
        exercise(&format!("clusters = x, {alias}\n{alias}.bootstrap.servers = h:1\nx->{alias}.enabled=true\n{text}"));
    }
}
