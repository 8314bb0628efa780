//! What would make the target's topics like the source's; decided from a snapshot, without asking anybody.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::acl_diff;
use super::change::{Change, Finding, Kept, Side};
use super::place;
use super::snapshot::{Seen, Snapshot, TopicState};
use super::wanted::{self, MIN_INSYNC, THROTTLE_LISTS, source_name, target_name};
use crate::config::settings::FlowSettings;
use crate::kafka::admin::TopicConfigs;
use crate::types::TopicName;

/// A config whose value is a set of words.
const CLEANUP_POLICY: &str = "cleanup.policy";

/// Says what a plan may hold, beside what is always in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// Delete copies whose original is gone.
    pub allow_delete: bool,
    /// Take configs away that only the target's topic has.
    pub prune: bool,
    /// Add access control entries.
    pub acls: bool,
    /// Among them those that let somebody write.
    pub acl_writes: bool,
    /// Move replicas until their number is right.
    pub fix_replication: bool,
    /// Take throttles away that moves of replicas left behind.
    #[serde(default)]
    pub clear_throttles: bool,
}

/// Holds what a flow's topics need.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// What to do; those of one topic stand together, topics in the order of their names, entries last.
    pub changes: Vec<Change>,
    /// What cannot be done, or is left alone.
    pub findings: Vec<Finding>,
}

/// Says what a difference is drawn from, beside the snapshot.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// The flow.
    pub flow: &'a FlowSettings,
    /// The configuration's other flows, whose topics are not this one's to delete.
    pub others: &'a [FlowSettings],
    /// What the plan may hold.
    pub options: &'a Options,
}

/// Compares both ends. The same snapshot gives the same difference.
pub fn diff(snapshot: &Snapshot, rules: Rules<'_>) -> Difference {
    let mut draft = Draft { snapshot, rules, load: snapshot.load.clone(), found: Difference::default() };
    let mut copies: BTreeMap<TopicName, &TopicName> = BTreeMap::new();
    for (name, seen) in &snapshot.source.topics {
        let is_named = rules.flow.topics.literals().any(|literal| literal == name.as_str());
        match seen {
            Seen::There(_) => {}
            Seen::Missing if is_named => {
                draft.tell(Finding::MissingAtSource { topic: name.clone() });
            }
            Seen::Hidden(code) if is_named => {
                draft.tell(Finding::Hidden { topic: name.clone(), end: Side::Source, code: *code });
            }
            Seen::Missing | Seen::Hidden(_) => {}
        }
        copies.insert(target_name(&rules.flow.rename, name), name);
    }
    for (copy, name) in copies {
        match snapshot.source.seen(name) {
            Seen::There(original) => draft.copy(&copy, name, original),
            Seen::Missing => draft.left_over(&copy, None),
            Seen::Hidden(code) => draft.left_over(&copy, Some(Kept::Doubtful(*code))),
        }
    }
    draft.brokers();
    if rules.options.acls {
        acl_diff::diff(snapshot, rules, &mut draft.found);
    }
    draft.found
}

struct Draft<'a> {
    snapshot: &'a Snapshot,
    rules: Rules<'a>,
    load: BTreeMap<i32, usize>,
    found: Difference,
}

