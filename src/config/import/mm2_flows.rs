//! The flows of a MirrorMaker 2 file: `A->B.key`, or `key` for all of them.

use super::client::milliseconds;
use super::draft::{Draft, Flow, Table, Value};
use super::given::{Given, list};
use super::java_patterns::convert as pattern;
use super::properties::Property;
use crate::config::language::is_empty;
use crate::config::patterns::{Pattern, internal_rule};

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
pub fn convert(given: &Given, aliases: &[String], draft: &mut Draft) {
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
        let pair = Pair { given, source, target, enabled: &enabled };
        if let Some(flow) = pair.flow(draft) {
            draft.flows.push(flow);
        }
    }
}

struct Pair<'a> {
    given: &'a Given,
    source: &'a str,
    target: &'a str,
    enabled: &'a [(&'a String, &'a String)],
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
        own.set("source", self.source);
        own.set("target", self.target);
        let topics = self.topics(draft)?;
        own.set("topics", Value::List(topics.clone()));
        let prefix = self.prefix(&mut own, draft);
        let exclude = self.exclude(&topics, prefix.as_deref(), draft);
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
        let name = format!("{}-{}", self.source, self.target).replace('.', "-");
        Some(Flow { name, own, inner })
    }

    fn topics(&self, draft: &mut Draft) -> Option<Vec<String>> {
        let Some(property) = self.find("topics") else { return Some(vec!["*".to_owned()]) };
        let mut topics = Vec::new();
        for entry in list(&property.value) {
            match pattern(entry) {
                Ok(found) if internal_rule(entry).is_some() => {
                    draft.remark(property, format!("`{found}` is an internal topic, which is never copied"));
                }
                Ok(found) if is_empty(&found) => {
                    draft.remark(property, format!("`{entry}` matches no name a topic can have"));
                }
                Ok(found) => topics.push(found),
                Err(why) => draft.remark(property, why),
            }
        }
        if topics.is_empty() {
            draft.remark(
                property,
                format!("without topics there is no flow {}->{}", self.source, self.target),
            );
            return None;
        }
        Some(topics)
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
            let is_sound = prefix.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
            if is_sound {
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
        let mut exclude = Vec::new();
        let property = self.find("topics.exclude").or_else(|| self.find("topics.blacklist"));
        match property {
            Some(property) => {
                for entry in list(&property.value) {
                    match pattern(entry) {
                        Ok(found) => exclude.push(found),
                        Err(why) => draft.remark(property, why),
                    }
                }
            }
            // What MirrorMaker leaves out where nothing is said; internal topics are left out anyway.
            None => exclude.push("*.replica".to_owned()),
        }
        if let Some(prefix) = prefix {
            // MirrorMaker sends no topic back whose name says it came from there.
            let separator = &prefix[self.source.len()..];
            exclude.push(format!("{}{separator}*", self.target));
            exclude.push(format!("*{separator}{}{separator}*", self.target));
        }
        exclude.retain(|entry| is_of_use(entry, topics));
        exclude.dedup();
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

/// Says whether an exclusion can leave anything out that is not left out anyway.
fn is_of_use(entry: &str, topics: &[String]) -> bool {
    let Ok(Pattern::Literal(name)) = Pattern::parse(entry) else {
        return !entry.starts_with("__") && !is_empty(entry);
    };
    internal_rule(&name).is_none()
        && topics.iter().any(|topic| Pattern::parse(topic).is_ok_and(|topic| topic.matches(&name)))
}
