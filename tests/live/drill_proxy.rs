//! The drill's proxy before real Kafka: TLS and SCRAM towards the brokers, its own login towards clients.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::message::Message;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use strait::config::settings::{
    BootstrapServer, ClusterSettings, PasswordMechanism, PasswordSettings, SaslSettings, Secret, TlsSettings,
};
use strait::drill::proxy::{Cut, Proxy};
use strait::kafka::librdkafka::client_config;
use strait::types::ClusterAlias;

use crate::harness::admin::{create_replicated, create_topic};
use crate::harness::certificates::certificates;
use crate::harness::cluster::Cluster;
use crate::harness::compare::assert_same;
use crate::harness::records::{Isolation, read_all};
use crate::harness::route::LIMIT;
use crate::harness::shared::{shared_pair, shared_secure};
use crate::harness::spec::{ClusterSpec, Listener, PASSWORD, USER};
use crate::harness::strait::{Config, login, run};
use crate::harness::tools::{allow, move_leaders};
use crate::harness::wait::{LONG, until};
use crate::harness::{Lab, live, runtime};

fn open(cluster: &Cluster, mechanism: PasswordMechanism) -> Proxy {
    let server = |address: String| {
        let (host, port) = address.rsplit_once(':').unwrap();
        BootstrapServer { host: host.to_owned(), port: port.parse().unwrap(), line: 1 }
    };
    let settings = ClusterSettings {
        alias: ClusterAlias::from("source"),
        bootstrap_servers: cluster.bootstrap(Listener::SaslSsl).into_iter().map(server).collect(),
        cluster_id: None,
        tls: Some(TlsSettings { ca_file: Some(certificates().ca.clone()), client_identity: None }),
        sasl: Some(SaslSettings::Password(PasswordSettings {
            mechanism,
            username: USER.to_owned(),
            password: Secret::new(PASSWORD.to_owned()),
        })),
        client_id: "drill".to_owned(),
        connect_timeout: Duration::from_secs(30),
        request_timeout: Duration::from_secs(30),
    };
    runtime().block_on(Proxy::open(Arc::new(settings), None)).unwrap()
}

fn application(proxy: &Proxy, more: &[(&str, &str)]) -> ClientConfig {
    let mut config = client_config(&proxy.settings());
    config.set("reconnect.backoff.ms", "50").set("reconnect.backoff.max.ms", "250");
    for (key, value) in more {
        config.set(*key, *value);
    }
    config
}

type Writer = ThreadedProducer<DefaultProducerContext>;

fn send(writer: &Writer, topic: &str, partitions: i32, numbers: std::ops::Range<i32>) {
    for number in numbers {
        let (key, value) = (number.to_string(), format!("record {number} ").repeat(20));
        let record = BaseRecord::to(topic).partition(number % partitions).key(&key).payload(&value);
        writer.send(record).map_err(|(error, _)| error).unwrap();
    }
}

/// Reads as a member of a group until so many records came; returns their keys.
fn read(proxy: &Proxy, topic: &str, count: usize) -> Vec<String> {
    let group = [("group.id", topic), ("auto.offset.reset", "earliest"), ("enable.auto.commit", "false")];
    let member: BaseConsumer = application(proxy, &group).create().unwrap();
    member.subscribe(&[topic]).unwrap();
    let mut keys = Vec::new();
    until("the group's records", LONG, || {
        // Lost connections are reported here, too, and made again by rdkafka.
        if let Some(Ok(message)) = member.poll(Duration::from_millis(100)) {
            keys.push(String::from_utf8(message.key().unwrap().to_vec()).unwrap());
        }
        (keys.len() >= count).then_some(())
    });
    member.commit_consumer_state(CommitMode::Sync).unwrap();
    keys
}

/// Asserts that clients are sent to the proxy's own ports only.
fn names_only_itself(
    proxy: &Proxy,
    client: &rdkafka::client::Client<DefaultProducerContext>,
    brokers: usize,
) {
    let ours: BTreeSet<i32> =
        proxy.settings().bootstrap_servers.iter().map(|server| i32::from(server.port)).collect();
    let named = client.fetch_metadata(None, LONG).unwrap();
    let named: BTreeSet<i32> = named.brokers().iter().map(|broker| broker.port()).collect();
    assert_eq!(named.len(), brokers);
    assert_eq!(named, ours);
}

