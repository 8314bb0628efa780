//! What `topics sync` decides from what both ends look like, without asking anybody.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use kafka_protocol::ResponseError as E;
use proptest::prelude::*;

use strait::config::settings::{FlowSettings, Settings};
use strait::kafka::acls::{Operation, PatternKind, Permission, TopicAcl};
use strait::kafka::admin::{Refusal, TopicConfigs};
use strait::kafka::reassign::Ongoing;
use strait::provision::change::{Change, Finding, Kept};
use strait::provision::diff::{Difference, Options, Rules, diff};
use strait::provision::snapshot::{Defaults, End, Seen, Snapshot, TopicState};
use strait::provision::wanted::{self, MIN_INSYNC, THROTTLE_LISTS};
use strait::types::{ClusterId, TopicName, TopicPartition};

/// Reads a configuration of two flows, `there` and `back`; the first copies `a*` to `a*`.
fn settings(provision: &str) -> Settings {
    let text = format!(
        "[clusters.us]\nbootstrap_servers=[\"h:1\"]\n[clusters.eu]\nbootstrap_servers=[\"h:2\"]\n\
         [flows.there]\nsource=\"us\"\ntarget=\"eu\"\ntopics=[\"a*\"]\n[flows.there.provision]\n{provision}\n\
         [flows.back]\nsource=\"eu\"\ntarget=\"us\"\ntopics=[\"a.eu\"]\n"
    );
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("strait.toml");
    std::fs::write(&path, text).unwrap();
    strait::config::load(&path, &|_| None).unwrap().settings
}

fn state(replicas: &[&[i32]], explicit: &[(&str, &str)]) -> Seen {
    let explicit: BTreeMap<String, String> =
        explicit.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let mut effective: HashMap<String, String> = [
        ("cleanup.policy", "delete"),
        ("retention.ms", "7"),
        (MIN_INSYNC, "1"),
        (wanted::TIMESTAMP_TYPE, "CreateTime"),
    ]
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .into();
    effective.extend(explicit.clone());
    Seen::There(TopicState {
        id: None,
        replicas: replicas.iter().map(|ids| ids.to_vec()).collect(),
        configs: Ok(TopicConfigs { effective, explicit }),
    })
}

fn end(topics: &[(&str, Seen)]) -> End {
    End {
        cluster_id: ClusterId::from("x"),
        brokers: (1..=3).map(|id| (id, None)).collect(),
        topics: topics.iter().map(|(name, seen)| (TopicName::from(*name), seen.clone())).collect(),
        acls: None,
    }
}

fn snapshot(source: &[(&str, Seen)], target: &[(&str, Seen)]) -> Snapshot {
    let names = |topics: &[(&str, Seen)]| -> BTreeSet<TopicName> {
        topics.iter().map(|(name, _)| TopicName::from(*name)).collect()
    };
    Snapshot {
        source: end(source),
        target: end(target),
        defaults: Defaults::default(),
        moving: Ok(BTreeMap::new()),
        throttles: Some(BTreeMap::new()),
        load: BTreeMap::new(),
        copies: names(source),
        source_names: names(source),
        target_names: names(target),
    }
}

fn compare(snapshot: &Snapshot, provision: &str, options: &Options) -> Difference {
    let settings = settings(provision);
    let others: Vec<FlowSettings> = settings.flows.values().cloned().collect();
    let flow = &settings.flows["there"];
    diff(snapshot, Rules { flow, others: &others, options })
}

fn codes(found: &Difference) -> Vec<&'static str> {
    found.findings.iter().map(Finding::code).collect()
}

fn asking(change: impl FnOnce(&mut Options)) -> Options {
    let mut options = Options::default();
    change(&mut options);
    options
}

#[test]
fn only_real_changes_are_made() {
    let original = state(&[&[1], &[2]], &[("retention.ms", "7"), ("cleanup.policy", "compact, delete")]);
    let copy = state(&[&[1], &[2]], &[("cleanup.policy", "delete,compact")]);
    let found = compare(&snapshot(&[("a", original)], &[("a", copy)]), "", &Options::default());
    assert_eq!(found, Difference::default(), "in effect they are the same");
}

