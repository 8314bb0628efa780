//! The drill's proxy before sandbox clusters: applications and Strait reach them through it, and only through it.

use std::fmt::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use kafka_protocol::messages::{
    FindCoordinatorRequest, MetadataRequest, SaslAuthenticateRequest, SaslHandshakeRequest,
};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::message::Message;
use rdkafka::producer::{DefaultProducerContext, FutureProducer, FutureRecord, ThreadedProducer};
use strait::config::settings::{
    BootstrapServer, ClusterSettings, PasswordMechanism, PasswordSettings, SaslSettings, Secret,
};
use strait::drill::proxy::{Cut, Proxy, Tamper};
use strait::kafka::cluster::Cluster as Client;
use strait::kafka::error::ConnectCause;
use strait::kafka::librdkafka::client_config;
use strait::kafka::metadata;
use strait::sandbox::{Cluster, ClusterSpec, TopicSpec};
use strait::types::ClusterAlias;

use crate::sandbox_kit::{LONG, contents, read_all, runtime, start, write};
use crate::support::build::text;
use crate::support::raw::Raw;

/// A password that only the configuration knows.
pub const WORD: &str = "root-word";
/// How a reader gets in without a proxy.
pub const DIRECT: [(&str, &str); 4] = [
    ("security.protocol", "SASL_PLAINTEXT"),
    ("sasl.mechanisms", "SCRAM-SHA-512"),
    ("sasl.username", "root"),
    ("sasl.password", WORD),
];
/// Long enough to see that nothing comes.
const WHILE: Duration = Duration::from_millis(200);

/// The cluster an application writes to.
pub fn spec() -> ClusterSpec {
    ClusterSpec::new(3).topic(TopicSpec::new("orders", 4)).user("root", WORD).super_user("User:root")
}

fn settings(cluster: &Cluster) -> ClusterSettings {
    let server = |address: SocketAddr| BootstrapServer {
        host: address.ip().to_string(),
        port: address.port(),
        line: 1,
    };
    ClusterSettings {
        alias: ClusterAlias::from("us"),
        bootstrap_servers: cluster.addresses().into_iter().take(1).map(server).collect(),
        cluster_id: None,
        tls: None,
        sasl: Some(SaslSettings::Password(PasswordSettings {
            mechanism: PasswordMechanism::ScramSha512,
            username: "root".to_owned(),
            password: Secret::new(WORD.to_owned()),
        })),
        client_id: "drill".to_owned(),
        connect_timeout: Duration::from_secs(20),
        request_timeout: Duration::from_secs(30),
    }
}

/// Opens an honest proxy before a cluster.
pub fn open(cluster: &Cluster) -> Proxy {
    open_with(cluster, None)
}

/// Opens a proxy before a cluster, perhaps with a liar in it.
pub fn open_with(cluster: &Cluster, tamper: Option<Arc<dyn Tamper>>) -> Proxy {
    runtime().block_on(Proxy::open(Arc::new(settings(cluster)), tamper)).unwrap()
}

/// Returns librdkafka's settings for a client of the proxy.
pub fn application(proxy: &Proxy, more: &[(&str, &str)]) -> ClientConfig {
    let mut config = client_config(&proxy.settings());
    for (key, value) in more {
        config.set(*key, *value);
    }
    config
}

/// Opens a producer.
pub fn writer(proxy: &Proxy) -> ThreadedProducer<DefaultProducerContext> {
    application(proxy, &[("acks", "all"), ("compression.type", "lz4")]).create().unwrap()
}

/// The proxy's ports, and the login it wants.
fn ports(proxy: &Proxy) -> Vec<u16> {
    proxy.settings().bootstrap_servers.iter().map(|server| server.port).collect()
}

fn login(proxy: &Proxy) -> PasswordSettings {
    match &proxy.settings().sasl {
        Some(SaslSettings::Password(login)) => login.clone(),
        other => panic!("{other:?}"),
    }
}

/// Writes one record with a short patience.
fn send(proxy: &Proxy) -> Option<RDKafkaErrorCode> {
    let producer: FutureProducer =
        application(proxy, &[("message.timeout.ms", "1500"), ("acks", "all")]).create().unwrap();
    let record: FutureRecord<'_, str, str> = FutureRecord::to("orders").partition(0).payload("x");
    let sent = runtime().block_on(producer.send(record, LONG));
    sent.err().map(|(error, _)| error.rdkafka_error_code().unwrap())
}

fn end(cluster: &Cluster) -> i64 {
    (0..4).map(|partition| cluster.offsets("orders", partition).unwrap().log_end).sum()
}

