//! `topics sync --acls` on the StandardAuthorizer: what is copied, what is cut down, what is left out.

use crate::harness::admin::create_topic;
use crate::harness::live;
use crate::harness::tools::{add_acl, list_acls};
use crate::topics_bed::{bed, config, grant, grant_cluster, plain, sync};

#[test]
fn readers_are_copied_and_writers_only_on_request() {
    live(|lab| {
        let (source, target) = (&bed().source, &bed().target);
        grant(lab);
        grant_cluster();
        let (orders, payments, all) = (lab.topic("orders"), lab.topic("payments"), lab.topic("pay"));
        create_topic(source, &orders, 1, &[]);
        create_topic(source, &payments, 1, &[]);
        create_topic(target, &orders, 1, &[]);
        create_topic(target, &payments, 1, &[]);
        let entry = |user: &str, operation: &str, topic: &str, more: &[&str]| {
            let user = format!("User:{user}");
            let what = ["--allow-principal", &user, "--operation", operation, "--topic", topic];
            add_acl(source, &[&what, more].concat());
        };
        entry("reader", "Read", &orders, &[]);
        entry("writer", "Write", &orders, &[]);
        entry("owner", "All", &orders, &["--allow-host", "10.0.0.1"]);
        entry("family", "Read", &all, &["--resource-pattern-type", "prefixed"]);
        let config = config(lab, "");
        let planned = sync(&config, &["--acls"]).assert_code(0);
        let text = plain(lab, &planned.stdout);
        for line in [
            "+ ACL  ALLOW READ on topic orders to User:reader from host *\n",
            "+ ACL  ALLOW READ on topic orders to User:owner from host 10.0.0.1\n",
            "+ ACL  ALLOW DESCRIBE_CONFIGS on topic orders to User:owner from host 10.0.0.1\n",
            "+ ACL  ALLOW READ on topics pay* (prefix) to User:family from host *\n",
            "? ACLs 2 entries that let User:owner, User:writer write left out or cut down to\n",
        ] {
            assert!(unwrapped(&text).contains(&unwrapped(line)), "{line}\n{text}");
        }
        assert!(!text.contains("WRITE on"), "{text}");
        let applied = sync(&config, &["--acls", "--apply"]).assert_code(0);
        assert!(applied.stdout.contains(" created, 0 changed, 0 deleted, 0 failed.\n"), "{}", applied.stdout);
        let has = list_acls(target, "User:reader");
        assert!(has.contains("operation=READ") && has.contains(&orders), "{has}");
        assert!(!list_acls(target, "User:writer").contains("operation"), "no writer");
        assert!(list_acls(target, "User:family").contains("patternType=PREFIXED"));
        let rerun = sync(&config, &["--acls", "--detailed-exitcode"]).assert_code(0);
        assert!(rerun.stdout.ends_with("No changes.\n"), "{}", rerun.stdout);
        sync(&config, &["--acls", "--acl-writes", "--apply"]).assert_code(0);
        assert!(list_acls(target, "User:writer").contains("operation=WRITE"));
    });
}

/// Joins the lines of a text, however they were wrapped.
fn unwrapped(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
