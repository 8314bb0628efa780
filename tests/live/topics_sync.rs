//! `topics sync` against brokers: what is planned, what is made, what is refused.

use crate::harness::admin::{
    create_replicated, create_topic, delete_topic, set_topic_configs, topic_config, topic_exists,
    wait_for_config,
};
use crate::harness::live;
use crate::harness::records::partitions;
use crate::harness::wait::until;
use crate::topics_bed::{LIMIT, bed, config, config_more, grant, plain, sync};

#[test]
fn a_plan_is_carried_out_and_a_rerun_has_no_changes() {
    live(|lab| {
        let (source, target) = (&bed().source, &bed().target);
        grant(lab);
        let topic = |name: &str| lab.topic(name);
        create_topic(source, &topic("invoices"), 3, &[("cleanup.policy", "compact")]);
        create_topic(source, &topic("orders"), 6, &[("retention.ms", "604800000")]);
        create_topic(target, &topic("orders"), 2, &[("retention.ms", "259200000")]);
        create_topic(source, &topic("payments"), 1, &[("cleanup.policy", "compact")]);
        create_topic(target, &topic("payments"), 1, &[("segment.bytes", "2000000")]);
        create_topic(source, &topic("same"), 1, &[("cleanup.policy", "delete,compact")]);
        create_topic(target, &topic("same"), 1, &[("cleanup.policy", "compact,delete")]);
        let config =
            config(lab, "replication_factor = 3\nconfig_overrides = { \"min.insync.replicas\" = \"2\" }");
        let only = ["--exclude", &topic("same")];
        let planned = sync(&config, &only).assert_code(0);
        let text = plain(lab, &planned.stdout);
        assert_eq!(
            text,
            "+ invoices
    3 partitions, RF 3, cleanup.policy=compact, min.insync.replicas=2
~ orders
    partitions           2 -> 6
    min.insync.replicas  1 (default) -> 2
    retention.ms         259200000 -> 604800000
~ payments
    cleanup.policy       delete (default) -> compact
    min.insync.replicas  1 (default) -> 2
? payments
    segment.bytes=2000000 at the target only; kept
    try: --prune takes it away
Plan: 1 to create, 2 to change, 0 to delete, 0 findings.
"
        );
        assert!(!topic_exists(target, &topic("invoices")));
        sync(&config, &["--detailed-exitcode"]).assert_code(2);
        let applied = sync(&config, &["--apply"]).assert_code(0);
        assert!(
            applied.stdout.ends_with("Applied: 1 created, 3 changed, 0 deleted, 0 failed.\n"),
            "{applied:?}"
        );
        assert_eq!(partitions(target, &topic("orders")).len(), 6);
        wait_for_config(target, &topic("orders"), "retention.ms", "604800000");
        wait_for_config(target, &topic("orders"), "min.insync.replicas", "2");
        let segment_bytes = || topic_config(target, &topic("payments"), "segment.bytes").unwrap();
        assert_eq!(segment_bytes(), "2000000", "what only the target has is kept");
        let rerun = sync(&config, &["--detailed-exitcode"]).assert_code(0);
        assert!(rerun.stdout.ends_with("\nNo changes.\n"), "{}", rerun.stdout);
        let pruned = sync(&config, &["--prune", "--apply"]).assert_code(0);
        assert!(pruned.stdout.contains("segment.bytes  2000000 -> (default)"), "{}", pruned.stdout);
        until("the pruned config", LIMIT, || (segment_bytes() != "2000000").then_some(()));
        let rerun = sync(&config, &["--prune", "--detailed-exitcode"]).assert_code(0);
        assert_eq!(rerun.stdout, "No changes.\n");
    });
}

#[test]
fn what_cannot_be_is_said_at_plan_time() {
    live(|lab| {
        let (source, target) = (&bed().source, &bed().target);
        grant(lab);
        let topic = |name: &str| lab.topic(name);
        create_topic(source, &topic("audit"), 2, &[]);
        create_topic(target, &topic("audit"), 5, &[]);
        create_replicated(source, &topic("clicks"), 1, 3, &[("min.insync.replicas", "2")]);
        create_replicated(target, &topic("clicks"), 1, 1, &[]);
        create_topic(source, &topic("new"), 1, &[]);
        let config = config(lab, "replication_factor = 4");
        let found = sync(&config, &["--apply"]).assert_code(10);
        let text = plain(lab, &found.stdout);
        assert_eq!(
            text,
            r#"! audit
    source has 2 partitions, target 5; none can be taken away
    try: grow it at the source too, or let it be: the partitions above the
    source's stay empty
! audit
    replication factor 4 with 3 brokers at the target
    try: lower provision.replication_factor to 3 or less, or add brokers
! clicks
    min.insync.replicas would be 2 with replication factor 1: nothing could be
    written
    try: set config_overrides = { "min.insync.replicas" = "1" }, or have more
    replicas: provision.replication_factor, with --fix-replication
! clicks
    replication factor 4 with 3 brokers at the target
    try: lower provision.replication_factor to 3 or less, or add brokers
! new
    replication factor 4 with 3 brokers at the target
    try: lower provision.replication_factor to 3 or less, or add brokers
No changes, 5 findings.
"#
        );
        assert!(!topic_exists(target, &topic("new")));
        assert_eq!(topic_config(target, &topic("clicks"), "min.insync.replicas").unwrap(), "1");
    });
}

