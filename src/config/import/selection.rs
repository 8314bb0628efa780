//! Topics of a file read as those of a flow: only what a flow can have, and a remark on what not.

use super::draft::Draft;
use super::given::list;
use super::java_patterns::convert;
use super::properties::Property;
use crate::config::language::is_empty;
use crate::config::patterns::{Pattern, internal_rule};

/// Returns the patterns of a list of Java's regular expressions.
pub fn topics(property: &Property, draft: &mut Draft) -> Vec<String> {
    let mut topics = Vec::new();
    for entry in list(&property.value) {
        match convert(entry) {
            Ok(found) if is_internal(&found) => {
                draft.remark(
                    property,
                    format!("`{entry}` matches internal topics only, which are never copied"),
                );
            }
            Ok(found) if is_empty(&found) || !is_name_or_pattern(&found) => {
                draft.remark(property, format!("`{entry}` matches no name a topic can have"));
            }
            Ok(found) if !topics.contains(&found) => topics.push(found),
            Ok(_) => draft.remark(property, format!("`{entry}` is there twice")),
            Err(why) => draft.remark(property, why),
        }
    }
    topics
}

/// Returns the patterns of a list of exclusions that can leave out any of `topics`.
pub fn exclude(property: &Property, topics: &[String], draft: &mut Draft) -> Vec<String> {
    let mut exclude = Vec::new();
    for entry in list(&property.value) {
        match convert(entry) {
            Ok(found) if is_internal(&found) => {
                draft.remark(
                    property,
                    format!("`{entry}` is left out anyway: internal topics are never copied"),
                );
            }
            Ok(found) if is_empty(&found) || !can_meet(&found, topics) => {
                draft.remark(property, format!("`{entry}` leaves nothing out"));
            }
            Ok(found) if !exclude.contains(&found) => exclude.push(found),
            Ok(_) => {}
            Err(why) => draft.remark(property, why),
        }
    }
    exclude
}

/// Takes the topics out that `exclude` leaves out as a whole, and says so.
pub fn without_excluded(
    property: Option<&Property>,
    topics: Vec<String>,
    exclude: &[String],
    draft: &mut Draft,
) -> Vec<String> {
    let is_out = |topic: &String| {
        exclude.iter().any(|entry| {
            entry == topic || entry == "*" || name(topic).is_some_and(|name| matches(entry, &name))
        })
    };
    let (out, left): (Vec<String>, Vec<String>) = topics.into_iter().partition(is_out);
    if let Some(property) = property {
        for topic in out {
            draft.remark(property, format!("`{topic}` is excluded as a whole"));
        }
    }
    left
}

fn name(pattern: &str) -> Option<String> {
    match Pattern::parse(pattern) {
        Ok(Pattern::Literal(name)) => Some(name),
        _ => None,
    }
}

fn matches(pattern: &str, name: &str) -> bool {
    Pattern::parse(pattern).is_ok_and(|pattern| pattern.matches(name))
}

/// A name can only be left out where one of the topics matches it.
fn can_meet(entry: &str, topics: &[String]) -> bool {
    name(entry).is_none_or(|name| topics.iter().any(|topic| matches(topic, &name)))
}

/// Names and globs are internal where their beginning or end says so.
fn is_internal(pattern: &str) -> bool {
    if pattern.starts_with("re:") {
        return false;
    }
    let start = pattern.split('*').next().unwrap_or_default();
    let end = pattern.rsplit('*').next().unwrap_or_default();
    ["__", "strait.", "mm2-"].iter().any(|rule| start.starts_with(rule))
        || end.ends_with(".internal")
        || name(pattern).is_some_and(|name| internal_rule(&name).is_some())
}

fn is_name_or_pattern(pattern: &str) -> bool {
    name(pattern).is_none_or(|name| {
        (1..=crate::config::defaults::TOPIC_NAME_BYTES_MAX).contains(&name.len())
            && name != "."
            && name != ".."
    })
}
