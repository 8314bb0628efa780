//! What `strait validate` says about each wrong set-up, word for word: docs/messages.md. `STRAIT_UPDATE=1`
//! writes it anew.

use std::fmt::Write;
use std::path::Path;

use regex::Regex;

use crate::harness::admin::create_topic;
use crate::harness::certificates::certificates;
use crate::harness::cluster::Cluster;
use crate::harness::rights::{Kind, Operation, Right, WORD, enter};
use crate::harness::route::LIMIT;
use crate::harness::shared::{shared_pair, shared_secure};
use crate::harness::spec::{ClusterSpec, Listener, PASSWORD, UNKNOWN_HOST, USER};
use crate::harness::strait::{Config, login, run};
use crate::harness::{Lab, live};
use crate::replicate_security::trusting;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/messages.md");
const HEAD: &str = "# What is said about a wrong set-up

`strait validate` at real clusters, each with one thing wrong, word for word; a test keeps this page as it is
printed. The other commands say the same in four parts: what failed, where, the cause, and what to try.
[checks.md](checks.md) explains each check.
";

/// Takes out of a text what differs from run to run.
fn plain(lab: &Lab, text: &str, addresses: &[(String, &str)]) -> String {
    let mut text = text.replace(&format!("{}.", lab.name), "");
    for (address, name) in addresses {
        text = text.replace(address, name);
    }
    // The folder is the process's own.
    let file = Regex::new(r"\S*/strait\.toml:").unwrap();
    let text = file.replace_all(&text, "strait.toml:").into_owned();
    let nowhere = Regex::new(&format!(r"{UNKNOWN_HOST}:\d+")).unwrap();
    let text = nowhere.replace_all(&text, &format!("{UNKNOWN_HOST}:9093")).into_owned();
    let id = Regex::new(r"strait\d{7}x\d{7}A").unwrap();
    let text = id.replace_all(&text, "5L6g3nShT-eMCtK--X86sw");
    let time = Regex::new(r"\d{7,}").unwrap();
    time.replace_all(&text, "...").replace("127.0.0.1", "us-1")
}

/// Writes one section: a heading, and what validate prints.
fn section(lab: &Lab, page: &mut String, heading: &str, config: &Config, ends: [&str; 2]) {
    let finished = run(&config.write(&lab.work_dir()), &["validate"], LIMIT);
    let addresses = [(ends[0].to_owned(), "us-1:9093"), (ends[1].to_owned(), "eu-1:9093")];
    let said = plain(lab, &finished.stdout, &addresses);
    assert!(!said.is_empty(), "{heading}: {}", finished.stderr);
    writeln!(page, "\n## {heading}\n\n```text\n{}\n```", said.trim_end()).unwrap();
}

/// Says how the source cannot be got in to.
fn ways_in(lab: &Lab, page: &mut String) {
    let login = |mechanism, word| login(lab, mechanism, (USER, word));
    let tls = trusting();
    let strangers = format!("ssl_ca_file = {:?}\n", certificates().other_ca);
    let plain = login("PLAIN", PASSWORD);
    let wrong = |lab: &Lab| crate::harness::strait::login(lab, "SCRAM-SHA-256", (USER, "not-it"));
    let cases: [(&str, Listener, &str, &str); 7] = [
        ("A plaintext client at a TLS port", Listener::Ssl, "PLAINTEXT", ""),
        ("A TLS client at a plaintext port", Listener::Plaintext, "SSL", &tls),
        ("An expired certificate", Listener::Expired, "SSL", &tls),
        ("A certificate for another name", Listener::WrongName, "SSL", &tls),
        ("An unknown authority", Listener::Ssl, "SSL", &strangers),
        ("A mechanism that is not offered", Listener::ScramOnly, "SASL_PLAINTEXT", &plain),
        ("An advertised listener that cannot be reached", Listener::Misadvertised, "PLAINTEXT", ""),
    ];
    let target = shared_pair().target.address(Listener::Plaintext);
    let mut told = |heading: &str, listener: Listener, protocol: &str, more: &str| {
        let source = shared_secure().address(listener);
        let config = Config::new()
            .cluster_at("us", std::slice::from_ref(&source), protocol, more)
            .cluster("eu", &shared_pair().target, Listener::Plaintext, "")
            .flow_between("us-eu", ("us", "eu"), &["orders"], "");
        section(lab, page, heading, &config, [&source, &target]);
    };
    for (heading, listener, protocol, more) in cases {
        told(heading, listener, protocol, more);
    }
    told("A wrong password", Listener::SaslPlaintext, "SASL_PLAINTEXT", &wrong(lab));
}