#[test]
fn an_application_finds_the_proxy_wherever_brokers_are_named() {
    let cluster = start(spec());
    let proxy = open(&cluster);
    let real: Vec<u16> = cluster.addresses().iter().map(SocketAddr::port).collect();
    let ours = ports(&proxy);
    assert!(ours.len() == 3 && ours.iter().all(|port| !real.contains(port)));
    write(&writer(&proxy), "orders", 4, 0..400);
    assert_eq!(end(&cluster), 400);
    let group = [("group.id", "shop"), ("auto.offset.reset", "earliest"), ("enable.auto.commit", "false")];
    for (round, upto) in [(0, 150), (1, 400)] {
        let member: BaseConsumer = application(&proxy, &group).create().unwrap();
        let named = member.fetch_metadata(None, LONG).unwrap();
        for broker in named.brokers() {
            assert_eq!(broker.host(), "127.0.0.1");
            assert!(ours.contains(&u16::try_from(broker.port()).unwrap()), "a broker's own port");
        }
        member.subscribe(&["orders"]).unwrap();
        let (deadline, mut seen) = (Instant::now() + LONG, if round == 0 { 0 } else { 150 });
        while seen < upto {
            assert!(Instant::now() < deadline, "{seen} of {upto} came");
            if let Some(message) = member.poll(Duration::from_millis(100)) {
                message.unwrap().payload();
                seen += 1;
            }
        }
        member.commit_consumer_state(CommitMode::Sync).unwrap();
    }
    // In every version that finds coordinators, and for all the keys of a batch.
    let raw = known(&proxy);
    for version in 0..=4 {
        let request = FindCoordinatorRequest::default();
        let request = if version < 4 {
            request.with_key(text("shop"))
        } else {
            request.with_coordinator_keys(vec![text("shop"), text("other"), text("third")])
        };
        let found = raw.ask(version, &request);
        let mut named: Vec<i32> = found.coordinators.iter().map(|found| found.port).collect();
        if version < 4 {
            named.push(found.port);
        }
        let all_ours = named.iter().all(|port| ours.contains(&u16::try_from(*port).unwrap()));
        assert!(!named.is_empty() && all_ours, "version {version}: {named:?}");
    }
    runtime().block_on(proxy.close());
}

/// Logs in at the first port.
fn known(proxy: &Proxy) -> Raw {
    let raw = Raw::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, ports(proxy)[0])));
    let login = login(proxy);
    assert_eq!(raw.ask(1, &SaslHandshakeRequest::default().with_mechanism(text("PLAIN"))).error_code, 0);
    let word = Bytes::from(format!("\0{}\0{}", login.username, login.password.expose()));
    assert_eq!(raw.ask(2, &SaslAuthenticateRequest::default().with_auth_bytes(word)).error_code, 0);
    raw
}

#[test]
fn nobody_gets_in_without_the_password_of_the_day() {
    let cluster = start(spec());
    let (proxy, other) = (open(&cluster), open(&cluster));
    let mut wrong = ClusterSettings::clone(&proxy.settings());
    wrong.sasl = other.settings().sasl.clone();
    let refused = runtime().block_on(Client::open(Arc::new(wrong.clone()))).unwrap_err();
    assert!(matches!(refused.cause, ConnectCause::Login { .. }), "{refused}");
    // The configuration's own login is for the cluster, not for the proxy.
    wrong.sasl = settings(&cluster).sasl;
    assert!(runtime().block_on(Client::open(Arc::new(wrong.clone()))).is_err());
    wrong.sasl = None;
    assert!(runtime().block_on(Client::open(Arc::new(wrong))).is_err());
    let raw = Raw::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, ports(&proxy)[0])));
    raw.send(9, &MetadataRequest::default());
    assert!(raw.receive::<MetadataRequest>(9).is_none(), "an answer without a login");
    // Nor is a second login passed on to the broker.
    let raw = known(&proxy);
    raw.send(1, &SaslHandshakeRequest::default().with_mechanism(text("PLAIN")));
    assert!(raw.receive::<SaslHandshakeRequest>(1).is_none());
    let shown = format!("{proxy:?} {:?}", proxy.settings());
    assert!(!shown.contains(login(&proxy).password.expose()) && !shown.contains(WORD));
}

#[test]
fn a_cut_that_refuses_ends_connections_and_a_healed_way_takes_new_ones() {
    let cluster = start(spec());
    let proxy = open(&cluster);
    assert_eq!(send(&proxy), None);
    let raw = known(&proxy);
    proxy.cut(Cut::Refused);
    assert!(raw.receive_frame().is_none(), "an open connection is reset");
    let written = end(&cluster);
    assert_eq!(send(&proxy), Some(RDKafkaErrorCode::MessageTimedOut));
    assert!(runtime().block_on(Client::open(proxy.settings())).is_err());
    assert_eq!(end(&cluster), written, "something got through the cut");
    proxy.heal();
    assert_eq!(send(&proxy), None);
    // A cut that is healed before anybody looks has reset what was open all the same.
    let raw = known(&proxy);
    proxy.cut(Cut::Refused);
    proxy.heal();
    assert!(raw.receive_frame().is_none());
}