fn strait_copies(lab: &Lab, dir: &Path, proxy: &Proxy, topic: &str) {
    let through = proxy.settings();
    let Some(SaslSettings::Password(word)) = &through.sasl else { panic!("the proxy wants a login") };
    let servers: Vec<String> =
        through.bootstrap_servers.iter().map(|server| format!("127.0.0.1:{}", server.port)).collect();
    let config = Config::new()
        .cluster_at(
            "source",
            &servers,
            "SASL_PLAINTEXT",
            &login(lab, "PLAIN", (&word.username, word.password.expose())),
        )
        .cluster("target", &shared_pair().target, Listener::Plaintext, "")
        .flow("drill-proxy", &[topic], "groups = []")
        .write(dir);
    run(&config, &["replicate", "--once"], LIMIT).assert_code(0);
}

#[test]
fn g4_behind_tls_and_scram_an_application_and_strait_see_the_proxy_only() {
    live(|lab| {
        let cluster = lab.start("secure", ClusterSpec::three().listeners(&[Listener::SaslSsl]));
        let proxy = open(&cluster, PasswordMechanism::ScramSha512);
        let topic = lab.topic("t");
        create_replicated(&cluster, &topic, 6, 3, &[]);
        let writer: Writer =
            application(&proxy, &[("enable.idempotence", "true"), ("compression.type", "lz4")])
                .create()
                .unwrap();
        send(&writer, &topic, 6, 0..600);
        writer.flush(LONG).unwrap();
        // Leaders that move are told of in answers to Produce (KIP-951), which bear addresses.
        move_leaders(&cluster, &lab.work_dir(), &topic);
        send(&writer, &topic, 6, 600..1_200);
        writer.flush(LONG).unwrap();
        names_only_itself(&proxy, writer.client(), 3);
        let transactional = [("transactional.id", topic.as_str())];
        let teller: Writer = application(&proxy, &transactional).create().unwrap();
        teller.init_transactions(LONG).unwrap();
        for (numbers, commits) in [(1_200..1_300, true), (1_300..1_400, false)] {
            teller.begin_transaction().unwrap();
            send(&teller, &topic, 6, numbers);
            teller.flush(LONG).unwrap();
            if commits { teller.commit_transaction(LONG) } else { teller.abort_transaction(LONG) }.unwrap();
        }
        let mut numbers: Vec<i32> =
            read(&proxy, &topic, 1_300).iter().map(|key| key.parse().unwrap()).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (0..1_300).collect::<Vec<i32>>());
        strait_copies(lab, &lab.work_dir(), &proxy, &topic);
        assert_eq!(assert_same(&cluster, &shared_pair().target, &topic), 1_300);

        let wrong = ClientConfig::clone(&application(&proxy, &[("sasl.password", "guess")]));
        let stranger: BaseConsumer = wrong.create().unwrap();
        assert!(stranger.fetch_metadata(None, Duration::from_secs(3)).is_err());
        proxy.cut(Cut::Refused);
        assert!(writer.client().fetch_metadata(Some(&topic), Duration::from_secs(2)).is_err());
        proxy.heal();
        send(&writer, &topic, 6, 1_400..1_500);
        writer.flush(LONG).unwrap();
    });
}

#[test]
fn where_a_broker_ends_the_session_clients_connect_again_and_lose_nothing() {
    live(|lab| {
        // Sessions by SCRAM-SHA-256 end after 1.5 seconds there, and nobody logs in again for a client.
        let cluster = shared_secure();
        let topic = lab.topic("t");
        create_topic(cluster, &topic, 1, &[]);
        for (kind, name) in [("--topic", topic.as_str()), ("--group", topic.as_str())] {
            allow(cluster, USER, &["--operation", "All", kind, name]);
        }
        let proxy = open(cluster, PasswordMechanism::ScramSha256);
        let settings = [("enable.idempotence", "true"), ("linger.ms", "0")];
        let writer: Writer = application(&proxy, &settings).create().unwrap();
        let (begun, mut sent) = (std::time::Instant::now(), 0);
        while begun.elapsed() < Duration::from_secs(5) {
            send(&writer, &topic, 1, sent..sent + 10);
            writer.flush(LONG).unwrap();
            sent += 10;
        }
        let found = read_all(cluster, &topic, Isolation::ReadUncommitted);
        let keys: Vec<i32> = found[&0]
            .iter()
            .map(|record| String::from_utf8_lossy(record.key.as_ref().unwrap()).parse().unwrap())
            .collect();
        assert_eq!(keys, (0..sent).collect::<Vec<i32>>());
    });
}