impl Draft<'_> {
    fn tell(&mut self, finding: Finding) {
        self.found.findings.push(finding);
    }

    /// Decides about a topic that the source has.
    fn copy(&mut self, copy: &TopicName, name: &TopicName, original: &TopicState) {
        let snapshot = self.snapshot;
        let configs = match &original.configs {
            Ok(configs) => Some(configs),
            Err(refusal) => {
                let (topic, refusal) = (name.clone(), refusal.clone());
                self.tell(Finding::ConfigsHidden { topic, end: Side::Source, refusal });
                None
            }
        };
        match snapshot.target.seen(copy) {
            Seen::Hidden(code) => {
                self.tell(Finding::Hidden { topic: copy.clone(), end: Side::Target, code: *code });
            }
            Seen::Missing => {
                if let Some(configs) = configs {
                    self.create(copy, original.replicas.len(), configs);
                }
            }
            Seen::There(target) => {
                self.partitions(copy, original.replicas.len(), target.replicas.len());
                if let Some(configs) = configs {
                    let replication_factor = self.replication_after(copy, target);
                    self.configs(copy, configs, target, replication_factor);
                }
                self.replication(copy, target);
                self.throttled(copy, target);
            }
        }
    }

    fn create(&mut self, copy: &TopicName, partitions: usize, source: &TopicConfigs) {
        let new = wanted::topic(copy, partitions, source, &self.rules.flow.provision);
        let mut configs = new.configs;
        let defaults = &self.snapshot.defaults;
        wanted::keep_timestamps(&mut configs, defaults.timestamp_type.as_deref());
        let replicas = usize::try_from(new.replication_factor).ok().or(defaults.replication_factor);
        let brokers = self.snapshot.target.brokers.len();
        let min_insync = configs.get(MIN_INSYNC).and_then(|value| value.parse().ok()).or(defaults.min_insync);
        let topic = copy.clone();
        match (replicas, min_insync) {
            (Some(wanted), _) if wanted > brokers => {
                self.tell(Finding::ReplicationFactorAboveBrokers { topic, wanted, brokers });
            }
            (Some(replication_factor), Some(min_insync)) if min_insync > replication_factor => {
                let is_set = false;
                self.tell(Finding::MinInsyncAboveReplicas { topic, min_insync, replication_factor, is_set });
            }
            _ => {
                let replication_factor = Some(new.replication_factor).filter(|count| *count > 0);
                self.found.changes.push(Change::Create { topic, partitions, replication_factor, configs });
            }
        }
    }

    fn partitions(&mut self, copy: &TopicName, source: usize, target: usize) {
        let topic = copy.clone();
        match source.cmp(&target) {
            std::cmp::Ordering::Greater => {
                self.found.changes.push(Change::Grow { topic, from: target, to: source });
            }
            std::cmp::Ordering::Less => self.tell(Finding::MorePartitions { topic, source, target }),
            std::cmp::Ordering::Equal => {}
        }
    }

    /// Returns how many replicas the topic's partitions have once the plan is carried out.
    fn replication_after(&self, copy: &TopicName, target: &TopicState) -> usize {
        let wanted = self.replicas_wanted();
        match wanted {
            Some(wanted)
                if self.rules.options.fix_replication
                    && wanted <= self.snapshot.target.brokers.len()
                    && self.moving(copy) == 0 =>
            {
                wanted
            }
            _ => target.replication_factor(),
        }
    }

    fn configs(&mut self, copy: &TopicName, source: &TopicConfigs, target: &TopicState, replicas: usize) {
        let has = match &target.configs {
            Ok(configs) => configs,
            Err(refusal) => {
                let (topic, refusal) = (copy.clone(), refusal.clone());
                return self.tell(Finding::ConfigsHidden { topic, end: Side::Target, refusal });
            }
        };
        let mut wanted = wanted::configs(source, &self.rules.flow.provision);
        let stamps = has.effective.get(wanted::TIMESTAMP_TYPE).map(String::as_str);
        wanted::keep_timestamps(&mut wanted, stamps);
        for (key, to) in &wanted {
            let from = has.effective.get(key);
            if from.is_none_or(|from| !is_same(key, from, to)) && self.is_writable(copy, key, to, replicas) {
                self.found.changes.push(Change::SetConfig {
                    topic: copy.clone(),
                    key: key.clone(),
                    from: from.cloned(),
                    is_default: !has.explicit.contains_key(key),
                    to: to.clone(),
                });
            }
        }
        for (key, from) in &has.explicit {
            if wanted.contains_key(key) || THROTTLE_LISTS.contains(&key.as_str()) {
                continue;
            }
            let (topic, key, value) = (copy.clone(), key.clone(), from.clone());
            if self.rules.options.prune {
                self.found.changes.push(Change::UnsetConfig { topic, key, from: value });
            } else {
                self.tell(Finding::ConfigOnlyAtTarget { topic, key, value });
            }
        }
        let current = has.effective.get(MIN_INSYNC);
        let is_set_anew = wanted.get(MIN_INSYNC).is_some_and(|to| current != Some(to));
        let min_insync = current.and_then(|value| value.parse().ok());
        if let Some(min_insync) = min_insync.filter(|count: &usize| *count > replicas && !is_set_anew) {
            self.tell(Finding::MinInsyncAboveReplicas {
                topic: copy.clone(),
                min_insync,
                replication_factor: replicas,
                is_set: true,
            });
        }
    }

    /// Says whether the topic could still be written with this value; tells it where not.
    fn is_writable(&mut self, copy: &TopicName, key: &str, to: &str, replicas: usize) -> bool {
        let wanted: Option<usize> = (key == MIN_INSYNC).then(|| to.parse().ok()).flatten();
        let Some(min_insync) = wanted.filter(|count| *count > replicas) else { return true };
        self.tell(Finding::MinInsyncAboveReplicas {
            topic: copy.clone(),
            min_insync,
            replication_factor: replicas,
            is_set: false,
        });
        false
    }

    fn replicas_wanted(&self) -> Option<usize> {
        usize::try_from(self.rules.flow.provision.replication_factor?).ok()
    }

    /// Counts the topic's partitions whose replicas are being moved.
    fn moving(&self, copy: &TopicName) -> usize {
        let moving = self.snapshot.moving.as_ref().map(|moving| moving.keys());
        moving.into_iter().flatten().filter(|partition| partition.topic == *copy).count()
    }

    fn replication(&mut self, copy: &TopicName, target: &TopicState) {
        let Some(wanted) = self.replicas_wanted() else { return };
        if target.replicas.iter().all(|replicas| replicas.len() == wanted) {
            return;
        }
        let (topic, partitions) = (copy.clone(), self.moving(copy));
        if partitions > 0 {
            return self.tell(Finding::BeingMoved { topic, partitions });
        }
        let brokers = &self.snapshot.target.brokers;
        let mut moves = Vec::new();
        for (partition, from) in (0..).zip(&target.replicas) {
            if from.len() == wanted {
                continue;
            }
            match place::replicas(from, wanted, brokers, &mut self.load) {
                Some(to) => moves.push((partition, from.clone(), to)),
                None => {
                    let brokers = brokers.len();
                    return self.tell(Finding::ReplicationFactorAboveBrokers { topic, wanted, brokers });
                }
            }
        }
        if self.rules.options.fix_replication {
            let change = |(partition, from, to)| Change::Move { topic: topic.clone(), partition, from, to };
            self.found.changes.extend(moves.into_iter().map(change));
        } else {
            self.tell(Finding::ReplicationFactor { topic, wanted, moves });
        }
    }

    /// Decides about throttles of a topic whose replicas nobody moves: whoever set them is gone.
    fn throttled(&mut self, copy: &TopicName, target: &TopicState) {
        let Ok(configs) = &target.configs else { return };
        let set = configs
            .explicit
            .iter()
            .filter(|(key, value)| THROTTLE_LISTS.contains(&key.as_str()) && wanted::names_replicas(value));
        let set: Vec<(String, String)> = set.map(|(key, value)| (key.clone(), value.clone())).collect();
        if set.is_empty() || self.moving(copy) > 0 {
            return;
        }
        let (topic, is_certain) = (copy.clone(), self.snapshot.moving.is_ok());
        if self.rules.options.clear_throttles && is_certain {
            let unset = |(key, from)| Change::UnsetConfig { topic: topic.clone(), key, from };
            self.found.changes.extend(set.into_iter().map(unset));
        } else {
            let keys = set.into_iter().map(|(key, _)| key).collect();
            self.tell(Finding::ThrottledReplicas { topic, keys, is_certain });
        }
    }

    /// Decides about the brokers' limits on replication; while anything is moved they have their reason, and
    /// without replicas that count towards them they do nothing.
    fn brokers(&mut self) {
        let is_still = self.snapshot.moving.as_ref().is_ok_and(BTreeMap::is_empty);
        let Some(throttles) = self.snapshot.throttles.as_ref().filter(|set| is_still && !set.is_empty())
        else {
            return;
        };
        if self.rules.options.clear_throttles {
            let unset = |(broker, from): (&i32, &BTreeMap<String, String>)| Change::Unthrottle {
                broker: *broker,
                from: from.clone(),
            };
            self.found.changes.extend(throttles.iter().map(unset));
        } else if self.found.findings.iter().any(|one| matches!(one, Finding::ThrottledReplicas { .. })) {
            self.tell(Finding::ThrottledBrokers { brokers: throttles.keys().copied().collect() });
        }
    }

    /// Decides about a topic that the target has and the source has not, as far as is known.
    fn left_over(&mut self, copy: &TopicName, doubt: Option<Kept>) {
        let Seen::There(target) = self.snapshot.target.seen(copy) else { return };
        let flow = self.rules.flow;
        let others = || self.rules.others.iter().filter(|other| other.name != flow.name);
        let source_of =
            others().find(|other| other.source == flow.target && other.topics.matches(copy.as_str()));
        let target_of = others().find(|other| {
            let origin = source_name(&other.rename, copy);
            other.target == flow.target && origin.is_some_and(|name| other.topics.matches(name.as_str()))
        });
        let kept = source_of
            .map(|other| Kept::SourceOf(other.name.clone()))
            .or_else(|| target_of.map(|other| Kept::TargetOf(other.name.clone())))
            .or(doubt);
        let topic = copy.clone();
        if kept.is_none() && self.rules.options.allow_delete {
            let (id, partitions) = (target.id, target.replicas.len());
            self.found.changes.push(Change::Delete { topic, id, partitions });
        } else {
            self.tell(Finding::OnlyAtTarget { topic, kept });
        }
    }
}

/// Says whether two values of a config mean the same.
fn is_same(key: &str, one: &str, other: &str) -> bool {
    let words = |value: &str| {
        let mut words: Vec<String> = value.split(',').map(|word| word.trim().to_owned()).collect();
        words.sort();
        words
    };
    one == other || (key == CLEANUP_POLICY && words(one) == words(other))
}
