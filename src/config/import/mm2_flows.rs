//! The flows of a MirrorMaker 2 file: `A->B.key`, or `key` for all of them.

use std::collections::BTreeMap;

use super::client::milliseconds;
use super::draft::{Draft, Flow, Table, Value};
use super::given::{Given, list};
use super::java_patterns::convert as pattern;
use super::properties::Property;
use super::{finish, selection};
use crate::config::defaults::TOPIC_NAME_BYTES_MAX;

/// Keys of a flow that have a counterpart.
pub const FLOW_KEYS: [&str; 17] = [
    "enabled",
    "topics",
    "topics.exclude",
    "topics.blacklist",
    "groups",
    "groups.exclude",
    "groups.blacklist",
    "replication.factor",
    "replication.policy.class",
    "replication.policy.separator",
    "refresh.topics.interval.seconds",
    "sync.group.offsets.enabled",
    "consumer.auto.offset.reset",
    "producer.compression.type",
    "offset.lag.max",
    "sync.topic.configs.enabled",
    "tasks.max",
];

/// Writes a flow for every enabled pair of clusters.
pub fn convert(given: &Given, aliases: &[String], names: &BTreeMap<&str, String>, draft: &mut Draft) {
    let pairs = aliases.iter().flat_map(|source| aliases.iter().map(move |target| (source, target)));
    let pairs: Vec<(&String, &String)> = pairs.filter(|(source, target)| source != target).collect();
    // Every key `enabled` is looked at, so that only what MirrorMaker ignores is left over.
    let enabled: Vec<(&String, &String)> = pairs
        .iter()
        .copied()
        .filter(|(source, target)| given.is_true(&format!("{source}->{target}.enabled")))
        .collect();
    for (source, target) in &pairs {
        let is_off = !enabled.contains(&(source, target));
        if let Some(property) = given.get(&format!("{source}->{target}.enabled")).filter(|_| is_off) {
            draft.remark(property, "the flow is not enabled, so it is left out");
        }
        let prefix = format!("{source}->{target}.");
        for property in given.all().filter(|property| is_off && property.key.starts_with(&prefix)) {
            if FLOW_KEYS.contains(&&property.key[prefix.len()..])
                && given.get(&property.key).is_some()
                && !property.key.ends_with(".enabled")
            {
                draft.remark(property, "the flow is not enabled, so it did nothing");
            }
        }
    }
    for (source, target) in &enabled {
        let pair = Pair { given, source, target, enabled: &enabled, names };
        if let Some(mut flow) = pair.flow(draft) {
            let taken = |name: &str| draft.flows.iter().any(|flow| flow.name == name);
            let free = (2..).map(|number| format!("{}-{number}", flow.name));
            let mut tries = std::iter::once(flow.name.clone()).chain(free);
            flow.name = tries.find(|name| !taken(name)).unwrap_or(flow.name);
            draft.flows.push(flow);
        }
    }
}

struct Pair<'a> {
    given: &'a Given,
    source: &'a str,
    target: &'a str,
    enabled: &'a [(&'a String, &'a String)],
    names: &'a BTreeMap<&'a str, String>,
}