#[test]
fn a_silent_cut_passes_nothing_and_what_was_under_way_arrives_after_it() {
    let cluster = start(spec());
    let proxy = open(&cluster);
    runtime().block_on(async {
        let client = Client::open(proxy.settings()).await.unwrap();
        let connection = client.any().await.unwrap();
        proxy.cut(Cut::Silent);
        let request = metadata::request(None);
        let pending = connection.send::<MetadataRequest>(&request, 9, None).await.unwrap();
        let answer = pending.decode::<MetadataRequest>();
        tokio::pin!(answer);
        assert!(tokio::time::timeout(WHILE, &mut answer).await.is_err(), "an answer through the cut");
        // A new connection is taken, and hears nothing.
        let settings =
            ClusterSettings { connect_timeout: WHILE, ..ClusterSettings::clone(&proxy.settings()) };
        let deaf = Client::open(Arc::new(settings)).await.unwrap_err();
        assert!(matches!(deaf.cause, ConnectCause::Timeout(_)), "{deaf}");
        proxy.heal();
        let names: Vec<_> = answer.await.unwrap().topics.into_iter().filter_map(|topic| topic.name).collect();
        assert!(names.iter().any(|name| name.as_str() == "orders"));
        assert!(connection.is_open());
    });
    let written = end(&cluster);
    proxy.cut(Cut::Silent);
    assert_eq!(send(&proxy), Some(RDKafkaErrorCode::MessageTimedOut));
    assert_eq!(end(&cluster), written);
    // One kind of cut turns into the other, and a proxy ends in whatever state it is.
    proxy.cut(Cut::Refused);
    proxy.cut(Cut::Silent);
    let port = ports(&proxy)[0];
    runtime().block_on(proxy.close());
    assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err(), "a port is left open");
}

#[test]
fn a_long_and_narrow_way_keeps_the_order_and_loses_nothing() {
    let cluster = start(spec());
    let proxy = open(&cluster);
    proxy.delay(Duration::from_millis(30));
    proxy.bandwidth(Some(300_000));
    let raw = known(&proxy);
    for version in 0..=12 {
        raw.send(version, &MetadataRequest::default().with_topics(None));
    }
    for version in 0..=12 {
        let answer = raw.receive::<MetadataRequest>(version).expect("an answer for each request");
        assert_eq!(answer.brokers.len(), 3, "version {version}");
    }
    write(&writer(&proxy), "orders", 4, 0..1_000);
    proxy.delay(Duration::ZERO);
    proxy.bandwidth(Some(1));
    let waits = writer(&proxy);
    // A byte a second holds even a login up; the limit is lifted in the middle of it.
    std::thread::scope(|scope| {
        let written = scope.spawn(|| write(&waits, "orders", 4, 1_000..1_100));
        proxy.bandwidth(None);
        written.join().unwrap();
    });
    assert_eq!(end(&cluster), 1_100);
}

/// Runs `strait replicate --once` between two proxies; it has to end with `code`.
pub fn replicate(folder: &Path, source: &Proxy, target: &Proxy, code: i32) {
    let mut file = String::new();
    for (alias, proxy) in [("us", source), ("eu", target)] {
        let login = login(proxy);
        let servers: Vec<String> = ports(proxy).iter().map(|port| format!("127.0.0.1:{port}")).collect();
        writeln!(file, "[clusters.{alias}]\nbootstrap_servers = {servers:?}").unwrap();
        writeln!(file, "security_protocol = \"SASL_PLAINTEXT\"\nsasl_mechanism = \"PLAIN\"").unwrap();
        let (user, word) = (&login.username, login.password.expose());
        writeln!(file, "sasl_username = \"{user}\"\nsasl_password = \"{word}\"").unwrap();
        if code != 0 {
            // Nobody is to wait long for what cannot be.
            file.push_str("request_timeout = \"5s\"\n");
        }
    }
    let flow = "[flows.us-eu]\nsource = \"us\"\ntarget = \"eu\"\ntopics = [\"orders\"]\ngroups = []\n";
    file.push_str(flow);
    if code != 0 {
        file.push_str("limits = { retry_timeout = \"5s\" }\n");
    }
    std::fs::write(folder.join("strait.toml"), file).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_strait"))
        .args(["replicate", "--once"])
        .current_dir(folder)
        .env("HOME", folder)
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("STRAIT_CONFIG")
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{words}\n{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn g4_what_is_copied_through_two_proxies_is_the_source_byte_for_byte() {
    let source = start(spec());
    let target = start(ClusterSpec::new(3).user("root", WORD).super_user("User:root"));
    let (near, far) = (open(&source), open(&target));
    far.delay(Duration::from_millis(20));
    let folder = tempfile::tempdir().unwrap();
    for round in 0..2 {
        write(&writer(&near), "orders", 4, round * 2_000..(round + 1) * 2_000);
        replicate(folder.path(), &near, &far, 0);
    }
    let (wanted, found) = (read_all(&source, "orders", 4, &DIRECT), read_all(&target, "orders", 4, &DIRECT));
    assert_eq!(wanted.values().map(Vec::len).sum::<usize>(), 4_000);
    assert_eq!(contents(&wanted), contents(&found));
}