#[test]
fn throttles_are_nobodys_to_copy_or_to_prune() {
    let [leaders, followers] = THROTTLE_LISTS;
    let found = compare(
        &snapshot(
            &[("a", state(&[&[1]], &[(leaders, "0:1")]))],
            &[("a", state(&[&[1]], &[(followers, "*")]))],
        ),
        "",
        &asking(|options| options.prune = true),
    );
    assert_eq!(found, Difference::default());
}

#[test]
fn a_copy_never_stamps_records_anew() {
    let original = || state(&[&[1]], &[(wanted::TIMESTAMP_TYPE, "LogAppendTime")]);
    let plain = || state(&[&[1]], &[]);
    let changes = |source, target| {
        compare(&snapshot(&[("a", source)], &[("a", target)]), "", &Options::default()).changes
    };
    assert_eq!(changes(original(), plain()), []);
    for source in [original(), plain()] {
        let found = changes(source, original());
        assert!(matches!(&found[..], [Change::SetConfig { to, .. }] if to == "CreateTime"), "{found:?}");
    }
    let mut with_default = snapshot(&[("a", plain())], &[("a", Seen::Missing)]);
    with_default.defaults.timestamp_type = Some("LogAppendTime".to_owned());
    let found = compare(&with_default, "", &Options::default()).changes;
    let Change::Create { configs, .. } = &found[0] else { panic!("{found:?}") };
    assert_eq!(configs[wanted::TIMESTAMP_TYPE], "CreateTime");
}

#[test]
fn what_is_hidden_is_neither_missing_nor_empty() {
    let hidden = || Seen::Hidden(E::TopicAuthorizationFailed);
    let refusal = Refusal { code: E::TopicAuthorizationFailed, message: None };
    let sealed = Seen::There(TopicState { id: None, replicas: vec![vec![1]], configs: Err(refusal) });
    let everything = asking(|options| {
        (options.allow_delete, options.prune) = (true, true);
    });
    let found = compare(&snapshot(&[("a", hidden())], &[("a", state(&[&[1]], &[]))]), "", &everything);
    assert_eq!((found.changes.len(), codes(&found)), (0, vec!["only_at_target"]));
    let found = compare(&snapshot(&[("a", state(&[&[1]], &[]))], &[("a", hidden())]), "", &everything);
    assert_eq!((found.changes.len(), codes(&found)), (0, vec!["topic_hidden"]));
    let found = compare(&snapshot(&[("a", sealed.clone())], &[("a", Seen::Missing)]), "", &everything);
    assert_eq!((found.changes.len(), codes(&found)), (0, vec!["configs_hidden"]));
    let found = compare(&snapshot(&[("a", state(&[&[1]], &[]))], &[("a", sealed)]), "", &everything);
    assert_eq!((found.changes.len(), codes(&found)), (0, vec!["configs_hidden"]));
}

#[test]
fn a_topic_that_another_flow_reads_there_is_kept() {
    let target = [("a.eu", state(&[&[1]], &[])), ("a.old", state(&[&[1]], &[]))];
    let snapshot = snapshot(&[("a.eu", Seen::Missing), ("a.old", Seen::Missing)], &target);
    let found = compare(&snapshot, "", &asking(|options| options.allow_delete = true));
    assert!(
        matches!(&found.changes[..], [Change::Delete { topic, .. }] if topic.as_str() == "a.old"),
        "{found:?}"
    );
    assert!(matches!(&found.findings[..], [Finding::OnlyAtTarget { kept: Some(Kept::SourceOf(_)), .. }]));
}

