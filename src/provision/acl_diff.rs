//! Which access control entries the target is to get: the source's for the flow's topics, with less power.

use std::collections::{BTreeMap, BTreeSet};

use super::change::{Change, Finding, Side};
use super::diff::{Difference, Rules};
use super::snapshot::{Seen, Snapshot};
use super::wanted::{source_name, target_name};
use crate::config::settings::Affixes;
use crate::kafka::acls::{Operation, PatternKind, TopicAcl};
use crate::types::TopicName;

/// The name that stands for every topic.
const EVERY: &str = "*";

/// Adds the entries that the target lacks. Who could write at the source may not write at the target unless
/// the options say so: the copy has one writer.
pub fn diff(snapshot: &Snapshot, rules: Rules<'_>, found: &mut Difference) {
    let (Some(source), Some(target)) = (&snapshot.source.acls, &snapshot.target.acls) else { return };
    let known = |acls: &Result<Vec<TopicAcl>, _>, end| acls.clone().map_err(|refusal| (end, refusal));
    let (source, target) = match (known(source, Side::Source), known(target, Side::Target)) {
        (Ok(source), Ok(target)) => (source, target),
        (source, target) => {
            for (end, refusal) in [source.err(), target.err()].into_iter().flatten() {
                found.findings.push(Finding::AclsHidden { end, refusal });
            }
            return;
        }
    };
    let topics: BTreeSet<&TopicName> = snapshot
        .source
        .topics
        .iter()
        .filter(|(_, seen)| matches!(seen, Seen::There(_)))
        .map(|(name, _)| name)
        .collect();
    let mut left_out = LeftOut::default();
    let mut wanted: BTreeSet<TopicAcl> = BTreeSet::new();
    for acl in &source {
        let places = places(acl, snapshot, rules, &topics);
        if places.is_empty() {
            if acl.pattern == PatternKind::Literal && acl.resource == EVERY {
                left_out.every_topic.insert(acl);
            }
            continue;
        }
        let (operations, is_cut) = operations(acl.operation, rules.options.acl_writes);
        if is_cut {
            left_out.writers.insert(acl);
        }
        for (resource, pattern) in &places {
            let entry = |operation: &Operation| TopicAcl {
                resource: resource.clone(),
                pattern: *pattern,
                operation: *operation,
                ..acl.clone()
            };
            wanted.extend(operations.iter().map(entry));
        }
    }
    let has: BTreeSet<&TopicAcl> = target.iter().collect();
    let is_covered = |acl: &TopicAcl| {
        has.contains(acl) || has.contains(&TopicAcl { operation: Operation::All, ..acl.clone() })
    };
    let new = wanted.into_iter().filter(|acl| !is_covered(acl));
    found.changes.extend(new.map(|acl| Change::AddAcl { acl }));
    left_out.tell(found);
}

#[derive(Default)]
struct LeftOut<'a> {
    writers: BTreeSet<&'a TopicAcl>,
    every_topic: BTreeSet<&'a TopicAcl>,
}

impl LeftOut<'_> {
    fn tell(self, found: &mut Difference) {
        let principals = |acls: &BTreeSet<&TopicAcl>| {
            let distinct: BTreeSet<&String> = acls.iter().map(|acl| &acl.principal).collect();
            distinct.into_iter().cloned().collect::<Vec<String>>()
        };
        if !self.writers.is_empty() {
            let (count, principals) = (self.writers.len(), principals(&self.writers));
            found.findings.push(Finding::WritersLeftOut { count, principals });
        }
        if !self.every_topic.is_empty() {
            let (count, principals) = (self.every_topic.len(), principals(&self.every_topic));
            found.findings.push(Finding::EveryTopicLeftOut { count, principals });
        }
    }
}

/// Returns what an entry is to name at the target. One for a prefix stays one where all that begins so is the
/// flow's, at both ends; else it is split up, for it would reach further than the flow.
fn places(
    acl: &TopicAcl,
    snapshot: &Snapshot,
    rules: Rules<'_>,
    topics: &BTreeSet<&TopicName>,
) -> BTreeMap<String, PatternKind> {
    let rename = &rules.flow.rename;
    let literal = |name: &TopicName| (target_name(rename, name).to_string(), PatternKind::Literal);
    if acl.pattern == PatternKind::Literal {
        return topics
            .get(&TopicName::from(acl.resource.as_str()))
            .map(|name| literal(name))
            .into_iter()
            .collect();
    }
    let begins = |name: &&TopicName| name.as_str().starts_with(&acl.resource);
    let covered: Vec<&TopicName> = topics.iter().copied().filter(begins).collect();
    if covered.is_empty() {
        return BTreeMap::new();
    }
    let prefix = format!("{}{}", rename.on.prefix, acl.resource);
    let is_flows_copy = |name: &TopicName| {
        source_name(rename, name).is_some_and(|name| rules.flow.topics.matches(name.as_str()))
    };
    let is_whole = rename.on.suffix.is_empty()
        && rename.off == Affixes::default()
        && snapshot.source_names.iter().filter(begins).all(|name| topics.contains(name))
        && snapshot.target_names.iter().filter(|name| name.as_str().starts_with(&prefix)).all(is_flows_copy);
    if is_whole {
        return [(prefix, PatternKind::Prefixed)].into();
    }
    covered.into_iter().map(literal).collect()
}

/// Returns what an entry's operation becomes, and whether that is less.
fn operations(operation: Operation, with_writes: bool) -> (Vec<Operation>, bool) {
    match operation {
        Operation::Read | Operation::Describe | Operation::DescribeConfigs => (vec![operation], false),
        _ if with_writes => (vec![operation], false),
        Operation::All => (vec![Operation::Read, Operation::DescribeConfigs], true),
        _ => (vec![], true),
    }
}
