//! Rules, filters and decisions.

use super::filter::Patterns;
use super::*;

const ALICE: &str = "User:alice";
const HERE: &str = "127.0.0.1";

fn rule(principal: &str, operation: Operation, pattern: Pattern, name: &str, allows: bool) -> Rule {
    Rule {
        resource: ResourceType::Topic,
        name: name.to_owned(),
        pattern,
        principal: principal.to_owned(),
        host: WILDCARD.to_owned(),
        operation,
        allows,
    }
}

fn acls(rules: &[Rule]) -> Acls {
    let mut acls = Acls::with_super_users(["User:root".to_owned()]);
    rules.iter().for_each(|rule| acls.add(rule.clone()));
    acls
}

fn may(acls: &Acls, operation: Operation, topic: &str) -> bool {
    acls.allow(ALICE, HERE, operation, (ResourceType::Topic, topic))
}

#[test]
fn without_an_authorizer_everybody_may_and_with_one_nobody_but_super_users() {
    assert!(may(&Acls::none(), Operation::Write, "orders"));
    let acls = acls(&[]);
    assert!(!may(&acls, Operation::Write, "orders"));
    assert!(acls.allow("User:root", HERE, Operation::Write, (ResourceType::Topic, "orders")));
}

#[test]
fn names_are_literal_prefixed_or_all() {
    let read = |pattern, name: &str| acls(&[rule(ALICE, Operation::Read, pattern, name, true)]);
    let literal = read(Pattern::Literal, "orders");
    assert!(may(&literal, Operation::Read, "orders") && !may(&literal, Operation::Read, "orders.eu"));
    let prefixed = read(Pattern::Prefixed, "orders");
    assert!(may(&prefixed, Operation::Read, "orders.eu") && !may(&prefixed, Operation::Read, "order"));
    assert!(may(&read(Pattern::Literal, "*"), Operation::Read, "anything"));
    assert!(!may(&read(Pattern::Prefixed, "*"), Operation::Read, "anything"));
}

#[test]
fn leave_for_more_is_leave_for_less_and_a_refusal_wins() {
    let write = rule(ALICE, Operation::Write, Pattern::Literal, "orders", true);
    let allowed = acls(std::slice::from_ref(&write));
    assert!(may(&allowed, Operation::Describe, "orders"));
    assert!(
        !may(&allowed, Operation::Read, "orders") && !may(&allowed, Operation::DescribeConfigs, "orders")
    );
    let denied = rule("User:*", Operation::Describe, Pattern::Prefixed, "o", false);
    let both = acls(&[write, denied]);
    assert!(may(&both, Operation::Write, "orders") && !may(&both, Operation::Describe, "orders"));
}

#[test]
fn a_rule_holds_for_its_host() {
    let mut here = rule(ALICE, Operation::All, Pattern::Literal, "orders", true);
    here.host = "10.0.0.1".to_owned();
    let acls = acls(&[here]);
    assert!(!may(&acls, Operation::Read, "orders"));
    assert!(acls.allow(ALICE, "10.0.0.1", Operation::Read, (ResourceType::Topic, "orders")));
    assert!(acls.allow_somewhere(ALICE, "10.0.0.1", Operation::Write, ResourceType::Topic));
    assert!(!acls.allow_somewhere(ALICE, HERE, Operation::Write, ResourceType::Topic));
}

#[test]
fn filters_find_by_name_pattern_and_match() {
    let mut acls = acls(&[
        rule(ALICE, Operation::Read, Pattern::Literal, "orders", true),
        rule(ALICE, Operation::Read, Pattern::Prefixed, "ord", true),
        rule("User:bob", Operation::Write, Pattern::Literal, "*", false),
    ]);
    let named = |name: &str, pattern| Filter { name: Some(name.to_owned()), pattern, ..Filter::default() };
    assert_eq!(acls.find(&Filter::default()).len(), 3);
    assert_eq!(acls.find(&named("orders", Patterns::Any)).len(), 1);
    assert_eq!(acls.find(&named("orders", Patterns::Match)).len(), 3);
    assert_eq!(acls.find(&named("ord", Patterns::Only(Pattern::Prefixed))).len(), 1);
    assert_eq!(acls.find(&named("ord", Patterns::Only(Pattern::Literal))).len(), 0);
    let bobs = Filter { principal: Some("User:bob".to_owned()), ..Filter::default() };
    assert_eq!(acls.remove(&bobs).len(), 1);
    assert_eq!(acls.find(&Filter::default()).len(), 2);
    assert_eq!(Filter::from_codes(0, 1, 1, 1), None);
    assert_eq!(Filter::from_codes(1, 1, 1, 1), Some(Filter::default()));
}