#[test]
fn replicas_are_judged_by_what_is_asked_for_and_by_the_brokers() {
    let two = || state(&[&[1, 2]], &[]);
    let found = |provision: &str, target: Seen| {
        compare(&snapshot(&[("a", two())], &[("a", target)]), provision, &Options::default())
    };
    assert_eq!(codes(&found("", state(&[&[1]], &[]))), [""; 0], "nothing is asked for");
    assert_eq!(codes(&found("replication_factor = 2", state(&[&[1]], &[]))), ["replication_factor"]);
    assert_eq!(codes(&found("replication_factor = 4", Seen::Missing)), ["replication_factor_above_brokers"]);
    assert_eq!(
        codes(&found("config_overrides = { \"min.insync.replicas\" = \"2\" }", state(&[&[1]], &[]))),
        ["min_insync_above_replicas"]
    );
    let set = found("", state(&[&[1]], &[(MIN_INSYNC, "2")]));
    assert_eq!(codes(&set), ["config_only_at_target", "min_insync_above_replicas"]);
    let kept =
        found("config_overrides = { \"min.insync.replicas\" = \"2\" }", state(&[&[1]], &[(MIN_INSYNC, "2")]));
    assert_eq!((kept.changes.len(), codes(&kept)), (0, vec!["min_insync_above_replicas"]));
    let fixed = compare(
        &snapshot(&[("a", two())], &[("a", state(&[&[1]], &[]))]),
        "replication_factor = 2\nconfig_overrides = { \"min.insync.replicas\" = \"2\" }",
        &asking(|options| options.fix_replication = true),
    );
    assert_eq!((fixed.changes.len(), codes(&fixed)), (2, vec![]), "{fixed:?}");
}

fn acl(principal: &str, operation: Operation, resource: &str, pattern: PatternKind) -> TopicAcl {
    TopicAcl {
        resource: resource.to_owned(),
        pattern,
        principal: principal.to_owned(),
        host: "*".to_owned(),
        operation,
        permission: Permission::Allow,
    }
}

#[test]
fn a_prefix_that_reaches_beyond_the_flow_is_split_up() {
    use PatternKind::{Literal, Prefixed};
    let topics = [("a.one", state(&[&[1]], &[])), ("a.two", state(&[&[1]], &[]))];
    let mut known = snapshot(&topics, &topics);
    known.source.acls = Some(Ok(vec![
        acl("whole", Operation::Read, "a.", Prefixed),
        acl("every", Operation::Read, "*", Literal),
        acl("other", Operation::Read, "b", Literal),
    ]));
    known.target.acls = Some(Ok(vec![]));
    let options = asking(|options| options.acls = true);
    let added = |known: &Snapshot| -> Vec<(String, PatternKind)> {
        let found = compare(known, "", &options).changes;
        found
            .into_iter()
            .map(|change| match change {
                Change::AddAcl { acl } => (acl.resource, acl.pattern),
                other => panic!("{other:?}"),
            })
            .collect()
    };
    assert_eq!(added(&known), [("a.".to_owned(), Prefixed)]);
    assert_eq!(codes(&compare(&known, "", &options)), ["every_topic_left_out"]);
    // One at the source that the flow does not copy.
    known.source_names.insert("a.private".into());
    assert_eq!(added(&known), [("a.one".to_owned(), Literal), ("a.two".to_owned(), Literal)]);
    let covering = acl("whole", Operation::All, "a.one", Literal);
    known.target.acls = Some(Ok(vec![covering]));
    assert_eq!(added(&known), [("a.two".to_owned(), Literal)]);
}

