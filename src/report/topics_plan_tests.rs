use std::collections::BTreeMap;

use super::*;
use crate::kafka::acls::{Operation, Permission};

const USER: [&str; 2] = ["User:us", "User:eu"];

fn changes() -> Vec<Change> {
    let topic = TopicName::from;
    let set = |key: &str, from: Option<&str>, is_default, to: &str| Change::SetConfig {
        topic: topic("payments"),
        key: key.to_owned(),
        from: from.map(str::to_owned),
        is_default,
        to: to.to_owned(),
    };
    let acl = TopicAcl {
        resource: "orders.".to_owned(),
        pattern: PatternKind::Prefixed,
        principal: "User:reports".to_owned(),
        host: "*".to_owned(),
        operation: Operation::Read,
        permission: Permission::Allow,
    };
    let policy = BTreeMap::from([("cleanup.policy".to_owned(), "compact".to_owned())]);
    vec![
        Change::Create {
            topic: topic("invoices"),
            partitions: 12,
            replication_factor: Some(3),
            configs: policy,
        },
        Change::Delete { topic: topic("legacy"), id: None, partitions: 1 },
        Change::Grow { topic: topic("payments"), from: 4, to: 12 },
        set("min.insync.replicas", Some("1"), true, "2"),
        set("retention.ms", Some("259200000"), false, "604800000"),
        Change::UnsetConfig { topic: topic("payments"), key: "segment.bytes".into(), from: "1048576".into() },
        Change::Move { topic: topic("refunds"), partition: 0, from: vec![1], to: vec![1, 2, 3] },
        Change::AddAcl { acl },
    ]
}

fn findings() -> Vec<Finding> {
    let topic = TopicName::from;
    vec![
        Finding::OnlyAtTarget { topic: topic("clicks"), kept: None },
        Finding::MorePartitions { topic: topic("audit"), source: 12, target: 24 },
    ]
}

#[test]
fn a_plan_is_drawn_in_columns() {
    let (changes, findings) = (changes(), findings());
    let text = render(
        FlowText { title: None, changes: &changes, findings: &findings, principals: USER },
        Style::new(false),
        80,
    );
    let expected = "\
+ invoices  12 partitions, RF 3, cleanup.policy=compact
- legacy    1 partition and all records; the source has it no more
~ payments  partitions           4 -> 12
            min.insync.replicas  1 (default) -> 2
            retention.ms         259200000 -> 604800000
            segment.bytes        1048576 -> (default)
~ refunds   replicas of 0  1 -> 1,2,3
+ ACL       ALLOW READ on topics orders.* (prefix) to User:reports from host *
! audit     source has 12 partitions, target 24; none can be taken away
            try: grow it at the source too, or let it be: the partitions above
            the source's stay empty
? clicks    at the target only; not deleted
            try: --allow-delete deletes it";
    assert_eq!(text, expected);
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    let counts = Counts::of(&changes);
    let line = summary(counts, count_findings(&findings));
    assert_eq!(line, "Plan: 2 to create, 2 to change, 1 to delete, 1 finding.");
}

#[test]
fn nothing_to_do_says_so() {
    assert_eq!(summary(Counts::default(), 0), "No changes.");
    assert_eq!(summary(Counts::default(), 2), "No changes, 2 findings.");
}

#[test]
fn a_long_name_has_a_line_of_its_own_and_a_long_value_stays_whole() {
    let name = "a-name-that-is-longer-than-the-column";
    let value = "x".repeat(90);
    let change = Change::SetConfig {
        topic: name.into(),
        key: "k".to_owned(),
        from: None,
        is_default: true,
        to: value.clone(),
    };
    let text = render(
        FlowText { title: Some("us-eu"), changes: &[change], findings: &[], principals: USER },
        Style::new(false),
        80,
    );
    assert_eq!(text, format!("us-eu:\n~ {name}\n    k  (unset) ->\n       {value}"));
}

#[test]
fn colour_marks_only_the_first_sign() {
    let changes = changes();
    let text = render(
        FlowText { title: None, changes: &changes[..2], findings: &[], principals: USER },
        Style::new(true),
        80,
    );
    assert!(text.starts_with("\u{1b}[32m+\u{1b}[0m invoices"), "{text:?}");
    assert!(text.contains("\u{1b}[31m-\u{1b}[0m legacy"), "{text:?}");
}
