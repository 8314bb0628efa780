//! Checks on facts that no cluster at hand shows: clocks, certificates that end, old brokers, odd topics.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use strait::config::load_text;
use strait::config::settings::Settings;
use strait::config::source::SourceText;
use strait::kafka::admin::{Refusal, TopicConfigs};
use strait::kafka::error::{ConnectCause, ConnectError, Phase};
use strait::kafka::metadata::{Metadata, PartitionMetadata, TopicMetadata};
use strait::kafka::peer::{Peer, PeerOrigin};
use strait::types::{ClusterAlias, ClusterId, TopicName};
use strait::validate::facts::{ClusterFacts, FlowFacts, Listener, Pair, Reach, Told};
use strait::validate::finding::{Notes, Outcome};
use strait::validate::registry::{How, find};
use strait::validate::view::{ClusterView, FlowView};

const NOW_MS: i64 = 1_800_000_000_000;

fn settings(more: &str) -> Settings {
    let text = format!(
        "[clusters.us]\nbootstrap_servers = [\"us:1\"]\nsecurity_protocol = \"SSL\"\n\
         [clusters.eu]\nbootstrap_servers = [\"eu:1\"]\n\
         [flows.f]\nsource = \"us\"\ntarget = \"eu\"\ntopics = [\"*\"]\n{more}"
    );
    load_text(SourceText::new(PathBuf::from("f"), text), &|_| None).unwrap().settings
}

fn reach(node: Option<i32>, host: &str, listener: Listener) -> Reach {
    let origin = PeerOrigin::Bootstrap { line: 2 };
    Reach {
        peer: Peer { cluster: ClusterAlias::from("us"), node, host: host.to_owned(), port: 1, origin },
        result: Ok(listener),
    }
}

fn cluster(listener: Listener) -> ClusterFacts {
    let brokers = (1..=2).map(|node| (node, ("us".to_owned(), 1))).collect();
    ClusterFacts {
        bootstrap: vec![reach(
            None,
            "us",
            Listener { certificate_ends_s: listener.certificate_ends_s, ..Listener::default() },
        )],
        brokers: vec![reach(Some(1), "b1", listener)],
        told: Some(Told {
            id: ClusterId::from("id"),
            metadata: Metadata { brokers, ..Metadata::default() },
            configs: BTreeMap::new(),
            clock_ahead_ms: Ok(Ok(Some(0))),
            clock_error_ms: 10,
        }),
        refused: None,
        now_ms: NOW_MS,
    }
}

fn listener(days: i64) -> Listener {
    Listener {
        certificate_ends_s: Some(NOW_MS / 1000 + days * 86_400),
        lacks: Vec::new(),
        has_topic_ids: true,
    }
}

/// Makes one check of a cluster; returns the messages and the outcome.
fn of_cluster(name: &str, facts: &ClusterFacts) -> (Vec<String>, Outcome) {
    let settings = settings("");
    let How::Cluster(check) = find(name).unwrap().how else { panic!("{name}") };
    let mut notes = Notes::default();
    check(&ClusterView { settings: &settings.clusters["us"], facts }, &mut notes);
    notes.words()
}

#[test]
fn a_certificate_that_ends_within_a_month_is_told_with_its_days() {
    for (days, words) in
        [(29, Some("ends in 29 days")), (30, None), (400, None), (-1, Some("ends in 0 days"))]
    {
        let (found, _) = of_cluster("tls-expiry", &cluster(listener(days)));
        assert_eq!(found.len(), if words.is_some() { 2 } else { 0 }, "{found:?}");
        assert!(words.is_none_or(|words| found[0].contains(words)), "{found:?}");
    }
    let unread = cluster(Listener { certificate_ends_s: None, ..listener(1) });
    assert!(matches!(of_cluster("tls-expiry", &unread).1, Outcome::Unknown(_)));
}

#[test]
fn a_clock_is_off_only_beyond_what_the_question_took() {
    for (ahead, error, words) in [
        (4_900, 0, None),
        (6_000, 0, Some("6 s ahead of")),
        (-9_000, 100, Some("9 s behind")),
        (6_000, 2_000, None),
    ] {
        let mut facts = cluster(listener(99));
        let told = facts.told.as_mut().unwrap();
        (told.clock_ahead_ms, told.clock_error_ms) = (Ok(Ok(Some(ahead))), error);
        let (found, _) = of_cluster("clock", &facts);
        match words {
            Some(words) => assert!(found[0].contains(words), "{found:?}"),
            None => assert_eq!(found, [""; 0]),
        }
    }
    let mut silent = cluster(listener(99));
    silent.told.as_mut().unwrap().clock_ahead_ms = Ok(Ok(None));
    assert!(matches!(of_cluster("clock", &silent).1, Outcome::Skipped(_)));
}

#[test]
fn old_brokers_are_named() {
    let old = cluster(Listener { lacks: vec!["EndTxn"], has_topic_ids: false, ..listener(99) });
    assert!(of_cluster("broker-version", &old).0[0].contains("EndTxn"));
    assert!(of_cluster("topic-ids", &old).0[0].contains("no topic ids"));
    let new = cluster(listener(99));
    assert_eq!((of_cluster("broker-version", &new).0.len(), of_cluster("topic-ids", &new).0.len()), (0, 0));
}

#[test]
fn a_listener_that_is_no_broker_has_its_check_and_no_other() {
    let mut facts = cluster(listener(99));
    let peer = Box::new(facts.bootstrap[0].peer.clone());
    facts.bootstrap[0].result = Err(ConnectError { peer, phase: Phase::Api, cause: ConnectCause::Http });
    for (check, count) in [("api", 1), ("dns", 0), ("tcp", 0), ("tls", 0), ("sasl", 0)] {
        assert_eq!(of_cluster(check, &facts).0.len(), count, "{check}");
    }
}