#[test]
fn a_copy_whose_topic_is_gone_is_deleted_only_on_request_and_only_the_flows() {
    live(|lab| {
        let (source, target) = (&bed().source, &bed().target);
        grant(lab);
        let topic = |name: &str| lab.topic(name);
        create_topic(source, &topic("kept.one"), 1, &[]);
        for name in ["kept.one", "kept.two", "other.three", "kept.four.internal"] {
            create_topic(target, &topic(name), 1, &[]);
        }
        let config = config_more(lab, &[&topic("kept.*")], "");
        let planned = sync(&config, &[]).assert_code(0);
        assert_eq!(
            plain(lab, &planned.stdout),
            "? kept.two\n    at the target only; not deleted\n    try: --allow-delete deletes it\nNo changes.\n"
        );
        let applied = sync(&config, &["--allow-delete", "--apply"]).assert_code(0);
        assert!(
            plain(lab, &applied.stdout)
                .starts_with("- kept.two\n    1 partition and all records; the source has it no more\nPlan: 0 to create, 0 to change, 1 to delete, 0 findings.\n"),
            "{}",
            applied.stdout
        );
        crate::harness::wait::until("the copy to be gone", crate::harness::wait::LONG, || {
            (!topic_exists(target, &topic("kept.two"))).then_some(())
        });
        for name in ["kept.one", "other.three", "kept.four.internal"] {
            assert!(topic_exists(target, &topic(name)), "{name}");
        }
        assert_eq!(sync(&config, &["--allow-delete"]).assert_code(0).stdout, "No changes.\n");
    });
}

#[test]
fn a_plan_is_carried_out_only_where_nothing_changed_since() {
    live(|lab| {
        let (source, target) = (&bed().source, &bed().target);
        grant(lab);
        let topic = |name: &str| lab.topic(name);
        create_topic(source, &topic("a"), 4, &[("retention.ms", "1000000")]);
        create_topic(target, &topic("a"), 2, &[("retention.ms", "5")]);
        create_topic(source, &topic("b"), 1, &[]);
        let config = config(lab, "");
        let file = lab.work_dir().join("plan.json");
        let path = file.display().to_string();
        sync(&config, &["--out", &path]).assert_code(0);
        // An edit of it, by somebody who also forgot the checksum.
        let text = std::fs::read_to_string(&file).unwrap();
        let edited = lab.work_dir().join("edited.json");
        std::fs::write(&edited, text.replace("1000000", "1000001")).unwrap();
        sync(&config, &["--apply", &edited.display().to_string()]).assert_code(2).assert_says(&[
            "the plan is not as it was made",
            "edited",
            "checksum",
        ]);
        set_topic_configs(target, &topic("a"), &[("retention.ms", "7")]);
        let stale = sync(&config, &["--apply", &path, "--format", "json"]).assert_code(1);
        assert_eq!(partitions(target, &topic("a")).len(), 2, "nothing is changed");
        assert!(!topic_exists(target, &topic("b")), "nothing is created");
        let document: serde_json::Value = serde_json::from_str(&stale.stdout).unwrap();
        assert_eq!(document["errors"][0]["code"], "plan_stale", "{document}");
        let message = document["errors"][0]["message"].as_str().unwrap();
        assert!(message.contains("a: retention.ms at the target was 5, is 7"), "{message}");
        set_topic_configs(target, &topic("a"), &[("retention.ms", "5")]);
        let applied = sync(&config, &["--apply", &path]).assert_code(0);
        assert!(
            applied.stdout.ends_with("Applied: 1 created, 1 changed, 0 deleted, 0 failed.\n"),
            "{applied:?}"
        );
        wait_for_config(target, &topic("a"), "retention.ms", "1000000");
        // Carried out once; a second time there is a topic that was missing.
        sync(&config, &["--apply", &path]).assert_code(1).assert_says(&[
            "the plan no longer fits",
            "b: there is one at the target now",
            "partitions at the target were 2, are 4",
        ]);
        delete_topic(source, &topic("b"));
    });
}

#[test]
fn a_failed_topic_does_not_stop_the_others() {
    live(|lab| {
        let (source, target) = (&bed().source, &bed().target);
        grant(lab);
        let topic = |name: &str| lab.topic(name);
        for name in ["a", "b", "c"] {
            create_topic(source, &topic(name), 2, &[]);
        }
        create_topic(target, &topic("b"), 1, &[]);
        let denied = ["--deny-principal", "User:bob", "--operation", "Alter", "--topic", &topic("b")];
        crate::harness::tools::add_acl(target, &denied);
        let config = config(lab, "");
        let applied = sync(&config, &["--apply", "--format", "json"]).assert_code(1).assert_says(&[
            &format!("not made: {}: partitions 1 -> 2", topic("b")),
            "TOPIC_AUTHORIZATION_FAILED",
            "grant User:bob ALTER on the topic at the target",
        ]);
        let document: serde_json::Value = serde_json::from_str(&applied.stdout).unwrap();
        let applied = &document["data"]["applied"];
        assert_eq!(
            (&applied["create"], &applied["change"], &applied["failed"]),
            (&2.into(), &0.into(), &1.into()),
            "{document}"
        );
        assert_eq!(document["errors"][0]["code"], "change_refused", "{document}");
        assert!(topic_exists(target, &topic("a")) && topic_exists(target, &topic("c")));
    });
}