/// Configures a flow between two clusters in plain text.
fn between(lab: &Lab, source: &Cluster, target: &Cluster, topic: &str, more: &str) -> Config {
    Config::new()
        .cluster("us", source, Listener::Plaintext, "")
        .cluster("eu", target, Listener::Plaintext, "")
        .flow_between("us-eu", ("us", "eu"), &[&lab.topic(topic)], more)
}

/// Says what does not fit of clusters and topics.
fn clusters_and_topics(lab: &Lab, page: &mut String) {
    let (source, target) = (&shared_pair().source, &shared_pair().target);
    let ends = [source.address(Listener::Plaintext), target.address(Listener::Plaintext)];
    let ends = [ends[0].as_str(), ends[1].as_str()];
    let both = |topic: &str, (one, two): (i32, i32), configs: &[(&str, &str)]| {
        create_topic(source, &lab.topic(topic), one, configs);
        create_topic(target, &lab.topic(topic), two, &[]);
    };
    both("orders", (3, 3), &[]);
    both("clicks", (6, 4), &[]);
    both("payments", (3, 4), &[]);
    both("balances", (1, 1), &[("cleanup.policy", "compact")]);
    create_topic(source, &lab.topic("refunds"), 1, &[]);
    let pinned = "cluster_id = \"AAAAAAAAAAAAAAAAAAAAAA\"";
    let other = Config::new()
        .cluster("us", source, Listener::Plaintext, pinned)
        .cluster("eu", target, Listener::Plaintext, "")
        .flow_between("us-eu", ("us", "eu"), &[&lab.topic("orders")], "");
    section(lab, page, "Another cluster than the one that is pinned", &other, ends);
    let three = between(lab, source, target, "refunds", "[flows.us-eu.provision]\nreplication_factor = 3");
    section(lab, page, "Replication factor 3 on one broker", &three, ends);
    let of = |topic: &str| between(lab, source, target, topic, "");
    section(lab, page, "A target topic with fewer partitions", &of("clicks"), ends);
    section(lab, page, "A target topic with more partitions", &of("payments"), ends);
    section(lab, page, "A target topic with another cleanup.policy", &of("balances"), ends);
    let open = lab.start("open", ClusterSpec::one().set("auto.create.topics.enable", "true"));
    create_topic(&open, &lab.topic("orders"), 3, &[]);
    let address = open.address(Listener::Plaintext);
    let auto = between(lab, source, &open, "orders", "");
    section(lab, page, "Auto-creation is on at the target", &auto, [ends[0], &address]);
}

/// Says which rights are missing.
fn rights(lab: &Lab, page: &mut String) {
    let (source, target) = (shared_secure(), &shared_pair().target);
    let topic = lab.topic("invoices");
    create_topic(source, &topic, 1, &[]);
    create_topic(target, &topic, 1, &[]);
    let right = |operation, kind, name: &str| Right { operation, kind, name: name.to_owned() };
    let cluster = |operation| right(operation, Kind::Cluster, "kafka-cluster");
    let rights = vec![
        right(Operation::Describe, Kind::Topic, &topic),
        right(Operation::DescribeConfigs, Kind::Topic, &topic),
        cluster(Operation::Describe),
        cluster(Operation::DescribeConfigs),
    ];
    enter(source, &[("strait".to_owned(), rights)]);
    let config = Config::new()
        .cluster("us", source, Listener::SaslPlaintext, &login(lab, "SCRAM-SHA-256", ("strait", WORD)))
        .cluster("eu", target, Listener::Plaintext, "")
        .flow_between("us-eu", ("us", "eu"), &[&topic], "");
    let ends = [source.address(Listener::SaslPlaintext), target.address(Listener::Plaintext)];
    section(lab, page, "A right that is missing", &config, [&ends[0], &ends[1]]);
}

#[test]
fn g11_the_page_of_messages_is_what_is_said() {
    live(|lab| {
        let mut page = HEAD.to_owned();
        ways_in(lab, &mut page);
        rights(lab, &mut page);
        clusters_and_topics(lab, &mut page);
        if std::env::var_os("STRAIT_UPDATE").is_some() {
            std::fs::write(PAGE, &page).unwrap();
        }
        let kept = std::fs::read_to_string(Path::new(PAGE)).unwrap_or_default();
        assert_eq!(kept, page, "STRAIT_UPDATE=1 rewrites docs/messages.md");
    });
}
