//! Topic configs that make a copy fail, cost more than it should, or differ from its source.

use super::provision::facts;
use super::rights::grant;
use crate::config::defaults::TOPIC_NAME_BYTES_MAX;
use crate::kafka::admin::TopicConfigs;
use crate::kafka::codec::Codec;
use crate::provision::wanted::{THROTTLE_LISTS, names_replicas};
use crate::types::TopicName;
use crate::validate::facts::{FlowFacts, Pair};
use crate::validate::finding::Notes;
use crate::validate::view::FlowView;

/// Limits on how far a record's time may be from the broker's; before Kafka 3.6 there was only the last.
const TIMESTAMP_LIMITS: [&str; 3] = [
    "message.timestamp.before.max.ms",
    "message.timestamp.after.max.ms",
    "message.timestamp.difference.max.ms",
];
/// A limit on timestamps that is none: what brokers have for "no limit".
const NO_LIMIT: i64 = i64::MAX;

/// Calls `each` for every topic that exists on both sides and whose configs may be read on both; says of
/// the others that they are not known.
fn for_both(
    view: &FlowView<'_>,
    notes: &mut Notes,
    mut each: impl FnMut(&mut Notes, &Pair, &TopicConfigs, &TopicConfigs),
) {
    let Some(facts) = facts(view, notes) else { return };
    unreadable(view, facts, notes);
    for (pair, source, target) in facts.both() {
        each(notes, pair, source, target);
    }
}

fn unreadable(view: &FlowView<'_>, facts: &FlowFacts, notes: &mut Notes) {
    let ends = [(&view.source, &facts.source_configs), (&view.target, &facts.target_configs)];
    for (end, configs) in ends {
        let Some(configs) = notes.know(configs) else { continue };
        let refused = configs.iter().filter_map(|(name, result)| Some((name, result.as_ref().err()?)));
        if let Some((name, refusal)) = refused.min_by_key(|(name, _)| *name) {
            let grant = grant(end, "DescribeConfigs", &format!("topic {name}"));
            notes.unknown(format!("the configs of topic {name} cannot be read ({refusal}); {grant}"));
        }
    }
}

fn text<'a>(configs: &'a TopicConfigs, key: &str) -> Option<&'a str> {
    configs.effective.get(key).map(String::as_str)
}

/// Returns a config that differs on the two sides.
fn difference<'a>(
    key: &str,
    source: &'a TopicConfigs,
    target: &'a TopicConfigs,
) -> Option<(&'a str, &'a str)> {
    let (source, target) = (text(source, key)?, text(target, key)?);
    (source != target).then_some((source, target))
}

/// Says that the target takes smaller batches than the source.
pub fn max_message_bytes(view: &FlowView<'_>, notes: &mut Notes) {
    const KEY: &str = "max.message.bytes";
    for_both(view, notes, |notes, pair, source, target| {
        let Some((source, target)) = source.number(KEY).zip(target.number(KEY)) else { return };
        if target < source {
            let message = format!(
                "{KEY} of topic `{}` is {target} at the target and {source} at the source",
                pair.target
            );
            let help = "larger batches are split on the way; a single record above the limit falls under policy.on_oversize: raise it at the target";
            notes.found(&view.key("topics"), message, help);
        }
    });
}

/// Says that the target writes its own time into records.
pub fn timestamp_type(view: &FlowView<'_>, notes: &mut Notes) {
    const KEY: &str = "message.timestamp.type";
    for_both(view, notes, |notes, pair, _, target| {
        if text(target, KEY) == Some("LogAppendTime") {
            let message = format!(
                "{KEY} of topic `{}` is LogAppendTime at the target: copies bear the time of copying",
                pair.target
            );
            notes.found(&view.key("topics"), message, format!("set {KEY}=CreateTime on the target topic"));
        }
    });
}

/// Says that the target refuses records by their time.
pub fn timestamp_limits(view: &FlowView<'_>, notes: &mut Notes) {
    for_both(view, notes, |notes, pair, source, target| {
        for key in TIMESTAMP_LIMITS {
            let Some(limit) = target.number(key).filter(|limit| *limit != NO_LIMIT) else { continue };
            // Both ends have an hour for the future by default; only a tighter target is in the way.
            let is_future = key == TIMESTAMP_LIMITS[1];
            if is_future && source.number(key).is_some_and(|source| source <= limit) {
                continue;
            }
            let message = format!(
                "{key} of topic `{}` is {limit} at the target: records further from its clock are refused",
                pair.target
            );
            notes.found(
                &view.key("topics"),
                message,
                format!("set {key} to {NO_LIMIT}, for a copy brings records of any age"),
            );
        }
    });
}