#[test]
fn listeners_that_fail_alike_are_one_finding() {
    let mut facts = cluster(listener(99));
    facts.bootstrap.push(facts.bootstrap[0].clone());
    facts.bootstrap[1].peer.host = "us-2".to_owned();
    for reach in &mut facts.bootstrap {
        let peer = Box::new(reach.peer.clone());
        reach.result = Err(ConnectError { peer, phase: Phase::Tls, cause: ConnectCause::UnknownAuthority });
    }
    let (found, _) = of_cluster("tls", &facts);
    assert!(found.len() == 1 && found[0].starts_with("us:1, us-2:1: "), "{found:?}");
}

fn topic(partitions: i32, replicas: usize) -> TopicMetadata {
    let one = PartitionMetadata { leader: Some(1), leader_epoch: 0, replicas };
    TopicMetadata {
        error: None,
        id: None,
        is_internal: false,
        partitions: (0..partitions).map(|index| (index, one)).collect(),
    }
}

fn flow_facts(name: &str, at_target: Option<TopicMetadata>) -> FlowFacts {
    FlowFacts {
        topics: vec![Pair { source: name.into(), at_source: topic(1, 1), target: name.into(), at_target }],
        opposite: Vec::new(),
        absent: Vec::new(),
        source_configs: Ok(HashMap::new()),
        target_configs: Ok(HashMap::new()),
        moving: Ok(Ok(BTreeSet::new())),
        source_rights: Ok(HashMap::new()),
        target_rights: Ok(HashMap::new()),
        creations: Ok(HashMap::new()),
        groups: Vec::new(),
        transactional: Ok(true),
    }
}

/// Makes one check of the flow; returns the messages and the outcome.
fn of_flow(
    name: &str,
    more: &str,
    target: &ClusterFacts,
    facts: Option<&FlowFacts>,
) -> (Vec<String>, Outcome) {
    let settings = settings(more);
    let How::Flow(check) = find(name).unwrap().how else { panic!("{name}") };
    let source = cluster(listener(99));
    let mut notes = Notes::default();
    let view = FlowView {
        settings: &settings.flows["f"],
        source: ClusterView { settings: &settings.clusters["us"], facts: &source },
        target: ClusterView { settings: &settings.clusters["eu"], facts: target },
        facts,
    };
    check(&view, &mut notes);
    notes.words()
}

#[test]
fn a_name_that_rename_makes_too_long_is_found() {
    let (found, _) =
        of_flow("target-name", "", &cluster(listener(99)), Some(&flow_facts(&"x".repeat(250), None)));
    assert!(found[0].contains("249"), "{found:?}");
    let (found, _) =
        of_flow("target-name", "", &cluster(listener(99)), Some(&flow_facts(&"x".repeat(249), None)));
    assert_eq!(found, [""; 0]);
}

#[test]
fn the_brokers_defaults_count_where_the_file_says_nothing() {
    let mut target = cluster(listener(99));
    let configs = [("default.replication.factor", "3"), ("min.insync.replicas", "4")];
    let configs: HashMap<String, String> =
        configs.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    target.told.as_mut().unwrap().configs.insert(1, Ok(Ok(configs)));
    let missing = flow_facts("t", None);
    let (found, _) = of_flow("replication-factor", "", &target, Some(&missing));
    assert!(
        found[0].contains("default.replication.factor is 3") && found[0].contains("2 brokers"),
        "{found:?}"
    );
    let (found, _) = of_flow("min-insync-replicas", "", &target, Some(&missing));
    assert!(found[0].contains("3 replicas") && found[0].contains("is 4"), "{found:?}");
    assert_eq!(of_flow("min-insync-no-spare", "", &target, Some(&missing)).0, [""; 0]);
    let asked =
        "[flows.f.provision]\nreplication_factor = 2\nconfig_overrides = { \"min.insync.replicas\" = \"2\" }";
    assert_eq!(of_flow("replication-factor", asked, &target, Some(&missing)).0, [""; 0]);
    assert_eq!(of_flow("min-insync-replicas", asked, &target, Some(&missing)).0, [""; 0]);
    let (found, _) = of_flow("min-insync-no-spare", asked, &target, Some(&missing));
    assert!(found[0].contains("2 replicas") && found[0].contains("while one broker is down"), "{found:?}");
}

#[test]
fn g11_what_may_not_be_read_is_not_said_to_be_right() {
    let refusal = Refusal { code: kafka_protocol::ResponseError::TopicAuthorizationFailed, message: None };
    let mut facts = flow_facts("t", Some(topic(1, 1)));
    let both: HashMap<TopicName, Result<TopicConfigs, Refusal>> = [("t".into(), Err(refusal))].into();
    facts.target_configs = Ok(both);
    for check in
        ["max-message-bytes", "cleanup-policy", "retention-shorter", "compression-type", "timestamp-type"]
    {
        let (found, outcome) = of_flow(check, "", &cluster(listener(99)), Some(&facts));
        assert_eq!(found, [""; 0]);
        assert!(
            matches!(&outcome, Outcome::Unknown(why) if why.contains("DescribeConfigs")),
            "{check}: {outcome:?}"
        );
    }
    let mut unreached = cluster(listener(99));
    unreached.told = None;
    for check in
        ["auto-create-target", "replication-factor", "one-cluster", "rights-target", "transactional-id"]
    {
        let (found, outcome) = of_flow(check, "", &unreached, None);
        assert_eq!(found, [""; 0]);
        assert!(matches!(&outcome, Outcome::Unknown(why) if why.contains("\"eu\"")), "{check}: {outcome:?}");
    }
}