/// Makes the target as a difference would.
fn carried_out(target: &mut BTreeMap<TopicName, Seen>, changes: &[Change]) {
    for change in changes {
        match change {
            Change::Create { topic, partitions, configs, .. } => {
                let own: Vec<(&str, &str)> = configs.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
                target.insert(topic.clone(), state(&vec![[1].as_slice(); *partitions], &own));
            }
            Change::Delete { topic, .. } => {
                target.insert(topic.clone(), Seen::Missing);
            }
            change => {
                let Some(Seen::There(state)) = target.get_mut(change.topic().unwrap()) else { panic!() };
                let configs = state.configs.as_mut().unwrap();
                match change {
                    Change::Grow { to, .. } => state.replicas.resize(*to, vec![1]),
                    Change::SetConfig { key, to, .. } => {
                        configs.explicit.insert(key.clone(), to.clone());
                        configs.effective.insert(key.clone(), to.clone());
                    }
                    Change::UnsetConfig { key, .. } => {
                        configs.explicit.remove(key);
                        configs.effective.insert(key.clone(), "7".to_owned());
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
    }
}

fn topics() -> impl Strategy<Value = Vec<(&'static str, Seen)>> {
    let configs = proptest::collection::btree_map(
        prop_oneof![Just("retention.ms"), Just("segment.ms"), Just("cleanup.policy")],
        prop_oneof![Just("7"), Just("8"), Just("9")],
        0..3,
    );
    let seen = prop_oneof![
        1 => Just(Seen::Missing),
        4 => (1..5usize, configs).prop_map(|(partitions, configs)| {
            let own: Vec<(&str, &str)> = configs.into_iter().collect();
            state(&vec![[1].as_slice(); partitions], &own)
        }),
    ];
    proptest::collection::vec(seen, 4)
        .prop_map(|seen| ["a1", "a2", "a3", "a4"].into_iter().zip(seen).collect())
}

/// Says that a partition's replicas are being moved.
fn moving(topic: &str) -> BTreeMap<TopicPartition, Ongoing> {
    BTreeMap::from([(TopicPartition::new(topic, 0), Ongoing { adding: vec![2], removing: vec![] })])
}

#[test]
fn a_throttle_is_left_over_only_where_nobody_moves_replicas() {
    let [leaders, followers] = THROTTLE_LISTS;
    let throttled = state(&[&[1]], &[(leaders, "0:1"), (followers, "0:2")]);
    let mut known = snapshot(&[("a1", state(&[&[1]], &[]))], &[("a1", throttled)]);
    let rates = BTreeMap::from([("leader.replication.throttled.rate".to_owned(), "1000".to_owned())]);
    known.throttles = Some(BTreeMap::from([(1, rates.clone())]));
    let topic = TopicName::from("a1");
    let keys = vec![followers.to_owned(), leaders.to_owned()];
    let told = compare(&known, "", &Options::default());
    assert_eq!(told.changes, []);
    let replicas = Finding::ThrottledReplicas { topic: topic.clone(), keys, is_certain: true };
    assert_eq!(told.findings, [replicas, Finding::ThrottledBrokers { brokers: vec![1] }]);
    assert!(told.findings.iter().all(Finding::is_note));
    let cleared = asking(|options| options.clear_throttles = true);
    let taken = compare(&known, "", &cleared);
    let unset = |key: &str, from: &str| Change::UnsetConfig {
        topic: topic.clone(),
        key: key.to_owned(),
        from: from.to_owned(),
    };
    let brokers = Change::Unthrottle { broker: 1, from: rates };
    assert_eq!(taken.changes, [unset(followers, "0:2"), unset(leaders, "0:1"), brokers]);
    assert_eq!(taken.findings, []);
    // Whoever moves them has set it; of another topic's moves the brokers' limits are a part.
    known.moving = Ok(moving("a1"));
    assert_eq!(compare(&known, "", &cleared), Difference::default());
    known.moving = Ok(moving("other"));
    assert_eq!(compare(&known, "", &cleared).changes.len(), 2);
    // Where moves are not told, nothing is taken away.
    known.moving = Err(Refusal { code: E::ClusterAuthorizationFailed, message: None });
    let doubtful = compare(&known, "", &cleared);
    assert_eq!(doubtful.changes, []);
    assert!(matches!(doubtful.findings[..], [Finding::ThrottledReplicas { is_certain: false, .. }]));
}

proptest! {
    #[test]
    fn after_a_difference_is_carried_out_there_is_none(
        source in topics(), target in topics(), prune: bool, allow_delete: bool
    ) {
        let options = Options { prune, allow_delete, ..Options::default() };
        let mut known = snapshot(&source, &target);
        let found = compare(&known, "config_overrides = { \"segment.ms\" = \"5\" }", &options);
        carried_out(&mut known.target.topics, &found.changes);
        let again = compare(&known, "config_overrides = { \"segment.ms\" = \"5\" }", &options);
        prop_assert_eq!(&again.changes, &[]);
        prop_assert!(again.findings.len() <= found.findings.len());
    }
}