/// Says that replicas of target topics are throttled though nobody moves them.
pub fn throttle_left(view: &FlowView<'_>, notes: &mut Notes) {
    let Some(facts) = facts(view, notes) else { return };
    let is_set = |target: &TopicConfigs| {
        THROTTLE_LISTS.iter().any(|key| target.explicit.get(*key).is_some_and(|value| names_replicas(value)))
    };
    let throttled: Vec<&TopicName> =
        facts.both().filter(|(.., target)| is_set(target)).map(|(pair, ..)| &pair.target).collect();
    if throttled.is_empty() {
        return;
    }
    let Some(moving) = notes.know(&facts.moving) else { return };
    let moving = match moving {
        Ok(moving) => moving,
        Err(refusal) => return notes.unknown(format!("whether replicas are being moved: {refusal}")),
    };
    for topic in throttled.into_iter().filter(|topic| !moving.contains(*topic)) {
        let message =
            format!("replicas of topic `{topic}` are throttled at the target, and nobody moves them");
        let help = "take the throttle away: strait topics sync --clear-throttles --apply";
        notes.found(&view.key("topics"), message, help);
    }
}

/// Says that the target's brokers would compress every batch anew.
pub fn compression_type(view: &FlowView<'_>, notes: &mut Notes) {
    const KEY: &str = "compression.type";
    let sent = view.settings.policy.compression.map(codec_word);
    for_both(view, notes, |notes, pair, _, target| {
        let Some(wanted) = text(target, KEY).filter(|wanted| *wanted != "producer") else { return };
        let word = if wanted == "uncompressed" { "none" } else { wanted };
        if sent != Some(word) {
            let message = format!(
                "{KEY} of topic `{}` is {wanted} at the target: its brokers compress every batch anew",
                pair.target
            );
            notes.found(
                &view.inner("policy", "compression"),
                message,
                format!("set {KEY}=producer on the topic, or policy.compression = \"{word}\""),
            );
        }
    });
}

fn codec_word(codec: Codec) -> &'static str {
    match codec {
        Codec::None => "none",
        Codec::Gzip => "gzip",
        Codec::Snappy => "snappy",
        Codec::Lz4 => "lz4",
        Codec::Zstd => "zstd",
    }
}

/// Says that one side compacts and the other deletes.
pub fn cleanup_policy(view: &FlowView<'_>, notes: &mut Notes) {
    const KEY: &str = "cleanup.policy";
    for_both(view, notes, |notes, pair, source, target| {
        let sorted = |text: &str| {
            let mut parts: Vec<&str> = text.split(',').map(str::trim).collect();
            parts.sort_unstable();
            parts.join(",")
        };
        let differs =
            difference(KEY, source, target).filter(|(source, target)| sorted(source) != sorted(target));
        if let Some((source, target)) = differs {
            let message = format!(
                "{KEY} of topic `{}` is {target} at the target and {source} at the source",
                pair.target
            );
            notes.found(&view.key("topics"), message, format!("set {KEY}={source} on the target topic"));
        }
    });
}

/// Says that the target forgets sooner than the source.
pub fn retention_shorter(view: &FlowView<'_>, notes: &mut Notes) {
    retention(view, notes, |source, target| keeps(target) < keeps(source), "the target forgets first");
}

/// Says that the target keeps longer than the source.
pub fn retention_longer(view: &FlowView<'_>, notes: &mut Notes) {
    retention(view, notes, |source, target| keeps(target) > keeps(source), "the target keeps more");
}

/// -1 keeps for ever.
fn keeps(value: i64) -> i64 {
    if value < 0 { i64::MAX } else { value }
}

fn retention(view: &FlowView<'_>, notes: &mut Notes, is_finding: impl Fn(i64, i64) -> bool, what: &str) {
    for_both(view, notes, |notes, pair, source, target| {
        if text(target, "cleanup.policy") == Some("compact") {
            return;
        }
        for key in ["retention.ms", "retention.bytes"] {
            let Some((source, target)) = source.number(key).zip(target.number(key)) else { continue };
            if is_finding(source, target) {
                let message = format!(
                    "{key} of topic `{}` is {target} at the target and {source} at the source: {what}",
                    pair.target
                );
                notes.found(&view.key("topics"), message, format!("set {key}={source} on the target topic"));
            }
        }
    });
}

/// Says that a renamed topic's name is too long for the target.
pub fn target_name(view: &FlowView<'_>, notes: &mut Notes) {
    let Some(facts) = facts(view, notes) else { return };
    for pair in facts.topics.iter().filter(|pair| pair.target.as_str().len() > TOPIC_NAME_BYTES_MAX) {
        let message = format!(
            "`{}` would be longer than the {TOPIC_NAME_BYTES_MAX} characters a topic's name may have",
            pair.target
        );
        notes.found(&view.key("rename"), message, "shorten `rename`, or exclude the topic");
    }
}