impl<'a> Pair<'a> {
    /// Looks a key up as MirrorMaker does: the flow's own, then the one for all flows.
    fn find(&self, key: &str) -> Option<&'a Property> {
        let own = self.given.get(&format!("{}->{}.{key}", self.source, self.target));
        let all = self.given.get(key);
        own.or(all)
    }

    /// Looks a client's key up: the flow's, the cluster's, the one for all.
    fn client(&self, client: &str, alias: &str, key: &str) -> Option<&'a Property> {
        let names = [
            format!("{}->{}.{client}.{key}", self.source, self.target),
            format!("{}->{}.{client}.override.{key}", self.source, self.target),
            format!("{alias}.{client}.{key}"),
            format!("{client}.{key}"),
            format!("{alias}.{key}"),
        ];
        let mut found = names.iter().filter_map(|name| self.given.get(name));
        found.next()
    }

    fn flow(&self, draft: &mut Draft) -> Option<Flow> {
        let mut own = Table::default();
        own.set("source", self.names[self.source].as_str());
        own.set("target", self.names[self.target].as_str());
        let property = self.find("topics");
        let topics = property.map_or(vec!["*".to_owned()], |property| selection::topics(property, draft));
        let prefix = self.prefix(&mut own, draft);
        let exclude = self.exclude(&topics, prefix.as_deref(), draft);
        let topics = selection::without_excluded(property, topics, &exclude, draft);
        if topics.is_empty() {
            if let Some(property) = property {
                let words = format!("without topics there is no flow {}->{}", self.source, self.target);
                draft.remark(property, words);
            }
            return None;
        }
        own.set("topics", Value::List(topics));
        if !exclude.is_empty() {
            own.set("exclude", Value::List(exclude));
        }
        if let Some(prefix) = &prefix {
            own.set("rename", format!("{prefix}{{topic}}"));
        }
        self.origin(&mut own, prefix.is_some());
        self.start(&mut own, draft);
        self.groups(&mut own, draft);
        let inner = vec![
            ("provision", self.provision(draft)),
            ("policy", self.policy(draft)),
            ("limits", self.limits(draft)),
        ];
        let name = finish::name(&format!("{}-{}", self.names[self.source], self.names[self.target]), false);
        Some(Flow { name, own, inner })
    }

    /// Returns what stands before a topic's name at the target.
    fn prefix(&self, own: &mut Table, draft: &mut Draft) -> Option<String> {
        let class = self.find("replication.policy.class");
        let separator = self.find("replication.policy.separator");
        let short = class
            .map_or("DefaultReplicationPolicy", |class| class.value.rsplit('.').next().unwrap_or_default());
        if short == "DefaultReplicationPolicy" {
            let separator = separator.map_or(".", |separator| separator.value.as_str());
            let prefix = format!("{}{separator}", self.source);
            if is_topic_text(&prefix) && prefix.len() < TOPIC_NAME_BYTES_MAX {
                return Some(prefix);
            }
        }
        if let Some(separator) = separator {
            draft.remark(separator, "names are kept, so nothing separates a prefix from them");
        }
        if let Some(class) =
            class.filter(|_| short != "IdentityReplicationPolicy" && short != "DefaultReplicationPolicy")
        {
            draft.remark(
                class,
                "a class of your own: names are kept here; say with `rename` what it makes of them",
            );
        }
        let is_both_ways =
            self.enabled.iter().any(|(source, target)| *source == self.target && *target == self.source);
        if is_both_ways && short == "IdentityReplicationPolicy" {
            own.comments.push(
                "MirrorMaker 2 copies in circles where names are kept and flows go both ways; here a flow \
                 copies only what was first written at its source."
                    .to_owned(),
            );
        }
        None
    }

    fn exclude(&self, topics: &[String], prefix: Option<&str>, draft: &mut Draft) -> Vec<String> {
        let property = self.find("topics.exclude").or_else(|| self.find("topics.blacklist"));
        let mut exclude = match property {
            Some(property) => selection::exclude(property, topics, draft),
            // What MirrorMaker leaves out where nothing is said; internal topics are left out anyway.
            None => vec!["*.replica".to_owned()],
        };
        let separator = prefix.map_or("", |prefix| &prefix[self.source.len()..]);
        if !separator.is_empty() && is_topic_text(self.target) {
            // MirrorMaker sends no topic back whose name says it came from there.
            exclude.push(format!("{}{separator}*", self.target));
            exclude.push(format!("*{separator}{}{separator}*", self.target));
        }
        exclude
    }

    fn origin(&self, own: &mut Table, is_renamed: bool) {
        let into = |cluster: &str, but: &str| {
            self.enabled.iter().any(|(source, target)| *target == cluster && *source != but)
        };
        if into(self.source, self.target) && (is_renamed || !self.is_in_circle()) {
            let comment =
                format!("other flows write to {}: MirrorMaker 2 copies their copies on", self.source);
            own.set_with("origin", "any", comment);
        }
    }

    fn is_in_circle(&self) -> bool {
        let mut reached = vec![self.target];
        let mut index = 0;
        while index < reached.len() {
            let from = reached[index];
            index += 1;
            for (_, target) in self.enabled.iter().filter(|(source, _)| *source == from) {
                if !reached.contains(&target.as_str()) {
                    reached.push(target);
                }
            }
        }
        reached.contains(&self.source)
    }

    fn start(&self, own: &mut Table, draft: &mut Draft) {
        let Some(property) = self.client("consumer", self.source, "auto.offset.reset") else { return };
        match property.value.as_str() {
            "latest" => own.set("start", "latest"),
            "earliest" => {}
            _ => draft.remark(property, "start is earliest, latest or a timestamp; a lost range always stops the partition (policy.on_gap)"),
        }
    }

    fn groups(&self, own: &mut Table, draft: &mut Draft) {
        let is_on = self
            .find("sync.group.offsets.enabled")
            .is_some_and(|found| found.value.eq_ignore_ascii_case("true"));
        let property = self.find("groups");
        let excluded = self.find("groups.exclude").or_else(|| self.find("groups.blacklist"));
        if !is_on {
            for property in property.iter().chain(excluded.iter()) {
                draft.remark(
                    property,
                    "sync.group.offsets.enabled is not true, so no group's offsets followed",
                );
            }
            return;
        }
        let mut groups = Vec::new();
        for entry in property.map_or(vec![".*"], |property| list(&property.value)) {
            match (pattern(entry), property) {
                (Ok(found), _) => groups.push(found),
                (Err(why), Some(property)) => draft.remark(property, why),
                (Err(_), None) => {}
            }
        }
        if let Some(excluded) = excluded {
            draft
                .remark(excluded, "groups are chosen by `groups` alone: write patterns that leave these out");
        }
        if !groups.is_empty() {
            own.set("groups", Value::List(groups));
        }
    }

    fn provision(&self, draft: &mut Draft) -> Table {
        let mut table = Table::default();
        let property = self.find("replication.factor");
        match property.map(|property| property.value.parse::<i16>()) {
            // MirrorMaker's own default.
            None => table.set_with(
                "replication_factor",
                Value::Number(2),
                "MirrorMaker 2's default, as the file says nothing",
            ),
            Some(Ok(-1)) => {}
            Some(Ok(factor)) if factor > 0 => table.set("replication_factor", Value::Number(factor.into())),
            Some(_) => {
                if let Some(property) = property {
                    draft.remark(property, format!("`{}` is no number of replicas", property.value));
                }
            }
        }
        table
    }

    fn policy(&self, draft: &mut Draft) -> Table {
        let mut table = Table::default();
        if let Some(property) = self.client("producer", self.target, "compression.type") {
            match property.value.as_str() {
                word @ ("none" | "gzip" | "snappy" | "lz4" | "zstd") => table.set_with(
                    "compression",
                    word,
                    "keep, the default, is cheaper: batches then stay as the source has them",
                ),
                _ => draft.remark(property, "no codec of Kafka"),
            }
        }
        table
    }

    fn limits(&self, draft: &mut Draft) -> Table {
        let mut table = Table::default();
        if let Some(property) = self.find("refresh.topics.interval.seconds") {
            match milliseconds(&format!("{}000", property.value)) {
                Some(text) => table.set("discovery_interval", text),
                None => draft.remark(property, "not a number of seconds that can be used here"),
            }
        }
        table
    }
}

fn is_topic_text(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}
